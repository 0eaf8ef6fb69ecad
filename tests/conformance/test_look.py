"""What every family tells of a printer when it is looked at."""

from __future__ import annotations

import pytest

from fiscald.protocols.base import Dialogue
from tests.conformance.bench import Bench
from tests.conformance.families import RECEIPTS
from tests.protocols.driving import T

pytestmark = pytest.mark.parametrize("family", RECEIPTS)


def counts_cancelled(bench: Bench) -> bool:
    """A printer that does not tell their value does not count them either."""
    return bench.case.cancelled_value


def look(bench: Bench, dialogue: Dialogue[T]) -> T:
    return bench.drive(dialogue)


@pytest.mark.parametrize("fiscal", [True, False])
def test_whether_the_printer_is_fiscal(family: str, fiscal: bool) -> None:
    """The licence counts the clock of a fiscal printer as a witness, and a training printer registers nothing."""
    bench = Bench(family, fiscal=fiscal)
    assert look(bench, bench.family.read_status(bench.settings)).identity.fiscal is fiscal
    assert look(bench, bench.family.identify(bench.settings)).identity.fiscal is fiscal


def test_who_it_is_and_what_it_counts(family: str) -> None:
    bench = Bench(family)
    bench.others_receipt(500)
    bench.others_receipt(700)
    bench.others_give_up(300)
    bench.others_pay_in()
    bench.device.register.state.report_offset = 4
    snapshot = look(bench, bench.family.read_status(bench.settings))
    told = snapshot.counters
    assert snapshot.identity.printer_id == bench.device.register.state.unique_number
    cancelled = 1 if counts_cancelled(bench) else None
    assert (told.daily_report, told.receipts, told.cancelled, told.printouts) == (5, 2, cancelled, 4)
    assert told.last_receipt == bench.device.register.state.day.last_receipt
    assert snapshot.clock is not None
    assert (snapshot.day_open, snapshot.transaction_open) == (True, False)
    bench.others_open()
    assert look(bench, bench.family.read_status(bench.settings)).transaction_open
    assert look(bench, bench.family.identify(bench.settings)).transaction_open


def test_a_day_without_a_sale_is_not_open(family: str) -> None:
    bench = Bench(family)
    assert not look(bench, bench.family.read_status(bench.settings)).day_open
    bench.others_receipt(500)
    bench.others_report()
    snapshot = look(bench, bench.family.read_status(bench.settings))
    assert not snapshot.day_open
    assert (snapshot.counters.daily_report, snapshot.counters.last_receipt) == (2, 0)
    assert snapshot.counters.receipts == bench.case.receipts_of_all_days


def test_a_day_with_nothing_but_a_cancelled_receipt_is_open(family: str) -> None:
    """Unless the printer does not count it."""
    bench = Bench(family)
    bench.others_give_up(300)
    assert look(bench, bench.family.read_status(bench.settings)).day_open is counts_cancelled(bench)
