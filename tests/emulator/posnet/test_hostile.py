"""Intact frames with hostile values: every field value gets a reply, and no exception."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fiscald.emulator.memory import RegisterState
from fiscald.protocols.posnet import fields as f
from fiscald.protocols.posnet import grammar
from fiscald.protocols.posnet.commands import COMMANDS
from fiscald.protocols.posnet.frames import ERROR, Deframer, Field, Frame, encode
from fiscald.protocols.posnet.grammar import State
from tests.drawn import drawn
from tests.emulator.posnet.talking import Talk

COFFEE = "trline|naKawa|vt0|pr1000|"
#: What is open, and how it comes to that.
STATES: dict[str, tuple[str, ...]] = {
    "idle": (),
    "opened": ("trinit|",),
    "lines": ("trinit|", COFFEE, "trline|naChleb|vt2|pr333|il1.5|"),
    "all reversed": ("trinit|", COFFEE, "trline|naKawa|vt0|pr1000|st1|"),
    "reversed at a discount": ("trinit|", COFFEE, "trdiscntvat|vt0|rw400|", "trline|naMleko|vt1|pr500|"),
    "discounted": ("trinit|", COFFEE, "trdiscntsubtot|rd1|rp1000|"),
    "paid": ("trinit|", COFFEE, "trpayment|ty0|wa1000|"),
    "footer": ("trinit|", COFFEE, "trend|to1000|fe0|"),
    "packaging": ("trpackinit|", "trpack|na1|pr100|il2|"),
    "form": ("formstart|fn1|fh1|",),
    "invoice": ("trfvinit|nb1/2026|naNabywca|", COFFEE),
    "sold": ("trinit|", COFFEE, "trend|to1000|", "cash|kw500|wp1|"),
    "reported": ("trinit|", "trline|naChleb|vt0|pr100|", "trend|to100|", "trinit|", "trline|naChleb|vt1|pr100|",
                 "trend|to100|", "dailyrep|da2026-10-09|"),
}  # fmt: skip
HOSTILE = (
    b"", b" ", b"-1", b"+1", b"1_0", b"0", b"00", b"nan", b"inf", b"1e30", b"1e-30", b"1.", b".5", b",", b"0.000001",
    b"9999999999", b"9999999999.999999", b"9" * 12, b"9" * 19, b"9" * 400, b"\xb2", b"\xb9\xb2\xb3", b"\xfd",
    "٣".encode(), "３".encode(), b"50", b"102", b"255", b"0001-01-01", b"9999-12-01", b"9999-12-31", b"2026-02-30",
    b"99999-1-1", b"0001-01-01;00:00", b"9999-12-31;23:59", b"1800-01-01;00:00", b"--", b";", b"\n", b"\n" * 9,
    b"&", b"%s", b"{}", b"\x81\x98", b"\xff\xfe", b"0" * 40, b"ff" * 30, b"zz",
)  # fmt: skip
#: Values that get a command further, by the type of its parameter.
LIKELY: dict[type[f.Value], tuple[bytes, ...]] = {
    f.Integer: (b"0", b"1", b"2", b"100", b"500", b"1000", b"1333", b"999999999"),
    f.Quantity: (b"1", b"2.000", b"0.333"),
    f.Flag: (b"0", b"1"),
    f.Rate: (b"23,00", b"100,00", b"101,00"),
    f.Date: (b"2026-10-09", b"2026-12-31"),
    f.Text: (b"Kawa", b"Chleb", b"1", b"1.0", b"2026-10-09", b"2026-10-09;12:44", b"2026-09-01", b"5260250274"),
}


#: What takes no values is tried elsewhere.
COMMANDS_WITH_VALUES = [mnemonic for mnemonic, row in COMMANDS.items() if row.params]


def hostile_frame(random: Random, state: State) -> Frame:
    """One that the parser understands, mostly legal now, with one hostile value."""
    names = COMMANDS_WITH_VALUES
    if random.random() < 0.8:
        names = [mnemonic for mnemonic in names if grammar.refusal(mnemonic, state) is None]
    mnemonic = random.choice(names)
    params = [param for param in COMMANDS[mnemonic].params if param.required or random.random() < 0.5]
    hostile = random.choice(params) if params else None
    return Frame(
        mnemonic,
        tuple(
            Field(param.name, random.choice(HOSTILE if param is hostile else LIKELY[type(param.value)]))
            for param in params
        ),
    )


QUERIES = ("scomm", "sfsk", "scnt", "strns", "stot", "eclastdocnoget", "rtcget", "vatget", "getrealid", "hdrget",
           "ftrinfoget")  # fmt: skip


def ask(talk: Talk, data: bytes) -> Frame:
    """The single reply; a person confirms every prompt."""
    talk.printer.receive(data, talk.time)
    if talk.printer.awaits_key:
        talk.printer.press(confirm=True)
    (answer,) = Deframer().feed(talk.printer.poll(talk.time))
    assert isinstance(answer, Frame)
    return answer


@settings(max_examples=drawn(120))
@given(
    st.sampled_from(sorted(STATES)),
    st.randoms(use_true_random=True),
    st.sampled_from(["cp1250", "mazovia"]),
    st.sampled_from(["online", "old"]),
    st.booleans(),
)
def test_any_field_value_gets_a_reply(state: str, random: Random, code_page: str, profile: str, fiscal: bool) -> None:
    """And afterwards the printer can still tell about itself."""
    talk = Talk(state=RegisterState(fiscal=fiscal), code_page=code_page, profile=profile)
    for command in STATES[state]:
        talk.send(command)
        talk.printer.press(confirm=True)
    talk.receive()
    for _ in range(15):
        frame = hostile_frame(random, talk.printer.memory.state)
        assert ask(talk, encode(frame)).mnemonic in (frame.mnemonic, "ERR")
    for query in QUERIES:
        assert ask(talk, encode(Frame(query, (Field("ty", b"0"),)))).get(ERROR) is None, query


KAWA_GONE = STATES["all reversed"]


@pytest.mark.parametrize(
    ("before", "command", "error"),
    [
        (KAWA_GONE, "trdiscntsubtot|rd0|rw100|", 1983),
        (KAWA_GONE, "trdiscntbill|rd0|rp1000|", 1983),
        (STATES["lines"], "trdiscntvat|vt1|rd0|rw100|", 1983),
        (STATES["lines"], "trdiscntvat|vt1|rd1|rw100|", 1983),
        (STATES["lines"], "trdiscntpromo|vt1|rw100|", 1983),
        (STATES["reported"], "dbchkplu|vt50|naChleb|", 2000),
        ((), "dbchkplu|vt4|naChleb|", 2000),
        *((STATES["lines"], f"trpaymentcurr|wc100|wa100|ra{rate}|", 3055) for rate in ("nan", "1e30", "-1", "", "1_0")),
        ((), "monthlyrep|da9999-12-01|", 2044),
        (STATES["reversed at a discount"], "trline|naKawa|vt0|pr1000|st1|", 2852),
        (STATES["lines"], "trpack|na1|pr9999999999|il2|", 1958),
        (STATES["lines"], "trpack|na1|pr9999999999|il2|ne1|", 1958),
        (STATES["paid"], "trpayment|ty0|wa9999999999|", 1952),
    ],
)
def test_hostile_values_have_their_error(before: tuple[str, ...], command: str, error: int) -> None:
    talk = Talk()
    for each in before:
        assert "?" not in talk.say(each), each
    assert talk.say(command) == f"{command.partition('|')[0]}|?{error}|"


def test_a_byte_without_a_letter_is_read_back_as_a_question_mark() -> None:
    talk = Talk()
    ask(talk, encode(Frame("hdrset", (Field("tx", b"Sklep \x81"),))))
    assert talk.say("hdrget|") == "hdrget|txSklep ?|"


@pytest.mark.parametrize("year", ["0001", "1800", "9999"])
def test_a_clock_is_not_set_to_what_it_cannot_show(year: str) -> None:
    talk = Talk(state=RegisterState(fiscal=False))
    assert talk.say(f"rtcset|da{year}-01-01;00:00|") == "rtcset|?2024|"
    assert talk.say("rtcget|").startswith("rtcget|da2026-10-09;11:44|")
    assert talk.say("rtcset|da2000-01-01;00:00|") == "rtcset|"
