"""Reads a licence number that a person typed, and describes mistakes in words that help over the phone.

A slip of the finger is pointed out, never repaired: the person compares the place with the paper. What is said
follows from public arithmetic and from what was typed, so it tells no secret.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from fiscald.licence.number import (
    ALPHABET,
    APP,
    BANK,
    FISCAL,
    GROUP,
    SUPPORT,
    Kind,
    Number,
    NumberCode,
    structure_fault,
    unpack,
)
from fiscald.licence.number_check import LENGTH, locate, syndrome

MAX_TYPED = 128
#: How far an issue date may lie ahead of today before the computer's date is doubted.
DATE_SLACK = datetime.timedelta(days=2)

#: What word processors, mail and people put between characters: white space, dashes, minus, invisible joints.
_DROPPED = dict.fromkeys(
    (*b" \t\r\n-", 0xA0, 0xAD, 0x2007, 0x2009, *range(0x2010, 0x2016), *range(0x200B, 0x200E), 0x202F, 0x2060, 0x2212,
     0xFEFF)
)  # fmt: skip
#: The same as spaces, but for what stands inside a group and is not seen.
_SPACED = {code: None if code in (0xAD, *range(0x200B, 0x200E), 0x2060, 0xFEFF) else " " for code in _DROPPED}
#: What stands around a number in a sentence or a table.
_AROUND = " \t\r\n\"'`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb()[]{}<>.,;:!*|"
# Spelled out, because str.upper() makes letters of this alphabet from a dotless i and a long s.
_VALUE = {char: value for value, char in enumerate(ALPHABET)}
_VALUE |= {chr(ord(char) + 32): value for char, value in _VALUE.items() if char >= "A"}
_VALUE |= dict.fromkeys("Oo", 0) | dict.fromkeys("IiLl", 1)
#: Letters of other keyboards that look like Latin ones or lie on their keys.
_LOOK_ALIKE = {
    variant: (script, script_pl, latin)
    for script, script_pl, letters, meant in (
        ("Cyrillic", "z cyrylicy", "АВЕКМНОРСТУХЅІЈ", "ABEKMHOPCTYXSIJ"),
        ("Greek", "z alfabetu greckiego", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"),
    )
    for letter, latin in zip(letters, meant, strict=True)
    for variant in (letter, letter.lower())
}
_RIGHTS = {
    APP: ("application", "aplikację"),
    BANK: ("bank module", "moduł bankowy"),
    FISCAL: ("fiscal module", "moduł fiskalny"),
    SUPPORT: ("a year of updates and support", "rok aktualizacji i wsparcia"),
}


class Place(NamedTuple):
    """The place in the number, counted from 1; ``character`` is ``None`` where only the group is known."""

    group: int
    character: int | None = None

    def __str__(self) -> str:
        return f"group {self.group}, character {self.character}"

    @property
    def polish(self) -> str:
        """The same in Polish."""
        return f"grupa {self.group}, znak {self.character}"


class NumberRefused(Exception):
    """A text that is not a number for this field. ``detail`` and ``detail_pl`` are for the person who types."""

    def __init__(self, code: NumberCode, detail: str, detail_pl: str, *places: Place) -> None:
        self.code = code
        self.detail = detail
        self.detail_pl = detail_pl
        self.places = places
        super().__init__(f"{code}: {detail}")


class Remark(NamedTuple):
    """A remark for the person about a number that was read."""

    code: NumberCode
    detail: str
    detail_pl: str


def read(typed: str, expected: Kind | None = None) -> Number:
    """The number in ``typed``, for the field of the ``expected`` kind (``None``: for either).

    Raises ``NumberRefused`` with the first thing that is wrong. Case, spaces and dashes do not matter, and the
    letters O, I and L, which stand in no number, are read as 0 and 1; nothing else is made to fit. What was pasted
    around a number - a label, quotes, a full stop - is left out, if exactly one whole number remains.
    """
    word = _word(typed)
    if len(word) != LENGTH:
        raise _wrong_length(word)
    if found := syndrome(word):
        raise _mistyped(word, found)
    fields = unpack(word)
    if code := structure_fault(fields):
        raise _unusable(code)
    rest = (fields[name] for name in ("product", "flags", "mac_key", "day", "serial", "mac"))
    number = Number(Kind(fields["kind"]), *rest)
    if expected not in (None, number.kind):
        raise _wrong_field(number.kind)
    return number


def summary(number: Number) -> Remark:
    """What the number is for, and that it does not unlock the program."""
    rights = [names for flag, names in _RIGHTS.items() if number.flags & flag]
    return Remark(
        NumberCode.OK,
        f"Number for: {', '.join(english for english, _ in rights)}. It still has to be activated.",
        f"Numer obejmuje: {', '.join(polish for _, polish in rights)}. Trzeba go jeszcze aktywować.",
    )


def warning(number: Number, today: datetime.date) -> Remark | None:
    """A doubt about the computer's date, where the number was issued more than two days after ``today``."""
    if number.issued - today <= DATE_SLACK:
        return None
    return Remark(
        NumberCode.FUTURE_DATE,
        f"The issue date of this number, {number.issued}, lies in the future; is the computer's date right?",
        f"Data wydania numeru ({number.issued}) jest z przyszłości. Czy data w komputerze jest prawidłowa?",
    )


