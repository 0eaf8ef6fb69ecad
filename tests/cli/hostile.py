"""A daemon that answers every route with control characters in every text that may hold any."""

from __future__ import annotations

import json
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from fiscald.api.wire import JobAnswer
from fiscald.model.capabilities import Capability, FieldCapability, PrinterDetails
from fiscald.model.jobs import JobState, Notice, Result
from fiscald.model.packaging_balance import KindBalance, PackagingBalance, Turnover
from fiscald.model.preview import Preview
from fiscald.model.printers import Counters, Identity, PrinterState, PrinterStatus
from fiscald.model.problems import FieldProblem, Problem, problem
from fiscald.model.receipt import Receipt
from fiscald.protocols.decoding import Direction
from fiscald.protocols.posnet.frames import Field, Frame, encode
from fiscald.recording.packets import Event, Packet, write

#: Clears a screen, colours, ends a line and begins another one that looks like ours, turns the reading direction, ...
HOSTILE = "\x1b[2J\x9b31m\n\r\x07\x08\x7f\x85\u200b\u2028\u202e\u2066\ufeff\U000e0041STOPS PRINTING"
MOMENT = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
#: What a printer may be made to send: an escape sequence and bytes that are C1 controls in Latin-2.
BYTES = (
    encode(Frame("sid", (Field("nm", b"\x1b[2J\x9b31m\xad\nSTOPS PRINTING"), Field("vr", b"1\x07")))),
    encode(Frame("trline", (Field("na", b"\x1b[2J\x1b]0;x\x07"), Field("zz", b"\x9b\x90")))),
    b"noise \x1b[2J \x9b\x90",
)


def refusal(code: str = "printer.attention") -> Problem:
    """A problem with foreign text in every member."""
    why = problem(
        code, reason=HOSTILE, reason_pl=HOSTILE, device_code=HOSTILE, extra={"found": HOSTILE, "cause": HOSTILE},
        errors=[FieldProblem(pointer=f"/{HOSTILE}", code="x", detail=HOSTILE, detail_pl=HOSTILE)],
    )  # fmt: skip
    return why.model_copy(update={"detail": f"{why.detail} {HOSTILE}"})


def status() -> PrinterStatus:
    """A printer whose own texts contain hostile characters."""
    return PrinterStatus(
        name="till1", family="posnet", address="tcp://127.0.0.1:1", state=PrinterState.SWAPPED, stale=False, age_ms=1,
        problem=refusal(), identity=Identity(printer_id=f"EMU {HOSTILE}", model=HOSTILE, firmware=HOSTILE, fiscal=True, profile="online"),
        counters=Counters(daily_report=1, last_receipt=1, receipts=1, cancelled=0, printouts=2),
        vat={"A": HOSTILE}, documents=("receipt", "printout"), job=HOSTILE,
    )  # fmt: skip


def details() -> dict[str, Any]:
    """The same, and what it cannot do."""
    why = Capability(supported=False, why=HOSTILE, fields={HOSTILE: FieldCapability(why=HOSTILE, values=(HOSTILE,))})
    return PrinterDetails.of(status(), {"receipt": why}).model_dump(mode="json")


def document() -> Receipt:
    """A receipt whose texts are hostile."""
    return Receipt.model_validate({"lines": [{"name": HOSTILE, "price": "10.00", "vat": "A"}], "footer": [HOSTILE]})


def job(state: JobState = JobState.UNDECIDED) -> JobAnswer:
    """A job of that document."""
    return JobAnswer(
        key="A", printer="till1", state=state, document=document(), created_at=MOMENT, updated_at=MOMENT,
        result=Result(number=1, printer_id=HOSTILE, total=Decimal("10.00"), device={HOSTILE: HOSTILE}),
        warnings=(Notice(code="text.cut", detail=HOSTILE, detail_pl=HOSTILE, pointer=f"/{HOSTILE}"),),
        error=refusal(), waiting=refusal(), evidence={HOSTILE: [HOSTILE]},
    )  # fmt: skip


