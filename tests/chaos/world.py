"""One run: a shop in one process under virtual time, with everything in it that can break.

Real: engine, dialogues, journal (SQLite on disk), emulated printer. Simulated: the cable, the passing of time,
the death of the daemon, people and other programs at the printer. A dead daemon does nothing more: from that
turn of the loop on no byte leaves it and no transaction is carried out; only then its tasks are swept away.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fiscald.emulator import emulator_factory
from fiscald.emulator.device import Device
from fiscald.emulator.faults import Fault as DeviceFault
from fiscald.emulator.faults import FaultKind, Switch
from fiscald.emulator.memory import RegisterState
from fiscald.emulator.noviapi.device import NoviApiPrinter
from fiscald.emulator.register import Register
from fiscald.journal import Phase
from fiscald.model.jobs import Job
from fiscald.model.times import POLISH_TIME
from fiscald.protocols import family
from tests.chaos import http, others
from tests.chaos.cable import Cable
from tests.chaos.first_journal import put_journal
from tests.chaos.life import Life
from tests.chaos.living import live
from tests.chaos.outcome import Outcome
from tests.chaos.people import Person, client
from tests.chaos.schedule import (
    ACTS,
    CABLE,
    HTTP,
    HTTP_ACTS,
    SWITCHES,
    WRITES,
    Fault,
    Restored,
    Schedule,
    Size,
    What,
)
from tests.chaos.truth import Sale, Truth
from tests.emulator.records import october

#: Virtual seconds after which an unfinished run counts as stuck.
PATIENCE = 2400.0
#: How much more, if this computer's clock is changed: a printer that gives no token names the time when it will, and
#: fiscald waits at most an hour for it.
OTHER_CLOCK = 3600.0
#: Turns of the loop after which a run counts as going in circles.
TURNS = 120_000


#: Documents for which the printer needs a fiscal memory that is not empty.
MEMORY_REPORTS = ("periodic_report", "monthly_report")


class World:
    """The shop of one run."""

    most_turns = TURNS
    patience = PATIENCE

    def __init__(self, schedule: Schedule, directory: Path) -> None:
        self.schedule = schedule
        self.directory = directory
        self.rng = random.Random(f"run {schedule.seed}")
        self.family = family(schedule.family)
        self.now = asyncio.get_running_loop().time
        self._began = datetime.fromisoformat(f"2026-11-22T{schedule.start_hour}").replace(tzinfo=POLISH_TIME)
        self.lines: list[str] = []
        self.clock_jump = 0.0
        self.disk_full = False
        self.writes = 0
        self.turns = 0
        self.life: Life | None = None
        self.up = asyncio.Event()
        self.hits: list[tuple[What, str, str | None]] = []
        self.commands = 0
        self.answers: list[tuple[str, Job]] = []
        self.accepted: list[str] = []
        self.undecided: dict[str, tuple[str, float, float]] = {}
        self.begun: dict[str, float] = {}
        self.violations: list[str] = []
        self.helped = 0
        self.alarms = 0
        self.later = random.Random(f"later {schedule.seed}")
        self.not_asked_again: set[str] = set()
        """Keys that were asked for before the journal was put back, and not since."""
        self.put_back_at: float | None = None
        self.kept: list[dict[str, str]] = [{}]
        """What the family keeps beside the journal, after every change."""
        self.own_ids: set[str] = set()
        """The printer's ids of documents that were written down."""
        self.second_confirmations: list[float] = []
        """When the printer took the token away, because something was confirmed beside something else."""
        self._more: list[asyncio.Future[None]] = []
        self._kill_at: list[tuple[int, Fault]] = []
        self._others_at = [(fault.at, fault) for fault in schedule.faults if fault.what in others.ACTS]
        self.others_come = bool(self._others_at)
        self._kill_at_write = [fault for fault in schedule.faults if fault.what in WRITES]
        reports = any(order.document["type"] in MEMORY_REPORTS for order in schedule.orders)
        self._past: dict[str, Any] = {"fiscal_memory": october()} if reports else {}
        device = self._printer(1)
        self.home = device
        self.truth = Truth(device.register, self.now, self.log)
        self.cable = Cable(device, schedule.link, self.rng, self.log, self.happens, self._kill)
        self._meet(device)
        put_journal(directory, device.register.state.unique_number, self.register_time(), device.register.state.reports)

    def _printer(self, number: int) -> Device:
        register = Register(RegisterState(unique_number=f"EMU {number:010d}", **self._past), clock=self.register_time)
        options = {} if self.schedule.profile is None else {"profile": self.schedule.profile}
        device: Device = emulator_factory(self.schedule.family)(register, seed=self.schedule.seed, **options)
        device.slowness = self.schedule.slowness
        return device

    # -- clocks ---------------------------------------------------------------------------------------

    def register_time(self) -> datetime:
        return self._began + timedelta(seconds=self.now())

    def host_time(self) -> datetime:
        return self.register_time() + timedelta(seconds=self.clock_jump)

    def log(self, line: str) -> None:
        self.lines.append(f"{self.now():.6f} {line}")

    def know_id(self, evidence: Any) -> None:
        """An id of the printer's own is in the journal, if that evidence has one."""
        own_id = (evidence.get("opened") or {}).get("own_id")
        if own_id is not None:
            self.own_ids.add(own_id)

    # -- faults ---------------------------------------------------------------------------------------

    def happens(self, what: What) -> None:
        """A fault happens now: counted, with the phase of the running job."""
        phase, key = "idle", None
        if self.life is not None and not self.life.journal.dead:
            entry = self.life.journal.store.next_job("till1")
            if entry is not None:
                phase, key = entry.phase.value, entry.job.key
                if entry.phase is Phase.STARTED and "opened" in (entry.job.evidence or {}):
                    phase = "opened"
        self.hits.append((what, phase, key))

    def _plan(self) -> None:
        """Put every fault where it will happen."""
        loop = asyncio.get_running_loop()
        for fault in self.schedule.faults:
            if fault.what in CABLE:
                self.cable.faults.append(fault)
            elif fault.what in ACTS:
                planned = DeviceFault(act=ACTS[fault.what], nth=fault.at, seconds=fault.seconds)
                self.cable.device.faults.plan(planned)
            elif fault.what in HTTP:
                http.plan(self.cable.device, fault, self.happens)
            elif fault.what in SWITCHES:
                planned = DeviceFault(act=FaultKind.SWITCH, nth=fault.at, switch=SWITCHES[fault.what])
                self.cable.device.faults.plan(planned)
            elif fault.what is What.INTRUDER:
                for act in (FaultKind.KEYPAD_CANCEL, FaultKind.FOREIGN_RECEIPT):
                    self.cable.device.faults.plan(DeviceFault(act=act, nth=fault.at))
            elif fault.what is What.KILL_TURN:
                self._kill_at.append((fault.at, fault))
            elif fault.what not in (*WRITES, *others.ACTS):
                loop.call_later(fault.at, self._timed, fault)

    def _timed(self, fault: Fault) -> None:
        self.log(f"fault {fault.what}")
        self.happens(fault.what)
        loop = asyncio.get_running_loop()
        match fault.what:
            case What.CLOCK:
                self.clock_jump += fault.amount
            case What.DISK_FULL:
                self.disk_full = True
                loop.call_later(fault.seconds, setattr, self, "disk_full", False)
            case What.SWAP:
                self.cable.swap(self._printer(2))
                loop.call_later(fault.seconds, self.cable.swap, self.home)
            case What.JOURNAL_COPY:
                copy = {name: (self.directory / name).read_bytes() for name in ("journal.db", "lock")}
                if self.life is not None:
                    with self.life.journal.store.copy() as complete:
                        copy["journal.db"] = complete.read()
                loop.call_later(fault.seconds, self._put_back, Restored(fault.amount), copy)
            case What.FOREIGN_SLOW:
                self._background.append(asyncio.ensure_future(self._slow_foreigner(fault.seconds / 20)))

    def _others_come(self, command: str) -> None:
        """What other people do together just before a command is carried out."""
        device = self.cable.device
        cancelling = command in others.CANCELLING[self.schedule.family]
        for at, fault in list(self._others_at):
            if self.commands >= at and device is self.home and not cancelling:
                self._others_at.remove((at, fault))
                self.log(f"fault {fault.what}")
                self.happens(fault.what)
                self.truth.by_others(lambda fault=fault: others.ACTS[fault.what](device, fault.amount))  # type: ignore[misc]
                if fault.what is What.NEXT_CUSTOMER:
                    asyncio.get_running_loop().call_later(fault.seconds, self._next_customer_goes)
        if command in others.CLOSING[self.schedule.family]:
            self.truth.by_others(lambda: others.close_ours(device))

    def _next_customer_goes(self) -> None:
        transaction = self.home.register.state.transaction
        if transaction is not None and not transaction.lines and self.truth.owner == "others":
            self.truth.by_others(self.home.keypad_cancel)

    def _put_back(self, what: Restored, copy: dict[str, bytes]) -> None:
        """The daemon is stopped, an older journal is put in its place, and every client asks once more."""
        self.log(f"the journal is put back: {what.name}")
        self.put_back_at = self.now()
        life, self.life = self.life, None
        self.up.clear()
        if life is not None:
            life.die()
            asyncio.get_running_loop().call_later(0.1, self._start)
        for name, content in copy.items():
            path = self.directory / name
            if what is Restored.DIRECTORY:
                path.unlink()  # the one that is written has another inode
                path.with_name("in its place").write_bytes(b"")
            if name == "journal.db" or what is not Restored.FILE:
                path.write_bytes(content)
        asked = [order for order in self.schedule.orders if order.at <= self.now()]
        self.not_asked_again = {order.key for order in asked}
        self._more += [asyncio.ensure_future(client(self, order, again=True)) for order in asked]

    async def _slow_foreigner(self, pause: float) -> None:
        """Another program with a separate receipt, that gives up when it is refused."""
        device = self.cable.device
        did: list[bool] = []
        for _ in range(200):
            self.truth.by_others(lambda: did.append(device.foreign_begin()))
            if did[-1]:
                break
            await asyncio.sleep(0.05)
        for step in (lambda: device.foreign_sell("Obcy towar", 777), lambda: device.foreign_end(777)):
            await asyncio.sleep(pause)
            if did[-1]:
                self.truth.by_others(lambda step=step: did.append(step()))  # type: ignore[misc]

    def turn(self) -> None:
        """Once in every turn of the loop: between any two awaits."""
        self.turns += 1
        if self.turns > self.most_turns:
            raise RuntimeError("going in circles")
        if not self._kill_at:
            return
        for at, fault in self._kill_at.copy():
            if self.turns >= at and self.life is not None:
                self._kill_at.remove((at, fault))
                self._kill(fault)

    def write_happens(self, *, before: bool) -> None:
        """Before a journal write, and after it, before it is reported."""
        for fault in list(self._kill_at_write):
            if self.writes == fault.at and before == (fault.what is What.KILL_BEFORE_WRITE):
                self._kill_at_write.remove(fault)
                self._kill(fault)

    def _kill(self, fault: Fault) -> None:
        if self.life is None:
            return
        if fault.what is not What.CUT_AND_KILL:
            self.log(f"fault {fault.what}")
            self.happens(fault.what)
        life, self.life = self.life, None
        self.up.clear()
        life.die()
        if fault.what is What.HOST_POWER:
            self.cable.device.power(on=False)
            # It is written without syncing: a power cut may lose it, or leave an older one.
            self.kept.append(random.Random(f"kept {self.schedule.seed}").choice((self.kept[-1], {}, *self.kept[-20:])))
        asyncio.get_running_loop().call_later(max(fault.seconds, 0.1), self._start)

    def _start(self) -> None:
        self.log("daemon starts")
        self.life = Life(self)
        self.up.set()

    async def main(self) -> Outcome:
        """Carry the schedule out."""
        self.up = asyncio.Event()
        self._background = [asyncio.ensure_future(self.make_person().run())]
        self._plan()
        self._start()
        done = asyncio.gather(*self.clients())
        patience = self.patience + OTHER_CLOCK * any(fault.what is What.CLOCK for fault in self.schedule.faults)
        try:
            await asyncio.wait_for(done, patience)
            if self.schedule.restored is not None:
                await asyncio.wait_for(self._second_round(), patience)
        except TimeoutError:
            self.violations.append("stuck: a job has no final answer, long after the last fault")
        for planned in (self._kill_at, self._kill_at_write, self.cable.faults):
            planned.clear()
        seconds = self.now()
        passed = self.cable.passed
        size = Size(out=passed["out"], back=passed["in"], turns=self.turns, writes=self.writes, commands=self.commands)
        await self.up.wait()
        jobs = await self._last_look()
        for task in self._background:
            task.cancel()
        life, self.life = self.life, None
        assert life is not None
        life.die()
        await asyncio.gather(*life.tasks, *self._background, return_exceptions=True)
        return Outcome(
            schedule=self.schedule, jobs=jobs, truth=self.truth, answers=self.answers, accepted=self.accepted,
            undecided=self.undecided, begun=self.begun, hits=self.hits, size=size, helped=self.helped,
            alarms=self.alarms, seconds=seconds, violations=self.violations, log=self.lines,
            left_stored=http.left_stored(self.home) & self.own_ids,
            second_confirmations=len(self.second_confirmations),
        )  # fmt: skip

    def clients(self) -> list[Coroutine[Any, Any, None]]:
        """Everybody who prints through the daemon."""
        clients = [client(self, order) for order in self.schedule.orders]
        return clients + [client(self, order) for order in self.schedule.orders if order.asked_twice]

    def make_person(self) -> Person:
        """Who looks after the printer."""
        return Person(self)

    def sale_of(self, job: Job) -> Sale | None:
        """What the register has of that job."""
        return next((sale for sale in self.truth.sales if sale.job == job.key), None)

    async def _second_round(self) -> None:
        """What is asked for again once the journal was put back."""
        while self.put_back_at is None:
            await asyncio.sleep(1)
        await asyncio.gather(*self._more)

    async def _last_look(self) -> dict[str, Job]:
        """Every job as the journal has it in the end, asked from a daemon that was just started."""
        assert self.life is not None
        self.life.die()
        await asyncio.gather(*self.life.tasks, return_exceptions=True)
        self._start()
        assert self.life is not None
        return {entry.job.key: entry.job for entry in self.life.journal.store.jobs(limit=1000)}

    def _meet(self, device: Device) -> None:
        """Count the device's own faults when they happen, and tell the truth who acts."""
        real = device.faults.next_faults
        acts = {act: what for what, act in (ACTS | HTTP_ACTS).items()}
        switches = {switch: what for what, switch in SWITCHES.items()} | {Switch.QUEUE_LOST: What.QUEUE_LOST}

        def next_faults(command: str) -> list[DeviceFault]:
            self.commands += 1
            if self.others_come:
                self._others_come(command)
            before = set(device.faults.switches)
            due = real(command)
            for fault in due:
                self.happens(acts[fault.act])
            for switch in device.faults.switches - before:
                self.happens(switches[switch])
            return due

        device.faults.next_faults = next_faults  # type: ignore[method-assign]
        if isinstance(device, NoviApiPrinter):
            http.meet(device, self.happens, self.second_confirmations)
        for name in ("foreign_receipt", "keypad_cancel", "keypad_report"):
            action: Callable[[], None] = getattr(device, name)
            setattr(device, name, lambda action=action: self.truth.by_others(action))


def carry_out(schedule: Schedule) -> Outcome:
    """Carry one schedule out, from the first turn to the last."""
    return live(lambda directory: World(schedule, directory), World.main, schedule.seed)
