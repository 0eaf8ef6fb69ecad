"""What Prometheus gets of the server's state, read when it asks: mails, copies, keys, certificate, connections.

It is read through a separate connection: requests do not wait for it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from anyio import to_thread
from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fiscald.licence.server import backups
from fiscald.licence.server.connections import Connections
from fiscald.licence.server.metrics import PREFIX, Metrics
from fiscald.licence.server.refusals import Unable
from fiscald.licence.server.tls import ServerCertificate


class State:
    """Reads the state as metrics; a collector of ``prometheus_client``."""

    def __init__(
        self,
        database: Path,
        connections: Connections,
        tls: ServerCertificate | None,
        clock: Callable[[], int],
        check_health: Callable[[], None],
    ) -> None:
        """``check_health`` raises ``Unable`` if nothing is signed."""
        self._database = database
        self._connections = connections
        self._tls = tls
        self._clock = clock
        self._check_health = check_health
        self._turn = threading.Lock()
        self._decisions: Counter[str] = Counter()
        with backups.reading(database) as db:
            (self._audited,) = db.execute("SELECT coalesce(max(id), 0) FROM audit").fetchone()

    def collect(self) -> Iterable[Metric]:
        """All of it."""
        with self._turn, backups.reading(self._database) as db:
            return [*self._of_database(db), *self._of_process()]

    def _of_database(self, db: sqlite3.Connection) -> Iterator[Metric]:
        now = self._clock()
        waiting, oldest = db.execute("SELECT count(*), min(created) FROM mail").fetchone()
        yield _gauge("mails_waiting", "Mails in the queue", waiting)
        yield _gauge("mail_oldest_seconds", "Age of the oldest mail in the queue", now - oldest if oldest else 0)
        yield _gauge("database_bytes", "Size of the database", self._database.stat().st_size)
        backup = backups.noted(db)
        if backup is not None:
            yield _gauge("backup_age_seconds", "Age of the newest copy of the database", now - backup.at)
        (signed,) = db.execute("SELECT max(at) FROM key_list").fetchone()
        if signed is not None:
            yield _gauge("key_list_age_seconds", "Age of the newest signed key list", now - signed)
        # Only rows since the last time: a scrape takes as long after ten years as on the first day.
        for what, count, newest in db.execute(
            "SELECT what, count(*), max(id) FROM audit WHERE id > ? GROUP BY what", (self._audited,)
        ).fetchall():
            self._decisions[what] += count
            self._audited = max(self._audited, newest)
        decisions = CounterMetricFamily(
            f"{PREFIX}decisions", "Rows of the audit since the server started", labels=["what"]
        )
        for what, count in sorted(self._decisions.items()):
            decisions.add_metric([what], count)
        yield decisions

    def _of_process(self) -> Iterator[Metric]:
        try:
            self._check_health()
        except Unable:
            signs = 0
        else:
            signs = 1
        yield _gauge("signs", "1 if the server signs answers", signs)
        yield _gauge("connections_open", "Open connections", len(self._connections))
        total = CounterMetricFamily(
            f"{PREFIX}connections", "Connections accepted, refused, replaced by others, and closed as late",
            labels=["result"],
        )  # fmt: skip
        for result in ("accepted", "refused", "replaced", "late"):
            total.add_metric([result], self._connections.counts[result])
        yield total
        if self._tls is not None:
            yield _gauge(
                "tls_left_seconds", "Time until the TLS certificate ends", self._tls.ends.timestamp() - self._clock()
            )


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}{name}", meaning, value)


def create_metrics_app(metrics: Metrics, state: State) -> Starlette:
    """The application that Prometheus asks."""
    metrics.registry.register(state)

    async def scrape(_: Request) -> Response:
        text = await to_thread.run_sync(generate_latest, metrics.registry)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    return Starlette(routes=[Route("/metrics", scrape, methods=["GET"])])
