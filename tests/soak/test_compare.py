"""The comparison finds what it is there to find: each witness is doctored in turn."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from tests.soak.compare import Answer, Comparison, Job, Kind, Memory, Person, Sheet, compare

AT = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)


@dataclass
class Witnesses:
    """Two receipts, a slip and a report that failed: all of one mind, until a test changes something."""

    jobs: list[Job] = field(
        default_factory=lambda: [
            Job("A", "till1", "receipt", "done", AT, "Towar 00001", "WZ/1", "Anna", 1, 1, 500, 6, attempts=1),
            Job("B", "till1", "receipt", "done", AT, "Towar 00002", "WZ/2", "Anna", 2, 1, 700, 7, attempts=2),
            Job("C", "till1", "cash_in", "done", AT, "cash_in 100", None, None, None, 1, 100, 8, attempts=1),
            Job("D", "till1", "receipt", "failed", AT, "Towar 00004", "WZ/4", error="job.withdrawn: by a client"),
        ]
    )
    answers: list[Answer] = field(
        default_factory=lambda: [
            Answer("A", "done", AT, 1, 1, 500),
            Answer("B", "done", AT, 2, 1, 700),
            Answer("C", "done", AT, None, 1, 100),
            Answer("D", "failed", AT),
        ]
    )
    sheets: list[Sheet] = field(
        default_factory=lambda: [
            Sheet("till1", "receipt", "Towar 00001", 1, 6, 1, 500, "WZ/1", "Anna"),
            Sheet("till1", "receipt", "Towar 00002", 1, 7, 2, 700),
            Sheet("till1", "cash_in", "cash_in 100", 1, 8, None, 100),
        ]
    )
    memory: Memory = field(default_factory=lambda: Memory("till1", {1: (1200, 2)}))
    undecided: list[Person] = field(default_factory=list)

    def compared(self) -> Comparison:
        return compare(self.jobs, self.answers, self.sheets, [self.memory], self.undecided)

    def kinds(self) -> list[Kind]:
        return [one.kind for one in self.compared().found]


def test_they_agree() -> None:
    assert Witnesses().compared().agreed


def test_a_doubled_sheet() -> None:
    it = Witnesses()
    it.sheets.append(replace(it.sheets[0], place=9, number=3))
    assert it.kinds() == [Kind.DOUBLED]


def test_a_lost_sheet() -> None:
    it = Witnesses()
    del it.sheets[0]
    assert it.kinds() == [Kind.LOST]


def test_a_sheet_on_the_other_printer_is_lost_here_and_foreign_there() -> None:
    it = Witnesses()
    it.sheets[0] = replace(it.sheets[0], printer="till2")
    assert it.kinds() == [Kind.LOST, Kind.FOREIGN]


@pytest.mark.parametrize("change", [{"number": 9}, {"daily_report": 2}, {"total": 501}, {"place": 60}])
def test_a_result_that_is_not_on_the_sheet(change: dict[str, int]) -> None:
    it = Witnesses()
    it.sheets[0] = replace(it.sheets[0], **change)  # type: ignore[arg-type]
    assert it.kinds() == [Kind.WRONG]


def test_numbers_of_two_receipts_exchanged() -> None:
    it = Witnesses()
    it.sheets[0], it.sheets[1] = replace(it.sheets[0], number=2), replace(it.sheets[1], number=1)
    assert it.kinds() == [Kind.WRONG, Kind.WRONG]


def test_a_done_report_that_does_not_say_which() -> None:
    it = Witnesses()
    it.jobs.append(Job("E", "till1", "daily_report", "done", AT))
    it.answers.append(Answer("E", "done", AT))
    assert it.kinds() == [Kind.WRONG]


def test_one_daily_report_claimed_by_two_jobs() -> None:
    it = Witnesses()
    for key in ("E", "F"):
        it.jobs.append(Job(key, "till1", "daily_report", "done", AT, "daily_report 1", None, None, 1, 1, None, 9))
        it.answers.append(Answer(key, "done", AT, 1, 1))
    it.sheets.append(Sheet("till1", "daily_report", "daily_report 1", 1, 9, 1))
    assert it.kinds() == [Kind.LOST]


def test_printed_though_failed() -> None:
    it = Witnesses()
    it.sheets.append(Sheet("till1", "receipt", "Towar 00004", 1, 9, 3, 10, "WZ/4"))
    assert it.kinds() == [Kind.DENIED]


def test_a_sheet_without_a_job() -> None:
    it = Witnesses()
    it.sheets.append(Sheet("till1", "receipt", "Obcy towar", 1, 9, 3, 777))
    assert it.kinds() == [Kind.FOREIGN]


@pytest.mark.parametrize("change", [{"system_number": "WZ/4"}, {"cashier": "Zofia"}])
@pytest.mark.parametrize("sheet", [0, 1, 2])
def test_the_foot_of_another_document(sheet: int, change: dict[str, str]) -> None:
    it = Witnesses()
    it.sheets[sheet] = replace(it.sheets[sheet], **change)  # type: ignore[arg-type]
    assert it.kinds() == [Kind.FOOT]


@pytest.mark.parametrize(
    "change",
    [{"state": "failed"}, {"number": 2}, {"daily_report": 2}, {"total": 5}, {"created_at": AT.replace(year=1)}],
)
def test_an_answer_that_differs_from_the_journal(change: dict[str, object]) -> None:
    it = Witnesses()
    it.answers.append(replace(it.answers[0], **change))  # type: ignore[arg-type]
    assert it.kinds() == [Kind.ANSWER]


def test_an_end_without_an_answer() -> None:
    it = Witnesses()
    del it.answers[3]
    assert it.kinds() == [Kind.ANSWER]


def test_an_answer_of_which_the_journal_knows_nothing() -> None:
    it = Witnesses()
    it.answers.append(Answer("X", "done", AT, 3, 1, 5))
    assert it.kinds() == [Kind.FORGOTTEN]


@pytest.mark.parametrize("days", [{1: (1201, 2)}, {1: (1200, 3)}, {1: (1200, 2), 2: (5, 1)}, {1: (0, 0), 2: (1200, 2)}])
def test_totals_that_differ(days: dict[int, tuple[int, int]]) -> None:
    it = Witnesses()
    it.memory = replace(it.memory, days=days)
    assert set(it.kinds()) == {Kind.TOTALS}


def test_a_day_the_printer_never_had() -> None:
    it = Witnesses()
    it.memory = replace(it.memory, days={})
    assert it.kinds() == [Kind.TOTALS]


def test_what_is_left_open_on_the_printer() -> None:
    it = Witnesses()
    it.memory = replace(it.memory, left_open="a receipt was begun")
    assert it.kinds() == [Kind.UNFINISHED]


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({"error": "printer.refused: a transaction is open (2038)"}, [Kind.REFUSED]),
        ({"error": "printer.refused: zero (382 ERR_RD_ZERO)"}, [Kind.REFUSED]),
        ({"error": "printer.refused: zero (382 ERR_RD_ZERO)", "type": "daily_report", "mark": None}, []),
        ({"error": "printer.refused: the checksum does not fit", "attempts": 3}, []),
        ({"error": "printer.interrupted: cancelled"}, []),
    ],
)
def test_a_failure_that_nothing_explains(change: dict[str, object], kinds: list[Kind]) -> None:
    it = Witnesses()
    it.jobs[3] = replace(it.jobs[3], **change)  # type: ignore[arg-type]
    assert it.kinds() == kinds


@pytest.mark.parametrize("phase", ["accepted", "started", "committing"])
def test_a_job_that_never_ends(phase: str) -> None:
    it = Witnesses()
    it.jobs[3] = replace(it.jobs[3], phase=phase)
    it.answers.pop()
    assert it.kinds() == [Kind.OPEN]


def test_an_undecided_job_is_reported_with_its_evidence() -> None:
    it = Witnesses()
    it.jobs[3] = replace(it.jobs[3], phase="undecided", error="printer.unproven: why", evidence="bn 7")
    it.answers[3] = replace(it.answers[3], state="undecided")
    (one,) = it.compared().found
    assert one.kind is Kind.UNDECIDED
    assert "printer.unproven: why" in one.text
    assert "bn 7" in one.text


def test_an_undecided_job_stays_counted_when_a_person_decided_it() -> None:
    it = Witnesses()
    it.jobs[0] = replace(it.jobs[0], decided=True, daily_report=None, total=None, place=None)
    it.answers[0] = replace(it.answers[0], daily_report=None, total=None)
    it.answers.append(Answer("A", "undecided", AT))
    it.undecided.append(Person("A", "the counters do not tell", "bn 7"))
    assert Kind.UNDECIDED in it.kinds()
    # What a person decides has no total, so the day cannot add up; nothing else is wrong.
    assert set(it.kinds()) == {Kind.UNDECIDED, Kind.TOTALS}
