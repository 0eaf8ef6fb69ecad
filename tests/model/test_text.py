"""Text: what may stand on paper, code pages, and the ladder for what they lack."""

from __future__ import annotations

import codecs
import hashlib
import json
import sys
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from fiscald.model.text import (
    CODE_PAGES,
    MAX_NAMED,
    SIGNS,
    Change,
    Fitted,
    FreeText,
    Text,
    code_page,
    fit,
    name_changes,
    text_markdown,
)

POLISH = "ĄĆĘŁŃÓŚŹŻąćęłńóśźż"
TEXT: TypeAdapter[str] = TypeAdapter(Text)
FREE_TEXT: TypeAdapter[str] = TypeAdapter(FreeText)
DOCS = Path(__file__).parents[2] / "docs" / "text.md"
#: Everything that can stand in a text: all characters that this Python knows, and some that it does not.
ASSIGNED = [
    char for char in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(char) not in ("Cs", "Cn", "Co")
]
OTHERS = ["\ue000", "\U000f0000", "\u0378", "\ufffe", "\U0010ffff"]


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


# -- the ladder ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", CODE_PAGES)
def test_polish_letters_and_ascii_are_printed_as_they_are(page: str) -> None:
    ascii_text = "".join(map(chr, range(33, 127)))
    assert fit(POLISH, page) == Fitted(POLISH)
    assert fit(ascii_text, page) == Fitted(ascii_text)


@pytest.mark.parametrize(
    ("text", "cp1250", "latin2", "mazovia"),
    [
        ("Płytka 5 m²", "Płytka 5 m2", "Płytka 5 m2", "Płytka 5 m2"),
        ("Piasek m³", "Piasek m3", "Piasek m3", "Piasek m3"),
        ("Rura ½″ Ø 20", 'Rura 1/2" O 20', 'Rura 1/2" O 20', 'Rura 1/2" O 20'),
        ("è → é ü", "e -> é ü", "e -> é ü", "e -> e u"),
        ("40° ® ©", "40° ® ©", "40° (R) (C)", "40st. (R) (C)"),
        ("„Żywiec” – 0,5 l…", "„Żywiec” – 0,5 l…", '"Żywiec" - 0,5 l...', '"Żywiec" - 0,5 l...'),
        ("5 €", "5 €", "5 EUR", "5 EUR"),
        ("Straße", "Straße", "Straße", "Strasse"),
        ("Олена Щербак", "Olena Shcherbak", "Olena Shcherbak", "Olena Shcherbak"),
        ("БОРЩ Борщ", "BORSHCH Borshch", "BORSHCH Borshch", "BORSHCH Borshch"),
        ("Хліб Київ ЇЖА", "Khlib Kiiv IZHA", "Khlib Kiiv IZHA", "Khlib Kiiv IZHA"),
        ("Ђорђе Љубиша", "Dorde Ljubisha", "Dorde Ljubisha", "Dorde Ljubisha"),
        ("Φέτα Ψωμί ΘΑΣΟΣ", "Feta Psomi THASOS", "Feta Psomi THASOS", "Feta Psomi THASOS"),
        ("Phở bò, ấm", "Pho bo, âm", "Pho bo, âm", "Pho bo, am"),
        ("ß ẞ æ Æ œ þ ð ı İ ł Đ", "ß SS ae Ae oe th d i I ł Đ", "ß SS ae Ae oe th d i I ł Đ",
         "ss SS ae Ae oe th d i I ł D"),
        ("ﬁ ㎏ Ａ１ ①② Ⅷ ٣", "fi kg A1 1 2 VIII 3", "fi kg A1 1 2 VIII 3", "fi kg A1 1 2 VIII 3"),
        ("a\u00a0b\u3000c\u2009d\te\nf", "a b c d e f", "a b c d e f", "a b c d e f"),
        ("\ufeffa\u200db\u00adc\u200b\u202ed\u2066e\ufe0f\x1b\x9b", "abcde", "abcde", "abcde"),
        ("q\u0308\u20dd", "q", "q", "q"),
        ("☕ Kawa ☕ mała 🎉", "Kawa mała", "Kawa mała", "Kawa mała"),
    ],
)  # fmt: skip
def test_a_character_is_printed_in_its_plain_form(text: str, cp1250: str, latin2: str, mazovia: str) -> None:
    assert [fit(text, page).text for page in ("cp1250", "latin2", "mazovia")] == [cp1250, latin2, mazovia]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Olej 1½ l", "Olej 1 1/2 l"),
        ("½5", "1/2 5"),
        ("10² kg, 10⁻³ g, m²", "10^2 kg, 10^-3 g, m2"),
        ("m²5", "m2 5"),
        ("①5", "1 5"),
        ("１２", "12"),
        ("2≠3 a≤b", "2<>3 a<=b"),
    ],
)
def test_a_plain_form_does_not_change_a_number(text: str, printed: str) -> None:
    assert fit(text, "cp1250").text == printed


