"""Every slip in a licence number has its own code (cases 4 to 9, 13), and what the check symbols promise."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.licence.number import ALPHABET, SUPPORT, Kind, Number, NumberCode
from fiscald.licence.number_check import LENGTH, Wrong, check_symbols, locate, syndrome
from fiscald.licence.number_reading import MAX_TYPED, NumberRefused, Place, read
from tests.licence.numbers import N1, N5, PLAIN, SYMBOLS, changed, characters, horner, packed, refusal, said

numbers = st.builds(
    Number,
    kind=st.just(Kind.LICENCE),
    product=st.just(1),
    flags=st.sampled_from(range(1, 16, 2)),
    mac_key=st.integers(0, 7),
    day=st.integers(0, 2**15 - 1),
    serial=st.integers(0, 2**35 - 1),
    mac=st.integers(0, 2**50 - 1),
) | st.builds(
    Number,
    kind=st.just(Kind.UPDATES),
    product=st.just(1),
    flags=st.just(SUPPORT),
    mac_key=st.integers(0, 7),
    day=st.integers(0, 2**15 - 1),
    serial=st.integers(0, 2**35 - 1),
    mac=st.integers(0, 2**50 - 1),
)


symbol_changes = st.dictionaries(st.integers(0, LENGTH - 1), st.integers(1, 31), min_size=1, max_size=2)


def place(position: int) -> Place:
    return Place(position // 5 + 1, position % 5 + 1)


def test_case_04_one_wrong_character() -> None:
    refused = refusal("410F4-0BV4H-M4SW9-148AR-7BS7D-8TA1")
    assert refused.code is NumberCode.TYPO_ONE
    assert refused.places == (Place(3, 2),)
    assert refused.detail == "Group 3, character 2 looks wrong: you typed 4, perhaps A."
    assert refused.detail_pl == "Grupa 3, znak 2: wpisano 4, a powinno być chyba A."
    assert str(refused) == f"NUMBER_TYPO_ONE: {refused.detail}"


def test_case_05_eight_for_b() -> None:
    refused = refusal("410F4-08V4H-MASW9-148AR-7BS7D-8TA1")
    assert (refused.code, refused.places) == (NumberCode.TYPO_ONE, (Place(2, 2),))
    assert refused.detail == "Group 2, character 2 looks wrong: you typed 8, perhaps B."


def test_case_06_neighbours_swapped_within_a_group() -> None:
    typed = "410F4-0VB4H-MASW9-148AR-7BS7D-8TA1"
    assert refusal(typed).places == (Place(2, 2), Place(2, 3))
    assert said(typed) == (
        NumberCode.SWAP,
        "Characters 2 and 3 of group 2 seem swapped.",
        "W grupie 2 znaki 2 i 3 są chyba zamienione miejscami.",
    )


def test_case_06_neighbours_swapped_across_a_dash() -> None:
    typed = "410F0-4BV4H-MASW9-148AR-7BS7D-8TA1"
    assert refusal(typed).places == (Place(1, 5), Place(2, 1))
    assert said(typed) == (
        NumberCode.SWAP,
        "The last character of group 1 and the first of group 2 seem swapped.",
        "Ostatni znak grupy 1 i pierwszy znak grupy 2 są chyba zamienione miejscami.",
    )


def test_case_07_groups_exchanged() -> None:
    typed = "410F4-0BV4H-148AR-MASW9-7BS7D-8TA1"
    assert refusal(typed).places == (Place(3), Place(4))
    assert said(typed) == (
        NumberCode.GROUPS_SWAPPED,
        "Groups 3 and 4 seem exchanged.",
        "Grupy 3 i 4 są chyba zamienione miejscami.",
    )


def test_case_08_two_wrong_characters() -> None:
    typed = "410F4-0BV7H-MASW9-148AR-7BS78-8TA1"
    assert refusal(typed).places == (Place(2, 4), Place(5, 5))
    assert said(typed) == (
        NumberCode.TYPO_TWO,
        "Probably two characters are wrong: group 2, character 4 and group 5, character 5.",
        "Prawdopodobnie błędne są dwa znaki: grupa 2, znak 4 oraz grupa 5, znak 5.",
    )


def test_case_08_a_third_wrong_character() -> None:
    typed = "410F4-0BV7H-MASX9-148AR-7BS78-8TA1"
    assert refusal(typed).places == ()
    assert said(typed) == (
        NumberCode.TYPO_MANY,
        "Several characters differ. Please read all groups again.",
        "Nie zgadza się kilka znaków. Proszę jeszcze raz odczytać wszystkie grupy.",
    )


def test_case_09_a_character_missing() -> None:
    typed = "410F4-0BV4H-MAW9-148AR-7BS7D-8TA1"
    assert refusal(typed).places == (Place(3),)
    assert said(typed) == (
        NumberCode.MISSING_ONE,
        "One character is missing in group 3.",
        "Brakuje jednego znaku w grupie 3.",
    )


def test_case_09_a_character_too_many() -> None:
    typed = "410F4-0BV4H-MAWSW9-148AR-7BS7D-8TA1"
    assert refusal(typed).places == (Place(3),)
    assert said(typed) == (
        NumberCode.EXTRA_ONE,
        "One character too many in group 3.",
        "O jeden znak za dużo w grupie 3.",
    )


def test_case_09_a_character_missing_from_a_run_that_spans_two_groups() -> None:
    """N5 has seven Z in groups 2 and 3: it is unknown from which one it was dropped."""
    refused = refusal(N5.replace("ZZ-", "Z-", 1))
    assert (refused.code, refused.places) == (NumberCode.MISSING_ONE, (Place(2), Place(3)))
    assert refused.detail == "One character is missing in group 2 or 3."
    assert refused.detail_pl == "Brakuje jednego znaku w grupie 2 lub 3."


@pytest.mark.parametrize("typed", [N1.replace("9-", "9X-", 1), N1.replace("-1", "-X1", 1)])
def test_case_09_a_character_too_many_where_two_groups_meet(typed: str) -> None:
    refused = refusal(typed)
    assert (refused.code, refused.places) == (NumberCode.EXTRA_ONE, (Place(3), Place(4)))
    assert refused.detail_pl == "O jeden znak za dużo w grupie 3 lub 4."


@pytest.mark.parametrize(("typed", "group"), [("X" + N1, 1), (N1 + "X", 6)])
def test_case_09_a_character_too_many_at_either_end(typed: str, group: int) -> None:
    refused = refusal(typed)
    assert (refused.code, refused.places) == (NumberCode.EXTRA_ONE, (Place(group),))


@pytest.mark.parametrize("length", [0, 1, 24, 26, 27, 31, MAX_TYPED])
def test_case_09_another_length(length: int) -> None:
    assert said((PLAIN * 5)[:length]) == (
        NumberCode.LENGTH,
        f"A number has 29 characters, you typed {length}.",
        f"Numer ma 29 znaków, a wpisano {length}.",
    )


def test_case_09_the_length_of_another_makers_key() -> None:
    assert said(N1[:29]) == (
        NumberCode.LENGTH,
        "A number has 29 characters, you typed 25. (25 looks like another maker's key.)",
        "Numer ma 29 znaków, a wpisano 25. (25 znaków ma zwykle klucz innego producenta.)",
    )


@pytest.mark.parametrize("length", [28, 30])
def test_case_09_one_off_but_nothing_fits(length: int) -> None:
    assert refusal("4" * length).code is NumberCode.LENGTH


@pytest.mark.parametrize("typed", ["-" * 200, "А" * 200, N1 + " " * 100])
def test_case_09_a_text_that_is_far_too_long_is_not_parsed(typed: str) -> None:
    refused = refusal(typed)
    assert (refused.code, refused.places) == (NumberCode.LENGTH, ())
    assert f"you typed {len(typed)}." in refused.detail


def test_case_09_up_to_128_characters_are_parsed() -> None:
    assert read(N1.ljust(MAX_TYPED)).text == N1
    assert refusal(N1.ljust(MAX_TYPED + 1)).code is NumberCode.LENGTH


def test_case_13_every_one_or_two_wrong_symbols_have_a_unique_syndrome() -> None:
    """Exhaustive: a syndrome is the sum of its errors', so the doubles are sums of the singles."""
    single = [
        [packed(horner([0] * position + [error] + [0] * (28 - position))) for error in range(1, 32)]
        for position in range(LENGTH)
    ]
    double = [a ^ b for one, other in combinations(single, 2) for a in one for b in other]
    singles = [share for position in single for share in position]
    assert (len(singles), len(double)) == (899, 390_166)
    assert len({0, *singles, *double}) == 1 + 899 + 390_166


