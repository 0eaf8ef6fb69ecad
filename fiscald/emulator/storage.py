"""Keeps an emulated register over restarts: ``--state FILE``, a small SQLite database.

It survives a killed process, not a power cut of the host: it stands in for a printer's memory in tests.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from fiscald.emulator.paper import Printout
from fiscald.emulator.register import RegisterState


class StorageError(Exception):
    """The state file cannot be used; ``str`` says why."""


class Storage:
    """The state file of one emulated printer."""

    def __init__(self, path: Path, family: str) -> None:
        """Open or create. Raises ``StorageError``."""
        self._path = path
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA synchronous = OFF")
            self._db.execute("CREATE TABLE IF NOT EXISTS register (one INTEGER PRIMARY KEY, family TEXT, state TEXT)")
            self._db.execute("CREATE TABLE IF NOT EXISTS printout (number INTEGER, body TEXT)")
            row = self._db.execute("SELECT family FROM register").fetchone()
        except sqlite3.Error as error:
            raise StorageError(f"{path} is not a state file of the emulator: {error}") from None
        if row is not None and row[0] != family:
            raise StorageError(f"{path} holds the state of a {row[0]} printer, not of a {family} one")
        self._family = family

    def load(self) -> tuple[RegisterState | None, list[Printout]]:
        """The stored state, or ``None``, and all printouts. Raises ``StorageError``."""
        try:
            row = self._db.execute("SELECT state FROM register").fetchone()
            sheets = self._db.execute("SELECT body FROM printout ORDER BY rowid").fetchall()
            state = None if row is None else RegisterState.model_validate_json(row[0])
            return state, [Printout.model_validate_json(body) for (body,) in sheets]
        except (sqlite3.Error, ValidationError) as error:
            raise StorageError(f"{self._path} is damaged: {error}") from None

    def save(self, state: RegisterState, new: Sequence[Printout]) -> None:
        """Store the state, and new printouts with it."""
        self._db.execute("BEGIN")
        self._db.execute("INSERT OR REPLACE INTO register VALUES (1, ?, ?)", (self._family, state.model_dump_json()))
        self._db.executemany(
            "INSERT INTO printout VALUES (?, ?)", [(sheet.number, sheet.model_dump_json()) for sheet in new]
        )
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._db.close()
