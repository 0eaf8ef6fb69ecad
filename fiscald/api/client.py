"""The typed client, synchronous and asynchronous.

Submitting is safe to repeat: both clients do so by themselves when the connection to the daemon breaks, with
the same key, so that a sale is never printed twice. Mint the key when the sale is born and keep it with the
sale; after a crash of your own program, submit again with it and get the answer of the first time.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar
from urllib.parse import quote

import anyio
import httpx
from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter

from fiscald.api.wire import JobAnswer, JobList, PrinterList
from fiscald.model.documents import Document
from fiscald.model.jobs import JobState, JournalConfirmation, Resolution
from fiscald.model.preview import Preview
from fiscald.model.printers import PrinterStatus
from fiscald.model.problems import Problem
from fiscald.model.raw import RawAnswer
from fiscald.model.strict import Strict

#: How long a step of the licence may take beyond the usual: the daemon asks the vendor's server.
VENDOR_SECONDS = 20.0
#: The same for a command sent by hand: it waits for its turn, and a report may take minutes.
RAW_SECONDS = 300.0
#: Steps of the licence that change nothing, or nothing more the second time. The others mail another code, use one up
#: that is good for once, or are refused when they have been taken.
_LICENCE_QUESTIONS = ("certificate", "diagnosis", "request", "check")
DEFAULT_SOCKET = Path("/run/fiscald/fiscald.sock")
#: Seconds between attempts to reach a daemon that is not there.
_PAUSES = (0.1, 0.3, 1.0, None)
_BACKUP = "/v1/backup"
#: Seconds in which the daemon makes a copy of the largest journal on the slowest disk.
BACKUP_SECONDS = 600.0
_FOLLOW: dict[str, Any] = {"params": {"follow": "true"}}
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
_DOCUMENT: TypeAdapter[Document] = TypeAdapter(Document)


class JobChange(Strict):
    """A change of a job, from the event stream; ``id`` is the cursor to resume from."""

    id: int
    at: AwareDatetime | None = Field(default=None, description="when it changed")
    state: JobState
    job: JobAnswer


class CursorReset(Strict):
    """The cursor that was asked for is ahead of the daemon's journal, which was restored or replaced.

    The stream goes on after ``cursor``; what happened to jobs before that must be asked for.
    """

    cursor: int


class ClientError(Exception):
    """The daemon did not do what was asked."""


class NotReachable(ClientError):
    """The daemon cannot be reached. Whether it got the request is unknown: ask again with the same key."""


class Refused(ClientError):
    """The daemon refused, and said why."""

    def __init__(self, status: int, problem: Problem) -> None:
        self.status = status
        self.problem = problem
        super().__init__(f"{problem.code}: {problem.detail}")


@dataclass(frozen=True, slots=True)
class _Call(Generic[T]):
    """A request, and what to make of its answer."""

    method: str
    path: str
    read: Callable[[Any], T]
    wait: float = 0.0
    body: Any = None
    params: dict[str, Any] | None = None
    once: bool = False
    """Not to be asked again once it may have arrived."""

    def may_be_repeated(self, error: httpx.TransportError) -> bool:
        """Whether asking again does no harm."""
        return not self.once or isinstance(error, httpx.ConnectError)


def _reader(model: type[M]) -> Callable[[Any], M]:
    """Reads an answer; the answer of a newer daemon may say more than this client knows."""
    return lambda answer: model.model_validate(answer, extra="ignore")


class _Calls:
    """Every request of the API; the clients differ only in how they send them."""

    def __init__(self, socket: Path | str, timeout: float) -> None:
        self._socket = str(socket)
        self._timeout = timeout

    def _options(self, call: _Call[Any]) -> dict[str, Any]:
        return {"json": call.body, "params": call.params, "timeout": self._limits(call.wait)}

    def _limits(self, wait: float) -> httpx.Timeout:
        return httpx.Timeout(self._timeout, read=self._timeout + wait)

    def _endless(self) -> httpx.Timeout:
        return httpx.Timeout(self._timeout, read=None)

    def _check_there(self) -> None:
        """Spares a connection attempt that cannot succeed. Raises ``httpx.ConnectError``."""
        if not Path(self._socket).exists():
            raise httpx.ConnectError("there is no such socket; is the daemon running?")

    def _lost(self, error: Exception) -> NotReachable:
        return NotReachable(f"the daemon at {self._socket} cannot be reached: {error}")

    @staticmethod
    def _hello() -> _Call[dict[str, Any]]:
        return _Call("GET", "/v1", dict)

    @staticmethod
    def _submit(key: str, printer: str, document: Document | Mapping[str, Any], wait: float) -> _Call[JobAnswer]:
        body = {"printer": printer, "document": _content_of(document)}
        return _Call("PUT", _job_path(key), _reader(JobAnswer), wait, body, _waiting(wait))

    @staticmethod
    def _job(key: str, wait: float) -> _Call[JobAnswer]:
        return _Call("GET", _job_path(key), _reader(JobAnswer), wait, params=_waiting(wait) if wait else None)

    @staticmethod
    def _jobs(printer: str | None, state: str | None, after: str | None, limit: int) -> _Call[JobList]:
        given = {"printer": printer, "state": state, "after": after, "limit": limit}
        params = {name: value for name, value in given.items() if value is not None}
        return _Call("GET", "/v1/jobs", _reader(JobList), params=params)

    @staticmethod
    def _withdraw(key: str) -> _Call[JobAnswer]:
        return _Call("DELETE", _job_path(key), _reader(JobAnswer))

    @staticmethod
    def _resolve(key: str, resolution: Resolution) -> _Call[JobAnswer]:
        body = resolution.model_dump(mode="json", exclude_none=True)
        return _Call("POST", _job_path(key, "/resolution"), _reader(JobAnswer), body=body)

    @staticmethod
    def _printers() -> _Call[tuple[PrinterStatus, ...]]:
        return _Call("GET", "/v1/printers", lambda answer: _reader(PrinterList)(answer).printers)

    @staticmethod
    def _printer(name: str) -> _Call[PrinterStatus]:
        return _Call("GET", f"/v1/printers/{quote(name, safe='')}", _reader(PrinterStatus))

    @staticmethod
    def _capture(name: str) -> _Call[bytes]:
        return _Call("GET", f"/v1/printers/{quote(name, safe='')}/capture", bytes)

    @staticmethod
    def _adopt(name: str, printer_id: str) -> _Call[PrinterStatus]:
        path = f"/v1/printers/{quote(name, safe='')}/adoption"
        return _Call("POST", path, _reader(PrinterStatus), body={"printer_id": printer_id})

    @staticmethod
    def _confirm_journal(name: str, confirmation: JournalConfirmation) -> _Call[PrinterStatus]:
        path = f"/v1/printers/{quote(name, safe='')}/journal-confirmation"
        return _Call("POST", path, _reader(PrinterStatus), body=confirmation.model_dump(mode="json"))

    @staticmethod
    def _preview(name: str, document: Document | Mapping[str, Any]) -> _Call[Preview]:
        path = f"/v1/printers/{quote(name, safe='')}/preview"
        return _Call("POST", path, _reader(Preview), body={"document": _content_of(document)})

    @staticmethod
    def _raw(name: str, command: str, force: bool) -> _Call[RawAnswer]:
        path = f"/v1/printers/{quote(name, safe='')}/raw"
        body = {"command": command, "force": force}
        return _Call("POST", path, _reader(RawAnswer), RAW_SECONDS, body, once=True)

    @staticmethod
    def _licence() -> _Call[dict[str, Any]]:
        return _Call("GET", "/v1/licence", dict)

    @staticmethod
    def _licence_question() -> _Call[dict[str, Any]]:
        return _Call("GET", "/v1/licence/check", dict)

    @staticmethod
    def _licence_step(step: str, fields: dict[str, Any]) -> _Call[dict[str, Any]]:
        once = step not in _LICENCE_QUESTIONS
        return _Call("POST", f"/v1/licence/{step}", dict, VENDOR_SECONDS, fields or None, once=once)


def _content_of(document: Document | Mapping[str, Any]) -> Any:
    if isinstance(document, Mapping):
        return dict(document)
    return _DOCUMENT.dump_python(document, mode="json", by_alias=True, exclude_none=True)


def _job_path(key: str, suffix: str = "") -> str:
    return f"/v1/jobs/{quote(key, safe='')}{suffix}"


def _waiting(seconds: float) -> dict[str, Any]:
    """Written without an exponent, which Python gives small numbers."""
    return {"wait": f"{seconds:.3f}"}


def _content(response: httpx.Response) -> Any:
    """The answer's JSON, or its bytes where it is none. Raises ``Refused`` for a problem."""
    if response.status_code < 400:
        is_json = response.headers.get("content-type", "").startswith("application/json")
        return response.json() if is_json else response.content
    try:
        content = response.json()
        content.pop("type", None)
        content.pop("status", None)
        problem = Problem.model_validate(content)
    except ValueError:
        raise ClientError(f"the daemon answered {response.status_code} without saying why") from None
    raise Refused(response.status_code, problem)


