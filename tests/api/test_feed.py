"""The shared feed says to every listener what the journal says, wherever it begins and however slowly it reads."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import cast
from unittest.mock import patch

import anyio
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.types import Message

from fiscald.api import events
from fiscald.api.connections import Who
from fiscald.api.events import Feed, Listener
from fiscald.api.protocol import HttpConnection
from fiscald.api.turns import Worker
from fiscald.engine import Change, Engine
from fiscald.engine.changes import Changes
from fiscald.journal import Phase, Store
from fiscald.licence import LicenceGate
from fiscald.model.documents import Submission
from fiscald.model.problems import problem
from tests.daemons import RECEIPT
from tests.drawn import drawn

_ID = re.compile(rb"^id: (\d+)\nevent: job\n", re.MULTILINE)


class Till:
    """What the feed needs of an engine, over a real journal."""

    stopping = False

    def __init__(self, folder: Path) -> None:
        self._store = Store(folder, lambda: datetime.now(UTC))
        self.changes = Changes(())
        self._keys: list[str] = []
        self.reads = 0

    def names(self) -> list[str]:
        return []

    async def events(self, after: int, limit: int) -> list[Change]:
        self.reads += 1
        await anyio.lowlevel.checkpoint()
        return self._store.events(after, limit)

    async def last_event(self) -> int:
        await anyio.lowlevel.checkpoint()
        return self._store.last_event()

    def accept(self, lines: int) -> None:
        """One more job."""
        self._keys.append(f"job/{self.changes.jobs}")
        document = RECEIPT | {"footer": ["Dziękujemy"] * lines}
        self._store.accept(self._keys[-1], Submission.model_validate({"printer": "x", "document": document}), (), 0)
        self.changes.count("x", Phase.ACCEPTED)

    def withdraw(self) -> None:
        """The newest job ends."""
        if self._keys:
            self._store.withdraw(self._keys.pop(), problem("job.withdrawn"))
            self.changes.count("x", Phase.ACCEPTED)

    def said(self, after: int) -> list[Change]:
        """The journal's way."""
        found: list[Change] = []
        while more := self._store.events(found[-1].id if found else after, 10):
            found += more
        return found

    def close(self) -> None:
        self._store.close()


class Ear:
    """A client: what it was sent."""

    def __init__(self, it: Till, feed: Feed, after: int | None) -> None:
        self.heard = b""
        self.who = Who(1, id(self))
        self.reads = anyio.Event()
        self.reads.set()
        self.after = it._store.last_event() if after is None else after
        self._gone = anyio.Event()
        self._listener = Listener(feed, cast("HttpConnection", self), after)

    def push(self, data: bytes) -> None:
        self.heard += data

    async def _send(self, message: Message) -> None:
        await self.reads.wait()
        self.heard += message.get("body", b"")

    async def _receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def listen(self) -> None:
        await self._listener({"type": "http", "method": "GET"}, self._receive, self._send)

    def leave(self) -> None:
        self._gone.set()

    @property
    def ids(self) -> list[int]:
        return [int(number) for number in _ID.findall(self.heard)]


async def _until(what: Callable[..., bool]) -> None:
    with anyio.fail_after(10):
        while not what():
            await anyio.sleep(0.001)


def made(it: Till) -> Feed:
    licence = cast("LicenceGate", type("Licence", (), {"describe": lambda _: {"state": "active"}})())
    return Feed(cast("Engine", it), licence, Worker(), lambda: None)


steps = st.one_of(
    st.tuples(st.just("accept"), st.sampled_from([0, 0, 0, 5, 900])),
    st.tuples(st.just("withdraw"), st.just(0)),
    st.tuples(st.just("begin"), st.integers(-1, 40)),
    st.tuples(st.sampled_from(["resume", "stop reading", "read again", "leave"]), st.integers(0, 8)),
    st.tuples(st.just("wait"), st.integers(1, 40)),
)


