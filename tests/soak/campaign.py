"""A campaign: the parts are started, clients sell, trouble comes and ends, and the witnesses are compared."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
from anyio.abc import TaskGroup

from tests.soak.cable import SerialCable
from tests.soak.clients import Ledger, Shop
from tests.soak.compare import Comparison, Job, Kind, compare
from tests.soak.parts import Daemon, Till
from tests.soak.proxy import Proxy
from tests.soak.schedule import ON_PRINTER, ON_TCP, Trouble, actions, kills
from tests.soak.sources import read_journal, read_printer
from tests.soak.trouble import Killer, Plague, Tally


@dataclass(frozen=True, slots=True)
class Settings:
    """How long and how hard."""

    seed: int = 1
    seconds: float = 180.0
    """Of trouble, at most."""
    receipts: int = 3000
    """Documents, at most; they are spread over the time."""
    clients: int = 4
    """Of each printer."""
    settling: float = 120.0
    """Seconds in which every job must be final once there is no more trouble."""
    hasty: bool = False
    """One round of short troubles, divided between the printers, and no more."""


@dataclass(slots=True)
class Outcome:
    """What came of it."""

    settings: Settings
    jobs: list[Job]
    comparison: Comparison
    tally: Tally
    ledger: Ledger
    cancelled: int
    """Receipts that printers cancelled: attempts that left nothing."""
    feet: int
    """Sheets of receipts that had lost their configured foot, as a printer may."""
    seconds: float
    settled: float
    """Seconds from the end of the trouble to the last answer."""
    verdicts: Counter[str] = field(default_factory=Counter)


class Campaign:
    """One of them, in a separate directory."""

    def __init__(self, settings: Settings, directory: Path, sockets: Path) -> None:
        """``sockets``: a folder with a short path."""
        self._settings = settings
        self._directory = directory
        self._sockets = sockets
        self._tally = Tally()
        self._tills = [
            Till("till1", "tcp", 1, directory / "till1.state", sockets, directory / "till1.log"),
            Till("till2", "pty", 2, directory / "till2.state", sockets, directory / "till2.log"),
        ]
        self._proxy = Proxy(lambda: self._tills[0].port, settings.seed)
        self._serial_port = sockets / "serial"
        self._cable = SerialCable(self._tills[1].pty, self._serial_port)

    async def run(self) -> Outcome:
        """Everything."""
        began = time.monotonic()
        async with anyio.create_task_group() as tasks:
            async with self._parts(tasks) as daemon:
                settings = self._settings
                per_client = settings.seconds * settings.clients * len(self._tills) / settings.receipts
                shop = Shop(
                    daemon.socket,
                    self._tills,
                    seed=settings.seed,
                    receipts=settings.receipts,
                    rest=0.0 if settings.hasty else per_client / 2,
                )
                settled = await self._sell(shop, daemon)
            tasks.cancel_scope.cancel()
        return self._compare(shop, daemon, began, settled)

    @asynccontextmanager
    async def _parts(self, tasks: TaskGroup) -> AsyncIterator[Daemon]:
        port = await tasks.start(self._proxy.serve)
        tasks.start_soon(self._cable.serve)
        addresses = {"till1": f"tcp://127.0.0.1:{port}", "till2": f"serial://{self._serial_port}?baud=115200"}
        daemon = Daemon(self._directory, self._sockets, addresses)
        processes = [daemon.process, *(till.process for till in self._tills)]
        try:
            async with anyio.create_task_group() as starting:
                for till in self._tills:
                    starting.start_soon(till.start)
                starting.start_soon(daemon.start)
            yield daemon
            # In a thread: a running document may still need the network, which is ours.
            code = await anyio.to_thread.run_sync(daemon.process.stop)
            if code != 0:
                daemon.ended.append(f"told to stop, the daemon ended with {code}: {daemon.process.said()[-2000:]}")
            for till in self._tills:
                await anyio.to_thread.run_sync(till.process.stop)
        finally:
            for process in processes:
                process.kill()

    # -- selling, with and without trouble ------------------------------------------------------------

    async def _sell(self, shop: Shop, daemon: Daemon) -> float:
        """Sell while there is trouble, then let everything come to its end; how long that took."""
        calm_at = anyio.current_time()
        with anyio.CancelScope() as patience:
            async with anyio.create_task_group() as clients:
                for till in self._tills:
                    for number in range(self._settings.clients):
                        clients.start_soon(shop.work, till.name, number)
                await self._trouble(shop, daemon)
                shop.close()
                await self._calm(daemon)
                calm_at = anyio.current_time()
                patience.deadline = calm_at + self._settings.settling
        for key in shop.ledger.waiting:
            after = f"{self._settings.settling:g} s after the last trouble"
            shop.ledger.surprises.append(f"{key}: no final answer {after}; see the daemon's log")
        return anyio.current_time() - calm_at

    async def _trouble(self, shop: Shop, daemon: Daemon) -> None:
        settings = self._settings
        killer = Killer(daemon, self._tally, freed=self._cable.free)
        with anyio.move_on_after(settings.seconds):
            async with anyio.create_task_group() as others:
                names = [till.name for till in self._tills]
                others.start_soon(killer.keep_killing, kills(settings.seed, hasty=settings.hasty), names)
                if not settings.hasty:
                    others.start_soon(self._until_sold_out, shop, others.cancel_scope)
                async with anyio.create_task_group() as plagues:
                    for till, troubles in zip(self._tills, self._shares(), strict=True):
                        proxy = self._proxy if till.link == "tcp" else None
                        plague = Plague(till, daemon, proxy, killer, self._tally)
                        plan = actions(settings.seed, till.name, troubles, hasty=settings.hasty)
                        plagues.start_soon(plague.spread, plan)
                others.cancel_scope.cancel()

    def _shares(self) -> tuple[tuple[Trouble, ...], tuple[Trouble, ...]]:
        """Which troubles come to which printer."""
        if self._settings.hasty:
            half = len(ON_PRINTER) // 2 - 1
            return (*ON_TCP, *ON_PRINTER[:half]), ON_PRINTER[half:]
        return (*ON_TCP, *ON_PRINTER), ON_PRINTER

    @staticmethod
    async def _until_sold_out(shop: Shop, scope: anyio.CancelScope) -> None:
        await shop.sold_out.wait()
        scope.cancel()

    async def _calm(self, daemon: Daemon) -> None:
        """The network is good, the printers are on and ready, the daemon runs."""
        self._proxy.calm()
        for till in self._tills:
            await till.start()
            await till.order(do="clear")
            await till.order(do="power", on=True)
        daemon.process.start()

    # -- comparing ------------------------------------------------------------------------------------

    def _compare(self, shop: Shop, daemon: Daemon, began: float, settled: float) -> Outcome:
        ledger = shop.ledger
        jobs = read_journal(daemon.journal)
        read = [read_printer(till.name, till.state) for till in self._tills]
        sheets = [sheet for found, _ in read for sheet in found]
        memories = [memory for _, memory in read]
        result = compare(jobs, ledger.answers, sheets, memories, ledger.undecided.values())
        log = daemon.process.said()
        slips = [line for line in log.splitlines() if "Traceback" in line or "internal error" in line]
        for text in (*ledger.surprises, *daemon.ended, *slips):
            result.add(Kind.SURPRISE, text)
        verdicts = Counter(f"{job.type} {job.phase}" for job in jobs)
        return Outcome(
            settings=self._settings,
            jobs=jobs,
            comparison=result,
            tally=self._tally,
            ledger=ledger,
            cancelled=sum(memory.cancelled for memory in memories),
            feet=sum(sheet.type == "receipt" and sheet.system_number is None for sheet in sheets),
            seconds=time.monotonic() - began,
            settled=settled,
            verdicts=verdicts,
        )
