"""The pages of the documents, and the sandbox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from fiscald.api.wire import JobAnswer, JobEvents
from fiscald.console import evidence, timeline, wording
from fiscald.console.languages import Words
from fiscald.model.cash import Drawer
from fiscald.model.jobs import JobEvent, JobState, Phase, Resolution
from fiscald.model.problems import CATALOGUE, problem
from fiscald.model.times import POLISH_TIME
from fiscald.protocols import FAMILIES, family
from tests.console.desk import Reader, reader, text_of, value_of
from tests.console.shop import HOSTILE, RECEIPT, Shop, shop
from tests.found import found


@pytest.fixture(scope="module")
def stopped() -> Iterator[Shop]:
    """A shop whose printer waits for a decision."""
    with shop() as it:
        it.undecided("FV/undecided")
        yield it


def test_an_empty_list_says_where_documents_come_from() -> None:
    with shop() as it, reader(it) as anna:
        assert "No document yet" in anna.read("documents")
        assert "To the sandbox" in anna.read("documents")


def test_searching_by_number_amount_day_and_key(anna: Reader) -> None:
    job = anna.shop.client.submit("FV/2026/11/0017", "till1", RECEIPT, wait=10)
    assert job.result is not None
    day = f"{job.created_at:%Y-%m-%d}"
    polish = f"{job.created_at:%d.%m.%Y}"
    for query in (
        {}, {"number": str(job.result.number)}, {"amount": "31,08"}, {"day": day}, {"day": polish}, {"printer": "till1"},
        {"state": "done", "amount": "31.08 zł"},
    ):  # fmt: skip
        assert "FV/2026/11/0017" in anna.read("documents", **query), query
    found = anna.get("documents", key="FV/2026/11/0017")
    assert found.headers["location"] == "/console/document?key=FV/2026/11/0017"
    assert "No such document" in anna.read("documents", amount="0,01")


def test_a_search_that_makes_no_sense_keeps_what_was_typed(anna: Reader) -> None:
    answer = anna.get("documents", number="-1", amount="dużo", day="<i>wczoraj", key="ż", printer="till1")
    text = text_of(answer)
    assert answer.status_code == 422
    for words in ("Write the number", "Write an amount", "Write a day", "A key has letters"):
        assert words in text
    assert [value_of(answer, field) for field in ("number", "amount", "day", "key")] == [
        "-1",
        "dużo",
        "<i>wczoraj",
        "ż",
    ]
    assert "<i>" not in answer.text
    assert anna.get("documents", key="no/such").status_code == 422
    assert anna.get("documents", state="nonsense").status_code == 422


def test_older_pages_of_the_list(anna: Reader) -> None:
    for number in range(30):
        anna.shop.client.submit(f"page/{number}", "till2", {"type": "drawer"}, wait=0)
    first = anna.get("documents", printer="till2")
    assert "Older documents" in first.text
    older = first.text.partition('class="button" href="/console/documents?after=')[2].partition('"')[0]
    assert "page/0" in text_of(anna.http.get("/console/documents?after=" + older.replace("&amp;", "&")))


def test_a_document_its_paper_and_what_proves_it(anna: Reader, zofia: Reader) -> None:
    anna.shop.client.submit("FV/proof", "till1", RECEIPT, wait=10)
    page = anna.get("document", key="FV/proof")
    text = text_of(page)
    for words in (
        "Printed",
        "31.08",
        "KOPIA - DOKUMENT NIEFISKALNY",
        "receipts of the day: from",
        "A program handed it over.",
    ):
        assert words in text, words
    assert "paragony dnia: z" in zofia.read("document", key="FV/proof")
    picture = anna.get("document/paper", key="FV/proof")
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert "/console/document/paper?key=FV/proof" in page.text
    assert anna.get("document/paper", key="no/such").status_code == 404


def test_hostile_texts_never_become_a_part_of_a_page(anna: Reader) -> None:
    document = {"type": "printout", "title": HOSTILE[:20], "lines": [HOSTILE, "</pre><script>alert(2)</script>"]}
    anna.shop.client.submit("hostile", "till1", document, wait=10)
    receipt = {"type": "receipt", "lines": [{"name": HOSTILE[:30], "price": "1.00", "vat": "A"}]}
    anna.shop.client.submit("hostile/2", "till1", receipt, wait=10)
    for path, query in (
        ("document", {"key": "hostile"}), ("document", {"key": "hostile/2"}), ("documents", {}),
        ("technician/conversation", {"name": "till1"}),
        ("document", {"key": "<script>alert(3)</script>"}), ("printer", {"name": "<script>alert(3)</script>"}),
        ("documents", {"key": "\"><script>alert(3)</script>"}), ("technician/scan", {"port": "\"><script>alert(4)"}),
    ):  # fmt: skip
        page = anna.get(path, **query).text
        assert "<img src=x" not in page, path
        assert "<script>alert" not in page, path
    assert "onerror=alert" in anna.read("document", key="hostile"), "it is shown, as text"
    picture = anna.get("document/paper", key="hostile").text
    assert "<script>alert" not in picture


def test_withdrawing_a_document_that_waits(anna: Reader) -> None:
    market = anna.shop
    market.printers["till2"].switch("paper_out")
    try:
        market.until("paper_out", "till2")
        market.client.submit("waits", "till2", RECEIPT | {"buyer": None}, wait=0)
        page = anna.read("document", key="waits")
        assert "Withdraw: do not print it" in page
        assert "Now it waits." in page
        assert anna.post("document/withdraw", key="waits").status_code == 303
        assert market.client.job("waits").state == "failed"
        market.client.submit("printed", "till1", {"type": "drawer"}, wait=10)
        too_late = anna.post("document/withdraw", key="printed")
        assert too_late.status_code == 409
        assert "Printed" in text_of(too_late)
    finally:
        market.printers["till2"].switch("paper_out", on=False)
        market.until("ready", "till2")


def event(phase: Phase, number: int = 1, **more: Any) -> JobEvent:
    at = datetime(2026, 11, 22, 10, 15, number, tzinfo=POLISH_TIME)
    return JobEvent(id=number, at=at, state=phase.state, phase=phase, **more)


def test_the_timeline_tells_every_event_in_both_languages() -> None:
    lost = problem("link.lost", address="tcp://192.0.2.1", reason="cut")
    decided = Resolution(verdict="not_printed", by="Anna")
    happened = JobEvents(
        events=(
            event(Phase.ACCEPTED), event(Phase.STARTED), event(Phase.COMMITTING, problem=lost),
            event(Phase.ACCEPTED, problem=lost), event(Phase.STARTED), event(Phase.FAILED, problem=lost),
            event(Phase.UNDECIDED, problem=lost), event(Phase.FAILED, problem=lost, resolution=decided),
            event(Phase.DONE), event(Phase.DONE),
        ),
        next=None,
    )  # fmt: skip
    now = datetime(2026, 11, 22, 10, 15, tzinfo=POLISH_TIME)
    job = JobAnswer(key="A", printer="till1", state=JobState.DONE, document=Drawer(), created_at=now, updated_at=now)
    english, polish = (timeline.told(Words(language), job, happened) for language in ("en", "pl"))
    assert len(english) == len(polish) == len(happened.events)
    for one, other in zip(english, polish, strict=True):
        assert one.text != other.text, "translated"
        assert one.at is not None
    assert [each.text for each in english].count("It was not printed.") == 1
    assert len({each.text for each in english}) == len(english)
    assert [each.tone for each in english] == ["", "", "warn", "warn", "", "bad", "bad", "bad", "good", ""]


def test_a_long_timeline_says_that_there_is_more(anna: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    anna.shop.client.submit("long/1", "till1", {"type": "drawer"}, wait=10)
    assert "The printer did it." in anna.read("document", key="long/1")
    monkeypatch.setattr(timeline, "MOST", 2)
    page = anna.read("document", key="long/1")
    assert "fiscalctl job KEY --events" in page
    assert "The printer did it." not in page.partition("What happened")[2]


# -- deciding ------------------------------------------------------------------------------------------


def test_a_guided_decision(stopped: Shop) -> None:
    with reader(stopped) as anna:
        shown = anna.read("document", key="FV/undecided")
        assert "What the printer counted" in shown
        assert "What proves it" not in shown, "nothing does"
        assert "Look and decide" in anna.read("")
        assert "stops this printer" in anna.read("printer", name="till1")
        page = anna.get("document/decision", key="FV/undecided")
        text = text_of(page)
        for words in ("1. Look at the paper", "31.08", "2. Look at the printer", "daily reports made: from 0 to 1",
                      "a daily report cleared the counters", "Chleb razowy na zakwasie"):  # fmt: skip
            assert words in text, words
        empty = anna.post("document/decision", key="FV/undecided", number="osiem", note="nie wiem")
        assert empty.status_code == 422
        for words in ("Choose one of the two", "Write your name", "Write the number on the paper"):
            assert words in text_of(empty)
        assert (value_of(empty, "number"), value_of(empty, "note")) == ("osiem", "nie wiem")
        said = {"verdict": "printed", "number": "1", "by": "Anna Nowak", "note": "<b>widziałam"}
        decided = anna.post("document/decision", key="FV/undecided", **said)
        told = text_of(anna.follow(decided))
        assert "Anna Nowak has decided that it was printed, under the number 1 ." in told
        assert "Anna Nowak: it was printed, number 1." in told
        order = ("A program handed it over.", "Printing began.", "It was interrupted.", "It cannot be known",
                 "a daily report cleared the counters", "Anna Nowak: it was printed")  # fmt: skip
        places = [told.index(words) for words in order]
        assert places == sorted(places)
        assert "<b>widziałam" in told
        assert anna.get("document/decision", key="FV/undecided").status_code == 303, "it is decided"
        assert stopped.client.job("FV/undecided").state == "done"


def test_the_language_of_a_session_is_not_in_the_address(anna: Reader) -> None:
    """Pages load parts of themselves later: a page would be half in one language."""
    assert "Documents" in anna.read("documents", lang="pl")


def test_every_cause_in_words() -> None:
    english, polish = Words("en"), Words("pl")
    for cause in (
        "report_between",
        "twins",
        "vanished",
        "changed",
        "counters_restored",
        "contradiction",
        "journal_behind",
    ):
        assert wording.cause(english, cause)
        assert wording.cause(english, cause) != wording.cause(polish, cause)


def test_no_reader_of_a_sentence_needs_to_know_addresses_or_commands() -> None:
    told = {code for code in CATALOGUE if code.startswith("link.")} - {"link.unanswered"} | {"printer.undecided"}
    english, polish = Words("en"), Words("pl")
    for code in found(sorted(told)):
        why = problem(code, address="serial:///dev/ttyS0", reason="no such file", printer="till1", key="FV/1")
        for sentence in (english.of(why), polish.of(why)):
            assert "serial" not in sentence
            assert "fiscalctl" not in sentence
            assert sentence.endswith(".")
        assert english.of(why) != polish.of(why)


def test_evidence_of_any_form_is_shown() -> None:
    t = Words("en")
    assert evidence.table(t, None) is None
    found = evidence.table(t, {"family": "x", "before": {"bt": 1, "deep": {"a": 1}}, "after": {"bt": 2, "new": None}})
    assert found is not None
    assert [row.key for row in found.rows] == ["bt", "new"]
    assert found.rows[0].moved
    assert evidence.moved(t, found) == ["number of the last receipt: from 1 to 2"]
    assert found.rest == (("family", "x"),)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_counter_of_every_family_has_words_in_both_languages(name: str) -> None:
    (look, _) = family(name).evidence.model_fields["before"].annotation.__args__  # type: ignore[union-attr]
    plain = {field: 1 for field, about in look.model_fields.items() if not re.search("Day|dict", str(about.annotation))}
    assert len(plain) > 5
    sentences = []
    for t in (Words("en"), Words("pl")):
        shown = evidence.table(t, {"before": plain, "after": dict.fromkeys(plain, 2)})
        assert shown is not None
        assert [row.key for row in shown.rows if row.name == row.key] == []
        sentences.append(evidence.moved(t, shown))
    assert not set(sentences[0]) & set(sentences[1])


# -- the sandbox -----------------------------------------------------------------------------------------


def line(name: str, price: str, quantity: str = "1", vat: str = "A") -> dict[str, str]:
    return {"name": name, "quantity": quantity, "price": price, "vat": vat}


def sandbox(anna: Reader, *lines: dict[str, str], **fields: str) -> dict[str, object]:
    columns = {column: [each[column] for each in lines] for column in ("name", "quantity", "price", "vat")}
    return {"printer": "till1", "key": "console/sandbox", "payment": "cash", "paid": "", "nip": "", **columns, **fields}


def test_a_receipt_is_previewed_while_it_is_written(anna: Reader) -> None:
    before = len(anna.shop.client.jobs().jobs)
    draft = sandbox(anna, line("Kawa", "12,50", "2"), line("", ""), line("Bułka", "1,00", vat="C"), paid="30")
    answer = anna.post("sandbox", **draft, do="preview")
    text = text_of(answer)
    for words in ("26.00", "4.00", "P A R A G O N", "Kawa", "would accept"):
        assert words in text, words
    assert len(anna.shop.client.jobs().jobs) == before


def test_a_bad_line_is_marked_where_it_is(anna: Reader) -> None:
    draft = sandbox(anna, line("Kawa", "1,00"), line("", ""), line("Bułka", "tanio"), nip="123")
    answer = anna.post("sandbox", **draft, do="preview")
    assert answer.status_code == 422
    assert 'id="e-price-2"' in answer.text
    assert 'id="e-price-0"' not in answer.text
    assert 'value="tanio"' in answer.text
    assert value_of(answer, "nip") == "123"


def test_a_line_more(anna: Reader) -> None:
    answer = anna.post("sandbox", **sandbox(anna, line("Kawa", "1,00")), do="add")
    assert answer.text.count('name="price"') == 2


def test_a_receipt_of_the_sandbox_is_printed_once(anna: Reader) -> None:
    draft = sandbox(anna, line("Kawa", "12,50"), key="console/once", nip="526-025-02-74")
    answers = [anna.post("sandbox", **draft, do="print") for _ in range(2)]
    assert {each.headers["location"] for each in answers} == {"/console/document?key=console/once"}
    job = anna.shop.client.job("console/once", wait=10)
    assert job.state == "done"
    assert "5260250274" in anna.read("document", key="console/once")


def test_a_document_as_json(anna: Reader) -> None:
    good = '{"type": "printout", "title": "X", "lines": ["Zażółć"]}'
    assert "Zażółć" in text_of(anna.post("sandbox/json", printer="till1", document=good, do="preview", key="console/j"))
    for bad, words in (
        ("{", "This is not JSON"),
        ("[]", "A document is an object"),
        ('{"type": "x"}', "Code for support"),
    ):
        answer = anna.post("sandbox/json", printer="till1", document=bad, do="preview", key="console/j")
        assert answer.status_code == 422
        assert words in text_of(answer)
        assert bad in text_of(answer)
    assert anna.post("sandbox/json", printer="till1", document=good, do="print", key="console/json").status_code == 303
    assert anna.shop.client.job("console/json", wait=10).state == "done"