class Client(_Calls):
    """The synchronous client."""

    def __init__(self, socket: Path | str = DEFAULT_SOCKET, *, timeout: float = 10.0) -> None:
        """``timeout``: seconds for anything but the waiting that was asked for."""
        super().__init__(socket, timeout)
        self._http = httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), base_url="http://fiscald")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _send(self, call: _Call[T]) -> T:
        # Nearly every request may be asked again: jobs have keys, and a step that would be taken twice says ``once``.
        for pause in _PAUSES:
            try:
                self._check_there()
                return call.read(_content(self._http.request(call.method, call.path, **self._options(call))))
            except httpx.TransportError as error:
                if pause is None or not call.may_be_repeated(error):
                    raise self._lost(error) from error
                time.sleep(pause)
        raise AssertionError("the last pause is None")

    def hello(self) -> dict[str, Any]:
        """Who answers, and what it can do."""
        return self._send(self._hello())

    def submit(
        self, key: str, printer: str, document: Document | Mapping[str, Any], *, wait: float = 30.0
    ) -> JobAnswer:
        """Submit a document, or get the job that has this key; waits up to ``wait`` seconds for a final state.

        Raises ``Refused`` (nothing was printed, unless the problem says otherwise) or ``NotReachable``.
        """
        return self._send(self._submit(key, printer, document, wait))

    def job(self, key: str, *, wait: float = 0.0) -> JobAnswer:
        """The job of that key. Raises ``Refused`` if there is none."""
        return self._send(self._job(key, wait))

    def jobs(
        self, *, printer: str | None = None, state: str | None = None, after: str | None = None, limit: int = 100
    ) -> JobList:
        """A page of jobs in order of acceptance, with the cursor of the next one."""
        return self._send(self._jobs(printer, state, after, limit))

    def withdraw(self, key: str) -> JobAnswer:
        """End an accepted job before anything was sent."""
        return self._send(self._withdraw(key))

    def resolve(self, key: str, resolution: Resolution) -> JobAnswer:
        """Decide an undecided job."""
        return self._send(self._resolve(key, resolution))

    def printers(self) -> tuple[PrinterStatus, ...]:
        """All printers."""
        return self._send(self._printers())

    def printer(self, name: str) -> PrinterStatus:
        """One printer."""
        return self._send(self._printer(name))

    def capture(self, name: str) -> bytes:
        """The latest bytes between fiscald and the printer, as a pcapng file. They hold buyers' NIPs."""
        return self._send(self._capture(name))

    def follow_capture(self, name: str) -> Iterator[bytes]:
        """The same from now on, as it passes: pieces of a pcapng file that goes on until the daemon stops."""
        try:
            with self._http.stream("GET", self._capture(name).path, **_FOLLOW, timeout=self._endless()) as response:
                if response.status_code >= 400:
                    response.read()
                    _content(response)
                yield from response.iter_bytes()
        except httpx.TransportError as error:
            raise self._lost(error) from error

    def adopt(self, name: str, printer_id: str) -> PrinterStatus:
        """Confirm that the printer with this unique number took the place of the known one."""
        return self._send(self._adopt(name, printer_id))

    def confirm_journal(self, name: str, confirmation: JournalConfirmation) -> PrinterStatus:
        """Confirm that the journal was compared with the printer's paper. Raises ``Refused`` if nobody waits for it."""
        return self._send(self._confirm_journal(name, confirmation))

    def backup(self) -> Iterator[bytes]:
        """A consistent copy of the journal, in pieces of an SQLite file. It holds what was sold, and to whom."""
        try:
            with self._http.stream("GET", _BACKUP, timeout=self._limits(BACKUP_SECONDS)) as response:
                if response.status_code >= 400:
                    response.read()
                    _content(response)
                yield from response.iter_bytes()
        except httpx.TransportError as error:
            raise self._lost(error) from error

    def preview(self, name: str, document: Document | Mapping[str, Any]) -> Preview:
        """What a document would come to on that printer. Raises ``Refused`` as ``submit`` would; sends nothing."""
        return self._send(self._preview(name, document))

    def raw(self, name: str, command: str, *, force: bool = False) -> RawAnswer:
        """Send a command in the printer's own protocol. Never asked again by itself: after ``NotReachable`` it may have
        been carried out.
        """
        return self._send(self._raw(name, command, force))

    def licence(self) -> dict[str, Any]:
        """The licence's state."""
        return self._send(self._licence())

    def install_licence(self, certificate: str) -> dict[str, Any]:
        """Put a certificate in force."""
        return self.licence_step("certificate", certificate=certificate)

    def licence_step(self, step: str, **fields: Any) -> dict[str, Any]:
        """A step of a flow: ``POST /v1/licence/{step}``, as docs/licence.md lists them.

        Where the second time would not be as the first, it is never asked again by itself: after ``NotReachable`` the
        step may have been taken.
        """
        return self._send(self._licence_step(step, fields))

    def licence_question(self) -> dict[str, Any]:
        """What a check would send to the vendor."""
        return self._send(self._licence_question())

    def events(self, after: int | None = None) -> Iterator[JobChange | PrinterStatus | CursorReset]:
        """Changes as they happen, from the cursor ``after`` on; ends when the daemon stops."""
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        parser = _EventParser()
        try:
            with self._http.stream("GET", "/v1/events", headers=headers, timeout=self._limits(60)) as response:
                if response.status_code >= 400:
                    response.read()
                    _content(response)
                for line in response.iter_lines():
                    event = parser.line(line)
                    if event is not None:
                        yield event
        except httpx.TransportError as error:
            raise self._lost(error) from error


