"""Faults of HTTP, of the printer, of power; people and other programs."""

from __future__ import annotations

from typing import Any

import pytest

from fiscald.emulator.faults import HTTP_KINDS, FaultKind, Switch
from fiscald.emulator.noviapi.api import REQUESTS
from fiscald.emulator.noviapi.device import NoviApiPrinter
from fiscald.emulator.posnet import FACTORY as POSNET
from fiscald.emulator.register import Register
from tests.emulator.noviapi.talking import Program, Talk, parse
from tests.emulator.noviapi.test_server import RECEIPT, REPORT, STATUS


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.fixture
def program(talk: Talk) -> Program:
    program = talk.program()
    program.fetch()
    return program


def start(program: Program) -> str:
    """A confirmed receipt."""
    job_id = program.store("receipt", RECEIPT)
    assert program.confirm("receipt", job_id).status == 200
    return job_id


# -- what HTTP does ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [FaultKind.DROP_BEFORE, FaultKind.HANG_UP_BEFORE])
def test_a_lost_request_is_not_carried_out(talk: Talk, program: Program, act: FaultKind) -> None:
    talk.fault(act, "POST receipt")
    assert program.ask("POST", "/receipt", {"receipt": RECEIPT}).status == 0
    assert program.closed is (act is FaultKind.HANG_UP_BEFORE)
    program.connect()
    assert program.ask("GET", "/queue").body == {"requests_in_queue": 0}


@pytest.mark.parametrize("act", [FaultKind.DROP_AFTER, FaultKind.HANG_UP_AFTER])
def test_a_request_whose_answer_is_lost_is_carried_out(talk: Talk, program: Program, act: FaultKind) -> None:
    job_id = program.store("receipt", RECEIPT)
    talk.fault(act, "PUT receipt")
    assert program.confirm("receipt", job_id).status == 0
    assert program.closed is (act is FaultKind.HANG_UP_AFTER)
    program.connect()
    assert program.state("receipt", job_id)["status"] == "DONE"
    assert talk.kinds == ["receipt"]


def test_a_body_may_be_cut(talk: Talk, program: Program) -> None:
    talk.fault(FaultKind.TRUNCATE, "GET queue")
    program.send(f"GET /api/v1/queue HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {program.token}\r\n\r\n".encode())
    head, _, body = program.receive().partition(b"\r\n\r\n")
    assert b"Content-Length: 24" in head
    assert body == b'{"requests_i'
    assert program.closed


@pytest.mark.parametrize(
    ("status", "code", "token_after"), [(503, None, 200), (500, 13, 200), (401, 5, 401), (403, 6, 401), (429, 2, 401)]
)
def test_a_status_instead_of_the_answer(
    talk: Talk, program: Program, status: int, code: int | None, token_after: int
) -> None:
    program.strict = False
    talk.fault(FaultKind.STATUS_BEFORE, "POST receipt", status=status)
    reply = program.ask("POST", "/receipt", {"receipt": RECEIPT})
    assert reply.status == status
    assert code is None or reply.code == code
    assert program.ask("GET", "/queue").status == token_after
    program.fetch()
    assert program.ask("GET", "/queue").body == {"requests_in_queue": 0}


def test_a_status_after_a_request_was_carried_out(talk: Talk, program: Program) -> None:
    job_id = program.store("receipt", RECEIPT)
    program.strict = False
    talk.fault(FaultKind.STATUS_AFTER, "PUT receipt", status=504)
    assert program.confirm("receipt", job_id).status == 504
    assert program.state("receipt", job_id)["status"] == "DONE"


@pytest.mark.parametrize(("act", "waiting"), [(FaultKind.PAGE_BEFORE, 0), (FaultKind.PAGE_AFTER, 1)])
def test_a_page_of_a_proxy_comes_instead_of_the_answer(
    talk: Talk, program: Program, act: FaultKind, waiting: int
) -> None:
    program.strict = False
    talk.fault(act, "POST receipt", status=200)
    reply = program.ask("POST", "/receipt", {"receipt": RECEIPT})
    assert reply.status == 200
    assert reply.body.startswith(b"<!DOCTYPE html>")
    assert program.ask("GET", "/queue").body == {"requests_in_queue": waiting}


def test_a_damaged_request_is_no_json(talk: Talk, program: Program) -> None:
    talk.fault(FaultKind.CORRUPT_IN, "POST receipt")
    assert program.ask("POST", "/receipt", {"receipt": RECEIPT}).code == 7
    assert program.ask("GET", "/queue").body == {"requests_in_queue": 0}


def test_an_answer_may_come_late_and_twice(talk: Talk, program: Program) -> None:
    talk.fault(FaultKind.LATE, "GET queue", seconds=7)
    before = talk.time
    assert program.ask("GET", "/queue").status == 200
    assert talk.time == before + 7
    talk.fault(FaultKind.DUPLICATE, "GET queue")
    program.send(f"GET /api/v1/queue HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {program.token}\r\n\r\n".encode())
    assert program.receive().count(b"HTTP/1.1 200") == 2


