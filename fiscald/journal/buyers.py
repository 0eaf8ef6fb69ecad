"""Finds jobs by the buyer's NIP. The index holds a keyed hash, because all NIPs could be tried on a plain one."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3

from fiscald.model.documents import Document

#: The hash of a NIP, in SQL; one parameter: its ten digits, or null. The key is in the journal.
HASH = "buyer_hash((SELECT key FROM buyer_key), ?)"


def add_hash(db: sqlite3.Connection) -> None:
    """Let SQL on this connection compute the hash."""
    db.create_function("buyer_hash", 2, _hash, deterministic=True)


def nip_of(document: Document) -> str | None:
    """The ten digits of the buyer's NIP, if the document names one."""
    return getattr(getattr(document, "buyer", None), "nip", None)


def _hash(key: bytes, nip: str | int | None) -> bytes | None:
    return None if nip is None else hmac.digest(key, str(nip).encode(), hashlib.sha256)
