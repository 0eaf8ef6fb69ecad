"""Intact sequences with hostile values: every field value gets a reply, and no exception."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fiscald.emulator.memory import RegisterState
from fiscald.model.money import MAX_GROSZE
from fiscald.protocols.thermal import fields as f
from fiscald.protocols.thermal import grammar
from fiscald.protocols.thermal.commands import COMMANDS
from fiscald.protocols.thermal.fields import Brand
from fiscald.protocols.thermal.frames import AnswerDeframer, Frame, encode
from fiscald.protocols.thermal.grammar import State
from fiscald.protocols.thermal.layouts import Param, Part
from fiscald.protocols.thermal.rows import Row
from tests.drawn import drawn
from tests.emulator.thermal.talking import Talk, framed, sequence

WATER, BREAD = "1$lWoda|1.|A/2/2/", "2$lChleb|1.5|C/3.33/5/"
#: What is open, and how it comes to that.
STATES: dict[str, tuple[str, ...]] = {
    "idle": (),
    "opened": ("0$h",),
    "lines": ("0$h", WATER, BREAD),
    "all reversed": ("0$h", WATER, "0$lWoda|1.|A/2/2/"),
    "deposit": ("0$h", "6$d2/12|4.|"),
    "line and deposit": ("0$h", WATER, "6$d2/12|4.|"),
    "paid": ("0$h", WATER, "1;0$b2/gotowka|"),
    "announced": ("0$h", WATER, "3$nrabat|0.5/"),
    "invoice": ("1;1;1;2;0;0;0;0;0;0$hFV 1|Prosta 1|5260250274||||||", WATER),
    "sold": ("0$h", WATER, "1;0$e000|0/2/", "0#i5/"),
    "reported": ("0$h", WATER, "1;0$e000|0/2/", "1;26;7;15#r"),
}
HOSTILE = (
    b"", b" ", b"-1", b"+1", b"1_0", b"0", b"00", b"nan", b"inf", b"1e30", b"1e-30", b"1E9", b"1.", b".5", b",", b".",
    b"1.2.3", b"0.000000001", b"0.0000000000001", b"9999999999", b"99999999.99", b"999999.99", b"9" * 12, b"9" * 16,
    b"9" * 400, b"1,5", b"\xb2", b"\xfd", "\u0663".encode(), "\uff13".encode(), b"2026-02-30", b"2026-07-15", b"--", b"%s", b"{}",
    b"\xff\xfe", b"0" * 40, b"1 szt", b"1. kilogram", b"Z", b"P", b"H", b"#1",
)  # fmt: skip
#: Values that get a command further, by the type of its field.
LIKELY: dict[type[f.Value], tuple[bytes, ...]] = {
    f.Amount: (b"0", b"0.5", b"1", b"2", b"2.00", b"5", b"7.00"),
    f.Quantity: (b"1.", b"1.5", b"2. szt"),
    f.Rate: (b"23", b"8", b"0", b"100", b"101"),
    f.Letter: (b"A", b"C", b"P", b"Z"),
    f.Text: (b"Woda", b"001", b"1", b"2.", b"12", b"gotowka", b"5260250274", b"2026-07-15"),
    f.Header: (b"Sklep", b"Sklep\rNIP"),
    f.Count: (b"0", b"1"),
}
#: Today, counts and choices.
NUMBERS = (0, 0, 0, 1, 1, 2, 3, 7, 15, 26)
HOSTILE_NUMBERS = (None, 0, 4, 5, 6, 10, 12, 31, 99, 255)
PROFILES = {"posnet": Brand.POSNET, "novitus": Brand.NOVITUS, "innova": Brand.POSNET}


def hostile_frame(random: Random, state: State, brand: Brand) -> Frame:
    """One that the parser understands, mostly legal now, with one hostile value."""
    rows = list(COMMANDS[brand].values())
    if random.random() < 0.8:
        rows = [row for row in rows if grammar.refusal(row.name, state, brand) is None]
    row = random.choice([row for row in rows if row.params or row.parts])
    places: list[Param | Part] = [*row.params, *row.parts]
    hostile = random.choice(places)
    given = {"brand": brand} | _params(random, row, hostile)
    raw: dict[str, Any] = {}
    for part in row.parts:
        wanted = part.when(given) if part.when else not part.optional or random.random() < 0.5
        values = (
            HOSTILE if part is hostile else next(LIKELY[kind] for kind in type(part.value).__mro__ if kind in LIKELY)
        )
        if part.many:
            count = part.times(given) if part.times else random.randrange(9)
            raw[part.name] = [random.choice(values) for _ in range(count)]
        else:
            raw[part.name] = random.choice(values) if wanted else None
    numbers = [] if row.first is None else [row.first]
    for param in row.params:
        value = given[param.name]
        numbers += value if param.times else [value]
    while numbers and numbers[-1] is None:
        numbers.pop()
    return Frame(tuple(numbers), row.id, row.body.build(raw, given=given)).checked


def _params(random: Random, row: Row, hostile: Param | Part) -> dict[str, Any]:
    """The numbers in front of the identifier; not every one that may be missing is there."""
    given: dict[str, Any] = {}
    for param in row.params:
        fitting = [number for number in NUMBERS if param.least <= number <= param.most] or [param.least]
        numbers = HOSTILE_NUMBERS if param is hostile else fitting
        if param.times is not None:
            given[param.name] = [random.choice(numbers) for _ in range(param.times(given))]
        else:
            given[param.name] = random.choice(numbers) if param.required or random.random() < 0.6 else None
    return given


def ask(talk: Talk, data: bytes) -> list[object]:
    """All replies; a person confirms every prompt."""
    answer = talk.raw(data)
    if talk.printer.awaits_key:
        talk.printer.press(confirm=True)
        answer += talk.raw(b"")
    return list(AnswerDeframer().feed(answer))


@settings(max_examples=drawn(50))
@given(
    st.sampled_from(sorted(STATES)), st.randoms(use_true_random=True), st.sampled_from(sorted(PROFILES)), st.booleans()
)
def test_any_field_value_gets_a_reply(state: str, random: Random, profile: str, fiscal: bool) -> None:
    """And afterwards the printer can still tell about itself."""
    talk = Talk(state=RegisterState(fiscal=fiscal), profile=profile)
    for command in STATES[state]:
        talk.send(command)
    for _ in range(15):
        now = talk.printer.memory.state
        frame = hostile_frame(random, now, PROFILES[profile])
        answers = ask(talk, encode(frame))
        assert all(isinstance(answer, Frame) for answer in answers)
        assert answers or frame.name == "#e", frame
        talk.raw(sequence("3#e"))
    for query in ("22#s", "23#s", "24#s", "28#s", "50#s", "100#s", "#n", "#v", "#c", "#u", "$gWoda|A/"):
        assert "#Z" not in talk.say(query), query


@pytest.mark.parametrize(
    ("profile", "before", "command", "error"),
    [
        *(("posnet", STATES["lines"], f"6$d2/12|{pieces}|", 17)
          for pieces in ("1e-30", "1e3", "nan", "1_0", "+1", "-1", ".", "0.0", "1,5", "0.0000000001", "12345678901.")),
        ("posnet", STATES["lines"], "0;0;0;0;0;1;0;0;0;0;0$y001|Jan||12|1e-30|7/0/0/0/0/2/", 17),
        ("posnet", ("0$h", WATER, "1;0$e000|0/2/", "1;26;7;15#r"), "4;;7;15$p22/8/5/0/", 3),
        ("posnet", (), "4;26;;15$p22/8/5/0/", 3),
        ("posnet", (), "4;26;7$p22/8/5/0/", 3),
        ("novitus", ("0$h", WATER, "6$d99999999.99/12|1.|"), "6$d99999999.99/12|1.|", 19),
        ("novitus", STATES["lines"], "1;0$b99999999.99/gotowka|", 0),
        ("novitus", (*STATES["lines"], "1;0$b99999999.99/gotowka|"), "1;0$b99999999.99/gotowka|", 26),
        ("novitus", STATES["lines"], "0;0;0;0;0;2;0;0;0;0;0$y001|Jan||12|12|1.|1.|7/0/0/0/0/99999999.99/1/", 26),
    ],
)  # fmt: skip
def test_hostile_values_have_their_error(profile: str, before: tuple[str, ...], command: str, error: int) -> None:
    talk = Talk(profile=profile)
    talk.follow(*before)
    assert talk.error(command) == error


def test_a_byte_without_a_letter_is_read_back_as_a_question_mark() -> None:
    talk = Talk()
    talk.raw(framed(b"0$fSklep \x80\xff"))
    assert talk.say("#u") == "1#USklep ?|"


def test_the_drawer_of_many_days_fits_into_its_reply() -> None:
    talk = Talk(state=RegisterState(cash=MAX_GROSZE))
    talk.sell([WATER], "1;0$e000|0/2/")
    assert "/99999999.99/" in talk.say("23#s")
