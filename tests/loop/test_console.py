"""No page of the console, and no form that it gets, holds the daemon's loop for more than 20 ms."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from fiscald.console.pages import PAGES
from tests.console.desk import Reader, reader
from tests.found import found
from tests.loop.watching import LONG, OFF, PRINTERS, Watched, receipt

pytestmark = pytest.mark.slow
#: These run until somebody leaves, or for as long as a program runs: they have their own test.
_LONG_PAGES = {"technician/scan/run", "technician/conversation/lines", "technician/doctor", "technician/bugreport"}
#: What a page needs beside its path.
QUERIES: dict[str, list[str]] = {
    "": ["?lang=pl"],
    "printer": ["?name=till7"],
    "printer/action": ["?name=till7&do=daily_report", "?name=till7&do=cash_in", "?name=till7&do=test_page"],
    "documents": ["", "?state=done", "?amount=11,50", "?number=1", "?day=2026-11-22", "?after=5000", "?printer=till7"],
    "document": ["?key=copy/77", "?key=missing"],
    "document/paper": ["?key=copy/77"],
    "document/decision": ["?key=copy/77"],
    "sandbox": ["", "?printer=till7"],
    "technician/capture": ["?name=till7"],
    "technician/conversation": ["?name=till7"],
    "technician/webhooks/dead": ["?name=none"],
    "licence/confirm": ["?do=emergency", "?do=deactivation"],
}
#: What no page sends: as large as a form may be, and of every shape.
FORMS: dict[str, list[tuple[str, str]]] = {
    "fields": [("name", "x" * 200)] * 390,
    "lines": [(name, "9,99" if name == "price" else "Zażółć gęślą" * 4) for _ in range(97) for name in ("name", "quantity", "price", "vat")],
    "text": [(name, "ż" * 1800) for name in ("key", "name", "number", "note", "by", "email", "code", "json", "certificate")],
    "number": [("number", "ABCDE-" * 8000), ("field", "number")],
    "json": [("json", json.dumps({"type": "receipt", "lines": [{}] * 24_000})), ("printer", "till7")],
    "nested": [("json", "[" * 90_000), ("printer", "till7")],
}  # fmt: skip


@pytest.fixture(scope="module")
def anna(watched: Watched) -> Iterator[Reader]:
    with reader(watched) as it:
        it.http.timeout = httpx.Timeout(120)
        yield it


def test_no_page_blocks_the_loop(watched: Watched, anna: Reader) -> None:
    assert watched.stalls() == [], "signing in"
    for page in found([each.path for each in PAGES if each.get is not None and each.path not in _LONG_PAGES]):
        for query in QUERIES.get(page, [""]):
            for _ in range(3):
                answer = anna.get(f"{page}{query}")
                assert answer.status_code < 500, (page, query)
            assert watched.stalls() == [], (page, query)


def test_programs_that_the_console_runs_do_not_block_the_loop(watched: Watched, anna: Reader) -> None:
    anna.get("technician/doctor?now=yes")
    assert anna.get("technician/bugreport").status_code == 200
    assert watched.stalls() == []


@pytest.mark.parametrize("kind", LONG)
def test_the_page_of_a_long_document_does_not_block_the_loop(watched: Watched, anna: Reader, kind: str) -> None:
    for till in OFF:
        key = f"console/{kind}/{till}"
        status, body = watched.ask("PUT", f"/v1/jobs/{key}", {"printer": till, "document": LONG[kind]})
        assert status in (201, 422), body
        if status == 201:
            for _ in range(3):
                assert anna.get("document", key=key).status_code == 200
                assert anna.get("documents", printer=till).status_code == 200
            assert anna.post("document/withdraw", key=key).status_code == 303
            assert anna.get("document", key=key).status_code == 200
    assert watched.stalls() == []


@pytest.mark.parametrize("kind", FORMS)
def test_no_form_blocks_the_loop(watched: Watched, anna: Reader, kind: str) -> None:
    """Signed in, so that each is read to its end."""
    paths = found([each.path for each in PAGES if each.post is not None])
    for path in paths:
        fields = {"csrf": anna.token} | {}
        body = httpx.QueryParams([*fields.items(), *FORMS[kind]])
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = anna.http.post(f"/console/{path}", content=str(body).encode(), headers=headers)
        assert answer.status_code < 500, path
        assert watched.stalls() == [], path


def test_live_pages_while_all_printers_sell(watched: Watched, anna: Reader) -> None:
    """Many browsers listen, and ask for their pages again at every change."""
    over = threading.Event()
    states: list[str] = []

    def look() -> None:
        with reader(watched, language="pl") as zofia:
            zofia.http.timeout = httpx.Timeout(120)
            with zofia.http.stream("GET", "/console/events") as events:
                for line in events.iter_lines():
                    if over.is_set():
                        return
                    if line == "event: job":
                        zofia.get("")
                        zofia.get("documents")

    def sell(number: int) -> None:
        body = {"printer": f"till{number}", "document": receipt(10)}
        _, answer = watched.ask("PUT", f"/v1/jobs/watched/{number}?wait=60", body)
        states.append(json.loads(answer)["state"])

    looking = [threading.Thread(target=look, daemon=True) for _ in range(8)]
    selling = [threading.Thread(target=sell, args=(number,)) for number in range(2, PRINTERS)]
    with ExitStack() as stack:
        stack.callback(over.set)
        for thread in (*looking, *selling):
            thread.start()
        for thread in selling:
            thread.join()
    assert states == ["done"] * len(selling)
    assert anna.get("").status_code == 200
    assert watched.stalls() == []
