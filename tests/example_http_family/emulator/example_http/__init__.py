"""The printer of that family, seen from its port."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal

import h11
from pydantic import Field

from fiscald.emulator.device import Device
from fiscald.emulator.faults import FaultKind, Switch
from fiscald.emulator.memory import FamilyMemory
from fiscald.emulator.paper import Paper, Printout
from fiscald.emulator.paper import amount as in_words
from fiscald.emulator.refusal import RegisterError
from fiscald.emulator.register import Register
from fiscald.protocols.example_http import LONGEST

#: What keeps paper from coming out.
STOPPED = {Switch.PAPER_OUT, Switch.COVER, Switch.LEVER, Switch.MENU, Switch.WAIT_KEY}


class Stored(FamilyMemory):
    """A document, by the printer's id of it."""

    amount: int
    state: Literal["stored", "open", "done", "refused"] = "stored"
    why: str = ""


class HttpMemory(FamilyMemory):
    """What survives a power cut."""

    ids: int = 0
    documents: int = 0
    value: int = 0
    stored: dict[str, Stored] = Field(default_factory=dict)


class ExampleHttpPrinter(Device):
    """See ``fiscald.emulator.device.Device``."""

    family = "example_http"
    profiles = ("small",)
    links = ("tcp",)
    framing = b"\r\n"
    model = "EXAMPLE HTTP EMU"

    def __init__(
        self, register: Register, *, profile: str = "small", width: int = 40, pin: str = "0000", seed: int = 0,
        printed: Callable[[Printout], None] = lambda _: None,
    ) -> None:  # fmt: skip
        super().__init__(register, seed=seed, printed=printed)
        self._width, self._pin = width, pin
        self._tokens = 0
        self._request = h11.Request(method="GET", target="/", headers=[("Host", "")])
        self.connected(0.0)

    @property
    def memory(self) -> HttpMemory:
        """Read as this family's own."""
        memory = self.register.state.face = HttpMemory.of(self.register.state.face)
        return memory

    # -- the connection -------------------------------------------------------------------------------

    def connected(self, now: float) -> None:
        self._http = h11.Connection(h11.SERVER)
        self._body = b""
        self._closing = False

    def receive(self, data: bytes, now: float) -> None:
        if not self.powered or self._closing:
            return
        try:
            self._http.receive_data(data)
            while self.powered:
                match self._http.next_event():
                    case h11.Request() as request:
                        self._request, self._body = request, b""
                    case h11.Data(data=part):
                        self._body = (self._body + part)[: LONGEST + 1]
                    case h11.EndOfMessage():
                        self._carry_out(now)
                        self._http = h11.Connection(h11.SERVER)
                        return
                    case _:
                        return
        except h11.RemoteProtocolError:
            self._answer(400, {}, now)
            self._closing = True

    @property
    def hangs_up(self) -> bool:
        return self._closing and self.next_answer is None

    def _answer(
        self, status: int, content: dict[str, Any], now: float, *, faults: Any = (), ends: bool = False
    ) -> None:
        number = dict(self._request.headers).get(b"request", b"").decode("latin-1")
        body = json.dumps(content)
        length = "Connection: close" if ends else f"Content-Length: {len(body)}"
        data = f"HTTP/1.1 {status} \r\nRequest: {number}\r\n{length}\r\n\r\n{body}".encode("latin-1")
        self._closing = self._closing or ends
        sent = self.apply_faults(data, now, faults)
        if sent is not None:
            self.answer(*sent)
        else:
            self._closing = False

    def corrupted(self, data: bytes) -> bytes:
        return b"\xff" + data[1:]

    # -- requests -------------------------------------------------------------------------------------

    def _carry_out(self, now: float) -> None:
        method, path = self._request.method.decode(), self._request.target.decode("latin-1")
        _, root, own_id, *_ = f"{path}//".split("/")
        faults = self.faults.next_faults(f"{method} /{root}")
        if self.is_prevented(faults):
            return
        status: int = 400
        content: dict[str, Any] = {}
        if not any(fault.act is FaultKind.CORRUPT_IN for fault in faults):
            status, content = self._respond(method, root, own_id)
            self.run(now)
        self.register.commit()
        if any(fault.act is FaultKind.POWER_CUT_AFTER for fault in faults):
            self.power(on=False)
            return
        if own_id in self.memory.stored and status == 200:
            content = self.memory.stored[own_id].model_dump(include={"state", "why"})
        self._answer(status, content, now, faults=faults, ends=bool(own_id))

    def _respond(self, method: str, root: str, own_id: str) -> tuple[int, dict[str, Any]]:
        try:
            body = json.loads(self._body)
        except ValueError:
            return 400, {}
        if (method, root) == ("POST", "token"):
            if body.get("pin") != self._pin:
                return 403, {}
            self._tokens += 1
            return 200, {"token": self._token}
        if dict(self._request.headers).get(b"token", b"").decode("latin-1") != self._token:
            return 403, {}
        memory, state = self.memory, self.register.state
        match method, root, memory.stored.get(own_id):
            case "GET", "printer", _:
                ready = not self.faults.switches & STOPPED
                counted = {"documents": memory.documents, "value": memory.value}
                return 200, {"id": state.unique_number, "ready": ready, "reports": state.reports, **counted}
            case "POST", "documents", None if not own_id:
                return self._store(body.get("cash_in"))
            case "PUT", "documents", Stored(state="stored") as document:
                document.state = "refused" if self.faults.on(Switch.REPORT_REQUIRED) else "open"
                document.why = "report_due" if document.state == "refused" else ""
            case "DELETE", "documents", Stored(state="stored"):
                del memory.stored[own_id]
            case "GET" | "PUT" | "DELETE", "documents", Stored():
                pass
            case _, "documents", None:
                return 404, {}
            case _:
                return 400, {}
        return 200, {}

    @property
    def _token(self) -> str:
        return f"{self.register.state.unique_number}-{self._tokens}"

    def _store(self, amount: object) -> tuple[int, dict[str, Any]]:
        if not isinstance(amount, int) or not 0 < amount < 10**8:
            return 422, {"why": "amount"}
        memory = self.memory
        memory.ids += 1
        memory.stored[f"d{memory.ids}"] = Stored(amount=amount)
        return 201, {"id": f"d{memory.ids}"}

    # -- paper ----------------------------------------------------------------------------------------

    def run(self, now: float) -> None:
        """What is confirmed is printed as soon as there is paper."""
        if self.faults.switches & STOPPED:
            return
        for document in self.memory.stored.values():
            if document.state == "open":
                document.state = "done" if self._cash_in(document.amount) else "refused"

    def _cash_in(self, amount: int) -> bool:
        try:
            self.register.ledger.cash_in(amount)
        except RegisterError:
            return False
        paper = Paper(self._width)
        paper.title("WPŁATA DO KASY")
        paper.pair("KWOTA PLN", in_words(amount))
        paper.mark()
        self.memory.documents += 1
        self.memory.value += amount
        self.emit(self.register.emit("cash_in", paper, {"amount": amount}))
        self.register.commit()
        return True

    # -- power and people -----------------------------------------------------------------------------

    def power(self, *, on: bool) -> None:
        super().power(on=on)
        self._tokens += 1
        self.connected(0.0)

    def foreign_command(self, command: str, values: dict[str, Any]) -> bool:
        return command == "cash_in" and self._cash_in(values["amount"])

    def keypad_cancel(self) -> None:
        """A person has everything forgotten that is not confirmed."""
        memory = self.memory
        memory.stored = {own_id: each for own_id, each in memory.stored.items() if each.state != "stored"}

    def keypad_report(self) -> None:
        self.register.ledger.daily_report()
        self.register.commit()


FACTORY = ExampleHttpPrinter