class AsyncClient(_Calls):
    """The asynchronous client; the same methods, awaited."""

    def __init__(self, socket: Path | str = DEFAULT_SOCKET, *, timeout: float = 10.0) -> None:
        """``timeout``: seconds for anything but the waiting that was asked for."""
        super().__init__(socket, timeout)
        self._http = httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(socket)), base_url="http://fiscald")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connection."""
        await self._http.aclose()

    async def _send(self, call: _Call[T]) -> T:
        for pause in _PAUSES:
            try:
                self._check_there()
                return call.read(_content(await self._http.request(call.method, call.path, **self._options(call))))
            except httpx.TransportError as error:
                if pause is None or not call.may_be_repeated(error):
                    raise self._lost(error) from error
                await anyio.sleep(pause)
        raise AssertionError("the last pause is None")

    async def hello(self) -> dict[str, Any]:
        """See ``Client.hello``."""
        return await self._send(self._hello())

    async def submit(
        self, key: str, printer: str, document: Document | Mapping[str, Any], *, wait: float = 30.0
    ) -> JobAnswer:
        """See ``Client.submit``."""
        return await self._send(self._submit(key, printer, document, wait))

    async def job(self, key: str, *, wait: float = 0.0) -> JobAnswer:
        """See ``Client.job``."""
        return await self._send(self._job(key, wait))

    async def jobs(
        self, *, printer: str | None = None, state: str | None = None, after: str | None = None, limit: int = 100
    ) -> JobList:
        """See ``Client.jobs``."""
        return await self._send(self._jobs(printer, state, after, limit))

    async def withdraw(self, key: str) -> JobAnswer:
        """See ``Client.withdraw``."""
        return await self._send(self._withdraw(key))

    async def resolve(self, key: str, resolution: Resolution) -> JobAnswer:
        """See ``Client.resolve``."""
        return await self._send(self._resolve(key, resolution))

    async def printers(self) -> tuple[PrinterStatus, ...]:
        """See ``Client.printers``."""
        return await self._send(self._printers())

    async def printer(self, name: str) -> PrinterStatus:
        """See ``Client.printer``."""
        return await self._send(self._printer(name))

    async def capture(self, name: str) -> bytes:
        """See ``Client.capture``."""
        return await self._send(self._capture(name))

    async def follow_capture(self, name: str) -> AsyncIterator[bytes]:
        """See ``Client.follow_capture``."""
        try:
            stream = self._http.stream("GET", self._capture(name).path, **_FOLLOW, timeout=self._endless())
            async with stream as response:
                if response.status_code >= 400:
                    await response.aread()
                    _content(response)
                async for data in response.aiter_bytes():
                    yield data
        except httpx.TransportError as error:
            raise self._lost(error) from error

    async def adopt(self, name: str, printer_id: str) -> PrinterStatus:
        """See ``Client.adopt``."""
        return await self._send(self._adopt(name, printer_id))

    async def confirm_journal(self, name: str, confirmation: JournalConfirmation) -> PrinterStatus:
        """See ``Client.confirm_journal``."""
        return await self._send(self._confirm_journal(name, confirmation))

    async def backup(self) -> AsyncIterator[bytes]:
        """See ``Client.backup``."""
        try:
            async with self._http.stream("GET", _BACKUP, timeout=self._limits(BACKUP_SECONDS)) as response:
                if response.status_code >= 400:
                    await response.aread()
                    _content(response)
                async for data in response.aiter_bytes():
                    yield data
        except httpx.TransportError as error:
            raise self._lost(error) from error

    async def preview(self, name: str, document: Document | Mapping[str, Any]) -> Preview:
        """See ``Client.preview``."""
        return await self._send(self._preview(name, document))

    async def raw(self, name: str, command: str, *, force: bool = False) -> RawAnswer:
        """See ``Client.raw``."""
        return await self._send(self._raw(name, command, force))

    async def licence(self) -> dict[str, Any]:
        """See ``Client.licence``."""
        return await self._send(self._licence())

    async def install_licence(self, certificate: str) -> dict[str, Any]:
        """See ``Client.install_licence``."""
        return await self.licence_step("certificate", certificate=certificate)

    async def licence_step(self, step: str, **fields: Any) -> dict[str, Any]:
        """See ``Client.licence_step``."""
        return await self._send(self._licence_step(step, fields))

    async def licence_question(self) -> dict[str, Any]:
        """See ``Client.licence_question``."""
        return await self._send(self._licence_question())

    async def events(self, after: int | None = None) -> AsyncIterator[JobChange | PrinterStatus | CursorReset]:
        """See ``Client.events``."""
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        parser = _EventParser()
        try:
            async with self._http.stream("GET", "/v1/events", headers=headers, timeout=self._limits(60)) as response:
                if response.status_code >= 400:
                    await response.aread()
                    _content(response)
                async for line in response.aiter_lines():
                    event = parser.line(line)
                    if event is not None:
                        yield event
        except httpx.TransportError as error:
            raise self._lost(error) from error


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
            return _reader(PrinterStatus)(json.loads(fields["data"]))
        if fields.get("event") == "reset":
            return _reader(CursorReset)(json.loads(fields["data"]))
        if fields.get("event") == "job":
            content = json.loads(fields["data"])
            job = _reader(JobAnswer)(content["job"])
            return JobChange(id=int(fields["id"]), at=content.get("at"), state=JobState(content["state"]), job=job)
        return None
