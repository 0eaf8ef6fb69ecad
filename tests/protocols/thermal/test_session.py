"""The session: which answer belongs to which command."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.model.text import CODE_PAGES
from fiscald.protocols.base import Answer, Damaged, Event, Stray
from fiscald.protocols.tables import FieldFault
from fiscald.protocols.thermal.commands import COMMANDS, Poll, Reply, Request, request
from fiscald.protocols.thermal.fields import Brand, Dialect
from fiscald.protocols.thermal.frames import Control, Dle, Enq, check, encode
from fiscald.protocols.thermal.session import ThermalSession

STATUS = b"\x1bP2#X0;1;0;1;1;0;26;7;14/23.00/8.00/5.00/0.00/100.00/101.00/101.00/17/1250.40/88.00/312.55/0.00/0.00/0.00/0.00/2310.15/ABC12345678F5\x1b\\"
OPEN = request("$h", Pl=0)


def session() -> ThermalSession:
    line = ThermalSession("mazovia")
    line.send(Poll(Control.DLE))
    line.forget()
    return line


def answers(events: list[Event]) -> list[Answer]:
    assert all(isinstance(event, Answer) for event in events), events
    return [event for event in events if isinstance(event, Answer)]


def test_the_first_bytes_end_what_an_earlier_connection_left() -> None:
    line = ThermalSession("mazovia")
    assert line.send(OPEN) == b"\x18\x1bP0$h83\x1b\\"
    assert line.send(OPEN) == b"\x1bP0$h83\x1b\\"


def test_a_command_is_answered_by_its_result() -> None:
    line = session()
    line.send(OPEN)
    (answer,) = answers(line.receive(b"\x1bP0#Z$h\x1b\\"))
    assert answer.command is OPEN
    assert answer.reply == Reply("$h", {})
    assert answer.reply.good


def test_an_error_is_the_answer_too() -> None:
    line = session()
    line.send(OPEN)
    (answer,) = answers(line.receive(b"\x1bP95#Z$h\x1b\\"))
    assert answer.reply.error == 95
    assert not answer.reply.good


def test_the_result_of_another_command_is_stray() -> None:
    line = session()
    line.send(OPEN)
    assert [type(event) for event in line.receive(b"\x1bP0#Z$l\x1b\\")] == [Stray]
    assert len(answers(line.receive(b"\x1bP0#Z$h\x1b\\"))) == 1


def test_the_result_after_the_reply_to_a_query_is_ignored() -> None:
    line, question = session(), request("#s 23")
    line.send(question)
    (answer,) = answers(line.receive(STATUS + b"\x1bP0#Z#s\x1b\\"))
    assert answer.command is question
    assert answer.reply.values["par_num"] == 17
    assert answer.reply.values["nr_unikatowy"] == "ABC12345678"


def test_a_result_that_comes_late_is_not_the_answer_to_the_next_question() -> None:
    line, question = session(), request("#s 24")
    line.send(question)
    assert line.receive(b"\x1bP0#Z#s\x1b\\") == []
    (answer,) = answers(line.receive(b"\x1bP3#X2024;1;10;612;1218;3;24.68/0.00/1.65/0.00/0.00/0.00/0.00/84\x1b\\"))
    assert answer.command is question


def test_a_refused_question_is_answered_by_the_result() -> None:
    line, question = session(), request("#c")
    line.send(question)
    (answer,) = answers(line.receive(b"\x1bP1#Z#c\x1b\\"))
    assert answer.reply.error == 1


def test_the_answer_to_another_question_is_stray() -> None:
    line = session()
    line.send(request("#s 24"))
    assert [type(event) for event in line.receive(STATUS)] == [Stray]


def test_an_older_spelling_of_the_status_is_understood() -> None:
    line = session()
    line.send(request("#s 23"))
    old = STATUS.replace(b"2#X", b"1#X").replace(b"F5\x1b", b"F6\x1b")
    (answer,) = answers(line.receive(old))
    assert answer.reply.values["nr_unikatowy"] == "ABC12345678"


@pytest.mark.parametrize(
    ("rates", "totals", "read"),
    [
        ("23.00/8.00/5.00/0.00/100.00/101.00/101.00", "1.00/2.00/3.00/0.00/0.00/0.00/0.00", 7),
        ("23.00/08.00/05.00/00.00/100.00/101.00/101.00", "1.00/2.00/3.00/0.00/0.00/0.00/0.00", 7),
        ("23.00/08.00/05.00/00.00", "1.00/2.00/3.00/0.00/7.00", 4),
        ("23,00", "1,00/7,00", 1),
    ],
)
@pytest.mark.parametrize("first", ["1", "2"])
def test_rates_are_read_in_every_form_that_devices_have(first: str, rates: str, totals: str, read: int) -> None:
    """With one digit or two, dot or comma; and a ``1#X`` of the rates in use only."""
    payload = f"{first}#X0;1;0;1;1;0;26;07;14/{rates}/17/{totals}/2310.15/ABC12345678".encode()
    line = session()
    line.send(request("#s 23"))
    (answer,) = answers(line.receive(b"\x1bP" + payload + check(payload) + b"\x1b\\"))
    values = answer.reply.values
    if first == "2" and read < 7:
        assert values == {}, "only the older answer has this form"
        return
    assert values["ptu"][0] == 23
    assert values["ptu"][1:4] == [8, 5, 0][: read - 1]
    assert (values["Pmies"], values["par_num"], values["cash"]) == (7, 17, 231015)
    assert values["tot"][0] == 100
    assert values["tot"][-1] == (0 if read == 7 else 700)
    assert values["nr_unikatowy"] == "ABC12345678"


