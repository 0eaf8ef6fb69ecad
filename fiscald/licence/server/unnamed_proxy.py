"""A proxy that ``trusted_proxies`` does not name: the server notes it in the database, the doctor reports it."""

from __future__ import annotations

import contextlib
import sqlite3

import anyio
from anyio import to_thread

from fiscald.licence.server.connections import Connections
from fiscald.licence.server.refusals import Unable
from fiscald.licence.server.session import now
from fiscald.licence.server.store import Store

_NAME = "unnamed_proxy"
#: Seconds between two notes.
INTERVAL = 60.0


async def watch(store: Store, connections: Connections) -> None:
    """Note it whenever there were such requests; runs without end."""
    before = 0
    while True:
        if connections.counts["unnamed_proxy"] > before:
            before = connections.counts["unnamed_proxy"]
            with contextlib.suppress(Unable):
                await to_thread.run_sync(_note, store)
        await anyio.sleep(INTERVAL)


def _note(store: Store) -> None:
    with store.transaction(now) as t:
        t.set_meta(_NAME, str(t.now))


def last_seen(db: sqlite3.Connection) -> int | None:
    """When the newest such requests came."""
    row = db.execute("SELECT value FROM meta WHERE key = ?", (_NAME,)).fetchone()
    return None if row is None else int(row[0])