@pytest.mark.parametrize(("page", "printed"), [("cp1250", "500 µg"), ("latin2", "500 ug"), ("mazovia", "500 ug")])
@pytest.mark.parametrize("micro", ["µ", "μ"])
def test_micro_does_not_become_milli(page: str, printed: str, micro: str) -> None:
    fitted = fit(f"500 {micro}g", page)
    assert fitted.text == printed
    assert fitted.replaced == (micro not in fitted.text)
    assert fit("μέλι", page).text == "meli"


@pytest.mark.parametrize("text", ["☕", "茶", "☕ ☕", "\u200d", "\u0301", "\ue000", "\u0378", "\ufffd", "\t"])
def test_some_texts_become_empty(text: str) -> None:
    fitted = fit(text, "cp1250")
    assert fitted.text == ""
    assert fitted.replaced


def test_the_report_names_each_character_once_with_what_it_became() -> None:
    fitted = fit("m² m² Щ ☕\u200d", "cp1250")
    assert fitted.changes == (
        Change("²", "2"), Change("Щ", "Shch"), Change("☕", ""), Change("\u200d", "")
    )  # fmt: skip
    assert name_changes(fitted.changes) == (
        "² (U+00B2) became '2'; Щ (U+0429) became 'Shch'; ☕ (U+2615) was left out; U+200D was left out"
    )


def test_the_report_of_a_long_text_is_bounded() -> None:
    changes = [Change(chr(0x4E00 + number), "") for number in range(1000)]
    told = name_changes(changes)
    assert told.count("U+") == MAX_NAMED
    assert told.endswith(f"; and {1000 - MAX_NAMED} more")


def test_only_what_has_no_plain_form_counts_as_lost() -> None:
    assert not fit("Соль m² \u200d\ufe0f", "cp1250").lost
    assert fit("茶 1", "cp1250").lost
    assert fit("☕1", "cp1250").lost


@pytest.mark.parametrize("page", CODE_PAGES)
def test_every_character_of_unicode_is_printed_or_reported(page: str) -> None:
    held = code_page(page)
    for char in ASSIGNED + OTHERS:
        fitted = fit(f"a{char}b", page)
        assert held.holds(fitted.text), char
        assert fitted.text[0] + fitted.text[-1] == "ab", char
        if char in held.chars:
            assert fitted == Fitted(f"a{char}b"), char
            continue
        (change,) = fitted.changes
        assert change == Change(char, fitted.text[1:-1]), char
        assert f"U+{ord(char):04X}" in str(change), char
        assert str(change).isprintable(), char
        assert not fitted.lost or not change.became, char


@pytest.mark.slow
def test_spaces_and_invisible_characters_go_by_their_category() -> None:
    for char in ASSIGNED + OTHERS:
        category = unicodedata.category(char)
        printed = {fit(f"a{char}b", page).text for page in CODE_PAGES}
        if category in ("Zs", "Zl", "Zp"):
            assert printed == {"a b"}, hex(ord(char))
        elif category in ("Cf", "Co", "Cn") or category[0] == "M":
            assert printed == {"ab"}, hex(ord(char))
        elif category == "Cc":
            assert printed <= {"a b", "ab"}, hex(ord(char))


def test_no_plain_form_holds_what_a_protocol_reserves() -> None:
    """Frames end with control characters, and so do the fields in them; no text contains one, with any input."""
    for page in CODE_PAGES:
        for char in ASSIGNED + OTHERS:
            form = code_page(page).plain(char) or ""
            assert not any(ord(each) < 32 or 127 <= ord(each) < 160 for each in form), hex(ord(char))


