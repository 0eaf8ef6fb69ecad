"""One HTTPS request to the vendor's server, bounded in time and in size before any of the answer is believed.

The exchange runs on a separate event loop in a thread: whatever an answer costs - thousands of small pieces, long
headers - the daemon's loop goes on meanwhile. An answer that says it is compressed is refused unread: unpacking a
thousand bytes can take gigabytes.

The server's certificate is checked against the system's trust store, as OpenSSL finds it: on Debian the directory
``/etc/ssl/certs``, which ``update-ca-certificates`` keeps, or what ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` name. A
directory is searched by name at each connection, so an authority that was added counts without a restart. httpx alone
would trust the list of the package certifi, which knows no authority of the shop's own network.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import anyio
import anyio.to_thread

from fiscald.licence.tokens import MAX_BYTES

#: Seconds for a request and its whole answer.
TIMEOUT = 10.0
_HEADERS = {"Content-Type": "application/jose", "Accept": "application/jose", "Accept-Encoding": "identity"}
#: What to do about a server whose certificate is not trusted.
_UNTRUSTED = (
    "; is the clock right? For an authority of your own: update-ca-certificates, or ca_file in [licence]; "
    "the package ca-certificates must be installed"
)


class PostFailed(Exception):
    """No answer that can be read. ``str`` says what came instead."""


class Posted(NamedTuple):
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    content: bytes


async def post(url: str, body: str, ca_file: str | None) -> Posted:
    """The answer to ``body``. ``ca_file`` is trusted instead of the system's store. Raises ``PostFailed``."""
    stop: list[Callable[[], object]] = []
    exchange = partial(anyio.run, _exchange, url, body, ca_file, TIMEOUT, stop)
    try:
        return await anyio.to_thread.run_sync(exchange, abandon_on_cancel=True)
    finally:
        for each in stop:
            each()


async def _exchange(
    url: str, body: str, ca_file: str | None, seconds: float, stop: list[Callable[[], object]]
) -> Posted:
    import httpx  # most computers ask once a day, and the import takes 70 ms

    content = bytearray()
    loop = asyncio.get_running_loop()
    with anyio.CancelScope() as scope:
        stop.append(partial(_from_outside, loop, scope))
        try:
            tls = ssl.create_default_context(cafile=ca_file)
            with anyio.fail_after(seconds):
                async with (
                    httpx.AsyncClient(timeout=seconds, verify=tls, follow_redirects=False) as client,
                    client.stream("POST", url, content=body, headers=_HEADERS) as response,
                ):
                    packed = response.headers.get("content-encoding")
                    if packed is not None:
                        raise PostFailed(f"{url}: an answer with Content-Encoding, which was not asked for")
                    async for chunk in response.aiter_raw():
                        content += chunk
                        if len(content) > MAX_BYTES:
                            raise PostFailed(f"{url}: an answer that is too long")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            why = str(error) or type(error).__name__
            raise PostFailed(f"{url}: {why}{_UNTRUSTED if 'CERTIFICATE_VERIFY_FAILED' in why else ''}") from None
        return Posted(response.status_code, dict(response.headers), bytes(content))
    raise PostFailed(f"{url}: stopped")


def _from_outside(loop: asyncio.AbstractEventLoop, scope: anyio.CancelScope) -> None:
    with contextlib.suppress(RuntimeError):  # the exchange is over, and its loop closed
        loop.call_soon_threadsafe(scope.cancel)
