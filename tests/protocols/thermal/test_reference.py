"""Every command in every state, on the device itself, by the table of the Thermal reference (6.1).

The table is copied from there row by row. It is not the one of the product, which is tested with it.
"""

from __future__ import annotations

import pytest

from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import RegisterState
from fiscald.protocols.thermal.commands import names
from fiscald.protocols.thermal.grammar import State, refusal
from tests.emulator.thermal.talking import Talk

#: A number, or two that both mean it: the error of a command that is out of place. "ok": it is in place. "?": the
#: reference does not say.
REFERENCE = """
                                    no_rtc no_rates idle  lines pay   tail  form
#s23 #s24 #s28 #s50 #s100 #e #n     : ok    ok      ok    ok    ok    ok    ok
#v #c                               : 1     ok      ok    ok    ok    ok    ok
$c $p #o                            : 1     ok      ok    82/95 82/95 82    ?
$h                                  : 1     18      ok    95    95    82/95 ?
$l $L $Y $n                         : 1     18      21    ok    91/82 82    ?
$d6 $d7 $d10 $d11                   : 1     18      21    ok    91    82    ?
$b1 $b2                             : 1     18      21    ok    ok    82    ?
$e1                                 : 1     18      29    ok    91    82    ?
$x                                  : 1     18      29    ok    91    82    ?
$y                                  : 1     18      29    ok    ok    82    ?
$e0                                 : 1     18      ok    ok    ok    ?     ?
$z4 $z8 $z12 $z20 $z24 $z28         : 1     18      21    82    82    ok    ?
#i #d #z #t #k                      : 1     18      ok    82/95 82/95 82    ?
#p #q #l                            : 1     18      ok    82/95 82/95 82    ?
#r                                  : 1     18      ok    95    95    82    ?
$w0                                 : 1     18      ok    82/95 82/95 82    82
$w                                  : 1     18      82    82/95 82/95 82    ok
$w1                                 : 1     18      ?     82/95 82/95 82    ok
"""
#: Where a command leads that is carried out. What is not here leads nowhere.
LEADS = {
    ("$h", State.IDLE): State.LINES,
    ("$b1", State.LINES): State.PAY,
    ("$b2", State.PAY): State.LINES,
    ("$e1", State.LINES): State.IDLE,
    ("$x", State.LINES): State.IDLE,
    ("$y", State.LINES): State.IDLE,
    ("$y", State.PAY): State.IDLE,
    ("$e0", State.LINES): State.IDLE,
    ("$e0", State.PAY): State.IDLE,
    ("$z28", State.TAIL): State.IDLE,
    ("$w0", State.IDLE): State.FORM,
    ("$w1", State.FORM): State.IDLE,
}
WATER, PAID = "1$lWoda|1.|A/2/2/", "1;0$b2/|"
SHORT = "0;3;0;0;0;1;1;0;0;0;0;0$y001|Jan||12|1.|7|1.|2/0/0/2/0/0.50/0.50/"
WAYS = {
    State.NO_RTC: (),
    State.NO_RATES: (),
    State.IDLE: (),
    State.LINES: ("0$h", WATER),
    State.PAY: ("0$h", WATER, PAID),
    State.TAIL: ("0$h", WATER, "6$d0.50/12|1.|", "10$d0.50/7|1.|", PAID, SHORT),
    State.FORM: ("0;22;2$w", "22;14$wWoda|"),
}
#: A well-formed example of every command.
EXAMPLES = {
    "#s23": "23#s", "#s24": "24#s", "#s28": "28#s", "#s50": "50#s", "#s100": "100;0#s", "#e": "3#e", "#n": "#n",
    "#v": "#v", "#c": "#c", "$c": "26;7;15;10;42;0$c", "$p": "7$p22,00/7,00/0/100/101/101/101/",
    "#o": "26;7;1;26;7;31;0#o", "$h": "0$h", "$l": "2$lWoda|1.|A/2/2/", "$L": "0;3$L2/1/", "$Y": "3$Y2/1/",
    "$n": "3$nkarta|0.50/", "$d6": "6$d0.50/12|1.|", "$d7": "7$d0.50/12|1.|", "$d10": "10$d0.50/7|1.|",
    "$d11": "11$d0.50/7|1.|", "$b1": "1;1$b1/VISA|", "$b2": "2;0$b2/|", "$e1": "1;0$e000|0/2/",
    "$x": "0;0;0;0;0;0;0;0;0;0;0$x001||||2/0/0/0/0/0/0/0/0/",
    "$y": "0;0;0;0;0;0;0;0;0;0;1;0$y001|Jan||2/0/0/2/0/", "$e0": "0$e", "$z4": "4$z12|1.|0.50/",
    "$z8": "8$z7|1.|0.50/", "$z12": "12$z", "$z20": "20;0$z2026/1|", "$z24": "24;1$zpa|", "$z28": "28;0$z",
    "#i": "0#i1/", "#d": "0#d1/001|Jan|", "#z": "0#z1/", "#t": "0#t", "#k": "0#kI|Jan|001|",
    "#p": "#pJan|001|", "#q": "#qJan|001|", "#l": "2#l", "#r": "1;26;7;15#r",
    "$w0": "0;22;0$w", "$w": "22;37$wpa|", "$w1": "1;22;0;0$w",
}  # fmt: skip
#: Errors that say that a command is out of place, whatever its content.
OUT_OF_PLACE = {1, 18, 21, 29, 82, 91, 95}