# -- characters ------------------------------------------------------------------------------------------


def _word(typed: str) -> tuple[int, ...]:
    """The symbols that were typed, without what was pasted around them."""
    if len(typed) > MAX_TYPED:
        raise _not_29(len(typed))
    kept = typed.translate(_DROPPED)
    if len(kept) == LENGTH and all(char in _VALUE for char in kept):
        return _symbols(kept)
    words = [*dict.fromkeys(_words(typed))]
    whole = [word for word in words if not syndrome(word) and not structure_fault(unpack(word))]
    if len(whole) > 1:
        raise _several(len(whole))
    return whole[0] if whole else _symbols(_without_label(typed).translate(_DROPPED))


def _words(typed: str) -> Iterator[tuple[int, ...]]:
    """Every 29 symbols that begin and end where something typed does, with only spaces and dashes between them."""
    for piece in "".join(char if char.isalnum() or ord(char) in _DROPPED else "/" for char in typed).split("/"):
        tokens = piece.translate(_SPACED).split()
        for start in range(len(tokens)):
            word = ""
            for token in tokens[start:]:
                word += token
                if len(word) == LENGTH and all(char in _VALUE for char in word):
                    yield _symbols(word)


def _without_label(typed: str) -> str:
    """The text without a label before it and punctuation around it; all of it, where nothing would be left."""
    label, mark, rest = typed.strip(_AROUND).rpartition(":")
    if not mark or not all(token.isalpha() or token.isdigit() for token in re.split(r"[\W_]+", label) if token):
        rest = typed
    tokens = [token for token in (each.strip(_AROUND) for each in rest.translate(_SPACED).split(" ")) if token]
    if len(tokens) > 1 and all(token.isalpha() for token in tokens):
        raise _not_29(len("".join(tokens)))  # words, and no number
    while tokens[1:] and _is_label(tokens[0], len("".join(tokens))):
        tokens.pop(0)
    return "-".join(tokens) or typed


def _is_label(token: str, length: int) -> bool:
    """Whether the first of ``length`` characters are a word: every number begins with a digit, in a group of five."""
    whole = len(token) == GROUP and length <= LENGTH and all(char in _VALUE for char in token)
    return token.isalpha() and not whole


def _symbols(kept: str) -> tuple[int, ...]:
    for index, char in enumerate(kept):
        if not char.isascii():
            raise _not_latin(char, _place(index))
    for index, char in enumerate(kept):
        if char not in _VALUE:
            raise _never_used(char, _place(index))
    return tuple(_VALUE[char] for char in kept)


