"""The pepper and the database belong together: a check value in the table ``meta`` tells another pepper.

Numbers and codes are sealed under the pepper. Under another one every number would be unknown, and new ones would be
sealed so that the right pepper does not know them.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from pathlib import Path

from fiscald.licence.server import keyring
from fiscald.licence.server.keyring import KeyringError
from fiscald.licence.server.transaction import Transaction

_NAME = "pepper"
_TEXT = b"fiscald-vendor: which pepper sealed this database"


def check(t: Transaction, directory: Path) -> None:
    """Raises ``KeyringError`` if the pepper in ``directory`` is not the one that sealed the database.

    A database without a check value gets that of the pepper. A missing pepper is for ``keyring.load`` to report.
    """
    path = directory / "pepper.key"
    if not path.exists():
        return
    value = _check_value(keyring.read_hex(path))
    sealed = t.meta(_NAME)
    if sealed is None:
        t.set_meta(_NAME, value)
    elif not hmac.compare_digest(sealed, value):
        raise KeyringError(
            f"{path} is not the pepper that sealed the numbers in the database; restore it from your backup of the "
            "keys, or restore the database that belongs to it"
        )


def make(t: Transaction, directory: Path) -> bool:
    """A pepper, if there is none yet; returns whether it was made.

    Raises ``KeyringError`` if the database was sealed by a pepper that is missing.
    """
    path = directory / "pepper.key"
    if not path.exists() and (t.meta(_NAME) is not None or t.one("SELECT 1 FROM number LIMIT 1") is not None):
        raise KeyringError(
            f"{path} is missing, and the database was sealed with it: with another one no number would be "
            "recognised; restore it from your backup of the keys"
        )
    is_new = keyring.make_pepper(directory)
    check(t, directory)
    return is_new


def is_other(db: sqlite3.Connection, secret: bytes) -> bool:
    """Whether the database was sealed by another pepper than ``secret``."""
    row = db.execute("SELECT value FROM meta WHERE key = ?", (_NAME,)).fetchone()
    return row is not None and not hmac.compare_digest(str(row[0]), _check_value(secret))


def _check_value(pepper: bytes) -> str:
    return hmac.digest(pepper, _TEXT, hashlib.sha256).hex()
