"""Proof by counters: the difference between the counters before and after a document shows whether it was printed.

A family passes in its ``Look`` (the readings), its ``CounterDelta`` (the difference of two looks) and its rules for
slips. ``CounterProof`` proves a document of one step. A receipt has the family's own proof, with ``verdicts.ending``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Generic, Protocol, TypeVar

from fiscald.model.jobs import Notice
from fiscald.protocols.base import Dialogue, Look, Pause, Printed, Settings, Unknown, Verdict, Wait
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.verdicts import CommitReply

#: Seconds without any change before fiscald takes an empty receipt for the one whose opening was not answered. A
#: program that works on its own receipt does not pause for so long.
STILL_SECONDS = 5.0
#: If something ended between our last look and our opening, the open document may be another program's: ours may have
#: been cancelled already. fiscald looks so many times, ``STILL_SECONDS`` apart, and takes the document for ours only if
#: it stays empty: a program that opens a document sells on it or cancels it sooner.
DOUBTFUL_LOOKS = 6
#: After this many looks without a change, the counters contradict the printer's confirmation.
LOOKS = 3

L = TypeVar("L", bound=Look)


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
        """Whether the device is in training, so that its counters need not move, and they did not."""

    @property
    def comparable(self) -> bool:
        """Whether both looks are at the same printer and no counter went back (a replaced or reset memory)."""

    LOWER: ClassVar[str]
    """The reason to give if a counter went back."""


D = TypeVar("D", bound=CounterDelta)
D_contra = TypeVar("D_contra", bound=CounterDelta, contravariant=True)


def incomparable(delta: CounterDelta, settings: Settings) -> Wait | Unknown:
    """The verdict on two looks that cannot be compared."""
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
        """The conclusion from the difference. ``None``: nothing was printed.

        ``confirmed``: whether the printer confirmed the step; ``None``: its answer is not known.
        """


@dataclass(frozen=True, slots=True)
class Report:
    """The counter of daily reports proves a daily report. It does not matter who made it: the day is closed."""

    def judge(self, delta: CounterDelta, confirmed: bool | None) -> Proven | Unknown | None:
        """See ``Expected``."""
        if delta.reports == 1 or (confirmed and delta.uncounted):
            return Proven()
        if delta.reports == 0:
            return None
        return verdicts.unproven("many_reports", f"{delta.reports} daily reports were made since the start", delta.now)


class SheetDelta(CounterDelta, Protocol):
    """The difference for documents that are neither fiscal nor slips."""

    @property
    def other_sheets(self) -> int:
        """Printed documents that are neither receipts, invoices and daily reports nor slips; after a daily report
        this is not known.
        """


@dataclass(frozen=True, slots=True)
class OtherSheet:
    """One more sheet that is neither fiscal nor a slip proves a report of the memory or of a shift."""

    repeatable: bool
    """Whether it changes nothing, so that it may be printed again if its outcome is not known."""
    notices: tuple[Notice, ...] = ()

    def judge(self, delta: SheetDelta, confirmed: bool | None) -> Proven | Unknown | None:
        """See ``Expected``."""
        if confirmed or (delta.other_sheets == 1 and not delta.reports):
            doubled = (verdicts.DOUBLED,) if delta.other_sheets > 1 else ()
            return Proven(self.notices + doubled)
        if delta.reports:
            return None if self.repeatable else verdicts.report_between(delta.now)
        if delta.other_sheets > 1:
            sheets = f"{delta.other_sheets} such sheets were printed since the start"
            return verdicts.unproven("many_slips", sheets, delta.now)
        return None


@dataclass(frozen=True)
class CounterProof(ABC, Generic[L, D]):
    """The proof of a document of one step. A family adds how to read the counters and how to answer."""

    before: L
    expected: Expected[D]
    settings: Settings

    @abstractmethod
    def read(self) -> Dialogue[L]:
        """A look whose parts all belong to the same moment."""

    @abstractmethod
    def delta(self, now: L) -> D:
        """What happened since ``before``."""

    @abstractmethod
    def printed(self, delta: D, proven: Proven, *, confirmed: bool) -> Dialogue[Printed]:
        """The answer: number, day, paper."""

    def verdict(self, reply: CommitReply | None) -> Dialogue[Verdict]:
        """Decide what became of the document, after the answer to its step or (``None``) after an interruption."""
        confirmed = None if reply is None else reply.refusal is None
        for attempt in range(LOOKS):
            if attempt:
                # The printer confirmed it, but no counter moved: this may be a late answer to an earlier command.
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
                return verdicts.not_executed(reply, "the counters prove that nothing was printed", now, was_open=False)
        reason = "the printer confirmed the document, and none of its counters moved"
        return verdicts.unproven("contradiction", reason, now)
