"""Server-sent events: changes of jobs with a cursor, the states of the printers, of the licence and of webhooks.

A stream begins with the current state of the licence, of every printer and of every webhook. Job events have an id. A
client that reconnects with ``Last-Event-ID`` gets every change since then, also after a restart of the daemon. While
the journal cannot be read, the stream sends only the other events.

``Feed`` watches for changes and renders each event once for all listeners. A listener first reads the changes that it
has missed from the journal, at its own pace; then it joins the feed, which writes to all listeners and waits for none.
A listener that does not read is disconnected, and may reconnect with the last id that it has.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import anyio
import anyio.lowlevel
from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fiscald.api.answers import Licence, as_json, job_text
from fiscald.api.connections import Who
from fiscald.api.protocol import HttpConnection
from fiscald.api.turns import Worker
from fiscald.engine import Change, Engine
from fiscald.licence import LicenceGate
from fiscald.model.problems import ProblemError

log = logging.getLogger(__name__)

#: Seconds without events after which a comment shows that the stream is alive.
KEEPALIVE = 15.0
#: Seconds until the next try to read a journal that could not be read.
READ_AGAIN = 2.0
#: Seconds for which changes of jobs are collected before they are read together, and events before they are sent.
COLLECT, GATHER = 0.008, 0.004
#: Seconds for which the rendered status of a printer that has not changed may be used again.
FRESH = 1.0
#: Changes that are read from the journal together.
_PAGE = 10
#: Characters of changes that are rendered at once, because handing them to a thread takes longer (at most 1 ms).
_SMALL = 8 * 1024
#: States that are rendered without a pause: 5 ms.
_STATES = 16
_LICENCE = ""
_NOBODY = Who(None, None)


class _Event(NamedTuple):
    """A rendered event."""

    text: bytes
    id: int = 0
    """The cursor, if it is a change of a job."""
    printer: str = ""
    """The printer that it is about; empty: none."""


class _State(NamedTuple):
    """The state of the licence or of a printer, as it was last rendered."""

    made_at: float
    relevant: object
    """The part whose changes are events."""
    text: bytes


class Feed:
    """Renders what changes into events, and sends them to all listeners."""

    def __init__(
        self,
        engine: Engine,
        licence: LicenceGate,
        worker: Worker,
        notice: Callable[[], Licence],
        webhooks: Mapping[str, Callable[[], BaseModel]] = MappingProxyType({}),
    ) -> None:
        """``webhooks``: their states, by the names under which their changes are counted."""
        self.engine = engine
        self._webhooks = webhooks
        for name in webhooks:
            engine.changes.add(name)
        self._licence = licence
        self._worker = worker
        self._notice = notice
        self._names = ("", *engine.names(), *webhooks)
        self._states: dict[str, _State] = {}
        self._changes: dict[str, int] = {}
        """The number of the change of each printer that was looked at."""
        self._looked = -1
        """The highest of them: what has a higher number has changed since."""
        #: Id of the last change of a job that was rendered; ``None``: there are no listeners, or it is not known yet.
        self.cursor: int | None = None
        self._present = 0
        self._somebody = anyio.Event()
        self._listeners: set[Listener] = set()
        self._gathered: list[_Event] = []
        self._gathering = anyio.Event()

    # -- listeners ------------------------------------------------------------------------------------

    def arrive(self) -> None:
        """A listener has connected, and catches up."""
        self._present += 1
        self._somebody.set()

    def join(self, listener: Listener) -> None:
        """A listener has caught up."""
        self._listeners.add(listener)
        if self.engine.stopping:
            listener.ended.set()

    def leave(self, listener: Listener) -> None:
        """A listener has disconnected."""
        self._listeners.discard(listener)
        self._present -= 1
        if not self._present:
            self._somebody = anyio.Event()
            self._gathered.clear()
            self.cursor = None

    # -- changes --------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Watch for changes without end, as long as there are listeners."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._keep_on, self._watch_states)
            tasks.start_soon(self._keep_on, self._watch_jobs)
            tasks.start_soon(self._keep_on, self._send)

    async def _keep_on(self, watch: Callable[[], Awaitable[None]]) -> None:
        """A bug in the events must not stop the daemon."""
        while True:
            try:
                await watch()
            except Exception:
                log.exception("an internal error in the event stream; it continues")
                await anyio.sleep(READ_AGAIN)

    async def _watch_states(self) -> None:
        looked = anyio.current_time()
        while True:
            await self._somebody.wait()
            change = self.engine.changes.next()
            if anyio.current_time() - looked > KEEPALIVE:  # for changes that are not announced
                looked = anyio.current_time()
                self._changes.clear()
                self._looked = -1
            await self._look_at_all([name for name in self._changed() if self._is_behind(name)])
            await change(KEEPALIVE)
            if self.engine.stopping:
                for listener in self._listeners:
                    listener.ended.set()
                await anyio.sleep_forever()

    def _changed(self) -> list[str]:
        """What has changed since the last call, in the order of the changes."""
        found, looked = [], self._looked
        for name, number in reversed(self.engine.changes.numbers.items()):
            if number <= looked:
                break
            found.append(name)
            self._looked = max(self._looked, number)
        return found[::-1]

    async def _look_at_all(self, names: Sequence[str], *, afresh: bool = False) -> None:
        """Render these states, and let other tasks run in between."""
        for number, name in enumerate(names, start=1):
            self._look_at(name, afresh=afresh)
            if number % _STATES == 0:
                await anyio.lowlevel.checkpoint()

    def _look_at(self, name: str, *, afresh: bool = False) -> None:
        """Render a state, if it has changed or its text must be new (``afresh``)."""
        self._changes[name] = self.engine.changes.numbers[name]
        former = self._states.get(name)
        kind, relevant, render = self._state_of(name)
        unchanged = former is not None and former.relevant == relevant
        if unchanged and not afresh:
            return
        text = _text(kind, render())
        self._states[name] = _State(anyio.current_time(), relevant, text)
        if not unchanged:
            self._gather(_Event(text, printer=name))

    def _state_of(self, name: str) -> tuple[str, object, Callable[[], bytes]]:
        """The kind of the event, the part whose changes are events, and what renders its data."""
        if name == _LICENCE:
            licence = self._licence.describe()
            return "licence", licence, lambda: as_json(licence)
        if name in self._webhooks:
            summary = self._webhooks[name]()
            return "webhook", summary, lambda: summary.model_dump_json().encode()
        status = self.engine.printer(name)
        why = status.problem.code if status.problem else None
        warnings = tuple(warning.code for warning in status.warnings)
        program = status.gateway and status.gateway.program
        relevant = status.state, why, status.job, status.queue, status.counters, status.paper_low, warnings, program
        return "printer", relevant, lambda: status.model_dump_json().encode()

    async def refresh(self, printers: frozenset[str] | None) -> None:
        """Render what ``states`` would have to render; ``printers``: only these."""
        await self._look_at_all([name for name in self._visible(printers) if self._is_old(name)], afresh=True)

    def states(self, known: dict[str, object], printers: frozenset[str] | None) -> bytes:
        """The events of all states that differ from those in ``known``, which is updated; ``printers``: only these.

        Renders the old ones without a pause: after ``refresh`` there are few.
        """
        texts = []
        for name in self._visible(printers):
            if self._is_old(name):
                self._look_at(name, afresh=True)
            state = self._states[name]
            if name not in known or known[name] != state.relevant:
                known[name] = state.relevant
                texts.append(state.text)
        return b"".join(texts)

    def _visible(self, printers: frozenset[str] | None) -> list[str]:
        return [name for name in self._names if printers is None or not name or name in printers]

    def _is_old(self, name: str) -> bool:
        state = self._states.get(name)
        return state is None or anyio.current_time() - state.made_at > FRESH or self._is_behind(name)

    def _is_behind(self, name: str) -> bool:
        return self._changes.get(name) != self.engine.changes.numbers[name]

    async def _watch_jobs(self) -> None:
        while True:
            await self._somebody.wait()
            seen, patience, more = self.engine.changes.jobs, KEEPALIVE, False
            try:
                more = await self._read_jobs()
            except ProblemError:
                patience = READ_AGAIN
            if not more:
                await self._next_job_change(seen, patience)

    async def _next_job_change(self, seen: int, seconds: float) -> None:
        """Wait for a change of a job after the first ``seen`` ones, at most so many seconds."""
        with anyio.move_on_after(seconds):
            change = self.engine.changes.next()
            while self.engine.changes.jobs == seen:
                await change(seconds)
                change = self.engine.changes.next()
            await anyio.sleep(COLLECT)

    async def newest(self) -> int:
        """The cursor of the feed: listeners that have caught up are there.

        Raises ``ProblemError`` if the journal cannot be read.
        """
        cursor = self.cursor
        if cursor is None:
            cursor = await self.engine.last_event()
            if self._present:
                self.cursor = cursor = cursor if self.cursor is None else self.cursor
        return cursor

    async def _read_jobs(self) -> bool:
        """Render the next changes of jobs. Returns whether there may be more."""
        after = await self.newest()
        events, more = await self.read(_NOBODY, after)
        if events and self.cursor == after:  # not if all listeners have left meanwhile
            self.cursor = events[-1].id
            for event in events:
                self._gather(event)
        return more

    async def read(self, who: Who, after: int) -> tuple[list[_Event], bool]:
        """The next changes of jobs, possibly none, read in the turn of ``who``; and whether there may be more.

        Raises ``ProblemError``.
        """
        async with self._worker.turn(who):
            changes = await self.engine.events(after, _PAGE)
            make = partial(_texts, changes, self._notice())
            size = sum(len(value) for change in changes for value in change.row if isinstance(value, str))
            events = make() if size <= _SMALL else await self._worker.compute(make)
        return events, size > _SMALL or len(changes) == _PAGE

    def _gather(self, event: _Event) -> None:
        self._gathered.append(event)
        self._gathering.set()

    async def _send(self) -> None:
        """Send the collected events together, or a comment after a long time without any."""
        while True:
            await self._somebody.wait()
            with anyio.move_on_after(KEEPALIVE) as quiet:
                await self._gathering.wait()
                await anyio.sleep(GATHER)
            events, self._gathered = self._gathered, []
            self._gathering = anyio.Event()
            if quiet.cancelled_caught and not events:
                events = [_Event(b": alive\n\n")]
            text = b"".join(event.text for event in events)
            first = min((event.id for event in events if event.id), default=0)
            for listener in list(self._listeners):
                listener.send_events(events, text, first)


def _texts(changes: Sequence[Change], licence: Licence) -> list[_Event]:
    events = []
    for change in changes:
        found = change.job
        job = job_text(found, licence)
        body = b'{"at":%b,"state":%b,"job":%b}' % (as_json(change.at.isoformat()), as_json(change.state), job)
        events.append(_Event(_text("job", body, change.id), change.id, found.printer))
    return events


def _text(name: str, body: bytes, cursor: int | None = None) -> bytes:
    head = "" if cursor is None else f"id: {cursor}\n"
    return f"{head}event: {name}\ndata: ".encode() + body + b"\n\n"


class Listener(Response):
    """The response of the event stream, which lasts as long as the client listens."""

    def __init__(
        self, feed: Feed, connection: HttpConnection, after: int | None, printers: frozenset[str] | None = None
    ) -> None:
        """``after=None``: begin with the next change of a job. ``printers``: only what is about these."""
        super().__init__(
            media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        del self.headers["content-length"]
        self._feed = feed
        self._connection = connection
        self._cursor = after
        self._begun = False
        self._printers = printers
        self._known: dict[str, object] = {}
        self.ended = anyio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ``Response``."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope["method"] != "HEAD":
            self._feed.arrive()
            try:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(self._until_gone, receive, tasks.cancel_scope)
                    await self._catch_up(send)
                    await self.ended.wait()
                    tasks.cancel_scope.cancel()
            finally:
                self._feed.leave(self)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _until_gone(self, receive: Receive, scope: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        scope.cancel()

    async def _catch_up(self, send: Send) -> None:
        """Send changes from the journal until this client is where the feed is."""
        text = b": fiscald\n\n"
        while not self._feed.engine.stopping:
            change = self._feed.engine.changes.next()
            await self._feed.refresh(self._printers)
            text += self._feed.states(self._known, self._printers)
            try:
                newest = await self._feed.newest()
                cursor, reset = await self._begin(newest)
                text += reset
                if cursor >= newest:
                    self._connection.push(text + self._feed.states(self._known, self._printers))
                    self._known.clear()
                    self._feed.join(self)
                    return
                events, _ = await self._feed.read(self._connection.who, cursor)
                text += b"".join(event.text for event in events if self._is_for(event))
                self._cursor = events[-1].id if events else newest
            except ProblemError:
                await send({"type": "http.response.body", "body": text, "more_body": True})
                await change(READ_AGAIN)
            else:
                await send({"type": "http.response.body", "body": text, "more_body": True})
            text = b""
        self.ended.set()

    async def _begin(self, newest: int) -> tuple[int, bytes]:
        """The cursor to continue from, and a ``reset`` event if it is ahead of the journal: it is of another one."""
        cursor, text = self._cursor, b""
        if cursor is None:
            cursor = newest
        elif not self._begun and cursor > newest and cursor > (newest := await self._feed.engine.last_event()):
            cursor, text = newest, _text("reset", as_json({"cursor": newest}), newest)
        self._begun = True
        self._cursor = cursor
        return cursor, text

    def _is_for(self, event: _Event) -> bool:
        return self._printers is None or not event.printer or event.printer in self._printers

    def send_events(self, events: Sequence[_Event], text: bytes, first: int) -> None:
        """Send events; ``text`` is the text of all, ``first`` the smallest id among them."""
        known = self._cursor or 0
        if 0 < first <= known or self._printers is not None:
            text = b"".join(event.text for event in events if not 0 < event.id <= known and self._is_for(event))
        if text:
            self._connection.push(text)
