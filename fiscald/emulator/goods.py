"""The goods base: which rate each name was sold at, and which rates it may be sold at now."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from decimal import Decimal

from fiscald.emulator.memory import Goods, Line, RegisterMemory
from fiscald.emulator.refusal import Refusal, RegisterError


def goods_key(name: str) -> str:
    """Names are compared on letters and digits only, ignoring case."""
    return "".join(char for char in unicodedata.normalize("NFC", name).casefold() if char.isalnum())


class GoodsBase:
    """Remembers the rate of every name that was sold; a rate that was lowered may not be raised again."""

    def __init__(self, memory: RegisterMemory) -> None:
        self._memory = memory
        #: How names are compared; a family may have another rule.
        self.key = goods_key

    def find(self, name: str) -> Goods | None:
        """What the base knows of a name."""
        return self._memory.state.goods.get(self.key(name))

    def check(self, name: str, rate: int) -> Goods | None:
        """What the base knows of a name. Raises ``RegisterError`` if it may not be sold at that rate."""
        if not self._memory.state.rate_active(rate):
            raise RegisterError(Refusal.RATE)
        known = self.find(name)
        if known is None:
            if len(self._memory.state.goods) >= self._memory.state.goods_capacity:
                raise RegisterError(Refusal.GOODS_FULL)
        elif known.lowered and self._percent(rate) > self._percent(known.rate):
            raise RegisterError(Refusal.GOODS_LOCKED)
        return known

    def learn(self, lines: Sequence[Line]) -> None:
        """Remember the rate of every line; a lowered rate stays lowered, so that raising it again is refused."""
        state = self._memory.state
        for line in lines:
            if line.advance:
                continue
            known = self.find(line.name)
            if known is None:
                state.goods[self.key(line.name)] = Goods(rate=line.rate)
            elif known.rate != line.rate:
                known.lowered = known.lowered or self._percent(line.rate) < self._percent(known.rate)
                known.rate = line.rate
            else:
                continue
            state.day.goods_changes += 1

    def _percent(self, rate: int) -> Decimal:
        value = self._memory.state.rates[rate]
        return value if isinstance(value, Decimal) else Decimal(0)
