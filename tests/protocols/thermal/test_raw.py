"""Commands as a technician writes them: a sequence without its marks, and the answer in the same form."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols.base import Answer, Effect, Patience, RawReply, Settings
from fiscald.protocols.thermal.commands import COMMANDS, Poll
from fiscald.protocols.thermal.family import FAMILY
from fiscald.protocols.thermal.fields import Brand
from fiscald.protocols.thermal.frames import MAX_FRAME, CommandDeframer, Control, Frame
from fiscald.protocols.thermal.session import ThermalSession

SETTINGS = Settings("till1", "mazovia", "posnet")


def line() -> ThermalSession:
    session = ThermalSession("mazovia")
    session.send(Poll(Control.DLE))
    session.forget()
    return session


@pytest.mark.parametrize(
    ("text", "on_the_wire"),
    [
        ("0$h", b"\x1bP0$h83\x1b\\"),
        ("ENQ", b"\x05"),
        (" DLE\n", b"\x10"),
        ("23#s", b"\x1bP23#sAE\x1b\\"),
        ("0#i5.00/01|Anna|", b"\x1bP0#i5.00/01\rAnna\r90\x1b\\"),
        ("1$d", b"\x1bP1$d8E\x1b\\"),
        ("2$dŻurek", b"\x1bP2$d\xa1urek"),
    ],
)
def test_what_goes_over_the_line(text: str, on_the_wire: bytes) -> None:
    data = line().send(FAMILY.parse_raw(text, SETTINGS).command)
    assert data[: len(on_the_wire)] == on_the_wire
    (found,) = list(CommandDeframer().feed(b"junk" + data + b"junk"))
    assert isinstance(found, Control) or (isinstance(found, Frame) and found.digits)


def test_the_effect_is_the_command_s_and_the_worst_where_it_is_not_known() -> None:
    for name, row in COMMANDS[Brand.POSNET].items():
        identifier, _, first = name.partition(" ")
        step = FAMILY.parse_raw(f"{first}{identifier}", SETTINGS)
        assert step.effect is (Effect.REVERSIBLE if identifier == "#e" else row.effect), name
        assert step.patience is row.patience
    for unknown in ("0@q", "7$f", "1$F"):
        step = FAMILY.parse_raw(unknown, SETTINGS)
        assert (step.effect, step.patience) == (Effect.IRREVERSIBLE, Patience.REPORT), unknown


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no command; write the parameters"),
        ("scomm", "is no command"),
        ("12345$h", "is no command"),
        ("0$d\x1b\\", "a control character"),
        ("0$d\x18", "a control character"),
        ("0$d漢", "the code page mazovia has no '漢'"),
        ("0$d" + "x" * MAX_FRAME, "at most 2048 bytes"),
    ],
)
def test_what_is_no_command(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        FAMILY.parse_raw(text, SETTINGS)


@given(st.one_of(st.text(max_size=40), st.from_regex(r"[0-9;]{0,6}[$#^@!?*][A-Za-z].{0,12}", fullmatch=True)))
def test_any_text_is_one_sequence_or_refused(text: str) -> None:
    try:
        step = FAMILY.parse_raw(text, SETTINGS)
    except ValueError:
        return
    found = list(CommandDeframer().feed(line().send(step.command)))
    assert len(found) == 1
    assert isinstance(found[0], Frame | Control)


# -- answers ---------------------------------------------------------------------------------------------


def answered(command: str, answer: bytes) -> RawReply:
    session = line()
    session.send(FAMILY.parse_raw(command, SETTINGS).command)
    (event,) = session.receive(answer)
    assert isinstance(event, Answer)
    return FAMILY.show_raw(event.reply, SETTINGS)


def test_answers_are_shown_as_they_came() -> None:
    assert answered("0$h", b"\x1bP0#Z$h\x1b\\") == RawReply("0#Z$h")
    status = b"\x1bP2#X0;1;0;1;1;0;26;7;14/23.00/8.00/5.00/0.00/100.00/101.00/101.00/17/1250.40/88.00/312.55/0.00/0.00/0.00/0.00/2310.15/ABC12345678F5\x1b\\"
    shown = answered("23#s", status)
    assert shown.refusal is None
    assert shown.text.startswith("2#X0;1;0;1;1;0;26;7;14/23.00/")
    assert shown.text.endswith("/ABC12345678")
    assert answered("DLE", b"\x74") == RawReply("ONL=1 PE=0 ERR=0")
    assert answered("ENQ", b"\x6c") == RawReply("FSK=1 CMD=1 PAR=0 TRF=0")


def test_an_error_is_explained() -> None:
    shown = answered("0$h", b"\x1bP95#Z$h\x1b\\")
    assert shown.text == "95#Z$h"
    assert shown.refusal is not None
    assert "95" in shown.refusal
