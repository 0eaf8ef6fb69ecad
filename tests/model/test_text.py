"""Text: what may stand on paper, code pages, and the rule for what they cannot hold."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from fiscald.model.text import CODE_PAGES, TYPOGRAPHY, Text, TextRefused, fit

POLISH = "ĄĆĘŁŃÓŚŹŻąćęłńóśźż"
TEXT: TypeAdapter[str] = TypeAdapter(Text)


def test_mazovia_bytes() -> None:
    """The bytes of the table (POSNET reference, 4.2)."""
    upper = bytes.fromhex("8F 95 90 9C A5 A3 98 A0 A1")
    lower = bytes.fromhex("86 8D 91 92 A4 A2 9E A6 A7")
    assert POLISH.encode("mazovia") == upper + lower
    assert (upper + lower).decode("mazovia") == POLISH


def test_mazovia_is_a_codec_like_any_other() -> None:
    assert codecs.lookup("mazovia").name == "mazovia"
    assert "Zażółć".encode("mazovia").decode("mazovia") == "Zażółć"
    with pytest.raises(UnicodeEncodeError):
        "é".encode("mazovia")
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("mazovia")
    assert "é".encode("mazovia", "replace") == b"?"


@pytest.mark.parametrize("code_page", CODE_PAGES)
def test_polish_letters_fit_every_code_page(code_page: str) -> None:
    fitted = fit(POLISH, code_page)
    assert (fitted.text, fitted.replaced, fitted.cut) == (POLISH, False, False)


def test_typography_is_replaced_only_where_the_code_page_lacks_it() -> None:
    assert fit("„Żywiec” – 0,5 l…", "cp1250").text == "„Żywiec” – 0,5 l…"
    fitted = fit("„Żywiec” – 0,5 l…", "mazovia")
    assert fitted.text == '"Żywiec" - 0,5 l...'
    assert fitted.replaced


@pytest.mark.parametrize(("text", "char", "place"), [("Kawa ☕", "☕", 6), ("Чай", "Ч", 1), ("a\u200bb", "\u200b", 2)])
def test_other_characters_are_refused_by_name_and_place(text: str, char: str, place: int) -> None:
    with pytest.raises(TextRefused) as caught:
        fit(text, "cp1250")
    assert (caught.value.char, caught.value.place) == (char, place)
    assert f"U+{ord(char):04X}" in str(caught.value)


def test_long_text_is_cut_and_says_so() -> None:
    fitted = fit("Chleb razowy na zakwasie", "cp1250", 13)
    assert (fitted.text, fitted.cut) == ("Chleb razowy", True)
    assert not fit("Chleb", "cp1250", 5).cut


def test_text_is_composed_and_stripped() -> None:
    assert TEXT.validate_python("  Z\u0307o\u0301łty ") == "Żółty"


@pytest.mark.parametrize(
    ("text", "code"),
    [("a\tb", "text.control"), ("a\nb", "text.control"), ("\x02", "text.control"), ("  ", "text.empty")],
)
def test_control_characters_and_nothing_are_refused(text: str, code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TEXT.validate_python(text)
    assert caught.value.errors()[0]["type"] == code


def test_replacements_are_plain_ascii() -> None:
    assert all(str(plain).isascii() for plain in TYPOGRAPHY.values())


@given(st.text(max_size=60), st.sampled_from(sorted(CODE_PAGES)), st.integers(1, 40))
def test_what_is_fitted_can_be_printed(text: str, code_page: str, limit: int) -> None:
    try:
        fitted = fit(text, code_page, limit)
    except TextRefused:
        return
    assert len(fitted.text) <= limit
    fitted.text.encode(CODE_PAGES[code_page])
    assert fit(fitted.text, code_page, limit).text == fitted.text, "the rule is stable: the name stays the same goods"
    if fitted.text != text:
        assert fitted.replaced or fitted.cut