@pytest.mark.parametrize(
    ("page", "digest"),
    [("cp1250", "adfc06e4b13d7f00"), ("latin2", "8cde03056f5c529b"), ("mazovia", "67808579a66c75f9")],
)
def test_a_plain_form_never_changes(page: str, digest: str) -> None:
    """A changed form renames goods, which printers know by their names: it belongs into the changelog.

    Over the characters of Unicode 3.2, which are the same in every Python.
    """
    found = hashlib.sha256()
    for char in ASSIGNED:
        if unicodedata.ucd_3_2_0.category(char) not in ("Cn", "Co", "Cs"):
            found.update(f"{char}{code_page(page).plain(char)}\n".encode())
    assert found.hexdigest()[:16] == digest


def test_signs_are_plain_ascii() -> None:
    assert all(plain.isascii() and plain.isprintable() for plain in SIGNS.values())
    assert not any(char.isascii() for char in SIGNS)


@given(st.text(max_size=60), st.sampled_from(sorted(CODE_PAGES)), st.integers(1, 40))
def test_fitted_text_is_printable_and_fitting_is_idempotent(text: str, page: str, limit: int) -> None:
    fitted = fit(text, page, limit)
    assert len(fitted.text) <= limit
    fitted.text.encode(CODE_PAGES[page])
    assert fit(fitted.text, page, limit) == Fitted(fitted.text), "the goods keep their name"
    if fitted.text != text:
        assert fitted.replaced or fitted.cut
    named = {change.char for change in fitted.changes}
    assert named == {char for char in text if char not in code_page(page).chars}


def test_long_text_is_cut_and_reported() -> None:
    fitted = fit("Chleb razowy na zakwasie", "cp1250", 13)
    assert (fitted.text, fitted.cut) == ("Chleb razowy", True)
    assert not fit("Chleb", "cp1250", 5).cut
    assert fit("Щи щи", "cp1250", 5).text == "Shchi"


def test_a_text_that_fits_is_fitted_quickly() -> None:
    """A receipt of a thousand lines must not hold the event loop: 40 characters in far less than 20 microseconds."""
    text = "Chleb żytni na zakwasie, krojony, 0,5 kg"
    fit(text, "mazovia")
    began = time.perf_counter()
    for _ in range(1000):
        fit(text, "mazovia")
    assert time.perf_counter() - began < 0.1, "measured: 1 ms"


# -- documents -------------------------------------------------------------------------------------------------------


@given(
    st.text(max_size=20) | st.text(st.characters(max_codepoint=0x17F), max_size=20), st.sampled_from(sorted(CODE_PAGES))
)
def test_a_whole_text_is_held_if_each_of_its_characters_is(text: str, page: str) -> None:
    chosen = code_page(page)
    assert chosen.holds(text) == (set(text) <= chosen.chars)
    if chosen.holds(text):
        assert fit(text, page) == Fitted(text)


@given(st.text(max_size=20) | st.text(st.characters(max_codepoint=0x7F), max_size=20))
def test_a_text_of_ascii_is_composed_already(text: str) -> None:
    assert FREE_TEXT.validate_python(text) == unicodedata.normalize("NFC", text).strip()


def test_text_is_composed_and_stripped() -> None:
    assert TEXT.validate_python("  Z\u0307o\u0301łty ") == "Żółty"


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_an_empty_text_is_refused_where_there_must_be_one(empty: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TEXT.validate_python(empty)
    assert caught.value.errors()[0]["type"] == "text.empty"
    assert FREE_TEXT.validate_python(empty) == ""


def test_half_a_surrogate_pair_counts_as_the_replacement_character() -> None:
    """A program that counts in UTF-16 cuts an emoji in two."""
    assert TEXT.validate_python(json.loads('"Kawa \\ud83d"')) == "Kawa \ufffd"
    assert TEXT.validate_python("Kawa \ud83d") == "Kawa \ufffd"
    assert fit("Kawa \ufffd", "cp1250").text == "Kawa"


@pytest.mark.parametrize("kind", [TEXT, FREE_TEXT])
def test_a_text_has_a_bound(kind: TypeAdapter[str]) -> None:
    assert kind.validate_python("x" * 1000)
    with pytest.raises(ValidationError):
        kind.validate_python("x" * 1001)
    assert kind.json_schema()["maxLength"] == 1000


def test_the_tables_of_the_documentation_are_those_of_the_code() -> None:
    """``python -m fiscald.model.text`` makes them."""
    described = DOCS.read_text("utf-8")
    for part in text_markdown().split("\n\n"):
        assert part in described
