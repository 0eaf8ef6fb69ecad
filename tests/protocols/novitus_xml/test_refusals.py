"""The printer refuses an element: whose fault it is, and that nothing stays open or is lost."""

from __future__ import annotations

import pytest

from fiscald.model.documents import Document
from fiscald.protocols.base import Held, NotPrinted, Printed, Unknown, Wait
from tests.protocols.novitus_xml.bench import RECEIPT, Bench, document
from tests.protocols.novitus_xml.test_dialogue import DOCUMENTS, LINES

#: The executing elements of each document, in order.
ELEMENTS = {
    "receipt": ["receipt begin", "item", "payment", "receipt close"],
    "discounts": ["discount"],
    "packaging_sold": ["container"],
    "invoice": ["invoice begin", "item", "invoice close"],
    "packaging": ["receipt begin", "container", "receipt close"],
    "daily_report": ["report daily"],
    "monthly_report": ["report periodical"],
    "cash_in": ["cash payin"],
    "printout": ["nonfiscalprintout"],
}
EACH = [pytest.param(name, one, id=f"{name}-{one}") for name, elements in ELEMENTS.items() for one in elements]


def refused(name: str, one: str, error: int) -> tuple[Bench, NotPrinted | Held | Printed | Unknown | Wait]:
    bench = Bench()
    lines = len(getattr(DOCUMENTS[name], "lines", ())) if one == "item" else 1
    bench.printer.refuse[one] = [*[None] * (lines - 1), error]
    return bench, bench.carry_out(DOCUMENTS[name])


@pytest.mark.parametrize(("name", "one"), EACH)
def test_a_refusal_for_the_documents_sake_fails_it(name: str, one: str) -> None:
    bench, verdict = refused(name, one, 4)
    assert isinstance(verdict, NotPrinted), verdict
    assert not verdict.again
    assert (verdict.problem.code, verdict.problem.device_code) == ("printer.refused", "4")
    assert bench.printer.open is None
    assert bench.printer.registered == []


@pytest.mark.parametrize(("name", "one"), EACH)
@pytest.mark.parametrize(
    ("error", "code"), [(1037, "printer.paper_out"), (1116, "printer.report_due"), (9999, "printer.out_of_order")]
)
def test_a_refusal_because_of_a_condition_makes_it_wait(name: str, one: str, error: int, code: str) -> None:
    bench, verdict = refused(name, one, error)
    assert isinstance(verdict, Held), verdict
    assert (verdict.problem.code, verdict.problem.device_code) == (code, str(error))
    assert verdict.was_open == (
        one not in ("receipt begin", "invoice begin")
        and name in ("receipt", "discounts", "packaging_sold", "invoice", "packaging")
    )
    assert bench.printer.open is None


@pytest.mark.parametrize(("name", "one"), EACH)
@pytest.mark.parametrize("error", [2, 1023, 1026, 1031])
def test_a_refusal_because_of_the_moment_is_tried_again(name: str, one: str, error: int) -> None:
    bench, verdict = refused(name, one, error)
    assert isinstance(verdict, NotPrinted), verdict
    assert verdict.again
    assert isinstance(bench.settle(DOCUMENTS[name]), Printed)
    assert len([sheet for sheet in bench.printer.sheets if sheet.kind != "cancelled"]) == 1


@pytest.mark.parametrize("error", [23, 26, 27, 30, 1092])
def test_a_sum_that_differs_at_the_closing_comes_from_the_line(error: int) -> None:
    bench, verdict = refused("receipt", "receipt close", error)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.printer.open is None


def test_a_flag_without_a_number_blames_no_document() -> None:
    """An element that the printer does not know, or a question behind it that the line damaged."""
    bench = Bench()
    bench.printer.refuse["cash payin"] = [1022]
    bench.printer.unnumbered.add("cash payin")
    verdict = bench.carry_out(DOCUMENTS["cash_in"])
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.device_code, verdict.again) == ("0", True)