@given(st.lists(st.integers(0, 31), min_size=LENGTH, max_size=LENGTH))
def test_case_13_the_syndrome_is_the_four_values_and_so_it_is_linear(word: list[int]) -> None:
    assert syndrome(word) == packed(horner(word))


@given(st.lists(st.integers(0, 31), min_size=25, max_size=25))
def test_case_13_the_check_symbols_make_any_data_a_good_word(data: list[int]) -> None:
    assert horner([*data, *check_symbols(data)]) == (0, 0, 0, 0)


def test_case_13_one_wrong_character_anywhere_is_found_and_named() -> None:
    for position in range(LENGTH):
        for error in range(1, 32):
            typed = changed(SYMBOLS, {position: error})
            refused = refusal(characters(typed))
            assert (refused.code, refused.places) == (NumberCode.TYPO_ONE, (place(position),))
            expected = f"you typed {ALPHABET[typed[position]]}, perhaps {PLAIN[position]}."
            assert refused.detail.endswith(expected)


@given(st.dictionaries(st.integers(0, LENGTH - 1), st.integers(1, 31), min_size=2, max_size=2))
def test_case_13_two_wrong_symbols_are_located(errors: dict[int, int]) -> None:
    assert locate(syndrome(changed(SYMBOLS, errors))) == tuple(Wrong(*error) for error in sorted(errors.items()))


