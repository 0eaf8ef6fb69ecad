"""The device model inside every emulated printer: rates, totalisers, counters, memories, clock, drawer.

It knows the arithmetic and the order of a fiscal register and nothing of any wire protocol. A family's face
translates commands into calls of its parts and their refusals into the family's error numbers. What no published
source settles is marked "our assumption".

Source: POSNET reference, sections 6, 7 and 11; the same register serves every family.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from fiscald.emulator.clock import Clock
from fiscald.emulator.goods import GoodsBase
from fiscald.emulator.ledger import Ledger
from fiscald.emulator.memory import RegisterMemory, RegisterState
from fiscald.emulator.paper import Paper, Printout
from fiscald.emulator.sale import Sale
from fiscald.model.money import half_up
from fiscald.model.times import POLISH_TIME


def tax(gross: int, rate: Decimal | str | None) -> int:
    """VAT contained in a gross amount; exempt contains none."""
    if not isinstance(rate, Decimal):
        return 0
    return half_up(Decimal(gross) * rate / (100 + rate))


class Register:
    """A fiscal register: its parts around one memory, and its printouts. Not thread-safe.

    ``clock`` tells the time, ``goods`` says what may be sold, ``sale`` is the open document, ``ledger`` counts and
    reports. Each part raises ``RegisterError`` where the register refuses; nothing has changed then, unless the
    refusal says otherwise.
    """

    def __init__(
        self,
        state: RegisterState | None = None,
        *,
        printouts: Sequence[Printout] = (),
        clock: Callable[[], datetime] | None = None,
        saved: Callable[[RegisterState, Sequence[Printout]], None] = lambda _state, _new: None,
    ) -> None:
        """``clock`` gives the host's aware time; ``saved`` makes state and new printouts survive."""
        self.memory = RegisterMemory(state or RegisterState())
        self.clock = Clock(self.memory, clock or (lambda: datetime.now(POLISH_TIME)))
        self.goods = GoodsBase(self.memory)
        self.ledger = Ledger(self.memory, self.clock)
        self.sale = Sale(self.memory, self.goods, self.ledger)
        self.printouts: list[Printout] = list(printouts)
        self._saved = saved
        self._committed = len(self.printouts)

    @property
    def state(self) -> RegisterState:
        """Everything that survives a power cut."""
        return self.memory.state

    @state.setter
    def state(self, state: RegisterState) -> None:
        self.memory.state = state

    @property
    def fiscal(self) -> bool:
        """Whether documents are fiscal; otherwise (training mode) it prints NIEFISKALNY and keeps no record."""
        return self.memory.fiscal

    def commit(self) -> None:
        """Save the present state. Called once per command: a killed emulator leaves no half-finished command."""
        new = self.printouts[self._committed :]
        self._saved(self.state, new)
        self._committed += len(new)

    def emit(self, kind: str, paper: Paper, facts: dict[str, Any]) -> Printout:
        """A finished sheet goes into the protected memory and out of the printer."""
        printout = Printout(
            number=self.state.printout_count + self.state.copy_offset,
            kind=kind,
            at=self.clock.now(),
            width=paper.width,
            lines=tuple(paper.lines),
            facts=facts,
        )
        self.state.closing = None
        self.printouts.append(printout)
        return printout
