"""Commands as a technician writes them: the payload of a frame, and the answer in the same form."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fiscald.protocols.base import Answer, Deadline, Effect, RawReply, Settings
from fiscald.protocols.posnet.commands import COMMANDS
from fiscald.protocols.posnet.family import FAMILY
from fiscald.protocols.posnet.frames import MAX_FRAME, Deframer, Field, Frame
from fiscald.protocols.posnet.session import PosnetSession
from tests.protocols import settings as settings_of
from tests.protocols.posnet.scripted import SETTINGS, frame, payload

OLD = settings_of.posnet("mazovia", "old")


def sent(text: str, settings: Settings = SETTINGS) -> bytes:
    return FAMILY.session(settings).send(FAMILY.raw.parse(text, settings).command)


@pytest.mark.parametrize(
    ("text", "on_the_wire"),
    [
        ("scomm", "scomm\t"),
        ("scomm|", "scomm\t"),
        ("scomm\t", "scomm\t"),
        (" scomm \n", "scomm\t"),
        ("!sdev", "!sdev\t"),
        ("trline|naŻurek|vt0|pr1200", "trline\tnaŻurek\tvt0\tpr1200\t"),
        ("trline\tnaA|B\tvt0\tpr1200\t", "trline\tnaA|B\tvt0\tpr1200\t"),
        ("hdrset|txSklep\nWarszawa", "hdrset\ttxSklep\nWarszawa\t"),
        ("trline|na|vt", "trline\tna\tvt\t"),
        ("papfeed|lnabc", "papfeed\tlnabc\t"),
        ("trline|prprpr|vt0|na ", "trline\tprprpr\tvt0\tna\t"),
        ("nosuch|q9?#", "nosuch\tq9?#\t"),
    ],
)
def test_what_goes_over_the_line(text: str, on_the_wire: str) -> None:
    data = sent(text)
    assert payload(data) == on_the_wire
    found = list(Deframer().feed(b"\x03junk" + data + b"junk\x02"))
    assert len(found) == 1, "one frame, whole, whatever stands around it"


def test_whole_frames_byte_by_byte() -> None:
    assert sent("scomm") == b"\x02scomm\t#C42B\x03"
    assert sent("!sdev") == b"\x02!sdev\t#5392\x03"
    assert sent("trline|na\u017b|vt0", OLD).startswith(b"\x02trline\tna\xa1\tvt0\t#"), "in the printer's code page"


def test_the_effect_is_the_command_s_and_the_worst_where_it_is_not_known() -> None:
    for mnemonic, row in COMMANDS.items():
        step = FAMILY.raw.parse(mnemonic, SETTINGS)
        assert (step.effect, step.deadline) == (row.effect, row.deadline)
    unknown = FAMILY.raw.parse("nosuch", SETTINGS)
    assert (unknown.effect, unknown.deadline) == (Effect.IRREVERSIBLE, Deadline.REPORT)
    assert FAMILY.raw.parse("SCOMM", SETTINGS).effect is Effect.IRREVERSIBLE, "another command, as far as is known"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no mnemonic"),
        ("|", "no mnemonic"),
        ("!", "no mnemonic"),
        ("sco mm", "no mnemonic"),
        ("żurek", "no mnemonic"),
        ("a" * 25, "no mnemonic"),
        ("trline|n", "'n' does not begin with a two-letter name"),
        ("trline||vt0", "'' does not begin"),
        ("trline|@123", "'@123' does not begin"),
        ("trline|na1|na2", "na appears twice"),
        ("hdrset|tx\x02", "tx contains a control character"),
        ("hdrset|tx\x03#0000", "tx contains a control character"),
        ("hdrset|tx\r|", "tx contains a control character"),
        ("hdrset|tx漢", "the code page cp1250 has no '漢'"),
        ("hdrset|tx" + "x" * MAX_FRAME, "at most 8192 bytes"),
    ],
)
def test_what_is_no_command(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        FAMILY.raw.parse(text, SETTINGS)


@given(st.one_of(st.text(max_size=60), st.from_regex(r"!?[a-z]{1,26}([|\t][a-z]{0,3}.{0,6}){0,5}", fullmatch=True)))
@example("a" * 24 + "|ab" + "x" * (MAX_FRAME - 24))
def test_any_text_is_one_frame_or_refused(text: str) -> None:
    try:
        step = FAMILY.raw.parse(text, SETTINGS)
    except ValueError:
        return
    data = PosnetSession("cp1250").send(step.command)
    (found,) = Deframer().feed(data)
    assert isinstance(found, Frame)
    assert len(data) <= MAX_FRAME + 2
    assert found.mnemonic == step.command.row.mnemonic
    assert found.fields == tuple(Field(name, value) for name, value in step.command.values.items())


# -- answers ---------------------------------------------------------------------------------------------


def answered(command: str, answer: str, settings: Settings = SETTINGS) -> RawReply:
    session = FAMILY.session(settings)
    session.send(FAMILY.raw.parse(command, settings).command)
    (event,) = session.receive(frame(answer))
    assert isinstance(event, Answer)
    return FAMILY.raw.show(event.reply, settings)


def test_a_good_answer_is_shown_as_it_came() -> None:
    assert answered("scomm", "scomm\tfsT\ttzN\tzzŻurek\t") == RawReply("scomm|fsT|tzN|zzŻurek|")
    assert answered("trinit", "trinit\t") == RawReply("trinit|")


def test_an_error_is_explained() -> None:
    shown = answered("trend|to1", "trend\t?2005\t")
    assert shown.text == "trend|?2005|"
    assert shown.refusal is not None
    assert "2005" in shown.refusal
    frame_error = answered("papfeed|lnabc", "ERR\t?3\tcmpapfeed\tfdln\t")
    assert frame_error.text == "ERR|?3|cmpapfeed|fdln|"
    assert frame_error.refusal is not None
    assert "parameter ln" in frame_error.refusal
    assert answered("trinit", "trinit\t?9999999\t").refusal == "unknown error number 9999999 (9999999)"