def preview() -> Preview:
    """What that document would come to."""
    return Preview(
        printer="till1", family="posnet", profile="online", code_page="latin2", vat={"A": "23%"}, document=document(),
        totals=None, warnings=(Notice(code="x", detail=HOSTILE, detail_pl=HOSTILE, pointer=HOSTILE),),
    )  # fmt: skip


def packaging() -> PackagingBalance:
    """A day's balance with a hostile name."""
    one = Turnover(quantity="1", value=Decimal("1.00"))
    kind = KindBalance(name=HOSTILE, number=None, given=one, taken=one, balance=Decimal("0.00"))
    return PackagingBalance(
        printer=HOSTILE, day=MOMENT.date(), items=(kind,), left_out=1, given=one, taken=one, balance=Decimal("0.00"),
        documents=1, undated=1, undecided=1,
    )  # fmt: skip


def licence() -> dict[str, Any]:
    """A licence with foreign texts; it fits every step of every flow."""
    seats = [{"seat": f"S{n}{HOSTILE}", "hint": HOSTILE, "last": HOSTILE, "free": False} for n in (1, 2)]
    company = {"name": HOSTILE, "post": HOSTILE, "tin": HOSTILE, "lic": f"L1{HOSTILE}", "seats": seats}
    return {
        "state": f"active{HOSTILE}", "reason": HOSTILE, "modules": [HOSTILE], "may_print": True, "prompt": HOSTILE,
        "warnings": ["licence.w.update_available", HOSTILE], "test_keys": True, "company": company, "end": HOSTILE,
        "update": {"latest": HOSTILE, "url": HOSTILE}, "detail": HOSTILE, "detail_pl": HOSTILE, "request": HOSTILE,
        "companies": [company, company],
    }  # fmt: skip


def webhook() -> dict[str, Any]:
    return {
        "name": HOSTILE, "receiver": HOSTILE, "events": ["job.done"], "printers": [HOSTILE], "state": "failing",
        "reason": HOSTILE, "waiting": 1, "oldest": MOMENT.isoformat(), "dead": 1, "failing_since": MOMENT.isoformat(),
        "failures": 3, "delivered_at": MOMENT.isoformat(),
    }  # fmt: skip


def dead_letter() -> dict[str, Any]:
    return {
        "id": 17, "message_id": HOSTILE, "key": HOSTILE, "type": "job.done", "since": MOMENT.isoformat(),
        "dead_at": MOMENT.isoformat(), "tries": 20, "reason": HOSTILE,
    }  # fmt: skip


def fleet() -> dict[str, Any]:
    """A fleet whose every word is hostile."""
    return {
        "configured": True, "shop": HOSTILE, "central": HOSTILE, "broker": HOSTILE, "reason": HOSTILE, "session": HOSTILE,
        "since": MOMENT.isoformat(), "refused": {HOSTILE: 1},
        "recent": [{"at": MOMENT.isoformat(), "code": HOSTILE, "detail": HOSTILE}],
    }  # fmt: skip


def token() -> dict[str, Any]:
    """A token as no daemon makes it."""
    return {
        "name": "erp", "rights": ["print"], "printers": [HOSTILE], "created_at": MOMENT.isoformat(), "created_by": 1,
        "expires": MOMENT.isoformat(), "revoked_at": None, "used_at": MOMENT.isoformat(), "used_from": HOSTILE,
    }  # fmt: skip


def recording() -> bytes:
    """A capture with hostile bytes in both directions, a hostile note and a hostile comment."""
    packets = [Packet(MOMENT, "posnet", "till1", Event.OPEN, data=HOSTILE.encode())]
    packets += [Packet(MOMENT, "posnet", "till1", Event.DATA, Direction.SENT, data) for data in BYTES]
    packets += [Packet(MOMENT, "posnet", "till1", Event.DATA, Direction.RECEIVED, data) for data in BYTES]
    packets.append(Packet(MOMENT, "posnet", "till1", Event.LOST, data=HOSTILE.encode(), comment=HOSTILE))
    return write(packets, HOSTILE)


