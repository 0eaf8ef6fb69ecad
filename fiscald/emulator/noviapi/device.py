"""A Novitus printer seen from its ports of NoviAPI: up to ten servers, one queue, one worker.

Facts: the API's contract 1.0.4. Jobs are carried out one at a time, in the order in which they were confirmed. What is
printed waits until there is paper; the answers say meanwhile what is wrong (``device.error``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from fiscald.emulator.clock import Clock
from fiscald.emulator.device import Device
from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.emulator.noviapi.api import REQUESTS
from fiscald.emulator.noviapi.jobs import Job, JobError, JobTable
from fiscald.emulator.noviapi.memory import NoviApiMemory
from fiscald.emulator.noviapi.port import ApiPort
from fiscald.emulator.noviapi.rules import ENDPOINTS
from fiscald.emulator.noviapi.work import ErrorText, Outcome, Worker
from fiscald.emulator.novitus.refusals import NeedsConfirmation
from fiscald.emulator.paper import Printout
from fiscald.emulator.port import Port
from fiscald.emulator.register import Register

#: Servers of a printer; the first one listens on 8888, the tenth on 8897 where nothing else is set.
SERVERS = 10
#: The server at which other programs are.
FOREIGN_SERVER = 10
#: Conditions in which nothing is printed, with the number that the answers have.
_NO_PRINTING = {
    Switch.PAPER_OUT: 1037,
    Switch.COVER: 1086,
    Switch.LEVER: 1086,
    Switch.MECHANISM: 1086,
}
#: Conditions in which nothing is carried out at all.
_NO_WORK = {Switch.MENU: 1034, Switch.WAIT_KEY: 1034, Switch.QUEUE_FULL: 1034}


def step(endpoint: str) -> str:
    """How a fault calls the printer's work on a job."""
    return f"run {endpoint}"


class _Running(NamedTuple):
    """A job that was carried out, and when its end becomes known."""

    job_id: str
    outcome: Outcome | None
    """``None``: its end is unknown."""
    ends: float


class _Question(NamedTuple):
    """A job that waits for a key."""

    job_id: str
    question: NeedsConfirmation
    faults: Sequence[Fault]