def reference() -> dict[tuple[str, State], str]:
    heading, *rows = REFERENCE.strip("\n").splitlines()
    table: dict[tuple[str, State], str] = {}
    for row in rows:
        commands, _, cells = row.partition(":")
        for command in commands.split():
            cells_of = zip(heading.split(), cells.split(), strict=True)
            table |= {(command, State(state)): cell for state, cell in cells_of}
    return table


LEGAL = reference()
#: What is in place, and yet refused by a printer that was just made, for what is in it.
REFUSED_FOR_ITS_CONTENT = {
    (4, "#o"),  # no day was closed yet
    (93, "$b2"),  # nothing is paid yet
    (22, "$d7"),  # no packaging was sold yet
    (22, "$d11"),
}


def reached(state: State) -> Talk:
    talk = Talk(state=RegisterState(cash=1000))
    talk.follow(*WAYS[state])
    if state is State.NO_RTC:
        talk.printer.faults.switches.add(Switch.NO_CLOCK)
    if state is State.NO_RATES:
        talk.printer.faults.switches.add(Switch.NO_RATES)
    assert talk.printer._machine.state is state
    return talk


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("command", EXAMPLES)
def test_every_command_in_every_state(command: str, state: State) -> None:
    talk = reached(state)
    before = talk.register.state.model_copy(deep=True)
    talk.send(EXAMPLES[command])
    if not (answers := talk.receive()):
        talk.printer.press(confirm=True)
        answers = talk.receive()
    answer = answers[0]
    number, mark, _ = answer.partition("#Z")
    error = int(number) if mark else 0
    expected = LEGAL[command, state]
    if expected == "ok":
        assert error not in OUT_OF_PLACE
        assert not error or (error, command) in REFUSED_FOR_ITS_CONTENT
        assert talk.printer._machine.state is (state if error else LEADS.get((command, state), state))
    elif expected != "?":
        assert str(error) in expected.split("/")
        assert talk.register.state == before


def test_every_row_has_an_example() -> None:
    assert {command for command, _ in LEGAL} == set(EXAMPLES)


def test_the_reference_and_the_grammar_agree() -> None:
    known_as = {name.replace(" ", ""): name for name in names()}
    for (command, state), expected in LEGAL.items():
        known = refusal(known_as[command], state)
        if expected == "ok":
            assert known is None
        elif (command, state) != ("$n", State.PAY):
            # There one is legal, that takes all payments back; the device refuses the others (6.1).
            assert expected == "?" or str(known) in expected.split("/")
