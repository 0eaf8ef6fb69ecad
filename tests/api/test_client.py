"""The typed client: against a daemon newer than itself, and where it may not or cannot reach one."""

from __future__ import annotations

import inspect
import json
import os
import socket
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from fiscald.api.calls import Calls
from fiscald.api.client import (
    AsyncClient,
    Client,
    ClientError,
    JobChange,
    NotPermitted,
    NotReachable,
    Refused,
    everything,
)
from fiscald.api.wire import JobAnswer
from fiscald.model.cash import CashIn
from fiscald.model.documents import IfInterrupted, Submission
from fiscald.model.receipt import Receipt
from fiscald.model.times import POLISH_TIME
from tests.dying import dying_daemon

JOB: dict[str, Any] = {
    "key": "A",
    "printer": "till1",
    "state": "done",
    "document": {
        "type": "receipt",
        "lines": [{"name": "Kawa", "price": "10.00", "vat": "A", "of_tomorrow": None}],
        "of_tomorrow": None,
    },
    "result": {"number": 7, "printer_id": "EMU 0000000001", "of_tomorrow": 1},
    "of_tomorrow": {},
    "created_at": "2026-11-22T10:15:00+01:00",
    "updated_at": "2026-11-22T10:15:01+01:00",
}


PROBLEM: dict[str, Any] = {
    "type": "urn:fiscald:problem:job.unexpected_last", "status": 409, "code": "job.unexpected_last", "title": "t",
    "detail": "d", "detail_pl": "p", "fault": "request", "document": "not_printed", "retry": "useless",
    "device_code": None, "errors": [{"pointer": "/x", "code": "c", "detail": "d", "detail_pl": "p", "of_tomorrow": 1}],
    "expected": 3, "found": 5, "cause": "changed", "pointer": "/document/lines/1", "of_tomorrow": {"a": [1]},
}  # fmt: skip
STATUS: dict[str, Any] = {
    "name": "till1", "family": "posnet", "address": "tcp://x:1", "state": "swapped", "stale": False, "documents": [],
    "problem": PROBLEM, "counters": None, "of_tomorrow": 1,
    "identity": {"printer_id": "EMU 1", "fiscal": True, "profile": "online", "of_tomorrow": [{}]},
}  # fmt: skip


DETAILS: dict[str, Any] = STATUS | {
    "capabilities": {"receipt": {"supported": True, "fields": {"qr": {"supported": False, "of_tomorrow": 1}}}}
}
ANSWERS: dict[str, Any] = {
    "/v1/jobs/A": JOB,
    "/v1/jobs/B": JOB | {"state": "failed", "error": PROBLEM},
    "/v1/jobs/C": JOB | {"document": {"type": "of_tomorrow"}},
    "/v1/jobs?limit=100": {"jobs": [JOB], "next": None, "of_tomorrow": 1},
    "/v1/printers/till1": DETAILS,
}


