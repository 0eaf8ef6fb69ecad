"""A POSNET printer that refuses for a condition of its own: whatever the document and the step, it waits.

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
from fiscald.model.jobs import Result
from fiscald.model.problems import Fate
from fiscald.model.receipt import Receipt
from fiscald.model.reports import DailyReport
from fiscald.protocols.base import DialogueAborted, Held, NotPrinted, Printed, Verdict, Wait
from fiscald.protocols.posnet import queries
from fiscald.protocols.posnet.conditions import CONDITIONS
from fiscald.protocols.posnet.family import FAMILY
from tests.emulator.posnet.talking import Talk
from tests.protocols import settings as settings_of
from tests.protocols.posnet.bench import PLAIN, PRINTOUT, RECEIPT, SETTINGS, Bench
from tests.protocols.posnet.scripted import drive, frame, payload

#: Every kind of document with its commands: the first opens it, the others come when it is open.
COMMANDS: list[tuple[Document, list[str]]] = [
    (PLAIN, ["trinit", "trline", "trend"]),
    (PRINTOUT, ["formstart", "formline", "formend"]),
    (DailyReport(), ["dailyrep"]),
    (CashIn(amount=Decimal("5.00")), ["cash"]),
    (CashOut(amount=Decimal("1.00")), ["cash"]),
    (GoodsReturn(amount=Decimal("1.00")), ["stocash"]),
    (Drawer(), ["opendrwr"]),
]
STEPS = [(document, command, not place) for document, commands in COMMANDS for place, command in enumerate(commands)]


def refusing(bench: Bench, document: Document, command: str, error: str) -> Verdict:
    """Carry ``document`` out on a printer that answers ``command`` with that error."""
    number = error.removeprefix("frame")

    def answer(data: bytes) -> bytes:
        mnemonic = payload(data).split("\t")[0]
        if mnemonic != command:
            return bench.answer(data)
        bench.sent.append(f"refused {mnemonic}")
        return frame(f"ERR\t?{number}\tcm{mnemonic}\t" if number != error else f"{mnemonic}\t?{number}\t")

    return drive(FAMILY.carry_out(document, SETTINGS, None), answer, journal=bench.journal)


@pytest.mark.parametrize(
    ("document", "command", "opening"), STEPS, ids=[f"{document.type}-{command}" for document, command, _ in STEPS]
)
def test_whatever_is_refused_for_a_condition_waits(document: Document, command: str, opening: bool) -> None:
    for error, row in CONDITIONS.by_error.items():
        bench = Bench()
        bench.talk.register.state.cash = 1000
        if command == "formend" and error.startswith("frame"):
            # It was not executed; recovery sends it again and prints what is complete.
            with pytest.raises(DialogueAborted):
                refusing(bench, document, command, error)
            assert isinstance(bench.recover(document), Printed)
            continue
        verdict = refusing(bench, document, command, error)
        assert isinstance(verdict, Held), (error, verdict)
        assert (verdict.problem.code, verdict.was_open) == (row.code, not opening), error
        assert verdict.problem.document is Fate.NOT_PRINTED
        assert error.removeprefix("frame") in str(verdict.problem.device_code)
        state = bench.talk.register.state
        assert state.transaction is None, "ours was cancelled"
        assert bench.talk.printer.memory.form is None
        assert state.day.receipt_count == 0
        assert bench.sent.count(f"refused {command}") == 1, "nothing is sent twice"
        assert (state.drawer_openings, state.cash, state.reports) == (0, 1000, 0)


#: Conditions that a switch of the emulated printer makes, and the documents that wait then.
SWITCHES: dict[Switch, tuple[str, set[str]]] = {
    Switch.UNAUTHORISED: ("unauthorised", {"receipt"}),
    Switch.REPORT_REQUIRED: ("report_due", {"receipt"}),
    Switch.TOTALS_FULL: ("totals_full", {"receipt"}),
    Switch.CHANGE_DUE: ("change_due", {"receipt"}),
    Switch.NO_HEADER: ("no_header", {"receipt"}),
    Switch.NO_RATES: ("no_rates", {"receipt"}),
    Switch.GOODS_FULL: ("goods_full", {"receipt"}),
    Switch.BATTERY: ("battery", {"receipt"}),
    Switch.JUMPER: ("jumper", {"receipt", "daily_report"}),
    Switch.NO_CLOCK: ("no_clock", {"receipt", "daily_report"}),
    Switch.MEMORY_FULL: ("memory_full", {"receipt", "daily_report"}),
    Switch.LOCKED: ("locked", {"cash_in", "cash_out", "goods_return"}),
    Switch.READ_ONLY: ("read_only", set(FAMILY.documents) - {"drawer"}),
    Switch.NO_POWER: ("no_power", set(FAMILY.documents) - {"drawer"}),
    Switch.COPY_BLOCKED: ("copy_blocked", set(FAMILY.documents) - {"drawer"}),
    Switch.WRONG_PROTOCOL: ("wrong_protocol", set(FAMILY.documents) - {"drawer"}),
    Switch.QUEUE_FULL: ("busy", set(FAMILY.documents)),
    Switch.PAPER_OUT: ("paper_out", set(FAMILY.documents)),
    Switch.COVER: ("cover_open", set(FAMILY.documents)),
    Switch.LEVER: ("cover_open", set(FAMILY.documents)),
    Switch.MENU: ("attention", set(FAMILY.documents)),
    Switch.WAIT_KEY: ("attention", set(FAMILY.documents)),
    Switch.MECHANISM: ("out_of_order", set(FAMILY.documents)),
}
#: Those that change nothing about whether a document is printed.
HARMLESS = {Switch.PAPER_LOW, Switch.NOT_FISCAL, Switch.CANCEL_REFUSED, Switch.NO_SERVER, Switch.QUEUE_LOST}


def test_every_switch_is_tried() -> None:
    assert SWITCHES.keys() | HARMLESS == set(Switch)
    made = {name for name, _ in SWITCHES.values()}
    # 2051 comes only to the lines under a registered receipt, where it is a note.
    assert made == {row.name for row in CONDITIONS.rows} - {"texts_full"}


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("document", [document for document, _ in COMMANDS], ids=lambda document: document.type)
def test_every_condition_stops_what_it_concerns_and_nothing_else(document: Document, switch: Switch) -> None:
    name, stopped = SWITCHES[switch]
    bench = Bench()
    bench.carry_out(RECEIPT)
    bench.talk.register.state.cash = 1000
    bench.talk.printer.faults.switches.add(switch)
    sheets = len(bench.talk.register.printouts)
    verdict: Verdict
    try:
        verdict = bench.carry_out(document)
    except DialogueAborted as error:
        # A question was refused; the engine makes the document wait.
        verdict = Wait(error.problem)
    if document.type not in stopped:
        assert isinstance(verdict, Printed), verdict
        return
    assert isinstance(verdict, Held | Wait)
    assert verdict.problem.code == f"printer.{name}"
    assert bench.talk.register.state.transaction is None
    bench.talk.printer.faults.clear()
    printed = bench.carry_out(document)
    assert isinstance(printed, Printed), "over, and nothing else was needed"
    new = bench.talk.register.printouts[sheets:]
    assert [sheet.kind for sheet in new if not sheet.kind.startswith("cancelled")] == (
        [] if document.type == "drawer" else ["form" if document.type == "printout" else document.type]
    )


def test_goods_at_another_rate_are_named_with_the_remedy() -> None:
    bench = Bench()
    bench.talk.register.state.goods["bułka"] = Goods(rate=3, lowered=True)
    verdict = bench.carry_out(PLAIN)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.code == "printer.refused"
    (error,) = verdict.problem.errors
    assert error.pointer == "/document/lines/1"
    assert "'Bułka'" in error.detail
    assert "under another name" in error.detail
    assert "„Bułka”" in str(error.detail_pl)
    assert "pod inną nazwą" in str(error.detail_pl)
    assert "„Bułka”" in verdict.problem.detail_pl
    assert verdict.problem.device_code == "2106 ERR_DF_DB_LOCKED"


@pytest.mark.parametrize("number", [10, 30])
@pytest.mark.parametrize(
    ("document", "command", "_"), STEPS, ids=[f"{document.type}-{command}" for document, command, _ in STEPS]
)
def test_a_person_who_says_no_at_the_printer_decides(document: Document, command: str, number: int, _: bool) -> None:
    verdict = refusing(Bench(), document, command, str(number))
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.code, verdict.again) == ("printer.cancelled", False)


@pytest.mark.parametrize("nth", range(1, 5))
def test_a_receipt_cancelled_on_the_keypad_fails_wherever_it_stands(nth: int) -> None:
    """Before each of its commands but the opening; the line is good, so a person has decided."""
    bench = Bench()
    commands = ["trline", "trline", "trpayment", "trend"]
    document = Receipt.model_validate(
        PLAIN.model_dump(mode="json", exclude_none=True) | {"payments": [{"type": "card", "amount": "11.50"}]}
    )
    left = [*commands[:nth]]

    def answer(data: bytes) -> bytes:
        if left and payload(data).startswith(left[0]):
            left.pop(0)
            if not left:
                bench.talk.printer.keypad_cancel()
        return bench.answer(data)

    verdict = drive(FAMILY.carry_out(document, SETTINGS, None), answer, journal=bench.journal)
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.code, verdict.again) == ("printer.cancelled", False)
    assert (bench.talk.register.state.day.receipt_count, bench.talk.register.state.day.cancelled_count) == (0, 1)


@pytest.mark.parametrize("document", [document for document, _ in COMMANDS], ids=lambda document: document.type)
@pytest.mark.parametrize("fiscal", [True, False])
def test_the_result_of_a_printer_in_training_has_a_warning(document: Document, fiscal: bool) -> None:
    bench = Bench(Talk(state=RegisterState(fiscal=fiscal, cash=1000)))
    verdict = bench.carry_out(document)
    assert isinstance(verdict, Printed)
    assert verdict.result.fiscal is fiscal
    assert Result(printer_id="ABC1").fiscal, "where nothing else is known"


@pytest.mark.parametrize(("seed", "name"), [({"header": ""}, "no_header"), ({"rates": [None] * 7}, "no_rates")])
def test_a_condition_in_the_look_is_reported_before_the_first_sale(seed: dict[str, object], name: str) -> None:
    bench = Bench(Talk(state=RegisterState.model_validate(seed)))
    snapshot = drive(queries.read_status(SETTINGS), bench.answer)
    assert snapshot.standing is not None
    assert snapshot.standing.code == f"printer.{name}"
    assert FAMILY.check(PLAIN, SETTINGS, snapshot).errors == (), "it is accepted, and waits"
    verdict = bench.carry_out(PLAIN)
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == f"printer.{name}"
    assert isinstance(bench.carry_out(CashIn(amount=Decimal("0.01"))), Printed)


def cancelled_and_sold(bench: Bench) -> None:
    """While we wait whether it stands still: ours is cancelled, another program sells, and opens one more."""
    device = bench.talk.printer
    device.keypad_cancel()
    device.foreign_receipt()
    assert device.foreign_begin()


def cancelled_and_reported(bench: Bench) -> None:
    """The same, with a daily report instead of a sale."""
    device = bench.talk.printer
    device.keypad_cancel()
    device.foreign_receipt()
    device.keypad_report()
    assert device.foreign_begin()


def cancelled(bench: Bench) -> None:
    """The same, without a sale in between; this family counts what is cancelled."""
    device = bench.talk.printer
    device.keypad_cancel()
    assert device.foreign_begin()


@pytest.mark.parametrize("meanwhile", [cancelled_and_sold, cancelled_and_reported, cancelled])
@pytest.mark.parametrize("profile", ["online", "old"])
def test_a_receipt_opened_while_we_wait_is_never_cancelled(profile: str, meanwhile: Callable[[Bench], None]) -> None:
    bench = Bench(Talk(profile=profile))
    settings = settings_of.posnet(profile=profile)
    bench.break_off(PLAIN, lambda mnemonic: mnemonic == "trinit", executed=True, settings=settings)
    waited = []

    def paused() -> None:
        waited.append(1)
        meanwhile(bench)

    bench.sent.clear()
    verdict = bench.recover(PLAIN, settings=settings, paused=paused)
    assert len(waited) == 1, "it was empty and alone, and was watched"
    assert not any(text.startswith(("prncancel", "trcancel")) for text in bench.sent)
    assert bench.talk.register.state.transaction is not None, "theirs is still open"
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.code, verdict.again) == ("printer.interrupted", True)
