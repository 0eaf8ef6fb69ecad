"""Licence numbers: the published vectors, good numbers, other keyboards, and the vendor's side (cases 1 to 3, 10 to 12)."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import unicodedata
from dataclasses import replace

import pytest

from fiscald.licence.number import ALPHABET, APP, BANK, FISCAL, SUPPORT, Kind, Number, NumberCode, issue
from fiscald.licence.number_check import Wrong, check_symbols, locate, syndrome
from fiscald.licence.number_reading import Place, read, summary, warning
from tests.licence.numbers import N1, N5, PLAIN, SYMBOLS, changed, characters, horner, packed, refusal, said

KEY = bytes(range(32))


N4 = "51084-0BV2N-WVVR1-EHXGC-29MFX-P826"


F1 = "41054-0BV4H-MASW9-GND1M-Z04GS-WKBV"


TODAY = datetime.date(2026, 1, 16)


VECTORS = {
    "N1": (N1, Kind.LICENCE, APP | BANK | FISCAL | SUPPORT, 379, 0x123456789, 0x02442B075E4ED),
    "N2": ("41054-0BV4H-MASW9-JG62N-QKT0B-SC7J", Kind.LICENCE, APP | FISCAL, 379, 0x123456789, 0x25030AB79E80B),
    "N3": ("41014-0BV4H-MASW9-GND1M-Z04GS-G5X4", Kind.LICENCE, APP, 379, 0x123456789, 0x2156869F01219),
    "N4": (N4, Kind.UPDATES, SUPPORT, 379, 0x0ABCDEF01, 0x1D1EC1824D1FD),
    "N5": (N5, Kind.LICENCE, APP | BANK | FISCAL, 0, 2**35 - 1, 0x0FF4DF8D733F5),
}


def values(text: str) -> list[int]:
    return [ALPHABET.index(char) for char in text.replace("-", "")]


def nfkc(char: str) -> str:
    return unicodedata.normalize("NFKC", char)


@pytest.mark.parametrize("name", VECTORS)
def test_vector_is_issued_to_the_letter_and_read_back(name: str) -> None:
    text, kind, flags, day, serial, mac = VECTORS[name]
    issued = datetime.date(2025, 1, 1) + datetime.timedelta(days=day)
    number = issue(kind=kind, flags=flags, issued=issued, serial=serial, mac_key=1, key=KEY)
    assert number.text == text
    assert number == Number(kind, 1, flags, 1, day, serial, mac)
    assert read(text, kind) == number
    assert number.authentic(KEY)
    assert not number.authentic(KEY[::-1])


def test_n1_symbol_by_symbol() -> None:
    number = read(N1)
    assert number.symbols == SYMBOLS
    assert check_symbols(SYMBOLS[:25]) == SYMBOLS[25:]
    assert number.message == bytes.fromhex("010207900bd923456789")
    tag = hmac.digest(KEY, b"fiscald-licence-number-v1\0" + number.message, hashlib.sha256)
    assert tag.hex() == "0910ac1d793b440181667e08db797a6bacb7472bec09630a15ae101c84317660"
    assert f"{number.mac:013x}" == "02442b075e4ed"


def test_n1_as_a_certificate_names_it() -> None:
    """``num`` of the published certificate C0."""
    assert read(N1).digest == "maywWEmWCprMU6_FbhiVrK4Rf68BzOHDcWebmd-ayiI"
    assert read(N1).hint == "410F4-8TA1"


def test_n1_with_the_worked_slip() -> None:
    word = changed(SYMBOLS, {11: 14})
    assert ALPHABET[word[11]] == "4"
    assert horner(word) == (9, 31, 2, 3)
    assert syndrome(word) == packed((9, 31, 2, 3))
    assert locate(syndrome(word)) == (Wrong(11, 14),)


def test_case_14_a_forged_right_is_well_formed_but_not_authentic() -> None:
    """F1 is N3 with the fiscal bit set and the check symbols made to fit: only the vendor can tell."""
    forged = read(F1, Kind.LICENCE)
    assert forged == replace(read(VECTORS["N3"][0]), flags=APP | FISCAL)
    assert not forged.authentic(KEY)


def test_case_01_what_a_good_number_stands_for() -> None:
    number = read(N1, Kind.LICENCE)
    assert (number.modules, number.support) == (("app", "bank", "fiscal"), True)
    assert number.issued == datetime.date(2026, 1, 15)
    assert (number.product, number.mac_key) == (1, 1)
    assert warning(number, TODAY) is None
    assert summary(number) == (
        NumberCode.OK,
        "Number for: application, bank module, fiscal module, a year of updates and support. It still has to be activated.",
        "Numer obejmuje: aplikację, moduł bankowy, moduł fiskalny, rok aktualizacji i wsparcia. Trzeba go jeszcze aktywować.",
    )


def test_case_01_an_update_number_stands_for_no_module() -> None:
    number = read(N4, Kind.UPDATES)
    assert (number.modules, number.support) == ((), True)
    assert summary(number).detail_pl == "Numer obejmuje: rok aktualizacji i wsparcia. Trzeba go jeszcze aktywować."


@pytest.mark.parametrize("typed", ["410f40bv4hmasw9148ar7bs7d8ta1", "4lOF4-OBV4H-MASW9-l48AR-7BS7D-8TAl", N1.lower()])
def test_case_02_case_dashes_and_letters_that_pass_for_digits_do_not_matter(typed: str) -> None:
    assert read(typed).text == N1


def test_case_02_i_and_l_are_one_and_o_is_nought_in_either_case() -> None:
    for digit, letters in (("0", "Oo"), ("1", "IiLl")):
        for letter in letters:
            assert read(N1.replace(digit, letter)).text == N1


@pytest.mark.parametrize(
    "between",
    [" ", "\t", "\r\n", "-", *"\u00a0\u00ad\u2007\u2009\u2010\u2011\u2012\u2013\u2014\u2015\u200b\u200c\u200d\u202f\u2060\u2212\ufeff"],
    ids=lambda between: "+".join(f"{ord(char):04X}" for char in between),
)  # fmt: skip
def test_case_03_any_separator_between_characters_is_accepted(between: str) -> None:
    assert read(between + between.join(PLAIN) + between).text == N1


def test_case_03_as_a_word_processor_sets_it() -> None:
    assert read("\u00a0410F4\u20130BV4H\u2013MASW9\u00a0148AR\u20137BS7D\u00a0\u2013 8TA1\n").text == N1


def in_group_3(char: str) -> str:
    return N1.replace("MASW9", f"M{char}SW9")


@pytest.mark.parametrize(
    "name",
    [
        "FULLWIDTH DIGIT FOUR",
        "ARABIC-INDIC DIGIT ONE",
        "LATIN SMALL LETTER DOTLESS I",
        "LATIN SMALL LETTER LONG S",
        "LATIN SMALL LETTER SHARP S",
        "LATIN CAPITAL LETTER A WITH OGONEK",
        "SUPERSCRIPT ONE",
        "CIRCLED DIGIT ONE",
        "FULLWIDTH LATIN CAPITAL LETTER A",
        "KELVIN SIGN",
        "CYRILLIC CAPITAL LETTER ZHE",
    ],
)
def test_case_10_a_look_alike_is_named_and_not_accepted(name: str) -> None:
    char = unicodedata.lookup(name)
    refused = refusal(in_group_3(char))
    assert (refused.code, refused.places) == (NumberCode.NON_ASCII, (Place(3, 2),))
    shown = f"{char} (U+{ord(char):04X})"
    assert refused.detail == (
        f"Group 3, character 2 is {shown}, not a Latin letter or digit; type it again on a Latin keyboard."
    )
    assert refused.detail_pl == (
        f"Grupa 3, znak 2: {shown} nie jest literą łacińską ani cyfrą. Wpisz ten znak na łacińskiej klawiaturze."
    )


def test_case_10_a_cyrillic_a_in_words() -> None:
    assert said(in_group_3("\u0410")) == (
        NumberCode.NON_ASCII,
        "Group 3, character 2 is a Cyrillic \u0410 (U+0410), not a Latin A; switch the keyboard to Latin.",
        "Grupa 3, znak 2: to litera \u0410 (U+0410) z cyrylicy, a nie łacińska A. Przełącz klawiaturę na łacińską.",
    )


def test_case_10_a_greek_alpha_in_words() -> None:
    assert said(in_group_3("\u0391")) == (
        NumberCode.NON_ASCII,
        "Group 3, character 2 is a Greek \u0391 (U+0391), not a Latin A; switch the keyboard to Latin.",
        "Grupa 3, znak 2: to litera \u0391 (U+0391) z alfabetu greckiego, a nie łacińska A. Przełącz klawiaturę na łacińską.",
    )


@pytest.mark.parametrize(
    ("script", "names", "latin"),
    [
        ("Cyrillic", "A VE IE KA EM EN O ER ES TE U HA DZE BYELORUSSIAN-UKRAINIAN·I JE", "ABEKMHOPCTYXSIJ"),
        ("Greek", "ALPHA BETA EPSILON ZETA ETA IOTA KAPPA MU NU OMICRON RHO TAU UPSILON CHI", "ABEZHIKMNOPTYX"),
    ],
)
@pytest.mark.parametrize("size", ["CAPITAL", "SMALL"])
def test_case_10_every_look_alike_letter_by_its_name(script: str, names: str, latin: str, size: str) -> None:
    for name, meant in zip(names.split(), latin, strict=True):
        char = unicodedata.lookup(f"{script.upper()} {size} LETTER {name.replace('·', ' ')}")
        refused = refusal(in_group_3(char))
        assert (refused.code, refused.places) == (NumberCode.NON_ASCII, (Place(3, 2),))
        assert f"a {script} {char} (U+{ord(char):04X}), not a Latin {meant};" in refused.detail


def test_case_10_an_unprintable_character_is_named_by_its_code_point() -> None:
    assert "character 2 is U+D800, not" in refusal(in_group_3("\ud800")).detail
    assert "character 2 is U+202E, not" in refusal(in_group_3("\u202e")).detail
    assert refusal(in_group_3("\x00")).detail == "Group 3, character 2: U+0000 is never used in a number."


@pytest.mark.parametrize("letter", ["U", "u"])
def test_case_10_the_letter_u(letter: str) -> None:
    assert refusal(in_group_3(letter)).places == (Place(3, 2),)
    assert said(in_group_3(letter)) == (
        NumberCode.BAD_CHAR,
        "Group 3, character 2: the letter U is never used in a number; perhaps V?",
        "Grupa 3, znak 2: litera U nigdy nie występuje w numerze. Może to V?",
    )


@pytest.mark.parametrize("char", list("!\"#$%&'()*+,./:;<=>?@[\\]^_`{|}~\x7f\x0b\x0c"))
def test_case_10_every_other_ascii_character(char: str) -> None:
    refused = refusal(in_group_3(char))
    assert (refused.code, refused.places) == (NumberCode.BAD_CHAR, (Place(3, 2),))
    if char.isprintable():
        assert refused.detail_pl == f"Grupa 3, znak 2: znak {char} nigdy nie występuje w numerze."


def test_case_10_unicode_forms_of_letters_and_digits_are_refused() -> None:
    """Not by upper or lower case, nor by compatibility, nor by numeric value."""
    suspects = {
        char
        for char in map(chr, range(0x80, 0x20000))
        if unicodedata.digit(char, None) is not None
        or any(form.isascii() and form.isalnum() for form in (char.upper(), char.lower(), nfkc(char)))
    }
    assert suspects > {"\u0131", "\u017f", "\u0661", "\uff14", "\u00b9", "\u2460", "\u212a", "\U0001d400"}
    for char in suspects:
        assert refusal(in_group_3(char)).code is NumberCode.NON_ASCII


def test_case_10_the_alphabet_comes_before_a_bad_character_and_the_length() -> None:
    assert refusal("UUU\u0410").places == (Place(1, 4),)
    assert refusal("41U").code is NumberCode.BAD_CHAR


def test_case_10_what_is_past_the_end_counts_with_the_last_group() -> None:
    assert refusal(N1 + "U").places == (Place(6, 5),)
    assert refusal(PLAIN * 2 + "#").places == (Place(6, 34),)


NEWER = ("This number needs a newer fiscald.", "Ten numer wymaga nowszej wersji programu fiscald.")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("0" * 29, NumberCode.VERSION),
        ("810F4-0BV4H-MASW9-A8NAN-RDF85-ZX4V", NumberCode.VERSION),
        ("410F5-0BV4H-MASW9-XT52N-HZM19-NTKH", NumberCode.RESERVED),
        ("410H4-0BV4H-MASW9-JPVX9-H7WGJ-99YF", NumberCode.RESERVED),
        ("41044-0BV4H-MASW9-48A4D-1HWX4-Q7WX", NumberCode.FLAGS),
        ("610F4-0BV4H-MASW9-4MSTK-849V7-S1BX", NumberCode.KIND),
    ],
    ids=["zeros", "version-2", "reserved-bit", "reserved-flag", "fiscal-without-app", "kind-2"],
)
def test_case_11_a_number_of_a_later_version(typed: str, code: NumberCode) -> None:
    assert syndrome(values(typed)) == 0
    assert said(typed) == (code, *NEWER)


def test_case_11_an_update_number_with_a_module_in_it() -> None:
    data = values(N4)[:25]
    data[3] |= APP
    assert said(characters([*data, *check_symbols(data)])) == (NumberCode.FLAGS, *NEWER)


def test_case_11_another_product() -> None:
    assert said("420F4-0BV4H-MASW9-WHJ28-0YTQM-W1EB") == (
        NumberCode.OTHER_PRODUCT,
        "This number belongs to another product.",
        "Ten numer należy do innego programu.",
    )


def test_case_11_a_date_in_the_future_is_a_doubt_not_a_refusal() -> None:
    number = read("410F4-0VH4H-MASW9-15YQY-4K58S-R2DN", Kind.LICENCE)
    assert number.issued == datetime.date(2027, 6, 1)
    assert warning(number, TODAY) == (
        NumberCode.FUTURE_DATE,
        "The issue date of this number, 2027-06-01, lies in the future; is the computer's date right?",
        "Data wydania numeru (2027-06-01) jest z przyszłości. Czy data w komputerze jest prawidłowa?",
    )
    assert warning(number, datetime.date(2027, 5, 29)) is not None
    assert warning(number, datetime.date(2027, 5, 30)) is None
    assert warning(number, datetime.date.max) is None
    assert warning(number, datetime.date.min) is not None


def test_case_12_the_wrong_field() -> None:
    refused = refusal(N4, Kind.LICENCE)
    assert (refused.code, refused.places) == (NumberCode.WRONG_FIELD, ())
    assert refused.detail == "This is an update number; it goes into the second field."
    assert refused.detail_pl == "To jest numer aktualizacji. Wpisz go w drugim polu."
    refused = refusal(N1, Kind.UPDATES)
    assert refused.code is NumberCode.WRONG_FIELD
    assert refused.detail == "This is a licence number; it goes into the first field."
    assert refused.detail_pl == "To jest numer licencji. Wpisz go w pierwszym polu."


def test_case_12_either_field() -> None:
    assert read(N1).kind is Kind.LICENCE
    assert read(N4).kind is Kind.UPDATES


def test_the_mac_covers_every_field() -> None:
    number = read(VECTORS["N2"][0])
    assert number.authentic(KEY)
    changes: list[dict[str, int]] = [{"flags": 7}, {"mac_key": 2}, {"day": 380}, {"serial": 1}, {"mac": number.mac ^ 1}]
    for change in changes:
        assert not replace(number, **change).authentic(KEY)  # type: ignore[arg-type]
    assert not replace(number, kind=Kind.UPDATES, flags=SUPPORT).authentic(KEY)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"kind": Kind.UPDATES}, "NUMBER_FLAGS"),
        ({"flags": FISCAL}, "NUMBER_FLAGS"),
        ({"flags": 0}, "NUMBER_FLAGS"),
        ({"flags": APP | 16}, "NUMBER_RESERVED"),
        ({"product": 2}, "NUMBER_OTHER_PRODUCT"),
        ({"flags": 1024}, "flags does not fit into 10 bits"),
        ({"product": 32}, "product does not fit into 5 bits"),
        ({"mac_key": 8}, "mac_key does not fit into 3 bits"),
        ({"day": 2**15}, "day does not fit into 15 bits"),
        ({"day": -1}, "day does not fit into 15 bits"),
        ({"serial": 2**35}, "serial does not fit into 35 bits"),
        ({"mac": 2**50}, "mac does not fit into 50 bits"),
    ],
)
def test_what_could_not_be_read_back_cannot_be_built(changes: dict[str, int], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        replace(read(N1), **changes)  # type: ignore[arg-type]


def test_the_last_day_of_the_layout() -> None:
    assert replace(read(N1), day=2**15 - 1).issued == datetime.date(2114, 9, 19)
    with pytest.raises(ValueError, match="day does not fit"):
        issue(kind=Kind.LICENCE, flags=APP, issued=datetime.date(2114, 9, 20), serial=1, mac_key=1, key=KEY)
    with pytest.raises(ValueError, match="day does not fit"):
        issue(kind=Kind.LICENCE, flags=APP, issued=datetime.date(2024, 12, 31), serial=1, mac_key=1, key=KEY)


@pytest.mark.parametrize("key", [b"", KEY[:31], KEY + b"\0"], ids=len)
def test_a_mac_key_of_another_length_is_a_mistake(key: bytes) -> None:
    with pytest.raises(ValueError, match=f"a MAC key has 32 bytes, not {len(key)}"):
        read(N1).authentic(key)
    with pytest.raises(ValueError, match="a MAC key has 32 bytes"):
        issue(kind=Kind.LICENCE, flags=APP, issued=TODAY, serial=1, mac_key=1, key=key)