def test_the_second_copy_of_an_answer_is_stray() -> None:
    line = session()
    line.send(OPEN)
    assert [type(event) for event in line.receive(b"\x1bP0#Z$h\x1b\\" * 2)] == [Answer, Stray]


def test_after_forgetting_everything_is_stray() -> None:
    line = session()
    line.send(OPEN)
    line.send(Poll(Control.DLE))
    line.forget()
    assert [type(event) for event in line.receive(b"\x1bP0#Z$h\x1b\\t")] == [Stray, Stray]


def test_dle_is_answered_while_a_command_waits() -> None:
    line, dle = session(), Poll(Control.DLE)
    line.send(OPEN)
    line.send(dle)
    first, second = answers(line.receive(b"t\x1bP0#Z$h\x1b\\"))
    assert (first.command, second.command) == (dle, OPEN)
    assert first.reply == Dle(online=True, no_paper=False, fault=False)


def test_enq_and_dle_are_distinguished() -> None:
    line, dle, enq = session(), Poll(Control.DLE), Poll(Control.ENQ)
    assert line.send(enq) + line.send(dle) == b"\x05\x10"
    first, second = answers(line.receive(b"\x74\x6d"))
    assert (first.command, second.command) == (dle, enq)
    assert second.reply == Enq(fiscal=True, done=True, open=False, finished=True)


def test_a_sequence_that_lost_its_beginning_is_reported_once() -> None:
    line = session()
    line.send(request("#v"))
    events = line.receive(b"1#RPOSNET Thermal/2.02\x1b\\")
    assert [type(event) for event in events] == [Stray]


def test_damaged_answers_are_reported() -> None:
    line = session()
    line.send(request("#s 23"))
    assert [type(event) for event in line.receive(STATUS.replace(b"312", b"313"))] == [Damaged]
    assert [type(event) for event in line.receive(b"\x1bP#Z#s\x1b\\")] == [Damaged]
    assert [type(event) for event in line.receive(b"\x1bPxx\x1b\\")] == [Damaged]


def test_an_answer_of_an_unknown_kind_is_stray() -> None:
    assert [type(event) for event in session().receive(b"\x1bP113#X0/\r0/BA\x1b\\")] == [Stray]


def test_errors_are_looked_up_by_brand() -> None:
    line, novitus = session(), request("$h", Brand.NOVITUS, Pl=0)
    line.send(novitus)
    (answer,) = answers(line.receive(b"\x1bP94#Z$h\x1b\\"))
    assert answer.reply.brand is Brand.NOVITUS


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_garbage_gives_events_and_never_an_exception(chunks: list[bytes]) -> None:
    line = session()
    commands: list[Request | Poll] = [request("#s 23"), OPEN, Poll(Control.DLE)]
    for command in commands:
        line.send(command)
    events: list[Event] = [event for chunk in chunks for event in line.receive(chunk)]
    assert all(isinstance(event, Answer | Damaged | Stray) for event in events)


@pytest.mark.parametrize("codec", ["mazovia", "cp1250"])
@pytest.mark.parametrize("brand", Brand)
def test_a_question_is_sent_as_its_layout_writes_it(brand: Brand, codec: str) -> None:
    questions = 0
    for row in COMMANDS[brand].values():
        asked = Request(row, {}, brand)
        try:
            wanted = encode(asked.frame(Dialect(CODE_PAGES[codec], brand)))
        except FieldFault as fault:
            with pytest.raises(FieldFault, match=re.escape(str(fault))):
                ThermalSession(codec).send(asked)
            continue
        questions += 1
        for _ in range(2):
            assert ThermalSession(codec).send(asked) == b"\x18" + wanted
    assert questions > 20
