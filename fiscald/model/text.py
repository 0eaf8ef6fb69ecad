"""Text for paper: what may stand in it, and how it is fitted to a printer's code page and field widths.

The rule, whole: text is brought to Unicode's composed form and stripped; control characters are refused.
A typographic character that the printer's code page lacks is replaced by the plain one of ``TYPOGRAPHY``;
any other character that the code page lacks is refused. Free text that is too long is cut at the limit.
Every replacement and cut is reported, so nothing is changed silently.
"""

from __future__ import annotations

import codecs
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError, PydanticKnownError

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

#: Typographic characters and what stands for them where the code page has no better.
TYPOGRAPHY = str.maketrans(
    {
        "\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ",
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-",
        "„": '"', "“": '"', "”": '"', "«": '"', "»": '"',
        "‚": "'", "‘": "'", "’": "'", "′": "'",
        "…": "...", "•": "*", "·": "*", "×": "x", "№": "Nr", "€": "EUR", "™": "(TM)",
    }
)  # fmt: skip


def clean(text: str) -> str:
    """Composed and stripped text. Raises ``PydanticCustomError`` for control characters and line breaks."""
    text = unicodedata.normalize("NFC", text).strip()
    for place, char in enumerate(text, start=1):
        if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp"):
            raise PydanticCustomError(
                "text.control",
                "character {place} is a control character (U+{code}); send plain text in one line",
                {"place": place, "code": f"{ord(char):04X}"},
            )
    return text


def _not_empty(text: str) -> str:
    if not text:
        raise PydanticCustomError(
            "text.empty", "this text is empty; send at least one character or leave the field out"
        )
    return text


def _measure(text: Any) -> Any:
    """Measured before any character is looked at; blanks and combining characters may go, so there may be more."""
    if isinstance(text, str) and len(text) > 4 * LONGEST_TEXT:
        raise PydanticKnownError(
            "too_long", {"field_type": "Value", "max_length": LONGEST_TEXT, "actual_length": len(text)}
        )
    return text


#: Characters of a line of text.
LONGEST_TEXT = 1000
#: One line of text for paper, perhaps empty.
LineText = Annotated[str, AfterValidator(clean), Field(max_length=LONGEST_TEXT), BeforeValidator(_measure)]
#: One line of text for paper.
Text = Annotated[
    str, AfterValidator(clean), AfterValidator(_not_empty), Field(max_length=LONGEST_TEXT), BeforeValidator(_measure)
]


class TextRefused(ValueError):
    """A character that the printer's code page cannot hold."""

    def __init__(self, char: str, place: int, code_page: str) -> None:
        self.char = char
        self.place = place
        super().__init__(
            f"character {place}, {char!r} (U+{ord(char):04X}), does not exist in the printer's code page {code_page}"
        )


@dataclass(frozen=True, slots=True)
class Fitted:
    """Text as it will be printed, and whether that differs from what was asked."""

    text: str
    replaced: bool
    cut: bool


def fit(text: str, code_page: str, limit: int | None = None) -> Fitted:
    """Fit ``text`` to a code page (a key of ``CODE_PAGES``) and to ``limit`` characters.

    Raises ``TextRefused`` for the first character that neither the code page nor ``TYPOGRAPHY`` knows.
    """
    codec = CODE_PAGES[code_page]
    out: list[str] = []
    for place, char in enumerate(text, start=1):
        try:
            char.encode(codec)
        except UnicodeEncodeError:
            plain = char.translate(TYPOGRAPHY)
            if plain == char:
                raise TextRefused(char, place, code_page) from None
            out.append(plain)
        else:
            out.append(char)
    fitted = "".join(out)
    cut = limit is not None and len(fitted) > limit
    return Fitted(fitted[:limit].rstrip() if cut else fitted, replaced=fitted != text, cut=cut)