@pytest.mark.parametrize("act", [FaultKind.BAD_CRC, FaultKind.NOISE])
def test_a_damaged_answer_cannot_be_read(talk: Talk, program: Program, act: FaultKind) -> None:
    talk.fault(act, "GET queue")
    program.send(f"GET /api/v1/queue HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {program.token}\r\n\r\n".encode())
    data = program.receive()
    with pytest.raises(Exception, match=r"illegal|utf-8|codec"):
        assert parse(data)


def test_an_answer_in_two_pieces_is_whole(talk: Talk, program: Program) -> None:
    talk.fault(FaultKind.SPLIT, "GET queue", seconds=3)
    program.send(f"GET /api/v1/queue HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {program.token}\r\n\r\n".encode())
    data = program.receive()
    assert parse(data).body == {"requests_in_queue": 0}


def test_an_answer_that_waits_is_disturbed_like_another(talk: Talk, program: Program) -> None:
    talk.switch(Switch.PAPER_OUT)
    job_id = start(program)
    talk.fault(FaultKind.HANG_UP_AFTER, "GET receipt")
    assert program.ask("GET", f"/receipt/{job_id}?timeout=1000").status == 0
    assert program.closed


def test_faults_name_every_request_and_the_work_on_every_job(talk: Talk) -> None:
    commands = talk.printer.faults.commands
    assert commands is not None
    assert set(commands) >= {
        "GET api",
        "GET token",
        "PATCH token",
        "GET queue",
        "DELETE queue",
        "POST receipt",
        "other",
    }
    assert set(commands) >= {"PUT nf_printout", "GET direct_io", "DELETE lock", "run receipt", "run daily_report"}
    with pytest.raises(ValueError, match="command"):
        talk.fault(FaultKind.DROP_AFTER, "PUT token")
    assert len(REQUESTS) == 6 + 4 * 10


def test_what_only_http_has_cannot_happen_to_other_printers() -> None:
    assert NoviApiPrinter.fault_kinds == frozenset(FaultKind)
    printer = POSNET(Register())
    for act in HTTP_KINDS:
        with pytest.raises(ValueError, match="speak HTTP"):
            printer.faults.plan(_fault(act))


def _fault(act: FaultKind, **more: Any) -> Any:
    from fiscald.emulator.faults import Fault

    return Fault(act=act, **more)


def test_a_status_belongs_to_answers_with_a_status() -> None:
    with pytest.raises(ValueError, match="a status belongs to one of the acts"):
        _fault(FaultKind.DROP_AFTER, status=503)


# -- what the printer does --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switch", "code"), [(Switch.PAPER_OUT, 1037), (Switch.COVER, 1086), (Switch.MECHANISM, 1086), (Switch.MENU, 1034)]
)
def test_a_condition_is_an_error_of_the_device_and_the_job_waits(
    talk: Talk, program: Program, switch: Switch, code: int
) -> None:
    talk.switch(switch)
    job_id = start(program)
    answer = program.ask("GET", f"/receipt/{job_id}").body
    assert answer["device"]["status"] == "ERROR"
    assert answer["device"]["error"]["code"] == code
    assert answer["request"]["status"] == "QUEUED"
    talk.switch(switch, on=False)
    answer = program.ask("GET", f"/receipt/{job_id}").body
    assert answer["device"] == {"status": "OK"}
    assert answer["request"]["status"] == "DONE"


def test_queries_need_no_paper(talk: Talk, program: Program) -> None:
    talk.switch(Switch.PAPER_OUT)
    assert program.do("status", STATUS)["status"] == "DONE"
    talk.switch(Switch.MENU)
    job_id = program.store("status", STATUS)
    program.confirm("status", job_id)
    assert program.state("status", job_id)["status"] == "QUEUED"


def test_a_refused_document_is_an_error_and_prints_nothing(talk: Talk, program: Program) -> None:
    wrong = {**RECEIPT, "summary": {"total": "9.99", "pay_in": "9.99"}}
    request = program.do("receipt", wrong)
    assert request["status"] == "ERROR"
    assert request["error"]["code"] == 27
    assert request["error"]["description"]
    assert talk.kinds == []
    assert program.do("receipt", RECEIPT)["jpkid"] == 1


def test_a_report_with_another_date_waits_for_a_key(talk: Talk, program: Program) -> None:
    program.do("receipt", RECEIPT)
    for confirm in (False, True):
        job_id = program.store("daily_report", {"date": "29/11/2026"})
        program.confirm("daily_report", job_id)
        assert program.state("daily_report", job_id)["status"] == "PENDING"
        assert talk.printer.awaits_key
        assert talk.printer.display is not None
        assert program.ask("DELETE", f"/daily_report/{job_id}").status == 400
        talk.printer.press(confirm=confirm)
        request = program.state("daily_report", job_id)
        assert request["status"] == ("DONE" if confirm else "ERROR")
    assert talk.kinds == ["receipt", "daily_report"]


def test_a_question_may_be_confirmed_at_once(talk: Talk, program: Program) -> None:
    talk.printer.auto_confirm = True
    assert program.do("daily_report", {"date": "29/11/2026"})["status"] == "DONE"


