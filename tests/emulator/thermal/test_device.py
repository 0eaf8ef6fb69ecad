"""The port of the emulated Thermal printer: bytes, control bytes, error modes, time."""

from __future__ import annotations

import pytest

from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import RegisterState
from fiscald.emulator.thermal.device import BUFFER
from fiscald.emulator.thermal.memory import ThermalMemory
from fiscald.protocols.thermal.frames import AnswerDeframer, Frame, check
from tests.emulator.thermal.talking import BEL, CAN, DLE, DLE2, ENQ, OK, SALE, Talk, sequence
from tests.found import found

# -- the parser, rule by rule (3.1) -----------------------------------------------------------------------------------


def test_bytes_may_come_one_by_one() -> None:
    talk = Talk()
    answers = [talk.raw(bytes((byte,))) for byte in sequence("0$h")]
    assert answers[:-1] == [b""] * (len(answers) - 1)
    assert answers[-1] == OK % b"$h"


def test_many_commands_may_come_at_once() -> None:
    talk = Talk()
    assert talk.raw(b"".join(map(sequence, SALE)) + ENQ) == OK % b"$h" + OK % b"$l" + OK % b"$e" + b"\x6d"


@pytest.mark.parametrize("junk", [b"", b"abc", b"\x1b", b"\x1bQ", b"\x1b\\", b"\x00\xff\r\n/", b"\x1b\x1b", BEL, CAN])
def test_bytes_outside_a_sequence_are_ignored(junk: bytes) -> None:
    talk = Talk()
    assert talk.raw(junk + sequence("0$h") + junk) == OK % b"$h"


@pytest.mark.parametrize("where", range(1, len(sequence("0$h"))))
def test_dle_inside_a_sequence_is_answered_and_not_part_of_it(where: int) -> None:
    talk, whole = Talk(), sequence("0$h")
    assert talk.raw(whole[:where] + DLE) == b"\x74"
    assert talk.raw(whole[where:]) == OK % b"$h"


@pytest.mark.parametrize("where", range(1, len(sequence("0$h"))))
def test_can_drops_an_unfinished_sequence(where: int) -> None:
    talk, whole = Talk(), sequence("0$h")
    assert talk.raw(whole[:where] + CAN + whole[where:]) == b""
    assert not talk.register.state.transaction
    assert talk.raw(whole) == OK % b"$h"


def test_can_does_not_cancel_a_receipt() -> None:
    talk = Talk()
    talk.follow(*SALE[:2])
    assert talk.raw(CAN * 15) == b""
    assert talk.enq == 0x6E


def test_enq_inside_a_sequence_is_not_answered() -> None:
    talk, whole = Talk(), sequence("0$h")
    assert talk.raw(whole[:4] + ENQ + whole[4:]) != OK % b"$h" + b"\x6c"
    assert not talk.register.state.transaction


def test_a_new_sequence_replaces_an_unfinished_one() -> None:
    talk = Talk()
    assert talk.raw(b"\x1bP1$lWod" + sequence("0$h")) == OK % b"$h"


def test_another_escape_makes_a_sequence_invalid() -> None:
    talk = Talk()
    assert talk.raw(b"\x1bP0$\x1bXh83\x1b\\" + sequence("0$h")) == b"\x1bP3#Z??\x1b\\" + OK % b"$h"


def test_an_endless_sequence_is_dropped() -> None:
    talk = Talk()
    assert talk.raw(b"\x1bP2$d" + b"x" * 100_000) == b""
    assert talk.raw(b"\x1b\\") == b"\x1bP3#Z??\x1b\\"
    assert talk.error("0$h") == 0


def test_the_check_byte_may_be_written_in_small_letters() -> None:
    talk = Talk()
    assert talk.raw(sequence("0$e").replace(b"8E", b"8e")) == OK % b"$e"