def answer(method: str, path: str) -> Any:
    """JSON, or bytes."""
    routes: dict[str, Any] = {
        "GET /v1": {"warnings": [{"code": HOSTILE, "detail": HOSTILE, "detail_pl": HOSTILE}]},
        "GET /v1/printers": {"printers": [status().model_dump(mode="json")]},
        "GET /v1/webhooks": {"webhooks": [webhook()]},
        "GET /v1/webhooks/[^/]+/dead": {"dead": [dead_letter()], "next": None},
        "POST /v1/webhooks/[^/]+/resend": {"resent": 1},
        "POST /v1/webhooks/[^/]+/test": {"delivered": False, "status": None, "reason": HOSTILE},
        "GET /v1/printers/[^/]+/capture": recording(),
        "GET /v1/printers/[^/]+/header": {"lines": [HOSTILE, HOSTILE]},
        "GET /v1/printers/[^/]+/packaging": packaging().model_dump(mode="json"),
        "POST /v1/printers/[^/]+/preview": preview().model_dump(mode="json", by_alias=True),
        "POST /v1/printers/[^/]+/raw": {
            "id": 1, "printer": "till1", "command": HOSTILE, "effect": "query", "sent": "00", "answer": HOSTILE,
            "refusal": HOSTILE,
        },
        "GET /v1/jobs/[^/]+/paper": f"Kawa{HOSTILE}\n".encode(),
        "GET /v1/fleet": fleet(),
        "POST /v1/fleet/enrolment": {
            "v": 1, "shop": "shop-1", "device_key": f"ed25519:{'A' * 43}", "encryption_key": f"x25519:{'A' * 43}",
        },
        "GET /v1/backup": b"SQLite format 3\0" + HOSTILE.encode(),
        "GET /v1/printers/[^/]+": details(),
        "POST /v1/printers/[^/]+(/adoption|/journal-confirmation)": status().model_dump(mode="json"),
        "GET /v1/jobs": {"jobs": [job().model_dump(mode="json", by_alias=True)], "next": HOSTILE},
        ".* /v1/jobs/.*": job().model_dump(mode="json", by_alias=True),
        "GET /v1/tokens": {"tokens": [token()]},
        "POST /v1/console/link": {"url": f"http://{HOSTILE}", "seconds": 600},
        "POST /v1/tokens": token() | {"token": HOSTILE},
        "DELETE /v1/tokens/.*": token(),
        ".* /v1/licence.*": licence(),
    }  # fmt: skip
    return next(content for route, content in routes.items() if re.fullmatch(route, f"{method} {path}"))


def events() -> bytes:
    """The beginning of the stream of events."""
    changes = [
        ("printer", status().model_dump(mode="json")),
        ("job", {"at": MOMENT.isoformat(), "state": "failed", "job": job().model_dump(mode="json", by_alias=True)}),
    ]
    return "".join(f"id: 1\nevent: {kind}\ndata: {json.dumps(data)}\n\n" for kind, data in changes).encode()


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    refusing = False


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def address_string(self) -> str:
        return "unix"

    def _reply(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        path = self.path.partition("?")[0]
        code, kind = 200, "application/json"
        if self.server.refusing:
            content: Any = refusal("document.refused").model_dump(mode="json")
            code, kind = 422, "application/problem+json"
        elif path == "/v1/events":
            content, kind = events(), "text/event-stream"
        else:
            content = answer(self.command, path)
        if isinstance(content, bytes):
            kind = kind if kind == "text/event-stream" else "application/x-pcapng"
        else:
            content = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _reply  # noqa: N815 - http.server's names


@contextmanager
def serving(socket: Path, *, refusing: bool = False) -> Iterator[Path]:
    """That daemon at a socket; ``refusing``: it refuses every request."""
    with _Server(str(socket), _Handler) as server:
        server.refusing = refusing
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield socket
        finally:
            server.shutdown()
            thread.join()
