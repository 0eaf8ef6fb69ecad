"""The printer of that family, seen from its port."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fiscald.emulator.device import Device
from fiscald.emulator.faults import Fault, FaultKind
from fiscald.emulator.paper import Paper, Printout
from fiscald.emulator.paper import amount as in_words
from fiscald.emulator.refusal import RegisterError
from fiscald.emulator.register import Register
from fiscald.protocols.example import Lines, line


class ExamplePrinter(Device):
    """See ``fiscald.emulator.device.Device``."""

    family = "example"
    profiles = ("small",)
    framing = b"*\n"
    model = "EXAMPLE EMU"

    def __init__(
        self, register: Register, *, profile: str = "small", width: int = 40, seed: int = 0,
        printed: Callable[[Printout], None] = lambda _: None,
    ) -> None:  # fmt: skip
        super().__init__(register, seed=seed, printed=printed)
        self._width = width
        self._lines = Lines()
        self._waiting: list[tuple[str, list[Fault]]] = []

    def receive(self, data: bytes, now: float) -> None:
        if self.powered:
            for text in self._lines.feed(data):
                if text is not None:
                    self._take(text, now)

    def _take(self, text: str, now: float) -> None:
        faults = self.faults.next_faults(text.split()[0] if text.split() else "")
        if self.is_prevented(faults) or any(fault.act is FaultKind.CORRUPT_IN for fault in faults):
            return
        if text.startswith("IN "):
            self._waiting.append((text, faults))
        else:
            self._answer(self._carry_out(text), now, faults)

    def _carry_out(self, text: str) -> str:
        state = self.register.state
        ready = int(not self.faults.switches and not self._waiting)
        match text.split():
            case ["WHO"]:
                return f"WHO {state.unique_number}"
            case ["SEE"]:
                return f"SEE {ready} {state.reports} {state.day.nonfiscal} {state.cash}"
            case ["IN", amount] if amount.isdecimal():
                return self._cash_in(int(amount))
        return "ERR 9"

    def _answer(self, text: str, now: float, faults: list[Fault]) -> None:
        if any(fault.act is FaultKind.POWER_CUT_AFTER for fault in faults):
            self.power(on=False)
            return
        disturbed = self.apply_faults(line(text), now, faults)
        if disturbed is not None:
            self.answer(*disturbed)

    def run(self, now: float) -> None:
        while self._waiting and self.powered and not self.faults.switches:
            text, faults = self._waiting.pop(0)
            self._answer(self._carry_out(text), now, faults)

    def _cash_in(self, amount: int) -> str:
        try:
            self.register.ledger.cash_in(amount)
        except RegisterError:
            return "ERR 1"
        paper = Paper(self._width)
        paper.title("WPŁATA DO KASY")
        paper.pair("KWOTA PLN", in_words(amount))
        paper.mark()
        self.emit(self.register.emit("cash_in", paper, {"amount": amount}))
        self.register.commit()
        return "IN"

    def corrupted(self, data: bytes) -> bytes:
        return data[:-2] + (b"!" if data[-2:-1] != b"!" else b"?") + b"\n"

    def power(self, *, on: bool) -> None:
        super().power(on=on)
        self._waiting.clear()
        self._lines = Lines()

    def foreign_command(self, command: str, values: dict[str, Any]) -> bool:
        return self._carry_out(f"{command} {values['amount']}") == "IN"

    def keypad_report(self) -> None:
        self.register.ledger.daily_report()
        self.register.commit()


FACTORY = ExamplePrinter
