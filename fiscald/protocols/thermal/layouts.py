"""How a command or an answer of the Thermal protocol is laid out: parameters, fields, counts, conditions, check byte.

construct describes what follows the identifier. Source: Thermal reference, section 5 and appendix A.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from construct import (
    Array,
    Construct,
    ConstructError,
    ExprValidator,
    GreedyBytes,
    GreedyRange,
    If,
    IfThenElse,
    NullTerminated,
    Optional,
    Struct,
    Terminated,
)

from fiscald.protocols.tables import FieldFault
from fiscald.protocols.thermal.fields import Brand, Dialect, Value, ValueRefused
from fiscald.protocols.thermal.frames import Frame

RATE_LETTERS = "ABCDEFG"
_AMOUNT_LIKE = re.compile(rb"\d*[.,]?\d*")

#: Parameters of a command by name; ``None`` for one that was sent empty.
Given = Mapping[str, Any]


class Times(NamedTuple):
    """As many as a parameter says, or as usual where it says nothing."""

    param: str
    usual: int = 0

    def __call__(self, given: Given) -> int:
        """How many."""
        return given.get(self.param) or self.usual


#: As many as the parameter ``Ps`` says, four at least; and one for each rate.
RATES, SEVEN = Times("Ps", 4), Times("", len(RATE_LETTERS))


class ByAmounts(NamedTuple):
    """As many as the number of amounts in a ``1#X`` tells: rates in use, a number, as many totals or one more."""

    totals: bool

    def __call__(self, given: Given) -> int:
        """How many; ``slashes`` are the amounts, three of which are no rates and no totals."""
        amounts: int = max(given["slashes"] - 3, 0)
        return amounts - amounts // 2 if self.totals else amounts // 2


class When(NamedTuple):
    """Where a parameter was sent and has one of these values (any, where there are none); by brand."""

    posnet: tuple[str, tuple[int, ...]] | None
    novitus: tuple[str, tuple[int, ...]] | None

    def of(self, brand: Brand) -> tuple[str, tuple[int, ...]] | None:
        """What devices of that brand look at; ``None``: they never have it."""
        return self.novitus if brand is Brand.NOVITUS else self.posnet

    def __call__(self, given: Given) -> bool:
        """Whether it is there."""
        condition = self.of(given["brand"])
        if condition is None:
            return False
        value = given.get(condition[0])
        return value is not None and (not condition[1] or value in condition[1])


def may_differ(given: Given) -> bool:
    """Whether a line that is read may have an amount of a discount or not, because it has no discount.

    One program in production leaves the amount out on a POSNET, another one sends it to a Novitus. Where a Novitus line
    has a description, that one begins there, as the manual says: it may look like an amount.
    """
    described = given["brand"] is Brand.NOVITUS and given.get("Pd") == 1
    return given.get("Pr") == 0 and not described


class Check(StrEnum):
    """Whether a kind of sequence has a check byte (3.2)."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    """Two last digits that fit are it; sent by us always, where commands are concerned."""
    NEVER = "never"


class Param(NamedTuple):
    """A decimal parameter in front of the identifier."""

    name: str
    most: int = 255
    least: int = 0
    required: bool = False
    times: Times | None = None
    """So many of them; then the value is a list."""


class Part(NamedTuple):
    """A field behind the identifier, up to its terminator."""

    name: str
    value: Value
    fault: int = 4
    """The error a printer answers where it does not fit."""
    end: bytes | None = None
    """Its terminator; the usual one of its type where ``None``, nothing behind it where empty."""
    times: Times | ByAmounts | None = None
    """So many of them; then the value is a list."""
    when: When | None = None
    lenient: bool = False
    """A line without a discount may have it or not, whatever the brand's manual says: see ``may_differ``."""
    optional: bool = False
    """Left out by whoever does not need it."""
    rest: bool = False
    """As many as come; then the value is a list."""

    @property
    def many(self) -> bool:
        """Whether the value is a list."""
        return self.rest or self.times is not None

    @property
    def term(self) -> bytes:
        """What ends it; nothing where it goes to the end of the sequence."""
        return self.value.end if self.end is None else self.end

    def letter(self, index: int, count: int) -> str:
        """The letter of the rate that the ``index``-th of ``count`` belongs to; empty where none is known."""
        by_rate = self.times in (RATES, SEVEN) or (isinstance(self.times, ByAmounts) and count == len(RATE_LETTERS))
        return RATE_LETTERS[index : index + 1] if by_rate else ""

    @property
    def shape(self) -> Construct[Any, Any]:
        """Its bytes, by construct; ``given`` are the parameters."""
        one: Construct[Any, Any] = NullTerminated(GreedyBytes, term=self.term) if self.term else GreedyBytes
        times, when = self.times, self.when
        if times is not None:
            return Array(lambda context: times(context._params.given), one)
        if when is not None:
            usual = If(lambda context: when(context._params.given), one)
            if not self.lenient:
                return usual
            # What stands in its place may be the next field: only what can be an amount is taken for one.
            amount = ExprValidator(one, lambda raw, _: _AMOUNT_LIKE.fullmatch(raw) is not None)
            return IfThenElse(lambda context: may_differ(context._params.given), Optional(amount), usual)
        if self.rest:
            return GreedyRange(one)
        return Optional(one) if self.optional else one


