"""The classic protocol of the same printer, for single frames that come through ``direct_io``.

It works on the same register; what only it remembers is kept beside the memory that all Novitus printers have.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from fiscald.emulator.memory import Transaction
from fiscald.emulator.noviapi.memory import ApiCore, NoviApiMemory
from fiscald.emulator.novitus.memory import NovitusDocument
from fiscald.emulator.novitus.refusals import NovitusError
from fiscald.emulator.paper import Printout
from fiscald.emulator.thermal.device import HANDLERS
from fiscald.emulator.thermal.machine import Machine, NeedsConfirmation
from fiscald.emulator.thermal.memory import ThermalDocument, ThermalMemory
from fiscald.model.text import CODE_PAGES
from fiscald.protocols.thermal.frames import CommandDeframer, Frame
from fiscald.protocols.thermal.profiles import PROFILES

#: Not one whole frame.
NO_FRAME = 1023
#: The error mode in which every frame has an answer: its own, or its result (our assumption).
_ANSWERS = 4
#: What both memories have.
_COMMON = ("finished", "jpkid", "clock_set", "nip", "fiscalised")


class Classic:
    """Carries out frames."""

    def __init__(self, core: ApiCore, model: str, version: str, code_page: str = "cp1250") -> None:
        """``code_page`` of the frames (our assumption)."""
        self._core = core
        with self._swapped():
            self._machine = Machine(
                core.register, core.faults, PROFILES["novitus"], CODE_PAGES[code_page], core.width, HANDLERS, self._emit
            )
        self._machine.model, self._machine.firmware = model, version
        self._machine.mode = _ANSWERS

    def _emit(self, printout: Printout) -> None:
        self._core.take(printout)

    def carry_out(self, data: bytes) -> bytes:
        """The answer to one frame. A question on the display is answered with no.

        Raises ``NovitusError``: it is not one frame.
        """
        frames = list(CommandDeframer().feed(data))
        if len(frames) != 1 or not isinstance(frames[0], Frame):
            raise NovitusError(NO_FRAME)
        with self._swapped():
            try:
                return self._machine.carry_out(frames[0]).answer
            except NeedsConfirmation as question:
                return self._machine.denied(question.row).answer

    def report_unknown(self, report: Callable[[str, str | None], None]) -> None:
        """``report`` gets every command that is refused as unknown."""
        self._machine.unknown_command = report

    def power_up(self) -> None:
        """Power is back."""
        self._machine.reset()
        self._machine.mode = _ANSWERS

    @contextlib.contextmanager
    def _swapped(self) -> Iterator[None]:
        """For as long, the register's memory is that of the classic protocol."""
        state, ours = self._core.register.state, self._core.memory
        classic = ThermalMemory.of(ours.classic)
        for name in _COMMON:
            setattr(classic, name, getattr(ours, name))
        self._give_document(ours, ThermalDocument)
        state.face = classic
        try:
            yield
        finally:
            classic = ThermalMemory.of(state.face)
            for name in _COMMON:
                setattr(ours, name, getattr(classic, name))
            ours.classic = classic
            state.face = ours
            self._give_document(ours, NovitusDocument)

    def _give_document(self, ours: NoviApiMemory, kind: type[ThermalDocument | NovitusDocument]) -> None:
        """Let the open document's own part be of that protocol; the other's is kept as long as it is open."""
        state = self._core.register.state
        transactions: list[Transaction] = [each for each in (state.transaction, state.closing) if each is not None]
        for transaction in transactions:
            if isinstance(transaction.facts, kind):
                continue
            kept, ours.document = ours.document, transaction.facts
            transaction.facts = kept if isinstance(kept, kind) else kind()
        if not transactions:
            ours.document = None
