"""Documents on a printer that answers: what is sent, in which order, and what is proved."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from fiscald.model.documents import Document
from fiscald.model.jobs import Paper
from fiscald.protocols.base import Effect, NotPrinted, Printed, Step, Unknown, Wait
from fiscald.protocols.novitus_xml.commands import Request
from fiscald.protocols.novitus_xml.family import FAMILY
from tests.found import found
from tests.protocols.driving import Journal, NotAnswered
from tests.protocols.novitus_xml.bench import RECEIPT, Bench, Lost, agrees, count_steps, document, names
from tests.protocols.novitus_xml.printer import Printer, money

LINES: list[dict[str, Any]] = [
    {"name": "Kawa", "price": "10.00", "vat": "A"},
    {"name": "Bułka", "price": "1.50", "vat": "5%", "quantity": "3"},
    {"name": "Usługa", "price": "20.00", "vat": "exempt", "discount": {"percent": "10"}},
]
INVOICE = document(
    type="invoice",
    number="FV/1",
    buyer={"name": "Firma", "address": ["ul. Testowa 1"], "nip": "5260250274"},
    lines=LINES,
    copies=1,
)
DOCUMENTS: dict[str, Document] = {
    "receipt": RECEIPT,
    "one_line": document(type="receipt", lines=LINES[:1]),
    "discounts": document(type="receipt", lines=LINES, discount={"percent": "10"}),
    "storno": document(type="receipt", lines=[*LINES[:2], {**LINES[0], "storno": True}, LINES[2]]),
    "packaging_sold": document(
        type="receipt",
        lines=LINES[:2],
        packaging=[{"name": "Butelka", "price": "0.50", "quantity": 4}, {"number": "2", "price": "1.00", "returned": True}],
    ),
    "invoice": INVOICE,
    "paid_invoice": document(
        type="invoice",
        number="FV/2",
        buyer={"name": "Firma"},
        lines=LINES[:1],
        payments=[{"type": "transfer", "amount": "10.00"}],
    ),
    "packaging": document(type="packaging", items=[{"name": "Butelka", "price": "0.50", "quantity": 6, "returned": True}]),
    "daily_report": document(type="daily_report"),
    "monthly_report": document(type="monthly_report", month="2026-10"),
    "periodic_report": document(type="periodic_report", **{"from": 3, "to": 5}, summary=True),
    "cash_in": document(type="cash_in", amount="5.00"),
    "cash_out": document(type="cash_out", amount="5.00"),
    "printout": document(type="printout", title="Zamówienie", lines=["Żurek x 2", "", {"rule": True}, {"qr": {"text": "x"}}]),
}  # fmt: skip
every_document = pytest.mark.parametrize("name", DOCUMENTS)
SALES = ("receipt", "one_line", "discounts", "storno", "packaging_sold", "invoice", "paid_invoice")
every_sale = pytest.mark.parametrize("name", SALES)


def steps_of(name: str) -> range:
    return range(1, count_steps(DOCUMENTS[name]) + 1)


LOST = [
    pytest.param(name, nth, executed, id=f"{name}-{nth}-{'executed' if executed else 'lost'}")
    for name in DOCUMENTS
    for nth in steps_of(name)
    for executed in (False, True)
]


@every_document
def test_a_document_is_printed_once_and_the_journal_knows_each_stage(name: str) -> None:
    bench, journal = Bench(), Journal()
    verdict = bench.carry_out(DOCUMENTS[name], journal=journal)
    assert isinstance(verdict, Printed), verdict
    assert len(bench.printer.sheets) == 1
    assert verdict.result.printer_id == bench.printer.unique
    assert verdict.result.printed_at is not None
    assert verdict.paper is Paper.PRINTED
    assert journal.committing
    assert bench.printer.silent


def test_a_receipt_is_an_opening_its_content_and_a_closing() -> None:
    bench = Bench()
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, Printed)
    sent = [step for step in bench.steps if step.effect is not Effect.QUERY]
    assert names(sent) == [
        ("receipt begin",), ("item", "item"), ("payment",), ("payment",), ("receipt close",)
    ]  # fmt: skip
    assert [step.effect for step in sent] == [Effect.REVERSIBLE] * 4 + [Effect.IRREVERSIBLE]
    (sheet,) = bench.printer.sheets
    assert (sheet.kind, sheet.total) == ("receipt", 1600)
    result = verdict.result
    assert (result.number, result.daily_report, str(result.total), str(result.due)) == (12, 21, "16.00", "16.00")
    assert [(each.vat, str(each.gross), str(each.tax)) for each in result.totals or ()] == [
        ("A", "8.00", "1.50"), ("C", "8.00", "0.38")
    ]  # fmt: skip
    assert verdict.counters is not None
    assert verdict.counters.last_receipt == 12


def test_every_packet_ends_with_one_question() -> None:
    for doc in DOCUMENTS.values():
        bench = Bench()
        bench.carry_out(doc)
        for step in bench.steps:
            assert isinstance(step.command, Request)
            questions = [
                one for one in step.command.elements if one.name in ("dle", "enq", "info") or one.get("action") == "get"
            ]
            assert questions == [step.command.question]


def test_payments_that_are_not_given_are_not_sent() -> None:
    bench = Bench()
    bench.carry_out(DOCUMENTS["one_line"])
    assert "payment" not in bench.executed
    assert "info lasttransaction" not in [name for each in names(bench.steps) for name in each]


def test_a_discount_on_several_rates_gets_its_totals_from_the_printer() -> None:
    bench = Bench()
    verdict = bench.carry_out(DOCUMENTS["discounts"])
    assert isinstance(verdict, Printed)
    assert {each.vat: str(each.gross) for each in verdict.result.totals or ()} == {
        "A": "10.00",
        "C": "4.50",
        "E": "14.75",
    }


def test_a_reversal_has_a_packet_to_itself() -> None:
    bench = Bench()
    bench.carry_out(DOCUMENTS["storno"])
    sent = [step.command for step in bench.steps if step.effect is not Effect.QUERY]
    kinds = [tuple(one.get("action") for one in each.elements[:-1]) for each in sent if each.names[0] == "item"]
    assert kinds == [("sale", "sale"), ("storno",), ("sale",)]


def test_lines_that_do_not_fit_into_one_packet_take_several() -> None:
    lines = [{"name": f"Towar o długiej nazwie numer {n:03}", "price": "1.00", "vat": "A"} for n in range(100)]
    bench = Bench()
    verdict = bench.carry_out(document(type="receipt", lines=lines))
    assert isinstance(verdict, Printed)
    sizes = [len(step.command.names) for step in bench.steps if step.command.names[0] == "item"]
    assert sum(sizes) == 100
    assert len(sizes) > 2
    assert all(len(FAMILY.session(bench.settings).send(step.command)) <= 4500 for step in bench.steps)


@pytest.mark.parametrize(("name", "nth", "executed"), LOST)
def test_after_any_silence_the_truth_is_found(name: str, nth: int, executed: bool) -> None:
    doc, bench = DOCUMENTS[name], Bench()
    act = Lost(bench, nth, executed=executed)
    verdict = bench.settle(doc, act)
    assert act.step is not None
    assert isinstance(verdict, Printed), verdict
    printed = [sheet for sheet in bench.printer.sheets if sheet.kind != "cancelled"]
    assert len(printed) == 1
    assert bench.printer.open is None


class _Twice:
    """A loss, and a second step that is never sent."""

    def __init__(self, first: Lost, second: int) -> None:
        self.first, self.second = first, second

    def __call__(self, step: Step, data: bytes) -> bytes:
        if self.first.seen + 1 == self.second:
            self.first.seen += 1
            raise NotAnswered(step)
        return self.first(step, data)


@pytest.mark.slow
@every_sale
def test_silence_twice_loses_and_doubles_nothing(name: str) -> None:
    doc = DOCUMENTS[name]
    for nth in found(steps_of(name)):
        for again in (1, 2, 3, 5, 8):
            bench = Bench()
            first = Lost(bench, nth, executed=True)
            verdict = bench.settle(doc, _Twice(first, nth + again))
            assert isinstance(verdict, Printed), (nth, again, verdict)
            assert len(bench.printer.registered) == 1


def interrupted(doc: Document, nth: int, *, executed: bool) -> tuple[Bench, Journal]:
    """A document whose n-th step is lost, before the recovery."""
    bench, journal = Bench(), Journal()
    with contextlib.suppress(NotAnswered):
        bench.carry_out(doc, Lost(bench, nth, executed=executed), journal)
    return bench, journal


@every_sale
@pytest.mark.parametrize("others", ["slip", "sell", "report"])
def test_what_others_print_before_the_recovery_changes_nothing(name: str, others: str) -> None:
    doc, decided, undecided = DOCUMENTS[name], 0, 0
    for nth in steps_of(name):
        for executed in (False, True):
            bench, journal = interrupted(doc, nth, executed=executed)
            if journal.last is None or bench.printer.open is not None:
                continue
            ours = len(bench.printer.registered)
            bench.printer.happen(others)
            verdict = bench.recover(doc, journal)
            assert agrees(verdict, ours), (nth, executed, verdict)
            decided += not isinstance(verdict, Unknown)
            undecided += isinstance(verdict, Unknown)
    assert decided > 3
    # Ours ended and its answer was lost: a slip or a report hides nothing, another receipt may be ours.
    assert undecided <= (3 if others == "sell" else 0), undecided


@every_sale
@pytest.mark.parametrize("then", ["nothing", "slip", "sell"])
def test_a_cancellation_on_the_keypad_is_found_after_any_silence(name: str, then: str) -> None:
    doc, tried = DOCUMENTS[name], 0
    for nth in steps_of(name):
        bench, journal = interrupted(doc, nth, executed=True)
        if journal.last is None or bench.printer.open is None:
            continue
        bench.printer.cancel()
        bench.printer.happen(then)
        verdict = bench.recover(doc, journal)
        assert isinstance(verdict, NotPrinted | Unknown), (nth, verdict)
        tried += 1
    assert tried > 5


def test_another_programs_open_receipt_is_left_open() -> None:
    bench = Bench()
    bench.printer.answer(b'<packet><receipt action="begin"/></packet>')
    assert isinstance(bench.carry_out(RECEIPT), Wait)
    assert bench.printer.open is not None


def test_a_program_that_opens_first_keeps_its_receipt_unharmed() -> None:
    bench = Bench()

    def opens() -> None:
        bench.printer.answer(
            b'<packet><receipt action="begin"/><item name="Obce" ptu="A" price="1.00" total="1.00"/></packet>'
        )

    bench.printer.before["receipt begin"] = opens
    verdict = bench.settle(RECEIPT)
    assert isinstance(verdict, NotPrinted | Wait), verdict
    assert bench.printer.open is not None
    assert [item.get("name") for item in bench.printer.open.items] == ["Obce"], "nothing of ours was sold on it"


def test_lines_sold_on_our_receipt_by_another_program_keep_it_open() -> None:
    bench = Bench()

    def sells() -> None:
        bench.printer.answer(b'<packet><item name="Obce" ptu="A" price="1.00" total="1.00"/></packet>')

    bench.printer.before["receipt close"] = sells
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert bench.printer.open is not None, "it is not all ours, so a person has to end it"
    assert bench.printer.registered == []


def test_another_receipt_before_the_opening_is_no_harm() -> None:
    bench = Bench()
    bench.printer.before["receipt begin"] = lambda: bench.printer.sell(500)
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, Printed)
    assert verdict.result.number == 13


def test_a_vat_table_changed_before_the_opening_cancels_the_empty_receipt() -> None:
    bench = Bench()
    bench.printer.before["receipt begin"] = lambda: bench.printer.rates.update(C="8.00%", B="5.00%")
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.printer.open is None
    assert isinstance(bench.settle(RECEIPT), Printed)
    assert bench.printer.registered[0].content.groups == {"A": 800, "B": 800}


@pytest.mark.parametrize("what", ["receipt begin", "item", "payment", "receipt close"])
def test_a_doubled_packet_neither_doubles_nor_loses_the_receipt(what: str) -> None:
    bench = Bench()
    done: list[str] = []

    def act(step: Step, data: bytes) -> bytes:
        if what in step.command.names and not done:
            done.append(what)
            first = bench.answer(step, data)
            bench.printer.answer(data)
            return first
        return bench.answer(step, data)

    verdict = bench.settle(RECEIPT, act)
    assert isinstance(verdict, Printed), verdict
    (sheet,) = bench.printer.registered
    assert sheet.total == 1600
    assert len(sheet.content.items) == 2
    assert [money(1000)] * 2 == [one.get("value") for one in sheet.content.payments]


def test_the_next_receipt_starts_from_what_the_last_one_left() -> None:
    bench = Bench()
    first = bench.carry_out(RECEIPT)
    assert isinstance(first, Printed)
    assert first.baseline is not None
    whole = len(bench.steps)
    second = bench.carry_out(RECEIPT, baseline=first.baseline)
    assert isinstance(second, Printed)
    assert second.result.number == 13
    assert len(bench.steps) - whole < whole - 5
    third = bench.carry_out(RECEIPT, baseline=first.baseline)
    assert isinstance(third, Printed)
    assert third.result.number == 14, "a baseline that is out of date is noticed while the receipt is empty"


def test_another_printer_gets_nothing() -> None:
    bench = Bench(Printer("ZBK9999999999"))
    assert isinstance(bench.carry_out(RECEIPT, printer_id="ZBK2301001234"), Wait)
    assert bench.executed == ["error set"]


def test_training_prints_and_counts_nothing() -> None:
    bench = Bench()
    bench.printer.fiscal = False
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, Printed)
    assert not verdict.result.fiscal
    assert verdict.baseline is None
