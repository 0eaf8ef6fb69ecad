"""Numbers for the tests, good and bad."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fiscald.licence.number import ALPHABET, Kind, NumberCode
from fiscald.licence.number_reading import NumberRefused, read

N1 = "410F4-0BV4H-MASW9-148AR-7BS7D-8TA1"


N5 = "41074-000ZZ-ZZZZZ-7Z9QW-DECZN-7VHR"


PLAIN = N1.replace("-", "")


#: The symbols of N1, as published.
SYMBOLS = (4, 1, 0, 15, 4, 0, 11, 27, 4, 17, 20, 10, 25, 28, 9, 1, 4, 8, 10, 24, 7, 11, 25, 7, 13, 8, 26, 10, 1)


def refusal(typed: str, expected: Kind | None = None) -> NumberRefused:
    with pytest.raises(NumberRefused) as caught:
        read(typed, expected)
    return caught.value


def said(typed: str) -> tuple[NumberCode, str, str]:
    refused = refusal(typed)
    return refused.code, refused.detail, refused.detail_pl


def characters(symbols: Sequence[int]) -> str:
    return "".join(ALPHABET[symbol] for symbol in symbols)


def changed(symbols: Sequence[int], errors: dict[int, int]) -> list[int]:
    return [symbol ^ errors.get(position, 0) for position, symbol in enumerate(symbols)]


def horner(word: Sequence[int]) -> tuple[int, ...]:
    """The four values at a, a^2, a^3, a^4, with a multiplication that knows nothing of tables."""

    def times(one: int, other: int) -> int:
        product = 0
        for bit in range(5):
            if other >> bit & 1:
                product ^= one << bit
        for bit in range(9, 4, -1):
            if product >> bit & 1:
                product ^= 0b100101 << (bit - 5)
        return product

    point, found = 1, []
    for _ in range(4):
        point = times(point, 2)
        value = 0
        for symbol in word:
            value = times(value, point) ^ symbol
        found.append(value)
    return tuple(found)


def packed(four: Sequence[int]) -> int:
    return int("".join(f"{value:05b}" for value in four), 2)
