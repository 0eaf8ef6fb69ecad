"""The check symbols of a licence number: a Reed-Solomon code over GF(32), the field of one character.

A word is 29 symbols of 5 bits, the last four of them check symbols. Read as a polynomial, first symbol at the
highest power, a good word is zero at a, a^2, a^3 and a^4. Its four values there, packed into 20 bits, are the
*syndrome*. It is linear: every wrong symbol adds (by exclusive or) its own share, whatever the others are.
Any two good words differ in five places at least, so up to four wrong symbols are noticed, and one or two can
be located.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

LENGTH, CHECKS = 29, 4
#: x^5 + x^2 + 1, primitive, so that the powers of a = 2 are all the symbols but 0.
_FIELD = 0b100101
#: (x - a)(x - a^2)(x - a^3)(x - a^4) = x^4 + 30x^3 + 6x^2 + 9x + 17, the leading 1 left out.
_GENERATOR = (30, 6, 9, 17)


class Wrong(NamedTuple):
    """A wrong symbol: its position from 0 on, and what to exclusive-or it with to make it right."""

    position: int
    error: int


def check_symbols(data: Sequence[int]) -> tuple[int, ...]:
    """The four symbols that make 25 ``data`` symbols a good word: the remainder of data * x^4."""
    rest = 0
    for symbol in data:
        rest = (rest & 0x7FFF) << 5 ^ _REMAINDERS[symbol ^ rest >> 15]
    return tuple(rest >> shift & 31 for shift in (15, 10, 5, 0))


def syndrome(word: Sequence[int]) -> int:
    """20 bits over 29 symbols: zero exactly for a valid word."""
    total = 0
    for position, symbol in enumerate(word):
        total ^= _SHARES[position][symbol]
    return total


def locate(found: int) -> tuple[Wrong, ...]:
    """The one or two wrong symbols that explain a syndrome, in order; none where it takes more than two.

    No two such explanations share a syndrome. Three or more wrong symbols can look like two, though.
    """
    if found in _SINGLE:
        return (_SINGLE[found],)
    for share, first in _SINGLE.items():
        if second := _SINGLE.get(found ^ share):
            return (first, second)
    return ()


def _powers() -> Iterator[int]:
    power = 1
    for _ in range(31):
        yield power
        power <<= 1
        if power & 32:
            power ^= _FIELD


_EXP = tuple(_powers())
_LOG = {power: exponent for exponent, power in enumerate(_EXP)}


def _times(one: int, other: int) -> int:
    return _EXP[(_LOG[one] + _LOG[other]) % 31] if one and other else 0


def _packed(symbols: Iterable[int]) -> int:
    packed = 0
    for symbol in symbols:
        packed = packed << 5 | symbol
    return packed


#: What each leading symbol leaves behind when it is divided, as 20 bits.
_REMAINDERS = tuple(_packed(_times(symbol, each) for each in _GENERATOR) for symbol in range(32))


def _share(position: int, symbol: int) -> int:
    return _packed(_times(symbol, _EXP[root * (LENGTH - 1 - position) % 31]) for root in range(1, CHECKS + 1))


_SHARES = tuple(tuple(_share(position, symbol) for symbol in range(32)) for position in range(LENGTH))
#: The 29 * 31 ways to have one symbol wrong, by their syndromes.
_SINGLE = {_SHARES[position][error]: Wrong(position, error) for position in range(LENGTH) for error in range(1, 32)}
