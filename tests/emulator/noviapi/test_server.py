"""The table of jobs, as the contract has it."""

from __future__ import annotations

from typing import Any

import pytest

from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import RegisterState
from fiscald.emulator.noviapi import jobs
from tests.emulator.noviapi.talking import Program, Talk

ARTICLE = {"name": "Kawa", "ptu": "A", "price": "10.00", "quantity": "1", "value": "10.00"}
RECEIPT: dict[str, Any] = {"items": [{"article": ARTICLE}], "summary": {"total": "10.00", "pay_in": "10.00"}}
REPORT = {"date": "30/11/2026"}
STATUS = {"type": "device"}


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.fixture
def program(talk: Talk) -> Program:
    program = talk.program()
    program.fetch()
    return program


# -- jobs -------------------------------------------------------------------------------------------------------------


def test_a_job_is_stored_confirmed_and_done(talk: Talk, program: Program) -> None:
    job_id = program.store("receipt", RECEIPT)
    assert program.state("receipt", job_id) == {"id": job_id, "status": "STORED"}
    assert talk.kinds == []
    reply = program.confirm("receipt", job_id)
    assert reply.body == {"request": {"id": job_id, "status": "CONFIRMED"}}
    assert program.state("receipt", job_id) == {"status": "DONE", "jpkid": 1}
    assert talk.kinds == ["receipt"]


def test_a_job_is_pending_while_it_is_printed(talk: Talk, program: Program) -> None:
    talk.printer.slowness = 1.0
    job_id = program.store("receipt", RECEIPT)
    program.confirm("receipt", job_id)
    assert program.state("receipt", job_id)["status"] == "PENDING"
    before = talk.time
    assert program.state("receipt", job_id, 30_000)["status"] == "DONE"
    assert before < talk.time < before + 5


def test_a_long_poll_answers_when_its_time_is_over(talk: Talk, program: Program) -> None:
    talk.switch(Switch.PAPER_OUT)
    job_id = program.store("receipt", RECEIPT)
    program.confirm("receipt", job_id)
    before = talk.time
    assert program.state("receipt", job_id, 5000)["status"] == "QUEUED"
    assert talk.time == before + 5


def test_a_long_poll_answers_at_once_what_is_new(talk: Talk, program: Program) -> None:
    job_id = program.store("receipt", RECEIPT)
    program.confirm("receipt", job_id)
    before = talk.time
    assert program.state("receipt", job_id, 60_000)["status"] == "DONE"
    assert program.state("receipt", job_id, 60_000)["status"] == "DONE"
    assert talk.time == before


@pytest.mark.parametrize("timeout", ["", "-1", "x", "1.5", "9" * 20])
def test_a_timeout_that_is_no_number_is_none(talk: Talk, program: Program, timeout: str) -> None:
    job_id = program.store("receipt", RECEIPT)
    before = talk.time
    assert program.ask("GET", f"/receipt/{job_id}?timeout={timeout}").status == 200
    assert talk.time == before


def test_a_job_that_was_not_done_can_be_deleted(talk: Talk, program: Program) -> None:
    job_id = program.store("receipt", RECEIPT)
    assert program.ask("DELETE", f"/receipt/{job_id}").body == {"request": {"status": "DELETED"}}
    assert program.ask("GET", f"/receipt/{job_id}").status == 404
    talk.switch(Switch.PAPER_OUT)
    job_id = program.store("receipt", RECEIPT)
    program.confirm("receipt", job_id)
    assert program.ask("DELETE", f"/receipt/{job_id}").status == 200
    talk.switch(Switch.PAPER_OUT, on=False)
    assert program.do("status", STATUS)["status"] == "DONE"
    assert talk.kinds == []


def test_deleted_jobs_leave_the_queue(talk: Talk, program: Program) -> None:
    talk.switch(Switch.PAPER_OUT)
    other = talk.program(2)
    other.fetch()
    first = other.store("receipt", RECEIPT)
    other.confirm("receipt", first)
    for _ in range(3):
        job_id = program.store("receipt", RECEIPT)
        program.confirm("receipt", job_id)
        assert program.ask("DELETE", f"/receipt/{job_id}").status == 200
    assert talk.printer.memory.table.order == [first]


def test_a_job_that_was_done_cannot_be_deleted_or_confirmed_again(talk: Talk, program: Program) -> None:
    job_id = program.store("receipt", RECEIPT)
    program.confirm("receipt", job_id)
    reply = program.ask("DELETE", f"/receipt/{job_id}")
    assert (reply.status, reply.code) == (400, 9)
    assert program.confirm("receipt", job_id).status == 404
    assert talk.kinds == ["receipt"]


def test_a_second_confirmed_job_costs_the_token(talk: Talk, program: Program) -> None:
    talk.switch(Switch.PAPER_OUT)
    first, second = program.store("receipt", RECEIPT), program.store("receipt", RECEIPT)
    program.confirm("receipt", first)
    reply = program.confirm("receipt", second)
    assert (reply.status, reply.code) == (403, 6)
    assert program.ask("GET", "/queue").status == 401
    program.fetch()
    assert program.confirm("receipt", first).status == 403
    program.fetch()
    talk.switch(Switch.PAPER_OUT, on=False)
    assert program.state("receipt", first)["status"] == "DONE"
    assert program.state("receipt", second)["status"] == "STORED"
    assert talk.kinds == ["receipt"]


