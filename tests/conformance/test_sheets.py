"""A document of one sheet that is no sale, while other programs sell and cancel; in every family with receipts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from fiscald.protocols.base import NotPrinted, Printed
from tests.conformance.bench import RECORDS, Bench
from tests.conformance.families import CASES, RECEIPTS
from tests.found import found

pytestmark = pytest.mark.parametrize("family", RECEIPTS)

#: Documents of one sheet that is no sale.
ONE_STEP = ("printout", "cash_in", "cash_out", "monthly_report", "periodic_report")
#: What others do one after the other: with receipts of 3.00, and of 4.00.
OTHERS: dict[str, tuple[Callable[[Bench, int], None], Callable[[Bench, int], None]]] = {
    "two cancelled": (Bench.others_give_up, Bench.others_give_up),
    "cancelled, completed": (Bench.others_give_up, Bench.others_receipt),
    "completed, cancelled": (Bench.others_receipt, Bench.others_give_up),
    "cancelled, open": (Bench.others_give_up, Bench.others_open),
}


@pytest.mark.parametrize("others", OTHERS)
@pytest.mark.parametrize("executed", [True, False])
def test_receipts_of_others_are_never_taken_for_our_sheet(family: str, executed: bool, others: str) -> None:
    """Our sheet is printed or lost, and its answer is lost. Not every printer counts the cancelled receipts."""
    documents = found(set(ONE_STEP) & CASES[family].documents.keys())
    for kind in documents:
        document = CASES[family].documents[kind]
        bench = Bench(family, cash=100_000, **RECORDS)
        bench.break_off_deciding(document, executed=executed)
        if bench.open:
            continue  # no other program prints before it ends
        for act, price in zip(OTHERS[others], (300, 400), strict=True):
            act(bench, price)
        verdict = bench.settle(document, partial(bench.recover, document))
        assert not isinstance(verdict, NotPrinted if executed else Printed), kind
