"""A thermal printer seen from its port: buffer, control bytes, error modes, waiting, faults.

Source: thermal reference, sections 3 and 11.3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from fiscald.emulator.device import BEFORE_COMMAND, Device
from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.emulator.paper import Printout
from fiscald.emulator.register import Register
from fiscald.emulator.thermal import closing, forms, invoice, protected, readout, sale, service, status
from fiscald.emulator.thermal.machine import BAD_CHECK, ExecError, Handler, Machine, NeedsConfirmation, Outcome, Values
from fiscald.emulator.thermal.memory import ThermalMemory, document_of
from fiscald.model.text import CODE_PAGES
from fiscald.protocols.thermal.fields import Measured
from fiscald.protocols.thermal.frames import BadFrame, CommandDeframer, Control, Dle, Enq, Frame, decode
from fiscald.protocols.thermal.grammar import State
from fiscald.protocols.thermal.profiles import PROFILES

#: Bytes of input that wait; what comes on top of them is lost (2).
BUFFER = 2048
#: Conditions in which nothing is carried out, and not even ENQ is answered (3.5).
OFFLINE = (Switch.PAPER_OUT, Switch.COVER, Switch.LEVER, Switch.MENU, Switch.MECHANISM)
END_OF_SEQUENCE = b"\x1b\\"
#: What carries out each command.
HANDLERS = (
    status.HANDLERS
    | sale.HANDLERS
    | closing.HANDLERS
    | invoice.HANDLERS
    | protected.HANDLERS
    | service.HANDLERS
    | forms.HANDLERS
    | readout.HANDLERS
)
#: Finds a byte that is answered at once, and one with which an item of the main loop may end.
_AT_ONCE = re.compile(rb"[\x10\x1a]").search
_UP_TO_AN_END = re.compile(rb"[\x05\x07\x10\x18\x1a\\]").search
#: What a fault calls ENQ, and a sequence that cannot be read.
ENQ_NAME, BAD_NAME = "ENQ", "??"


@dataclass
class Waiting:
    """An item of the main loop."""

    item: Frame | BadFrame | Control
    faults: list[Fault]
    question: NeedsConfirmation | None = None
    """Set once it asked."""
    denied: bool = False
    silent: bool = False
    """The program that sent it is gone, so nothing is sent."""

    @property
    def name(self) -> str:
        """How a fault calls it."""
        if isinstance(self.item, Frame):
            return self.item.name
        return ENQ_NAME if self.item is Control.ENQ else BAD_NAME


class ThermalPrinter(Device):
    """See ``fiscald.emulator.device.Device``."""

    family = "thermal"
    profiles = tuple(PROFILES)
    code_pages = ("mazovia", *(name for name in CODE_PAGES if name != "mazovia"))
    framing = bytes((0x1B, *Control, *range(0x60, 0x78)))

    def __init__(
        self,
        register: Register,
        *,
        profile: str = "posnet",
        code_page: str = "mazovia",
        width: int = 40,
        seed: int = 0,
        printed: Callable[[Printout], None] = lambda _: None,
    ) -> None:
        super().__init__(register, seed=seed, printed=printed)
        self._profile = PROFILES[profile]
        codec = CODE_PAGES[code_page]
        self._machine = Machine(register, self.faults, self._profile, codec, width, self.handlers(), self.emit)
        self.model = self._machine.model
        self.faults.commands = self._machine.identifiers | {ENQ_NAME, BAD_NAME}
        self._machine.unknown_command = self.report_unknown
        self.buffer = bytearray()
        self._deframer = CommandDeframer()
        self.waiting: Waiting | None = None
        self.question: Waiting | None = None
        #: An error is on the display, and this answer waits with everything else for a key.
        self.held: bytes | None = None
        self._busy_until = 0.0
        self._now = 0.0
        self._opened_at = self._heard_at = 0.0
        self._power_up()

    def handlers(self) -> Mapping[str, Handler]:
        """What carries out each command."""
        return HANDLERS

    @property
    def memory(self) -> ThermalMemory:
        """The family's part of the memory, which survives a power cut."""
        return self._machine.memory

    # -- bytes in -------------------------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> None:
        """See ``Device.receive``."""
        if not self.powered:
            return
        if len(self.buffer) + len(data) <= BUFFER and not _AT_ONCE(data):
            self.buffer += data
            data = b""
        for byte in data:
            if byte == Control.DLE:
                self.answer(bytes((self._dle().byte,)), now)
            elif byte == Control.DLE2 and self._machine.novitus:
                self.answer(self.extended_status(now), now)
            else:
                if len(self.buffer) == BUFFER:
                    self.run(now)
                if len(self.buffer) < BUFFER:
                    self.buffer.append(byte)
        self.run(now)

    def forget_input(self) -> None:
        """Drop what was received and not carried out."""
        self.buffer.clear()
        self._deframer.reset()

    def extended_status(self, now: float) -> bytes:
        """The answer to DLE2."""
        return self._machine.extended_status(awaits_key=self.awaits_key, printing=now < self._busy_until)

    def _dle(self) -> Dle:
        on = self.faults.on
        return Dle(
            online=not self.faults.any_on(OFFLINE),
            no_paper=on(Switch.PAPER_OUT) or on(Switch.BATTERY),
            fault=on(Switch.MECHANISM),
        )

    def _enq(self) -> Enq:
        machine = self._machine
        return Enq(machine.fiscal, machine.done, machine.in_transaction, machine.finished)

    # -- the main loop --------------------------------------------------------------------------------

    def wakeup(self) -> float | None:
        """See ``Device.wakeup``."""
        times = [] if self.next_answer is None else [self.next_answer]
        if self.powered and not self.stopped:
            if self.waiting is not None or self.buffer:
                times.append(self._busy_until)
            if self.cancels_at is not None:
                times.append(max(self.cancels_at, self._busy_until))
        return min(times, default=None)

    def power(self, *, on: bool) -> None:
        """See ``Device.power``."""
        wakes = on and not self.powered
        super().power(on=on)
        self.forget_input()
        self.waiting = self.question = self.held = None
        self._busy_until = 0.0
        if wakes:
            self._power_up()

    def _power_up(self) -> None:
        """Power is back: an open receipt is cancelled, a registered one is printed (9.3, our assumption).

        An open form is lost (11.2).
        """
        self._machine.reset()
        if self._machine.in_transaction:
            # As if a person did it on the keypad: no program on the line did.
            self.keypad_cancel()
        closing.finish_paper(self._machine)
        self._machine.memory.form = None
        self._machine.memory.state = State.IDLE
        self.register.commit()

    @property
    def cancels_at(self) -> float | None:
        """When the open receipt is cancelled: counted from its opening; an empty one from the last command (5.2)."""
        transaction = self.register.state.transaction
        if transaction is None:
            return None
        since = self._opened_at if transaction.items or transaction.packaging else self._heard_at
        return since + 60.0 * self._profile.receipt_minutes

    @property
    def awaits_key(self) -> bool:
        """See ``Device.awaits_key``; the message of an error counts too."""
        return self.question is not None or self.held is not None

    @property
    def stopped(self) -> bool:
        """Whether nothing is carried out now."""
        return self.awaits_key or self.faults.any_on((*OFFLINE, Switch.WAIT_KEY))

    def state_replaced(self) -> None:
        """See ``Device.state_replaced``."""
        self._machine.read_stored()
        self._machine.apply_profile()

    def press(self, *, confirm: bool) -> None:
        """See ``Device.press``. Any key clears the message of an error."""
        self.faults.switches.discard(Switch.WAIT_KEY)
        if self.question is not None:
            self.question.denied = not confirm
            self.question = None
        elif self.held is not None:
            self.answer(self.held, self._now)
            self.held = None

    def run(self, now: float) -> None:
        """See ``Device.run``."""
        self._now = now
        while self.powered and not self.stopped and now >= self._busy_until:
            cancels_at = self.cancels_at
            if cancels_at is not None and now >= cancels_at:
                self.keypad_cancel()
                self._machine.timed_out = True
            if self.waiting is None:
                self.waiting = self._next()
                if self.waiting is None:
                    return
            elif not self._execute(self.waiting, now):
                return

    def _next(self) -> Waiting | None:
        """The next sequence, or ENQ, in the buffer. The bytes after it stay there."""
        while self.buffer:
            found = _UP_TO_AN_END(self.buffer)
            size = len(self.buffer) if found is None else found.end()
            run = bytes(self.buffer[:size])
            del self.buffer[:size]
            for item in self._deframer.feed(run):
                if isinstance(item, Frame | BadFrame) or item is Control.ENQ:
                    waiting = Waiting(item, [])
                    waiting.faults = self.faults.next_faults(waiting.name)
                    return waiting
        return None

    def _execute(self, waiting: Waiting, now: float) -> bool:
        """Carry out one item; false if nothing more can be done now (a question, no power)."""
        if self.is_prevented(waiting.faults):
            self.waiting = None
            return self.powered
        acts = {fault.act for fault in waiting.faults}
        sheets = len(self.register.printouts)
        try:
            outcome = self._carry_out(waiting, damaged=FaultKind.CORRUPT_IN in acts)
        except NeedsConfirmation as question:
            waiting.question = question
            waiting.faults = [fault for fault in waiting.faults if fault.act not in BEFORE_COMMAND]
            self.question = waiting
            self.ask(question)
            return False
        self.waiting = None
        if isinstance(waiting.item, Frame):
            self._heard_at = now
        if outcome.changes:
            self.register.commit()
        self._busy_until = now + self.duration(self.register.printouts[sheets:])
        if FaultKind.POWER_CUT_AFTER in acts:
            self.power(on=False)
            return False
        sent = self.apply_faults(outcome.answer, self._busy_until, waiting.faults) if outcome.answer else None
        if waiting.silent:
            return True
        if outcome.display is not None:
            self.held = sent[0] if sent else b""
            self.show_question(outcome.display)
        elif sent:
            self.answer(*sent)
        return True

    def ask(self, question: NeedsConfirmation) -> None:
        """A command waits for an answer to its question; ``press`` gives it."""
        self.show_question(question.display)

    def _carry_out(self, waiting: Waiting, *, damaged: bool) -> Outcome:
        machine, item = self._machine, waiting.item
        if isinstance(item, Control):
            return Outcome(b"" if damaged else bytes((self._enq().byte,)))
        if isinstance(item, BadFrame):
            return machine.unreadable()
        if damaged:
            return machine.refused(item.name, BAD_CHECK)
        opened = self.register.state.transaction
        try:
            if waiting.question is None:
                return machine.carry_out(item)
            question, waiting.question = waiting.question, None
            if waiting.denied:
                return machine.denied(question.row)
            return machine.finish(question.row, question.values, question.go)
        finally:
            if self.register.state.transaction is not opened:
                self._opened_at = self._now

    # -- people and other programs --------------------------------------------------------------------

    def foreign_begin(self) -> bool:
        """See ``Device.foreign_begin``."""
        return self.foreign_command("$h", {})

    def foreign_sell(self, name: str, price: int) -> bool:
        """See ``Device.foreign_sell``."""
        transaction = self.register.state.transaction
        number = 1 if transaction is None else document_of(transaction).next
        one = Measured(Decimal(1))
        values = {"Pi": number, "nazwa": name, "ilosc": one, "ptu": "A", "cena": price, "brutto": price}
        return self.foreign_command("$l", values)

    def foreign_end(self, total: int) -> bool:
        """See ``Device.foreign_end``."""
        return self.foreign_command("$e 1", {"Pr": 0, "kod": "001", "wplata": 0, "total": total})

    def keypad_cancel(self) -> None:
        """See ``Device.keypad_cancel``."""
        if self._machine.in_transaction:
            self.foreign_command("$e 0", {})
        elif self._machine.memory.form is not None:
            forms.cancel(self._machine)
        else:
            self.foreign_command("$z 28", {})

    def keypad_report(self) -> None:
        """See ``Device.keypad_report``."""
        today = self.register.clock.now().date()
        self.foreign_command("#r", {"Ps": 1, "Py": today.year % 100, "Pm": today.month, "Pd": today.day})

    def foreign_command(self, command: str, values: Values) -> bool:
        """See ``Device.foreign_command``; it does not wait in the buffer."""
        opened = self.register.state.transaction
        try:
            self._machine.execute(command, values)
        except (ExecError, NeedsConfirmation):
            return False
        if self.register.state.transaction is not opened:
            self._opened_at = self._heard_at = self._now
        self.register.commit()
        return True

    # -- bytes out ------------------------------------------------------------------------------------

    def corrupted(self, data: bytes) -> bytes:
        """See ``Device.corrupted``. Where an answer has no check byte, a byte that it cannot contain."""
        first, end, rest = data.partition(END_OF_SEQUENCE)
        if not end:
            return b"\xff"
        frame = decode(first[2:])
        if isinstance(frame, Frame) and frame.digits:
            wrong = b"00" if frame.digits != b"00" else b"FF"
            return first[:-2] + wrong + end + rest
        return first[:2] + b"\xff" + first[3:] + end + rest
