"""The port of the emulated printer: queue, immediate commands, time, faults."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.emulator.posnet.device import FRAME_SECONDS, QUEUE
from fiscald.protocols.posnet.commands import COMMANDS
from fiscald.protocols.posnet.frames import BadFrame, Deframer, Frame
from tests.emulator.posnet.talking import Talk, frame, readable


def test_an_unfinished_frame_is_dropped_after_its_time() -> None:
    talk = Talk()
    whole = frame("scomm|")
    talk.printer.receive(whole[:5], 0.0)
    talk.printer.receive(whole[5:], FRAME_SECONDS + 0.1)
    assert talk.printer.poll(10.0) == b""
    talk.printer.receive(whole, 11.0)
    assert talk.printer.poll(11.0)


def test_commands_are_answered_strictly_in_order() -> None:
    talk = Talk()
    talk.printer.receive(b"".join(frame(f"{name}|") for name in ("scomm", "rtcget", "scnt")), 0.0)
    assert [answer.partition("|")[0] for answer in talk.receive()] == ["scomm", "rtcget", "scnt"]


def test_a_blocked_command_holds_those_behind_it_but_not_immediate_ones() -> None:
    talk = Talk()
    talk.printer.faults.switches.add(Switch.COVER)
    talk.send("trinit|")
    talk.send("scomm|")
    assert talk.receive() == []
    assert talk.say("!sdev|") == "sdev|ds3|cp1|qe0|pe0|"
    talk.printer.faults.clear()
    assert [answer.partition("|")[0] for answer in talk.receive()] == ["trinit", "scomm"]


@pytest.mark.parametrize("switch", [Switch.PAPER_OUT, Switch.COVER, Switch.LEVER, Switch.MENU, Switch.WAIT_KEY])
def test_a_command_that_is_refused_anyway_does_not_wait(switch: Switch) -> None:
    """Validated first, then waiting (11.3)."""
    talk = Talk()
    talk.printer.faults.switches.add(switch)
    assert talk.say("trline|naWoda|vt0|pr200|") == "trline|?2005|"
    assert talk.say("trinit|bm9x|") == "ERR|?3|cmtrinit|fdbm|"
    assert talk.say("cash|kw100|") == "ERR|?2|cmcash|fdwp|"
    talk.send("trinit|")
    talk.send("trinit|")
    assert talk.receive() == [], "a legal one waits, and those behind it, whatever they are"
    assert talk.printer.wakeup() is None
    talk.printer.faults.clear()
    assert talk.receive() == ["trinit|", "trinit|?2038|"]


def test_a_command_unknown_to_an_older_device_does_not_wait() -> None:
    talk = Talk(profile="old")
    talk.printer.faults.switches.add(Switch.PAPER_OUT)
    assert talk.say("trnipset|ni5260250274|") == "ERR|?1|cmtrnipset|"


def test_a_command_is_not_judged_before_a_planned_cancel() -> None:
    """The cancelling needs paper too."""
    talk = Talk()
    talk.say("trinit|")
    talk.printer.faults.switches.add(Switch.PAPER_OUT)
    talk.printer.faults.plan(Fault(act=FaultKind.KEYPAD_CANCEL, command="trinit"))
    talk.send("trinit|")
    assert talk.receive() == []
    assert not talk.register.printouts
    talk.printer.faults.clear()
    assert talk.receive() == ["trinit|"]
    assert [sheet.kind for sheet in talk.register.printouts] == ["cancelled_receipt"]


def test_the_queue_is_bounded() -> None:
    talk = Talk()
    talk.printer.faults.switches.add(Switch.PAPER_OUT)
    for _ in range(QUEUE):
        talk.send("trinit|")
    assert talk.receive() == []
    assert talk.say("trinit|") == "ERR|?14|cmtrinit|"


def test_printing_takes_time() -> None:
    talk = Talk()
    talk.printer.slowness = 1.0
    talk.send("cash|kw100|wp1|")
    assert talk.receive() == []
    assert talk.say("!sdev|").startswith("sdev|ds0|cp1|qe0")
    due = talk.printer.wakeup()
    assert due is not None
    assert 0.5 < due < 3
    talk.time = due
    assert talk.receive() == ["cash|"]


def test_a_command_takes_its_seconds_also_where_printing_takes_none() -> None:
    talk = Talk()
    talk.printer.command_seconds = 0.03
    talk.send("cash|kw100|wp1|")
    assert talk.receive() == []
    assert talk.printer.wakeup() == pytest.approx(talk.time + 0.03)
    talk.time += 0.031
    assert talk.receive() == ["cash|"]


def test_a_swallowed_command_is_not_executed() -> None:
    talk = Talk()
    talk.printer.faults.plan(Fault(act=FaultKind.DROP_BEFORE, command="cash"))
    talk.send("cash|kw100|wp1|")
    assert talk.receive() == []
    assert talk.register.state.cash == 0


def test_a_swallowed_answer_leaves_an_executed_command() -> None:
    talk = Talk()
    talk.printer.faults.plan(Fault(act=FaultKind.DROP_AFTER, command="cash", nth=2))
    assert talk.say("cash|kw100|wp1|") == "cash|"
    talk.send("cash|kw100|wp1|")
    assert talk.receive() == []
    assert talk.register.state.cash == 200


def test_a_late_answer_comes_after_the_next_one() -> None:
    talk = Talk()
    talk.printer.faults.plan(Fault(act=FaultKind.LATE, command="scnt", seconds=2))
    talk.send("scnt|")
    assert talk.say("rtcget|").startswith("rtcget|")
    assert talk.printer.wakeup() == 2.0
    talk.time = 2.0
    assert talk.receive()[0].startswith("scnt|")


@pytest.mark.parametrize(
    ("act", "found"),
    [
        (FaultKind.DUPLICATE, [Frame, Frame]),
        (FaultKind.BAD_CRC, [BadFrame]),
        (FaultKind.TRUNCATE, []),
        (FaultKind.NOISE, [Frame]),
    ],
)
def test_disturbed_answers(act: FaultKind, found: list[type]) -> None:
    talk = Talk()
    talk.printer.faults.plan(Fault(act=act))
    talk.send("scomm|")
    assert [type(item) for item in Deframer().feed(talk.printer.poll(0.0))] == found


def test_a_command_that_arrives_damaged_is_refused_and_not_executed() -> None:
    talk = Talk()
    talk.printer.faults.plan(Fault(act=FaultKind.CORRUPT_IN, command="cash"))
    assert talk.say("cash|kw100|wp1|") == "ERR|?5|"
    assert talk.register.state.cash == 0


@pytest.mark.parametrize(("act", "registered"), [(FaultKind.POWER_CUT_BEFORE, 0), (FaultKind.POWER_CUT_AFTER, 1)])
def test_a_power_cut_around_the_registration(act: FaultKind, registered: int) -> None:
    talk = Talk()
    talk.say("trinit|")
    talk.say("trline|naWoda|vt0|pr200|")
    talk.printer.faults.plan(Fault(act=act, command="trend"))
    talk.send("trend|to200|")
    assert talk.receive() == []
    assert not talk.printer.powered
    talk.send("scnt|")
    assert talk.receive() == []
    talk.printer.power(on=True)
    assert talk.say("scnt|").startswith(f"scnt|rd0|hn{registered}|bn{registered}|")
    assert talk.say("scomm|").split("|")[3] == ("ts0" if registered else "ts16"), "an open receipt survives a power cut"


def test_a_condition_that_begins_with_a_command() -> None:
    talk = Talk()
    talk.printer.faults.plan(Fault(act=FaultKind.SWITCH, command="trend", switch=Switch.PAPER_OUT))
    talk.say("trinit|")
    talk.say("trline|naWoda|vt0|pr200|")
    talk.send("trend|to200|")
    assert talk.receive() == []
    talk.printer.faults.clear()
    assert talk.receive() == ["trend|"]


def test_another_program_prints_just_before_a_command() -> None:
    talk = Talk()
    talk.printer.faults.plan(Fault(act=FaultKind.FOREIGN_RECEIPT, command="cash"))
    assert talk.say("cash|kw100|wp1|") == "cash|"
    assert talk.register.state.day.receipt_count == 1
    assert [sheet.kind for sheet in talk.register.printouts] == ["receipt", "cash_in"]


def test_the_same_seed_makes_the_same_noise() -> None:
    def noise(seed: int) -> bytes:
        talk = Talk(seed=seed)
        talk.printer.faults.plan(Fault(act=FaultKind.NOISE))
        talk.send("scomm|")
        return talk.printer.poll(0.0)

    assert noise(1) == noise(1) != noise(2)


@given(st.binary(max_size=300))
def test_garbage_does_not_stop_the_printer(data: bytes) -> None:
    talk = Talk()
    talk.printer.receive(data, 0.0)
    talk.printer.receive(b"\x02" + data + b"\x03", 0.0)
    assert all(isinstance(item, Frame) for item in Deframer().feed(talk.printer.poll(0.0)))
    assert talk.say("scomm|").startswith("scomm|")


TEXT = st.text(st.characters(codec="cp1250", exclude_characters="\x02\x03\t\n|"), max_size=12)
FIELDS = st.lists(
    st.tuples(st.sampled_from(sorted({p.name for r in COMMANDS.values() for p in r.params})), TEXT), max_size=6
)


@given(st.lists(st.tuples(st.sampled_from(sorted(COMMANDS)), FIELDS), max_size=12))
def test_any_commands_get_an_answer_each_and_never_an_exception(
    commands: list[tuple[str, list[tuple[str, str]]]],
) -> None:
    """Whatever is sent: an answer of that name or a frame error, unless a person is asked."""
    talk = Talk()
    for mnemonic, fields in commands:
        talk.send(f"{mnemonic}|" + "".join(f"{name}{value}|" for name, value in fields))
        answers = talk.receive()
        if not answers:
            talk.printer.press(confirm=True)
            answers = talk.receive()
        (answer,) = answers
        assert answer.split("|")[0] in (mnemonic, "ERR")


def test_every_command_of_the_table_is_known_to_the_emulator() -> None:
    """No command of the table is answered as unknown."""
    for mnemonic in COMMANDS:
        talk = Talk()
        talk.send(f"{mnemonic}|")
        talk.printer.press(confirm=True)
        (answer,) = [readable(item) for item in Deframer().feed(talk.printer.poll(0.0)) if isinstance(item, Frame)]
        assert not answer.startswith("ERR|?1|"), mnemonic
