"""A discount or surcharge: as it is sent, what it comes to, and its name on paper."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from fiscald.emulator.spread import percentage
from fiscald.model.money import plain


class Change(NamedTuple):
    """A discount or surcharge as it is sent: per cent in hundredths, or grosze."""

    value: int
    percent: bool
    surcharge: bool
    text: str

    @property
    def rate(self) -> Decimal:
        """Per cent."""
        return Decimal(self.value) / 100

    @property
    def is_allowed(self) -> bool:
        """Whether there is one; per cent go from 0.01 to 99.99 (4.1)."""
        return 0 < self.value < 10_000 if self.percent else self.value > 0

    def name(self, colon: str = "", equals: str = "") -> str:
        """As it is printed: ``rabat specjalny 15 %``."""
        words = [("narzut" if self.surcharge else "rabat") + colon, self.text]
        if self.percent:
            words.append(f"{plain(self.rate).replace('.', ',')} %{equals}")
        return " ".join(word for word in words if word)

    def of(self, base: int, *, of_remainder: bool) -> int:
        """The signed change it makes to ``base``; see ``percentage`` for the two methods (Thermal reference, 6.4)."""
        if not self.percent:
            return self.value if self.surcharge else -self.value
        return percentage(base, self.rate, surcharge=self.surcharge, of_remainder=of_remainder)
