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
    "trfvbuyer": "trfvbuyer|naX|", "ftrcfg": "ftrcfg|ccAnna|", "qrcode": "qrcode|txX|", "papfeed": "papfeed|ln1|",
    "dsptxtline": "dsptxtline|id0|no0|lnX|", "trfvnumber": "trfvnumber|nbX|", "trfvfreedata": "trfvfreedata|txX|",
}  # fmt: skip

#: What is in place, and yet refused by a printer that was just made, for what is in it.
REFUSED_FOR_ITS_CONTENT = {
    ("2033", "fiscalize"),  # it is fiscal
    ("384", "monthlyrep"),  # no day was closed yet
    ("384", "periodicrepbydates"),
    ("2064", "prncancel"),  # nothing to cancel; sources disagree (6.6)
    ("2064", "trcancel"),
}
#: The end of a document by what is on it; a subtotal discount of 0.10, a payment of 2.00, packaging for 1.00.
ENDS = {State.SUBT: "trend|to190|", State.PAY: "trend|to200|fp200|", State.PACK: "trend|to0|op100|"}
#: What is about the buyer of an invoice.
OF_INVOICES = ("trfvbuyer", "trfvnumber", "trfvfreedata")


def reached(state: State, opening: str = "trinit|") -> Talk:
    talk = Talk()
    for command in WAYS[state][0]:
        command = opening if command == "trinit|" else command
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


#: Section 6.2 of the POSNET reference, copied row by row: the error of a command in each state, or that it is legal.
#: "no": refused; with which error, the reference does not say (there is no column for packaging, 6.1 names what is
#: legal in it). Not the table of the product: that one is tested with this.
REFERENCE = """
                                                              idle  lines subt  pay   foot  pack  form
trinit trfvinit                                             : ok    2038  2038  2038  2038  no    2062
trnipset                                                    : 2005  ok    ok    ok    2005  no    2005
trfvbuyer trfvnumber trfvfreedata                           : no    ok    ok    ok    no    no    no
trline                                                      : 2005  ok    ok    2060  2005  no    2005
trline-st1                                                  : 2005  ok    1990  1990  2005  no    2005
trdiscntsubtot trdiscntbill trdiscntvat trdiscntpromo       : 2005  ok    ok    1991  2005  no    2005
trpack trpayment trend                                      : 2005  ok    ok    ok    2005  ok    2005
trpaymentcurr                                               : 2005  ok    ok    ok    2005  ok    2005
trftrln trpackprnend trftrend                               : 2060  2060  2060  2060  ok    no    2060
prncancel trcancel                                          : ok    ok    ok    ok    ok    ok    ok
stocash cash login logout dailyrep monthlyrep formstart     : ok    2038  2038  2038  2062  no    2062
periodicrepbydates shiftrep cashstaterep trpackinit         : ok    2038  2038  2038  2062  no    2062
formline formcmd formend                                    : 2505  2505  2505  2505  2505  2505  ok
formbarcode formformattedline formtinyline                  : 2505  2505  2505  2505  2505  2505  ok
rtcset vatset hdrset ftrinfoset fiscalize                   : ok    2038  2038  2038  2062  no    2062
eparagonidznext                                             : ok    2038  2038  2038  2038  no    2038
ftrcfg qrcode opendrwr papfeed dsptxtline                   : ok    ok    ok    ok    ok    ok    ok
"""
#: Section 6.1: where a command leads that is carried out. What is not here leads nowhere.
LEADS = """
trinit trfvinit           : idle > lines
trdiscntsubtot            : lines > subt
trdiscntbill              : lines > subt
trpayment trpaymentcurr   : lines > pay, subt > pay
trend                     : lines > idle, subt > idle, pay > idle, pack > idle
trftrend                  : foot > idle
trpackinit                : idle > pack
formstart                 : idle > form
formend                   : form > idle
prncancel trcancel        : lines > idle, subt > idle, pay > idle, foot > idle, pack > idle, form > idle
"""
#: Errors that say that a command is out of place, whatever its content.
OUT_OF_PLACE = {"1990", "1991", "2005", "2038", "2060", "2062", "2505"}


def reference() -> dict[tuple[str, State], str]:
    heading, *rows = REFERENCE.strip("\n").splitlines()
    table: dict[tuple[str, State], str] = {}
    for row in rows:
        commands, _, cells = row.partition(":")
        for command in commands.split():
            table |= {
                (command.replace("-", " "), State(state)): cell
                for state, cell in zip(heading.split(), cells.split(), strict=True)
            }
    return table


def leads() -> dict[tuple[str, State], State]:
    moves: dict[tuple[str, State], State] = {}
    for row in LEADS.strip().splitlines():
        commands, _, ways = row.partition(":")
        for way in ways.split(","):
            then, _, now = way.partition(">")
            moves |= {(command, State(then.strip())): State(now.strip()) for command in commands.split()}
    return moves


LEGAL, MOVED = reference(), leads()


def state_of(talk: Talk) -> State:
    return talk.printer.memory.state


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("command", sorted({command for command, _ in LEGAL}))
def test_every_command_in_every_state(command: str, state: State) -> None:
    """Out of place: refused as the reference says, and nothing has changed. In place: it leads where it should."""
    mnemonic = command.partition(" ")[0]
    talk = reached(state, "trfvinit|" if mnemonic in OF_INVOICES else "trinit|")
    assert state_of(talk) is state
    before = talk.register.state.model_copy(deep=True)
    example = COMMAND.get(command, f"{mnemonic}|")
    answer = talk.say(ENDS.get(state, example) if mnemonic == "trend" else example)
    _, _, error = answer.strip("|").partition("|?")
    if LEGAL[command, state] == "ok":
        assert error not in OUT_OF_PLACE
        assert not error or (error, command) in REFUSED_FOR_ITS_CONTENT
        assert state_of(talk) is (state if error else MOVED.get((command, state), state))
    else:
        assert error in ({LEGAL[command, state]} - {"no"} or OUT_OF_PLACE)
        assert talk.register.state == before


@pytest.mark.parametrize("command", sorted({command for command, _ in LEGAL}))
def test_the_driver_knows_the_same_grammar(command: str) -> None:
    mnemonic = command.partition(" ")[0]
    for state in State:
        expected, known = LEGAL[command, state], refusal(mnemonic, state, storno=command == STORNO)
        assert (known is None) == (expected == "ok")
        assert expected in ("ok", "no", str(known))
        if known is None:
            assert after(mnemonic, state) is MOVED.get((mnemonic, state), state)


def test_the_reference_and_the_grammar_are_about_the_same_commands() -> None:
    named = {command for command, _ in LEGAL}
    assert {command for command, _ in LEGALITY} <= named
    assert {command for command, _ in MOVES} == {command for command, _ in MOVED} <= named


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
