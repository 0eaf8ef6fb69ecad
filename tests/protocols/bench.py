"""A dialogue of any family on the emulated printer of that family, with other people at the same printer.

Whatever a family's commands are called, its documents have an opening, lines and a step that decides. ``Bench`` lets
something happen just before a chosen command, and can lose the line there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import pytest

from fiscald.emulator.device import Device
from fiscald.emulator.memory import RegisterState, Transaction
from fiscald.emulator.running import build
from fiscald.model.documents import Document
from fiscald.protocols import FAMILIES, family
from fiscald.protocols.base import Direction, Settings, Unknown, Verdict
from fiscald.protocols.thermal.profiles import PROFILES
from tests.protocols.driving import Journal, drive

NOON = datetime.fromisoformat("2026-11-22T12:00:00+01:00")
NU = "EMU 0000000001"


@dataclass(frozen=True)
class Names:
    """What a family calls its steps."""

    opening: str
    line: str
    payment: str | None
    """``None``: the payments are a part of the closing step."""
    closing: str
    cash_in: str
    goods_return: str
    report: str
    cancel: str
    paid_in: tuple[str, dict[str, Any]]
    """Another program pays 0.05 in."""


NAMES = {
    "posnet": Names(
        "trinit",
        "trline",
        "trpayment",
        "trend",
        "cash",
        "stocash",
        "dailyrep",
        "prncancel",
        ("cash", {"kw": 5, "wp": True}),
    ),
    "thermal": Names("$h", "$l", None, "$y", "#i", "#z", "#r", "$e 0", ("#i", {"Ps": 0, "kwota": 5})),
}
assert NAMES.keys() == set(FAMILIES), "a new family is tested with the others"


class Sold(NamedTuple):
    """A receipt that the register holds."""

    number: int
    names: list[str]
    total: int


class LineLost(Exception):
    """The line broke."""


class Bench:
    """One emulated printer that answers at once."""

    def __init__(self, name: str, profile: str | None = None, **state: Any) -> None:
        self.family = family(name)
        self.names = NAMES[name]
        self.settings = Settings("till1", self.family.code_pages[0], profile or self.family.profiles[0])
        if name == "thermal":
            assert self.settings.profile is not None
            self.names = replace(self.names, closing=PROFILES[self.settings.profile].closing)
        self.device: Device
        self.device, _ = build(
            name,
            profile=self.settings.profile,
            state=RegisterState(**{"unique_number": NU, **state}),
            clock=lambda: NOON,
        )
        self.journal = Journal()
        self.sent: list[str] = []
        """Names of all commands, in order."""
        self.sold: list[Sold] = []
        self._before: dict[tuple[str, int], Callable[[], object]] = {}
        self._watch_register()

    def _watch_register(self) -> None:
        register, real = self.device.register, self.device.register.sale.close

        def close(change: int) -> Transaction:
            transaction = real(change)
            names = [line.name for line in transaction.lines]
            self.sold.append(Sold(register.state.day.last_receipt, names, transaction.total))
            return transaction

        register.sale.close = close  # type: ignore[method-assign]

    def before(self, name: str, act: Callable[[], object], nth: int = 1) -> None:
        """Let that happen just before the n-th such command is carried out."""
        self._before[name, nth + self.sent.count(name)] = act

    def answer(self, data: bytes) -> bytes:
        name = self.name_of(data)
        self.sent.append(name)
        self._before.pop((name, self.sent.count(name)), lambda: None)()
        self.device.receive(data, 0.0)
        return self.device.poll(0.0)

    def name_of(self, data: bytes) -> str:
        frames = self.family.decoder(self.settings).feed(Direction.SENT, data)
        return [frame.name for frame in frames if frame.name != "CAN"][-1]

    def carry_out(self, document: Document, *, answer: Callable[[str, bytes], bytes] | None = None) -> Verdict:
        """``answer``: what comes between us and the printer, given the name of every command."""
        self.journal = Journal()
        between = self.answer if answer is None else lambda data: answer(self.name_of(data), data)
        steps = self.family.carry_out(document, self.settings, None)
        return drive(steps, self.family.session(self.settings), between, trail=self.journal)

    def break_off(self, document: Document, stop: str, *, executed: bool, nth: int = 1) -> None:
        """Carry out until the n-th such command after the evidence, and lose the line there."""
        left = nth

        def answer(name: str, data: bytes) -> bytes:
            nonlocal left
            left -= self.journal.before is not None and name == stop
            if left > 0:
                return self.answer(data)
            if executed:
                self.answer(data)
            raise LineLost

        with pytest.raises(LineLost):
            self.carry_out(document, answer=answer)

    def recover(self, document: Document, *, paused: Callable[[], None] = lambda: None) -> Verdict:
        steps = self.family.recover(document, self.settings, self.journal.trail)
        session = self.family.session(self.settings)
        return drive(steps, session, self.answer, trail=self.journal, paused=paused)

    # -- other people ---------------------------------------------------------------------------------

    def others_cancel(self) -> None:
        """A person gives the open receipt up, on the keypad."""
        self.device.keypad_cancel()

    def others_open(self, *prices: int) -> None:
        """Another program opens a receipt, and sells that."""
        assert self.device.foreign_begin()
        for price in prices:
            assert self.device.foreign_sell("Obcy", price)

    def others_receipt(self, *prices: int) -> None:
        """Another program completes a receipt."""
        self.others_open(*prices)
        assert self.device.foreign_end(sum(prices))

    def others_give_up(self, *prices: int) -> None:
        """Another program opens a receipt, sells that, and cancels it."""
        self.others_open(*prices)
        self.others_cancel()

    def others_pay_in(self) -> None:
        """Another program prints a cash slip of 0.05."""
        self._by_others(*self.names.paid_in)

    def _by_others(self, command: str, values: dict[str, Any]) -> None:
        assert self.device.foreign_command(command, values), command

    def others_close(self, total: int, paid: int) -> None:
        """Another program closes the open receipt, on which so much is paid already, and so much was sold."""
        if self.names.payment is None:
            assert self.device.foreign_end(total)
        else:
            self._by_others(self.names.payment, {"ty": 0, "wa": total - paid})
            self._by_others(self.names.closing, {"to": total, "fp": total})

    def others_report(self) -> None:
        """A person makes the daily report."""
        reports = self.device.register.state.reports
        self.device.keypad_report()
        assert self.device.register.state.reports == reports + 1

    @property
    def open(self) -> bool:
        """Whether a receipt is open."""
        return self.device.register.state.transaction is not None


def cause(verdict: Verdict) -> str:
    assert isinstance(verdict, Unknown), verdict
    return str((verdict.problem.model_extra or {})["cause"])
