"""What the journal remembers of printers: identity, counters, technicians' commands, confirmations.

The rule that compares counters is in ``fiscald.engine.past``. The engine passes it to the transactions, so that
comparing and writing happen in one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from fiscald.journal.errors import WrongPhase
from fiscald.journal.file import Doubt, JournalFile
from fiscald.journal.rows import UNREADABLE, plain
from fiscald.journal.tokens import asker
from fiscald.model.about import Fiscal
from fiscald.model.documents import DOCUMENTS
from fiscald.model.jobs import JournalConfirmation, Phase
from fiscald.model.printers import Counters, Snapshot
from fiscald.model.problems import Problem
from fiscald.model.rights import Asker


class Known(NamedTuple):
    """What the journal knows of one printer."""

    printer_id: str | None = None
    """The unique number of the physical printer; ``None``: no printer was ever seen under this name."""
    counters: Counters | None = None
    """Its counters when this journal knew every receipt; ``None``: the journal remembers none."""
    own_receipts: int = 0
    """Receipts of ours that may have been registered since."""
    own_printouts: int = 0
    """Documents of ours of any kind that may have been printed since."""
    by_hand: bool = False
    """Whether a technician has sent commands since: they explain every change of the counters."""
    doubt: Doubt | None = None
    unsettled: bool = False
    """Whether one of our documents may have been printed and its outcome is not known yet."""


#: Returns a problem if the journal does not explain the printer's counters; ``None``: it does.
Rule = Callable[[Known, Counters], Problem | None]


class Unexplained(Exception):
    """A document must not start: the printer has counted something that this journal does not know."""

    def __init__(self, problem: Problem, counters: Counters) -> None:
        self.problem = problem
        self.counters = counters
        super().__init__(problem.detail)


class PrinterMemory(JournalFile):
    """The part of the journal that is about printers."""

    def printer_id(self, name: str) -> str | None:
        """The unique number of the physical printer behind a name."""
        return self.known(name).printer_id

    def known(self, name: str) -> Known:
        """Everything that the journal knows about the printer behind a name."""
        with self._reading() as db:
            return self._known(db, name)

    def _known(self, db: sqlite3.Connection, name: str) -> Known:
        row = db.execute(
            "SELECT printer_id, counters, own_receipts, own_printouts, by_hand FROM printer WHERE name = ?", (name,)
        ).fetchone()
        why = db.execute("SELECT why FROM doubt WHERE printer = ?", (name,)).fetchone()
        doubt = None if why is None else Doubt(why[0])
        if row is None:
            return Known(doubt=doubt)
        printer_id, text, receipts, printouts, by_hand = row
        counters = None
        if text is not None:
            try:
                counters = Counters.model_validate_json(text, extra="ignore")
            except UNREADABLE:
                doubt = doubt if doubt is Doubt.OLDER else Doubt.DAMAGED
        unsettled = db.execute(
            "SELECT 1 FROM job WHERE printer = ? AND phase = 'committing' LIMIT 1", (name,)
        ).fetchone()
        return Known(
            str(printer_id), counters, int(receipts), int(printouts), bool(by_hand), doubt, unsettled is not None
        )

    def know_printer(self, name: str, printer_id: str, counters: Counters | None = None) -> None:
        """Remember which physical printer is behind a name, and its present counters.

        Forgets the printer before it.
        """
        text = None if counters is None else counters.model_dump_json()
        with self._transaction() as db:
            db.execute(
                "INSERT INTO printer (name, printer_id, known_at, counters) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET printer_id = excluded.printer_id, known_at = excluded.known_at,"
                " counters = excluded.counters, own_receipts = 0, own_printouts = 0, by_hand = 0"
                " WHERE printer_id != excluded.printer_id",
                (name, printer_id, self._now(), text),
            )

    # -- counters -------------------------------------------------------------------------------------

    def remember(self, name: str, counters: Counters) -> None:
        """Remember these counters, which the journal explains completely: later ones are compared with them."""
        with self._transaction() as db:
            self._remember(db, name, counters)
            db.execute("DELETE FROM doubt WHERE printer = ? AND why = 'moved'", (name,))

    def _remember(self, db: sqlite3.Connection, name: str, counters: Counters) -> None:
        db.execute(
            "UPDATE printer SET counters = ?, own_receipts = 0, own_printouts = 0, by_hand = 0 WHERE name = ?",
            (counters.model_dump_json(), name),
        )

    def _remember_if(self, db: sqlite3.Connection, name: str, counters: Counters | None, rule: Rule | None) -> None:
        """The same, if the rule finds nothing unexplained."""
        if counters is not None and rule is not None and rule(self._known(db, name), counters) is None:
            self._remember(db, name, counters)

    def _may_print(self, db: sqlite3.Connection, name: str, document_type: str) -> None:
        """Count one of our documents, which is about to be printed. A daily report has its own counter."""
        known = DOCUMENTS.get(document_type)
        fiscal = Fiscal.NOTHING if known is None else known.about.fiscal
        db.execute(
            "UPDATE printer SET own_receipts = own_receipts + ?, own_printouts = own_printouts + ? WHERE name = ?",
            (int(fiscal is Fiscal.RECEIPT), int(fiscal is not Fiscal.DAY_END), name),
        )

    def _not_printed(self, db: sqlite3.Connection, name: str, before: Phase, document_type: str) -> None:
        """Our document started and was not registered. The printer may have printed a sheet about its end.

        An earlier document that may have been printed still counts.
        """
        known = DOCUMENTS.get(document_type)
        counted = before is Phase.COMMITTING and known is not None and known.about.fiscal is Fiscal.RECEIPT
        db.execute(
            "UPDATE printer SET own_receipts = max(0, own_receipts - ?), own_printouts = own_printouts + ?"
            " WHERE name = ?",
            (int(counted), int(before is Phase.STARTED), name),
        )

    # -- people ---------------------------------------------------------------------------------------

    def newest_confirmation(self, name: str) -> JournalConfirmation | None:
        """The last confirmation for that printer."""
        with self._reading() as db:
            row = db.execute(
                "SELECT confirmed_by, note FROM confirmation WHERE printer = ? ORDER BY id DESC LIMIT 1", (name,)
            ).fetchone()
        return None if row is None else JournalConfirmation(by=row[0], note=row[1])

    def _confirm(
        self, db: sqlite3.Connection, name: str, seen: Snapshot, said: JournalConfirmation, asked_by: Asker
    ) -> None:
        known, found, counters = self._known(db, name), seen.identity.printer_id, seen.counters
        if known.printer_id != found:
            raise WrongPhase(f"another printer is connected: {found!r}, and the journal knows {known.printer_id!r}")
        remembered = None if known.counters is None else known.counters.model_dump_json()
        db.execute(
            "INSERT INTO confirmation (printer, at, confirmed_by, note, asked_by, asked_token, remembered, found)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (name, self._now(), said.by, said.note, *asker(asked_by), remembered, counters.model_dump_json()),
        )
        db.execute("DELETE FROM doubt WHERE printer = ?", (name,))
        self._remember(db, name, counters)

    # -- commands by hand -----------------------------------------------------------------------------

    def begin_raw(
        self, printer: str, command: str, sent: bytes, effect: str, *, asked_by: Asker, forced: bool,
        explains: bool = False,
    ) -> int:  # fmt: skip
        """Record a technician's command before it is sent. Returns the number of the record.

        ``explains``: the next change of the counters may come from this command.
        """
        with self._transaction() as db:
            done = db.execute(
                "INSERT INTO raw (printer, asked_by, asked_token, forced, command, effect, sent, sent_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (printer, *asker(asked_by), forced, command, effect, sent, self._now()),
            )
            if explains:
                db.execute("UPDATE printer SET by_hand = 1 WHERE name = ?", (printer,))
            assert done.lastrowid is not None
            return done.lastrowid

    def end_raw(self, number: int, answer: str | None, error: Problem | None) -> None:
        """Record the answer, or that none will come."""
        with self._transaction() as db:
            db.execute(
                "UPDATE raw SET answer = ?, problem = ?, ended_at = ? WHERE id = ?",
                (answer, plain(error), self._now(), number),
            )

    # -- the licence's notes --------------------------------------------------------------------------

    def licence_notes(self) -> list[tuple[str, str, int, int]]:
        """Word, licence, certificate number and time of each note. A starting daemon does not wait for it."""
        with self._reading(checked=False) as db:
            return db.execute("SELECT word, licence, seq, at FROM licence_note ORDER BY at").fetchall()

    def keep_licence_note(self, kind: str, licence: str, word: str, seq: int, at: int) -> None:
        """Keep a note in place of the former one of its kind about that licence."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO licence_note VALUES (?, ?, ?, ?, ?)", (kind, licence, word, seq, at))
