"""Prometheus metrics of the licence server. No label has a value from outside: paths, codes and decisions are ours."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Collection
from email.message import EmailMessage
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.process_collector import ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fiscald.licence.server.outbox import MailRefused, Transport

T = TypeVar("T")

PREFIX = "fiscald_vendor_"
_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
#: Refusals that are counted separately. There are about thirty.
_MAX_CODES = 100


class Metrics:
    """What the server counts while it runs."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            f"{PREFIX}requests", "Requests by path and HTTP status", ["path", "status"], registry=self.registry
        )
        self.refusals = Counter(f"{PREFIX}refusals", "Signed refusals by code", ["code"], registry=self.registry)
        self.unable = Counter(f"{PREFIX}unable", "Requests that could not be signed", registry=self.registry)
        self.handling = Histogram(
            f"{PREFIX}handling_seconds", "Time of a request in the database and its signatures",
            buckets=_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.mails = Counter(
            f"{PREFIX}mails", "Attempts to send a mail: sent, retried later, refused for good", ["result"],
            registry=self.registry,
        )  # fmt: skip
        for result in ("sent", "retried", "refused"):
            self.mails.labels(result)
        self._codes: set[str] = set()

    def timed(self, work: Callable[..., T]) -> Callable[..., T]:
        """``work`` with its time measured."""

        def run(*args: object) -> T:
            began = time.perf_counter()
            try:
                return work(*args)
            finally:
                self.handling.observe(time.perf_counter() - began)

        return run

    def count_refusal(self, status: int, text: str | None) -> None:
        """Count a signed answer if it is a refusal."""
        if status == 200 or text is None:
            return
        code = refusal_in(text)
        if code not in self._codes and len(self._codes) >= _MAX_CODES:
            code = "other"
        self._codes.add(code)
        self.refusals.labels(code).inc()


def refusal_in(text: str) -> str:
    """The code of the refusal in an answer that this server has signed."""
    part = text.split(".")[1]
    payload: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return str(payload["refused"]["code"])


class CountingMiddleware:
    """Counts every answer."""

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: Collection[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        path = scope["path"] if scope["path"] in self._paths else "other"

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.requests.labels(path, str(message["status"])).inc()
            await send(message)

        await self._app(scope, receive, counting)


class CountedTransport:
    """A transport whose mails are counted."""

    def __init__(self, transport: Transport, metrics: Metrics) -> None:
        self._transport = transport
        self._metrics = metrics

    async def send(self, message: EmailMessage) -> None:
        """See ``Transport``."""
        result = "retried"
        try:
            await self._transport.send(message)
            result = "sent"
        except MailRefused:
            result = "refused"
            raise
        finally:
            self._metrics.mails.labels(result).inc()
