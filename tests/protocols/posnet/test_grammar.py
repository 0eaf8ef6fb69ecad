"""The grammar: every command in every state, on the device itself; and the driver never leaves the grammar."""

from __future__ import annotations

import pytest

from fiscald.protocols.base import Effect
from fiscald.protocols.posnet.commands import COMMANDS
from fiscald.protocols.posnet.grammar import LEGALITY, MOVES, STORNO, State, after, refusal
from tests.emulator.posnet.talking import Talk

#: How each state is reached, and what tells it from outside: ``scomm ts``, ``strns to`` and ``fe`` (6.1).
WAYS = {
    State.IDLE: ([], "ts0", "to0", "feN"),
    State.LINES: (["trinit|", "trline|naWoda|vt0|pr200|"], "ts16", "to1", "feN"),
    State.SUBT: (["trinit|", "trline|naWoda|vt0|pr200|", "trdiscntsubtot|rw10|"], "ts16", "to1", "feN"),
    State.PAY: (["trinit|", "trline|naWoda|vt0|pr200|", "trpayment|ty0|wa200|"], "ts16", "to1", "feN"),
    State.FOOT: (["trinit|", "trline|naWoda|vt0|pr200|", "trend|to200|fe0|"], "ts0", "to0", "feT"),
    State.PACK: (["trpackinit|", "trpack|na1|ne0|pr100|il1|"], "ts48", "to1", "feN"),
    State.FORM: (["formstart|fn200|fh75|"], "ts0", "to0", "feN"),
}

#: A well-formed example of every command.
COMMAND = {
    "trline": "trline|naWoda|vt0|pr200|", STORNO: "trline|naWoda|vt0|pr200|st1|wa200|", "trinit": "trinit|bm0|",
    "trnipset": "trnipset|ni5260250274|", "trdiscntsubtot": "trdiscntsubtot|rw10|",
    "trdiscntbill": "trdiscntbill|rw10|",
    "trdiscntvat": "trdiscntvat|vt0|rw10|", "trdiscntpromo": "trdiscntpromo|rw10|vt0|",
    "trpack": "trpack|na1|ne0|pr100|il1|", "trpayment": "trpayment|ty0|wa100|", "trend": "trend|to200|",
    "trpaymentcurr": "trpaymentcurr|wc100|wa100|ra1.0|", "trftrln": "trftrln|id25|naX|",
    "trpackprnend": "trpackprnend|na1|pr100|il1|", "stocash": "stocash|kw100|", "cash": "cash|kw100|wp1|",
    "login": "login|naA|nk1|", "dailyrep": "dailyrep|da2026-10-09|", "monthlyrep": "monthlyrep|da2026-09-01|",
    "periodicrepbydates": "periodicrepbydates|fd2026-10-09|td2026-10-09|su1|", "shiftrep": "shiftrep|shA|zr0|",
    "formstart": "formstart|fn200|fh75|", "formline": "formline|fn200|fl711|s1X|", "formcmd": "formcmd|fn200|cm1|",
    "formbarcode": "formbarcode|fn200|bc1|", "formformattedline": "formformattedline|fn200|s1X|",
    "formtinyline": "formtinyline|fn200|s1X|", "formend": "formend|fn200|", "rtcset": "rtcset|da2026-10-09;11:44|",
    "vatset": "vatset|va22,00|da2026-10-09|", "hdrset": "hdrset|txX|", "ftrinfoset": "ftrinfoset|txX|",
    "fiscalize": "fiscalize|ni1234563218|", "eparagonidznext": "eparagonidznext|idX|", "trfvinit": "trfvinit|",
    "trfvbuyer": "trfvbuyer|naX|", "trfvnumber": "trfvnumber|nbX|", "trfvfreedata": "trfvfreedata|txX|",
}  # fmt: skip


def reached(state: State) -> Talk:
    talk = Talk()
    for command in WAYS[state][0]:
        assert "?" not in talk.say(command), command
    return talk


@pytest.mark.parametrize("state", State)
def test_a_state_can_be_told_from_outside(state: State) -> None:
    _, ts, to, fe = WAYS[state]
    talk = reached(state)
    assert f"|{ts}|" in talk.say("scomm|")
    strns = talk.say("strns|")
    assert f"|{to}|" in strns
    assert f"|{fe}|" in strns


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("command", sorted({command for command, _ in LEGALITY}))
def test_every_command_in_every_state(command: str, state: State) -> None:
    """Illegal: exactly the table's error, and nothing has changed. Legal: not that error."""
    talk = reached(state)
    before = talk.register.state.model_copy(deep=True)
    mnemonic = command.partition(" ")[0]
    expected = refusal(mnemonic, state, storno=command == STORNO)
    answer = talk.say(COMMAND.get(command, f"{mnemonic}|"))
    if expected is not None:
        assert answer == f"{mnemonic}|?{expected}|"
        assert talk.register.state == before
    elif "?" not in answer:
        assert State(talk.register.state.face.get("state", "idle")) is after(mnemonic, state)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("query", sorted(name for name, row in COMMANDS.items() if row.effect is Effect.QUERY))
def test_queries_are_legal_everywhere_and_change_nothing(query: str, state: State) -> None:
    assert refusal(query, state) is None
    talk = reached(state)
    before = talk.register.state.model_copy(deep=True)
    arguments = {"eclastdocnoget": "ty0|", "eparagonbufferget": "hd1|", "dbchkplu": "vt0|naX|"}
    talk.say(f"{query}|{arguments.get(query, '')}")
    assert talk.register.state == before


def test_every_move_starts_from_a_legal_place() -> None:
    assert not [move for move in MOVES if move in LEGALITY]


def test_a_discount_before_the_first_line_is_a_wrong_state() -> None:
    talk = Talk()
    talk.say("trinit|")
    assert talk.say("trdiscntsubtot|rw10|") == "trdiscntsubtot|?2060|"


def test_the_footer_stays_open_only_when_asked() -> None:
    assert after("trend", State.PAY) is State.IDLE
    assert after("trend", State.PAY, footer_kept=True) is State.FOOT
    assert after("trend", State.PACK, footer_kept=True) is State.IDLE
