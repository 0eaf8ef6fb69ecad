"""Orders of the control socket and planned faults: what can never happen is refused, what happened can be asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from fiscald.emulator import emulator_factory
from fiscald.emulator.control import _COMMANDS, Control
from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.emulator.running import EmulatedPrinter, build
from fiscald.protocols import FAMILIES
from tests.emulator.posnet.talking import Talk
from tests.emulator.thermal.talking import Talk as ThermalTalk
from tests.emulator.thermal.talking import sequence
from tests.found import found

#: A right order of each kind, with every field that it can have.
RIGHT: dict[str, dict[str, Any]] = {
    "fault": {"act": "late", "command": "trend", "nth": 2, "seconds": 1.5, "optional": True},
    "switch": {"name": "paper_out", "on": True},
    "press": {"confirm": True},
    "power": {"on": True},
    "clear": {},
    "clock": {"offset": -3600},
    "foreign_receipt": {},
    "seed": {"state": {"cash": 5000}},
    "paper": {"after": 0, "png": False},
    "fired": {},
    "display": {},
    "register": {},
}
FIELDS = [(do, name) for do, fields in RIGHT.items() for name in fields] + [("fault", "switch"), ("fault", "status")]
OF_EACH_TYPE: list[Any] = ["no such value", "1", 1.5, 1, True, None, [], {}, [1]]


def control(family: str = "posnet", **options: Any) -> Control:
    device, _ = build(family, **options)
    return Control(device, lambda: None)


def said(it: Control, **content: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(it.execute_line(json.dumps(content).encode()))
    return answer


def condition(it: Control) -> tuple[Any, ...]:
    device = it.device
    state = device.register.state.model_dump_json()
    return (
        state,
        device.powered,
        set(device.faults.switches),
        list(device.faults.planned),
        len(device.register.printouts),
    )


def test_every_control_command_and_field_is_tested_here() -> None:
    assert RIGHT.keys() == _COMMANDS.keys()
    for do, order in _COMMANDS.items():
        assert {name for each, name in FIELDS if each == do} == order.model_fields.keys() - {"do"}


@pytest.mark.parametrize("do", RIGHT)
def test_a_valid_control_command_is_executed(do: str) -> None:
    it = control()
    if do == "press":
        refused = said(it, do=do)
        assert refused == {"ok": False, "error": "the display shows no question now; the command display returns it"}
        said(it, do="switch", name="wait_key")
    assert said(it, do=do, **RIGHT[do])["ok"]


@pytest.mark.parametrize(("do", "name"), FIELDS)
def test_a_value_of_another_type_is_refused_by_its_name(do: str, name: str) -> None:
    """The command has no effect."""
    it = control()
    right = RIGHT[do].get(name, 503 if name == "status" else "cover")
    for wrong in OF_EACH_TYPE:
        optional = wrong is None and name in ("command", "switch", "status")
        number = isinstance(right, float) or name == "offset"
        same = type(wrong) is type(right) or (number and type(wrong) in (int, float))
        if optional or (same and wrong != "no such value") or (name == "command" and wrong == "1"):
            continue
        before = condition(it)
        answer = said(it, do=do, **(RIGHT[do] | {name: wrong}))
        assert not answer["ok"], wrong
        assert answer["error"].startswith(name if name != "state" else "state"), answer
        assert condition(it) == before


@pytest.mark.parametrize("do", RIGHT)
def test_a_misspelt_field_is_refused(do: str) -> None:
    for name in RIGHT[do]:
        answer = said(control(), do=do, **(RIGHT[do] | {f"{name}x": 1}))
        assert answer == {"ok": False, "error": f"{name}x: there is no such field; did you mean {name}?"}
    assert not said(control(), do=do, **RIGHT[do], nonsense=1)["ok"]


@pytest.mark.parametrize(
    ("do", "name"), [(do, name) for do, name in FIELDS if name in ("act", "name", "on", "offset", "state")]
)
def test_a_missing_field_is_named(do: str, name: str) -> None:
    if (do, name) == ("switch", "on"):
        return  # a condition begins where nothing else is said
    rest = {each: value for each, value in RIGHT[do].items() if each != name}
    assert said(control(), do=do, **rest) == {"ok": False, "error": f"{name} is missing"}


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b'{"do": "falt"}', "do: 'falt' is not known; did you mean fault?"),
        (b'{"do": "press_key"}', "do: 'press_key' is not known; did you mean press?"),
        (b'{"act": "late"}', 'do is missing: a control command says what to do, such as {"do": "clear"}'),
        (b"drop_after", "the line is not JSON (expected value at line 1 column 1); write one JSON object per line"),
        (b'"clear"', "the line: Input should be an object, not 'clear'"),
        (b'{"do": "switch", "name": "paperout"}', "name: 'paperout' is not known; did you mean paper_out?"),
        (b'{"do": "fault", "act": "dropafter"}', "act: 'dropafter' is not known; did you mean drop_after?"),
        (b'{"do": "fault", "act": "late", "command": "trendd"}', "command 'trendd' is not known; did you mean trend?"),
        (b'{"do": "fault", "act": "late", "command": "Trend"}', "command 'Trend' is not known; did you mean trend?"),
        (b'{"do": "fault", "act": "switch"}', 'act "switch" needs a field switch that names the condition'),
        (b'{"do": "fault", "act": "switch", "switch": "covr"}', "switch: 'covr' is not known; did you mean cover?"),
        (b'{"do": "fault", "act": "late", "switch": "cover"}', "a switch belongs to the act \"switch\", not to 'late'"),
        (b'{"do": "fault", "act": "late", "nth": 0}', "nth: Input should be greater than or equal to 1, not 0"),
    ],
)  # fmt: skip
def test_every_refusal_is_a_sentence_that_suggests_the_right_word(line: bytes, error: str) -> None:
    it = control()
    answer = json.loads(it.execute_line(line))
    assert not answer["ok"]
    assert error in answer["error"]
    assert it.device.faults.planned == []
    assert it.device.faults.switches == set()


def test_an_impossible_foreign_receipt_is_refused() -> None:
    it = control()
    assert said(it, do="foreign_receipt")["ok"]
    assert it.device.foreign_begin()
    refused = said(it, do="foreign_receipt")
    assert "one is open" in refused["error"]
    assert len(it.device.register.printouts) == 1
    it.device.keypad_cancel()
    said(it, do="power", on=False)
    assert not said(it, do="foreign_receipt")["ok"], "without power it prints nothing"


# -- commands that a fault can name --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "profile", "unknown"),
    [
        ("posnet", "online", "discounttypeset"), ("posnet", "old", "eparagonidznext"), ("thermal", "posnet", "^u"), ("thermal", "innova", "$y"),
        ("thermal", "novitus", "$N"), ("thermal", "posnet", "trend"), ("posnet", "online", "$e"),
    ],
)  # fmt: skip
def test_a_command_that_the_model_does_not_know_is_refused(family: str, profile: str, unknown: str) -> None:
    """It would never come to be carried out, so the fault would never happen."""
    assert not said(control(family, profile=profile), do="fault", act="drop_after", command=unknown)["ok"]
    with EmulatedPrinter(family, profile=profile) as printer, pytest.raises(ValueError, match="is not known"):
        printer.fault("drop_after", unknown)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_command_that_the_model_knows_can_be_named(family: str) -> None:
    for profile in found(emulator_factory(family).profiles):
        it = control(family, profile=profile)
        names = it.device.faults.commands
        assert names
        for name in names:
            assert said(it, do="fault", act="noise", command=name)["ok"]


def test_python_faults_and_conditions_are_refused_in_the_same_way() -> None:
    with EmulatedPrinter() as printer:
        attempts: list[tuple[Callable[[], None], str]] = [
            (lambda: printer.switch("paperout"), "did you mean paper_out?"), (lambda: printer.fault("drop"), "drop_"),
            (lambda: printer.fault("drop_after", "trnd"), "did you mean trend?"), (lambda: printer.fault("switch", "trend"), "names the condition"),
            (lambda: printer.fault("late", "trend", second=2), "did you mean seconds?"), (lambda: printer.fault("late", nth=0), "nth: "),
            (lambda: printer.clock(1e12), "offset: "),
        ]  # fmt: skip
        for wrong, hint in attempts:
            with pytest.raises(ValueError) as told:
                wrong()
            assert hint in str(told.value)
        printer.switch(Switch.COVER)
        printer.fault(FaultKind.LATE, "trend", seconds=2)
        assert [fault.act for fault in printer.planned] == [FaultKind.LATE]


# -- what happened -------------------------------------------------------------------------------------


def test_a_fault_that_happened_is_listed_with_its_command() -> None:
    talk = Talk()
    it = Control(talk.printer, lambda: None)
    assert said(it, do="fired") == {"ok": True, "fired": [], "planned": [], "missed": []}
    said(it, do="fault", act="drop_after", command="trend")
    said(it, do="fault", act="switch", switch="paper_low")
    said(it, do="fault", act="noise", command="scnt", nth=2)
    talk.say("scomm|")
    told = said(it, do="fired")
    assert told["fired"] == [{"act": "switch", "switch": "paper_low", "command": "scomm"}]
    assert [(each["act"], each["command"], each["nth"]) for each in told["planned"]] == [
        ("drop_after", "trend", 1),
        ("noise", "scnt", 2),
    ]
    talk.say("scnt|")
    assert said(it, do="fired")["planned"][1]["nth"] == 1
    talk.sell(["trline|naKawa|vt0|pr100|"], "scnt|")
    talk.send("trend|to100|")
    assert talk.receive() == []
    assert [each["act"] for each in said(it, do="fired")["fired"]] == ["switch", "noise", "drop_after"]
    said(it, do="clear")
    assert len(said(it, do="fired")["fired"]) == 3, "what happened stays known"


@pytest.mark.parametrize(
    ("act", "answers"),
    [
        (FaultKind.DROP_BEFORE, []), (FaultKind.DROP_AFTER, []), (FaultKind.DUPLICATE, ["sdev|ds0|cp1|qe1|pe0|"] * 2), (FaultKind.CORRUPT_IN, ["ERR|?5|"]),
        (FaultKind.NOISE, ["sdev|ds0|cp1|qe1|pe0|"]),
    ],
)  # fmt: skip
def test_a_fault_disturbs_an_immediate_command_that_it_names(act: FaultKind, answers: list[str]) -> None:
    talk = Talk()
    talk.printer.faults.plan(Fault(act=act, command="sdev"))
    talk.send("!sdev|")
    assert talk.receive() == answers
    assert [fired.command for fired in talk.printer.faults.fired] == ["!sdev"]
    assert talk.say("!sdev|") == "sdev|ds0|cp1|qe1|pe0|"


def test_a_late_reply_to_an_immediate_command() -> None:
    talk = Talk()
    talk.printer.faults.plan(Fault(act=FaultKind.LATE, command="sdev", seconds=3))
    talk.send("!sdev|")
    assert talk.receive() == []
    talk.time = 3.0
    assert talk.receive() == ["sdev|ds0|cp1|qe1|pe0|"]


@pytest.mark.parametrize(
    ("act", "printed"),
    [(FaultKind.FOREIGN_RECEIPT, 1), (FaultKind.POWER_CUT_BEFORE, 0), (FaultKind.POWER_CUT_AFTER, 0)],
)
def test_faults_around_an_immediate_command(act: FaultKind, printed: int) -> None:
    talk = Talk()
    talk.printer.faults.plan(Fault(act=act, command="sprn"))
    talk.send("!sprn|")
    assert talk.receive() == (["sprn|pr0|"] if printed else [])
    assert talk.printer.powered == bool(printed)
    assert len(talk.register.printouts) == printed


def test_a_fault_that_could_not_disturb_its_command_is_reported() -> None:
    """It is not among those that happened."""
    talk = Talk()
    it = Control(talk.printer, lambda: None)
    said(it, do="fault", act="drop_after")
    assert talk.say("!sdev|")
    told = said(it, do="fired")
    assert told["missed"] == [{"act": "drop_after", "command": "!sdev"}]
    assert told["fired"] == told["planned"] == []


def test_an_answer_can_come_in_two_pieces() -> None:
    """Which every program must put together again."""
    talk = Talk()
    talk.printer.faults.plan(Fault(act=FaultKind.SPLIT, command="scomm", seconds=2))
    talk.send("scomm|")
    first = talk.printer.poll(0.0)
    assert first.startswith(b"\x02scomm")
    assert not first.endswith(b"\x03")
    assert talk.printer.wakeup() == 2.0
    assert talk.printer.poll(1.9) == b""
    whole = first + talk.printer.poll(2.0)
    talk.send("scomm|")
    assert whole == talk.printer.poll(2.0)


def test_an_answer_in_two_pieces_from_a_thermal_printer() -> None:
    talk = ThermalTalk()
    talk.printer.faults.plan(Fault(act=FaultKind.SPLIT, command="$h"))
    first = talk.raw(sequence("0$h"))
    talk.time = 1.0
    assert first + talk.printer.poll(1.0) == b"\x1bP0#Z$h\x1b\\"
    assert 0 < len(first) < 9


def test_thermal_faults_name_the_identifier() -> None:
    talk = ThermalTalk()
    talk.printer.faults.plan(Fault(act=FaultKind.DROP_AFTER, command="$h"))
    talk.send("0$h")
    assert talk.receive() == []
    assert [(fired.fault.act, fired.command) for fired in talk.printer.faults.fired] == [(FaultKind.DROP_AFTER, "$h")]


def test_a_picture_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    it = control()
    said(it, do="foreign_receipt")
    monkeypatch.setitem(sys.modules, "fiscald.emulator.png", None)
    refused = said(it, do="paper", png=True)
    assert refused == {"ok": False, "error": "a picture needs: pip install 'fiscald[png]'"}
    assert len(said(it, do="paper")["printouts"]) == 1