def test_a_condition_may_begin_with_the_work(talk: Talk, program: Program) -> None:
    talk.fault(FaultKind.SWITCH, "run receipt", switch=Switch.PAPER_OUT)
    job_id = start(program)
    assert program.state("receipt", job_id)["status"] == "QUEUED"
    talk.switch(Switch.PAPER_OUT, on=False)
    assert program.state("receipt", job_id)["status"] == "DONE"


# -- power ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [False, True])
def test_the_queue_survives_a_power_cut_unless_it_is_lost(talk: Talk, program: Program, lost: bool) -> None:
    talk.switch(Switch.QUEUE_LOST, on=lost)
    job_id = program.store("receipt", RECEIPT)
    talk.fault(FaultKind.POWER_CUT_AFTER, "PUT receipt")
    assert program.confirm("receipt", job_id).status == 0
    assert not talk.printer.powered
    assert talk.kinds == []
    talk.printer.power(on=True)
    program.fetch()
    reply = program.ask("GET", f"/receipt/{job_id}")
    assert reply.status == (404 if lost else 200)
    assert talk.kinds == ([] if lost else ["receipt"])


@pytest.mark.parametrize(
    ("act", "printed"),
    [
        (FaultKind.POWER_CUT_BEFORE, 0),
        (FaultKind.POWER_CUT_AFTER, 1),
        (FaultKind.DROP_BEFORE, 0),
        (FaultKind.DROP_AFTER, 1),
    ],
)
def test_a_job_that_was_disturbed_at_work_is_unknown(
    talk: Talk, program: Program, act: FaultKind, printed: int
) -> None:
    talk.fault(act, "run receipt")
    job_id = start(program)
    program.receive()
    if not talk.printer.powered:
        talk.printer.power(on=True)
        program.fetch()
    assert program.state("receipt", job_id) == {"id": job_id, "status": "UNKNOWN"}
    assert len(talk.kinds) == printed
    program.do("receipt", RECEIPT)
    assert len(talk.kinds) == printed + 1


def test_a_power_cut_during_the_print_leaves_the_document_registered(talk: Talk, program: Program) -> None:
    talk.printer.slowness = 1.0
    job_id = start(program)
    assert program.state("receipt", job_id)["status"] == "PENDING"
    talk.power_cycle()
    program.fetch()
    assert program.state("receipt", job_id)["status"] == "UNKNOWN"
    assert talk.register.state.day.receipt_count == 1


def test_jobs_survive_in_the_stored_state(talk: Talk, program: Program) -> None:
    talk.switch(Switch.PAPER_OUT)
    done, waiting = program.store("receipt", RECEIPT), start(program)
    stored = talk.register.state.model_dump_json()
    again = Talk(type(talk.register.state).model_validate_json(stored))
    program = again.program()
    program.fetch()
    assert program.state("receipt", done)["status"] == "STORED"
    assert program.state("receipt", waiting) == {"status": "DONE", "jpkid": 1}


# -- people and other programs ----------------------------------------------------------------------------------------


def test_another_program_prints_just_before_our_job(talk: Talk, program: Program) -> None:
    talk.fault(FaultKind.FOREIGN_RECEIPT, "PUT receipt")
    job_id = start(program)
    assert program.state("receipt", job_id) == {"status": "DONE", "jpkid": 2}
    assert talk.register.state.day.receipts[0] == 1777


def test_another_program_prints_between_the_confirmation_and_the_work(talk: Talk, program: Program) -> None:
    talk.fault(FaultKind.FOREIGN_RECEIPT, "run receipt")
    job_id = start(program)
    assert program.state("receipt", job_id) == {"status": "DONE", "jpkid": 2}


def test_the_document_of_another_program_comes_as_a_whole(talk: Talk, program: Program) -> None:
    assert talk.printer.foreign_begin()
    assert not talk.printer.foreign_begin()
    assert talk.printer.foreign_sell("Obcy", 500)
    assert program.do("receipt", RECEIPT)["jpkid"] == 1
    assert talk.printer.foreign_end(500)
    assert talk.kinds == ["receipt", "receipt"]
    assert not talk.printer.foreign_sell("Obcy", 500)


def test_another_program_cannot_print_without_paper(talk: Talk) -> None:
    talk.switch(Switch.PAPER_OUT)
    talk.printer.foreign_receipt()
    assert talk.kinds == []
    assert talk.printer.memory.table.jobs == []


def test_a_report_on_the_keypad_comes_just_before_our_job(talk: Talk, program: Program) -> None:
    talk.fault(FaultKind.KEYPAD_REPORT, "run receipt")
    job_id = start(program)
    assert program.state("receipt", job_id)["status"] == "DONE"
    assert talk.kinds == ["daily_report", "receipt"]


def test_a_command_of_another_program_is_an_endpoint_and_its_document(talk: Talk) -> None:
    assert talk.printer.foreign_command("daily_report", REPORT)
    assert not talk.printer.foreign_command("receipt", {"items": []})
    assert not talk.printer.foreign_command("nothing", {})
    assert talk.kinds == ["daily_report"]
