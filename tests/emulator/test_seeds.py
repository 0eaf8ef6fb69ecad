"""Seeds of the register: unknown fields are refused by name, and accepted ones do no harm."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fiscald.emulator.control import NOT_SEEDED, Control
from fiscald.emulator.memory import DailyRecord, Day, Goods, LastDocument, RateChange, RegisterState
from fiscald.emulator.running import EmulatedPrinter, build
from tests.emulator.posnet.talking import Talk as PosnetTalk
from tests.emulator.thermal.talking import Talk as ThermalTalk
from tests.emulator.thermal.talking import sequence
from tests.found import found

NOON = datetime(2026, 7, 14, 12, tzinfo=UTC)
RATES: list[Decimal | str | None] = [Decimal(23), Decimal(8), Decimal(5), Decimal(0), None, None, "exempt"]
#: A register in which every list and table has something.
FULL = RegisterState(
    rate_history=[RateChange(at=NOON, rates=RATES)],
    fiscal_memory=[DailyRecord(number=1, at=NOON, rates=RATES, day=Day(first_sale=NOON, last_sale=NOON))],
    goods={"KAWA": Goods(rate=0)},
    day=Day(receipts=[100, 0, 0, 0, 0, 0, 0], receipt_count=1, last_receipt=1, first_sale=NOON, last_sale=NOON),
    last_document=LastDocument(kind="receipt", totals=[100, 0, 0, 0, 0, 0, 0]),
    last_record=NOON,
    footer="Zapraszamy",
    cashier="ANNA",
    clock_set=NOON.date(),
).model_dump(mode="json")
Path_ = tuple[str | int, ...]


def leaves(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Every place that a value can stand at, containers too."""
    if path:
        yield path
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, (*path, name))
    elif isinstance(value, list) and value:
        yield from leaves(value[0], (*path, 0))


PLACES = [place for place in leaves(FULL) if place[0] not in NOT_SEEDED]


def with_value(place: Path_, value: Any) -> dict[str, Any]:
    """A seed of one field, with ``value`` at that place in it."""
    content = {str(place[0]): copy.deepcopy(FULL[str(place[0])])}
    inside: Any = content
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = value
    return content


def kind(value: Any) -> type:
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)


def at(place: Path_) -> Any:
    found: Any = FULL
    for step in place:
        found = found[step]
    return found


def refused(control: Control, seed: dict[str, Any]) -> str | None:
    answer = json.loads(control.execute_line(json.dumps({"do": "seed", "state": seed}).encode()))
    return None if answer["ok"] else answer["error"]


def control(family: str = "posnet", **options: Any) -> Control:
    device, _ = build(family, state=RegisterState.model_validate_json(json.dumps(FULL)), **options)
    return Control(device, lambda: None)


