"""Asking the printer: identity, status, condition, header; and setting what it shows."""

from __future__ import annotations

from typing import Any

import pytest

from fiscald.model.printers import PrinterState
from fiscald.protocols.base import (
    Answer,
    DialogueAborted,
    Effect,
    Evidence,
    NotPrinted,
    Printed,
    Stage,
    Step,
)
from fiscald.protocols.driving import drive_sync
from fiscald.protocols.novitus_elements import element
from fiscald.protocols.novitus_xml.evidence import NovitusXmlEvidence, NovitusXmlLook
from fiscald.protocols.novitus_xml.family import FAMILY
from fiscald.protocols.novitus_xml.fields import read_amount, read_attributes, read_moment, read_number, read_rates
from tests.protocols.driving import Journal, NotAnswered
from tests.protocols.novitus_xml.bench import RECEIPT, Bench, Lost, count_steps, document, settings
from tests.protocols.novitus_xml.printer import Printer


def look(dialogue: Any, printer: Printer) -> tuple[Any, list[Step]]:
    """The result of a dialogue of questions, and its steps."""
    session, steps = FAMILY.session(settings()), []

    def exchange(step: Step) -> Any:
        steps.append(step)
        (event,) = session.receive(printer.answer(session.send(step.command)))
        assert isinstance(event, Answer)
        return event.reply

    return drive_sync(dialogue, exchange), steps


def test_identify_asks_five_questions_and_changes_nothing() -> None:
    printer = Printer()
    found, steps = look(FAMILY.identify(settings()), printer)
    assert printer.executed == []
    assert [step.command.names for step in steps] == [
        ("dle",), ("info checkout",), ("info version",), ("taxrates get",), ("dle",), ("enq",)
    ]  # fmt: skip
    assert all(step.effect is Effect.QUERY for step in steps)
    assert (found.identity.printer_id, found.identity.model, found.identity.firmware) == (
        printer.unique,
        "HD Online",
        "3.50",
    )
    assert (found.identity.profile, found.identity.fiscal, found.transaction_open) == ("online", True, False)
    assert found.rates == {"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": "exempt", "F": None, "G": None}


def test_the_status_has_everything() -> None:
    printer = Printer()
    printer.sell(1234)
    found, _ = look(FAMILY.read_status(settings()), printer)
    assert found.condition.state is PrinterState.READY
    assert found.condition.idle
    assert (found.counters.last_receipt, found.counters.printouts, found.counters.daily_report) == (12, 48, 21)
    assert (found.day_open, found.records_free, found.transaction_open) == (True, 1810, False)
    assert found.identity.nip == "5260250274"
    assert found.clock.isoformat() == "2026-11-22T12:00:00+01:00"
    assert printer.executed == ["error set"]


def test_an_open_document_is_seen_with_two_questions() -> None:
    printer = Printer()
    for is_open in (False, True):
        found, steps = look(FAMILY.read_condition(settings()), printer)
        assert (found.document_open, len(steps)) == (is_open, 2)
        printer.answer(b'<packet><receipt action="begin"/></packet>')


@pytest.mark.parametrize(
    ("attribute", "state"), [("paper", "paper_out"), ("sound", "attention"), ("online", "attention")]
)
def test_a_printer_that_is_not_ready_says_why(attribute: str, state: str) -> None:
    printer = Printer()
    setattr(printer, attribute, False)
    found, steps = look(FAMILY.read_condition(settings()), printer)
    assert found.state is PrinterState(state)
    assert found.problem.detail_pl
    assert len(steps) == 1, "nothing else is answered then"
    for dialogue in (FAMILY.identify(settings()), FAMILY.read_status(settings())):
        with pytest.raises(DialogueAborted) as raised:
            look(dialogue, printer)
        assert raised.value.problem.code == f"printer.{state}"


def test_a_baseline_is_unchanged_until_something_is_printed() -> None:
    bench = Bench()
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, Printed)
    assert verdict.baseline is not None
    assert look(FAMILY.unchanged(verdict.baseline), bench.printer)[0] is True
    bench.printer.slip()
    assert look(FAMILY.unchanged(verdict.baseline), bench.printer)[0] is False


@pytest.mark.parametrize(
    ("printer_says", "why"),
    [({"cash": "x"}, "cash"), ({"uniqueno": None}, "uniqueno"), ({"lastreceipt": "-1"}, "lastreceipt")],
)
def test_an_answer_without_what_is_needed_aborts(printer_says: dict[str, Any], why: str) -> None:
    printer = Printer()
    usual = printer._checkout

    def odd(one: Any) -> Any:
        found = dict(usual(one).attributes) | printer_says
        return element("info", **found)

    printer._checkout = odd  # type: ignore[method-assign]
    with pytest.raises(DialogueAborted, match=why):
        look(FAMILY.read_status(settings()), printer)


