"""A Novitus printer seen from its XML port: packets, their order, off-line conditions, error modes, faults.

Source: Novitus XML reference, chapters 2, 3, 6.1 and 11.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fiscald.emulator.device import BEFORE_COMMAND, Device, Display
from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.emulator.novitus.core import Core
from fiscald.emulator.novitus.documents import Closing, Item
from fiscald.emulator.novitus.memory import NovitusMemory
from fiscald.emulator.novitus.refusals import BAD_CHECK, BUFFER_FULL, NeedsConfirmation, NovitusError
from fiscald.emulator.novitus_xml import info, reports, sale, service
from fiscald.emulator.novitus_xml.machine import MODEL, OFFLINE, UNREADABLE, Machine, Outcome, element_of, name_of
from fiscald.emulator.paper import Printout
from fiscald.emulator.register import Register
from fiscald.protocols.novitus_elements import Element, NotElements
from fiscald.protocols.novitus_packets import RECEIVE_BUFFER, BadPacket, Deframer, Dialect, Packet, PacketFault

#: Bytes of packets that wait while nothing can be carried out; what comes on top of them is lost (our assumption).
BACKLOG = 13 * RECEIVE_BUFFER
#: Bytes of the two tags, without and with a checksum.
_TAGS, _CHECKED_TAGS = 17, 32
#: Faults that concern a whole packet, whichever of its elements they name.
_OF_PACKETS = (FaultKind.DROP_BEFORE, FaultKind.CORRUPT_IN)
#: What a fault calls a packet that cannot be read.
BAD_NAME = "??"
_CRC = re.compile(rb'crc="([0-9A-F]{8})"')
HANDLERS = info.HANDLERS | sale.HANDLERS | service.HANDLERS | reports.HANDLERS


@dataclass
class _Waiting:
    """A packet whose turn has not come, or not for all of its elements."""

    elements: deque[Element]
    dialect: Dialect
    size: int
    begun: bool = False
    faults: list[Fault] | None = None
    """Of the next element; ``None``: its turn has not come."""
    delayed: list[Fault] = field(default_factory=list)
    """Faults of an answer, of elements that have none: they concern the next one of the packet."""


class XmlPrinter(Device):
    """See ``fiscald.emulator.device.Device``."""

    family = "novitus-xml"
    profiles = ("online",)
    framing = b"<>"

    def __init__(
        self,
        register: Register,
        *,
        profile: str = "online",
        width: int = 40,
        seed: int = 0,
        printed: Callable[[Printout], None] = lambda _: None,
    ) -> None:
        super().__init__(register, seed=seed, printed=printed)
        assert profile in self.profiles
        self.model = MODEL
        self.core = Core(register, self.faults, width=width, printed=self.emit)
        self.machine = Machine(self.core, self.faults, HANDLERS)
        self.machine.unknown_command = self.report_unknown
        self.faults.commands = self.machine.commands | {BAD_NAME}
        self._deframer = Deframer(RECEIVE_BUFFER)
        self._waiting: deque[_Waiting] = deque()
        #: What the display asks, and the command that asks it.
        self._question: tuple[NeedsConfirmation, str] | None = None
        #: An error is on the display, and everything waits for a key.
        self._held = False
        self._busy_until = self._reporting_until = 0.0
        #: Seconds that the paper takes which came out after a key was pressed; they begin with the next ``run``.
        self._owed = 0.0
        self.core.power_up()

    @property
    def memory(self) -> NovitusMemory:
        """The family's part of the memory, which survives a power cut."""
        return self.core.memory

    def state_replaced(self) -> None:
        """See ``Device.state_replaced``."""
        self.core.read_stored()

    # -- bytes in -------------------------------------------------------------------------------------

    def connected(self, now: float) -> None:
        """See ``Device.connected``: what a program before left unfinished is dropped (our assumption)."""
        self._deframer.reset()

    def receive(self, data: bytes, now: float) -> None:
        """See ``Device.receive``."""
        if not self.powered:
            return
        for item in self._deframer.feed(data):
            if isinstance(item, BadPacket):
                self._unreadable(item.fault)
            else:
                self._accept(item, now)
            if not self.powered:
                return
        self.run(now)

    def _unreadable(self, fault: PacketFault) -> None:
        """Nothing of it is carried out or answered; its error can be asked for (3.3, our assumption)."""
        self.faults.next_faults(BAD_NAME)
        numbers = {PacketFault.CRC: BAD_CHECK, PacketFault.TOO_LONG: BUFFER_FULL}
        self.core.fail(numbers.get(fault, UNREADABLE))

    def _accept(self, packet: Packet, now: float) -> None:
        if self.faults.on(Switch.WRONG_PROTOCOL):
            return
        size = len(packet.body) + (_TAGS if packet.crc is None else _CHECKED_TAGS)
        if size > RECEIVE_BUFFER:
            self._unreadable(PacketFault.TOO_LONG)
            return
        try:
            elements = self.machine.elements(packet)
        except NotElements:
            self._unreadable(PacketFault.TAG)
            return
        if elements and all(element.name == "dle" for element in elements):
            self._status(elements, packet.dialect, now)
            return
        if sum(waiting.size for waiting in self._waiting) + size > BACKLOG:
            self._unreadable(PacketFault.TOO_LONG)
            return
        self._waiting.append(_Waiting(deque(elements), packet.dialect, size))

    def _status(self, elements: tuple[Element, ...], dialect: Dialect, now: float) -> None:
        """A packet of ``dle`` alone is answered at once, whatever the printer does (5.1)."""
        for element in elements:
            faults = self.faults.next_faults("!dle")
            if self.is_prevented(faults):
                continue
            if FaultKind.POWER_CUT_AFTER in {fault.act for fault in faults}:
                self.power(on=False)
                return
            sent = self.apply_faults(self._reply(self._dle(element, now), dialect), now, faults)
            if sent is not None:
                self.answer(*sent)

    def _dle(self, element: Element, now: float) -> Element:
        ready = not self.awaits_key and not self.faults.on(Switch.WAIT_KEY) and now >= self._reporting_until
        return info.dle(self.machine, element, ready=ready)

    def _reply(self, element: Element, dialect: Dialect) -> bytes:
        return self.machine.reply(element, dialect)

    # -- the main loop --------------------------------------------------------------------------------

    def wakeup(self) -> float | None:
        """See ``Device.wakeup``."""
        times = [] if self.next_answer is None else [self.next_answer]
        if self.powered and self._waiting and not self._stopped:
            times.append(self._busy_until)
        return min(times, default=None)

    def power(self, *, on: bool) -> None:
        """See ``Device.power``."""
        wakes = on and not self.powered
        super().power(on=on)
        self._deframer.reset()
        self._waiting.clear()
        self._question, self._held = None, False
        self._busy_until = self._reporting_until = self._owed = 0.0
        self.machine.reset()
        if wakes:
            if self.core.transaction is not None:
                # As if a person did it on the keypad: no program on the line did.
                self.keypad_cancel()
            self.core.power_up()

    @property
    def awaits_key(self) -> bool:
        """See ``Device.awaits_key``; the message of an error counts too."""
        return self._question is not None or self._held

    @property
    def _stopped(self) -> bool:
        return self.awaits_key or self.faults.any_on((*OFFLINE, Switch.WAIT_KEY, Switch.WRONG_PROTOCOL))

    def press(self, *, confirm: bool) -> None:
        """See ``Device.press``. Any key clears the message of an error."""
        self.faults.switches.discard(Switch.WAIT_KEY)
        question, self._question, self._held = self._question, None, False
        if question is None:
            return
        if not confirm:
            self.core.deny()
            return
        sheets = len(self.register.printouts)
        try:
            self.core.confirm(question[0])
        except NovitusError as error:
            self._show(self.machine.refused(question[1], error.number))
        self.register.commit()
        self._owed = self.duration(self.register.printouts[sheets:])

    def run(self, now: float) -> None:
        """See ``Device.run``."""
        if self._owed:
            self._busy_until = self._reporting_until = now + self._owed
            self._owed = 0.0
        while self.powered and self._waiting and not self._stopped and now >= self._busy_until:
            waiting = self._waiting[0]
            if not waiting.elements:
                self._waiting.popleft()
                continue
            self._execute(waiting, now)

    def _execute(self, waiting: _Waiting, now: float) -> None:
        """Carry out the next element of a packet."""
        if not waiting.begun:
            waiting.begun = True
            if self._loses(waiting):
                return
        element = waiting.elements[0]
        if waiting.faults is None:
            waiting.faults = self.faults.next_faults(name_of(element))
            if self._stopped:
                return
        faults, waiting.faults = waiting.faults, None
        acts = {fault.act for fault in faults}
        if not acts.isdisjoint(_OF_PACKETS):
            # Planned after the packet began.
            waiting.elements.clear()
            return
        if FaultKind.POWER_CUT_BEFORE in acts:
            self.power(on=False)
            return
        self.act_before(faults)
        waiting.elements.popleft()
        faults = [fault for fault in faults if fault.act not in BEFORE_COMMAND]
        name, sheets = name_of(element), len(self.register.printouts)
        try:
            outcome = self.machine.execute(element)
        except NeedsConfirmation as question:
            waiting.delayed += faults
            self._question = question, name
            self.show_question(question.display)
            return
        if outcome.reply is None:
            self.register.commit()
        self._busy_until = now + self.duration(self.register.printouts[sheets:])
        if name.startswith("report "):
            self._reporting_until = self._busy_until
        if FaultKind.POWER_CUT_AFTER in acts:
            self.power(on=False)
            return
        if outcome.reply is None:
            waiting.delayed += faults
        else:
            reply = self._dle(element, now) if name == "dle" else outcome.reply
            sent = self.apply_faults(self._reply(reply, waiting.dialect), self._busy_until, [*waiting.delayed, *faults])
            waiting.delayed = []
            if sent is not None:
                self.answer(*sent)
        self._show(outcome)

    def _loses(self, waiting: _Waiting) -> bool:
        """Whether a planned fault loses or damages the packet: it comes as a whole, or not at all."""
        names = [name_of(element) for element in waiting.elements]
        for fault in self.faults.planned:
            met = len(names) if fault.command is None else names.count(fault.command)
            if fault.act in _OF_PACKETS and met >= fault.nth:
                break
        else:
            return False
        waiting.elements.clear()
        for name in names:
            self.faults.next_faults(name)
        if fault.act is FaultKind.CORRUPT_IN:
            self.core.fail(BAD_CHECK)
        return True

    def _show(self, outcome: Outcome) -> None:
        display: Display | None = outcome.display
        if display is not None:
            self._held = True
            self.show_question(display)

    # -- people and other programs --------------------------------------------------------------------

    def foreign_begin(self) -> bool:
        """See ``Device.foreign_begin``."""
        return self._foreign(lambda: self.core.sales.begin_receipt())

    def foreign_sell(self, name: str, price: int) -> bool:
        """See ``Device.foreign_sell``."""
        return self._foreign(lambda: self.core.sales.item(Item(name, "A", price, Decimal(1))))

    def foreign_end(self, total: int) -> bool:
        """See ``Device.foreign_end``."""
        return self._foreign(lambda: self.core.sales.close(Closing(total=total), invoice=False))

    def keypad_cancel(self) -> None:
        """See ``Device.keypad_cancel``."""
        self._foreign(self.core.sales.give_up)

    def keypad_report(self) -> None:
        """See ``Device.keypad_report``."""
        self._foreign(lambda: self.core.reports.daily(self.register.clock.now().date()))

    def foreign_command(self, command: str, values: dict[str, Any]) -> bool:
        """See ``Device.foreign_command``: ``values`` are the attributes; it does not wait behind other packets."""
        element = element_of(command, values)
        handler = HANDLERS.get(command)
        return handler is not None and self._foreign(
            lambda: self.core.carry_out(lambda: handler(self.machine, element))
        )

    def _foreign(self, go: Callable[[], object]) -> bool:
        done = self.core.unnoticed(go)
        if done:
            self.register.commit()
        return done

    # -- bytes out ------------------------------------------------------------------------------------

    def corrupted(self, data: bytes) -> bytes:
        """See ``Device.corrupted``."""
        return _CRC.sub(lambda found: b'crc="%08X"' % (int(found[1], 16) ^ 0xFFFF), data)
