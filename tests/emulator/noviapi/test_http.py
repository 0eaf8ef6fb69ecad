"""HTTP and tokens, as the contract has them."""

from __future__ import annotations

import base64
import json

import pytest

from fiscald.emulator.faults import Switch
from fiscald.emulator.noviapi import http, port
from tests.emulator.noviapi.talking import Program, Talk, parse
from tests.emulator.noviapi.test_server import RECEIPT


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.fixture
def program(talk: Talk) -> Program:
    program = talk.program()
    program.fetch()
    return program


# -- HTTP -------------------------------------------------------------------------------------------------------------


def test_the_api_answers_without_a_token(talk: Talk) -> None:
    assert talk.program().ask("GET", "", token="").status == 200


def test_an_answer_begins_with_the_status_and_its_words(talk: Talk) -> None:
    program = talk.program()
    program.send(b"GET /api/v1/token/x HTTP/1.1\r\nHost: x\r\n\r\n")
    assert program.receive().startswith(b"HTTP/1.1 404 Not Found\r\n")


def test_a_connection_is_kept_for_the_next_request(program: Program) -> None:
    program.ask("GET", "/queue")
    assert not program.closed


@pytest.mark.parametrize(("version", "header"), [("1.1", "Connection: close\r\n"), ("1.0", "")])
def test_a_connection_is_closed_when_the_client_wants_it(talk: Talk, version: str, header: str) -> None:
    program = talk.program()
    program.send(f"GET /api/v1 HTTP/{version}\r\nHost: x\r\n{header}\r\n".encode())
    assert parse(program.receive()).status == 200
    assert program.closed


def test_a_connection_that_is_idle_is_closed_but_not_one_that_waits(talk: Talk, program: Program) -> None:
    talk.switch(Switch.PAPER_OUT)
    job_id = program.store("receipt", RECEIPT)
    program.confirm("receipt", job_id)
    assert program.state("receipt", job_id, 30_000)["status"] == "QUEUED"
    assert not program.closed
    before = talk.time
    assert program.receive() == b""
    assert (program.closed, talk.time) == (True, before + port.IDLE_SECONDS)


def test_half_a_request_does_not_keep_a_connection(talk: Talk) -> None:
    program = talk.program()
    program.send(b"GET /api/v1 HTTP/1.1\r\n")
    assert program.receive() == b""
    assert program.closed


def test_requests_that_come_together_are_answered_in_order(program: Program) -> None:
    one = b"GET /api/v1 HTTP/1.1\r\nHost: x\r\n\r\n"
    other = b"GET /api/v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n"
    program.send(one + other)
    answers = program.receive() + program.receive()
    assert answers.index(b"HTTP/1.1 200") < answers.index(b"HTTP/1.1 404")


def test_a_request_may_come_byte_by_byte(talk: Talk) -> None:
    program = talk.program()
    for byte in b"GET /api/v1 HTTP/1.1\r\nHost: x\r\n\r\n":
        program.send(bytes((byte,)))
    assert parse(program.receive()).status == 200


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"GET /api/v1 HTTP/1.1\r\n\r\n", 400),
        (b"GET /" + b"x" * (http.MAX_HEAD + 10_000), 431),
        (b"POST /api/v1/receipt HTTP/1.1\r\nHost: x\r\nContent-Length: nine\r\n\r\n", 400),
        (
            b"POST /api/v1/receipt HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n"
            + b"x" * (http.MAX_BODY + 100),
            413,
        ),
    ],
)
def test_what_is_no_request_or_too_long_ends_the_connection(talk: Talk, data: bytes, status: int) -> None:
    program = talk.program()
    program.send(data)
    assert parse(program.receive()).status == status
    assert program.closed
    assert program.ask("GET", "", token="").status == 200


def test_a_client_that_waits_before_its_body_may_go_on(program: Program) -> None:
    body = b'{"status": {"type": "device"}}'
    head = f"POST /api/v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {program.token}\r\n"
    program.send(f"{head}Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n".encode())
    assert program.receive().startswith(b"HTTP/1.1 100")
    program.send(body)
    assert parse(program.receive()).status == 201


def test_another_method_is_refused_with_those_that_there_are(program: Program) -> None:
    reply = program.ask("DELETE", "/token")
    assert reply.status == 405
    assert reply.headers["allow"] == "GET, PATCH"