class NoviApiPrinter(Device):
    """See ``fiscald.emulator.device.Device``. It is its own first port."""

    family = "noviapi"
    profiles = ("point", "hd2", "deon", "bono", "infis")
    links = ("tcp",)
    scheme = "http"
    fault_kinds = frozenset(FaultKind)
    framing = b"\r\nHT"
    second_caller_seconds = 15.0

    def __init__(
        self,
        register: Register,
        *,
        profile: str = "point",
        width: int = 40,
        seed: int = 0,
        printed: Callable[[Printout], None] = lambda _: None,
    ) -> None:
        super().__init__(register, seed=seed, printed=printed)
        self._worker = Worker(register, self.faults, profile, width, self.emit)
        self._worker.direct.report_unknown(self.report_unknown)
        self.model = self._worker.model.name
        self.table = JobTable(lambda: self.memory.table, self.unique_number)
        self.faults.commands = REQUESTS | {step(name) for name in ENDPOINTS}
        self._running: _Running | None = None
        self._question: _Question | None = None
        self._now = 0.0
        self._speaking: ApiPort | None = None
        self._ports = tuple(ApiPort(self, number) for number in range(1, SERVERS + 1))
        self._foreign: list[dict[str, Any]] | None = None
        self._power_up()

    # -- what a server asks of it ---------------------------------------------------------------------

    @property
    def memory(self) -> NoviApiMemory:
        """The family's part of the memory, which survives a power cut."""
        return self._worker.memory

    @property
    def clock(self) -> Clock:
        """See ``Printer.clock``."""
        return self.register.clock

    @property
    def unique_number(self) -> str:
        """The unique number in the 13 characters that the API shows."""
        return self._worker.core.unique_number

    @property
    def has_space(self) -> bool:
        """See ``Printer.has_space``."""
        return not self.faults.on(Switch.COPY_BLOCKED)

    @property
    def condition(self) -> dict[str, Any] | None:
        """See ``Printer.condition``."""
        for switch, code in (_NO_PRINTING | _NO_WORK).items():
            if self.faults.on(switch):
                return ErrorText.of(code)._asdict()
        return None

    # -- the ports ------------------------------------------------------------------------------------

    @property
    def ports(self) -> Sequence[Port]:
        """See ``Device.ports``: one for every server, the first one this printer itself."""
        return (self, *self._ports[1:])

    def connected(self, now: float) -> None:
        """See ``Device.connected``."""
        self._ports[0].connected(now)

    def disconnected(self) -> None:
        """See ``Device.disconnected``."""
        self._ports[0].disconnected()

    def receive(self, data: bytes, now: float) -> None:
        """See ``Device.receive``."""
        self._ports[0].receive(data, now)

    def poll(self, now: float) -> bytes:
        """See ``Device.poll``."""
        return self._ports[0].poll(now)

    @property
    def hangs_up(self) -> bool:
        """See ``Device.hangs_up``."""
        return self._ports[0].hangs_up

    def wakeup(self) -> float | None:
        """See ``Device.wakeup``."""
        return self._ports[0].wakeup()

    def answer(self, data: bytes, at: float) -> None:
        """See ``Device.answer``; to the port whose answer is being sent."""
        (self._speaking or self._ports[0]).send(data, at)

    def through_faults(
        self, port: ApiPort, data: bytes, at: float, faults: Iterable[Fault]
    ) -> tuple[bytes, float] | None:
        """An answer of a port with what its faults do to it; see ``apply_faults``."""
        self._speaking = port
        return self.apply_faults(data, at, faults)

    def corrupted(self, data: bytes) -> bytes:
        """See ``Device.corrupted``. HTTP has no checksum: a body that is no JSON, or no HTTP where there is no body."""
        head, end, body = data.partition(b"\r\n\r\n")
        return head + end + b"\xff" + body[1:] if body else b"\xff" + data[1:]

    # -- the worker -----------------------------------------------------------------------------------

    @property
    def busy_until(self) -> float | None:
        """When the worker goes on by itself; ``None``: it waits for something to happen."""
        return None if self._running is None else self._running.ends

    def work(self, now: float) -> None:
        """Do what is due, and let a person confirm at once what is asked, if one does."""
        self.run(now)
        while self.powered and self.auto_confirm and self.awaits_key:
            self.press(confirm=True)
            self.run(now)

    def run(self, now: float) -> None:
        """See ``Device.run``."""
        self._now = now
        while self.powered and self._question is None:
            if self._running is not None:
                if now < self._running.ends:
                    return
                self._finish(self._running)
            job = self.table.next()
            if job is None or not self._can_start(job):
                return
            self._start(job, now)

    def _can_start(self, job: Job) -> bool:
        return not self.faults.any_on(_NO_WORK) and not (self._worker.prints(job) and self.faults.any_on(_NO_PRINTING))

    def _start(self, job: Job, now: float) -> None:
        """Carry a job out. It is PENDING as long as that takes."""
        faults = self.faults.named_faults(step(job.endpoint))
        acts = {fault.act for fault in faults}
        if not self._can_start(job):
            # A condition began with the work.
            return
        job.state = "PENDING"
        if FaultKind.POWER_CUT_BEFORE in acts:
            self.power(on=False)
            return
        self.act_before(faults)
        if FaultKind.DROP_BEFORE in acts:
            self._running = _Running(job.id, None, now)
            return
        sheets = len(self.register.printouts)
        try:
            outcome = self._worker.carry_out(job)
        except NeedsConfirmation as question:
            self._question = _Question(job.id, question, faults)
            self.show_question(question.display)
            return
        self._carried_out(job.id, outcome, sheets, faults, now)

    def _carried_out(self, job_id: str, outcome: Outcome, sheets: int, faults: Sequence[Fault], now: float) -> None:
        """A job is done; its end is known when its paper is out. ``sheets``: how many there were before it."""
        acts = {fault.act for fault in faults}
        self.register.commit()
        if FaultKind.POWER_CUT_AFTER in acts:
            self.power(on=False)
            return
        late = sum(fault.seconds for fault in faults if fault.act is FaultKind.LATE)
        ends = now + self.duration(self.register.printouts[sheets:]) + late
        self._running = _Running(job_id, None if FaultKind.DROP_AFTER in acts else outcome, ends)

    def _finish(self, running: _Running) -> None:
        """What became of a job is known."""
        self._running = None
        job = self.table.get(running.job_id)
        if job is not None:
            _settle(job, running.outcome)
        self._keep_up()

    def _keep_up(self) -> None:
        state = self.register.state
        self.table.keep_up(state.reports, state.ram_resets, fiscal=state.fiscal)
        self.register.commit()

    @property
    def _busy(self) -> bool:
        """Whether a job is being carried out."""
        return self._running is not None or self._question is not None

    # -- power and people -----------------------------------------------------------------------------

    def power(self, *, on: bool) -> None:
        """See ``Device.power``."""
        if on is self.powered:
            return
        super().power(on=on)
        self._running = self._question = None
        for port in self._ports:
            port.disconnected()
        if on:
            self._power_up()
        else:
            self.table.power_lost(all_jobs=self.faults.on(Switch.QUEUE_LOST))
            self.register.commit()

    def _power_up(self) -> None:
        """The servers start, without tokens. What was being carried out has an unknown end."""
        self.table.power_lost(all_jobs=False)
        for port in self._ports:
            port.api.restart()
        self._worker.power_up()
        self._keep_up()

    def state_replaced(self) -> None:
        """See ``Device.state_replaced``."""
        self._worker.state_replaced()
        self._keep_up()

    @property
    def awaits_key(self) -> bool:
        """See ``Device.awaits_key``."""
        return self._question is not None

    def press(self, *, confirm: bool) -> None:
        """See ``Device.press``."""
        self.faults.switches.discard(Switch.WAIT_KEY)
        asked, self._question = self._question, None
        if asked is not None:
            sheets = len(self.register.printouts)
            outcome = self._worker.answered(asked.question, confirm=confirm)
            self._carried_out(asked.job_id, outcome, sheets, asked.faults, self._now)

    def keypad_cancel(self) -> None:
        """See ``Device.keypad_cancel``. Only the older protocols leave a document open; a program gives up its own."""
        self._foreign = None
        self._worker.cancel_open()
        self.register.commit()

    def keypad_report(self) -> None:
        """See ``Device.keypad_report``. The printer warns of unconfirmed jobs, and forgets them."""
        if not self._busy and self._worker.daily_report():
            self._keep_up()

    # -- other programs -------------------------------------------------------------------------------

    def foreign_begin(self) -> bool:
        """See ``Device.foreign_begin``: the program at another server collects what it will send as one document."""
        if self._foreign is not None or self._busy or self.table.report() is not None:
            return False
        self._foreign = []
        return True

    def foreign_sell(self, name: str, price: int) -> bool:
        """See ``Device.foreign_sell``."""
        if self._foreign is None:
            return False
        value = f"{price // 100}.{price % 100:02}"
        article = {"name": name, "ptu": "A", "quantity": "1", "price": value, "value": value}
        self._foreign.append({"article": article})
        return True

    def foreign_end(self, total: int) -> bool:
        """See ``Device.foreign_end``."""
        items, self._foreign = self._foreign, None
        value = f"{total // 100}.{total % 100:02}"
        return bool(items) and self.foreign_command(
            "receipt", {"items": items, "summary": {"total": value, "pay_in": value}}
        )

    def foreign_command(self, command: str, values: dict[str, Any]) -> bool:
        """See ``Device.foreign_command``: ``command`` is an endpoint, ``values`` its document.

        It is carried out at once, between two jobs of the queue.
        """
        endpoint = ENDPOINTS.get(command)
        if endpoint is None or endpoint.errors({endpoint.root: values}) or not self.powered:
            return False
        waiting = self.table.waiting if command == "daily_report" else self.table.report()
        if waiting or self._busy:
            return False
        job = self.table.store(FOREIGN_SERVER, command, values)
        try:
            if self._can_start(job):
                _settle(job, self._worker.carry_out(job))
        except NeedsConfirmation:
            pass
        if job.waits:
            self.table.delete([job])
        self._keep_up()
        return job.state == "DONE"


def _settle(job: Job, outcome: Outcome | None) -> None:
    """Write down what became of a job; the document is not needed any more."""
    job.content = {}
    if outcome is None:
        job.state = "UNKNOWN"
        return
    job.state = "DONE" if outcome.error is None else "ERROR"
    job.jpkid, job.e_document, job.response = outcome.jpkid, outcome.e_document, outcome.response
    if outcome.error is not None:
        job.error = JobError(code=outcome.error.code, description=outcome.error.description)