def test_values_that_cannot_be_read_are_left_out() -> None:
    assert read_attributes({"cash": "1.5", "lastreceipt": "12", "online": "maybe", "x": "y"}) == {
        "cash": 150, "lastreceipt": 12, "x": "y"
    }  # fmt: skip
    for reader, text in (
        (read_amount, "1,50"),
        (read_amount, ""),
        (read_number, "-1"),
        (read_moment, "31-02-2026 10:00"),
    ):
        with pytest.raises(ValueError):
            reader(text)
    assert read_amount("-12.3") == -1230
    assert read_rates({"A": "23.00%", "G": "Free"})["G"] == "exempt"


# -- setting --------------------------------------------------------------------------------------------

SETTINGS = {
    "set_clock": document(type="set_clock", time="2026-11-22T12:30:00+01:00"),
    "set_vat_rates": document(
        type="set_vat_rates",
        rates={"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": "12%", "F": None, "G": "exempt"},
    ),
    "set_header": document(type="set_header", lines=["SKLEP & S-KA", "NIP 123-456-32-18"]),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_shown_afterwards_and_not_sent_again(name: str) -> None:
    bench = Bench()
    verdict = bench.carry_out(SETTINGS[name])
    assert isinstance(verdict, Printed), verdict
    sent = [one for one in bench.executed if one != "error set"]
    assert len(sent) == 1
    again = bench.carry_out(SETTINGS[name])
    assert isinstance(again, Printed)
    assert [notice.code for notice in again.notices] == ["setting.unchanged"]
    assert [one for one in bench.executed if one != "error set"] == sent


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_found_out_after_any_silence(name: str) -> None:
    for nth in range(1, count_steps(SETTINGS[name]) + 1):
        for executed in (False, True):
            bench = Bench()
            verdict = bench.settle(SETTINGS[name], Lost(bench, nth, executed=executed))
            assert isinstance(verdict, Printed), (nth, executed, verdict)


def test_settings_wait_for_the_daily_report() -> None:
    for doc in SETTINGS.values():
        bench = Bench()
        bench.printer.sell(100)
        verdict = bench.carry_out(doc)
        assert isinstance(verdict, NotPrinted)
        assert verdict.problem.errors[0].code == "setting.day_open"


def test_a_rate_out_of_use_is_not_listed() -> None:
    bench = Bench()
    bench.carry_out(SETTINGS["set_vat_rates"])
    assert bench.printer.rates == {"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": "12%", "G": "free"}


def test_the_header_is_read_without_empty_lines() -> None:
    bench = Bench()
    bench.carry_out(SETTINGS["set_header"])
    bench.printer.header += (element("line"),)
    found, _ = look(FAMILY.read_header(settings()), bench.printer)
    assert found.lines == ("SKLEP & S-KA", "NIP 123-456-32-18")


def test_the_display_and_the_drawer_have_the_answer_as_proof() -> None:
    bench = Bench()
    assert isinstance(bench.carry_out(document(type="set_display", lines=["Witamy"])), Printed)
    assert bench.printer.shown == "Witamy"
    assert isinstance(bench.carry_out(document(type="drawer")), Printed)
    assert bench.printer.drawer == 1
    journal = Journal()
    last = count_steps(document(type="drawer"))
    with pytest.raises(NotAnswered):
        bench.carry_out(document(type="drawer"), Lost(bench, last - 1, executed=True), journal)
    verdict = bench.recover(document(type="drawer"), journal)
    assert isinstance(verdict, NotPrinted)
    assert not verdict.again, "it is never opened twice"
    assert [
        error.code for error in FAMILY.check(document(type="set_display", lines=["a", "b"]), settings(), None).errors
    ] == ["display.lines"]


# -- the evidence ---------------------------------------------------------------------------------------


def test_the_evidence_survives_the_journal() -> None:
    bench, journal = Bench(), Journal()
    verdict = bench.carry_out(RECEIPT, journal=journal)
    assert isinstance(verdict, Printed)
    assert journal.last is not None
    assert journal.last.stage is Stage.COMMITTING
    after = verdict.evidence["after"]
    assert isinstance(after, NovitusXmlLook)
    stored = NovitusXmlEvidence(before=journal.last.before, opened=journal.last.opened, after=after)
    again: Evidence = NovitusXmlEvidence.model_validate_json(stored.model_dump_json(exclude_none=True))
    assert again == stored
    assert isinstance(again.before, NovitusXmlLook)
    assert again.before.printouts == 47