class Tomorrow(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        """Accepts every request unchanged, and refuses it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.steps.append(body.decode())  # type: ignore[attr-defined]
        self.say(409, "application/problem+json", json.dumps(PROBLEM))

    def do_POST(self) -> None:
        """Takes the step, and dies before it can say so."""
        self.server.steps.append(self.path)  # type: ignore[attr-defined]
        self.close_connection = True

    def do_GET(self) -> None:
        if self.path == "/v1/events":
            kind, body = "text/event-stream", "id: 5\nevent: job\ndata: " + json.dumps({"state": "done", "job": JOB})
            body += "\n\nevent: of_tomorrow\ndata: {}\n\n"
        else:
            kind, body = "application/json", json.dumps(ANSWERS[self.path])
        self.say(200, kind, body)

    def say(self, status: int, kind: str, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def address_string(self) -> str:
        return "local"

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def steps() -> list[str]:
    """The posted bodies."""
    return []


@pytest.fixture
def daemon(tmp_path: Path, steps: list[str]) -> Iterator[Path]:
    path = tmp_path / "fiscald.sock"
    with socketserver.UnixStreamServer(str(path), Tomorrow) as server:
        server.steps = steps  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield path
        server.shutdown()
        thread.join()


def test_the_client_accepts_fields_of_a_newer_daemon(daemon: Path) -> None:
    with Client(daemon) as client:
        job = client.job("A")
        assert job.result is not None
        assert job.result.number == 7
        assert isinstance(job.document, Receipt)
        (event,) = client.events()
        assert isinstance(event, JobChange)
        assert (event.id, event.job.key) == (5, "A")


def lost(said: Any, told: Any, at: str = "") -> list[str]:
    """Fields of the daemon that the client drops."""
    match said, told:
        case dict(), dict():
            return [
                each for name, value in said.items() for each in lost(value, told.get(name, "gone"), f"{at}/{name}")
            ]
        case list(), list():
            return [each for n, value in enumerate(said) for each in lost(value, told[n], f"{at}/{n}")]
    return [] if said == told else [f"{at}: {said} is {told}"]


def test_the_client_keeps_every_field_of_the_daemon(daemon: Path) -> None:
    with Client(daemon) as client:
        assert lost(JOB, everything(client.job("A"))) == []
        failed = client.job("B")
        assert lost(ANSWERS["/v1/jobs/B"], everything(failed)) == []
        assert failed.error is not None
        assert failed.error.model_extra is not None
        assert (failed.error.model_extra["expected"], failed.error.model_extra["found"]) == (3, 5)
        assert lost(ANSWERS["/v1/jobs?limit=100"], everything(client.jobs())) == []
        assert lost(DETAILS, everything(client.printer("till1"))) == []
        with pytest.raises(Refused) as refused:
            client.submit("A", "till1", {"type": "drawer"})
        assert lost(PROBLEM, everything(refused.value.problem)) == []


def test_a_reply_that_cannot_be_parsed_is_a_client_error(daemon: Path) -> None:
    with Client(daemon) as client, pytest.raises(ClientError, match=r"cannot read.*another version"):
        client.job("C")


def test_the_client_sends_these_requests(daemon: Path, steps: list[str]) -> None:
    line = {"name": "Kawa", "price": Decimal("12.5"), "vat": "A", "quantity": Decimal(2)}
    document = {"type": "receipt", "lines": (line,), "total": Decimal("1E+2")}
    deadline = datetime(2026, 11, 22, 10, tzinfo=POLISH_TIME)
    with Client(daemon) as client:
        with pytest.raises(Refused):
            client.submit("A", "till1", document, deadline=deadline, expect_last=0, if_interrupted="fail")
        with pytest.raises(Refused):
            client.submit("A", "till1", CashIn(amount=Decimal(5)), if_interrupted=IfInterrupted.REPEAT)
        with pytest.raises(ValueError, match="aware"):
            client.submit("A", "till1", document, deadline=datetime(2026, 11, 22))  # noqa: DTZ001
    first, second = map(json.loads, steps)
    assert first["document"]["lines"] == [{"name": "Kawa", "price": "12.5", "vat": "A", "quantity": "2"}]
    assert first["document"]["total"] == "100"
    assert first["deadline"] == "2026-11-22T10:00:00+01:00"
    assert (first["expect_last"], first["if_interrupted"]) == (0, "fail")
    assert second == {
        "printer": "till1", "document": {"type": "cash_in", "amount": "5.00"}, "if_interrupted": "repeat",
    }  # fmt: skip
    for body in (first, second):
        Submission.model_validate(body)


def test_amounts_are_decimals(daemon: Path) -> None:
    with Client(daemon) as client:
        job = client.job("A")
    assert isinstance(job.document, Receipt)
    assert job.document.lines[0].price == Decimal("10.00")
    assert isinstance(job.document.lines[0].price, Decimal)


async def test_both_clients_have_the_same_methods(daemon: Path) -> None:
    names = {name for name in vars(Calls) if not name.startswith("_")}
    assert {"hello", "submit", "job", "jobs", "withdraw", "resolve", "printers", "printer", "preview", "raw"} < names
    with Client(daemon) as client:
        job = client.job("A")
        assert client.job.__doc__ == "The job with this key. Raises ``Refused`` if there is none."
        assert [*inspect.signature(client.job).parameters] == ["key", "wait"]
    async with AsyncClient(daemon) as asynchronous:
        assert await asynchronous.job("A") == job
        for name in names:
            assert inspect.signature(getattr(asynchronous, name)) == inspect.signature(getattr(client, name))


def test_the_environment_variable_gives_the_socket(daemon: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FISCALD_SOCKET", str(daemon))
    with Client() as client:
        assert client.job("A").key == "A"
    monkeypatch.setenv("FISCALD_SOCKET", "/nowhere")
    with Client(daemon) as client:
        assert client.job("A").key == "A", "what the program says comes first"
    monkeypatch.delenv("FISCALD_SOCKET")
    assert Client()._to.where == "/run/fiscald/fiscald.sock"


@contextmanager
def somebody_else(*paths: Path) -> Iterator[None]:
    """A socket that this process may not write to: root becomes another user; for any other user the right is removed."""
    if os.geteuid() == 0:
        os.setegid(65_534)
        os.seteuid(65_534)
    else:
        for path in paths:
            path.chmod(0)
    try:
        yield
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
            os.setegid(0)
        else:
            for path in reversed(paths):
                path.chmod(0o700)


@pytest.mark.parametrize("closed", ["socket", "folder"])
def test_a_socket_without_permission_is_reported_at_once(closed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("no use in trying again"))
    with tempfile.TemporaryDirectory() as name, socket.socket(socket.AF_UNIX) as listener:
        folder, path = Path(name), Path(name) / "fiscald.sock"
        listener.bind(str(path))
        listener.listen()
        path.chmod(0o660)
        folder.chmod(0o755 if closed == "socket" else 0o700)
        why = "group" if closed == "socket" else "folder"
        else_may_not = somebody_else(folder if closed == "folder" else path)
        with else_may_not, Client(path) as client:
            asked = (client.hello, lambda: next(client.events()), lambda: next(client.backup()),
                     lambda: next(client.follow_capture("till1")))  # fmt: skip
            for ask in asked:
                with pytest.raises(NotPermitted, match=why):
                    ask()


def test_the_client_waits_for_a_missing_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    with Client(tmp_path / "fiscald.sock") as client, pytest.raises(NotReachable, match="is the daemon running"):
        client.hello()
    assert len(pauses) == 3


STREAMS: dict[str, tuple[str, ...]] = {"follow_capture": ("till1",), "backup": (), "events": ()}


@pytest.fixture
def dying() -> Iterator[Path]:
    with dying_daemon() as path:
        yield path


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_lost_connection_says_whether_the_document_may_have_arrived(
    dying: Path, asynchronous: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if the daemon did not answer the last attempt: the first one was sent."""

    async def lost(asked: str, *arguments: Any) -> bool:
        try:
            if asynchronous:
                async with AsyncClient(path) as client:
                    await getattr(client, asked)(*arguments)
            else:
                with Client(path) as blocking:
                    getattr(blocking, asked)(*arguments)
        except NotReachable as error:
            return error.may_have_arrived
        raise AssertionError("somebody answered")

    receipt = {"type": "receipt", "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}]}
    monkeypatch.setattr("fiscald.api.client._PAUSES", (0.0, None))
    path = dying.parent / "no.sock"
    assert not await lost("submit", "A", "till1", receipt)
    path = dying
    assert not await lost("printers")
    assert await lost("submit", "A", "till1", receipt)

    def remove(_: float) -> None:
        path.unlink(missing_ok=True)

    async def aremove(_: float) -> None:
        remove(0)

    monkeypatch.setattr("time.sleep", remove)
    monkeypatch.setattr("anyio.sleep", aremove)
    assert await lost("submit", "A", "till1", receipt)


@pytest.mark.parametrize("asked", STREAMS)
def test_a_stream_raises_not_reachable_when_the_daemon_dies(dying: Path, asked: str) -> None:
    with Client(dying) as client, pytest.raises(NotReachable, match="cannot be reached"):
        list(getattr(client, asked)(*STREAMS[asked]))


@pytest.mark.parametrize("asked", STREAMS)
async def test_an_async_stream_raises_not_reachable_when_the_daemon_dies(dying: Path, asked: str) -> None:
    async with AsyncClient(dying) as client:
        with pytest.raises(NotReachable, match="cannot be reached"):
            [each async for each in getattr(client, asked)(*STREAMS[asked])]


def test_missing_licence_fields_have_their_defaults() -> None:
    told = {"state": "grace", "warnings": ["licence.w.lapsed"], "days_left": None}
    job = JobAnswer.model_validate(JOB | {"licence": told}, extra="allow")
    assert job.licence is not None
    assert (job.licence.state, job.licence.test_keys) == ("grace", False)


def test_a_licence_step_that_is_not_repeatable_is_requested_once(
    daemon: Path, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another code in the mail, the emergency pass of 90 days; but a certificate may be installed again."""
    monkeypatch.setattr("fiscald.api.client._PAUSES", (0.0, None))
    with Client(daemon) as client:
        for step in ("emergency", "enrolment", "recovery", "recovery/confirmation", "transfer", "certificate"):
            with pytest.raises(NotReachable):
                client.licence_step(step)
    assert steps == [
        "/v1/licence/emergency", "/v1/licence/enrolment", "/v1/licence/recovery", "/v1/licence/recovery/confirmation",
        "/v1/licence/transfer", "/v1/licence/certificate", "/v1/licence/certificate",
    ]  # fmt: skip


def test_a_question_that_the_daemon_leaves_unanswered_is_asked_once() -> None:
    """A stopped process holds its socket open: the caller learns it after one timeout, not after four."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        path = Path(folder) / "f.sock"
        listener.bind(str(path))
        listener.listen(8)
        with Client(path, timeout=0.05) as client, pytest.raises(NotReachable):
            client.printers()
        listener.settimeout(0)
        listener.accept()[0].close()
        with pytest.raises(BlockingIOError):
            listener.accept()
