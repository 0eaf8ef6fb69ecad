"""A shop in one process: engine, journal on disk, emulated printers on lines in memory, under virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import anyio
import anyio.abc
import pytest

from fiscald.emulator import emulator_factory
from fiscald.emulator.memory import RegisterState
from fiscald.emulator.register import Register
from fiscald.emulator.server import PortServer
from fiscald.engine import Engine, Printer
from fiscald.engine.actor import POLL_INTERVAL, RECONNECT
from fiscald.journal import JournalError, Phase, Store
from fiscald.model.documents import Submission
from fiscald.model.jobs import Job
from fiscald.model.printers import Identity, PrinterState
from fiscald.model.problems import Problem, ProblemError
from fiscald.model.times import POLISH_TIME, fixed
from fiscald.protocols import family
from fiscald.protocols.base import Settings
from fiscald.transport import ByteStream, DeviceAbsent, MemoryStream
from tests import virtual

P = ParamSpec("P")
T = TypeVar("T")

RECEIPT: dict[str, Any] = {
    "type": "receipt",
    "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}, {"name": "Bułka", "price": "1.50", "vat": "5%"}],
}
START = datetime(2026, 11, 22, 10, 0, tzinfo=POLISH_TIME)


WRITES = frozenset(
    ("accept", "start", "commit", "requeue", "finish", "resolve", "withdraw", "know_printer", "begin_raw", "end_raw")
)


class DirectJournal:
    """The journal without its thread, on a disk that is full from the first transaction of a name on."""

    def __init__(self, directory: Path, clock: Callable[[], datetime]) -> None:
        self.store = Store(directory, clock)
        self.full_at: str | None = None
        self.fails_once: str | None = None
        """The next transaction of that name fails, and no other."""
        self._full = False
        self.log: list[str] = []

    async def run(self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        await anyio.lowlevel.checkpoint()
        self.log.append(transaction.__name__)
        self._full = self._full or transaction.__name__ == self.full_at
        if self._full and transaction.__name__ in WRITES:
            raise JournalError("no space left on device")
        if transaction.__name__ == self.fails_once:
            self.fails_once = None
            raise JournalError("disk I/O error")
        return transaction(self.store, *args, **kwargs)

    def make_room(self) -> None:
        self.full_at, self._full = None, False


class OpenGate:
    """A licence that allows everything, until a test sets a problem."""

    def __init__(self) -> None:
        self.problem: Problem | None = None

    def refuses(self, document_type: str, identity: Identity | None) -> Problem | None:
        return self.problem if document_type != "daily_report" else None

    def observe_clock(self, identity: Identity, clock: datetime | None) -> None:
        pass


class Till:
    """An emulated printer and the cable to it."""

    def __init__(
        self,
        name: str,
        number: int = 1,
        family: str = "posnet",
        profile: str | None = None,
        *,
        start: datetime = START,
    ) -> None:
        """``start``: what time it is when the test begins."""
        self.name = name
        self.start = fixed(start)
        self.family = family
        self.profile = profile
        self.register = Register(
            RegisterState(unique_number=f"EMU {number:010d}"),
            clock=lambda: self.start + timedelta(seconds=anyio.current_time()),
        )
        self.device: Any = emulator_factory(family)(self.register, **({"profile": profile} if profile else {}))
        self.server = PortServer(self.device)
        self.plugged = True
        self.line: MemoryStream | None = None
        self.connections = 0
        self.tasks: anyio.abc.TaskGroup | None = None

    def __str__(self) -> str:
        return f"memory://{self.name}"

    async def open(self) -> ByteStream:
        await anyio.lowlevel.checkpoint()
        if not self.plugged or not self.device.powered:
            raise DeviceAbsent(f"{self}: nothing there")
        assert self.tasks is not None
        self.connections += 1
        self.line = self.server.connect(self.tasks)
        return self.line

    def pull(self) -> None:
        """Pull the cable."""
        self.plugged = False
        if self.line is not None:
            self.line.cut()

    def put_back(self) -> None:
        self.plugged = True

    @property
    def receipts(self) -> int:
        return self.register.state.day.receipt_count


class Shop:
    def __init__(
        self, directory: Path, tills: list[Till], *, shared: bool = False, ksef_warnings: bool = True, **options: Any
    ) -> None:
        self.start = tills[0].start
        self.journal = DirectJournal(directory, lambda: self.start + timedelta(seconds=anyio.current_time()))
        self.gate = OpenGate()
        self.tills = {till.name: till for till in tills}
        printers = [
            Printer(
                till.name,
                family(till.family),
                till,
                Settings(till.name, family(till.family).options()),
                shared=shared,
                ksef_warnings=ksef_warnings,
            )
            for till in tills
        ]
        self.host_clock_off = timedelta()
        self.engine = Engine(printers, self.journal, self.gate, clock=self.host_time, **options)

    def host_time(self) -> datetime:
        return self.start + timedelta(seconds=anyio.current_time()) + self.host_clock_off

    @property
    def till(self) -> Till:
        return next(iter(self.tills.values()))

    async def submit(self, key: str, document: dict[str, Any] = RECEIPT, printer: str = "till1") -> Job:
        submission = Submission.model_validate({"printer": printer, "document": document})
        job, _ = await self.engine.submit(key, submission)
        return job

    async def print(
        self, key: str, document: dict[str, Any] = RECEIPT, printer: str = "till1", seconds: float = 10
    ) -> Job:
        """``seconds``: as long as a document takes that is interrupted once."""
        await self.submit(key, document, printer)
        return await self.engine.wait(key, seconds)

    async def until(self, state: PrinterState, printer: str = "till1", seconds: float | None = None) -> None:
        """``seconds``: an idle printer is polled so often, a new one at once, an absent one after the longest pause."""
        if seconds is None and not virtual.here():
            seconds = 60  # real machines have other things to do too
        if seconds is None:
            absent = self.engine.printer(printer).state is PrinterState.OFFLINE
            seconds = POLL_INTERVAL + 1 + (RECONNECT[1] * 1.2 if absent else 0)
        with anyio.fail_after(seconds):
            while self.engine.printer(printer).state is not state:
                await anyio.sleep(0.05)

    def phase(self, key: str) -> Phase:
        entry = self.journal.store.job(key)
        assert entry is not None
        return entry.phase


@asynccontextmanager
async def shop(directory: Path, *tills: Till, **options: Any) -> AsyncIterator[Shop]:
    """An open shop, its engine with ``options``; closing it is like killing the daemon."""
    opened = Shop(directory, list(tills) or [Till("till1")], **options)
    try:
        async with anyio.create_task_group() as tasks:
            for till in opened.tills.values():
                till.tasks = tasks
            tasks.start_soon(opened.engine.run)
            yield opened
            tasks.cancel_scope.cancel()
    finally:
        opened.journal.store.close()


# -- refusals before anything is accepted ----------------------------------------------------------------


def refusal(code: str) -> pytest.RaisesExc[ProblemError]:
    return pytest.raises(ProblemError, match=f"^{code}: ")