def test_a_line_refused_among_others_is_found_with_its_own_error() -> None:
    """The printer skips it, takes the next one, and reports no error (9.1)."""
    bench = Bench()
    bench.printer.refuse["item"] = [None, 18, None, 18]
    verdict = bench.carry_out(document(type="receipt", lines=LINES))
    assert isinstance(verdict, NotPrinted), verdict
    assert verdict.problem.device_code == "18"
    assert verdict.problem.model_extra == {"pointer": "/document/lines/1"}
    assert "another VAT rate" in verdict.problem.detail
    assert not verdict.again
    assert bench.printer.open is None
    assert bench.printer.registered == []


def test_a_line_skipped_for_a_moment_is_sold_by_itself() -> None:
    bench = Bench()
    bench.printer.refuse["item"] = [1031]
    verdict = bench.carry_out(document(type="receipt", lines=LINES))
    assert isinstance(verdict, Printed)
    (sheet,) = bench.printer.registered
    assert [item.get("name") for item in sheet.content.items] == ["Bułka", "Usługa", "Kawa"]
    assert sheet.total == 3250


def test_a_line_and_a_discount_that_both_fail_close_no_receipt() -> None:
    """Their sums would agree: 14.00 less 10.00 is what the second line alone costs."""
    doc = document(
        type="receipt",
        lines=[{"name": "X", "price": "10.00", "vat": "A"}, {"name": "Y", "price": "4.00", "vat": "A"}],
        discount={"amount": "10.00"},
    )
    bench = Bench()
    bench.printer.refuse |= {"item": [18, None, 18], "discount": [1004]}
    verdict = bench.carry_out(doc)
    assert isinstance(verdict, NotPrinted)
    assert bench.printer.registered == []
    assert bench.printer.open is None


def test_two_lines_that_are_missing_are_not_guessed() -> None:
    bench = Bench()
    bench.printer.refuse["item"] = [18, 18]
    verdict = bench.carry_out(document(type="receipt", lines=LINES))
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.executed.count("item") == 3
    assert bench.printer.open is None


@pytest.mark.parametrize("name", ["receipt", "invoice", "packaging"])
def test_a_refusal_of_a_document_that_is_registered_anyway_is_not_believed(name: str) -> None:
    doc: Document = DOCUMENTS[name]
    bench = Bench()
    tag = "invoice" if name == "invoice" else "receipt"

    def closes() -> None:
        assert bench.printer.open is not None
        bench.printer.finish()

    bench.printer.before[f"{tag} close"] = closes
    verdict = bench.carry_out(doc)
    assert isinstance(verdict, Printed), verdict
    assert len(bench.printer.registered) == 1


def test_a_person_who_cancels_while_the_line_works_has_decided() -> None:
    for one in ("payment", "receipt close"):
        bench = Bench()
        bench.printer.before[one] = bench.printer.cancel
        verdict = bench.carry_out(RECEIPT)
        assert isinstance(verdict, NotPrinted)
        assert verdict.problem.code == "printer.cancelled", one
        assert not verdict.again


def test_a_printer_that_is_not_ready_makes_every_document_wait() -> None:
    for attribute, code in (
        ("paper", "printer.paper_out"),
        ("sound", "printer.attention"),
        ("online", "printer.attention"),
    ):
        for doc in DOCUMENTS.values():
            bench = Bench()
            setattr(bench.printer, attribute, False)
            verdict = bench.carry_out(doc)
            assert isinstance(verdict, Wait)
            assert verdict.problem.code == code
            assert bench.executed == []


def test_rates_out_of_use_and_a_full_memory_make_sales_wait() -> None:
    bench = Bench()
    bench.printer.rates = {}
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == "printer.no_rates"
    bench = Bench()
    bench.printer.reports = 1830
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == "printer.memory_full"


def test_more_cash_than_there_is_is_not_taken_out() -> None:
    bench = Bench()
    verdict = bench.carry_out(document(type="cash_out", amount="100.01"))
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.errors[0].pointer == "/document/amount"
    assert "cash payout" not in bench.executed