@pytest.mark.parametrize("path", ["/nothing", "/receipt/", "/receipt/xyz", "/receipt/" + "0" * 32, "/token/1"])
def test_what_does_not_exist_is_not_found(program: Program, path: str) -> None:
    reply = program.ask("GET", path)
    assert (reply.status, reply.code) == (404, 1)


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        (b"", 1001, 1),
        (b'{\n"receipt" {}}', 1005, 2),
        (b'{"a": 1} x', 1002, 1),
        (b"{a: 1}", 1004, 1),
        (b'{"a": 1 "b": 2}', 1006, 1),
        (b"[1 2]", 1007, 1),
        (b'{"a": NaN}', 1003, 1),
        (b'{"a": "b', 1011, 1),
        (b'{"a": "\xff"}', 1012, 1),
        (b'{"a": "\\ud800"}', 1009, 1),
        (b'{"a": ' + b"9" * 5000 + b"}", 1013, 1),
        (b"[" * 100_000, 1016, 1),
        (b"[" * 40 + b"]" * 40, 1016, 1),
    ],
)
def test_a_body_that_is_no_json_is_refused_with_the_place(program: Program, body: bytes, code: int, line: int) -> None:
    reply = program.ask("POST", "/receipt", body)
    assert (reply.status, reply.code) == (400, 7)
    assert reply.body["exception"]["description"] == "JSON Parse Error"
    assert (reply.body["exception"]["parse_error"]["code"], reply.body["exception"]["parse_error"]["line"]) == (
        code,
        line,
    )


def test_at_most_ten_errors_of_a_document_are_named(program: Program) -> None:
    reply = program.ask("POST", "/receipt", {"receipt": {"items": [{"x": 1}] * 30, "summary": RECEIPT["summary"]}})
    assert (reply.status, reply.code) == (400, 8)
    assert reply.body["exception"]["errors"] == [f"receipt/items/[{n}] : AnyOf" for n in range(10)]


# -- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_looks_like_those_of_the_contract(talk: Talk) -> None:
    program = talk.program()
    reply = program.fetch()
    assert reply.body["expiration_date"] == "2026-11-30T11:20:00Z"
    head, payload, _ = (part + "=" * (-len(part) % 4) for part in reply.body["token"].split("."))
    assert json.loads(base64.urlsafe_b64decode(head)) == {"typ": "JWT", "alg": "HS256"}
    content = json.loads(base64.urlsafe_b64decode(payload))
    assert content.pop("jti").isalnum()
    assert content == {"iss": "EMU0000000001", "sub": "NoviApi", "exp": "2026-11-30T11:20:00Z"}


def test_without_a_token_nothing_can_be_done(talk: Talk) -> None:
    program = talk.program()
    reply = program.ask("GET", "/queue")
    assert (reply.status, reply.code, reply.body["exception"]["description"]) == (401, 5, "Token not found")


@pytest.mark.parametrize("header", ["", "Basic x", "Bearer x"])
def test_another_token_is_incorrect(program: Program, header: str) -> None:
    reply = program.ask("GET", "/queue", headers={"Authorization": header})
    assert (reply.status, reply.code, reply.body["exception"]["description"]) == (401, 4, "Token incorrect")


def test_a_token_expires_after_twenty_minutes_and_can_be_renewed(talk: Talk, program: Program) -> None:
    talk.time += 19 * 60
    assert program.ask("GET", "/queue").status == 200
    talk.time += 60
    reply = program.ask("GET", "/queue")
    assert (reply.status, reply.code, reply.body["exception"]["description"]) == (401, 3, "Token expired")
    renewed = program.ask("PATCH", "/token", b"")
    assert renewed.status == 200
    assert renewed.body["token"] != program.token
    assert program.ask("GET", "/queue", token=renewed.body["token"]).status == 200
    assert program.ask("GET", "/queue").status == 401


def test_renewing_wants_the_last_token_and_a_body(program: Program) -> None:
    assert program.ask("PATCH", "/token", b"", token="other").status == 401
    program.strict = False
    assert program.ask("PATCH", "/token", headers={"Content-Length": ""}).status == 411
    assert program.ask("GET", "/queue").status == 200


def test_the_eleventh_token_of_an_hour_deletes_the_present_one(talk: Talk) -> None:
    program = talk.program()
    talk.time = 100.0
    assert [program.fetch().status for _ in range(10)] == [200] * 10
    assert program.ask("PATCH", "/token", b"").status == 200
    talk.time = 1000.0
    reply = program.fetch()
    assert (reply.status, reply.code) == (429, 2)
    assert reply.body["exception"]["allowed_refresh_date"] == "2026-11-30T12:01:40Z"
    assert program.ask("GET", "/queue").code == 5
    talk.time = 3699.0
    assert program.fetch().status == 429
    talk.time = 3700.0
    assert program.fetch().status == 200


def test_every_server_has_its_own_token(talk: Talk) -> None:
    first, second = talk.program(1), talk.program(2)
    first.fetch()
    assert second.ask("GET", "/queue", token=first.token).status == 401
    second.fetch()
    assert first.ask("GET", "/queue").status == second.ask("GET", "/queue").status == 200


def test_a_restart_deletes_the_token(talk: Talk, program: Program) -> None:
    talk.power_cycle()
    program.closed = True
    assert program.ask("GET", "/queue").code == 5


def test_switching_on_what_is_on_changes_nothing(talk: Talk, program: Program) -> None:
    talk.printer.power(on=True)
    assert program.ask("GET", "/queue").status == 200