@dataclass(frozen=True, slots=True)
class Layout:
    """How a sequence is written: of a command, or of an answer."""

    id: str
    first: int | None = None
    """The first parameter, where it belongs to the identifier: it selects what the command does."""
    params: tuple[Param, ...] = ()
    parts: tuple[Part, ...] = ()
    check: Check = Check.REQUIRED
    fault: int = 3
    """The error a printer answers where there are more or fewer fields."""
    brands: tuple[Brand, ...] = (Brand.POSNET, Brand.NOVITUS)
    """Whose devices know it."""

    @property
    def name(self) -> str:
        """``$e 1``: the identifier and, where it selects, the first parameter."""
        return self.id if self.first is None else f"{self.id} {self.first}"

    @property
    def body(self) -> Struct:
        """What follows the identifier. ``Optional`` swallows an error, ``Terminated`` shows it."""
        return Struct(*(part.name / part.shape for part in self.parts), Terminated)

    def part(self, name: str) -> Part:
        """The field called ``name``. Raises ``KeyError``."""
        for part in self.parts:
            if part.name == name:
                return part
        raise KeyError(f"{self.name} has no field {name}")

    def read(self, frame: Frame, dialect: Dialect) -> dict[str, Any]:
        """Parameters and fields of a sequence. Raises ``FieldFault``."""
        values = _read_params(self, frame)
        raw = self.split(frame, values, dialect.brand)
        for part in self.parts:
            found = raw[part.name]
            if part.many:
                values[part.name] = [_decode(part, each, dialect) for each in found]
            elif found is not None:
                values[part.name] = _decode(part, found, dialect)
        return values

    def split(self, frame: Frame, given: Given, brand: Brand) -> Mapping[str, Any]:
        """The fields as they stand on the line: bytes, a list of them, ``None``. Raises ``FieldFault``."""
        body = frame.unchecked.body if self.check is Check.NEVER else frame.body
        try:
            slashes = body.count(b"/")
            raw: Mapping[str, Any] = self.body.parse(body, given={**given, "brand": brand, "slashes": slashes})
        except ConstructError:
            raise FieldFault(self.fault, self.name, f"{body!r} has too many or too few fields") from None
        return raw

    def write(self, values: Given, dialect: Dialect) -> Frame:
        """The sequence with these values. Raises ``FieldFault`` for one that does not fit."""
        params = _write_params(self, values)
        raw: dict[str, Any] = {}
        for part in self.parts:
            value = values.get(part.name)
            if part.many:
                raw[part.name] = [_encode(part, each, dialect) for each in value or ()]
            else:
                raw[part.name] = None if value is None else _encode(part, value, dialect)
        given = {name: values.get(name) for name, *_ in self.params} | {"brand": dialect.brand}
        for part in self.parts:
            wanted = part.when(given) if part.when else not (part.many or part.optional)
            if wanted and raw[part.name] is None and not (part.lenient and may_differ(given)):
                raise FieldFault(self.fault, part.name, "is missing")
        amounts = (raw[part.name] for part in self.parts if part.term == b"/")
        given["slashes"] = sum(len(each) if isinstance(each, list) else each is not None for each in amounts)
        try:
            body: bytes = self.body.build(raw, given=given)
        except ConstructError:
            raise FieldFault(self.fault, self.name, "its counters and its lists differ") from None
        frame = Frame(params, self.id, body)
        return frame if self.check is Check.NEVER else frame.checked


def _read_params(layout: Layout, frame: Frame) -> dict[str, Any]:
    left = list(frame.params)
    if layout.first is not None:
        left.pop(0)
    values: dict[str, Any] = {}
    for name, most, least, required, times in layout.params:
        wanted = 1 if times is None else times(values)
        taken, left = left[:wanted], left[wanted:]
        if len(taken) < wanted and (required or taken or times is not None):
            raise FieldFault(3, name, "is missing")
        for value in taken:
            if value is None and required:
                raise FieldFault(3, name, "is empty")
            if value is not None and not least <= value <= most:
                raise FieldFault(4, name, f"{value} is not between {least} and {most}")
        if times is not None:
            values[name] = taken
        elif taken:
            values[name] = taken[0]
    if left:
        raise FieldFault(3, layout.name, f"{len(left)} parameters too many")
    return values


def _write_params(layout: Layout, values: Given) -> tuple[int | None, ...]:
    params: list[int | None] = [] if layout.first is None else [layout.first]
    missing: str | None = None
    for name, most, least, required, times in layout.params:
        value = values.get(name)
        wanted = 1 if times is None else times(values)
        given = [] if value is None else [value] if times is None else list(value)
        if len(given) != wanted and (required or times is not None):
            raise FieldFault(3, name, "is missing, or not as many as announced")
        for each in given:
            if missing is not None:
                raise FieldFault(3, missing, f"is missing before {name}")
            if not least <= each <= most:
                raise FieldFault(4, name, f"{each} is not between {least} and {most}")
        params += given
        if not given and wanted:
            missing = missing or name
    return tuple(params)


def _decode(part: Part, raw: bytes, dialect: Dialect) -> Any:
    try:
        return part.value.decode(raw, dialect)
    except ValueRefused as error:
        raise FieldFault(part.fault, part.name, str(error)) from None


def _encode(part: Part, value: Any, dialect: Dialect) -> bytes:
    try:
        return part.value.encode(value, dialect)
    except ValueRefused as error:
        raise FieldFault(part.fault, part.name, str(error)) from None
