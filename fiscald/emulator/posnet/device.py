"""A POSNET printer seen from its port: frames, queue, immediate commands, waiting, faults.

Source: POSNET reference, sections 3.3 to 3.6 and 11.3 to 11.4.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from fiscald.emulator.device import BEFORE_COMMAND, Device, readable
from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.emulator.paper import Printout
from fiscald.emulator.posnet import e_receipt, sale, service, status
from fiscald.emulator.posnet.machine import ExecError, Handler, Machine, NeedsConfirmation, Values
from fiscald.emulator.posnet.memory import PosnetMemory
from fiscald.emulator.register import Register
from fiscald.model.text import CODE_PAGES
from fiscald.protocols.base import Effect
from fiscald.protocols.posnet.commands import COMMANDS, Row
from fiscald.protocols.posnet.fields import Dialect
from fiscald.protocols.posnet.frames import (
    ERROR,
    ETX,
    STX,
    TOKEN,
    BadFrame,
    Deframer,
    Field,
    Frame,
    FrameFault,
    encode,
)
from fiscald.protocols.posnet.grammar import State
from fiscald.protocols.posnet.profiles import PROFILES
from fiscald.protocols.tables import FieldFault

#: Commands that wait in the queue before it is full (3.5, our assumption).
QUEUE = 8
#: Seconds after which an unfinished frame is dropped (3.6 rule 6).
FRAME_SECONDS = 5.0
#: Answers kept for ``rpt`` (9.1, our assumption).
KEPT_ANSWERS = 16
#: What older devices do not know (sections 5.5, 5.7, 5.8).
ONLINE_ONLY = frozenset(
    ("trnipset", "eparagonidznext", "eparagonidzcancel", "eparagonbufferget", "trfvbuyer", "trfvnumber", "trfvfreedata")
)
#: What printers know and this one does not, by its purpose (tiers 3 and 4 of the reference, sections 5.1, 5.2, 5.10).
NOT_EMULATED = {
    "currrateset": "set the rate of the second currency",
    "currget": "read the main currency",
    "currset": "set the main currency",
    "discounttypeset": "choose how percentages are rounded",
    "ecbufinfoget": "read about the buffer of the electronic copy",
    "ecmedinfoget": "read about the medium of the electronic copy",
    "ecpubkeyget": "read the key of the electronic copy",
    "hardprncancel": "give a printout up",
    "pccfgset": "set the interfaces to the computer",
    "periodicrepbynumbers": "periodic report by numbers",
    "protoswitch": "change to the Thermal protocol",
    "svc": "a command of the service",
    "trdiscntline": "discount or surcharge on one line",
}
#: Commands that move no paper and therefore do not wait for it.
PAPERLESS = frozenset(
    (
        "ftrcfg", "ftrinfoset", "hdrset", "qrcode", "azteccode", "dmcode", "pdf417code", "opendrwr", "beep",
        "dsptxtline", "dsptxt", "dspcmd", "dspcfg", "dspmode", "auth", "maintenance", "rtcset", "prncfgset",
        "papersavecfg", "eparagonidznext", "eparagonidzcancel", "dbchkstart", "dbchkplu", "dbchkend", "rpt",
    )
)  # fmt: skip
_MECHANISM = {Switch.PAPER_OUT: 5, Switch.COVER: 3, Switch.LEVER: 1, Switch.MECHANISM: 8}


@dataclass
class Waiting:
    """A command in the queue."""

    frame: Frame
    token: bytes | None
    faults: list[Fault] = field(default_factory=list)
    go: Callable[[], Values] | None = None
    """Set once it asked its question, with the values it was sent."""
    values: Values = field(default_factory=dict)
    refused: bool = False
    silent: bool = False
    """The program that sent it is gone, so the answer is not sent."""


class PosnetPrinter(Device):
    """See ``fiscald.emulator.device.Device``."""

    family = "posnet"
    profiles = tuple(PROFILES)
    code_pages = tuple(CODE_PAGES)
    framing = STX + ETX

    def __init__(
        self,
        register: Register,
        *,
        profile: str = "online",
        code_page: str = "cp1250",
        width: int = 40,
        seed: int = 0,
        printed: Callable[[Printout], None] = lambda _: None,
    ) -> None:
        super().__init__(register, seed=seed, printed=printed)
        self._profile = PROFILES[profile]
        self._dialect = Dialect(CODE_PAGES[code_page], self._profile.generation)
        self._machine = Machine(register, self.faults, self._profile, width, self.handlers(), self.emit)
        self.model = self._machine.model
        self.faults.commands = frozenset(name for name in COMMANDS if self.known(name))
        self._deframer = Deframer()
        self._frame_began = 0.0
        self.queue: deque[Waiting] = deque()
        self.unconfirmed: Waiting | None = None
        self._busy_until = 0.0
        self._kept: dict[bytes, bytes] = {}

    def handlers(self) -> dict[str, Handler]:
        """What carries out each command."""
        return status.HANDLERS | sale.HANDLERS | e_receipt.HANDLERS | service.HANDLERS

    @property
    def memory(self) -> PosnetMemory:
        """The family's part of the memory, which survives a power cut."""
        return self._machine.memory

    def state_replaced(self) -> None:
        """See ``Device.state_replaced``."""
        self._machine.read_stored()

    # -- bytes in -------------------------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> None:
        """See ``Device.receive``."""
        if not self.powered:
            return
        if self._deframer.inside and now - self._frame_began > FRAME_SECONDS:
            self._deframer.reset()
        if not self._deframer.inside or STX in data:
            self._frame_began = now
        for item in self._deframer.feed(data):
            if isinstance(item, BadFrame):
                self._refuse_frame(item.fault, now, mnemonic=item.mnemonic)
            else:
                self._accept(item, now)
        self.run(now)

    def _accept(self, frame: Frame, now: float) -> None:
        faults = self.faults.next_faults(f"!{frame.mnemonic}" if frame.immediate else frame.mnemonic)
        token = frame.get(TOKEN)
        if any(fault.act is FaultKind.CORRUPT_IN for fault in faults):
            self._refuse_frame(FrameFault.CRC, now)
        elif token is not None and len(token) != 4:
            self._refuse_frame(8, now, mnemonic=frame.mnemonic)
        elif token is not None and not token.isdigit():
            self._refuse_frame(4, now, mnemonic=frame.mnemonic)
        elif frame.immediate:
            self._immediate(frame, token, now, faults)
        elif self.faults.on(Switch.QUEUE_FULL) or len(self.queue) >= QUEUE:
            self._refuse_frame(14, now, mnemonic=frame.mnemonic, token=token)
        else:
            self.queue.append(Waiting(frame, token, faults))

    def _immediate(self, frame: Frame, token: bytes | None, now: float, faults: list[Fault]) -> None:
        """Only ``!sdev`` and ``!sprn`` are immediate (3.4)."""
        row = COMMANDS.get(frame.mnemonic)
        if row is None:
            self._tell_unknown(frame.mnemonic)
            self._refuse_frame(1, now, mnemonic=frame.mnemonic, token=token)
        elif not row.immediate:
            self._refuse_frame(12, now, mnemonic=frame.mnemonic, token=token)
        elif not self.is_prevented(faults):
            answer = row.answer(self.device_state(frame.mnemonic, now), self._dialect)
            if any(fault.act is FaultKind.POWER_CUT_AFTER for fault in faults):
                self.power(on=False)
            else:
                self._send(answer, token, now, faults)

    def _tell_unknown(self, mnemonic: str) -> None:
        online = mnemonic in ONLINE_ONLY
        self.report_unknown(mnemonic, "ONLINE printers have it" if online else NOT_EMULATED.get(mnemonic))

    def _refuse_frame(
        self,
        number: int,
        now: float,
        *,
        mnemonic: str | None = None,
        param: str | None = None,
        token: bytes | None = None,
    ) -> None:
        fields = [Field(ERROR, b"%d" % number)]
        if mnemonic is not None:
            fields.append(Field("cm", mnemonic.encode("ascii", "replace")))
        if param is not None:
            fields.append(Field("fd", param.encode()))
        self._send(Frame("ERR", tuple(fields)), token, now)

    # -- the queue ------------------------------------------------------------------------------------

    def wakeup(self) -> float | None:
        """See ``Device.wakeup``."""
        times = [] if self.next_answer is None else [self.next_answer]
        if self.queue and self.unconfirmed is None and not self.waits(self.queue[0]):
            times.append(self._busy_until)
        return min(times, default=None)

    def power(self, *, on: bool) -> None:
        """See ``Device.power``."""
        super().power(on=on)
        self.queue.clear()
        self.unconfirmed = None
        self._busy_until = 0.0
        self._deframer.reset()
        self._kept.clear()

    @property
    def awaits_key(self) -> bool:
        """See ``Device.awaits_key``."""
        return self.unconfirmed is not None

    def press(self, *, confirm: bool) -> None:
        """See ``Device.press``."""
        self.faults.switches.discard(Switch.WAIT_KEY)
        if self.unconfirmed is not None:
            self.unconfirmed.refused = not confirm
            self.unconfirmed = None

    def foreign_begin(self) -> bool:
        """See ``Device.foreign_begin``."""
        return self.foreign_command("trinit", {})

    def foreign_sell(self, name: str, price: int) -> bool:
        """See ``Device.foreign_sell``."""
        return self.foreign_command("trline", {"na": name, "vt": 0, "pr": price})

    def foreign_end(self, total: int) -> bool:
        """See ``Device.foreign_end``."""
        return self.foreign_command("trend", {"to": total})

    def keypad_cancel(self) -> None:
        """See ``Device.keypad_cancel``."""
        if self._machine.state is not State.IDLE:
            self.foreign_command("prncancel", {})

    def keypad_report(self) -> None:
        """See ``Device.keypad_report``."""
        self.foreign_command("dailyrep", {"da": self.register.clock.now().date().isoformat()})

    def foreign_command(self, mnemonic: str, values: Values) -> bool:
        """See ``Device.foreign_command``; it does not wait in the queue."""
        try:
            self._machine.execute(mnemonic, values)
        except (ExecError, NeedsConfirmation):
            return False
        self.register.commit()
        return True

    def run(self, now: float) -> None:
        """See ``Device.run``."""
        while self.queue and self.unconfirmed is None and now >= self._busy_until and self.powered:
            waiting = self.queue[0]
            if self.waits(waiting):
                return
            if self._execute(waiting, now):
                self.queue.popleft()

    def waits(self, waiting: Waiting) -> bool:
        """Whether a legal command needs the mechanism or a person first; that alone is never answered with an error."""
        frame = waiting.frame
        if _is_query(frame) or frame.mnemonic in PAPERLESS:
            return False
        return self.faults.any_on((*_MECHANISM, Switch.MENU, Switch.WAIT_KEY)) and self._legal(waiting)

    def _legal(self, waiting: Waiting) -> bool:
        """Whether parameters and state allow the command as things are; what it says is checked when it is its turn."""
        frame = waiting.frame
        if waiting.go is not None or any(fault.act in BEFORE_COMMAND for fault in waiting.faults):
            # It was legal when it asked; or people or programs act before it, which may make it legal.
            return True
        row = self.known(frame.mnemonic)
        if row is None:
            return False
        try:
            self._machine.check_state(frame.mnemonic, row.read(frame, self._dialect))
        except (FieldFault, ExecError):
            return False
        return True

    def known(self, mnemonic: str) -> Row | None:
        """The row of a command, if devices of this generation know it."""
        return None if mnemonic in ONLINE_ONLY and not self._machine.online else COMMANDS.get(mnemonic)

    def _execute(self, waiting: Waiting, now: float) -> bool:
        """Carry out one command; false if it still waits (for an answer to its question)."""
        if self.is_prevented(waiting.faults):
            return self.powered
        sheets = len(self.register.printouts)
        try:
            answer = self._carry_out(waiting)
            if not _is_query(waiting.frame):
                self.register.commit()
        except NeedsConfirmation as question:
            waiting.go = question.go
            waiting.faults = [fault for fault in waiting.faults if fault.act not in BEFORE_COMMAND]
            self.unconfirmed = waiting
            self.ask(question)
            return False
        self._busy_until = now + self.duration(self.register.printouts[sheets:])
        if any(fault.act is FaultKind.POWER_CUT_AFTER for fault in waiting.faults):
            self.power(on=False)
            return False
        if not waiting.silent:
            self._send(answer, waiting.token, self._busy_until, waiting.faults)
        return True

    def ask(self, question: NeedsConfirmation) -> None:
        """The first command of the queue waits for an answer to its question; ``press`` gives it."""
        self.show_question(question.display)

    def _carry_out(self, waiting: Waiting) -> Frame:
        frame = waiting.frame
        row = self.known(frame.mnemonic)
        if row is None:
            self._tell_unknown(frame.mnemonic)
            return _frame_error(1, frame.mnemonic)
        if frame.mnemonic == "rpt":
            return self._repeat(waiting)
        if frame.mnemonic in ("sdev", "sprn"):
            return row.answer(self.device_state(frame.mnemonic, float("inf")), self._dialect)
        try:
            if waiting.refused:
                # The question was answered with no; the document stays as it was (our assumption).
                raise ExecError(30 if self._machine.online else 10)
            if waiting.go is not None:
                reply = self._machine.finish(frame.mnemonic, waiting.values, waiting.go)
            else:
                waiting.values = row.read(frame, self._dialect)
                reply = self._machine.execute(frame.mnemonic, waiting.values)
            return row.answer(readable(reply, self._dialect.codec), self._dialect)
        except FieldFault as fault:
            return _frame_error(fault.number, frame.mnemonic, fault.param)
        except ExecError as error:
            return Frame(frame.mnemonic, (Field(ERROR, b"%d" % error.number),))

    def _repeat(self, waiting: Waiting) -> Frame:
        """The stored answer to the command that carried this token, or error 13 (10.15, our assumption)."""
        kept = self._kept.get(waiting.token or b"")
        if kept is None:
            return _frame_error(13, "rpt")
        frame = next(Deframer().feed(kept))
        assert isinstance(frame, Frame)
        return Frame(frame.mnemonic, tuple(f for f in frame.fields if f.name != TOKEN))

    def device_state(self, mnemonic: str, now: float) -> Values:
        """The answer of ``sdev`` or ``sprn``."""
        mechanism = next((code for switch, code in _MECHANISM.items() if self.faults.on(switch)), 0)
        if mnemonic == "sprn":
            return {"pr": mechanism}
        state = 3 if mechanism else 0
        if self.awaits_key or self.faults.on(Switch.WAIT_KEY):
            state = 2
        elif self.faults.on(Switch.MENU):
            state = 1
        empty = now == float("inf") or (not self.queue and now >= self._busy_until)
        return {"ds": state, "cp": True, "qe": empty, "pe": self.faults.on(Switch.PAPER_LOW)}

    # -- bytes out ------------------------------------------------------------------------------------

    def _send(self, frame: Frame, token: bytes | None, at: float, faults: list[Fault] | None = None) -> None:
        if token is not None:
            frame = Frame(frame.mnemonic, (*frame.fields, Field(TOKEN, token)))
        data = encode(frame)
        if token is not None:
            self._kept[token] = data
            while len(self._kept) > KEPT_ANSWERS:
                self._kept.pop(next(iter(self._kept)))
        sent = self.apply_faults(data, at, faults or ())
        if sent is not None:
            self.answer(*sent)

    def corrupted(self, data: bytes) -> bytes:
        """See ``Device.corrupted``."""
        return data[:-5] + (b"0000" if data[-5:-1] != b"0000" else b"FFFF") + data[-1:]


def _is_query(frame: Frame) -> bool:
    """Whether the command changes nothing: a status query, or none at all."""
    row = COMMANDS.get(frame.mnemonic)
    return row is None or row.effect is Effect.QUERY


def _frame_error(number: int, mnemonic: str, param: str | None = None) -> Frame:
    fields = [Field(ERROR, b"%d" % number), Field("cm", mnemonic.encode("ascii", "replace"))]
    if param is not None:
        fields.append(Field("fd", param.encode()))
    return Frame("ERR", tuple(fields))
