"""Proof by counters: what a printer counted before a document, and after it, and what follows from the difference.

A family brings its ``Look`` (the readings), its ``CounterDelta`` (what two of them mean) and its rules for slips. A
document of one step is proven by ``CounterProof``; a receipt by the family's own proof, with ``verdicts.ending``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Generic, Protocol, TypeVar

from fiscald.model.jobs import Notice
from fiscald.model.printers import Counters
from fiscald.model.problems import Problem
from fiscald.protocols.base import Dialogue, Look, Pause, Printed, Settings, Unknown, Verdict, Wait
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.rates import Rates

#: Seconds for which an empty receipt must stand still before it is taken for the one whose opening was not
#: answered: a program that works on its own receipt does not stop for so long.
STILL_SECONDS = 5.0
#: How often is looked before the printer's own confirmation counts as contradicted.
LOOKS = 3

L = TypeVar("L", bound=Look)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline(Generic[L]):
    """What a printer says about itself before a document."""

    look: L
    """What later looks are compared with."""
    printer_id: str
    """The unique number."""
    fiscal: bool
    """Whether the device is fiscalised; a training device registers nothing."""
    transaction_open: bool
    """Whether a document of any program is open."""
    rates: Rates
    """The VAT table by letter."""
    standing: Problem | None
    """The condition that keeps some documents waiting, where one shows in what the printer says."""
    counters: Counters
    """For the journal."""


class CounterDelta(Protocol):
    """What happened on the printer between two looks. ``verdicts.Endings`` has the rest."""

    @property
    def then(self) -> Look:
        """The first look."""

    @property
    def now(self) -> Look:
        """The second look."""

    @property
    def reports(self) -> int:
        """Daily reports."""

    @property
    def uncounted(self) -> bool:
        """A training device, whose counters need not move, and did not."""

    @property
    def comparable(self) -> bool:
        """Whether both looks are at one printer, and no counter is lower than it can be (another memory, or reset)."""

    LOWER: ClassVar[str]
    """What is said of that."""


D = TypeVar("D", bound=CounterDelta)
D_contra = TypeVar("D_contra", bound=CounterDelta, contravariant=True)


def incomparable(delta: CounterDelta, settings: Settings) -> Wait | Unknown:
    """What follows from two looks that cannot be compared."""
    if delta.now.printer_id != delta.then.printer_id:
        return verdicts.swapped(settings, delta.now.printer_id, delta.then.printer_id)
    return verdicts.unproven("counters_restored", delta.LOWER, delta.now)


@dataclass(frozen=True, slots=True)
class Proven:
    """The counters prove that the document was printed."""

    notices: tuple[Notice, ...] = ()


class Expected(Protocol[D_contra]):
    """What a document of one step does to the counters."""

    def judge(self, delta: D_contra, confirmed: bool | None) -> Proven | Unknown | None:
        """What follows from the difference. ``None``: nothing was printed.

        ``confirmed``: whether the printer said that the step is done; ``None``: its answer is not known.
        """


@dataclass(frozen=True, slots=True)
class Report:
    """A daily report is proven by its own counter: no matter who made it, the day is closed."""

    def judge(self, delta: CounterDelta, confirmed: bool | None) -> Proven | Unknown | None:
        """See ``Expected``."""
        if delta.reports == 1 or (confirmed and delta.uncounted):
            return Proven()
        if delta.reports == 0:
            return None
        return verdicts.unproven("many_reports", f"{delta.reports} daily reports were made since the start", delta.now)


@dataclass(frozen=True)
class CounterProof(ABC, Generic[L, D]):
    """The proof of a document of one step. A family says how it reads, and what it answers."""

    before: L
    expected: Expected[D]
    settings: Settings

    @abstractmethod
    def read(self) -> Dialogue[L]:
        """A look of which no part is older than another."""

    @abstractmethod
    def delta(self, now: L) -> D:
        """What happened since ``before``."""

    @abstractmethod
    def printed(self, delta: D, proven: Proven, *, confirmed: bool) -> Dialogue[Printed]:
        """The answer: number, day, paper."""

    def verdict(self, reply: CommitReply | None) -> Dialogue[Verdict]:
        """Judge the document after its step was answered, or (``None``) after an interruption."""
        confirmed = None if reply is None else reply.refusal is None
        for attempt in range(LOOKS):
            if attempt:
                # The printer confirmed it, yet nothing moved: an answer from before may have come late.
                yield Pause(STILL_SECONDS)
            now = yield from self.read()
            delta = self.delta(now)
            if not delta.comparable:
                return incomparable(delta, self.settings)
            found = self.expected.judge(delta, confirmed)
            if isinstance(found, Proven):
                return (yield from self.printed(delta, found, confirmed=bool(confirmed)))
            if found is not None:
                return found
            if not confirmed:
                return verdicts.not_executed(reply, "the counters prove that nothing was printed", now, begun=False)
        reason = "the printer confirmed the document, and none of its counters moved"
        return verdicts.unproven("contradiction", reason, now)
