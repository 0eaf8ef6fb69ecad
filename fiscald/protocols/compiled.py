"""A description of bytes by construct, compiled to functions over ``bytes``: the same fields, many times faster.

construct reads byte by byte from a stream and makes a context for every field, and every frame of every receipt passes
here. Only the parts that families use are known; ``Compiled`` refuses a description with any other. Where the compiled
form refuses bytes or values, construct does too, and the other way round: properties in the tests compare the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import construct as c

#: Reads the field of ``data`` at a place; gives its value and the place behind it.
_Read = Callable[[bytes, int, Any], tuple[Any, int]]
#: Adds the bytes of a value to a list of pieces.
_Write = Callable[[Any, list[bytes], Any], None]
_Functions = tuple[_Read, _Write]


class Mismatch(Exception):
    """The bytes or values are not as described. It carries no text: the caller knows what it asked for."""


class Compiled:
    """A compiled ``Struct``."""

    def __init__(self, description: c.Struct) -> None:
        self._read, self._write = _struct(description)

    def parse(self, data: bytes, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The fields of ``data`` by name. ``given`` is what the description finds as ``_params.given``.

        Raises ``Mismatch``.
        """
        values: dict[str, Any] = self._read(data, 0, _context(given))[0]
        return values

    def build(self, values: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> bytes:
        """The bytes of the fields. Raises ``Mismatch``."""
        pieces: list[bytes] = []
        self._write(values, pieces, _context(given))
        return b"".join(pieces)


def _context(given: Mapping[str, Any] | None) -> Any:
    return SimpleNamespace(_params=SimpleNamespace(given=given))


def _functions(description: Any) -> _Functions:
    """Compile one part of a description. Raises ``TypeError`` for a part that is not known."""
    while isinstance(description, c.Renamed):
        description = description.subcon
    for kind, compile_ in _KINDS:
        if isinstance(description, kind):
            return compile_(description)
    if description is c.GreedyBytes:
        return _read_rest, _write_bytes
    if description is c.Pass:
        return _read_nothing, _write_nothing
    if description is c.Terminated:
        return _read_end, _write_nothing
    raise TypeError(f"{description!r} cannot be compiled")


def _struct(description: c.Struct) -> _Functions:
    parts = [(part.name, *_functions(part)) for part in description.subcons]

    def read(data: bytes, place: int, context: Any) -> tuple[dict[str, Any], int]:
        values: dict[str, Any] = {}
        for name, read_part, _ in parts:
            value, place = read_part(data, place, context)
            if name is not None:
                values[name] = value
        return values, place

    def write(values: Any, pieces: list[bytes], context: Any) -> None:
        for name, _, write_part in parts:
            write_part(None if name is None else values[name], pieces, context)

    return read, write


def _ended(description: Any) -> _Functions:
    """Bytes up to a terminator of one byte."""
    term = description.term
    usual = description.consume and description.require and not description.include
    if len(term) != 1 or not usual or description.subcon is not c.GreedyBytes:
        raise TypeError(f"{description!r} cannot be compiled")

    def read(data: bytes, place: int, context: Any) -> tuple[bytes, int]:
        end = data.find(term, place)
        if end < 0:
            raise Mismatch
        return data[place:end], end + 1

    def write(value: Any, pieces: list[bytes], context: Any) -> None:
        _write_bytes(value, pieces, context)
        pieces.append(term)

    return read, write


def _array(description: Any) -> _Functions:
    count_of = _asked(description.count)
    read_one, write_one = _functions(description.subcon)

    def read(data: bytes, place: int, context: Any) -> tuple[list[Any], int]:
        values = []
        for _ in range(_counted(count_of(context))):
            value, place = read_one(data, place, context)
            values.append(value)
        return values, place

    def write(values: Any, pieces: list[bytes], context: Any) -> None:
        if len(values) != _counted(count_of(context)):
            raise Mismatch
        for value in values:
            write_one(value, pieces, context)

    return read, write


def _asked(what: Any) -> Callable[[Any], Any]:
    """A number or condition of a description; it may depend on the context."""
    return what if callable(what) else lambda _: what


def _counted(count: int) -> int:
    if count < 0:
        raise Mismatch
    return count


def _all_that_follow(description: Any) -> _Functions:
    if not isinstance(description.subcon, c.NullTerminated):
        raise TypeError(f"{description!r} cannot be compiled")
    _, write_one = _ended(description.subcon)
    term = description.subcon.term

    def read(data: bytes, place: int, context: Any) -> tuple[list[bytes], int]:
        values = data[place:].split(term)
        return values, len(data) - len(values.pop())

    def write(values: Any, pieces: list[bytes], context: Any) -> None:
        for value in values:
            write_one(value, pieces, context)

    return read, write


def _choice(description: Any) -> _Functions:
    condition = _asked(description.condfunc)
    read_then, write_then = _functions(description.thensubcon)
    read_else, write_else = _functions(description.elsesubcon)

    def read(data: bytes, place: int, context: Any) -> tuple[Any, int]:
        return (read_then if condition(context) else read_else)(data, place, context)

    def write(value: Any, pieces: list[bytes], context: Any) -> None:
        (write_then if condition(context) else write_else)(value, pieces, context)

    return read, write


def _first_that_fits(description: Any) -> _Functions:
    options = [_functions(each) for each in description.subcons]

    def read(data: bytes, place: int, context: Any) -> tuple[Any, int]:
        for read_one, _ in options:
            try:
                return read_one(data, place, context)
            except Mismatch:
                continue
        raise Mismatch

    def write(value: Any, pieces: list[bytes], context: Any) -> None:
        before = len(pieces)
        for _, write_one in options:
            try:
                return write_one(value, pieces, context)
            except Mismatch:
                del pieces[before:]
        raise Mismatch

    return read, write


def _valid(description: Any) -> _Functions:
    fits = description._validate
    read_one, write_one = _functions(description.subcon)

    def read(data: bytes, place: int, context: Any) -> tuple[Any, int]:
        value, place = read_one(data, place, context)
        if not fits(value, context, ""):
            raise Mismatch
        return value, place

    def write(value: Any, pieces: list[bytes], context: Any) -> None:
        if value is None or not fits(value, context, ""):
            raise Mismatch
        write_one(value, pieces, context)

    return read, write


def _read_rest(data: bytes, place: int, context: Any) -> tuple[bytes, int]:
    return data[place:], len(data)


def _read_nothing(data: bytes, place: int, context: Any) -> tuple[None, int]:
    return None, place


def _read_end(data: bytes, place: int, context: Any) -> tuple[None, int]:
    if place != len(data):
        raise Mismatch
    return None, place


def _write_bytes(value: Any, pieces: list[bytes], context: Any) -> None:
    if value is None:
        raise Mismatch
    pieces.append(value)


def _write_nothing(value: Any, pieces: list[bytes], context: Any) -> None:
    pass


_KINDS: Iterable[tuple[Any, Callable[[Any], _Functions]]] = (
    (c.Struct, _struct),
    (c.NullTerminated, _ended),
    (c.Array, _array),
    (c.GreedyRange, _all_that_follow),
    (c.IfThenElse, _choice),
    (c.Select, _first_that_fits),
    (c.ExprValidator, _valid),
)
