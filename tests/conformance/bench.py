"""A dialogue of any family on the emulated printer of that family, with other people at the same printer.

Whatever a family's commands are called, its documents have steps, and one that decides. ``Bench`` lets something happen
just before a chosen command, and can lose the line there.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import pytest

from fiscald.emulator.device import Device
from fiscald.emulator.memory import RegisterState, Transaction
from fiscald.emulator.port import LocalLine
from fiscald.emulator.register import Register
from fiscald.model.documents import Document
from fiscald.protocols.base import (
    Baseline,
    Dialogue,
    DialogueAborted,
    Effect,
    Session,
    Settings,
    Stage,
    Step,
    Unknown,
    Verdict,
)
from fiscald.protocols.decoding import Direction
from fiscald.protocols.families import Family
from fiscald.protocols.thermal.options import known_profile
from fiscald.protocols.thermal.plan_printout import BROKEN_OFF
from tests.conformance.families import CASES, Receipt
from tests.emulator.records import october
from tests.families import package, profiles
from tests.protocols.driving import NOON, Journal, drive

T = TypeVar("T")
NU = "EMU 0000000001"
#: How long a printer may hold an answer until it has something to say.
MOST_SECONDS = 60.0
#: The state of a register that can print the reports of a month.
RECORDS: dict[str, Any] = {"fiscal_memory": october(), "last_record": october()[-1].at}


def family_of(name: str) -> Family:
    """Also of a family that is not registered."""
    found: Family = importlib.import_module(f"fiscald.protocols.{package(name)}.family").FAMILY
    return found


class Sold(NamedTuple):
    """A receipt that the register holds."""

    number: int
    names: list[str]
    total: int


class Sent(NamedTuple):
    """A step that was carried out, and what the journal knew then."""

    name: str
    step: Step
    stage: Stage | None


class LineLost(Exception):
    """The line broke."""


class Bench:
    """One emulated printer that answers at once; where it holds an answer, time passes."""

    def __init__(self, name: str, profile: str | None = None, **state: Any) -> None:
        self.case = CASES[name]
        self.family = family_of(name)
        known = profiles(self.family)
        options = {"profile": profile or known[0]} if known else {}
        self.settings = Settings("till1", self.family.options.model_validate(options))
        register = Register(RegisterState(**{"unique_number": NU, **state}), clock=lambda: NOON)
        self.device: Device = importlib.import_module(f"fiscald.emulator.{package(name)}").FACTORY(register, **options)
        self.line = LocalLine(self.device)
        self.journal = Journal()
        self.sent: list[str] = []
        """Names of all commands, in order."""
        self.steps: list[Sent] = []
        """Steps of dialogues, in order; without the greeting."""
        self.sold: list[Sold] = []
        self._before: dict[tuple[str, int], Callable[[], object]] = {}
        self._watch_register()

    @property
    def names(self) -> Receipt:
        """What the family calls the steps of a receipt."""
        assert self.case.receipt is not None, "a family with receipts"
        if self.family.name == "thermal":
            known = known_profile(self.settings)
            assert known is not None
            return replace(self.case.receipt, closing=known.closing)
        return self.case.receipt

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
        self.line.send(data)
        answered = self.line.receive()
        while not answered and self.line.wait(MOST_SECONDS):
            answered = self.line.receive()
        return answered

    def name_of(self, data: bytes) -> str:
        if self.family.decoding is None:
            return data.partition(b" HTTP")[0].decode()
        frames = self.family.decoding.decoder(self.settings).feed(Direction.SENT, data)
        return [frame.name for frame in frames if frame.name != "CAN"][-1]

    # -- dialogues ------------------------------------------------------------------------------------

    def session(self) -> Session:
        """Of a new connection, after the greeting."""
        session = self.family.session(self.settings)
        if self.family.greeting is not None:
            drive(self.family.greeting(self.settings), session, self.answer)
        return session

    def drive(
        self,
        dialogue: Dialogue[T],
        answer: Callable[[Sent, bytes], bytes] | None = None,
        paused: Callable[[], None] = lambda: None,
    ) -> T:
        """``answer``: what comes between us and the printer, given every step."""

        def between(step: Step, data: bytes) -> bytes:
            stage = None if self.journal.last is None else self.journal.last.stage
            sent = Sent(self.name_of(data), step, stage)
            self.steps.append(sent)
            return self.answer(data) if answer is None else answer(sent, data)

        return drive(dialogue, self.session(), self.answer, journal=self.journal, paused=paused, between=between)

    def carry_out(
        self,
        document: Document,
        *,
        answer: Callable[[str, bytes], bytes] | None = None,
        answer_step: Callable[[Sent, bytes], bytes] | None = None,
        printer_id: str | None = None,
        baseline: Baseline[Any] | None = None,
        paused: Callable[[], None] = lambda: None,
    ) -> Verdict:
        """``answer``: what comes between us and the printer, given the name of every command (or the whole step)."""
        self.journal = Journal()
        if answer is not None:
            named = answer
            answer_step = lambda sent, data: named(sent.name, data)  # noqa: E731
        return self.drive(self.family.carry_out(document, self.settings, printer_id, baseline), answer_step, paused)

    def break_off(self, document: Document, stop: str, *, executed: bool, nth: int = 1) -> None:
        """Carry out until the n-th such command after the evidence, and lose the line there."""
        self._break_off(document, lambda sent: sent.stage is not None and sent.name == stop, executed=executed, nth=nth)

    def break_off_at(self, document: Document, nth: int, *, executed: bool) -> None:
        """Carry out until the n-th step after the evidence, and lose the line there."""
        self._break_off(document, lambda sent: sent.stage is not None, executed=executed, nth=nth)

    def break_off_deciding(self, document: Document, *, executed: bool) -> None:
        """Carry out until the step that decides, and lose the line there."""
        self._break_off(document, lambda sent: sent.step.effect is Effect.IRREVERSIBLE, executed=executed, nth=1)

    def _break_off(self, document: Document, stop: Callable[[Sent], bool], *, executed: bool, nth: int) -> None:
        left = nth

        def answer(sent: Sent, data: bytes) -> bytes:
            nonlocal left
            left -= stop(sent)
            if left > 0:
                return self.answer(data)
            if executed:
                self.answer(data)
            raise LineLost

        with pytest.raises(LineLost):
            self.carry_out(document, answer_step=answer)

    def recover(
        self,
        document: Document,
        *,
        paused: Callable[[], None] = lambda: None,
        answer: Callable[[Sent, bytes], bytes] | None = None,
    ) -> Verdict:
        return self.drive(self.family.recover(document, self.settings, self.journal.checkpoint), answer, paused)

    def settle(self, document: Document, verdict: Callable[[], Verdict]) -> Verdict:
        """What is answered in the end: a dialogue that gives up is followed by recoveries."""
        for _ in range(3):
            try:
                return verdict()
            except DialogueAborted:
                verdict = lambda: self.recover(document)  # noqa: E731
        return verdict()

    # -- the printer ----------------------------------------------------------------------------------

    @property
    def sheets(self) -> int:
        """Whole documents that came out, of whomever."""
        sheets = self.device.register.printouts
        return sum(not sheet.kind.startswith("cancelled") and BROKEN_OFF not in sheet.text for sheet in sheets)

    def changes(self, since: int = 0) -> list[str]:
        """Names of the steps that changed something, from that step on."""
        return [sent.name for sent in self.steps[since:] if sent.step.effect is not Effect.QUERY]

    # -- other people ---------------------------------------------------------------------------------

    def others_cancel(self) -> None:
        """A person gives the open receipt up, on the keypad."""
        self.device.keypad_cancel()

    def others_open(self, *prices: int) -> None:
        """Another program opens a receipt, and sells that."""
        assert self.device.foreign_begin()
        for price in prices:
            self.others_sell(price)

    def others_sell(self, price: int) -> None:
        """Another program sells something on the open receipt."""
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
        self._by_others(*self.case.paid_in)

    def _by_others(self, command: str, values: dict[str, Any]) -> None:
        assert self.device.foreign_command(command, values), command

    def others_close(self, total: int, paid: int) -> None:
        """Another program closes the open receipt, on which so much is paid already, and so much was sold."""
        if self.names.payment is None:
            assert self.device.foreign_end(total)
        for command in self.names.paid(total - paid, total):
            self._by_others(*command)

    def others_report(self) -> None:
        """A person makes the daily report."""
        reports = self.device.register.state.reports
        self.device.keypad_report()
        assert self.device.register.state.reports == reports + 1

    @property
    def open(self) -> bool:
        """Whether a receipt or a form is open."""
        state = self.device.register.state
        return state.transaction is not None or getattr(state.face, "form", None) is not None


def cause(verdict: Verdict) -> str:
    assert isinstance(verdict, Unknown), verdict
    return str((verdict.problem.model_extra or {})["cause"])
