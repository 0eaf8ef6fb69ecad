"""The technician's documents, the drawer, and what is asked of an idle printer."""

from __future__ import annotations

import pytest

from fiscald.protocols.base import NotPrinted, Printed
from fiscald.protocols.noviapi.family import FAMILY
from tests.protocols.noviapi.bench import INVOICE, PRINTOUT, Bench, Cut, document, settle
from tests.protocols.noviapi.printer import UNIQUE, NoviPrinter

# -- the technician's documents, the drawer -------------------------------------------------------------------


def test_the_drawer_opens_and_is_never_opened_twice() -> None:
    bench = Bench()
    bench.printed({"type": "drawer"})
    assert bench.sheets("drawer") == 1
    for place in range(1, bench.steps + 1):
        again = Bench(cut_at=place, executed=True)
        try:
            again.carry_out({"type": "drawer"})
        except Cut:
            if again.journal.last is not None:
                assert isinstance(again.recover({"type": "drawer"}), NotPrinted)
        assert again.sheets("drawer") <= 1


def test_rates_and_clock_are_set_and_read_back() -> None:
    rates = {"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": None, "F": None, "G": "exempt"}
    bench = Bench()
    verdict = bench.printed({"type": "set_vat_rates", "rates": rates})
    assert bench.printer.rates == {"A": "23", "B": "8", "C": "5", "D": "0", "G": "ZW"}
    assert verdict.rates is not None
    again = bench.printed({"type": "set_vat_rates", "rates": rates})
    assert [each.code for each in again.notices] == ["setting.unchanged"]
    bench.printed({"type": "set_clock", "time": "2026-11-22T12:30:00+01:00"})
    assert bench.drive(FAMILY.read_status(bench.settings)).clock is not None
    refused = Bench(NoviPrinter(refuse_with=8)).carry_out({"type": "set_vat_rates", "rates": rates})
    assert isinstance(refused, NotPrinted)
    asks = FAMILY.check(
        document({"type": "set_vat_rates", "rates": rates, "confirm_on_printer": True}), bench.settings, None
    )
    assert [each.pointer for each in asks.errors] == ["/document/confirm_on_printer"]


@pytest.mark.parametrize("executed", [False, True])
def test_silence_while_rates_are_set_is_settled_by_what_the_printer_shows(executed: bool) -> None:
    content = {
        "type": "set_vat_rates",
        "rates": {"A": "22%", "B": "8%", "C": "5%", "D": "0%", "E": None, "F": None, "G": None},
    }
    whole = Bench()
    whole.printed(content)
    for place in range(1, whole.steps + 1):
        bench = Bench(cut_at=place, executed=executed)
        assert isinstance(settle(bench, content), Printed), place
        assert bench.printer.rates["A"] == "22"


# -- looking -----------------------------------------------------------------------------------------------


def test_looking_at_an_idle_printer_costs_no_token_and_no_job() -> None:
    bench = Bench()
    snapshot = bench.drive(FAMILY.read_status(bench.settings))
    assert (snapshot.identity.printer_id, snapshot.identity.profile, snapshot.identity.nip) == (
        UNIQUE,
        "80mm",
        "5220001694",
    )
    assert snapshot.rates == {"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": "exempt", "F": None, "G": None}
    jobs, asked = len(bench.printer.jobs), len(bench.printer.asked)
    for _ in range(100):
        assert bench.drive(FAMILY.read_condition(bench.settings)).problem is None
    bench.printer.device_error = 1037
    assert bench.drive(FAMILY.read_condition(bench.settings)).state == "paper_out"
    assert len(bench.printer.jobs) == jobs
    assert set(bench.printer.asked[asked:]) == {"GET status"}
    bench.printer.jobs.clear()
    assert bench.drive(FAMILY.read_condition(bench.settings)).problem is None


def test_a_scan_asks_one_question_without_a_token() -> None:
    bench = Bench()
    found = bench.drive(FAMILY.identify(bench.settings))
    assert found.identity.printer_id == ""
    assert bench.printer.asked == ["GET"]


def test_the_header_is_read() -> None:
    bench = Bench()
    assert bench.drive(FAMILY.read_header(bench.settings)).lines == ("SKLEP Jan", "Warszawa")


def test_every_other_document_has_a_reason() -> None:
    capabilities = FAMILY.capabilities(Bench().settings, None)
    assert {kind for kind, each in capabilities.items() if each.supported} == set(FAMILY.handlers)
    reasons = [each.why for each in capabilities.values() if not each.supported]
    assert len(reasons) == 5
    assert all(reasons)


def test_invoices_and_printouts_keep_their_form() -> None:
    bench = Bench()
    payments = [{"type": "transfer", "amount": "123.00"}]
    verdict = bench.printed({**INVOICE, "payments": payments, "copies": 2, "sale_date": "2026-11-20"})
    assert verdict.result.number == 4
    content = bench.printer.paper[0][1]
    assert content["info"] == {"number": "FV/10/2026", "copy_count": 2, "date_of_sell": "20-11-2026"}
    assert content["options"] == {"enable_payment_form": True}
    bench.printed(PRINTOUT)
    lines = bench.printer.paper[1][1]["lines"]
    assert lines[0] == {"textline": {"text": "Zamówienie 17", "masked": False, "bold": True, "center": True}}
    assert lines[2:4] == [{"special_line": {"type": "emptyline"}}, {"special_line": {"type": "underline"}}]
