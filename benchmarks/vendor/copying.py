"""Copies of a story: the same rows with other names, keys, numbers and seconds.

Every cell of a story's rows is compiled once: a constant, a new value, a time that is some hours later, or a text with
new values in it. What is a hash of other things (the fingerprint of a certificate's rights) is hashed again.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from base64 import b32encode
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from benchmarks.vendor.stories import Computer, Recorded, Story, nip, real_key
from fiscald.licence.company import Company
from fiscald.licence.number import ALPHABET, issue
from fiscald.licence.server.number_rules import number_seal
from fiscald.licence.tokens import b64

#: Seconds by which copies differ: from eight in the morning until six, so that no day changes.
HOURS = 10 * 3600
_TIMES = range(1_500_000_000, 2_200_000_000)
_WORDS = (
    "Piekarnia", "Cukiernia", "Apteka", "Kwiaciarnia", "Sklep Spożywczy", "Księgarnia", "Warsztat", "Restauracja",
    "Hurtownia", "Drogeria", "Żabka", "Mleczarnia", "Delikatesy", "Salon Fryzjerski", "Auto Serwis", "Bar Mleczny",
)  # fmt: skip
_SURNAMES = ("Żurek", "Kowalski", "Nowak", "Wiśniewska", "Łącki", "Zieliński", "Wójcik", "Kamińska", "Gęś", "Mazur")
_IN_BASE_32 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET.encode())
#: Values of a copy: [0] is by how many seconds it is later.
Values = list[Any]
Cell = Callable[[Values], Any]


class Asker(NamedTuple):
    """A copy's computer that can ask real questions."""

    key: str
    lic: str
    crt: str
    mid: str


class Maker:
    """Makes new names, keys and numbers; no two are equal."""

    def __init__(self, rules: Recorded, seed: int) -> None:
        self._rules = rules
        self.seed = seed
        self._random = random.Random(seed)
        self._serials: set[int] = set()
        self._tax = self._random.randrange(100_000_000, 110_000_000)
        self._count = 0

    def values(self, story: Story, *, sampled: bool) -> tuple[Values, list[Computer]]:
        """A copy's values in the order of ``_old``, and its computers."""
        self._count += 1
        k = self._count
        found: Values = [self._random.randrange(HOURS)]
        names = self._random.randbytes(9 * len(story.ids))
        found += [_symbols(names[at : at + 9]) for at in range(0, len(names), 9)]
        firm = self._company(story, k)
        found += [firm.name, firm.normal_name, firm.tin]
        found += [f"biuro{k}@firma{k % 5003}.example", f"S-{self.seed}-{k}", f"FV/{k}/2026"]
        computers = [self._computer(k, which, sampled=sampled) for which in range(len(story.computers))]
        found += _of_computers(self._rules, story, computers)
        for number in story.numbers:
            made = issue(
                kind=number.kind, flags=number.flags, issued=number.issued, serial=self._serial(), mac_key=1,
                key=self._rules.keyring.mac[1],
            )  # fmt: skip
            found += [number_seal(self._rules.keyring, made), made.serial, made.hint, made.digest]
        return found, computers

    def _company(self, story: Story, k: int) -> Company:
        name = f"{_WORDS[k % 16]} {_SURNAMES[k // 16 % 10]} {k} Sp. z o.o."
        while True:
            self._tax += 1
            number = nip(self._tax)
            if number is not None:
                return Company(name, story.company.post, "PL", number)

    def _computer(self, k: int, which: int, *, sampled: bool) -> Computer:
        if sampled and which == 0:
            key = real_key(self.seed, k)
            return Computer(f"{k}-0", key, b64(key._private.public_key().public_bytes_raw()))
        return Computer(f"{k}-{which}", None, b64(self._random.randbytes(32)))

    def _serial(self) -> int:
        while True:
            serial = self._random.getrandbits(35)
            if serial not in self._serials:
                self._serials.add(serial)
                return serial


def _symbols(random_bytes: bytes) -> str:
    return b32encode(random_bytes)[:13].translate(_IN_BASE_32).decode()


def _old(rules: Recorded, story: Story) -> list[Any]:
    """What is replaced, in the order of ``Maker.values``."""
    found: list[Any] = [None, *story.ids]
    found += [story.company.name, story.company.normal_name, story.company.tin, story.email, story.order, story.invoice]
    found += _of_computers(rules, story, story.computers)
    for number in story.numbers:
        found += [number_seal(rules.keyring, number), number.serial, number.hint, number.digest]
    return found


def _of_computers(rules: Recorded, story: Story, computers: list[Computer]) -> Iterator[Any]:
    for computer in computers:
        yield from (computer.jwk["x"], computer.jkt, computer.mid)
        if story.has_trial:
            yield from (rules._trial_seal("key", computer.jkt), rules._trial_seal("machine", computer.mid))


class Template:
    """A story's rows, ready to be copied."""

    def __init__(self, rules: Recorded, story: Story) -> None:
        self.story = story
        self._rules = rules
        self._index = {value: at for at, value in enumerate(_old(rules, story)) if value is not None}
        texts = sorted((text for text in self._index if isinstance(text, str)), key=len, reverse=True)
        self._pattern = re.compile("(" + "|".join(map(re.escape, texts)) + r"|(?<=\"end\":)[0-9]{10})")
        self.rows = [
            (row.table, tuple(row.cells), [self._cell(name, value) for name, value in row.cells.items()])
            for row in story.rows
        ]
        self._asks = None if story.asks is None else [self._text(part) for part in story.asks]

    def copy(self, values: Values) -> list[tuple[str, tuple[str, ...], list[Any]]]:
        """The rows of one copy."""
        return [
            (table, columns, [cell(values) if callable(cell) else cell for cell in cells])
            for table, columns, cells in self.rows
        ]

    def asker(self, values: Values, computer: Computer) -> Asker | None:
        """The computer that may ask, if there is one."""
        if self._asks is None or computer.key is None:
            return None
        lic, crt = (part(values) if callable(part) else part for part in self._asks)
        return Asker(computer.key._private.private_bytes_raw().hex(), lic, crt, computer.mid)

    def _cell(self, column: str, value: Any) -> Any:
        if column == "rights":
            return self._rights(value)
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, bytes):
            at = self._index[value]  # a seal without a number has no copy
            return lambda values: values[at]
        if column == "serial":
            at = self._index[value]
            return lambda values: values[at]
        if isinstance(value, int) and value in _TIMES:
            return lambda values: value + values[0]
        return value

    def _text(self, value: str) -> Any:
        at = self._index.get(value)
        if at is not None:
            return lambda values: values[at]
        parts = self._pattern.split(value)
        if len(parts) == 1:
            return value
        cells: list[Any] = []
        for place, part in enumerate(parts):
            if place % 2 == 0:
                cells.append(part)
            elif part in self._index:
                cells.append(self._index[part])
            else:
                cells.append(_later(int(part)))
        return lambda values: "".join(
            [cell if type(cell) is str else values[cell] if type(cell) is int else cell(values) for cell in cells]
        )

    def _rights(self, value: str) -> Any:
        said = self._rules.said[value]
        kid = self._rules.keyring.kid
        text = self._text(json.dumps([kid, said], ensure_ascii=False, sort_keys=True, separators=(",", ":")))
        return lambda values: hashlib.sha256(text(values).encode()).hexdigest()


def _later(at: int) -> Cell:
    return lambda values: str(at + values[0])