def _place(index: int) -> Place:
    """The place of the character at ``index``; those past the end belong to the last group."""
    group = min(index, LENGTH - 1) // GROUP
    return Place(group + 1, index - group * GROUP + 1)


def _not_latin(char: str, place: Place) -> NumberRefused:
    where, where_pl = str(place).capitalize(), place.polish.capitalize()
    shown = f"{char} (U+{ord(char):04X})" if char.isprintable() else f"U+{ord(char):04X}"
    if char in _LOOK_ALIKE:
        script, script_pl, latin = _LOOK_ALIKE[char]
        return NumberRefused(
            NumberCode.NON_ASCII,
            f"{where} is a {script} {shown}, not a Latin {latin}; switch the keyboard to Latin.",
            f"{where_pl}: to litera {shown} {script_pl}, a nie łacińska {latin}. Przełącz klawiaturę na łacińską.",
            place,
        )
    return NumberRefused(
        NumberCode.NON_ASCII,
        f"{where} is {shown}, not a Latin letter or digit; type it again on a Latin keyboard.",
        f"{where_pl}: {shown} nie jest literą łacińską ani cyfrą. Wpisz ten znak na łacińskiej klawiaturze.",
        place,
    )


def _never_used(char: str, place: Place) -> NumberRefused:
    where, where_pl = str(place).capitalize(), place.polish.capitalize()
    if char in "Uu":
        return NumberRefused(
            NumberCode.BAD_CHAR,
            f"{where}: the letter U is never used in a number; perhaps V?",
            f"{where_pl}: litera U nigdy nie występuje w numerze. Może to V?",
            place,
        )
    shown = char if char.isprintable() else f"U+{ord(char):04X}"
    return NumberRefused(
        NumberCode.BAD_CHAR,
        f"{where}: {shown} is never used in a number.",
        f"{where_pl}: znak {shown} nigdy nie występuje w numerze.",
        place,
    )


# -- length ----------------------------------------------------------------------------------------------


def _wrong_length(word: tuple[int, ...]) -> NumberRefused:
    """One character lost or too many, where putting it back or leaving it out gives exactly one number."""
    found: dict[tuple[int, ...], set[int]] = {}
    for repaired, positions in _repairs(word):
        if not syndrome(repaired) and not structure_fault(unpack(repaired)):
            found.setdefault(repaired, set()).update(_place(position).group for position in positions)
    if len(found) != 1:
        return _not_29(len(word))
    (groups,) = found.values()
    places = [Place(group) for group in sorted(groups)]
    where, where_pl = (joint.join(str(place.group) for place in places) for joint in (" or ", " lub "))
    if len(word) < LENGTH:
        return NumberRefused(
            NumberCode.MISSING_ONE,
            f"One character is missing in group {where}.",
            f"Brakuje jednego znaku w grupie {where_pl}.",
            *places,
        )
    return NumberRefused(
        NumberCode.EXTRA_ONE,
        f"One character too many in group {where}.",
        f"O jeden znak za dużo w grupie {where_pl}.",
        *places,
    )