@settings(max_examples=drawn(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example([("begin", -1), *[("accept", 0)] * 25])
@example([("begin", -1), *[("accept", 900)] * 12, ("begin", 3), ("wait", 9), ("accept", 0)])
@given(st.lists(steps, max_size=60))
def test_every_listener_hears_what_the_journal_says(said: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder, patch.multiple(events, COLLECT=0, GATHER=0):
        anyio.run(partial(_scenario, Path(folder), said))


async def _scenario(folder: Path, said: list[tuple[str, int]]) -> None:
    it = Till(folder)
    feed = made(it)
    ears: list[Ear] = []
    gone: list[Ear] = []
    async with anyio.create_task_group() as tasks:

        def begin(after: int | None) -> None:
            ears.append(Ear(it, feed, after))
            tasks.start_soon(ears[-1].listen)

        tasks.start_soon(feed.run)
        for what, number in said:
            ear = ears[number % len(ears)] if ears else None
            if what == "accept":
                it.accept(number)
            elif what == "withdraw":
                it.withdraw()
            elif what == "begin":
                newest = it._store.last_event()
                if number < 0:  # it must be known where this one begins
                    await _until(lambda now=newest: feed.cursor in (None, now))
                begin(None if number < 0 else min(number, newest))
                if number < 0:
                    await _until(lambda ear=ears[-1]: ear.heard != b"")
            elif what == "wait":
                for _ in range(number):
                    await anyio.lowlevel.checkpoint()
            elif ear is not None:
                if what == "stop reading":
                    ear.reads = anyio.Event()
                elif what == "read again":
                    ear.reads.set()
                else:
                    ear.leave()
                    ears.remove(ear)
                    gone.append(ear)
                    if what == "resume":
                        begin(ear.ids[-1] if ear.ids else ear.after)
        for ear in ears:
            ear.reads.set()
        await _until(lambda: all(ear.ids[-1:] == [each.id for each in it.said(ear.after)][-1:] for ear in ears))
        for ear in ears:
            _agrees(it, ear, whole=True)
        for ear in gone:
            _agrees(it, ear, whole=False)
        tasks.cancel_scope.cancel()
    it.close()


def _agrees(it: Till, ear: Ear, *, whole: bool) -> None:
    """What was sent is what the journal says now; ``whole``: all of it. A job may have changed since it was sent."""
    changes = it.said(ear.after)
    ids = [change.id for change in changes]
    assert ear.ids == ids if whole else ear.ids == ids[: len(ear.ids)]
    newest = {change.row[0]: change.id for change in changes}
    for change, event in zip(changes, events._texts(changes, None), strict=True):
        if newest[change.row[0]] == change.id and change.id in ear.ids:
            assert event.text in ear.heard


async def test_a_change_is_read_once_for_all_listeners_that_are_up_to_date(tmp_path: Path) -> None:
    it = Till(tmp_path)
    feed = made(it)
    ears = [Ear(it, feed, None) for _ in range(30)]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(feed.run)
        for ear in ears:
            tasks.start_soon(ear.listen)
        await anyio.wait_all_tasks_blocked()
        before = it.reads
        for number in range(5):
            it.accept(0)
            await _until(lambda count=number + 1: all(len(ear.ids) == count for ear in ears))
        assert it.reads - before == 5
        assert len({ear.heard[-500:] for ear in ears}) == 1
        tasks.cancel_scope.cancel()
    it.close()


async def test_states_of_printers_read_nothing_from_the_journal(tmp_path: Path) -> None:
    it = Till(tmp_path)
    feed = made(it)
    ear = Ear(it, feed, None)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(feed.run)
        tasks.start_soon(ear.listen)
        await anyio.wait_all_tasks_blocked()
        before = it.reads
        for _ in range(5):
            it.changes.count("")
            await anyio.wait_all_tasks_blocked()
        assert it.reads == before
        tasks.cancel_scope.cancel()
    it.close()
