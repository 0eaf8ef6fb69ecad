"""The balance of returnable packaging of one printer and day: what was given out, and what was taken back."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from pydantic import Field

from fiscald.model.money import Balance, Money, from_grosze, grosze, line_value, plain
from fiscald.model.packaging import Packaging
from fiscald.model.strict import Strict

#: Kinds of packaging that a balance lists; further ones are in the sums only.
MAX_KINDS = 1000


class Turnover(Strict):
    """Pieces and their deposits."""

    quantity: str = Field(description="pieces", examples=["6", "0.5"])
    value: Money


class KindBalance(Strict):
    """One kind of packaging: the same name, if one is sent, and the same number, if one is sent."""

    name: str | None = Field(description="as it was first sent that day")
    number: str | None
    given: Turnover
    taken: Turnover
    balance: Balance = Field(description="deposits taken in minus deposits paid back")


class PackagingBalance(Strict):
    """Returnable packaging on the printed documents of one printer and day."""

    printer: str
    day: datetime.date = Field(description="of Polish time")
    items: tuple[KindBalance, ...] = Field(description=f"by name and number; at most {MAX_KINDS}")
    left_out: int = Field(description="kinds that are not in `items`, but in the sums")
    given: Turnover
    taken: Turnover
    balance: Balance
    documents: int = Field(description="printed documents with packaging")
    undated: int = Field(
        description="how many of them the printer gave no time to; they count on the day on which fiscald learned that "
        "they were printed"
    )
    undecided: int = Field(
        description="documents with packaging that became undecided that day. They are not in the balance; once a "
        "person has decided that one was printed, it is"
    )


class Counted(NamedTuple):
    """A document with packaging, as the journal has it."""

    packaging: tuple[Packaging, ...]
    done: bool
    """Otherwise it is undecided."""
    dated: bool
    """Whether the printer said when it printed the document."""


@dataclass
class _Sum:
    """Pieces and grosze."""

    quantity: Decimal = Decimal(0)
    value: int = 0

    def add(self, quantity: Decimal, value: int) -> None:
        self.quantity += quantity
        self.value += value

    @property
    def turnover(self) -> Turnover:
        return Turnover(quantity=plain(self.quantity), value=from_grosze(self.value))


@dataclass
class _Sums:
    given: _Sum = field(default_factory=_Sum)
    taken: _Sum = field(default_factory=_Sum)
    name: str | None = None

    def add(self, item: Packaging) -> None:
        value = line_value(grosze(item.price), item.quantity)
        (self.taken if item.returned else self.given).add(item.quantity, value)

    @property
    def balance(self) -> Decimal:
        return from_grosze(self.given.value - self.taken.value)


class BalanceSheet:
    """Adds the documents of a day up."""

    def __init__(self) -> None:
        self._all = _Sums()
        self._kinds: dict[tuple[str, str], _Sums] = {}
        self._left_out: set[int] = set()
        self._documents = self._undated = self._undecided = 0

    def add(self, documents: Iterable[Counted]) -> None:
        """Add documents."""
        for document in documents:
            if not document.done:
                self._undecided += 1
                continue
            self._documents += 1
            self._undated += not document.dated
            for item in document.packaging:
                self._all.add(item)
                self._add_kind(item)

    def _add_kind(self, item: Packaging) -> None:
        kind = (item.kind_name, item.number or "")
        sums = self._kinds.get(kind)
        if sums is None:
            if len(self._kinds) == MAX_KINDS:
                self._left_out.add(hash(kind))
                return
            sums = self._kinds[kind] = _Sums(name=item.name)
        sums.add(item)

    def balance(self, printer: str, day: datetime.date) -> PackagingBalance:
        """The whole balance."""
        return PackagingBalance(
            printer=printer,
            day=day,
            items=tuple(
                KindBalance(
                    name=sums.name,
                    number=number or None,
                    given=sums.given.turnover,
                    taken=sums.taken.turnover,
                    balance=sums.balance,
                )
                for (_, number), sums in sorted(self._kinds.items())
            ),
            left_out=len(self._left_out),
            given=self._all.given.turnover,
            taken=self._all.taken.turnover,
            balance=self._all.balance,
            documents=self._documents,
            undated=self._undated,
            undecided=self._undecided,
        )
