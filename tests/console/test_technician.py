"""The pages of the technician."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path

import httpx
import pytest

from fiscald.console.programs import ProgramFailed, Programs
from fiscald.diagnostics.remedies import REMEDIES_PL
from fiscald.emulator.running import EmulatedPrinter
from fiscald.recording.packets import read
from tests.console.desk import Reader, text_of, value_of
from tests.console.shop import RECEIPT


def test_places_are_listed_without_asking(anna: Reader) -> None:
    text = anna.read("technician/scan")
    assert anna.shop.printer.address in text
    assert "fiscald uses it: POSNET THERMAL" in text
    assert "Ask all places" in text


def test_a_scan_tells_how_far_it_is_and_what_to_configure(anna: Reader) -> None:
    with EmulatedPrinter("thermal") as other:
        begun = anna.post("technician/scan", port=other.address)
        page = anna.follow(begun)
        assert "Looking…" in text_of(page)
        run = page.text.partition('data-scan="')[2].partition('"')[0].replace("&amp;", "&")
        with anna.http.stream("GET", run) as events:
            lines = [line for line in events.iter_lines() if line]
        assert any("Asking tcp://" in line for line in lines)
        assert lines[-1] == 'data: {"to": "/console/technician/scan"}'
        text = anna.read("technician/scan")
        assert "[printers." in text
        assert other.address in text
        assert "POSNET Thermal EMU" in text


def test_a_wrong_address_keeps_its_place_and_gets_a_reason(anna: Reader) -> None:
    answer = anna.get("technician/scan", port="tcp://<b>")
    assert answer.status_code == 422
    assert "tcp://<b>" in text_of(answer)
    assert "<b>" not in answer.text
    run = anna.http.get("/console/technician/scan/run", headers={"Sec-Fetch-Site": "cross-site"})
    assert run.status_code == 403


def test_the_conversation_is_decoded(anna: Reader) -> None:
    anna.shop.client.submit("talk/1", "till1", RECEIPT, wait=10)
    text = anna.read("technician/conversation", name="till1")
    assert "→ trline" in text
    assert "← " in text
    assert anna.get("technician/conversation", name="till9").status_code == 404
    assert anna.get("technician/conversation/lines", name="till9").status_code == 404


def test_the_conversation_goes_on(anna: Reader) -> None:
    with anna.http.stream("GET", "/console/technician/conversation/lines?name=till1", timeout=20) as events:
        lines = events.iter_lines()
        assert next(lines) == ": begins"
        anna.shop.client.submit("talk/2", "till1", {"type": "drawer"}, wait=0)
        found = next(line for line in lines if "opendrwr" in line)
    assert '"kind": "sent"' in found


def test_the_events_of_the_api_wake_live_parts(anna: Reader) -> None:
    with anna.http.stream("GET", "/console/events", timeout=20) as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        lines = events.iter_lines()
        assert next(line for line in lines if line.startswith("event: printer"))
        anna.shop.client.submit("event/1", "till1", {"type": "drawer"}, wait=0)
        assert next(line for line in lines if line.startswith("data: ") and "event/1" in line)
    stranger = httpx.get(f"{anna.shop.address}/console/events")
    assert stranger.headers["location"] == "/console/sign-in"


def test_the_capture_is_a_recording(anna: Reader) -> None:
    answer = anna.get("technician/capture", name="till1")
    assert answer.headers["content-disposition"] == 'attachment; filename="till1.pcapng"'
    assert read(answer.content).packets


def test_a_token_is_shown_once_and_revoked(anna: Reader) -> None:
    bad = anna.post("technician/tokens", name="mój erp", right=["print"], expires="jutro")
    assert bad.status_code == 422
    assert [value_of(bad, field) for field in ("name", "expires")] == ["mój erp", "jutro"]
    made = anna.post(
        "technician/tokens", name="erp-1", right=["print", "report"], printer=["till1"], expires="2099-12-31"
    )
    token = made.text.partition('<pre tabindex="0">')[2].partition("<")[0]
    found = httpx.get(f"{anna.shop.address}/v1", headers={"Authorization": f"Bearer {token}"}).json()
    assert (found["rights"], found["printers"]) == (["print", "report"], ["till1"])
    assert token not in anna.get("technician/tokens").text
    assert "31 December 2099" in anna.read("technician/tokens")
    assert anna.post("technician/tokens", name="erp-1", right=["print"]).status_code == 409
    assert anna.post("technician/tokens/revoke", name="erp-1").status_code == 303
    assert "revoked" in anna.read("technician/tokens")
    assert httpx.get(f"{anna.shop.address}/v1", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert anna.post("technician/tokens/revoke", name="none").status_code == 404


@pytest.mark.slow  # a process that examines the computer
def test_the_doctor_examines_the_computer(anna: Reader, zofia: Reader) -> None:
    assert "Examining this computer" in anna.read("technician/doctor")
    found = zofia.http.get("/console/technician/doctor", headers={"HX-Request": "true"}, timeout=100)
    assert "Rada" in text_of(found)
    codes = re.findall(r"doctor\.(\w+)", text_of(found))
    assert codes
    assert all(REMEDIES_PL[code] in text_of(found) for code in codes if code in REMEDIES_PL)


@pytest.mark.slow  # a process that gathers everything
def test_the_report_for_support_is_an_archive(anna: Reader) -> None:
    answer = anna.http.get("/console/technician/bugreport", timeout=100)
    assert answer.headers["content-disposition"].startswith("attachment")
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        assert "fiscald-report/printers.json" in archive.getnames()


@pytest.mark.slow  # a process
async def test_a_program_without_an_answer_says_why(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match="cannot be reached"):
        await Programs(tmp_path / "none.sock").answer("status")
