"""The people of the shop: one who looks after the printer and the journal, and the applications that print."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from fiscald.emulator.faults import Switch
from fiscald.model.documents import Submission
from fiscald.model.jobs import Job, JobState, JournalConfirmation, Resolution
from fiscald.model.printers import PrinterState
from fiscald.model.problems import ProblemError
from tests.chaos.life import Dead, Life, SimJournal
from tests.chaos.schedule import SWITCHES, Order

if TYPE_CHECKING:
    from tests.chaos.world import World

#: Virtual seconds after which a person looks after what needs one.
PERSON_SECONDS = 120.0


class Person:
    """A person at the printer."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._confirms_at = -1000.0
        self._reports_at: float | None = None
        self._looked_at: tuple[SimJournal, int] | None = None
        """A journal in which nothing was undecided, and after how many changes."""

    async def run(self) -> None:
        """Puts paper in, switches the printer on, decides what is undecided; as late as people are."""
        rng = random.Random(f"person {self.world.schedule.seed}")
        waits: dict[object, float] = {}
        open_since: tuple[int, float] | None = None
        while True:
            await asyncio.sleep(1)
            device, now = self.world.cable.device, self.world.now()
            broken: set[object] = {s for s in device.faults.switches if s in SWITCHES.values()}
            if not device.powered:
                broken.add("power")
            if device.awaits_key:
                broken.add("question")
            for what in sorted(broken, key=str):
                if now >= waits.setdefault(what, now + rng.choice((0, 3, 40))):
                    if isinstance(what, Switch):
                        device.faults.switches.discard(what)
                    elif what == "question":
                        device.press(confirm=rng.random() < 0.8)
                    else:
                        device.power(on=True)
                    self.world.log(f"person mends {what}")
                    self.world.cable.pump()
            waits = {what: at for what, at in waits.items() if what in broken}
            register = device.register.state
            if register.transaction is None:
                open_since = None
            elif open_since is None or open_since[0] != id(register.transaction):
                open_since = (id(register.transaction), now)
            elif now - open_since[1] > PERSON_SECONDS and not broken:
                self.world.helped += 1
                self.world.log("a person cancels an unfinished receipt")
                self.world.truth.by_others(device.keypad_cancel)
                open_since = None
            self._report()
            await self._decide()
            await self._confirm()

    def _report(self) -> None:
        """Make the daily report of yesterday, which some printers want before the next sale."""
        life, now = self.world.life, self.world.now()
        if life is None or life.engine.printer("till1").state is not PrinterState.REPORT_DUE:
            self._reports_at = None
        elif self._reports_at is None:
            self._reports_at = now + self.world.later.choice((0, 3, 40))
        elif now >= self._reports_at:
            self._reports_at = None
            self.world.log("a person makes the daily report that is due")
            self.world.truth.by_others(self.world.cable.device.keypad_report)

    async def _confirm(self) -> None:
        """Compare the journal with the paper, once every document that may be there was asked for again."""
        life, now = self.world.life, self.world.now()
        if life is None or life.engine.printer("till1").state is not PrinterState.BEHIND or self.world.not_asked_again:
            return
        if now < self._confirms_at:
            return
        if self._confirms_at < now - 100:
            self._confirms_at = now + self.world.later.choice((0, 3, 40))
            return
        self.world.log("person confirms the journal")
        try:
            await life.call(life.engine.confirm_journal("till1", JournalConfirmation(by="a person")))
        except (Dead, ProblemError) as error:
            self.world.log(f"person could not confirm: {error!r}")

    async def _decide(self) -> None:
        life = self.world.life
        if life is None or self._looked_at == (life.journal, life.journal.changes):
            return
        undecided = life.journal.store.jobs(state=JobState.UNDECIDED)
        if not undecided:
            self._looked_at = life.journal, life.journal.changes
        for entry in undecided:
            job = entry.job
            assert job.error is not None
            cause = str((job.error.model_extra or {}).get("cause"))
            self.world.undecided.setdefault(job.key, (cause, self.world.begun.get(job.key, 0.0), self.world.now()))
            sale = self.world.sale_of(job)
            printed = sale is not None or job.document.type not in ("receipt", "invoice")
            resolution = Resolution(
                verdict="printed" if printed else "not_printed", number=sale.number if sale else None, by="a person"
            )
            try:
                await life.call(life.engine.resolve(job.key, resolution))
            except (Dead, ProblemError) as error:
                self.world.log(f"person could not decide: {error!r}")
            if life is not self.world.life:
                return


async def client(world: World, order: Order, *, again: bool = False) -> None:
    """An application with one document: asks with the same key until it has a final answer."""
    submission = Submission.model_validate(
        {"printer": "till1", "document": order.document, "if_interrupted": order.if_interrupted}
    )
    if not again:
        await asyncio.sleep(order.at)
    accepted, since = False, world.put_back_at

    async def ask(life: Life) -> Job:
        nonlocal accepted
        if not accepted:
            await life.engine.submit(order.key, submission)
        if not life.journal.dead and not accepted:
            accepted = True
            world.accepted.append(order.key)
            world.not_asked_again.discard(order.key)
        return await life.engine.wait(order.key, 60)

    while True:
        await world.up.wait()
        life = world.life
        if life is None:
            continue
        try:
            job = await life.call(ask(life))
        except Dead:
            continue
        except ProblemError as error:
            world.log(f"client {order.key}: {error}")
            if error.problem.code == "job.unknown" and since != world.put_back_at:
                accepted, since = False, world.put_back_at
                continue
            if error.problem.code == "job.unknown":
                world.violations.append(f"forgotten: {order.key} was accepted, and is unknown")
                return
            await asyncio.sleep(1)
            continue
        if job.state.final:
            world.log(f"client {order.key}: {job.state} {job.result.number if job.result else ''}")
            world.answers.append((order.key, job))
            if job.state is not JobState.UNDECIDED:
                return
            await asyncio.sleep(5)
