"""The console has the rights of the person who asked for the link, and no others."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from tests.console.desk import Reader, reader, text_of
from tests.console.shop import Shop
from tests.uids import needs_root

#: The system's user without rights, who is in no group of fiscald.
STRANGER = 65534


@pytest.fixture
def stranger(market: Shop) -> Iterator[Reader]:
    """A person who may open the socket, and may do nothing but read."""
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("there is no curl, which asks as another user")
    market.socket.parent.chmod(0o755)
    market.socket.chmod(0o666)
    asked = subprocess.run(
        [curl, "--silent", "--request", "POST", "--unix-socket", str(market.socket), "http://fiscald/v1/console/link"],
        user=STRANGER, group=STRANGER, extra_groups=[], capture_output=True, text=True, check=True, cwd="/",
    )  # fmt: skip
    secret = json.loads(asked.stdout)["url"].partition("link=")[2]
    with reader(market, signed_in=False) as it:
        assert it.http.post("/console/sign-in", data={"link": secret}).status_code == 303
        yield it


@needs_root
def test_a_person_without_rights_reads_everything(stranger: Reader) -> None:
    for path in (
        "",
        "printer?name=till1",
        "documents",
        "technician",
        "technician/webhooks",
        "sandbox",
        "about",
        "licence",
        "technician/scan",
    ):
        assert stranger.get(path).status_code == 200, path
    assert "reading only" in stranger.read("about")


@needs_root
def test_a_person_without_rights_can_do_nothing(stranger: Reader) -> None:
    before = stranger.shop.client.jobs().jobs
    for path, fields, right in (
        ("printer/action", {"name": "till1", "do": "daily_report", "key": "console/r1"}, "report"),
        ("printer/action", {"name": "till1", "do": "drawer", "key": "console/r2"}, "print"),
        ("printer/adopt", {"name": "till1", "printer_id": "EMU 1", "sure": "yes"}, "configure"),
        ("printer/journal", {"name": "till1", "by": "Jan"}, "resolve"),
        ("licence", {"number": "410F4-0BV4H-MASW9-148AR-7BS7D-8TA1"}, "licence"),
        ("licence/import", {"certificate": "x"}, "licence"),
        ("licence/confirm", {"do": "emergency"}, "licence"),
        ("licence/check", {}, "licence"),
        ("technician/webhooks/test", {"name": "erp"}, "configure"),
        ("sandbox/json", {"printer": "till1", "key": "console/r3", "document": '{"type": "drawer"}', "do": "print"}, "print"),
    ):  # fmt: skip
        answer = stranger.post(path, **fields)
        assert answer.status_code in (403, 422), path
        assert right in text_of(answer), path
    assert stranger.post("technician/scan", port="").status_code == 403
    assert stranger.get("technician/scan/run").status_code == 403
    assert stranger.get("technician/bugreport").status_code == 403
    assert stranger.get("technician/doctor").status_code == 403
    assert stranger.shop.client.jobs().jobs == before


@needs_root
def test_what_a_person_may_not_do_is_not_offered(stranger: Reader) -> None:
    form = stranger.get("printer/action", name="till1", do="daily_report")
    assert "does not have the right for this: report" in text_of(form)
    assert 'action="/console/printer/action"' not in form.text
    assert "does not have the right for this: licence" in stranger.read("licence")
    assert 'value="print"' not in stranger.get("sandbox").text


def test_a_session_of_one_person_is_not_that_of_another(anna: Reader, zofia: Reader) -> None:
    other = httpx.post(
        f"{anna.shop.address}/console/printer/action",
        data={"csrf": anna.token, "name": "till1", "do": "drawer", "key": "console/other"},
        cookies={"fiscald_session": zofia.http.cookies["fiscald_session"]},
    )
    assert other.status_code == 403