@pytest.mark.parametrize("digits", [b"00", b"", b"8", b"ZZ"])
def test_a_wrong_check_byte_is_error_2_and_nothing_is_carried_out(digits: bytes) -> None:
    talk = Talk()
    assert talk.raw(b"\x1bP0$h" + digits + b"\x1b\\") == b"\x1bP2#Z$h\x1b\\"
    assert not talk.register.state.transaction


@pytest.mark.parametrize("command", ["23#s", "#n", "#v", "#c", "1$d", "2$dTekst", "4#l"])
def test_some_commands_need_no_check_byte(command: str) -> None:
    talk, other = Talk(), Talk()
    assert talk.raw(b"\x1bP" + command.encode() + b"\x1b\\") == other.raw(sequence(command)) != b""


@pytest.mark.parametrize(("profile", "number"), [("posnet", 255), ("innova", 255), ("novitus", 1022)])
def test_an_unknown_command(profile: str, number: int) -> None:
    """POSNET shows 255 and remembers 0, so that ENQ and ``#n`` together tell that it was not recognised (3.4)."""
    talk = Talk(profile=profile)
    assert talk.raw(sequence("9$q")) == b"\x1bP%d#Z$q\x1b\\" % number
    assert not talk.enq & 4
    assert talk.say("#n") == ("1#E1022" if profile == "novitus" else "1#E0")


# -- status bytes (3.3, 7.3) ------------------------------------------------------------------------------------------


def test_enq_after_each_step() -> None:
    talk = Talk(state=RegisterState(face=ThermalMemory(finished=True)))
    steps = [("3#e", 0x6D), ("0$h", 0x6E), ("1$lWoda|1.|A/2/2/", 0x6E), ("9$lWoda|1.|A/2/2/", 0x6A)]
    steps += [("1;0$e000|0/1/", 0x6A), ("0$e", 0x6C), ("0$h", 0x6E), ("1$lWoda|1.|A/2/2/", 0x6E)]
    steps += [("1;0$e000|0/2/", 0x6D), ("1$lWoda|1.|A/2/2/", 0x69), ("23#s", 0x69), ("#n", 0x6D)]
    for command, expected in found(steps):
        talk.send(command)
        talk.receive()
        assert talk.enq == expected, command


def test_enq_of_a_training_printer() -> None:
    assert Talk(state=RegisterState(fiscal=False, face=ThermalMemory(finished=True))).enq == 0x65


def test_an_empty_receipt_that_is_cancelled_leaves_no_trace() -> None:
    talk = Talk(state=RegisterState(face=ThermalMemory(finished=True)))
    talk.follow("0$h", "0$e")
    assert talk.enq == 0x6C
    assert talk.register.printouts == []
    assert talk.register.state.day.cancelled_count == 0


def test_cancelling_nothing_is_harmless() -> None:
    talk = Talk(state=RegisterState(face=ThermalMemory(finished=True)))
    talk.follow("0$e")
    assert talk.enq == 0x6D


@pytest.mark.parametrize(
    ("switches", "byte"),
    [
        ((), 0x74), ((Switch.PAPER_OUT,), 0x72), ((Switch.COVER,), 0x70), ((Switch.MECHANISM,), 0x71),
        ((Switch.BATTERY,), 0x76), ((Switch.PAPER_OUT, Switch.MECHANISM), 0x73), ((Switch.PAPER_LOW,), 0x74),
    ],
)  # fmt: skip
def test_dle(switches: tuple[Switch, ...], byte: int) -> None:
    talk = Talk()
    talk.printer.faults.switches |= set(switches)
    assert talk.raw(DLE) == bytes((byte,))


def test_dle2_of_a_novitus() -> None:
    talk = Talk(profile="novitus", state=RegisterState(printout_count=41))
    talk.follow("0$h", "1$lWoda|1.|A/2/2/")
    assert talk.error("9$lWoda|1.|A/2/2/") == 4
    talk.printer.faults.switches.add(Switch.PAPER_OUT)
    (frame,) = AnswerDeframer().feed(talk.raw(DLE2))
    assert isinstance(frame, Frame)
    assert (frame.name, frame.body, frame.digits) == ("@s", b"4;41;0;09800000;", check(b"@s4;41;0;09800000;"))
    assert Talk().raw(DLE2) == b"", "a POSNET does not know it"


