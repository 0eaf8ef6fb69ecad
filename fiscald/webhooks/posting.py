"""One signed HTTP request to a receiver, bounded in time and size.

The exchange runs on a separate event loop in a thread: whatever an answer costs - thousands of small pieces, long
headers - the daemon's loop goes on meanwhile. Only the status and ``Retry-After`` of an answer count. A redirect is not
followed, and a body is read up to a bound, so that the receiver can finish, and discarded.

A receiver's certificate is checked against the system's trust store, or ``ca_file``. httpx alone would trust the list
of the package certifi, which knows no authority of the shop's own network.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import anyio
import anyio.to_thread

from fiscald import __version__
from fiscald.webhooks.secret_file import read_secrets
from fiscald.webhooks.signing import headers

if TYPE_CHECKING:
    import httpx

#: Seconds for a request and its whole answer, and for its thread to end after that.
TIMEOUT, ENDING = 15.0, 2.0
#: What is read of the body of an answer: bytes, and pieces.
MOST_BYTES, MOST_PIECES = 64 * 1024, 1000
#: Characters of the text about a failure.
MAX_TEXT = 200
_UNTRUSTED = (
    "; is the clock right? For an authority of your own: update-ca-certificates, or ca_file in the section of the "
    "webhook; the package ca-certificates must be installed"
)


class PostFailed(Exception):
    """No answer. ``str`` says what happened instead."""


class Answer(NamedTuple):
    """What counts of an answer."""

    status: int
    retry_after: str | None = None


class Poster:
    """Sends signed messages to one receiver."""

    def __init__(
        self, url: str, secret_file: Path, ca_file: Path | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._url = url
        self._secret_file = secret_file
        self._ca_file = ca_file
        self._clock = clock
        self._tls: ssl.SSLContext | None = None
        # Not the daemon's own threads: receivers that hang must not keep others from them.
        self._threads = anyio.CapacityLimiter(8)

    async def check(self) -> None:
        """Raises ``SecretUnusable`` if nothing can be signed."""
        await anyio.to_thread.run_sync(read_secrets, self._secret_file)

    async def send(self, message_id: str, body: bytes) -> Answer:
        """Send a message. Raises ``PostFailed`` or ``SecretUnusable``."""
        stop: list[Callable[[], object]] = []
        exchange = partial(self._exchange, message_id, body, stop)
        try:
            with anyio.fail_after(TIMEOUT + ENDING):
                return await anyio.to_thread.run_sync(exchange, abandon_on_cancel=True, limiter=self._threads)
        except TimeoutError:
            raise PostFailed(_no_answer()) from None
        finally:
            for each in stop:
                each()

    def _exchange(self, message_id: str, body: bytes, stop: list[Callable[[], object]]) -> Answer:
        keys = read_secrets(self._secret_file)  # read again each time, so that it can be replaced while fiscald runs
        signed = headers(keys, message_id, int(self._clock()), body)
        try:
            if self._tls is None and self._url.startswith("https:"):
                self._tls = ssl.create_default_context(cafile=self._ca_file)
            return anyio.run(_post, self._url, body, signed, self._tls, stop)
        except PostFailed:
            self._tls = None  # an authority that a person adds counts at the next try
            raise
        except OSError as error:
            raise PostFailed(f"ca_file: {error.strerror or error}"[:MAX_TEXT]) from None


def _no_answer() -> str:
    return f"no answer within {TIMEOUT:g} s"


async def _post(
    url: str, body: bytes, signed: dict[str, str], tls: ssl.SSLContext | None, stop: list[Callable[[], object]]
) -> Answer:
    import httpx  # a daemon without webhooks does not need it

    told = {
        "content-type": "application/json", "accept-encoding": "identity", "user-agent": f"fiscald/{__version__}",
        **signed,
    }  # fmt: skip
    found: Answer | None = None
    try:
        with anyio.move_on_after(TIMEOUT) as scope:
            stop.append(partial(_from_outside, asyncio.get_running_loop(), scope))
            async with (
                # Without TLS there is nothing to verify, and no proxy of the environment: http is for this computer.
                httpx.AsyncClient(
                    timeout=TIMEOUT, verify=tls or False, trust_env=tls is not None, follow_redirects=False
                ) as client,
                client.stream("POST", url, content=body, headers=told) as response,
            ):
                found = Answer(response.status_code, response.headers.get("retry-after"))
                await _discard(response)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        if found is None:
            raise PostFailed(_said(error)) from None
    if found is None:
        raise PostFailed(_no_answer())
    return found


def _from_outside(loop: asyncio.AbstractEventLoop, scope: anyio.CancelScope) -> None:
    with contextlib.suppress(RuntimeError):  # the exchange is over, and its loop closed
        loop.call_soon_threadsafe(scope.cancel)


async def _discard(response: httpx.Response) -> None:
    """Read what the receiver still says, up to the bounds."""
    size = number = 0
    async for piece in response.aiter_raw():
        size, number = size + len(piece), number + 1
        if size > MOST_BYTES or number > MOST_PIECES:
            return


def _said(error: Exception) -> str:
    """What went wrong, on one line."""
    why = " ".join(str(error).split()) or type(error).__name__
    why = "".join(character if character.isprintable() else "?" for character in why)
    return f"{why[:MAX_TEXT]}{_UNTRUSTED if 'CERTIFICATE_VERIFY_FAILED' in why else ''}"
