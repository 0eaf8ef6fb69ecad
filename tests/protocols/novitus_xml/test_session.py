"""The session: answers matched by their question, in any pieces, among junk, damaged, late, doubled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols.base import Answer, Damaged, Event, Stray
from fiscald.protocols.novitus_elements import element, read_elements
from fiscald.protocols.novitus_packets import Deframer, Packet, encode_packet
from fiscald.protocols.novitus_xml.commands import Reply, Request, ask_for, execute
from fiscald.protocols.novitus_xml.family import FAMILY
from fiscald.protocols.novitus_xml.queries import DLE, ENQ, INVOICES, RECEIPTS
from fiscald.protocols.novitus_xml.session import NovitusXmlSession
from tests.protocols.novitus_xml.bench import settings
from tests.protocols.novitus_xml.exchanges import EXCHANGES

READY = b'<packet crc="48D39BFD"><dle online="yes" papererror="no" printererror="no" />\n</packet>'
GOOD = b'<packet crc="1357C6F2"><error action="get" value="0" />\n</packet>'
BEEP = element("control", action="beep")


def question_of(data: bytes) -> Request:
    (packet,) = Deframer().feed(data)
    assert isinstance(packet, Packet)
    return Request(read_elements(packet.body))


#: Every answer of the reference in our language, with its question.
ANSWERED = [
    pytest.param(each.request, each.reply, id=each.name)
    for each in EXCHANGES
    if each.reply and b"<packet" in each.reply
]


@pytest.mark.parametrize(("request_bytes", "reply"), ANSWERED)
def test_every_answer_of_the_reference_is_read(request_bytes: bytes, reply: bytes) -> None:
    for size in (1, 7, len(reply)):
        session, command = NovitusXmlSession(), question_of(request_bytes)
        session.send(command)
        events = [event for at in range(0, len(reply), size) for event in session.receive(reply[at : at + size])]
        (event,) = events
        assert isinstance(event, Answer)
        assert event.command is command
        assert event.reply == Reply(read_elements(reply[reply.index(b">") + 1 : -9])[0])


def asked(*commands: Request) -> NovitusXmlSession:
    session = NovitusXmlSession()
    for command in commands:
        session.send(command)
    return session


def test_the_printer_answers_queries_while_a_packet_waits() -> None:
    waiting, question = execute(BEEP), ask_for(DLE)
    session = asked(waiting, question)
    assert session.receive(READY) == [Answer(question, Reply(read_elements(READY[23:-9])[0]))]
    (event,) = session.receive(GOOD)
    assert isinstance(event, Answer)
    assert event.command is waiting
    assert event.reply.good


def test_receipts_and_invoices_are_not_mixed_up() -> None:
    receipts, invoices = ask_for(RECEIPTS), ask_for(INVOICES)
    session = asked(receipts, invoices)
    for kind, command in (("invoice", invoices), ("receipt", receipts)):
        data = encode_packet(b'<info action="checkout" type="%s" />\n' % kind.encode())
        (event,) = session.receive(data)
        assert isinstance(event, Answer)
        assert event.command is command


@pytest.mark.parametrize(
    "data",
    [
        READY.replace(b"48D39BFD", b"48D39BFE"),
        READY.replace(b"online", b"onlinf"),
        READY.replace(b' crc="48D39BFD"', b""),
        encode_packet(b"<dle"),
        encode_packet(b'<dle online="yes"><x></dle>'),
        b'<packet crc="48D3' + READY,
    ],
)
def test_damage_is_reported_as_damage(data: bytes) -> None:
    events = asked(ask_for(DLE)).receive(data)
    assert isinstance(events[0], Damaged)


def test_an_error_without_a_number_is_damage() -> None:
    session = asked(execute(BEEP))
    assert [type(event) for event in session.receive(encode_packet(b'<error action="get" value="x" />\n'))] == [Damaged]
    session = asked(execute(BEEP))
    (event,) = session.receive(encode_packet(b'<error action="get">27</error>\n'))
    assert isinstance(event, Answer)
    assert event.reply.number == 27


def test_what_no_command_waits_for_is_a_stray() -> None:
    session = asked(ask_for(ENQ))
    assert [type(event) for event in session.receive(READY + GOOD + encode_packet(b""))] == [Stray, Stray, Stray]
    session.forget()
    late = encode_packet(b'<enq fiscal="yes" />\n')
    assert [type(event) for event in session.receive(late)] == [Stray]


def test_a_doubled_answer_is_a_stray() -> None:
    session = asked(ask_for(DLE))
    assert [type(event) for event in session.receive(READY + READY)] == [Answer, Stray]


def test_a_polish_answer_answers_no_english_question() -> None:
    polish = b'<pakiet crc="15FD5D77"><informacja akcja="wersja" wersja="POINT 1.01" />\n</pakiet>'
    session = asked(ask_for(element("info", action="version")))
    assert [type(event) for event in session.receive(polish)] == [Stray]


def test_the_checksum_is_an_option() -> None:
    assert FAMILY.session(settings()).send(ask_for(DLE)) == b'<packet crc="4259D34E"><dle/></packet>'
    assert FAMILY.session(settings(crc=False)).send(ask_for(DLE)) == b"<packet><dle/></packet>"


@given(
    st.lists(
        st.sampled_from([READY, GOOD, b"<packet", b'<packet crc="1">', b"</packet>", b"\xff"]) | st.binary(max_size=9),
        max_size=12,
    )
)
def test_any_bytes_give_events(chunks: list[bytes]) -> None:
    session = asked(ask_for(DLE), execute(BEEP))
    events: list[Event] = [event for chunk in chunks for event in session.receive(chunk)]
    assert all(isinstance(event, Answer | Damaged | Stray) for event in events)
    assert sum(isinstance(event, Answer) for event in events) <= 2
