"""Keeps an emulated register over restarts: ``--state FILE``, a small SQLite database.

It survives a killed process, not a power cut of the host: it stands in for a printer's memory in tests.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from fiscald import private
from fiscald.emulator.memory import RegisterState
from fiscald.emulator.paper import Printout


class StorageError(Exception):
    """The state file cannot be used; ``str`` says why."""


#: Fields of the state by the names that they had in files of former versions.
_FORMER_NAMES = {"headers": "printout_count"}
_STATE: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


class Storage:
    """The state file of one emulated printer."""

    def __init__(self, path: Path, family: str) -> None:
        """Open or create. Raises ``StorageError``."""
        self._family = family
        self.state: RegisterState | None = None
        """What was stored when it was opened, or ``None``."""
        self.printouts: list[Printout] = []
        """All sheets that were stored when it was opened."""
        with contextlib.ExitStack() as undo:
            try:
                private.make_file(path)
                self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
                undo.callback(self._db.close)
                self._prepare(path)
            except OSError as error:
                raise StorageError(f"{path}: {error.strerror}") from None
            except sqlite3.Error as error:
                raise StorageError(f"{path} is not a state file of the emulator: {error}") from None
            except ValidationError as error:
                raise StorageError(f"{path} is damaged: {error}") from None
            undo.pop_all()

    def _prepare(self, path: Path) -> None:
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("CREATE TABLE IF NOT EXISTS register (one INTEGER PRIMARY KEY, family TEXT, state TEXT)")
        self._db.execute("CREATE TABLE IF NOT EXISTS printout (number INTEGER, body TEXT)")
        row = self._db.execute("SELECT family, state FROM register").fetchone()
        if row is None:
            return
        family, state = row
        if family != self._family:
            raise StorageError(f"{path} holds the state of a {family} printer, not of a {self._family} one")
        self.state = RegisterState.model_validate_json(_with_present_names(state))
        sheets = self._db.execute("SELECT body FROM printout ORDER BY rowid").fetchall()
        self.printouts = [Printout.model_validate_json(body) for (body,) in sheets]

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


def _with_present_names(state: str) -> str:
    """The stored state with its fields named as they are now. Raises ``ValidationError`` if it is not an object."""
    stored = _STATE.validate_json(state)
    return json.dumps({_FORMER_NAMES.get(name, name): value for name, value in stored.items()})
