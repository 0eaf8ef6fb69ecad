"""Test printers unlike the real families: over HTTP, silent after a command, or speaking first.

They stand for families to come and show that the interface of ``fiscald.emulator.port`` carries them.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

import h11

from fiscald.emulator.device import Device
from fiscald.emulator.faults import Fault, FaultKind
from fiscald.emulator.paper import Paper
from fiscald.emulator.refusal import RegisterError
from fiscald.emulator.register import Register


class CashPrinter(Device):
    """The common part: a printer whose only document is cash paid in."""

    family = "other"
    profiles = ("small",)
    framing = b"\n"
    model = "OTHER EMU"

    def cash_in(self, amount: int) -> int:
        """Print a slip; its number. Raises ``RegisterError``."""
        self.register.ledger.cash_in(amount)
        paper = Paper(40)
        paper.title("WPŁATA DO KASY")
        paper.mark()
        printout = self.register.emit("cash_in", paper, {"amount": amount})
        self.emit(printout)
        self.register.commit()
        return printout.number

    def run(self, now: float) -> None:
        pass

    def wakeup(self) -> float | None:
        return self.next_answer

    @property
    def awaits_key(self) -> bool:
        return False

    def press(self, *, confirm: bool) -> None:
        pass

    def corrupted(self, data: bytes) -> bytes:
        return b"\xff" + data[1:]

    def foreign_command(self, command: str, values: dict[str, Any]) -> bool:
        return False

    def foreign_begin(self) -> bool:
        return False

    def foreign_sell(self, name: str, price: int) -> bool:
        return False

    def foreign_end(self, total: int) -> bool:
        return False

    def keypad_cancel(self) -> None:
        pass

    def keypad_report(self) -> None:
        self.register.ledger.daily_report()


class HttpPrinter(CashPrinter):
    """Speaks HTTP/1.1: ``POST /cash-in`` with JSON. Closes a connection that asks for it, or that is idle too long."""

    links: ClassVar[tuple[str, ...]] = ("tcp",)
    second_caller_seconds: ClassVar[float] = 30.0
    #: Seconds without a request after which the connection is closed, so that another program gets its turn.
    IDLE_SECONDS = 0.3

    def __init__(self, register: Register, **options: Any) -> None:
        super().__init__(register, **options)
        self._http = h11.Connection(h11.SERVER)
        self._body = b""
        self._target = ""
        self._idle_at = 0.0
        self._idle = False

    def connected(self, now: float) -> None:
        self._http = h11.Connection(h11.SERVER)
        self._idle_at, self._idle = now + self.IDLE_SECONDS, False

    def receive(self, data: bytes, now: float) -> None:
        self._http.receive_data(data)
        self._idle_at = now + self.IDLE_SECONDS
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Request):
                self._target, self._body = f"{event.method.decode()} {event.target.decode()}", b""
            elif isinstance(event, h11.Data):
                self._body += event.data
            elif isinstance(event, h11.EndOfMessage):
                self._respond(now)
            else:
                return

    def _respond(self, now: float) -> None:
        faults: list[Fault] = self.faults.next_faults(self._target)
        if not self.is_prevented(faults):
            status, content = self._carry_out()
            body = json.dumps(content).encode()
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
            parts = (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage())
            data = b"".join(self._http.send(part) or b"" for part in parts)
            sent = self.apply_faults(data, now, faults)
            if sent is not None:
                self.answer(*sent)
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()

    def _carry_out(self) -> tuple[int, dict[str, Any]]:
        if self._target != "POST /cash-in":
            return 404, {"error": "no such document"}
        try:
            return 200, {"number": self.cash_in(int(json.loads(self._body)["amount"]))}
        except (ValueError, KeyError, RegisterError):
            return 422, {"error": "amount"}

    def run(self, now: float) -> None:
        self._idle = self._http.our_state is h11.IDLE and now >= self._idle_at

    @property
    def hangs_up(self) -> bool:
        return self.next_answer is None and (self._idle or self._http.our_state in (h11.MUST_CLOSE, h11.ERROR))

    def wakeup(self) -> float | None:
        return self._idle_at if self.next_answer is None else self.next_answer


class SilentPrinter(CashPrinter):
    """Says nothing after ``IN``; ``?`` asks how many were accepted since it was asked last."""

    def __init__(self, register: Register, **options: Any) -> None:
        super().__init__(register, **options)
        self._line = b""
        self._accepted = 0

    def receive(self, data: bytes, now: float) -> None:
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            faults = self.faults.next_faults(line.decode().split()[0])
            if any(fault.act is FaultKind.DROP_BEFORE for fault in faults):
                continue
            if line == b"?":
                self.answer(b"%d\n" % self._accepted, now)
                self._accepted = 0
            else:
                self.cash_in(int(line.removeprefix(b"IN ")))
                self._accepted += 1


class GreetingPrinter(SilentPrinter):
    """Asks for a password when a program connects, and closes the connection where it is wrong."""

    def __init__(self, register: Register, **options: Any) -> None:
        super().__init__(register, **options)
        self._admitted = self._refused = False

    def connected(self, now: float) -> None:
        self._admitted = self._refused = False
        self.answer(b"PASSWORD\n", now)

    def receive(self, data: bytes, now: float) -> None:
        if self._admitted:
            super().receive(data, now)
        elif data == b"0000\n":
            self._admitted = True
            self.answer(b"OK\n", now)
        else:
            self._refused = True
            self.answer(b"NO\n", now)

    @property
    def hangs_up(self) -> bool:
        return self._refused and self.next_answer is None


class Mirror:
    """A port without a register, as a gateway needs one: it answers every line with the same in capitals."""

    second_caller_seconds = 1.0
    hangs_up = False

    def __init__(self) -> None:
        self.powered = True
        self.programs = 0
        self._out = b""

    def connected(self, now: float) -> None:
        self.programs += 1

    def receive(self, data: bytes, now: float) -> None:
        self._out += data.upper()

    def poll(self, now: float) -> bytes:
        out, self._out = self._out, b""
        return out

    def wakeup(self) -> float | None:
        return None

    def disconnected(self) -> None:
        self._out = b""
