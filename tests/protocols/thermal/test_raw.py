"""Commands as a technician writes them, and their answers."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols.base import Answer, Deadline, Effect, Settings
from fiscald.protocols.thermal.family import FAMILY
from fiscald.protocols.thermal.frames import check
from tests.protocols import settings as settings_of

POSNET, NOVITUS = settings_of.thermal(profile="posnet"), settings_of.thermal(profile="novitus")


def sent(text: str, settings: Settings = POSNET) -> bytes:
    session = FAMILY.session(settings)
    return session.send(FAMILY.raw.parse(text, settings).command).removeprefix(b"\x18")


@pytest.mark.parametrize(
    ("text", "on_the_line"),
    [
        ("ENQ", b"\x05"),
        ("dle", b"\x10"),
        ("0$h", b"\x1bP0$h83\x1b\\"),
        ("0$h83", b"\x1bP0$h83\x1b\\"),
        (" 0$h \n", b"\x1bP0$h83\x1b\\"),
        ("1$lKawa|1.|A/10.00/10.00/", b"\x1bP1$lKawa\r1.\rA/10.00/10.00/4B\x1b\\"),
        ("1$l\u017b|", b"\x1bP1$l\xa1\r60\x1b\\"),
    ],
)
def test_what_goes_over_the_line(text: str, on_the_line: bytes) -> None:
    data = sent(text)
    assert data[:-4] == on_the_line[:-4]
    if len(data) > 1:
        check = 0xFF
        for byte in data[2:-4]:
            check ^= byte
        assert data[-4:-2] == b"%02X" % check


def test_the_effect_is_the_command_s_and_the_worst_where_it_is_not_known() -> None:
    assert FAMILY.raw.parse("23#s", POSNET)[1:3] == (Effect.QUERY, Deadline.QUERY)
    assert FAMILY.raw.parse("0$h", POSNET).effect is Effect.REVERSIBLE
    unknown = FAMILY.raw.parse("9^Q", POSNET)
    assert (unknown.effect, unknown.deadline) == (Effect.IRREVERSIBLE, Deadline.REPORT)


@pytest.mark.parametrize("text", ["", "hello", "1$l\u4e2d", "1$l\x1b", "1$l\x05", "1$l" + "x" * 3000])
def test_what_no_sequence_can_carry_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(ValueError, match=r"write parameters|has no"):
        FAMILY.raw.parse(text, POSNET)


def test_answers_are_shown_field_by_field_and_errors_explained() -> None:
    session = FAMILY.session(POSNET)
    command = FAMILY.raw.parse("0$h", POSNET).command
    session.send(command)
    (event,) = session.receive(b"\x1bP0#Z$h\x1b\\")
    assert isinstance(event, Answer)
    assert FAMILY.raw.show(event.reply, POSNET) == ("$h", None)
    session.send(command)
    (event,) = session.receive(b"\x1bP16#Z$h\x1b\\")
    assert isinstance(event, Answer)
    shown = FAMILY.raw.show(event.reply, POSNET)
    assert shown.text == "16#Z$h"
    assert shown.refusal is not None
    poll = FAMILY.raw.parse("ENQ", POSNET).command
    session.send(poll)
    (event,) = session.receive(b"\x6d")
    assert isinstance(event, Answer)
    assert FAMILY.raw.show(event.reply, POSNET).text == "ENQ fiscal=1 done=1 open=0 finished=1"


@given(st.text(max_size=60))
def test_any_text_is_a_command_or_a_value_error(text: str) -> None:
    for settings in (POSNET, NOVITUS):
        with contextlib.suppress(ValueError):
            step = FAMILY.raw.parse(text, settings)
            FAMILY.session(settings).send(step.command)


def test_rates_are_shown_as_people_write_them() -> None:
    status = b"2#X0;1;0;1;1;0;26;7;14/23.00/08.00/05.00/0.00/101.00/101.00/100.00/17/1/2/3/4/5/6/7/9.00/ABC12345678"
    session = FAMILY.session(POSNET)
    session.send(FAMILY.raw.parse("23#s", POSNET).command)
    (event,) = session.receive(b"\x1bP" + status + check(status) + b"\x1b\\")
    assert isinstance(event, Answer)
    shown = FAMILY.raw.show(event.reply, POSNET).text
    assert " ptu=23.00/8.00/5.00/0.00/-/-/exempt " in shown
    assert " tot=100/200/300/400/500/600/700 " in shown