#: One value of each type that JSON has; none of them is right by chance.
OF_EACH_TYPE: list[Any] = ["no such value", 1.5, True, [], {}, [[]], {"x": 1}]
#: Places that may be empty.
NULLABLE = {("clock_set",), ("last_record",), ("day", "first_sale"), ("day", "last_sale"), ("rates", 0)} | {
    (*head, tail)
    for head, tail in [
        (("fiscal_memory", 0, "day"), "first_sale"), (("fiscal_memory", 0, "day"), "last_sale"), (("fiscal_memory", 0, "rates"), 0),
        (("rate_history", 0, "rates"), 0),
    ]
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_a_value_of_another_type_is_refused_by_its_name(place: Path_) -> None:
    """The register does not change."""
    it = control()
    before = it.device.register.state.model_dump_json()
    right = at(place)
    values = [each for each in OF_EACH_TYPE if kind(each) is not kind(right)]
    if place not in NULLABLE:
        values.append(None)
    if isinstance(right, str):
        # Text that has a form: a percentage, a moment, a date, the kind of a document, a unique number.
        values += [] if place[0] in ("header", "footer", "cashier", "till") else ["no such value"]
    if isinstance(right, int) and not isinstance(right, bool):
        values += ["7", 7.5]
    for value in found(values):
        if isinstance(right, dict) and isinstance(value, dict):
            continue
        error = refused(it, with_value(place, value))
        assert error is not None, value
        assert error.startswith(f"state.{'.'.join(map(str, place))}"), error
        assert it.device.register.state.model_dump_json() == before


MODELS = [place for place in PLACES if isinstance(at(place), dict) and place != ("goods",)]


@pytest.mark.parametrize("place", [(), *MODELS], ids=lambda place: ".".join(map(str, place)) or "state")
def test_a_misspelt_field_is_named_with_the_right_one(place: Path_) -> None:
    names = list(at(place)) if place else [name for name in FULL if name not in NOT_SEEDED]
    for name in found(names):
        wrong = f"{name}h"
        seed = with_value((*place, wrong), 1) if place else {wrong: 1}
        error = refused(control(), seed)
        where = ".".join(map(str, (*place, wrong)))
        assert error == f"state.{where}: there is no such field; did you mean {name}?"


@pytest.mark.parametrize("name", NOT_SEEDED)
def test_a_seed_cannot_create_an_open_document(name: str) -> None:
    assert (refused(control(), {name: {}}) or "").startswith(f"state.{name} cannot be seeded; ")


@pytest.mark.parametrize(
    ("given", "known"),
    [
        (["23", "8", "5.5", "0", None, None, "exempt"], [Decimal(23), Decimal(8), Decimal("5.5"), Decimal(0), None, None, "exempt"]),
        ([23, 8, 5, 0, None, None, "exempt"], RATES), (["23.00", "08.00", "5,00", "0", None, None, "exempt"], RATES),
    ],
)  # fmt: skip
def test_rates_as_text_are_percentages(given: list[Any], known: list[Any]) -> None:
    """Over the control socket and from Python; sales at these rates are taxed."""
    it = control()
    assert refused(it, {"rates": given}) is None
    assert it.device.register.state.rates == known
    assert all(isinstance(rate, Decimal) for rate in it.device.register.state.rates[:4])
    with EmulatedPrinter() as printer:
        printer.seed(rates=given)
        assert printer.register.rates == known


def test_sales_at_seeded_rates_are_taxed() -> None:
    talk = PosnetTalk()
    assert refused(Control(talk.printer, lambda: None), {"rates": ["22", "7", "3", "0", None, None, "exempt"]}) is None
    talk.sell(["trline|naKawa|vt0|pr12200|"], "trend|to12200|")
    assert "\nPTU A 22,00%                       22,00\n" in talk.paper
    assert talk.say("vatget|") == "vatget|va22,00|vb7,00|vc3,00|vd0,00|ve101,00|vf101,00|vg100,00|"


@pytest.mark.parametrize("rate", ["23%", "x", "", "-1", "123", "23.456", "nan", "EXEMPT", 5.5, -1, 100, True, ["23"]])
def test_an_invalid_rate_is_refused_with_its_position(rate: Any) -> None:
    error = refused(control(), {"rates": ["23", rate, "5", "0", None, None, "exempt"]})
    assert error is not None
    assert error.startswith("state.rates.1: ")
    if not isinstance(rate, list):
        assert "is not a VAT rate; write a percentage" in error


def test_python_seeds_are_refused_in_the_same_way() -> None:
    with EmulatedPrinter() as printer:
        for wrong, hint in (
            ({"cashh": 1}, "did you mean cash?"), ({"cash": "1"}, "state.cash: "), ({"cash": Decimal("1.5")}, "state.cash: "),
            ({"rates": ["23"]}, "state.rates: "), ({"day": {"reciepts": []}}, "did you mean receipts?"), ({"cash": object()}, "plain values"),
            ({"goods": {"X": {"rate": 7}}}, "state.goods.X.rate: "), ({"cash": -1}, "state.cash: "),
        ):  # fmt: skip
            with pytest.raises(ValueError, match=r"^(state|a control command)") as told:
                printer.seed(**wrong)
            assert hint in str(told.value)
        printer.seed(cash=777, last_record=NOON, goods={"KAWA": {"rate": 1}})
        assert printer.register.cash == 777
        assert printer.register.last_record == NOON
        assert printer.register.goods["KAWA"].rate == 1


@pytest.mark.parametrize(("profile", "number"), [("posnet", "EMU00000012"), ("novitus", "EMU0000000012")])
def test_a_seeded_unique_number_takes_the_form_of_the_family(profile: str, number: str) -> None:
    it = control("thermal", profile=profile)
    assert refused(it, {"unique_number": "EMU 12"}) is None
    assert it.device.register.state.unique_number == number


def test_rates_survive_a_restart(tmp_path: Path) -> None:
    with EmulatedPrinter(storage=tmp_path / "state") as printer:
        printer.seed(rates=["22", "7", None, None, None, None, "exempt"])
    with EmulatedPrinter(storage=tmp_path / "state") as printer:
        assert printer.register.rates == [Decimal(22), Decimal(7), None, None, None, None, "exempt"]


# -- hostile seeds -------------------------------------------------------------------------------------

HOSTILE: list[Any] = [
    0, -1, 1, 6, 7, 10**9, 10**12, 10**400, 1e300, "", " ", "\x1b\\", "\x02\x03", "\n" * 20, "x" * 10_000, "\u02d9", "Ж",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01", "9999-12-31", "EMU", "EMU 99999999999", "100", "98.99", "99.99", True,
    False, None, "none", "packaging", "exempt",
]  # fmt: skip
POSNET_QUERIES = (
    "scomm|", "sfsk|", "scnt|", "strns|", "stot|", "eclastdocnoget|ty0|", "rtcget|", "vatget|", "getrealid|", "hdrget|", "ftrinfoget|",
)  # fmt: skip
THERMAL_QUERIES = (
    "#s",
    "22#s",
    "23#s",
    "24#s",
    "28#s",
    "50#s",
    "99#s",
    "100;0#s",
    "100;1#s",
    "100;2#s",
    "#n",
    "#v",
    "#c",
    "#u",
    "$gKawa|A/",
)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_the_printer_works_with_any_accepted_seed(place: Path_) -> None:
    """A seed that is taken leaves a printer that answers every question and every command of a sale and a report."""
    posnet = PosnetTalk(state=RegisterState.model_validate_json(json.dumps(FULL)))
    thermal = [
        ThermalTalk(state=RegisterState.model_validate_json(json.dumps(FULL)), profile=profile, code_page=page)
        for profile, page in (("posnet", "mazovia"), ("novitus", "cp1250"))
    ]
    for value in HOSTILE:
        seed = with_value(place, value)
        told = refused(Control(posnet.printer, lambda: None), seed)
        for talk in thermal:
            assert refused(Control(talk.printer, lambda: None), seed) == told
        if told is not None:
            assert told.startswith(f"state.{place[0]}"), told
            continue
        for query in (
            *POSNET_QUERIES,
            "trinit|",
            "trline|naKawa|vt0|pr100|",
            "trend|to100|",
            "prncancel|",
            "dailyrep|da2026-10-09|",
        ):
            assert posnet.say(query), (value, query)
        for talk in thermal:
            for query in (*THERMAL_QUERIES, "0$h", "1$lKawa|1.|A/1/1/", "1;0$e000|0/1/", "0$e", "1;26;7;15#r"):
                assert talk.raw(sequence(query)), (value, query)