def test_two_servers_may_have_a_confirmed_job_each(talk: Talk) -> None:
    talk.printer.slowness = 1.0
    programs = [talk.program(1), talk.program(2)]
    ids = []
    for program in programs:
        program.fetch()
        ids.append(program.store("receipt", RECEIPT))
    assert [each.confirm("receipt", own).status for each, own in zip(programs, ids, strict=True)] == [200, 200]
    assert programs[1].state("receipt", ids[1])["status"] == "QUEUED"
    assert programs[1].state("receipt", ids[1], 60_000)["status"] == "PENDING"
    assert programs[1].state("receipt", ids[1], 60_000) == {"status": "DONE", "jpkid": 2}
    assert programs[0].state("receipt", ids[0]) == {"status": "DONE", "jpkid": 1}


def test_a_job_belongs_to_its_server_and_its_endpoint(talk: Talk, program: Program) -> None:
    job_id = program.store("receipt", RECEIPT)
    other = talk.program(2)
    other.fetch()
    assert other.ask("GET", f"/receipt/{job_id}").status == 404
    assert program.ask("GET", f"/invoice/{job_id}").status == 404


def test_the_queue_is_counted_and_emptied(talk: Talk, program: Program) -> None:
    talk.switch(Switch.PAPER_OUT)
    stored, queued = program.store("receipt", RECEIPT), program.store("receipt", RECEIPT)
    program.confirm("receipt", queued)
    assert program.ask("GET", "/queue").body == {"requests_in_queue": 2}
    assert program.ask("DELETE", "/queue").body == {"status": "DELETED"}
    assert program.ask("GET", "/queue").body == {"requests_in_queue": 1}
    assert program.ask("GET", f"/receipt/{stored}").status == 404
    assert program.state("receipt", queued)["status"] == "QUEUED"


def test_a_daily_report_waits_for_no_job(program: Program) -> None:
    program.store("status", STATUS)
    reply = program.ask("POST", "/daily_report", {"daily_report": REPORT})
    assert (reply.status, reply.code) == (409, 10)


def test_no_job_is_taken_while_a_daily_report_waits(talk: Talk, program: Program) -> None:
    report = program.store("daily_report", REPORT)
    other = talk.program(2)
    other.fetch()
    reply = other.ask("POST", "/receipt", {"receipt": RECEIPT})
    assert (reply.status, reply.code) == (409, 11)
    assert reply.body["daily_report_id"] == report
    assert program.confirm("daily_report", report).status == 200
    assert program.state("daily_report", report) == {"status": "DONE", "jpkid": 1}
    assert other.ask("POST", "/receipt", {"receipt": RECEIPT}).status == 201


def test_a_daily_report_forgets_jobs_from_before_the_last_one(program: Program) -> None:
    first = program.store("receipt", RECEIPT)
    program.confirm("receipt", first)
    report = program.store("daily_report", REPORT)
    program.confirm("daily_report", report)
    assert program.state("receipt", first)["status"] == "DONE"
    second = program.store("receipt", RECEIPT)
    program.confirm("receipt", second)
    assert program.do("daily_report", REPORT)["status"] == "DONE"
    assert program.ask("GET", f"/receipt/{first}").status == 404
    assert program.ask("GET", f"/daily_report/{report}").status == 404
    assert program.state("receipt", second)["status"] == "DONE"


def test_a_report_on_the_keypad_forgets_unconfirmed_jobs(talk: Talk, program: Program) -> None:
    stored = program.store("receipt", RECEIPT)
    talk.printer.keypad_report()
    assert talk.kinds == ["daily_report"]
    assert program.ask("GET", f"/receipt/{stored}").status == 404


@pytest.mark.parametrize("change", [{"ram_resets": 1}, {"fiscal": True}])
def test_a_reset_and_becoming_fiscal_empty_the_queue(change: dict[str, Any]) -> None:
    talk = Talk(RegisterState(fiscal="fiscal" not in change))
    program = talk.program()
    program.fetch()
    job_id = program.store("status", STATUS)
    talk.register.state = talk.register.state.model_copy(update=change)
    talk.printer.state_replaced()
    assert program.ask("GET", f"/status/{job_id}").status == 404
    assert program.ask("GET", "/queue").body == {"requests_in_queue": 0}


def test_without_space_nothing_is_stored(talk: Talk, program: Program) -> None:
    talk.switch(Switch.COPY_BLOCKED)
    reply = program.ask("POST", "/receipt", {"receipt": RECEIPT})
    assert (reply.status, reply.code) == (507, 14)


def test_the_printer_remembers_a_bounded_number_of_jobs(
    talk: Talk, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MAX_JOBS", 20)
    monkeypatch.setattr(jobs, "MAX_WAITING", 10)
    ids = [program.store("status", STATUS) for _ in range(jobs.MAX_WAITING)]
    reply = program.ask("POST", "/status", {"status": STATUS})
    assert (reply.status, reply.code) == (500, 13)
    for job_id in ids:
        program.confirm("status", job_id)
        assert program.state("status", job_id)["status"] == "DONE"
    for _ in range(jobs.MAX_JOBS):
        last = program.store("status", STATUS)
        program.confirm("status", last)
        program.ask("GET", "/queue")
    assert len(talk.printer.memory.table.jobs) == jobs.MAX_JOBS
    assert program.ask("GET", f"/status/{ids[0]}").status == 404
    assert program.state("status", last)["status"] == "DONE"
