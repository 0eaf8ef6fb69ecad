"""Companies: one company in every spelling, tax numbers by the check of their country, countries of ISO 3166."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import get_cc_module

from fiscald.licence.company import MAX_LENGTH, company
from fiscald.licence.countries import COUNTRIES
from fiscald.licence.folding import fold

#: Names of one shop, as someone may write them to look like another one.
SPELLINGS = [
    "Piekarnia Żurek sp. z o.o.",
    "PIEKARNIA ŻUREK SP. Z O.O.",
    "piekarnia  żurek  Sp. z o. o.",
    'Piekarnia "Żurek" Sp z oo',
    "„Piekarnia Żurek” – sp. z o.o.",
    unicodedata.normalize("NFD", "Piekarnia Żurek sp. z o.o."),
    "Piekarnia Zurek sp. z o.o.",
    "Рiеkаrniа Żurеk sр. z о.о.",  # Cyrillic
    "ΡΙΕΚΑRΝΙΑ ΖUREΚ SΡ Ζ ΟΟ",  # Greek
    "Ｐｉｅｋａｒｎｉａ　Żｕｒｅｋ　ｓｐ．　ｚ　ｏ．ｏ．",
    "Piekarnia Z\u0307u\u0301rek sp\uff0e z o.o.",
    "Piekarnia Żurek\u3164 sp. z o.o.",
]
#: A valid number of each kind that differs from the plain one: as typed, as kept.
TAX_NUMBERS = {
    "PL": [("PL 526-025-02-74", "5260250274"), ("５２６０２５０２７４", "5260250274")],
    "NL": [("NL 0044.95.445.B01", "004495445B01")],
    "DE": [("DE 136,695 976", "136695976")],
    "GR": [("EL 094259216", "094259216"), ("GR 094259216", "094259216")],
    "GB": [("XI 980 7806 84", "980780684")],
    "AT": [("ATU 13585627", "U13585627")],
    "CH": [
        ("CHE-107.787.577 IVA", "CHE107787577"),
        ("CHE107787577 MWST", "CHE107787577"),
        ("107787577", "CHE107787577"),
    ],
    "NO": [("NO 995 525 828 MVA", "995525828"), ("995525828", "995525828")],
    "ES": [("ES B-58378431", "B58378431")],
    "IN": [("27AAPFU0939F1ZV", "27AAPFU0939F1ZV")],
    "US": [("US 12-3456789", "123456789")],  # no check is known: kept compact
    "LI": [("1.2/3-\uff14", "1234")],
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("post", ["1011 AB", "1011ab", "1011-AB.", "１０１１\u00a0АВ"])
def test_one_company_in_every_spelling(spelling: str, post: str) -> None:
    one, other = company(SPELLINGS[0], "1011 AB", "NL"), company(spelling, post, "NL")
    assert one.same(other)
    assert one.identity == other.identity
    assert not one.same(company(spelling + " II", post, "NL"))
    assert not one.same(company(spelling, post + "1", "NL"))
    assert not one.same(company(spelling, post, "BE"))


def test_postcodes_differ_in_no_punctuation() -> None:
    posts = ["00-950", "00-950.", "00950", " 00 950", "00\u2013950", "(00-950)"]
    assert {company("Żurek", post, "DE").normal_post for post in posts} == {"00950"}


@pytest.mark.parametrize(
    ("letter", "plain"), [("Ł", "l"), ("ł", "l"), ("Ø", "o"), ("đ", "d"), ("ß", "ss"), ("Æ", "ae"), ("ñ", "n")]
)
def test_letters_of_other_alphabets_fold_to_latin_ones(letter: str, plain: str) -> None:
    assert fold(letter) == plain


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(
    st.text(st.characters(max_codepoint=0x17F, categories=("L", "N")), max_size=20),
    st.text(" .,-'\"()/\u2013\u00a0", max_size=5),
)
def test_folding_does_not_see_case_and_punctuation(text: str, mark: str) -> None:
    middle = len(text) // 2
    assert fold(text.upper()) == fold(text.lower()) == fold(text[:middle] + mark + text[middle:])


@given(
    st.text("abcdefghijklmnopqrstuvwxyz0123456789", max_size=20),
    st.text("abcdefghijklmnopqrstuvwxyz0123456789", max_size=20),
)
def test_plain_names_are_equal_only_if_their_letters_are(one: str, other: str) -> None:
    assert (fold(one) == fold(other)) == (one == other)


def test_whole_words_of_cyrillic_and_greek_stay_different() -> None:
    names = ["Хляб", "Хлеб", "Пекарна София", "Пекарна Варна", "Αρτοποιείο", "Φούρνος"]
    assert len({fold(name) for name in names}) == len(names)
    assert fold("Пекарна София") == fold("ПЕКАРНА СОФИЯ"[:-1] + "я")


# -- countries and tax numbers ---------------------------------------------------------------------------


@pytest.mark.parametrize("cc", ["ZZ", "XX", "EU", "XK", "UK", "EL", "P", "PLN", "Р L", "РL", "", "P1"])
def test_only_countries_of_iso_3166_are_countries(cc: str) -> None:
    with pytest.raises(ValueError, match="two letters of ISO 3166"):
        company("Żurek", "1", cc, None)


def test_there_are_249_countries() -> None:
    assert len(COUNTRIES) == 249
    assert all(len(cc) == 2 and cc.isascii() and cc.isupper() for cc in COUNTRIES)


@pytest.mark.parametrize(("cc", "typed", "kept"), [(cc, *each) for cc, all_ in TAX_NUMBERS.items() for each in all_])
def test_a_tax_number_is_kept_without_country_and_punctuation(cc: str, typed: str, kept: str) -> None:
    assert company("Żurek", "1", cc, typed).tin == kept
    assert company("Żurek", "1", cc, kept).tin == kept, "what was kept is valid"
    assert company("Żurek", "1", cc.lower(), typed.lower()).tin == kept


def test_every_country_with_a_known_check_refuses_another_number() -> None:
    checked = [cc for cc in COUNTRIES if get_cc_module(cc, "vat") is not None]
    assert len(checked) > 70
    for cc in checked:
        with pytest.raises(ValueError, match="not a valid tax number"):
            company("Żurek", "1", cc, "OOPS-1")


@given(
    st.sampled_from(sorted(COUNTRIES)), st.text(max_size=30) | st.from_regex(r"[A-Z]{0,3}[0-9]{5,14}", fullmatch=True)
)
def test_any_tax_number_is_kept_plain_or_refused(cc: str, typed: str) -> None:
    try:
        found = company("Żurek", "1", cc, typed)
    except ValueError:
        return
    if found.tin is not None:
        assert 0 < len(found.tin) <= 2 * MAX_LENGTH
        assert found.tin.isalnum()
        assert company("Żurek", "1", cc, found.tin).tin == found.tin


@pytest.mark.parametrize("cc", ["PL", "BG", "RO"])
@pytest.mark.parametrize("tin", [None, "", "  "])
def test_a_country_in_which_every_company_has_a_number_asks_for_it(cc: str, tin: str | None) -> None:
    with pytest.raises(ValueError, match="missing"):
        company("Żurek", "1", cc, tin)


@pytest.mark.parametrize("name", ["...", "!?", "\u00a0-", "\u3164"])
def test_a_name_has_a_letter_or_a_digit(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        company(name, "1", "NL")
