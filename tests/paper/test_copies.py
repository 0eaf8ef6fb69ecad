"""Copies of documents of which the journal knows less than usual, and drawings of any text."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.emulator.paper import COPY_MARK, PaperLine, Printout
from fiscald.emulator.svg import drawing
from fiscald.engine.originals import original
from fiscald.model.about import Sheet
from fiscald.model.copies import CannotDraw, CopyFormat, Original
from fiscald.model.documents import DOCUMENTS
from fiscald.model.jobs import DamagedDocument, Job, JobState, Paper, Result
from fiscald.model.problems import ProblemError
from fiscald.model.times import POLISH_TIME
from fiscald.paper.copies import FIELDS_PL, MAX_PICTURE_LINES, draw

NOW = datetime(2026, 11, 22, 10, 15, tzinfo=POLISH_TIME)
VAT: dict[str, str | None] = {
    "A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": None, "F": None, "G": "exempt"
}  # fmt: skip
RECEIPT = {"type": "receipt", "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}]}


def job(document: Any = RECEIPT, *, state: JobState = JobState.DONE, evidence: Any = None, **result: Any) -> Job:
    parsed: Any = DOCUMENTS[document["type"]].model_validate(document) if isinstance(document, dict) else document
    return Job(
        key="A",
        printer="till1",
        state=state,
        document=parsed,
        paper=Paper.PRINTED,
        result=Result(**({"printer_id": "ABC 1234567890"} | result)),
        evidence=evidence,
        created_at=NOW,
        updated_at=NOW,
    )


def copy(found: Job, vat: dict[str, str | None] | None = VAT, printouts: int | None = 44) -> str:
    return draw(Original(found, "posnet", None, None, vat, printouts), CopyFormat.TEXT).decode()


def test_the_number_of_the_real_printer_stands_on_the_copy() -> None:
    text = copy(job(number=85, printed_at=NOW))
    for words in ("000085 #1", "nr wydr. 44", "2026-11-22", "10:15", "# KOPIA # ABC 1234567890"):
        assert words in text
    assert "Nieznane" not in text


@pytest.mark.parametrize(("profile", "heading"), [("posnet", "Pokwitowanie"), ("novitus", "WYDRUK NIEFISKALNY")])
def test_a_printout_of_a_thermal_printer(profile: str, heading: str) -> None:
    done = job({"type": "printout", "lines": ["Żurek x 2", {"rule": True}]}, printed_at=NOW)
    text = draw(Original(done, "thermal", profile, "mazovia", None, 44), CopyFormat.TEXT).decode()
    for words in (heading, "Żurek x 2", COPY_MARK, "44\n"):
        assert words in text


def test_a_copy_says_what_is_not_known() -> None:
    text = " ".join(copy(job()).split())
    assert "Nieznane: numer wydruku, data i godzina; na tej kopii nie są z oryginału." in text


def test_a_training_document_stays_one() -> None:
    text = copy(job(number=85, printed_at=NOW, fiscal=False))
    assert "PARAGON" not in text.replace(" ", "")
    report = copy(job({"type": "daily_report"}, number=3, printed_at=NOW, fiscal=False))
    assert "NIEFISKALNY (tryb szkoleniowy)" in report


@pytest.mark.parametrize("profile", ["online", "old"])
def test_an_invoice_has_its_number_and_buyer(profile: str) -> None:
    """An older printer asks a person before it prints one; a copy needs no answer."""
    buyer = {"name": "Firma", "nip": "5260250274"}
    invoice = {"type": "invoice", "number": "FV/10/2026", "buyer": buyer, "lines": RECEIPT["lines"]}
    found = Original(job(invoice, number=7, printed_at=NOW), "posnet", profile, None, VAT, 44)
    text = draw(found, CopyFormat.TEXT).decode()
    for words in ("FV/10/2026", "Firma", "NIP 526-025-02-74", "F000007 #1", "# KOPIA # ABC 1234567890"):
        assert words in text


def test_an_e_receipt_has_a_copy_though_it_never_was_on_paper() -> None:
    text = copy(job(RECEIPT | {"e_receipt": {"customer_id": "KID-1"}}, number=85, printed_at=NOW))
    assert "000085 #1" in text
    assert "KID-1" not in text


def test_what_cannot_be_drawn() -> None:
    with pytest.raises(CannotDraw, match="VAT table is not known"):
        copy(job(), vat=None)
    assert "50,00" in copy(job({"type": "cash_out", "amount": "50.00"}), vat=None), "a slip has no rates"
    with pytest.raises(CannotDraw, match="does not print it"):
        copy(job({"type": "receipt", "lines": [{"name": "Kawa", "price": "10.00", "vat": "E"}]}))
    with pytest.raises(CannotDraw, match="damaged"):
        copy(job(DamagedDocument(text="{")))
    long = job({"type": "printout", "lines": ["x" * 38] * 1000})
    assert len(copy(long).split("\n")) < MAX_PICTURE_LINES


def test_more_lines_than_a_picture_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiscald.paper.copies.MAX_PICTURE_LINES", 5)
    with pytest.raises(CannotDraw, match="ask for text or SVG"):
        draw(Original(job(), "posnet", None, None, VAT, None), CopyFormat.PNG)


@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.DONE])
def test_what_is_not_done_has_no_copy(state: JobState) -> None:
    with pytest.raises(ProblemError) as refused:
        original(job(state=state), None)
    assert refused.value.problem.code == "job.no_paper"


def test_the_evidence_says_what_a_removed_printer_was() -> None:
    look = {"nr_unikatowy": "ABC", "Pm": 1, "Pt": 0, "Px": 1, "Pz": 0, "par_num": 1, "cash": 0, "tot": 0,
            "n_dobowych": 1}  # fmt: skip
    evidence = {
        "family": "thermal",
        "version": 2,
        "before": look | {"numer": 6, "profile": "novitus", "rates": VAT},
        "after": look | {"numer": 7},
    }
    found = original(job(evidence=evidence), None)
    assert found[1:] == ("thermal", "novitus", None, VAT, 7)
    unreadable = original(job(evidence=evidence | {"before": {"numer": "?"}}), None)
    assert unreadable[1:] == ("thermal", None, None, None, None)
    with pytest.raises(ProblemError, match="no longer configured"):
        original(job(evidence=None), None)


@given(st.lists(st.text(max_size=40), max_size=5), st.text(min_size=1, max_size=200))
def test_any_text_gives_a_drawing(texts: list[str], code: str) -> None:
    lines = [PaperLine(text=text) for text in (COPY_MARK, *texts)]
    lines += [PaperLine(text="", code=("barcode", code))]
    sheet = Printout(number=1, kind="x", at=NOW, width=40, lines=tuple(lines))
    found = ElementTree.fromstring(drawing([sheet, sheet]))
    marks = [each for each in found.iter("{http://www.w3.org/2000/svg}text") if each.text == COPY_MARK]
    assert len(marks) == 2 + 2 * texts.count(COPY_MARK)


def test_no_sheet_no_drawing() -> None:
    with pytest.raises(ValueError, match="nothing was printed"):
        drawing([])


def test_a_document_that_printed_nothing_has_no_copy() -> None:
    """A POSNET printer prints nothing about its VAT table, and no printer about what it shows already."""
    found = job({"type": "set_header", "lines": ["SKLEP"]}, printed_at=NOW)
    with pytest.raises(CannotDraw, match="printed nothing"):
        copy(found.model_copy(update={"paper": Paper.NONE}))
    assert "SKLEP" in copy(found)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"type": "monthly_report", "month": "2026-10", "summary": True}, "Miesiąc 2026-10 Tylko podsumowanie tak"),
        ({"type": "periodic_report", "from": 1, "to": 2}, "Od 1 Do 2"),
        ({"type": "set_vat_rates", "rates": VAT}, "Stawka A 23% Stawka B 8% Stawka C 5% Stawka D 0% Stawka E -"),
        ({"type": "set_header", "lines": ["SKLEP", "ul. Testowa 1"]}, "Wiersz 1 SKLEP Wiersz 2 ul. Testowa 1"),
    ],
)
def test_the_copy_of_a_report_is_polish(document: Any, words: str) -> None:
    text = " ".join(copy(job(document, printed_at=NOW)).split())
    assert words in text
    assert "Numer" not in text


def test_every_field_of_a_document_with_facts_alone_has_a_polish_name() -> None:
    for kind in DOCUMENTS.values():
        if kind.about.sheet is Sheet.PRINTERS_OWN:
            assert set(kind.model_fields) - {"type"} <= set(FIELDS_PL)