def test_case_13_any_two_characters_exchanged_are_noticed_and_named() -> None:
    for one, other in combinations(range(LENGTH), 2):
        typed = list(PLAIN)
        typed[one], typed[other] = typed[other], typed[one]
        if typed == list(PLAIN):
            continue
        refused = refusal("".join(typed))
        assert refused.code is (NumberCode.SWAP if other == one + 1 else NumberCode.TYPO_TWO)
        assert refused.places == (place(one), place(other))


def test_case_13_three_or_four_wrong_symbols_are_never_a_good_word() -> None:
    chance = random.Random(13)
    found = []
    for _ in range(5000):
        places = chance.sample(range(LENGTH), chance.choice((3, 4)))
        found.append(syndrome(changed(SYMBOLS, {position: chance.randrange(1, 32) for position in places})))
    assert all(found)
    looks_like_two = sum(len(locate(one)) == 2 for one in found[:1000])
    assert 250 < looks_like_two < 450  # about a third: therefore "probably"


def test_case_13_any_two_groups_exchanged_are_named() -> None:
    chance = random.Random(7)
    for _ in range(300):
        number = Number(Kind.LICENCE, 1, 15, 1, 379, chance.getrandbits(35), chance.getrandbits(50))
        groups = number.text.split("-")
        one, other = sorted(chance.sample(range(5), 2))
        groups[one], groups[other] = groups[other], groups[one]
        refused = refusal("-".join(groups))
        assert (refused.code, refused.places) == (NumberCode.GROUPS_SWAPPED, (Place(one + 1), Place(other + 1)))


