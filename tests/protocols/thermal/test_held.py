"""A Thermal printer that refuses for a condition of its own: whatever the document and the step, it waits.

Every error number of the table of conditions is answered to every command of every kind of document.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import Goods, RegisterState
from fiscald.model.cash import CashIn, CashOut, Drawer, GoodsReturn
from fiscald.model.documents import Document
from fiscald.model.problems import Fate
from fiscald.model.receipt import Receipt
from fiscald.model.reports import DailyReport
from fiscald.protocols.base import DialogueAborted, Held, NotPrinted, Printed, Verdict, Wait
from fiscald.protocols.thermal import queries
from fiscald.protocols.thermal.conditions import CONDITIONS
from fiscald.protocols.thermal.family import FAMILY
from fiscald.protocols.thermal.fields import Brand
from fiscald.protocols.thermal.grammar import State
from fiscald.protocols.thermal.profiles import PROFILES
from tests.emulator.thermal.talking import Talk
from tests.protocols import settings as settings_of
from tests.protocols.thermal.bench import RECEIPT, SLIPS, Bench
from tests.protocols.thermal.scripted import Till, drive

#: Every kind of document with its commands: the first opens it, the others come when it is open.
COMMANDS: list[tuple[Document, list[str]]] = [
    (RECEIPT, ["$h", "$l", "$y"]),
    (DailyReport(), ["#r"]),
    (CashIn(amount=Decimal("5.00")), ["#i"]),
    (CashOut(amount=Decimal("1.00")), ["#d"]),
    (GoodsReturn(amount=Decimal("1.00")), ["#z"]),
    (Drawer(), ["$d 1"]),
]
STEPS = [(document, command, not place) for document, commands in COMMANDS for place, command in enumerate(commands)]
DOCUMENTS = [document for document, _ in COMMANDS]


def bench_of(profile: str = "posnet", **state: object) -> Bench:
    till = Till(PROFILES[profile], cash=1000, totals=[100] + [0] * 6, **state)  # type: ignore[arg-type]
    return Bench(till, settings_of.thermal(profile=profile))


def check_waits(bench: Bench, verdict: Verdict, code: str, number: int, *, was_open: bool) -> None:
    till = bench.till
    assert isinstance(verdict, Held), (number, verdict)
    assert (verdict.problem.code, verdict.was_open, verdict.problem.device_code) == (code, was_open, str(number))
    assert verdict.problem.document is Fate.NOT_PRINTED
    assert till.state is State.IDLE, "ours was cancelled"
    assert (till.par_num, till.reports, till.cash, till.drawer) == (0, 0, 1000, 0)


@pytest.mark.parametrize("brand", Brand)
@pytest.mark.parametrize(
    ("document", "command", "opening"), STEPS, ids=[f"{document.type}-{command}" for document, command, _ in STEPS]
)
def test_whatever_is_refused_for_a_condition_waits(
    document: Document, command: str, opening: bool, brand: Brand
) -> None:
    for error, row in CONDITIONS.by_error.items():
        digits = error.removeprefix(brand.value)
        if not digits.isdigit():
            continue
        number = int(digits)
        bench = bench_of("novitus" if brand is Brand.NOVITUS else "posnet")
        bench.till.refuses[command] = number
        verdict = bench.carry_out(document)
        check_waits(bench, verdict, row.code, number, was_open=not opening)
        assert bench.asked.count(command) == 1, "nothing is sent twice"


@pytest.mark.parametrize(("number", "otherwise"), [(40, "printer.no_header"), (6, "printer.out_of_order")])
@pytest.mark.parametrize("free", [0, 5])
def test_the_memory_shows_which_meaning_an_error_has(number: int, otherwise: str, free: int) -> None:
    bench = bench_of(records_free=5)
    bench.till.refuses["$h"] = number

    def answer(name: str, data: bytes) -> bytes:
        if name == "$h":
            bench.till.records_free = free
        return bench.answer(data)

    verdict = bench.carry_out(RECEIPT, answer=answer)
    check_waits(bench, verdict, otherwise if free else "printer.memory_full", number, was_open=False)


@pytest.mark.parametrize(("document", "command", "_"), STEPS, ids=[f"{each[0].type}-{each[1]}" for each in STEPS])
def test_18_is_missing_rates_but_behind_a_line_the_control_of_rates(document: Document, command: str, _: bool) -> None:
    bench = bench_of()
    bench.till.refuses[command] = 18
    verdict = bench.carry_out(document)
    if command != "$l":
        assert isinstance(verdict, Held)
        assert verdict.problem.code == "printer.no_rates"
        return
    assert isinstance(verdict, NotPrinted)
    (error,) = verdict.problem.errors
    assert error.pointer == "/document/lines/0"
    assert "'Kawa'" in error.detail
    assert "under another name" in error.detail
    assert "„Kawa”" in str(error.detail_pl)
    assert "pod inną nazwą" in str(error.detail_pl)
    assert "„Kawa”" in verdict.problem.detail_pl


def test_a_condition_that_the_printer_does_not_know_of_is_noise() -> None:
    """Error numbers have no check byte: one damaged digit makes a condition out of anything."""
    bench = bench_of()
    bench.till.refuses["$l"] = 92

    def answer(name: str, data: bytes) -> bytes:
        if name == "#n":
            bench.till.error = 4
        return bench.answer(data)

    verdict = bench.carry_out(RECEIPT, answer=answer)
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.code, verdict.again) == ("printer.interrupted", True)


@pytest.mark.parametrize("midnight", [True, False])
def test_a_date_that_is_refused_though_the_printer_told_it(midnight: bool) -> None:
    """Midnight came in between, or its clock is before its last record: then only the service helps."""
    bench = bench_of()
    bench.till.refuses["#r"] = 7

    def answer(name: str, data: bytes) -> bytes:
        if name == "#r":
            bench.till.day += midnight
        return bench.answer(data)

    verdict = bench.carry_out(DailyReport(), answer=answer)
    if midnight:
        assert isinstance(verdict, NotPrinted)
        assert verdict.again
    else:
        check_waits(bench, verdict, "printer.no_clock", 7, was_open=False)


@pytest.mark.parametrize("document", SLIPS, ids=lambda document: document.type)
def test_a_slip_has_no_date_to_be_refused(document: Document) -> None:
    bench = bench_of()
    bench.till.refuses[{"cash_in": "#i", "cash_out": "#d", "goods_return": "#z"}[document.type]] = 7
    verdict = bench.carry_out(document)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again, "7 passes where it is about a date, and else is noise"


@pytest.mark.parametrize(("document", "command", "_"), STEPS, ids=[f"{each[0].type}-{each[1]}" for each in STEPS])
def test_a_person_who_says_no_at_the_printer_decides(document: Document, command: str, _: bool) -> None:
    bench = bench_of()
    bench.till.refuses[command] = 37
    verdict = bench.carry_out(document)
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.code, verdict.problem.device_code, verdict.again) == ("printer.cancelled", "37", False)


@pytest.mark.parametrize("before", ["$l", "$y"])
def test_a_receipt_cancelled_on_the_keypad_fails_wherever_it_stands(before: str) -> None:
    bench = bench_of()
    lines = []

    def answer(name: str, data: bytes) -> bytes:
        lines.append(name)
        if name == before and lines.count("$l") == 2:
            bench.till.cancel()
        return bench.answer(data)

    verdict = bench.carry_out(RECEIPT, answer=answer)
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.code, verdict.again) == ("printer.cancelled", False)
    assert (bench.till.par_num, bench.till.cancelled) == (0, 1)


def test_somebody_who_cancels_ours_and_sells_another_one_has_decided() -> None:
    bench = bench_of()

    def answer(name: str, data: bytes) -> bytes:
        if name == "$y":
            bench.till.cancel()
            bench.till.others_receipt(777)
        return bench.answer(data)

    verdict = bench.carry_out(RECEIPT, answer=answer)
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.code, verdict.again) == ("printer.cancelled", False)


@pytest.mark.parametrize("command", ["$l", "$y"])
def test_a_receipt_that_the_printer_itself_gave_up_is_carried_out_again(command: str) -> None:
    """No command came for 20 minutes (5.2), perhaps because the paper ran out: no person has cancelled it."""
    bench = bench_of()
    bench.till.refuses[command] = 96

    def answer(name: str, data: bytes) -> bytes:
        if name == command:
            bench.till.cancel()
        return bench.answer(data)

    verdict = bench.carry_out(RECEIPT, answer=answer)
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.code, verdict.again) == ("printer.interrupted", True)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.type)
@pytest.mark.parametrize("fiscal", [True, False])
def test_the_result_of_a_printer_in_training_has_a_warning(document: Document, fiscal: bool) -> None:
    bench = bench_of(fiscal=fiscal)
    verdict = bench.carry_out(document)
    assert isinstance(verdict, Printed)
    assert verdict.result.fiscal is fiscal


# -- the emulated printer -------------------------------------------------------------------------------

EVERYTHING = set(FAMILY.documents)
#: Switch -> condition and documents that wait, on POSNET printers, and where it is otherwise on Novitus.
SWITCHES: dict[Switch, tuple[str, set[str]]] = {
    Switch.NO_HEADER: ("no_header", {"receipt"}),
    Switch.NO_RATES: ("no_rates", EVERYTHING),
    Switch.NO_CLOCK: ("no_clock", EVERYTHING - {"drawer"}),
    Switch.MEMORY_FULL: ("memory_full", {"receipt", "daily_report"}),
    Switch.BATTERY: ("battery", EVERYTHING),
    Switch.JUMPER: ("jumper", {"receipt"}),
    Switch.GOODS_FULL: ("goods_full", {"receipt"}),
    Switch.TOTALS_FULL: ("totals_full", {"receipt"}),
    Switch.CHANGE_DUE: ("change_due", {"receipt"}),
    Switch.QUEUE_FULL: ("busy", EVERYTHING - {"drawer"}),
    Switch.COPY_BLOCKED: ("copy_blocked", EVERYTHING - {"drawer"}),
    Switch.PAPER_OUT: ("paper_out", EVERYTHING),
    Switch.COVER: ("attention", EVERYTHING),
    Switch.LEVER: ("attention", EVERYTHING),
    Switch.MENU: ("attention", EVERYTHING),
    Switch.MECHANISM: ("out_of_order", EVERYTHING),
}
NOVITUS = SWITCHES | {
    Switch.REPORT_REQUIRED: ("report_due", {"receipt"}),
    Switch.LOCKED: ("locked", {"receipt"}),
    Switch.NO_POWER: ("no_power", EVERYTHING - {"drawer"}),
    Switch.READ_ONLY: ("read_only", EVERYTHING - {"drawer"}),
}
#: Those of the other family, those that change nothing about whether a document is printed, and a question on the
#: display, in which DLE says on-line and everything waits in the printer.
OTHERS = {
    Switch.UNAUTHORISED, Switch.WRONG_PROTOCOL, Switch.CANCEL_REFUSED, Switch.NO_SERVER,
    Switch.QUEUE_LOST,
    Switch.PAPER_LOW, Switch.NOT_FISCAL, Switch.WAIT_KEY,
}  # fmt: skip


def test_every_switch_is_tried() -> None:
    assert NOVITUS.keys() | OTHERS == set(Switch)
    made = {name for name, _ in NOVITUS.values()}
    # 84 comes only to texts that are sent by themselves, which ours are not.
    assert made == {row.name for row in CONDITIONS.rows} - {"texts_full"}


@pytest.mark.parametrize(
    ("profile", "switch"),
    [("posnet", switch) for switch in SWITCHES] + [("novitus", switch) for switch in NOVITUS],
)
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.type)
def test_every_condition_stops_what_it_concerns_and_nothing_else(
    document: Document, profile: str, switch: Switch
) -> None:
    name, stopped = NOVITUS[switch]
    talk = Talk(profile=profile, state=RegisterState(cash=1000))
    bench = Bench(settings=settings_of.thermal(profile=profile))

    def answer(_: str, data: bytes) -> bytes:
        talk.printer.receive(data, 0.0)
        return talk.printer.poll(0.0)

    assert isinstance(bench.carry_out(RECEIPT, answer=answer), Printed)
    talk.printer.faults.switches.add(switch)
    sheets = len(talk.register.printouts)
    verdict: Verdict
    try:
        verdict = bench.carry_out(document, answer=answer)
    except DialogueAborted as error:
        # A question was refused; the engine makes the document wait.
        verdict = Wait(error.problem)
    if document.type not in stopped:
        assert isinstance(verdict, Printed), verdict
        return
    assert isinstance(verdict, Held | Wait)
    assert verdict.problem.code == f"printer.{name}"
    assert talk.register.state.transaction is None
    talk.printer.faults.clear()
    assert isinstance(bench.carry_out(document, answer=answer), Printed), "over, and nothing else was needed"
    new = talk.register.printouts[sheets:]
    assert [sheet.kind for sheet in new if not sheet.kind.startswith("cancelled")] == (
        [] if document.type == "drawer" else [document.type]
    )


@pytest.mark.parametrize(
    ("switch", "name"),
    [(Switch.NO_CLOCK, "no_clock"), (Switch.NO_RATES, "no_rates"), (Switch.MEMORY_FULL, "memory_full")],
)
@pytest.mark.parametrize("profile", PROFILES)
def test_a_condition_in_the_look_is_reported_before_the_first_sale(profile: str, switch: Switch, name: str) -> None:
    talk = Talk(profile=profile)
    talk.printer.faults.switches.add(switch)
    settings = settings_of.thermal(profile=profile)

    def answer(data: bytes) -> bytes:
        talk.printer.receive(data, 0.0)
        return talk.printer.poll(0.0)

    snapshot = drive(queries.read_status(settings), answer)
    assert snapshot.standing is not None
    assert snapshot.standing.code == f"printer.{name}"
    assert FAMILY.check(RECEIPT, settings, snapshot).errors == (), "it is accepted, and waits"


def test_goods_at_another_rate_are_named_with_the_remedy() -> None:
    talk = Talk()
    talk.register.state.goods[talk.register.goods.key("Bułka")] = Goods(rate=3, lowered=True)
    document = Receipt.model_validate({"lines": [{"name": "Bułka", "price": "1.50", "vat": "5%"}]})

    def answer(data: bytes) -> bytes:
        talk.printer.receive(data, 0.0)
        return talk.printer.poll(0.0)

    verdict = drive(FAMILY.carry_out(document, settings_of.thermal(profile="posnet"), None), answer)
    assert isinstance(verdict, NotPrinted)
    assert [error.pointer for error in verdict.problem.errors] == ["/document/lines/0"]
    assert "„Bułka”" in verdict.problem.detail_pl


def cancelled_and_sold(till: Till) -> None:
    """While we wait whether it stands still: ours is cancelled, another program sells, and opens one more."""
    till.cancel()
    till.state = State.IDLE
    till.others_receipt()
    till.others_begin()


def cancelled_and_reported(till: Till) -> None:
    """The same, with a daily report after the sale: the counters of the day begin again."""
    till.cancel()
    till.state = State.IDLE
    till.others_receipt()
    till.report()
    till.others_begin()


MEANWHILE = pytest.mark.parametrize("meanwhile", [cancelled_and_sold, cancelled_and_reported])


def check_left_alone(bench: Bench, verdict: Verdict, waited: list[int]) -> None:
    assert waited == [1], "it was empty and alone, and was watched"
    assert "$e 0" not in bench.asked
    assert bench.till.state is State.LINES, "theirs is still open"
    assert isinstance(verdict, NotPrinted)


@MEANWHILE
@pytest.mark.parametrize("profile", ["posnet", "novitus"])
@pytest.mark.parametrize(("stop", "executed"), [("$h", True), ("$l", False)])
def test_a_receipt_opened_while_we_wait_is_never_cancelled(
    profile: str, stop: str, executed: bool, meanwhile: Callable[[Till], None]
) -> None:
    """After a lost link, before and after our receipt was known to be open; an empty one leaves no trace (5.5)."""
    bench = bench_of(profile)
    bench.break_off(RECEIPT, stop, executed=executed)
    waited: list[int] = []

    def paused() -> None:
        waited.append(1)
        meanwhile(bench.till)

    bench.asked.clear()
    verdict = bench.recover(RECEIPT, paused=paused)
    check_left_alone(bench, verdict, waited)
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.code, verdict.again) == ("printer.interrupted", True)


@MEANWHILE
@pytest.mark.parametrize("profile", ["posnet", "novitus"])
def test_nor_while_our_first_line_is_refused(profile: str, meanwhile: Callable[[Till], None]) -> None:
    bench = bench_of(profile)
    bench.till.refuses["$l"] = 92
    waited: list[int] = []

    def paused() -> None:
        waited.append(1)
        meanwhile(bench.till)

    verdict = bench.carry_out(RECEIPT, paused=paused)
    check_left_alone(bench, verdict, waited)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.code == "printer.cancelled"
