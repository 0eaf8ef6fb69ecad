"""The port of the emulated Thermal printer under faults, other people, power cuts and garbage."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.emulator.memory import RegisterState
from fiscald.emulator.register import Register
from fiscald.emulator.running import build
from fiscald.emulator.storage import Storage
from fiscald.emulator.thermal.device import BUFFER
from fiscald.protocols.thermal.commands import COMMANDS
from fiscald.protocols.thermal.fields import Brand
from fiscald.protocols.thermal.frames import AnswerDeframer, BadFrame, Control, Dle, Enq, Frame
from tests.drawn import drawn
from tests.emulator.thermal.talking import BEL, CAN, DLE, DLE2, ENQ, OK, SALE, Talk, sequence, sold

# -- faults, people, other programs ----------------------------------------------------------------------------------


def test_a_swallowed_command_is_not_executed() -> None:
    talk = Talk()
    talk.printer.faults.plan(Fault(act=FaultKind.DROP_BEFORE, command="#i"))
    assert talk.raw(sequence("0#i1/")) == b""
    assert talk.register.state.cash == 0


def test_a_swallowed_answer_leaves_an_executed_command() -> None:
    talk = Talk()
    talk.printer.faults.plan(Fault(act=FaultKind.DROP_AFTER, command="#i", nth=2))
    assert talk.raw(sequence("0#i1/") * 2) == OK % b"#i"
    assert talk.register.state.cash == 200


def test_a_late_answer_comes_after_the_next_one() -> None:
    talk = Talk(mode=1)
    talk.printer.faults.plan(Fault(act=FaultKind.LATE, command="#c", seconds=2))
    assert talk.raw(sequence("#c") + ENQ) == b"\x6c"
    assert talk.printer.wakeup() == 2.0
    assert talk.printer.poll(2.0) == b"\x1bP1#C26;7;15;10;42;0\x1b\\"


@pytest.mark.parametrize("command", ["23#s", "0$e"])
@pytest.mark.parametrize(
    ("act", "found"),
    [
        (FaultKind.DUPLICATE, [Frame] * 2),
        (FaultKind.BAD_CRC, None),
        (FaultKind.TRUNCATE, []),
        (FaultKind.NOISE, [Frame]),
    ],
)
def test_disturbed_answers(act: FaultKind, found: list[type] | None, command: str) -> None:
    talk = Talk(profile="novitus")
    talk.printer.faults.plan(Fault(act=act))
    items = list(AnswerDeframer().feed(talk.raw(sequence(command))))
    if found is None:
        (item,) = items
        assert isinstance(item, BadFrame) or (isinstance(item, Frame) and not item.digits)
    else:
        assert [type(item) for item in items] == found


def test_a_disturbed_status_byte_is_not_valid() -> None:
    talk = Talk()
    talk.printer.faults.plan(Fault(act=FaultKind.BAD_CRC, command="ENQ"))
    assert list(AnswerDeframer().feed(talk.raw(ENQ))) == []


def test_a_command_that_arrives_damaged_is_refused_and_not_executed() -> None:
    talk = Talk()
    talk.printer.faults.plan(Fault(act=FaultKind.CORRUPT_IN, command="#i"))
    assert talk.error("0#i1/") == 2
    assert talk.register.state.cash == 0


@pytest.mark.parametrize(("act", "registered"), [(FaultKind.POWER_CUT_BEFORE, 0), (FaultKind.POWER_CUT_AFTER, 1)])
def test_a_power_cut_around_the_registration(act: FaultKind, registered: int) -> None:
    """Totals, ``TRF`` and paper are one: all of it, or a cancelled receipt (3.3, 9.3)."""
    talk = Talk(mode=3)
    talk.follow(*SALE[:2])
    talk.printer.faults.plan(Fault(act=act, command="$e"))
    assert talk.raw(sequence(SALE[2]) + ENQ) == b""
    assert not talk.printer.powered
    talk.printer.power(on=True)
    assert talk.enq == 0x6C + registered
    assert sold(talk) == registered
    assert talk.register.state.day.cancelled_count == 1 - registered
    assert talk.kinds == ["receipt" if registered else "cancelled_receipt"]
    talk.raw(sequence("3#e"))
    talk.follow(*SALE)


def test_a_power_cut_with_an_empty_receipt() -> None:
    talk = Talk()
    talk.follow("0$h")
    talk.printer.power(on=False)
    talk.printer.power(on=True)
    assert talk.enq == 0x6C
    assert talk.register.state.day.cancelled_count == 0


def test_a_power_cut_after_a_short_closing_finishes_the_sheet() -> None:
    talk = Talk()
    talk.follow(*SALE[:2], "1;0$b2/|", "0;3;0;0;0;0;0;0;0;0;0;0$y001|Jan||2/0/0/2/0/")
    assert talk.register.printouts == []
    talk.printer.power(on=False)
    talk.printer.power(on=True)
    assert talk.kinds == ["receipt"]
    assert talk.enq == 0x6D


def test_a_condition_that_begins_with_a_command() -> None:
    talk = Talk()
    talk.follow(*SALE[:2])
    talk.printer.faults.plan(Fault(act=FaultKind.SWITCH, command="$e", switch=Switch.PAPER_OUT))
    assert talk.raw(sequence(SALE[2])) == b""
    assert sold(talk) == 0
    assert talk.raw(DLE) == b"\x72"
    talk.printer.faults.clear()
    assert talk.printer.poll(0.0) == OK % b"$e"
    assert sold(talk) == 1


def test_another_program_prints_just_before_a_command() -> None:
    talk = Talk()
    talk.printer.faults.plan(Fault(act=FaultKind.FOREIGN_RECEIPT, command="#i"))
    assert talk.error("0#i1/") == 0
    assert talk.kinds == ["receipt", "cash_in"]
    assert talk.register.state.day.receipts[0] == 777


def test_another_program_takes_its_time() -> None:
    talk = Talk()
    assert talk.printer.foreign_begin()
    assert not talk.printer.foreign_begin()
    assert talk.error("0$h") == 95
    assert talk.printer.foreign_sell("Obcy towar", 777)
    assert not talk.printer.foreign_end(778)
    assert talk.printer.foreign_end(777)
    assert not talk.printer.foreign_sell("Obcy towar", 777)
    assert sold(talk) == 1


def test_another_program_on_our_receipt_takes_the_next_number() -> None:
    talk = Talk()
    talk.follow(*SALE[:2])
    assert talk.printer.foreign_sell("Obcy towar", 777)
    assert talk.error("2$lWoda|1.|A/2/2/") == 4
    assert talk.say("22#s").split("/")[9] == "9.77"


def test_a_person_cancels_on_the_keypad() -> None:
    talk = Talk()
    talk.printer.keypad_cancel()
    assert talk.register.printouts == []
    talk.follow(*SALE[:2])
    talk.printer.faults.plan(Fault(act=FaultKind.KEYPAD_CANCEL, command="$e"))
    assert talk.error(SALE[2]) == 29
    assert talk.kinds == ["cancelled_receipt"]


def test_a_person_makes_the_daily_report_on_the_keypad() -> None:
    talk = Talk()
    talk.follow(*SALE)
    talk.printer.faults.plan(Fault(act=FaultKind.KEYPAD_REPORT, command="$h"))
    talk.follow("0$h")
    assert talk.register.state.reports == 1
    talk.printer.keypad_report()
    assert talk.register.state.reports == 1, "not while a receipt is open"


def test_code_that_watches_the_device_sees_its_own_cancellations() -> None:
    """A receipt cancelled after a power cut counts as cancelled by a person, not by the program on the line."""
    talk = Talk()
    talk.follow(*SALE[:2])
    seen: list[str] = []
    real = talk.printer.keypad_cancel
    talk.printer.keypad_cancel = lambda: (seen.append("cancel"), real())[1]  # type: ignore[method-assign,func-returns-value]
    talk.printer.power(on=False)
    talk.printer.power(on=True)
    assert seen == ["cancel"]


def test_the_same_seed_makes_the_same_noise() -> None:
    def noise(seed: int) -> bytes:
        talk = Talk(seed=seed)
        talk.printer.faults.plan(Fault(act=FaultKind.NOISE))
        return talk.raw(sequence("#c"))

    assert noise(1) == noise(1) != noise(2)


def test_noise_is_not_a_valid_reply() -> None:
    for seed in range(50):
        talk = Talk(seed=seed)
        talk.printer.faults.plan(Fault(act=FaultKind.NOISE, command="ENQ"))
        assert [type(item) for item in AnswerDeframer().feed(talk.raw(ENQ))] == [Enq]


# -- what survives ---------------------------------------------------------------------------------------------------


def test_everything_that_is_kept_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state"

    def start() -> tuple[Talk, Storage]:
        device, storage = build("thermal", storage=file, seed=6)
        assert storage is not None
        talk = Talk.__new__(Talk)
        talk.printer, talk.register, talk.time = device, device.register, 0.0  # type: ignore[assignment]
        talk.raw(sequence("3#e"))
        return talk, storage

    talk, storage = start()
    talk.follow("0$r", *SALE, "#pJan|7|", "0#i5/", *SALE[:2], "1;0$b2/|", "0;3;0;0;0;0;0;0;0;0;0;0$y7|Jan||2/0/0/2/0/")
    asked = talk.say("23#s")
    storage.close()
    talk, storage = start()
    assert talk.say("23#s") == asked
    assert asked.endswith("/EMU00000007")
    assert talk.kinds == ["receipt", "login", "cash_in", "receipt"], "the sheet that was not finished came out"
    talk.follow("0$h", "1;2$lWoda|0.1|A/1/0.10/5/", "1;0$e000|0/0.09/")
    assert "Jan" in talk.paper
    assert [sheet.text for sheet in talk.register.printouts[:3]]
    storage.close()


def test_the_unique_number_is_that_of_an_emulator() -> None:
    assert Talk(state=RegisterState(unique_number="EMU 1234567890")).say("23#s").endswith("/EMU34567890")
    novitus = Talk(profile="novitus", state=RegisterState(unique_number="EMU 1234567890"))
    assert novitus.say("23#s").endswith("/EMU1234567890")
    with pytest.raises(ValueError, match="EMU"):
        Register(RegisterState(unique_number="ABC12345678"))


@pytest.mark.parametrize(
    ("profile", "model"),
    [
        ("posnet", "POSNET Thermal EMU/2.02"),
        ("novitus", "NOVITUS HD ONLINE EMU/1.60"),
        ("innova", "INNOVA Profit EMU/4.51"),
    ],
)
def test_models(profile: str, model: str) -> None:
    talk = Talk(profile=profile)
    assert talk.say("#v") == f"1#R{model}"
    assert model.startswith(talk.printer.model)


def test_an_innova_closes_with_x_only() -> None:
    talk = Talk(profile="innova")
    talk.follow(*SALE[:2])
    assert talk.error("0;0;0;0;0;0;0;0;0;0;0;0$y001|Jan||2/0/0/0/0/") == 255
    talk.follow("5;0;0;0;1;0;0;0;0;0;0$x001|||||||||2/0/2/0/0/0/0/0/0/")
    assert sold(talk) == 1


# -- garbage ---------------------------------------------------------------------------------------------------------


PIECES = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.sampled_from(
            [b"\x1bP", b"\x1b\\", b"\x1b", ENQ, DLE, DLE2, CAN, BEL, b"0$h", b"$l", b"#s", b";", b"/", b"\r"]
        ),
        st.sampled_from([sequence(each) for each in (*SALE, "23#s", "0#e", "2#e", "1;26;7;15#r", "#r")]),
    ),
    max_size=15,
)


@settings(max_examples=drawn(60))
@given(PIECES, st.sampled_from(["posnet", "novitus", "innova"]), st.sampled_from([None, 0, 1, 2, 3, 4]))
def test_garbage_does_not_stop_the_printer(pieces: list[bytes], profile: str, mode: int | None) -> None:
    """For any input: no exception, readable replies, and a reply to DLE; after a key it continues."""
    talk = Talk(profile=profile, mode=mode)
    answers = b""
    for piece in pieces:
        answers += talk.raw(piece)
    assert all(not isinstance(item, BadFrame) for item in AnswerDeframer().feed(answers))
    dle = list(AnswerDeframer().feed(talk.raw(DLE)))
    assert any(isinstance(item, Dle) for item in dle)
    for _ in range(BUFFER):
        talk.printer.press(confirm=True)
        talk.printer.poll(talk.time)
        if not talk.printer.awaits_key:
            break
    talk.raw(CAN)
    assert any(isinstance(item, Frame) for item in AnswerDeframer().feed(talk.raw(sequence("23#s"))))


TEXT = st.text(st.characters(codec="mazovia", exclude_characters="".join(map(chr, (0x1B, *Control)))), max_size=12)
NUMBER = st.sampled_from(
    ["0", "1", "2", "1.5", "2.", "0.333", "99999999.99", "999999999999", "", "-1", ",", "x", "100"]
)
PART = st.one_of(st.tuples(TEXT, st.sampled_from("\r/;")), st.tuples(NUMBER, st.sampled_from("\r/")))
NAMES = sorted({row.id for rows in COMMANDS.values() for row in rows.values()})
COMMAND = st.tuples(st.lists(st.integers(0, 260), max_size=13), st.sampled_from(NAMES), st.lists(PART, max_size=12))


@given(st.lists(COMMAND, max_size=8), st.sampled_from(["posnet", "novitus", "innova"]), st.booleans())
def test_any_command_gets_an_answer_and_never_an_exception(
    commands: list[tuple[list[int], str, list[tuple[str, str]]]], profile: str, opened: bool
) -> None:
    talk = Talk(profile=profile)
    if opened:
        talk.follow(*SALE[:2])
    for params, name, parts in commands:
        payload = ";".join(map(str, params)) + name + "".join(value + end for value, end in parts)
        talk.send(payload.replace("|", ""))
        answers = talk.receive()
        if talk.printer.awaits_key:
            talk.printer.press(confirm=True)
            answers = talk.receive()
        if name == "#e":
            talk.raw(sequence("3#e"))
        else:
            assert answers, payload


@pytest.mark.parametrize("brand", Brand)
def test_every_command_of_the_table_is_known_to_the_emulator(brand: Brand) -> None:
    for row in COMMANDS[brand].values():
        talk = Talk(profile=brand.value)
        talk.send(f"{'' if row.first is None else row.first}{row.id}")
        talk.printer.press(confirm=True)
        (answer, *_) = talk.receive()
        assert not answer.startswith(("255#Z", "1022#Z")), row.name
