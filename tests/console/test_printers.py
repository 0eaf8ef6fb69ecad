"""The pages of the printers."""

from __future__ import annotations

import re

from fiscald.console import wording
from fiscald.console.amounts import money
from fiscald.console.languages import Words
from fiscald.model.jobs import JobState, Paper
from fiscald.model.printers import PrinterState
from tests.console.desk import Reader, reader, text_of, value_of
from tests.console.shop import RECEIPT, shop


def key_of(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_every_printer_and_its_facts(anna: Reader) -> None:
    text = anna.read("")
    assert "till1" in text
    assert "till2" in text
    assert "Ready" in text
    page = anna.read("printer", name="till1")
    for fact in ("POSNET THERMAL", "EMU 0000000001", "23%", "exempt", "Next daily report", "Printer's clock", "enough"):
        assert fact in page, fact


def test_what_keeps_it_from_printing_in_both_languages(anna: Reader, zofia: Reader) -> None:
    market = anna.shop
    market.printers["till2"].switch("paper_out")
    try:
        market.until("paper_out", "till2")
        english, polish = anna.read("printer", name="till2"), zofia.read("printer", name="till2")
        assert "No paper" in english
        assert "Insert a new roll. Waiting documents are printed then." in english
        assert "Brak papieru. Włóż nową rolkę." in polish
        assert "Insert" not in polish
        assert "No paper" in anna.read("")
    finally:
        market.printers["till2"].switch("paper_out", on=False)
        market.until("ready", "till2")


def test_cash_is_put_in_once_however_often_the_form_is_sent(anna: Reader) -> None:
    form = anna.get("printer/action", name="till1", do="cash_in")
    key = key_of(form.text)
    fields = {"name": "till1", "do": "cash_in", "key": key, "amount": "1 200,50 zł"}
    first = anna.post("printer/action", **fields)
    again = anna.post("printer/action", **fields)
    assert first.headers["location"] == again.headers["location"]
    job = anna.shop.client.job(key, wait=10)
    assert job.state == "done"
    assert job.document.model_dump(mode="json")["amount"] == "1200.50"
    assert "Cash in" in text_of(anna.follow(first))


def test_a_bad_amount_stays_in_its_field(anna: Reader) -> None:
    fields = {"name": "till1", "do": "cash_out", "key": "console/bad", "amount": "<b>dużo"}
    answer = anna.post("printer/action", **fields)
    assert answer.status_code == 422
    assert value_of(answer, "amount") == "<b>dużo"
    assert "Write an amount like 200,00." in text_of(answer)
    assert "<b>" not in answer.text


def test_the_report_the_drawer_and_the_test_page(anna: Reader) -> None:
    anna.shop.client.submit("before/report", "till1", RECEIPT, wait=10)
    for what, words in (("daily_report", "cannot be undone"), ("drawer", "The drawer opens"), ("test_page", "ruler")):
        form = anna.get("printer/action", name="till1", do=what)
        assert words in text_of(form)
        key = key_of(form.text)
        assert anna.post("printer/action", name="till1", do=what, key=key).status_code == 303
        assert anna.shop.client.job(key, wait=10).state == "done", what
    assert "STRONA TESTOWA" in "".join(anna.shop.printer.paper[-1].split("  "))


def test_a_refused_action_says_why(anna: Reader) -> None:
    anna.shop.client.submit("console/taken", "till1", {"type": "drawer"}, wait=10)
    answer = anna.post("printer/action", name="till1", do="cash_out", key="console/taken", amount="5,00")
    assert answer.status_code == 409
    assert "job.conflict" in text_of(answer)
    assert value_of(answer, "amount") == "5,00"


def test_actions_that_do_not_exist(anna: Reader) -> None:
    assert anna.get("printer/action", name="till1", do="explode").status_code == 303
    assert anna.post("printer/action", name="till1", do="explode", key="console/1").status_code == 303
    assert anna.post("printer/action", name="till1", do="drawer", key="FV/1").status_code == 303
    assert anna.post("printer/action", name="till9", do="drawer", key="console/1").status_code == 404


def test_adopting_a_printer_that_was_swapped() -> None:
    with shop() as it, reader(it) as anna:
        it.printer.seed(unique_number="EMU 0000000077")
        it.printer.power(on=False)
        it.printer.power(on=True)
        it.until("swapped")
        page = anna.get("printer", name="till1")
        assert "EMU 0000000077" in page.text
        assert "Another printer is connected under this name" in text_of(page)
        unsure = anna.post("printer/adopt", name="till1", printer_id="EMU 0000000077")
        assert "Tick that you have looked" in text_of(unsure)
        wrong = anna.post("printer/adopt", name="till1", printer_id="EMU 1", sure="yes")
        assert wrong.status_code == 409
        assert anna.post("printer/adopt", name="till1", printer_id="EMU 0000000077", sure="yes").status_code == 303
        it.until("ready")


def test_confirming_the_journal_after_a_foreign_receipt() -> None:
    with shop() as it, reader(it) as anna:
        it.printer.foreign_receipt()
        it.client.submit("after/foreign", "till1", {"type": "drawer"}, wait=0)
        it.until("behind")
        page = anna.read("printer", name="till1")
        assert "Compare the printer with fiscald" in page
        unsigned = anna.post("printer/journal", name="till1", by="", note="roll 7")
        assert unsigned.status_code == 422
        assert value_of(unsigned, "note") == "roll 7"
        assert anna.post("printer/journal", name="till1", by="Anna Nowak", waiting="undecided").status_code == 303
        it.until("ready")


def test_every_state_has_words_in_both_languages() -> None:
    english, polish = Words("en"), Words("pl")
    for state in PrinterState:
        assert wording.printer_state(english, state).text != wording.printer_state(polish, state).text
    for job in JobState:
        assert wording.job_state(english, job).text != wording.job_state(polish, job).text
    for paper in Paper:
        assert wording.paper(english, paper) != wording.paper(polish, paper)


def test_amounts_as_people_type_them() -> None:
    for typed in ("12", "12,00", "12.00", " 12,0 zł", "12 PLN", "1\u00a02,00"):
        assert money(typed) == "12.00", typed
    for typed in ("", "zł", "12,345", "-5", "1e3", "12..0", "dwa"):
        assert money(typed) is None, typed
