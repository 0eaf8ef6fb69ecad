"""Does the journal know everything that this printer has printed? This module compares the counters of both.

A restored copy, a lost file, a replaced fiscal memory and another program have one thing in common: the printer has
counted something that the journal cannot explain. Then a key that is new to the journal may belong to a document that
is printed already, so new documents wait until a person confirms. docs/recovery.md says which counters prove what.
"""

from __future__ import annotations

from typing import Any

from fiscald.journal import Doubt, Known
from fiscald.model.printers import Counters
from fiscald.model.problems import Fate, Problem, problem


class Past:
    """Whether the journal and one printer agree, in this run of the daemon."""

    def __init__(self, printer: str, *, shared: bool) -> None:
        """``shared``: another program prints on this printer too, so unknown receipts are normal."""
        self._printer = printer
        self._shared = shared
        self.problem: Problem | None = None
        """Why new documents wait; ``None``: they do not wait."""
        self.found: Counters | None = None
        """The counters that caused the problem. A person confirms these counters, and no later ones."""
        self.proven = False
        """Whether journal and printer have agreed since the start. After that, no one can have replaced the file."""
        self._seen: Counters | None = None
        self._first_time = False
        self._journal_doubted = True  # until ``set_doubt``

    def set_doubt(self, doubt: Doubt | None) -> None:
        """The journal's own doubt about itself, which is known before the printer answers."""
        self._journal_doubted = doubt is not None

    def check(self, known: Known, now: Counters) -> Problem | None:
        """The problem if the journal does not explain ``now``. Changes nothing, so the journal's thread may call it."""
        return unexplained(self._printer, known, now, shared=self._shared, proven=self.proven)

    def needs_second_reading(self, problem: Problem | None) -> bool:
        """Whether this is the first time that ``problem`` appears. Then the actor reads the printer again to be sure.

        One read takes several questions. If the printer printed between them, the counters do not fit together.
        """
        self._first_time = problem is not None and self.problem is None and not self._first_time
        return self._first_time

    def compare(self, known: Known, now: Counters) -> bool:
        """Compare ``now``, which the printer has just reported. Returns whether the journal must remember it."""
        self.set_problem(self.check(known, now), now)
        if self.problem is not None:
            return False
        self.proven = True
        again = self.is_stable(now)
        settled = known.counters == now and not (known.own_printouts or known.by_hand)
        if known.unsettled:
            return False
        if known.doubt is Doubt.MOVED:
            return True
        return (again or known.counters is None) and not settled and not self._shared

    def set_problem(self, problem: Problem | None, now: Counters) -> None:
        """Set why new documents wait (``None``: they do not wait), and the counters that show it."""
        self.problem, self.found = problem, now

    def is_stable(self, now: Counters) -> bool:
        """Whether two reads gave the same counters. A single read may have happened while the printer printed."""
        again, self._seen = now == self._seen, now
        return again

    def confirm(self) -> None:
        """A person has confirmed. The journal has stored that already."""
        self.problem = None
        self.proven = True

    @property
    def doubtful(self) -> bool:
        """Whether documents that wait may be printed already, because a part of the journal is lost."""
        return not self.proven and (self.problem is not None or self._journal_doubted)


def unexplained(printer: str, known: Known, now: Counters, *, shared: bool, proven: bool) -> Problem | None:
    """The problem if the journal does not explain what ``printer`` has counted; ``None``: it does.

    ``proven``: they agreed earlier in this run, so only another program can have printed since.
    """
    then = known.counters

    def behind(cause: str, reason: str, reason_pl: str, **members: Any) -> Problem:
        seen = {"remembered": then and then.model_dump(), "found": now.model_dump()}
        why = problem(
            "journal.behind", printer=printer, reason=reason, reason_pl=reason_pl,
            extra={"cause": cause} | seen | members,
        )  # fmt: skip
        # Proven: the journal knew everything a moment ago, so the documents that wait are not printed.
        return why.model_copy(update={"document": Fate.NOT_PRINTED}) if proven else why

    if known.doubt is Doubt.OLDER:
        return behind(
            "older_copy", "this journal is an older copy of the one that ran here, or a different one",
            "Dziennik programu jest starszą kopią.",
        )  # fmt: skip
    if known.doubt is Doubt.DAMAGED:
        return behind(
            "unreadable", "the journal's record of this printer is unreadable",
            "Zapis stanu drukarki w dzienniku programu jest uszkodzony.",
        )  # fmt: skip
    if shared or known.by_hand:
        return None
    if then is None:
        if known.doubt is Doubt.MOVED and known.printer_id is not None and now.printouts:
            return behind(
                "nothing_remembered", "someone put this journal here, and it remembers nothing of this printer",
                "Dziennik programu przeniesiono z innego miejsca.",
            )  # fmt: skip
        return None
    reports = now.daily_report - then.daily_report
    printouts = now.printouts - then.printouts
    receipts = now.receipts + now.invoices - then.receipts - then.invoices
    if reports < 0 or printouts < 0 or (reports == 0 and receipts < 0):
        return behind(
            "lower_counters",
            "the printer's counters are lower than the journal remembers: its memory was replaced or reset",
            "Liczniki drukarki są niższe niż zapamiętane (wymiana lub zerowanie pamięci).",
        )
    unknown = receipts - known.own_receipts
    if reports == 0 and unknown > 0:
        plural = "receipt" if unknown == 1 else "receipts"
        return behind(
            "unknown_receipts",
            f"the printer holds {unknown} {plural} that this journal does not know: another program prints here (then "
            "write shared = true in the configuration), or the journal is an older copy",
            f"Liczba paragonów na drukarce, których nie ma w dzienniku programu: {unknown}.",
            receipts=unknown,
        )
    others = printouts - reports - known.own_printouts
    if not proven and (reports > 0 or known.doubt is Doubt.MOVED) and others > 0:
        # A report clears the counters of the day, so the unknown documents before it may be receipts.
        since = "a daily report was made since then" if reports else "someone put this journal here"
        return behind(
            "unknown_printouts",
            f"the printer has printed {others} documents that this journal does not know, and its counters do not "
            f"show whether receipts are among them: {since}",
            f"Liczba wydruków, których nie ma w dzienniku programu: {others}; mogą wśród nich być paragony.",
            printouts=others,
        )
    return None
