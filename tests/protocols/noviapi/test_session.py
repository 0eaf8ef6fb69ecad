"""HTTP without I/O: every way in which an answer can come, and everything that is none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols.base import Answer, Damaged, Event, Kept, Settings, Stray
from fiscald.protocols.noviapi.access import LOST, TOKEN
from fiscald.protocols.noviapi.commands import ALIVE, QUEUE, RECEIPT, RENEW_TOKEN, Reply, Request, confirm, store
from fiscald.protocols.noviapi.family import FAMILY
from fiscald.protocols.noviapi.payload import read_object
from fiscald.protocols.noviapi.session import LONGEST_BODY, NoviApiSession

OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 23\r\n\r\n{"requests_in_queue":2}'
REPLY = Reply(200, {"requests_in_queue": 2}, "application/json")
CHUNKED = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'a;x=1\r\n{"requests\r\nd\r\n_in_queue":2}\r\n0\r\n\r\n'
)
UNTIL_CLOSE = b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"requests_in_queue":2}'


def session(token: str = "eyJ0.a.b") -> NoviApiSession:
    return NoviApiSession(Settings("till1", FAMILY.options(), Kept({TOKEN: token})))


def fed(data: bytes, size: int = 10_000, command: Request = QUEUE) -> tuple[NoviApiSession, list[Event]]:
    http = session()
    http.send(command)
    events: list[Event] = []
    for start in range(0, len(data), size):
        events += http.receive(data[start : start + size])
    return http, events


def test_a_request_as_it_is_sent() -> None:
    text = session().send(store(RECEIPT, {"a": "ż"})).decode()
    assert text == (
        "POST /api/v1/receipt HTTP/1.1\r\nHost: printer\r\nUser-Agent: NoviApi\r\nAccept: application/json\r\n"
        "Authorization: Bearer eyJ0.a.b\r\nContent-Type: application/json\r\nContent-Length: 22\r\n\r\n"
        '{"receipt":{"a":"ż"}}'
    )
    assert b"Authorization" not in session().send(ALIVE)
    assert session().send(confirm(RECEIPT, "0" * 32)).endswith(b"Content-Length: 0\r\n\r\n")
    assert session().send(RENEW_TOKEN).endswith(b"Content-Type: text/plain\r\nContent-Length: 7\r\n\r\nNoviApi")


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
@pytest.mark.parametrize(
    "data", [OK, CHUNKED, b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"HTTP/1.1 103 Hints\r\nA: b\r\n\r\n" + CHUNKED]
)
def test_an_answer_in_pieces_is_one_answer_and_the_stream_goes_on(data: bytes, size: int) -> None:
    http, events = fed(data, size)
    assert events == [Answer(QUEUE, REPLY)]
    assert not http.needs_new_connection
    http.send(ALIVE)
    assert http.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") == [Answer(ALIVE, Reply(200, None))]


@pytest.mark.parametrize("size", [1, 10_000])
def test_an_answer_without_a_length_ends_with_the_stream(size: int) -> None:
    http, events = fed(UNTIL_CLOSE, size)
    assert events == []
    assert http.end() == [Answer(QUEUE, REPLY)]
    assert http.end() == ()
    assert http.needs_new_connection
    http.send(QUEUE)
    assert http.receive(OK) == [Answer(QUEUE, REPLY)]


def test_a_server_that_closes_after_each_answer_gets_a_new_stream() -> None:
    http, events = fed(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert events == [Answer(QUEUE, REPLY)]
    assert http.needs_new_connection


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", Reply(204, None)),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", Reply(503, None)),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>", Reply(200, None, "text/html")),
        (b"HTTP/1.1 502 Bad\r\nContent-Type: Text/HTML; x\r\nContent-Length: 3\r\n\r\n<h>", Reply(502, None, "text/html")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", Reply(200, None)),
    ],
)  # fmt: skip
def test_an_answer_that_is_no_json_is_an_answer_without_content(data: bytes, reply: Reply) -> None:
    assert fed(data)[1] == [Answer(QUEUE, reply)]


@pytest.mark.parametrize(
    "data",
    [
        b"\x02scomm#1234\x03", b"HTTP/2 200\r\n\r\n", b"HTTP/1.1 999999 X\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 20_000, b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + bytes(LONGEST_BODY + 1),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"\xff" * 100 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_http_is_damage(data: bytes) -> None:
    http, events = fed(data)
    assert [type(each) for each in events] in ([Damaged], [Damaged, Stray])
    assert http.needs_new_connection
    assert [type(each) for each in http.receive(b"more")] == [Stray]


def test_a_cut_answer_is_damage_when_the_stream_ends() -> None:
    for cut in range(1, len(OK)):
        http, events = fed(OK[:cut])
        assert events == []
        (event,) = http.end()
        assert isinstance(event, Damaged)
    http, _ = fed(CHUNKED[:-5])
    assert isinstance(http.end()[0], Damaged)


def test_late_and_doubled_answers_are_strays_and_end_the_stream() -> None:
    http, events = fed(OK + OK)
    assert [type(each) for each in events] == [Answer, Stray]
    assert http.needs_new_connection
    http, _ = fed(b"")
    http.forget()
    assert http.needs_new_connection
    assert [type(each) for each in http.receive(OK)] == [Stray]
    http = session()
    assert [type(each) for each in http.receive(OK)] == [Stray]


def test_a_scan_takes_only_a_server_that_answers_like_a_printer() -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
    lost = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    for data in (page, lost):
        (event,) = fed(data, command=ALIVE)[1]
        assert isinstance(event, Damaged)
        assert "no NoviAPI printer" in event.detail


def test_a_forgotten_post_is_remembered() -> None:
    for command, lost in ((store(RECEIPT, {}), "yes"), (confirm(RECEIPT, "0" * 32), "yes"), (QUEUE, "")):
        settings = Settings("till1", FAMILY.options(), Kept())
        http = NoviApiSession(settings)
        http.send(command)
        http.forget()
        assert settings.kept[LOST] == lost


@given(
    st.lists(st.binary(max_size=60) | st.sampled_from([OK, CHUNKED, UNTIL_CLOSE, b"HTTP/1.1 ", b"\r\n"]), max_size=8),
    st.booleans(),
)
def test_any_bytes_give_events(pieces: Sequence[bytes], waits: bool) -> None:
    http = session()
    if waits:
        http.send(QUEUE)
    events = [each for piece in pieces for each in http.receive(piece)] + list(http.end())
    assert all(isinstance(each, Answer | Damaged | Stray) for each in events)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "1", "nul", '{"a":1,"a":2}', '{"a":NaN}', '{"a":"\ud800"}'.encode("utf-8", "surrogatepass").decode("latin-1"),
     '{"a":' + "[" * 5000 + "]" * 5000 + "}", '{"a":' * 20 + "1" + "}" * 20, "\ufeff{}", '{"a":' + "9" * 5000 + "}"],
)  # fmt: skip
def test_json_is_read_strictly(text: str) -> None:
    data = text.encode("latin-1") if "\xed" in text else text.encode()
    assert read_object(data) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_nothing(data: bytes) -> None:
    assert isinstance(read_object(data), dict | None)


def test_members_of_the_wrong_kind_are_missing() -> None:
    reply = Reply(200, {"request": {"id": 5, "jpkid": "17", "status": None}, "device": []})
    assert (reply.text("request", "id"), reply.number("request", "jpkid")) == ("", 17)
    assert (reply.get("device", "status"), reply.number("request", "status"), reply.exception) == (None, None, None)
    assert Reply(200, {"a": True}).number("a") is None
