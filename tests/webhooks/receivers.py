"""Receivers on real TCP, and webhooks whose sender is asked for each answer, for virtual time."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import anyio
import anyio.abc

from fiscald.engine.changes import Changes
from fiscald.journal import Phase, Store, Subscription
from fiscald.model.documents import Submission
from fiscald.model.times import POLISH_TIME
from fiscald.model.webhooks import WebhookEvent
from fiscald.webhooks import Hook, Webhooks
from fiscald.webhooks.posting import Answer, PostFailed
from tests.journal.stores import CASH

P = ParamSpec("P")
T = TypeVar("T")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ALL = tuple(WebhookEvent)
DAY = 86_400.0


def secret_file(directory: Path, *lines: str) -> Path:
    path = directory / "webhook.secret"
    path.write_text("".join(f"{line}\n" for line in lines or (SECRET,)))
    path.chmod(0o600)
    return path


def hook(
    name: str = "erp",
    events: Sequence[WebhookEvent] = ALL,
    printers: Sequence[str] | None = None,
    address: bytes = b"1",
) -> Hook:
    chosen = None if printers is None else tuple(printers)
    subscription = Subscription(name, frozenset(events), None if chosen is None else frozenset(chosen), address)
    return Hook(subscription, "https://erp.example", tuple(events), chosen)


# -- real TCP --------------------------------------------------------------------------------------------


@dataclass
class Request:
    """What a receiver got."""

    head: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


def reply(status: int = 200, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass
class Web:
    """A receiver: it answers each request with what ``answer`` returns, bytes or a function that talks."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    answer: Callable[[Request], Any] = lambda _: reply()
    came: anyio.Event = field(default_factory=anyio.Event)

    async def until(self, number: int) -> list[Request]:
        """Wait until so many requests have come."""
        with anyio.fail_after(20):
            while len(self.requests) < number:
                await self.came.wait()
        return self.requests

    async def talk(self, stream: anyio.abc.ByteStream) -> None:
        try:
            async with stream:
                data = b""
                while b"\r\n\r\n" not in data:
                    data += await stream.receive()
                head, _, body = data.partition(b"\r\n\r\n")
                first, *lines = head.decode().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                while len(body) < int(headers["content-length"]):
                    body += await stream.receive()
                request = Request(first, headers, body)
                self.requests.append(request)
                self.came.set()
                self.came = anyio.Event()
                said = self.answer(request)
                if isinstance(said, bytes):
                    await stream.send(said)
                else:
                    await said(stream)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream):
            pass


@asynccontextmanager
async def web(answer: Callable[[Request], Any] = lambda _: reply()) -> AsyncIterator[Web]:
    it = Web(answer=answer)
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    it.url = f"http://127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}/hooks/fiscald"
    async with listener, anyio.create_task_group() as talks:
        async with anyio.create_task_group() as serving:
            serving.start_soon(listener.serve, it.talk, talks)
            yield it
            serving.cancel_scope.cancel()
        await anyio.lowlevel.checkpoint()  # every connection has its talk, which closes it
        talks.cancel_scope.cancel()


# -- virtual time ----------------------------------------------------------------------------------------


class Here:
    """The journal on disk, without its thread: for virtual time. Its thread and its disk take a while."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def run(self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        await anyio.sleep(0.02)
        outcome = transaction(self.store, *args, **kwargs)
        await anyio.sleep(0.02)
        return outcome


@dataclass
class Try:
    """One try of a message."""

    at: float
    message_id: str
    content: dict[str, Any]

    @property
    def key(self) -> str:
        return str(self.content["data"]["key"])

    @property
    def cursor(self) -> int:
        return int(self.content["data"]["cursor"])


class Scripted:
    """Answers each try with what ``answer`` returns: a status, an ``Answer``, or a text for no answer."""

    def __init__(self, answer: Callable[[Try], int | str | Answer] = lambda _: 200, *, takes: float = 0.1) -> None:
        self.answer = answer
        self.takes = takes
        self.tries: list[Try] = []
        self.at_once = self.most_at_once = 0

    async def check(self) -> None:
        """The secret is always there."""

    async def send(self, message_id: str, body: bytes) -> Answer:
        one = Try(anyio.current_time(), message_id, json.loads(body))
        self.tries.append(one)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await anyio.sleep(self.takes)
        finally:
            self.at_once -= 1
        said = self.answer(one)
        if isinstance(said, str):
            raise PostFailed(said)
        return said if isinstance(said, Answer) else Answer(said)


class Shop:
    """A journal, its webhooks, and a clock that can jump."""

    def __init__(self, directory: Path, **receivers: Scripted) -> None:
        self.directory = directory
        self.receivers = receivers
        self.jump = 0.0
        self.hooks = {name: hook(name) for name in receivers}
        self.changes = Changes(["till1"])
        self.journal = Here(self.opened())
        self.webhooks = self._made()

    def now(self) -> datetime:
        seconds = anyio.current_time() + self.jump
        return datetime(2026, 11, 22, 10, tzinfo=POLISH_TIME) + timedelta(seconds=seconds)

    def opened(self) -> Store:
        subscriptions = [each.subscription for each in self.hooks.values()]
        return Store(self.directory, self.now, webhooks=subscriptions)

    def _made(self) -> Webhooks:
        given = {name: (self.hooks[name], receiver) for name, receiver in self.receivers.items()}
        return Webhooks(given, self.journal, self.now, spread=lambda: 0.5)

    def restart(self) -> None:
        """A new daemon on the same directory."""
        self.journal.store.close()
        self.journal = Here(self.opened())
        self.webhooks = self._made()

    def sell(self, key: str, *, submission: Submission = CASH) -> None:
        """A job's whole way: four changes, of which three are events."""
        store = self.journal.store
        store.accept(key, submission, (), None)
        store.start(key, {})
        store.commit(key)
        store.finish(key, Phase.DONE)
        self.changes.jobs += 3
        self.changes.wake()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.webhooks.run, self.changes)
            yield
            tasks.cancel_scope.cancel()

    def waiting(self, name: str = "erp") -> int:
        found = self.journal.store.webhook_counts().get(name)
        return 0 if found is None else found.waiting

    def dead(self, name: str = "erp") -> int:
        found = self.journal.store.webhook_counts().get(name)
        return 0 if found is None else found.dead
