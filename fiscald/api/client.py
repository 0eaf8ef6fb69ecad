"""The typed client, synchronous and asynchronous.

Submitting is safe to repeat: both clients retry with the same key if the connection to the daemon breaks, so a sale is
never printed twice. Create the key with the sale and store it with the sale; after a crash of your own program, submit
again with the same key and get the same answer.

Amounts are ``Decimal`` of złoty in requests (strings are accepted, too) and in answers.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

import anyio
import httpx
from pydantic import AwareDatetime, Field

from fiscald.api.calling import (
    Async,
    Call,
    ClientError,
    NotPermitted,
    NotReachable,
    Refused,
    Sync,
    content,
    everything,
    reader,
)
from fiscald.api.calls import Calls
from fiscald.api.connecting import DEFAULT_SOCKET, connection, refuse_packed
from fiscald.api.wire import CursorReset, JobAnswer
from fiscald.model.jobs import JobState
from fiscald.model.printers import PrinterStatus
from fiscald.model.strict import Strict

__all__ = [
    "DEFAULT_SOCKET",
    "AsyncClient",
    "Client",
    "ClientError",
    "CursorReset",
    "JobChange",
    "NotPermitted",
    "NotReachable",
    "Refused",
    "everything",
]

#: Seconds between attempts to reach the daemon.
_PAUSES = (0.1, 0.3, 1.0, None)
_BACKUP = "/v1/backup"
#: Enough seconds to copy the largest journal on the slowest disk.
BACKUP_SECONDS = 600.0
T = TypeVar("T")


class JobChange(Strict):
    """A change of a job, from the event stream; ``id`` is the cursor to resume from."""

    id: int
    at: AwareDatetime | None = Field(default=None, description="when the job changed")
    state: JobState
    job: JobAnswer


class Client(Calls, Sync):
    """The synchronous client."""

    def __init__(
        self,
        socket: Path | str | None = None,
        *,
        url: str | None = None,
        token: str | None = None,
        fingerprint: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        """``socket``: path of the socket (default: the environment's ``FISCALD_SOCKET``, or ``DEFAULT_SOCKET``).
        Or ``url``: the daemon's address on the network (or ``FISCALD_URL``), with a ``token`` (or ``FISCALD_TOKEN``),
        and the ``fingerprint`` of a certificate that no authority has signed.
        ``timeout``: seconds for an answer, in addition to the requested ``wait``.

        Raises ``ValueError`` for an address or a fingerprint that is none.
        """
        self._to = connection(socket, url, token, fingerprint, timeout)
        self._http = httpx.Client(
            transport=self._to.transport(), base_url=self._to.base, headers=self._to.headers,
            event_hooks={"response": [refuse_packed]},
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _send(self, asked: Call[T]) -> T:
        # Nearly every request is safe to repeat: jobs have keys, and the others say ``once``.
        arrived = False
        for pause in _PAUSES:
            try:
                self._to.check()
                return asked.read(content(self._http.request(asked.method, asked.path, **self._to.options(asked))))
            except NotPermitted as error:
                error.may_have_arrived = arrived
                raise
            except httpx.TransportError as error:
                arrived = arrived or asked.may_have_arrived(error)
                if pause is None or not self._to.may_be_repeated(asked, error):
                    raise self._to.lost(error, may_have_arrived=arrived) from error
                time.sleep(pause)
        raise AssertionError("the last pause is None")

    def follow_capture(self, name: str) -> Iterator[bytes]:
        """The bytes between fiscald and the printer from now on: pieces of a pcapng file that continues until the
        daemon stops.
        """
        with self._stream(_follow(name), None) as response:
            yield from response.iter_bytes()

    def backup(self) -> Iterator[bytes]:
        """A consistent copy of the journal, in pieces of an SQLite file. It contains sales and buyers."""
        with self._stream(_BACKUP, BACKUP_SECONDS) as response:
            yield from response.iter_bytes()

    def events(self, after: int | None = None) -> Iterator[JobChange | PrinterStatus | CursorReset]:
        """Changes as they happen, from the cursor ``after`` on; ends when the daemon stops."""
        parser = _EventParser()
        with self._stream("/v1/events", 60, headers=_from(after)) as response:
            for line in response.iter_lines():
                event = parser.line(line)
                if event is not None:
                    yield event

    @contextmanager
    def _stream(self, path: str, wait: float | None, headers: dict[str, str] | None = None) -> Iterator[httpx.Response]:
        """An answer in pieces; ``wait``: seconds to its next piece, ``None``: no limit."""
        try:
            self._to.check()
            with self._http.stream("GET", path, headers=headers, timeout=self._to.limits(wait)) as response:
                if response.status_code >= 400:
                    response.read()
                    content(response)
                yield response
        except httpx.TransportError as error:
            raise self._to.lost(error) from error


class AsyncClient(Calls, Async):
    """The asynchronous client; the same methods, awaited."""

    def __init__(
        self,
        socket: Path | str | None = None,
        *,
        url: str | None = None,
        token: str | None = None,
        fingerprint: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        """See ``Client``."""
        self._to = connection(socket, url, token, fingerprint, timeout)
        self._http = httpx.AsyncClient(
            transport=self._to.async_transport(), base_url=self._to.base, headers=self._to.headers,
            event_hooks={"response": [_arefuse_packed]},
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connection."""
        await self._http.aclose()

    async def _send(self, asked: Call[T]) -> T:
        arrived = False
        for pause in _PAUSES:
            try:
                self._to.check()
                response = await self._http.request(asked.method, asked.path, **self._to.options(asked))
                return asked.read(content(response))
            except NotPermitted as error:
                error.may_have_arrived = arrived
                raise
            except httpx.TransportError as error:
                arrived = arrived or asked.may_have_arrived(error)
                if pause is None or not self._to.may_be_repeated(asked, error):
                    raise self._to.lost(error, may_have_arrived=arrived) from error
                await anyio.sleep(pause)
        raise AssertionError("the last pause is None")

    async def follow_capture(self, name: str) -> AsyncIterator[bytes]:
        """See ``Client.follow_capture``."""
        async with self._stream(_follow(name), None) as response:
            async for data in response.aiter_bytes():
                yield data

    async def backup(self) -> AsyncIterator[bytes]:
        """See ``Client.backup``."""
        async with self._stream(_BACKUP, BACKUP_SECONDS) as response:
            async for data in response.aiter_bytes():
                yield data

    async def events(self, after: int | None = None) -> AsyncIterator[JobChange | PrinterStatus | CursorReset]:
        """See ``Client.events``."""
        parser = _EventParser()
        async with self._stream("/v1/events", 60, headers=_from(after)) as response:
            async for line in response.aiter_lines():
                event = parser.line(line)
                if event is not None:
                    yield event

    @asynccontextmanager
    async def _stream(
        self, path: str, wait: float | None, headers: dict[str, str] | None = None
    ) -> AsyncIterator[httpx.Response]:
        """See ``Client._stream``."""
        try:
            self._to.check()
            async with self._http.stream("GET", path, headers=headers, timeout=self._to.limits(wait)) as response:
                if response.status_code >= 400:
                    await response.aread()
                    content(response)
                yield response
        except httpx.TransportError as error:
            raise self._to.lost(error) from error


async def _arefuse_packed(response: httpx.Response) -> None:
    refuse_packed(response)


def _follow(name: str) -> str:
    return f"/v1/printers/{quote(name, safe='')}/capture?follow=true"


def _from(cursor: int | None) -> dict[str, str]:
    return {} if cursor is None else {"Last-Event-ID": str(cursor)}


class _EventParser:
    """Lines of a server-sent event stream to events."""

    def __init__(self) -> None:
        self._fields: dict[str, str] = {}

    def line(self, line: str) -> JobChange | PrinterStatus | CursorReset | None:
        """An event, when this line completes one."""
        if line:
            name, _, value = line.partition(": ")
            if name:
                self._fields[name] = value
            return None
        fields, self._fields = self._fields, {}
        if fields.get("event") == "printer":
            return reader(PrinterStatus)(json.loads(fields["data"]))
        if fields.get("event") == "reset":
            return reader(CursorReset)(json.loads(fields["data"]))
        if fields.get("event") == "job":
            return reader(JobChange)(json.loads(fields["data"]) | {"id": fields["id"]})
        return None