def _repairs(word: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Every 29 symbols that are one away, each with the positions the lost or added one may belong to."""
    if len(word) == LENGTH - 1:
        for position in range(LENGTH):
            for symbol in range(len(ALPHABET)):
                yield (*word[:position], symbol, *word[position:]), (position,)
    elif len(word) == LENGTH + 1:
        for position in range(LENGTH + 1):
            # Where two groups meet, it may have been typed with either.
            yield word[:position] + word[position + 1 :], (max(position - 1, 0), min(position, LENGTH - 1))


def _not_29(length: int) -> NumberRefused:
    other, other_pl = "", ""
    if length == 25:
        other, other_pl = " (25 looks like another maker's key.)", " (25 znaków ma zwykle klucz innego producenta.)"
    return NumberRefused(
        NumberCode.LENGTH,
        f"A number has {LENGTH} characters, you typed {length}.{other}",
        f"Numer ma {LENGTH} znaków, a wpisano {length}.{other_pl}",
    )


def _several(count: int) -> NumberRefused:
    return NumberRefused(
        NumberCode.LENGTH,
        f"This text holds {count} numbers; enter one in each field.",
        f"W tym tekście są {count} numery. Wpisz po jednym w każde pole.",
    )


# -- slips -----------------------------------------------------------------------------------------------


def _mistyped(word: tuple[int, ...], found: int) -> NumberRefused:
    """29 symbols that do not fit together: the first explanation that does, the likeliest slips first."""
    wrong = locate(found)
    if len(wrong) == 1:
        return _typo(word[wrong[0].position], wrong[0].error, _place(wrong[0].position))
    for position in range(LENGTH - 1):
        if not syndrome(_exchanged(word, position, position + 1)):
            return _swap(_place(position), _place(position + 1))
    for one, other in combinations(range(LENGTH // GROUP), 2):
        if not syndrome(_exchanged(word, one * GROUP, other * GROUP, GROUP)):
            return NumberRefused(
                NumberCode.GROUPS_SWAPPED,
                f"Groups {one + 1} and {other + 1} seem exchanged.",
                f"Grupy {one + 1} i {other + 1} są chyba zamienione miejscami.",
                Place(one + 1),
                Place(other + 1),
            )
    if wrong:
        first, second = (_place(position) for position, _ in wrong)
        return NumberRefused(
            NumberCode.TYPO_TWO,
            f"Probably two characters are wrong: {first} and {second}.",
            f"Prawdopodobnie błędne są dwa znaki: {first.polish} oraz {second.polish}.",
            first,
            second,
        )
    return NumberRefused(
        NumberCode.TYPO_MANY,
        "Several characters differ. Please read all groups again.",
        "Nie zgadza się kilka znaków. Proszę jeszcze raz odczytać wszystkie grupy.",
    )


def _exchanged(word: tuple[int, ...], one: int, other: int, size: int = 1) -> tuple[int, ...]:
    changed = list(word)
    changed[one : one + size], changed[other : other + size] = word[other : other + size], word[one : one + size]
    return tuple(changed)


def _typo(symbol: int, error: int, place: Place) -> NumberRefused:
    typed, meant = ALPHABET[symbol], ALPHABET[symbol ^ error]
    return NumberRefused(
        NumberCode.TYPO_ONE,
        f"{str(place).capitalize()} looks wrong: you typed {typed}, perhaps {meant}.",
        f"{place.polish.capitalize()}: wpisano {typed}, a powinno być chyba {meant}.",
        place,
    )


def _swap(one: Place, other: Place) -> NumberRefused:
    if one.group == other.group:
        english = f"Characters {one.character} and {other.character} of group {one.group} seem swapped."
        polish = f"W grupie {one.group} znaki {one.character} i {other.character} są chyba zamienione miejscami."
    else:
        english = f"The last character of group {one.group} and the first of group {other.group} seem swapped."
        polish = f"Ostatni znak grupy {one.group} i pierwszy znak grupy {other.group} są chyba zamienione miejscami."
    return NumberRefused(NumberCode.SWAP, english, polish, one, other)


# -- good numbers in the wrong place ---------------------------------------------------------------------


def _unusable(code: NumberCode) -> NumberRefused:
    if code is NumberCode.OTHER_PRODUCT:
        return NumberRefused(code, "This number belongs to another product.", "Ten numer należy do innego programu.")
    # A later kind of number is not a wrong one.
    return NumberRefused(
        code, "This number needs a newer fiscald.", "Ten numer wymaga nowszej wersji programu fiscald."
    )


def _wrong_field(kind: Kind) -> NumberRefused:
    if kind is Kind.UPDATES:
        english = "This is an update number; it goes into the second field."
        polish = "To jest numer aktualizacji. Wpisz go w drugim polu."
    else:
        english = "This is a licence number; it goes into the first field."
        polish = "To jest numer licencji. Wpisz go w pierwszym polu."
    return NumberRefused(NumberCode.WRONG_FIELD, english, polish)