def test_case_13_a_lost_character_is_missed_in_its_group() -> None:
    """Not quite always: two repairs can give a number each; then the program does not guess."""
    chance = random.Random(300)
    unique = 0
    for _ in range(100):
        number = Number(Kind.LICENCE, 1, 15, 1, 379, chance.getrandbits(35), chance.getrandbits(50))
        plain, position = number.text.replace("-", ""), chance.randrange(LENGTH)
        refused = refusal(plain[:position] + plain[position + 1 :])
        if refused.code is NumberCode.MISSING_ONE:
            unique += 1
            assert Place(position // 5 + 1) in refused.places
        else:
            assert refused.code is NumberCode.LENGTH
    assert unique >= 99


def test_case_13_a_character_too_many_is_found_in_its_group() -> None:
    chance = random.Random(2000)
    for _ in range(300):
        number = Number(Kind.LICENCE, 1, 15, 1, 379, chance.getrandbits(35), chance.getrandbits(50))
        plain, position = number.text.replace("-", ""), chance.randrange(LENGTH)
        refused = refusal(plain[:position] + chance.choice(ALPHABET) + plain[position:])
        assert refused.code is NumberCode.EXTRA_ONE
        assert Place(position // 5 + 1) in refused.places


@given(
    st.text(max_size=140)
    | st.text(ALPHABET + "-oiluU", min_size=27, max_size=31)
    | st.lists(st.integers(0, 31), min_size=25, max_size=25).map(
        lambda data: characters([*data, *check_symbols(data)])
    ),
    st.sampled_from([None, *Kind]),
)
def test_any_text_is_a_number_or_refused_in_two_languages(typed: str, expected: Kind | None) -> None:
    try:
        number = read(typed, expected)
    except NumberRefused as error:
        refused = error
    else:
        assert expected in (None, number.kind)
        assert read(number.text) == number
        return
    assert refused.code not in (NumberCode.OK, NumberCode.FUTURE_DATE)
    assert refused.detail.endswith((".", "?", ")"))
    assert refused.detail_pl.endswith((".", "?", ")"))


@given(numbers)
def test_what_is_built_is_read_back(number: Number) -> None:
    assert [len(group) for group in number.text.split("-")] == [5, 5, 5, 5, 5, 4]
    assert read(number.text, number.kind) == number
    assert read(number.text.lower().replace("0", "o").replace("1", "l")) == number


@given(numbers, symbol_changes)
def test_one_or_two_wrong_characters_are_never_accepted(number: Number, errors: dict[int, int]) -> None:
    refused = refusal(characters(changed(number.symbols, errors)))
    if len(errors) == 1:
        assert (refused.code, refused.places) == (NumberCode.TYPO_ONE, (place(*errors),))
    else:
        assert refused.code in (NumberCode.TYPO_TWO, NumberCode.SWAP, NumberCode.GROUPS_SWAPPED)


@given(numbers)
def test_neither_repr_nor_refusal_shows_a_number(number: Number) -> None:
    assert repr(number) == str(number) == f"Number({number.hint})"
    wrong_kind = Kind.UPDATES if number.kind is Kind.LICENCE else Kind.LICENCE
    for typed, expected in ((number.text, wrong_kind), (number.text + "7", None)):
        refused = refusal(typed, expected)
        assert not any(group in f"{refused} {refused.detail_pl}" for group in number.text.split("-"))


# -- what was pasted around a number ---------------------------------------------------------------------

LABELS = [
    "Numer licencji: ",
    "Numer licencji ",
    "Licence number X: ",
    "Licence number X:\n",
    "nr ",
    "X: ",
    "| X | ",
    "Nr 2: ",
]
ENDS = [".", ",", ";", " |", " (FV/2026/11/0016)", "\n", " - "]
QUOTES = [('"', '"'), ("'", "'"), ("\u201e", "\u201d"), ("\u00ab", "\u00bb"), ("(", ")"), ("<b>", "</b>")]


@pytest.mark.parametrize("label", LABELS)
def test_a_pasted_label_is_left_out(label: str) -> None:
    assert read(label + N1).text == N1
    assert read(label + PLAIN.lower()).text == N1
    assert {read(label + N1 + end).text for end in ENDS} == {N1}


@pytest.mark.parametrize(("begin", "end"), QUOTES)
def test_quotes_around_a_number_are_left_out(begin: str, end: str) -> None:
    assert read(f"{begin}{N1}{end}").text == N1
    assert read(f"Numer licencji: {begin}{N1}{end}.").text == N1


@pytest.mark.parametrize("joint", ["\n", "-\n", " -\r\n", "\n-", "\r\n\r\n"])
@pytest.mark.parametrize("group", range(1, 6))
def test_a_number_on_two_lines_is_one_number(joint: str, group: int) -> None:
    groups = N1.split("-")
    assert read("-".join(groups[:group]) + joint + "-".join(groups[group:])).text == N1


@pytest.mark.parametrize("label", ["", *LABELS])
@pytest.mark.parametrize(
    ("typed", "code", "places"),
    [
        (N1.replace("MASW9", "M4SW9"), NumberCode.TYPO_ONE, [Place(3, 2)]),
        (N1.replace("MASW9", "MAW9"), NumberCode.MISSING_ONE, [Place(3)]),
        (N1.replace("MASW9", "MAWSW9"), NumberCode.EXTRA_ONE, [Place(3)]),
        (N1.replace("MASW9", "MUSW9"), NumberCode.BAD_CHAR, [Place(3, 2)]),
        (N1.replace("MASW9", "M\u0410SW9"), NumberCode.NON_ASCII, [Place(3, 2)]),
        (N1[:17], NumberCode.LENGTH, []),
    ],
)
def test_a_slip_behind_a_label_is_found_where_it_is(
    label: str, typed: str, code: NumberCode, places: list[Place]
) -> None:
    found = refusal(label + typed)
    assert (found.code, list(found.places)) == (code, places)
    if code is NumberCode.LENGTH and ":" in label:
        assert found.detail == "A number has 29 characters, you typed 15."


def test_two_numbers_in_one_field_are_named_as_two() -> None:
    assert said(f"{N1}\n{N5}")[:2] == (NumberCode.LENGTH, "This text holds 2 numbers; enter one in each field.")
    assert said(f"X: {N1}; Y: {N5}")[0] is NumberCode.LENGTH
    assert read(f"{N1} {N1}").text == N1, "twice the same"


@pytest.mark.parametrize("text", ["Numer licencji", "Licence number X:", "prosze o numer"])
def test_words_without_a_number_are_no_misplaced_character(text: str) -> None:
    assert refusal(text).code is NumberCode.LENGTH


@given(st.text(max_size=MAX_TYPED - len(N1)), st.text(max_size=40))
def test_no_surroundings_make_another_number(before: str, after: str) -> None:
    """Read as the number that is there, or refused with a sentence."""
    try:
        assert read((before + N1 + after)[:MAX_TYPED]).text == N1
    except NumberRefused as refused:
        text = refused.detail
    else:
        return
    assert text
