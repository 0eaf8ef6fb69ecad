"""The central's end of a fleet: an outbox that keeps every order until its verified, signed outcome is stored."""

from __future__ import annotations

from fiscald.fleet.central.courier import Courier
from fiscald.fleet.central.database import Database, DatabaseError, sqlite_url
from fiscald.fleet.central.dispatcher import Dispatcher

__all__ = ["Courier", "Database", "DatabaseError", "Dispatcher", "sqlite_url"]