@pytest.mark.parametrize(
    "switch", [Switch.PAPER_OUT, Switch.COVER, Switch.LEVER, Switch.MENU, Switch.MECHANISM, Switch.WAIT_KEY]
)
def test_off_line_only_dle_is_answered_and_commands_wait(switch: Switch) -> None:
    talk = Talk()
    talk.printer.faults.switches.add(switch)
    assert talk.raw(sequence("0$h") + ENQ + sequence("23#s")) == b""
    assert len(talk.raw(DLE)) == 1
    assert talk.printer.wakeup() is None
    talk.printer.faults.clear()
    assert talk.printer.poll(0.0).startswith(OK % b"$h" + b"\x6e\x1bP2#X0;1;1;0;")


def test_a_command_takes_its_seconds_also_where_printing_takes_none() -> None:
    talk = Talk(state=RegisterState(cash=100))
    talk.printer.command_seconds = 0.03
    talk.send("0#i100/")
    assert talk.printer.poll(talk.time + 0.02) == b""
    assert talk.printer.poll(talk.time + 0.031) == OK % b"#i"


@pytest.mark.parametrize("control", [ENQ, DLE, DLE2, BEL, CAN])
@pytest.mark.parametrize("profile", ["posnet", "novitus", "innova"])
def test_control_bytes_while_it_prints(control: bytes, profile: str) -> None:
    """DLE and DLE2 are answered at once, ENQ when the command before it is done (3.3)."""
    talk = Talk(profile=profile, state=RegisterState(cash=100))
    talk.printer.slowness = 1.0
    talk.send("0#i100/")
    now = talk.raw(control)
    if control == DLE:
        assert now == b"\x74"
    elif control == DLE2 and profile == "novitus":
        assert now == b"\x1bP@s0;1;0;00000800;" + check(b"@s0;1;0;00000800;") + b"\x1b\\"
    else:
        assert now == b""
    due = talk.printer.wakeup()
    assert due is not None
    assert 0.4 < due < 3
    talk.time = due
    rest = talk.printer.poll(due)
    while (due := talk.printer.wakeup()) is not None:
        rest += talk.printer.poll(due)
    assert rest == OK % b"#i" + (b"\x6c" if control == ENQ else b"")


