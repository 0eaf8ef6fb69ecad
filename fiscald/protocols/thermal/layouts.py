"""The layout of the Thermal commands and answers: parameters, fields, counts, conditions, check byte.

construct describes what follows the identifier. Source: Thermal reference, section 5 and appendix A.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from construct import (
    Array,
    Construct,
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

from fiscald.protocols.compiled import Compiled, Mismatch
from fiscald.protocols.tables import FieldFault
from fiscald.protocols.thermal.fields import Brand, Dialect, Value, ValueRefused
from fiscald.protocols.thermal.frames import Frame

RATE_LETTERS = "ABCDEFG"
_AMOUNT_LIKE = re.compile(rb"\d*[.,]?\d*")

#: Parameters of a command by name; ``None`` for one that was sent empty.
Given = Mapping[str, Any]


class Times(NamedTuple):
    """The count in a parameter, or the usual count if the parameter says nothing."""

    param: str
    usual: int = 0

    def __call__(self, given: Given) -> int:
        """The count."""
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
    """Present if a parameter was sent with one of these values (empty: with any value); by brand."""

    posnet: tuple[str, tuple[int, ...]] | None
    novitus: tuple[str, tuple[int, ...]] | None

    def of(self, brand: Brand) -> tuple[str, tuple[int, ...]] | None:
        """The parameter and the values for devices of that brand; ``None``: they never have the field."""
        return self.novitus if brand is Brand.NOVITUS else self.posnet

    def __call__(self, given: Given) -> bool:
        """Whether the field is present."""
        condition = self.of(given["brand"])
        if condition is None:
            return False
        value = given.get(condition[0])
        return value is not None and (not condition[1] or value in condition[1])


def may_differ(given: Given) -> bool:
    """Whether the amount of a discount is optional in a received line, because the line has no discount.

    One program in production leaves the amount out on a POSNET, another one sends it to a Novitus. If a Novitus line
    has a description, it starts there, as the manual says, and may look like an amount.
    """
    described = given["brand"] is Brand.NOVITUS and given.get("Pd") == 1
    return given.get("Pr") == 0 and not described


class Check(StrEnum):
    """Whether a kind of sequence has a check byte (3.2)."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    """If the two last digits fit, they are the check byte. We always send it with commands."""
    NEVER = "never"


class Param(NamedTuple):
    """A decimal parameter before the identifier."""

    name: str
    most: int = 255
    least: int = 0
    required: bool = False
    times: Times | None = None
    """How many of them; then the value is a list."""


class Part(NamedTuple):
    """A field behind the identifier, up to its terminator."""

    name: str
    value: Value
    fault: int = 4
    """The error that a printer answers if the field does not fit."""
    end: bytes | None = None
    """Its terminator; ``None``: the usual one of its type; empty: no terminator."""
    times: Times | ByAmounts | None = None
    """How many of them; then the value is a list."""
    when: When | None = None
    lenient: bool = False
    """Optional in a line without a discount, whatever the brand's manual says: see ``may_differ``."""
    optional: bool = False
    """Senders that do not need it may leave it out."""
    rest: bool = False
    """All fields that follow; then the value is a list."""

    @property
    def many(self) -> bool:
        """Whether the value is a list."""
        return self.rest or self.times is not None

    @property
    def term(self) -> bytes:
        """The bytes that end it; empty if it goes to the end of the sequence."""
        return self.value.end if self.end is None else self.end

    def letter(self, index: int, count: int) -> str:
        """The letter of the rate that the ``index``-th of ``count`` belongs to; empty if it is unknown."""
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
            # The next field may be in its place, so only bytes that look like an amount count as one.
            amount = ExprValidator(one, lambda raw, _: _AMOUNT_LIKE.fullmatch(raw) is not None)
            return IfThenElse(lambda context: may_differ(context._params.given), Optional(amount), usual)
        if self.rest:
            return GreedyRange(one)
        return Optional(one) if self.optional else one


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a sequence: a command or an answer."""

    id: str
    first: int | None = None
    """The first parameter, if it belongs to the identifier and selects what the command does."""
    params: tuple[Param, ...] = ()
    parts: tuple[Part, ...] = ()
    check: Check = Check.REQUIRED
    fault: int = 3
    """The error that a printer answers if there are too many or too few fields."""
    brands: tuple[Brand, ...] = (Brand.POSNET, Brand.NOVITUS)
    """The brands whose devices know it."""
    variant: str = ""
    """A word in its name, where one identifier has several commands that only the number of parameters tells apart."""
    _compiled: Compiled | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """``$e 1``: the identifier and, if it selects the command, the first parameter; then the variant."""
        name = self.id if self.first is None else f"{self.id} {self.first}"
        return f"{name} {self.variant}" if self.variant else name

    @property
    def body(self) -> Struct:
        """What follows the identifier. ``Optional`` swallows an error, ``Terminated`` shows it."""
        return Struct(*(part.name / part.shape for part in self.parts), Terminated)

    @property
    def compiled(self) -> Compiled:
        """The same, compiled. It is made when it is needed first: a shop uses few of the layouts."""
        if self._compiled is None:
            object.__setattr__(self, "_compiled", Compiled(self.body))
        assert self._compiled is not None
        return self._compiled

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
            if isinstance(found, list):
                values[part.name] = [_decode(part, each, dialect) for each in found]
            elif found is not None:
                values[part.name] = _decode(part, found, dialect)
        return values

    def split(self, frame: Frame, given: Given, brand: Brand) -> Mapping[str, Any]:
        """The fields as they are on the line: bytes, a list of bytes, ``None``. Raises ``FieldFault``."""
        body = frame.unchecked.body if self.check is Check.NEVER else frame.body
        try:
            slashes = body.count(b"/")
            return self.compiled.parse(body, {**given, "brand": brand, "slashes": slashes})
        except Mismatch:
            raise FieldFault(self.fault, self.name, f"{body!r} has too many or too few fields") from None

    def write(self, values: Given, dialect: Dialect) -> Frame:
        """The sequence with these values. Raises ``FieldFault`` for one that does not fit."""
        params = _write_params(self, values)
        raw: dict[str, Any] = {}
        absent: list[Part] = []
        amounts = 0
        for part in self.parts:
            value = values.get(part.name)
            if part.many:
                raw[part.name] = [_encode(part, each, dialect) for each in value or ()]
                count = len(raw[part.name])
            elif value is None:
                raw[part.name], count = None, 0
                absent.append(part)
            else:
                raw[part.name], count = _encode(part, value, dialect), 1
            if part.term == b"/":
                amounts += count
        given = {param.name: values.get(param.name) for param in self.params}
        given |= {"brand": dialect.brand, "slashes": amounts}
        for part in absent:
            wanted = part.when(given) if part.when else not part.optional
            if wanted and not (part.lenient and may_differ(given)):
                raise FieldFault(self.fault, part.name, "is missing")
        try:
            body = self.compiled.build(raw, given)
        except Mismatch:
            raise FieldFault(self.fault, self.name, "its counters and its lists differ") from None
        frame = Frame(params, self.id, body)
        return frame if self.check is Check.NEVER else frame.checked


def _read_params(layout: Layout, frame: Frame) -> dict[str, Any]:
    left = list(frame.params)
    if layout.first is not None:
        left.pop(0)
    if not (left or layout.params):
        return {}
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
