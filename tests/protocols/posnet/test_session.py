"""The session: which answer belongs to which command."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols.base import Answer, Damaged, Event, Stray
from fiscald.protocols.posnet.commands import request
from fiscald.protocols.posnet.session import PosnetSession
from tests.protocols.posnet.scripted import frame, payload


def session(*, tokens: bool = False) -> PosnetSession:
    return PosnetSession("cp1250", tokens=tokens)


def test_an_answer_is_matched_by_its_mnemonic() -> None:
    line, command = session(), request("scnt")
    assert payload(line.send(command)) == "scnt\t"
    (event,) = line.receive(frame("scnt\trd4\thn56\tbn1\t"))
    assert isinstance(event, Answer)
    assert event.command is command
    assert event.reply.values == {"rd": 4, "hn": 56, "bn": 1}


def test_a_late_answer_of_another_command_is_stray() -> None:
    line = session()
    line.send(request("scnt"))
    (event,) = line.receive(frame("rtcget\tda2026-10-09;11:48\t"))
    assert isinstance(event, Stray)


def test_the_second_copy_of_an_answer_is_stray() -> None:
    line = session()
    line.send(request("scnt"))
    assert [type(event) for event in line.receive(frame("scnt\t") * 2)] == [Answer, Stray]


def test_after_forgetting_everything_is_stray() -> None:
    line = session()
    line.send(request("scnt"))
    line.forget()
    assert [type(event) for event in line.receive(frame("scnt\t"))] == [Stray]


def test_immediate_answers_come_in_either_order() -> None:
    trend, sdev = request("trend", to=1), request("sdev", immediate=True)
    for order in ("trend\t", "sdev\tds3\t"), ("sdev\tds3\t", "trend\t"):
        line = session()
        line.send(trend)
        assert payload(line.send(sdev)) == "!sdev\t"
        events = line.receive(b"".join(map(frame, order)))
        commands = [event.command for event in events if isinstance(event, Answer)]
        assert {id(command) for command in commands} == {id(trend), id(sdev)}


def test_a_frame_error_names_its_command_or_belongs_to_the_only_one() -> None:
    trend, sdev = request("trend", to=100), request("sdev", immediate=True)
    line = session()
    line.send(trend)
    line.send(sdev)
    assert [type(event) for event in line.receive(frame("ERR\t?5\t"))] == [Stray], "it may be either's"
    (named,) = line.receive(frame("ERR\t?12\tcmsdev\t"))
    assert isinstance(named, Answer)
    assert named.command is sdev
    (unnamed,) = line.receive(frame("ERR\t?5\t"))
    assert isinstance(unnamed, Answer)
    assert unnamed.command is trend
    assert unnamed.reply.frame_error
    assert [type(event) for event in line.receive(frame("ERR\t?5\t"))] == [Stray]


def test_a_damaged_answer_is_reported() -> None:
    line = session()
    line.send(request("scnt"))
    broken = frame("scnt\trd4\t")[:-2] + b"0\x03"
    assert [type(event) for event in line.receive(broken)] == [Damaged]


def test_an_error_number_that_is_too_long_is_an_unknown_error() -> None:
    line = session()
    line.send(request("scnt"))
    (event,) = line.receive(frame("scnt\t?" + "9" * 5000 + "\t"))
    assert isinstance(event, Answer)
    assert event.reply.error == 0


def test_tokens_tell_answers_of_the_same_name_apart() -> None:
    line = session(tokens=True)
    first, second = request("scnt"), request("scnt")
    assert payload(line.send(first)) == "scnt\t@0001\t"
    line.forget()
    assert payload(line.send(second)) == "scnt\t@0002\t"
    events = line.receive(frame("scnt\trd1\t@0001\t") + frame("scnt\trd2\t@0002\t"))
    assert [type(event) for event in events] == [Stray, Answer]
    assert isinstance(events[1], Answer)
    assert events[1].reply.values == {"rd": 2}


def test_tokens_begin_again() -> None:
    line = session(tokens=True)
    line._serial = 9999
    assert payload(line.send(request("scnt"))) == "scnt\t@0001\t"


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_garbage_gives_events_and_never_an_exception(chunks: list[bytes]) -> None:
    line = session()
    line.send(request("scnt"))
    events: list[Event] = [event for chunk in chunks for event in line.receive(chunk)]
    assert all(isinstance(event, Answer | Damaged | Stray) for event in events)
