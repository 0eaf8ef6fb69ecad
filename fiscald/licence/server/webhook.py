"""Sends events to the vendor's web shop: signed, in the order they happened, at least once each.

The queue is a table, so a restart loses nothing. A shop that does not take an event gets it again after growing
delays, for three days. Nothing that it answers but the status matters, so nothing else is read.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib
import logging
import ssl
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

import anyio
from anyio import to_thread

from fiscald.licence.server.config import WebhookConfig
from fiscald.licence.server.refusals import Unable
from fiscald.licence.server.store import Store
from fiscald.licence.server.transaction import DAY

log = logging.getLogger(__name__)

#: Seconds until the next attempt, by how many there were; the last one repeats.
RETRY = (60, 300, 900, 3600)
#: How long an event is retried, in seconds.
KEEP_SECONDS = 3 * DAY
#: Seconds between looks at the queue: another process may have put something in.
POLL_INTERVAL = 10.0
#: Seconds for connecting, sending and the answer's status, in sum.
TIMEOUT = 10.0
SIGNATURE = "Fiscald-Signature"
#: Characters of a secret: shorter ones can be guessed.
MIN_SECRET = 32


class _Due(NamedTuple):
    id: int
    tries: int
    event: str
    body: bytes


class _NotTaken(Exception):
    """The event was not taken; ``str`` says why, without the address it was sent to."""


class Webhook:
    """Sends the queued events."""

    def __init__(
        self, store: Store, config: WebhookConfig | None, clock: Callable[[], int], timeout: float = TIMEOUT
    ) -> None:
        """``config``: ``None`` where no shop wants events; the queue is emptied then. ``timeout`` is in seconds."""
        self._store = store
        self._config = config
        self._clock = clock
        self._timeout = timeout
        self._tls: ssl.SSLContext | None = None
        self._wake = anyio.Event()

    def wake(self) -> None:
        """Something may have been put into the queue."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            self._wake = anyio.Event()
            try:
                while await self.send_one():
                    pass
            except Exception as error:
                # A fault here must not end the server, which answers computers too.
                log.error("events wait: %s", error if isinstance(error, Unable) else type(error).__name__)
            with anyio.move_on_after(POLL_INTERVAL):
                await self._wake.wait()

    async def send_one(self) -> bool:
        """Try the first event that is due; whether it was taken, so that the next one may follow at once."""
        due = await to_thread.run_sync(self._next_due)
        if due is None or self._config is None:
            return False
        try:
            await self._post(self._config, due.body)
        except _NotTaken as error:
            self._tls = None
            log.warning("event %d (%s) was not taken and will be retried: %s", due.id, due.event, error)
            await to_thread.run_sync(self._reschedule, due)
            return False
        await to_thread.run_sync(self._delete, due)
        return True

    def _trusted(self, config: WebhookConfig) -> ssl.SSLContext | bool:
        """Whom to trust: the system's authorities or the configured one, read again after every failure."""
        if not config.url.lower().startswith("https:"):
            return False
        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=config.ca_file)
        return self._tls

    def _next_due(self) -> _Due | None:
        with self._store.reading(self._clock) as t:
            if t.one("SELECT 1 FROM hook WHERE due <= ? OR created <= ?", t.now, t.now - KEEP_SECONDS) is None:
                return None
        with self._store.transaction(self._clock) as t:
            if self._config is None:
                t.do("DELETE FROM hook")
                return None
            old = t.do("DELETE FROM hook WHERE created <= ?", t.now - KEEP_SECONDS)
            if old:
                log.error("ALARM: %d events are given up: the web shop did not take them in three days", old)
            row = t.one("SELECT id, tries, event, body FROM hook WHERE due <= ? ORDER BY due, id", t.now)
            return None if row is None else _Due(row[0], row[1], row[2], row[3].encode())

    def _reschedule(self, due: _Due) -> None:
        with self._store.transaction(self._clock) as t:
            delay = RETRY[min(due.tries, len(RETRY) - 1)]
            t.do("UPDATE hook SET tries = tries + 1, due = ? WHERE id = ?", t.now + delay, due.id)

    def _delete(self, due: _Due) -> None:
        with self._store.transaction(self._clock) as t:
            t.do("DELETE FROM hook WHERE id = ?", due.id)

    async def _post(self, config: WebhookConfig, body: bytes) -> None:
        """Raises ``_NotTaken``."""
        # The import takes 70 ms, during which the event loop has other things to do; so does reading the trust store.
        await to_thread.run_sync(importlib.import_module, "httpx")
        import httpx

        try:
            secret = await to_thread.run_sync(_secret, config)
            tls = await to_thread.run_sync(self._trusted, config)
            headers = {
                "Content-Type": "application/json",
                "User-Agent": "fiscald-vendor",
                SIGNATURE: signature(secret, self._clock(), body),
            }
            with anyio.fail_after(self._timeout):
                async with (
                    httpx.AsyncClient(timeout=None, verify=tls, follow_redirects=False, trust_env=False) as client,
                    client.stream("POST", config.url, content=body, headers=headers) as response,
                ):
                    status = response.status_code
        except TimeoutError:
            raise _NotTaken(f"no answer in {self._timeout:g} s") from None
        except (OSError, ValueError, httpx.HTTPError, httpx.InvalidURL) as error:
            raise _NotTaken(f"{type(error).__name__}: {str(error)[:200]}") from None
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise _NotTaken(f"HTTP {status}")


def signature(secret: bytes, at: int, body: bytes) -> str:
    """The header that proves an event and its time: the shop computes the same with its copy of the secret."""
    return f"t={at},v1={hmac.new(secret, b'%d.%s' % (at, body), hashlib.sha256).hexdigest()}"


def _secret(config: WebhookConfig) -> bytes:
    """Read again for every event, so that it can be changed. Raises ``OSError`` or ``ValueError``."""
    secret = config.secret_file.read_text("utf-8").strip()
    if len(secret) < MIN_SECRET:
        raise ValueError(f"{config.secret_file} has fewer than {MIN_SECRET} characters; make one: openssl rand -hex 32")
    return secret.encode()
