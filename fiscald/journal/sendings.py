"""What programs said to gateways: for each job the times that its document was sent, bounded."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from datetime import UTC

from fiscald.journal.file import JournalFile
from fiscald.journal.rows import UNREADABLE
from fiscald.model.programs import MOST_SENDINGS, Program, Sending


class SendingKeeper(JournalFile):
    """The part of the journal that keeps what programs said."""

    def sendings(self, key: str) -> tuple[Sending, ...]:
        """What a program said for the job of that key, oldest first. What is unreadable is left out."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT said FROM sending WHERE job = (SELECT id FROM job WHERE key = ?) ORDER BY began", (key,)
            ).fetchall()
        found = []
        for (text,) in rows:
            with suppress(*UNREADABLE):
                found.append(Sending.model_validate_json(text))
        return tuple(found)

    def note_sending(self, key: str, sending: Sending) -> None:
        """More of this sending is known: the answer."""
        with self._transaction() as db:
            db.execute(
                "UPDATE sending SET said = ? WHERE began = ? AND job = (SELECT id FROM job WHERE key = ?)",
                (sending.model_dump_json(), _moment(sending), key),
            )

    def _sent_again(self, db: sqlite3.Connection, job: int, text: str | None, program: Program) -> str | None:
        """A program sent the document of this job again; returns what ``job.program`` holds from now on.

        The same sending may come twice, if the gateway could not know that the journal has it. ``text``: what
        ``job.program`` holds.
        """
        assert program.sent, "a program that sent a document said something"
        if text is None:
            return None  # an application has this key, and no program sent the first one
        (known,) = db.execute(
            "SELECT count(*) FROM sending WHERE job = ? AND began = ?", (job, _moment(program.sent[0]))
        ).fetchone()
        if not known:
            db.execute(
                "DELETE FROM sending WHERE job = ?1 AND began = (SELECT max(began) FROM sending WHERE job = ?1)"
                " AND (SELECT count(*) FROM sending WHERE job = ?1) >= ?2",
                (job, MOST_SENDINGS),
            )
            self._keep_sending(db, job, program.sent[0])
            try:
                former = Program.model_validate_json(text)
            except UNREADABLE:
                return text
            text = described(former.model_copy(update={"repeated": former.repeated + 1}))
            db.execute("UPDATE job SET program = ? WHERE id = ?", (text, job))
        return text

    def _keep_sending(self, db: sqlite3.Connection, job: int, sending: Sending) -> None:
        db.execute(
            "INSERT OR REPLACE INTO sending (job, began, said) VALUES (?, ?, ?)",
            (job, _moment(sending), sending.model_dump_json()),
        )


def _moment(sending: Sending) -> str:
    """When it began, in the order of the moments."""
    return sending.began.astimezone(UTC).isoformat()


def described(program: Program) -> str:
    """The program without what it said, as ``job.program`` has it."""
    return program.model_dump_json(exclude={"sent"})
