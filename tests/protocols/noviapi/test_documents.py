"""Every document, carried out whole and interrupted at every request: what the verdict says is what came out."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from fiscald.model.e_receipt import Delivered
from fiscald.model.jobs import Paper
from fiscald.protocols.base import DialogueAborted, Held, NotPrinted, Printed, Stage, Unknown, Wait
from fiscald.protocols.noviapi.access import DENIED, DOCUMENT, LOST
from fiscald.protocols.noviapi.family import FAMILY
from tests.protocols.noviapi.bench import DOCUMENTS, RECEIPT, Bench, Cut, settle
from tests.protocols.noviapi.printer import UNIQUE, NoviPrinter

EVERY = sorted(DOCUMENTS)


@pytest.mark.parametrize("kind", EVERY)
def test_a_document_comes_out_once_and_nothing_is_left_behind(kind: str) -> None:
    content, sheet = DOCUMENTS[kind]
    bench = Bench()
    verdict = bench.printed(content)
    assert bench.sheets(sheet) == 1
    assert verdict.result.printer_id == UNIQUE
    assert bench.settings.kept[DOCUMENT] == ""
    assert not [job for job in bench.printer.jobs.values() if job.status != "DONE"]
    assert bench.printer.asked.count("GET token") == 1


@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("executed", [False, True])
@pytest.mark.parametrize("kind", EVERY)
def test_silence_at_every_request_never_prints_twice(kind: str, executed: bool, stride: int) -> None:
    content, sheet = DOCUMENTS[kind]
    whole = Bench()
    whole.printed(content)
    assert whole.steps > 20
    for place in range(1 + EVERY.index(kind) % stride, whole.steps + 1, stride):
        bench = Bench(cut_at=place, executed=executed)
        verdict = settle(bench, content)
        assert isinstance(verdict, Printed), (place, verdict)
        assert bench.sheets(sheet) == (1 if kind not in ("monthly_report", "periodic_report") else bench.sheets(sheet))
        assert 1 <= bench.sheets(sheet) <= 2
        assert bench.printer.asked.count("GET token") <= 2


def test_a_receipt_tells_number_day_sums_and_place_in_the_memory() -> None:
    bench = Bench()
    result = bench.printed(RECEIPT).result
    assert (result.number, result.daily_report, result.total, result.due) == (13, 8, Decimal("17.80"), Decimal("17.80"))
    assert result.totals is not None
    assert {each.vat: each.gross for each in result.totals} == {"A": Decimal("10.80"), "C": Decimal("7.00")}
    assert result.device["jpkid"] == 101
    (_, content) = bench.printer.paper[0]
    assert content["summary"] == {"total": "17.80", "pay_in": "20.00", "change": "2.20"}
    assert content["items"][1]["article"]["discount_markup"] == {
        "type": "value_discount", "value": "1.20", "name": "10,00%",
    }  # fmt: skip


def test_deposits_stand_outside_of_the_total() -> None:
    bench = Bench()
    packaging = [
        {"name": "Butelka", "price": "0.50", "quantity": "2"},
        {"number": "17", "price": "1.00", "returned": True},
    ]
    result = bench.printed({**RECEIPT, "payments": [], "packaging": [*packaging, packaging[0]]}).result
    assert (result.total, result.due) == (Decimal("17.80"), Decimal("18.80"))
    (_, content) = bench.printer.paper[0]
    assert content["summary"] == {"total": "17.80", "pay_in": "18.80"}
    assert [*content["items"][2].items()] == [("container", {"value": "1.00", "quantity": "2", "name": "Butelka"})]
    assert content["items"][3] == {"container_return": {"value": "1.00", "quantity": "1", "number": 17}}


def test_currency_and_mobile_payments() -> None:
    bench = Bench()
    payments = [
        {"type": "mobile", "amount": "5.00", "name": "BLIK"},
        {"type": "cash", "amount": "42.50", "currency": {"code": "EUR", "rate": "4.25", "amount": "10.00"}},
    ]
    bench.printed({**RECEIPT, "payments": payments})
    (_, content) = bench.printer.paper[0]
    assert content["payments"] == [
        {"mobile": {"value": "5.00", "name": "BLIK"}},
        {"currency": {"name": "EUR", "course": "4.25", "is_change": False, "currency_value": "10.00", "local_value": "42.50"}},
    ]  # fmt: skip
    assert content["summary"]["change"] == "29.70"


@pytest.mark.parametrize(
    ("said", "facts", "paper"),
    [
        ("not_printed_and_sent", (True, Delivered.YES, False), Paper.NONE),
        ("printed_and_sent", (True, Delivered.YES, True), Paper.PRINTED),
        ("not_printed_and_added_to_db", (True, Delivered.NO, False), Paper.NONE),
        ("printed_and_added_to_db", (True, Delivered.NO, True), Paper.PRINTED),
        ("printed_and_invalid_kid", (False, Delivered.NO, True), Paper.PRINTED),
        ("printed", (False, Delivered.NO, True), Paper.PRINTED),
    ],
)
def test_an_e_receipt_has_two_separate_facts(said: str, facts: tuple[Any, ...], paper: Paper) -> None:
    bench = Bench(NoviPrinter(e_document=said), options={"e_document_protocol": "MF"})
    verdict = bench.printed({**RECEIPT, "e_receipt": {"customer_id": "IDZ-1", "print": False}})
    found = verdict.result.e_receipt
    assert found is not None
    assert (found.registered, found.delivered, found.printed) == facts
    assert verdict.paper is paper
    sent = bench.printer.paper[0][1]["buyer"]["e_document"]
    assert sent == {"transaction_id": "IDZ-1", "protocol": "MF", "print_send_mode": "no_print_send_later"}
    bench.printer.e_document = "printed_and_sent"
    later = bench.drive(FAMILY.delivery(found, bench.settings))
    assert later.delivered is Delivered.YES
    bench.printer.jobs.clear()
    assert bench.drive(FAMILY.delivery(later, bench.settings)) == later


# -- what a printer refuses ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["receipt", "invoice", "printout", "cash_in", "monthly_report"])
def test_a_refusal_for_the_documents_sake_fails_it(kind: str) -> None:
    content, sheet = DOCUMENTS[kind]
    bench = Bench(NoviPrinter(refuse_with=25))
    verdict = bench.carry_out(content)
    assert isinstance(verdict, NotPrinted), verdict
    assert (verdict.again, verdict.problem.device_code) == (False, "25")
    assert bench.sheets(sheet) == 0


@pytest.mark.parametrize(("number", "code"), [(1116, "printer.report_due"), (1037, "printer.paper_out")])
def test_a_refusal_for_a_condition_keeps_it_waiting(number: int, code: str) -> None:
    verdict = Bench(NoviPrinter(refuse_with=number)).carry_out(RECEIPT)
    assert isinstance(verdict, Held)
    assert (verdict.problem.code, verdict.was_open) == (code, False)


def test_what_the_printer_would_refuse_is_not_sent() -> None:
    for change, pointer in (
        ({"lines": [{"name": "x", "price": "1.00", "vat": "7%"}]}, "/document/lines/0/vat"),
        ({"lines": [RECEIPT["lines"][0], {**RECEIPT["lines"][0], "storno": True}]}, "/document/lines/1/storno"),  # type: ignore[index]
        ({"buyer": {"vat_id": "DE136695976"}}, "/document/buyer/vat_id"),
    ):
        bench = Bench()
        verdict = bench.carry_out({**RECEIPT, "payments": [], **change})
        assert isinstance(verdict, NotPrinted)
        assert [each.pointer for each in verdict.problem.errors] == [pointer]
        assert "POST receipt" not in bench.printer.asked


def test_without_paper_a_document_waits_without_costing_jobs() -> None:
    bench = Bench()
    bench.drive(FAMILY.read_status(bench.settings))
    bench.printer.device_error = 1037
    jobs = len(bench.printer.jobs)
    for _ in range(3):
        verdict = bench.carry_out(RECEIPT)
        assert isinstance(verdict, Wait)
        assert verdict.problem.code == "printer.paper_out"
    assert len(bench.printer.jobs) == jobs


def test_a_request_that_the_contract_forbids_points_to_its_line() -> None:
    body = b'{"exception":{"code":8,"description":"JSON Validation Error","errors":["receipt/items/[1]/article/ptu : Length"]}}'
    bench = Bench()
    original = bench.printer._serve

    def serve(method: str, endpoint: str, *rest: Any) -> tuple[int, Any]:
        if (method, endpoint) == ("POST", "receipt"):
            bench.printer.answers.append(b"HTTP/1.1 400 X\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        return original(method, endpoint, *rest)

    bench.printer._serve = serve  # type: ignore[method-assign,assignment]
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.errors[0].pointer == "/document/lines/1"
    assert "'Kawa'" in verdict.problem.errors[0].detail
    assert "ptu : Length" in verdict.problem.errors[0].detail


# -- a confirmed document in the queue -----------------------------------------------------------------------


def test_a_document_in_the_queue_is_asked_for_before_anything_is_confirmed() -> None:
    bench = Bench(NoviPrinter())
    bench.paused = lambda: setattr(bench.printer, "device_error", 1037)

    def no_paper_now() -> None:
        bench.printer.held = True

    original = bench.printer._store

    def store(endpoint: str, body: bytes) -> tuple[int, Any]:
        if endpoint == "receipt":
            no_paper_now()
        return original(endpoint, body)

    bench.printer._store = store  # type: ignore[method-assign]
    with pytest.raises(DialogueAborted, match="out of paper"):
        bench.carry_out(RECEIPT)
    assert bench.journal.checkpoint.stage is Stage.COMMITTING
    asked = len(bench.printer.asked)
    with pytest.raises(DialogueAborted, match="out of paper"):
        bench.drive(FAMILY.read_status(bench.settings))
    assert bench.printer.asked[asked:] == ["GET receipt"], "no job is confirmed while ours waits"
    bench.printer.run_held()
    bench.paused = lambda: None
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, Printed)
    assert bench.sheets("receipt") == 1
    assert bench.printer.asked.count("GET token") == 1


def test_a_confirmed_document_of_another_program_keeps_ours_waiting() -> None:
    bench = Bench()
    bench.drive(FAMILY.read_status(bench.settings))
    bench.printer.foreign_confirmed = True
    with pytest.raises(DialogueAborted, match="every program needs its own server"):
        bench.carry_out(RECEIPT)
    assert bench.settings.kept[DENIED]
    for _ in range(5):
        with pytest.raises(DialogueAborted, match="of other programs wait"):
            bench.drive(FAMILY.read_status(bench.settings))
    assert bench.printer.asked.count("GET token") == 2, "waiting costs no tokens"
    bench.printer.foreign_confirmed = False
    bench.clock += timedelta(minutes=1)
    assert isinstance(settle(bench, RECEIPT), Printed)
    assert bench.sheets("receipt") == 1


@pytest.mark.parametrize("executed", [False, True])
def test_a_lost_confirmation_is_asked_for_before_it_is_sent_again(executed: bool) -> None:
    whole = Bench()
    whole.printed(RECEIPT)
    bench = Bench(cut_at=1 + whole.printer.asked.index("PUT receipt"), executed=executed)
    assert isinstance(settle(bench, RECEIPT), Printed)
    about = [name for name in bench.printer.asked if name.endswith(" receipt")]
    expected = ["POST receipt", "PUT receipt"] if executed else ["POST receipt"]
    assert about[: len(expected) + 1] == [*expected, "GET receipt"]
    assert about.count("PUT receipt") == 1


# -- a forgotten id ----------------------------------------------------------------------------------------


def _forgotten(*, printed: bool, more: Any = None) -> tuple[Bench, Any]:
    """The printer forgets the confirmed id of our receipt; it may have printed it."""
    whole = Bench()
    whole.printed(RECEIPT)
    confirmation = max(place for place, name in enumerate(whole.printer.asked, 1) if name == "PUT receipt")
    bench = Bench(cut_at=confirmation, executed=printed)
    with pytest.raises(Cut):
        bench.carry_out(RECEIPT)
    bench.printer.jobs.clear()
    if more is not None:
        more(bench.printer)
    return bench, bench.recover(RECEIPT)


def test_a_forgotten_id_is_retried_only_if_the_memory_holds_nothing_of_it() -> None:
    _, verdict = _forgotten(printed=False)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    _, verdict = _forgotten(printed=False, more=lambda printer: printer._print("printout", {}))
    assert isinstance(verdict, NotPrinted), "another program's printout is worth nothing"
    _, verdict = _forgotten(printed=False, more=lambda printer: printer.daily_report({}))
    assert isinstance(verdict, NotPrinted), "a report is in the memory, and no receipt was numbered"


def test_a_forgotten_id_is_undecided_if_the_memory_may_hold_it() -> None:
    other = {"items": [{"article": {"ptu": "A", "quantity": "1", "price": "99.00", "value": "99.00"}}]}
    for printed, more in (
        (True, None),
        (True, lambda printer: printer.sell("receipt", {**other, "summary": {"total": "99.00", "pay_in": "99.00"}})),
        (True, lambda printer: printer.daily_report({})),
    ):
        bench, verdict = _forgotten(printed=printed, more=more)
        assert isinstance(verdict, Unknown), (printed, more)
        assert verdict.problem.model_extra is not None
        assert verdict.problem.model_extra["cause"] == "id_forgotten"
        assert bench.sheets("receipt") == printed + (more is not None and bench.printer.lastreceipt - 12 - printed)


def test_a_printer_that_does_not_know_what_became_of_it_is_believed() -> None:
    bench = Bench(NoviPrinter(unknown=True))
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, Unknown)
    assert bench.settings.kept[DOCUMENT] == ""


# -- an unconfirmed document -------------------------------------------------------------------------------


def test_a_lost_post_leaves_a_document_that_only_a_report_clears() -> None:
    whole = Bench()
    whole.printed(RECEIPT)
    place = 1 + whole.printer.asked.index("POST receipt")
    bench = Bench(cut_at=place, executed=True)
    assert isinstance(settle(bench, RECEIPT), Printed)
    assert "DELETE queue" not in bench.printer.asked, "other programs' documents may be there"
    assert bench.settings.kept[LOST]
    report = bench.printed({"type": "daily_report"})
    assert [each.code for each in report.notices] == ["queue.cleared"]
    assert bench.printer.asked.count("DELETE queue") == 1
    assert bench.settings.kept[LOST] == ""


def test_a_report_waits_for_documents_that_others_have_stored() -> None:
    bench = Bench(NoviPrinter(foreign_stored=1))
    verdict = bench.carry_out({"type": "daily_report"})
    assert isinstance(verdict, Held)
    assert verdict.problem.code == "printer.busy"
    assert "DELETE queue" not in bench.printer.asked
    bench.printer.foreign_stored = 0
    assert bench.printed({"type": "daily_report"}).result.number == 8


# -- numbers and other printers ------------------------------------------------------------------------------


def test_the_number_is_not_guessed_if_others_printed_too() -> None:
    bench = Bench()
    other = {"items": [{"article": {"ptu": "A", "quantity": "1", "price": "1.00", "value": "1.00"}}]}
    original = bench.printer._store

    def store(endpoint: str, body: bytes) -> tuple[int, Any]:
        if endpoint == "receipt":
            bench.printer.sell("receipt", {**other, "summary": {"total": "1.00", "pay_in": "1.00"}})
        return original(endpoint, body)

    bench.printer._store = store  # type: ignore[method-assign]
    verdict = bench.printed(RECEIPT)
    assert verdict.result.number is None
    assert [each.code for each in verdict.notices] == ["number.unknown"]
    assert verdict.result.device["jpkid"] == 102


def test_another_printer_at_the_address_prints_nothing() -> None:
    verdict = Bench().carry_out(RECEIPT, "ZBN0000000001")
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == "printer.swapped"


def test_a_printer_in_training_need_not_count() -> None:
    verdict = Bench(NoviPrinter(fiscal=False)).printed(RECEIPT)
    assert (verdict.result.fiscal, verdict.result.number, verdict.notices) == (False, None, ())
