"""Text for paper: which characters are allowed, and how fiscald fits it to a printer's code page and field widths.

For every character of Unicode: it is printed as it is; otherwise in its plain form; otherwise it is left out.
Every replacement is reported with the character and its plain form, so nothing is changed silently.
``docs/text.md`` is generated from this file (``python -m fiscald.model.text``).

The tables are our own, and small: the goods base of a printer keeps names of goods with their VAT rates, so an update
of a library must never change a plain form.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field

from fiscald.model.strict import mistake

#: The code pages a printer can be set to, by the name used in the configuration, with Python's codec.
CODE_PAGES = {"cp1250": "cp1250", "latin2": "iso8859_2", "mazovia": "mazovia"}

# Mazovia as the printers use it: Polish letters on these bytes, the rest ASCII
# (POSNET reference 4.2, from two clients and the published table).
_MAZOVIA = {
    0x8F: "Ą", 0x95: "Ć", 0x90: "Ę", 0x9C: "Ł", 0xA5: "Ń", 0xA3: "Ó", 0x98: "Ś", 0xA0: "Ź", 0xA1: "Ż",
    0x86: "ą", 0x8D: "ć", 0x91: "ę", 0x92: "ł", 0xA4: "ń", 0xA2: "ó", 0x9E: "ś", 0xA6: "ź", 0xA7: "ż",
}  # fmt: skip
_MAZOVIA_DECODE = "".join(chr(b) if b < 128 else _MAZOVIA.get(b, "\ufffe") for b in range(256))
_MAZOVIA_ENCODE = codecs.charmap_build(_MAZOVIA_DECODE)


def _find_mazovia(name: str) -> codecs.CodecInfo | None:
    if name != "mazovia":
        return None
    return codecs.CodecInfo(
        name="mazovia",
        encode=lambda text, errors="strict": codecs.charmap_encode(text, errors, _MAZOVIA_ENCODE),
        decode=lambda data, errors="strict": codecs.charmap_decode(data, errors, _MAZOVIA_DECODE),
    )


codecs.register(_find_mazovia)


# -- allowed characters of a document ------------------------------------------------------------------------------

#: Maximum number of characters of a line of text; checked before anything else.
LONGEST_TEXT = 1000
_SURROGATE = re.compile("[\ud800-\udfff]")


def _whole(value: object) -> object:
    """Replace half a surrogate pair, which JSON can contain, by U+FFFD."""
    if isinstance(value, str) and len(value) <= LONGEST_TEXT and not value.isascii():
        return _SURROGATE.sub("\ufffd", value)
    return value


def clean(text: str) -> str:
    """Composed (NFC) and stripped text."""
    return (text if text.isascii() else unicodedata.normalize("NFC", text)).strip()


def _not_empty(text: str) -> str:
    if not text:
        raise mistake(
            "text.empty", "this text is empty; send at least one character or leave the field out", "tekst jest pusty."
        )
    return text


#: One line of text for paper; an empty one counts as absent.
FreeText = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(clean), BeforeValidator(_whole)]
#: One line of text that must not be empty.
Text = Annotated[FreeText, AfterValidator(_not_empty)]


# -- plain forms -----------------------------------------------------------------------------------------------------

#: Signs and letters for which Unicode has no plain form, or a worse one.
SIGNS: dict[str, str] = {
    "„": '"', "“": '"', "”": '"', "‟": '"', "«": '"', "»": '"', "″": '"', "〃": '"', "〝": '"', "〞": '"', "¨": '"',
    "‚": "'", "‘": "'", "’": "'", "‛": "'", "‹": "'", "›": "'", "′": "'", "´": "'", "ʹ": "'", "ʼ": "'", "‴": "'''",
    "−": "-", "⁃": "-", "•": "*", "·": "*", "∙": "*", "●": "*", "★": "*", "☆": "*", "∗": "*",
    "×": "x", "✕": "x", "✖": "x", "÷": ":", "⁄": "/", "∕": "/", "¦": "|", "‖": "||", "¡": "!", "¿": "?",
    "←": "<-", "→": "->", "↔": "<->", "⇐": "<=", "⇒": "=>", "↑": "^", "≠": "<>", "≤": "<=", "≥": ">=", "≈": "~",
    "±": "+/-", "‰": "o/oo", "°": "st.", "⌀": "O", "§": "par.", "№": "Nr", "µ": "u", "†": "+", "‡": "+",
    "€": "EUR", "£": "GBP", "¥": "JPY", "₴": "UAH", "₽": "RUB", "¢": "c", "™": "(TM)", "©": "(C)", "®": "(R)",
    "ß": "ss", "ẞ": "SS", "þ": "th", "Þ": "Th", "ð": "d", "Ð": "D", "ŋ": "ng", "Ŋ": "Ng", "ə": "e", "Ə": "E",
}  # fmt: skip

#: Cyrillic as identity documents write it (ICAO Doc 9303-3, section 6); below it letters of Central Asia (our choice).
CYRILLIC = (
    "АA БB ВV ГG ДD ЂD ЕE ЖZh ЗZ ЅDz ИI ІI ЈJ КK ЛL ЉLj МM НN ЊNj ОO ПP РR СS ТT ЋC УU ФF ХKh ЦTs ЧCh ЏDz ШSh "
    "ЩShch ЪIe ЫY Ь ЭE ЮIu ЯIa ЄIe ѢIe ѪU ѲF ѴY "
    "ӘA ӨO ҮU ҰU ҺH Ӏ"
)
#: Greek letter by letter (ISO 843, ELOT 743).
GREEK = "ΑA ΒV ΓG ΔD ΕE ΖZ ΗI ΘTh ΙI ΚK ΛL ΜM ΝN ΞX ΟO ΠP ΡR ΣS ΤT ΥY ΦF ΧCh ΨPs ΩO"


def _letters(table: str) -> Iterable[tuple[str, str]]:
    for row in table.split():
        yield row[0], row[1:]
        yield row[0].lower(), row[1:].lower()


_ROWS = SIGNS | dict(_letters(CYRILLIC)) | dict(_letters(GREEK)) | {"ς": "s"}
#: For characters of these categories that have no row.
_BY_CATEGORY = {"Pd": "-", "Pi": '"', "Pf": '"', "Ps": "(", "Pe": ")", "Pc": "_"}
#: The letter that a Latin letter's name ends with: DOTLESS I, AE, OPEN O.
_LATIN = re.compile(r"LATIN (?:(CAPITAL)|SMALL|LETTER SMALL CAPITAL)(?: LETTER| LIGATURE)?(?: .*)? ([A-Z]{1,2})")
_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")


class Change(NamedTuple):
    """A character that the code page lacks, and its plain form; ``""``: it was left out."""

    char: str
    became: str

    def __str__(self) -> str:
        return _describe(self)


@lru_cache(maxsize=4096)
def _describe(change: Change) -> str:
    char, became = change
    code = f"U+{ord(char):04X}"
    shown = f"{char} ({code})" if char.isprintable() and not _is_mark(char) else code
    return f"{shown} became {became!r}" if became else f"{shown} was left out"


@dataclass(frozen=True, slots=True)
class Fitted:
    """Text as it will be printed, and the differences from the request."""

    text: str
    changes: tuple[Change, ...] = ()
    """Each change once, in order of appearance."""
    cut: bool = False
    lost: bool = False
    """Whether a character was left out that has no plain form: a letter of another script, a picture."""

    @property
    def replaced(self) -> bool:
        """Whether anything was replaced or left out."""
        return bool(self.changes)


#: A warning names at most this many changes of one text.
MAX_NAMED = 40


def name_changes(changes: Iterable[Change]) -> str:
    """The replaced characters with their codes and plain forms; only the first ``MAX_NAMED`` of a long list."""
    named = [str(change) for change in changes]
    more = len(named) - MAX_NAMED
    return "; ".join(named[:MAX_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


class CodePage:
    """The characters of a code page, and the plain form of every other character."""

    def __init__(self, codec: str) -> None:
        found = (bytes([byte]).decode(codec, "ignore") for byte in range(256))
        #: Characters that leave a mark on paper or are the common space.
        self.chars = frozenset(char for char in found if char and _prints(char))
        self._holds = re.compile(f"[{re.escape(''.join(sorted(self.chars)))}]*").fullmatch
        self.plain = lru_cache(maxsize=8192)(self._plain)

    def holds(self, text: str) -> bool:
        """Whether all of it can be printed as it is."""
        # Every code page holds what ASCII prints, and most texts have nothing else.
        return (text.isascii() and text.isprintable()) or self._holds(text) is not None

    def _plain(self, char: str) -> str | None:
        """The plain form of a character in this code page; ``""``: it prints nothing; ``None``: it has none."""
        if char in self.chars:
            return char
        category = unicodedata.category(char)
        if char.isspace():
            return " "
        if category in ("Cc", "Cf", "Mn", "Me", "Mc"):
            return ""
        if char in _ROWS:
            return _ROWS[char]
        compatible = unicodedata.normalize("NFKC", char)
        if compatible != char:
            return self._all(compatible)
        if category[0] == "L":
            return self._letter(char)
        digit = unicodedata.digit(char, None)
        return _BY_CATEGORY.get(category) if digit is None else str(digit)

    def _letter(self, char: str) -> str | None:
        """Without some or all of its marks; by its name without them; a Latin letter by the end of its name."""
        decomposed = unicodedata.normalize("NFD", char)
        base, marks = decomposed[0], decomposed[1:]
        if marks and all(map(_is_mark, marks)):
            fewer = (unicodedata.normalize("NFC", base + mark) for mark in marks)
            return next((each for each in fewer if each in self.chars), self.plain(base))
        name = unicodedata.name(char, "")
        simpler, and_more, _ = name.partition(" WITH ")
        if and_more:
            try:
                return self.plain(unicodedata.lookup(simpler))
            except KeyError:
                pass
        latin = _LATIN.fullmatch(simpler)
        if latin is None:
            return None
        return latin[2].capitalize() if latin[1] else latin[2].lower()

    def _all(self, text: str) -> str | None:
        """Plain forms of several characters; ``None`` where none of them has any."""
        forms = [form for char in text if (form := self.plain(char)) is not None]
        return "".join(forms) if forms else None

    def write(self, text: str) -> Fitted:
        """``text`` with the plain form of everything that this code page lacks."""
        out: list[str] = []
        changes: dict[tuple[str, str], None] = {}
        last = ""  # the last character that was written
        lost = gap = digits = False  # something was left out; just now; the last form ends with a digit
        for place, char in enumerate(text):
            if char in self.chars:
                # Where a character between two spaces was left out, one of them is enough.
                if not (gap and char == " " and last in ("", " ")):
                    out.append(f" {char}" if digits and char.isdigit() else char)
                    last, gap = char, False
                digits = False
                continue
            form = self.plain("µ" if char == "μ" and _stands_alone(text, place) else char)
            if form is None:
                lost, form = True, ""
            elif len(form) > 1 and char.isupper():
                form = _cased(form, text, place)
            changes[char, form] = None
            if not form:
                gap = True
                continue
            out.append(_apart(char, form, text[place - 1 : place]) if last.isdigit() else form)
            last, gap = form[-1], False
            digits = last.isdigit() and not char.isdecimal()
        return Fitted("".join(out).strip(), tuple(Change(*each) for each in changes), lost=lost)


def _prints(char: str) -> bool:
    """Spaces and invisible characters go by their category: of all of them only the common space is sent."""
    return char == " " or unicodedata.category(char)[0] not in "CZM"


def _stands_alone(text: str, place: int) -> bool:
    """A Greek m without Greek beside it is the prefix micro: as a letter, 5 μg would become 5 mg."""
    return not _GREEK.search(text[max(place - 1, 0) : place] + text[place + 1 : place + 2])


def _cased(form: str, text: str, place: int) -> str:
    """A capital letter that becomes several is written in capitals among capitals: БОРЩ is BORSHCH."""
    after, before = text[place + 1 : place + 2], text[max(place - 1, 0) : place]
    return form.upper() if after.isupper() or (before.isupper() and not after.islower()) else form


def _apart(char: str, form: str, before: str) -> str:
    """What follows a digit and must not run into its number: 1½ is 1 1/2, 10² is 10^2."""
    if "<super>" in unicodedata.decomposition(char):
        return form if "<super>" in unicodedata.decomposition(before or " ") else f"^{form}"
    return f" {form}" if form[0].isdigit() and not char.isdecimal() else form


@cache
def code_page(name: str) -> CodePage:
    """The code page ``name``, a key of ``CODE_PAGES``."""
    return CodePage(CODE_PAGES[name])


def fit(text: str, page: str, limit: int | None = None) -> Fitted:
    """Fit ``text`` to a code page (a key of ``CODE_PAGES``) and to ``limit`` characters.

    The text is empty if no character can be printed. Fitting a fitted text again does not change it.
    """
    chosen = code_page(page)
    fitted = Fitted(text) if chosen.holds(text) else chosen.write(text)
    if limit is None or len(fitted.text) <= limit:
        return fitted
    return Fitted(fitted.text[:limit].rstrip(), fitted.changes, cut=True, lost=fitted.lost)


def text_markdown() -> str:
    """The tables of ``docs/text.md``."""
    lines = ["| code page | characters besides ASCII |", "| --- | --- |"]
    for name in CODE_PAGES:
        held = "".join(sorted(char for char in code_page(name).chars if not char.isascii()))
        lines.append(f"| `{name}` | `{held}` |")
    by_form: dict[str, list[str]] = {}
    for char, form in SIGNS.items():
        by_form.setdefault(form, []).append(char)
    lines += ["", "| signs | plain form |", "| --- | --- |"]
    lines += [f"| {' '.join(chars)} | `{form.replace('|', chr(92) + '|')}` |" for form, chars in by_form.items()]
    for name, table in (("Cyrillic", CYRILLIC), ("Greek", GREEK)):
        rows = ", ".join(f"{row[0]} {row[1:] or 'left out'}" for row in table.split())
        lines += ["", f"**{name}**: {rows}"]
    return "\n".join(lines)


if __name__ == "__main__":
    import sys

    sys.stdout.write(text_markdown() + "\n")
