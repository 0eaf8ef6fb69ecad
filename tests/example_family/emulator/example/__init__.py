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
    code_pages = ("cp1250",)
    framing = b"*\n"
    model = "EXAMPLE EMU"

    def __init__(
        self, register: Register, *, profile: str = "small", code_page: str = "cp1250", width: int = 40, seed: int = 0,
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
        acts = {fault.act for fault in faults}
        self.act_before(faults)
        if FaultKind.POWER_CUT_BEFORE in acts:
            self.power(on=False)
        elif FaultKind.DROP_BEFORE in acts or FaultKind.CORRUPT_IN in acts:
            pass
        elif text.startswith("IN "):
            self._waiting.append((text, faults))
        else:
            self._answer(self._told(text), now, faults)

    def _told(self, text: str) -> str:
        state = self.register.state
        if text == "WHO":
            return f"WHO {state.unique_number}"
        return f"SEE {int(self._ready)} {state.reports} {state.day.nonfiscal}" if text == "SEE" else "ERR 9"

    @property
    def _ready(self) -> bool:
        return not self.faults.switches and not self._waiting

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
            self._answer(self._cash_in(text), now, faults)

    def _cash_in(self, text: str) -> str:
        try:
            amount = int(text.removeprefix("IN "))
            self.register.ledger.cash_in(amount)
        except (ValueError, RegisterError):
            return "ERR 1"
        paper = Paper(self._width)
        paper.title("WPŁATA DO KASY")
        paper.pair("KWOTA PLN", in_words(amount))
        paper.mark()
        self.emit(self.register.emit("cash_in", paper, {"amount": amount}))
        self.register.commit()
        return "IN"

    def wakeup(self) -> float | None:
        return self.next_answer

    @property
    def awaits_key(self) -> bool:
        return False

    def press(self, *, confirm: bool) -> None:
        pass

    def corrupted(self, data: bytes) -> bytes:
        return data[:-2] + (b"!" if data[-2:-1] != b"!" else b"?") + b"\n"

    def power(self, *, on: bool) -> None:
        super().power(on=on)
        self._waiting.clear()
        self._lines = Lines()

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
        self.register.commit()


FACTORY = ExamplePrinter
