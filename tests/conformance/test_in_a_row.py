"""Receipts in a row: each one starts from what the one before it left (docs/recovery.md, "What is not asked again")."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from fiscald.model.cash import CashIn
from fiscald.model.receipt import Receipt
from fiscald.protocols.base import Baseline, DialogueAborted, Effect, NotPrinted, Printed, Wait
from fiscald.protocols.posnet.queries import PosnetBaseline
from tests.conformance.bench import Bench
from tests.conformance.families import RECEIPTS
from tests.conformance.test_others import RECEIPT
from tests.conformance.test_recovery import takes
from tests.families import package
from tests.found import found

pytestmark = pytest.mark.parametrize("family", RECEIPTS)

KAWA = {"name": "Kawa", "price": "10.00", "vat": "23%"}
DOCUMENTS = {
    "plain": RECEIPT,
    "by rate": Receipt.model_validate({"lines": [KAWA, KAWA | {"name": "Woda", "vat": "8%", "quantity": "0.333"}]}),
    "discount": Receipt.model_validate({"lines": [KAWA], "discount": {"percent": "5"}}),
    "storno": Receipt.model_validate({"lines": [KAWA, KAWA, KAWA | {"storno": True}]}),
    "card": Receipt.model_validate({"lines": [KAWA], "payments": [{"type": "card", "amount": "10.00"}]}),
    "packaging": Receipt.model_validate({"lines": [KAWA], "packaging": [{"number": "1", "price": "0.50"}]}),
    "footer": Receipt.model_validate({"lines": [KAWA], "footer": ["Dziękujemy"], "system_number": "SN-1"}),
}


def printed(bench: Bench, document: Receipt, baseline: Baseline[Any] | None = None) -> Printed:
    verdict = bench.carry_out(document, baseline=baseline)
    assert isinstance(verdict, Printed), verdict
    return verdict


def left(bench: Bench) -> Baseline[Any]:
    """What the first receipt leaves."""
    baseline = printed(bench, RECEIPT).baseline
    assert baseline is not None
    return baseline


def read_again(bench: Bench) -> Baseline[Any]:
    queries = importlib.import_module(f"fiscald.protocols.{package(bench.family.name)}.queries")
    baseline: Baseline[Any] = bench.drive(queries.read_baseline(), None)
    return baseline


def essence(baseline: Baseline[Any]) -> Baseline[Any]:
    """Without what a look has for the plan, and the time of the last sale, which no receipt starts from."""
    look = baseline.look.model_copy(update={"profile": None, "rates": None})
    if getattr(look, "day", None) is not None:
        look = look.model_copy(update={"day": look.day.model_copy(update={"last_sale": None})})
    if isinstance(baseline, PosnetBaseline):
        baseline = replace(baseline, exact_clock=False, copy_offset=None)
    return replace(baseline, look=look)


def unchanged(bench: Bench, baseline: Baseline[Any]) -> bool:
    assert bench.family.unchanged is not None
    return bench.drive(bench.family.unchanged(baseline), None)


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_receipt_leaves_what_the_printer_would_report(family: str, document: Receipt) -> None:
    whole = Bench(family).device.profiles
    for profile in found([profile for profile in whole if takes(family, profile, document)]):
        bench = Bench(family, profile)
        baseline: Baseline[Any] | None = None
        for _ in range(3):
            baseline = printed(bench, document, baseline).baseline
            assert baseline is not None
            assert essence(baseline) == essence(read_again(bench))
            assert unchanged(bench, baseline)


def test_the_next_receipt_asks_three_questions_beside_its_frames(family: str) -> None:
    """While it is open, after its closing command, and for its paper; a printer without seconds also for the time."""
    bench = Bench(family)
    baseline, since = left(bench), len(bench.steps)
    whole = [step for step in bench.steps if step.step.effect is Effect.QUERY]
    printed(bench, RECEIPT, baseline)
    asked = [step.name for step in bench.steps[since:] if step.step.effect is Effect.QUERY]
    assert asked == {
        "posnet": ["scnt", "scnt", "sdev"],
        "thermal": ["ENQ", "#s 50", "#s 23", "#s 50", "DLE", "ENQ", "#c"],
    }.get(family, asked)
    assert len(asked) < len(whole)


@pytest.mark.parametrize("nth", [1, 2])
def test_a_receipt_of_another_program_in_between_changes_nothing(family: str, nth: int) -> None:
    bench = Bench(family)
    baseline = left(bench)
    for _ in range(nth):
        bench.others_receipt(777)
    assert not unchanged(bench, baseline)
    verdict = printed(bench, RECEIPT, baseline)
    assert verdict.result.number == nth + 2
    assert verdict.baseline is None or essence(verdict.baseline) == essence(read_again(bench))


def test_a_report_in_between_changes_nothing_but_the_day(family: str) -> None:
    bench = Bench(family)
    bench.device.auto_confirm = True
    baseline = left(bench)
    bench.others_report()
    assert not unchanged(bench, baseline)
    verdict = printed(bench, RECEIPT, baseline)
    assert verdict.result.daily_report == 2
    assert verdict.result.number == bench.sold[-1].number


def test_a_new_vat_table_is_read_before_the_first_line(family: str) -> None:
    bench = Bench(family)
    bench.device.auto_confirm = True
    baseline = left(bench)
    bench.others_report()
    a, b, *others = bench.device.register.state.rates
    bench.device.register.ledger.set_rates([b, a, *others])
    verdict = bench.carry_out(DOCUMENTS["by rate"], baseline=baseline)
    assert isinstance(verdict, NotPrinted)
    assert (verdict.again, len(bench.sold)) == (True, 1)
    assert bench.device.register.state.transaction is None, "our empty receipt was cancelled"
    printed(bench, DOCUMENTS["by rate"])
    assert bench.device.register.state.day.receipts[:2] == [333, 1000], "Kawa is 23 %, which is rate B now"


def test_a_new_vat_table_is_noticed_before_the_first_receipt_of_a_day(family: str) -> None:
    """No counter moves with it while the day has no sale, so the table is read again while our receipt is empty."""
    bench = Bench(family)
    a, b, *others = bench.device.register.state.rates
    bench.before(bench.names.opening, lambda: bench.device.register.ledger.set_rates([b, a, *others]))
    verdict = bench.carry_out(DOCUMENTS["by rate"])
    assert isinstance(verdict, NotPrinted)
    assert (verdict.again, len(bench.sold)) == (True, 0)
    printed(bench, DOCUMENTS["by rate"])
    assert bench.device.register.state.day.receipts[:2] == [333, 1000], "Kawa is 23 %, which is rate B now"


@pytest.mark.parametrize(
    "happens",
    [
        lambda bench: bench.others_receipt(777),
        lambda bench: bench.others_report(),
        lambda bench: bench.carry_out(CashIn(amount=Decimal("5.00"))),
        lambda bench: (bench.others_open(777), bench.others_cancel()),
    ],
    ids=["receipt", "report", "slip", "cancelled receipt"],
)
def test_whatever_is_printed_in_between_is_noticed(family: str, happens: Callable[[Bench], object]) -> None:
    for profile in found(Bench(family).device.profiles):
        bench = Bench(family, profile)
        bench.device.auto_confirm = True
        baseline = left(bench)
        happens(bench)
        assert not unchanged(bench, baseline), profile


def test_a_printer_in_training_leaves_nothing(family: str) -> None:
    bench = Bench(family, fiscal=False)
    assert printed(bench, RECEIPT).baseline is None


def test_another_printer_on_the_same_cable_is_noticed(family: str) -> None:
    """The link did not notice it. A printer says who it is in every answer that counts; of a Thermal one, the answer
    after the closing command does."""
    baseline = left(Bench(family))
    other = Bench(family, unique_number="EMU 0000000002")
    printed(other, RECEIPT)  # so that the counters are the same
    sold = len(other.sold)
    if family != "thermal":
        assert not unchanged(other, baseline)
        with pytest.raises(DialogueAborted, match="another printer"):
            other.carry_out(RECEIPT, baseline=baseline)
        assert len(other.sold) == sold
    else:
        verdict = other.carry_out(RECEIPT, baseline=baseline)
        assert isinstance(verdict, Wait)
        assert verdict.problem.code == "printer.swapped"