def test_what_does_not_fit_into_the_buffer_is_lost() -> None:
    talk = Talk()
    talk.printer.faults.switches.add(Switch.COVER)
    whole = sequence("0#i1/")
    assert talk.raw(whole * 1000) == b""
    talk.printer.faults.clear()
    talk.printer.poll(0.0)
    assert talk.register.state.cash == 100 * (BUFFER // len(whole))


# -- error modes (3.4) -----------------------------------------------------------------------------------------------


def test_mode_0_sends_no_reply_and_stops_after_an_error() -> None:
    talk = Talk(mode=None)
    assert talk.raw(sequence("0$h") + sequence("1$lWoda|1.|A/2/2/")) == b""
    assert talk.raw(sequence("1;0$e000|0/1/") + ENQ) == b""
    assert talk.printer.awaits_key
    assert talk.raw(DLE) == b"\x74"
    talk.printer.press(confirm=False)
    assert talk.printer.poll(0.0) == b"\x6a"
    assert talk.printer.poll(0.0) == b""


def test_mode_1_sends_no_reply_and_continues() -> None:
    talk = Talk(mode=1)
    assert talk.raw(sequence("1;0$e000|0/1/") + ENQ) == b"\x68"
    assert talk.raw(sequence("#n")) == b"\x1bP1#E29\x1b\\"
    assert talk.raw(sequence("#n")) == b"\x1bP1#E29\x1b\\", "it is not cleared by itself"
    assert talk.raw(sequence("0$e") + sequence("#n")) == b"\x1bP1#E0\x1b\\"


def test_mode_2_answers_after_the_key() -> None:
    talk = Talk(mode=2)
    assert talk.raw(sequence("0$h")) == OK % b"$h"
    assert talk.raw(sequence("0$h")) == b""
    talk.printer.press(confirm=True)
    assert talk.printer.poll(0.0) == b"\x1bP95#Z$h\x1b\\"


def test_mode_3_answers_every_command() -> None:
    talk = Talk(mode=3)
    assert talk.raw(sequence("0$h") + sequence("0$h")) == OK % b"$h" + b"\x1bP95#Z$h\x1b\\"
    assert talk.raw(sequence("#c")) == b"\x1bP1#C26;7;15;10;42;0\x1b\\" + OK % b"#c"


def test_mode_4_of_a_novitus_answers_where_other_modes_do_not() -> None:
    talk = Talk(mode=4, profile="novitus")
    assert talk.raw(sequence("0$h") + sequence("#c")) == OK % b"$h" + b"\x1bP1#C26;7;15;10;42;0\x1b\\"
    assert Talk().error("4#e") == 4, "a POSNET has four"


def test_a_novitus_does_not_answer_twice_in_mode_3() -> None:
    assert Talk(profile="novitus").raw(sequence("#c")) == b"\x1bP1#C26;7;15;10;42;0\x1b\\"


def test_the_status_reports_the_error_and_clears_it() -> None:
    talk = Talk()
    assert talk.error("0$y") == 29
    assert talk.say("23#s").startswith("2#X29;1;")
    assert talk.say("23#s").startswith("2#X0;1;")
    assert talk.say("#n") == "1#E0"


@pytest.mark.parametrize("mode", [0, 2])
def test_an_error_on_the_display_is_printed_too(mode: int) -> None:
    talk = Talk(mode=mode)
    talk.raw(sequence("1$lWoda|1.|A/2/2/"))
    assert talk.kinds == ["interface_error"]
    assert "B Ł Ą D   I N T E R F E J S U" in talk.paper
    assert f"\n{'Błąd':<36}$l21\n" in talk.paper


def test_the_mode_is_lost_with_power_and_nothing_else() -> None:
    talk = Talk(mode=3, state=RegisterState(face=ThermalMemory(finished=True)))
    talk.printer.power(on=False)
    assert talk.raw(DLE + ENQ + sequence("3#e")) == b""
    talk.printer.power(on=True)
    assert talk.raw(sequence("0$e") + ENQ) == b"\x6d"


# -- time ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("profile", "minutes"), [("posnet", 20), ("novitus", 30)])
def test_an_unfinished_receipt_is_cancelled(profile: str, minutes: int) -> None:
    talk = Talk(profile=profile)
    talk.follow(*SALE[:2])
    assert talk.printer.wakeup() == minutes * 60
    talk.time = minutes * 60 - 1.0
    assert talk.enq & 2
    talk.time += 1
    assert talk.enq & 3 == 0
    assert talk.kinds == ["cancelled_receipt"]
    assert talk.error("2$lWoda|1.|A/2/2/") == 96
    assert talk.error("1;0$e000|0/2/") == 96
    talk.follow("0$h")


def test_an_empty_receipt_is_forgotten_so_long_after_the_last_command() -> None:
    talk = Talk()
    talk.follow("0$h")
    talk.time = 1100.0
    assert talk.say("23#s").startswith("2#X0;1;1;")
    talk.time = 1200.0
    assert talk.printer.poll(1200.0) == b""
    assert talk.register.state.transaction
    talk.time = 2300.0
    assert talk.enq & 2 == 0
    assert talk.register.printouts == []


def test_printing_takes_time() -> None:
    talk = Talk()
    talk.printer.slowness = 1.0
    talk.send("0$h")
    talk.send("1$lWoda|1.|A/2/2/")
    assert talk.receive() == []
    talk.time = 0.01
    assert talk.receive() == ["0#Z$h"]
    talk.time = 0.02
    assert talk.receive() == ["0#Z$l"]
