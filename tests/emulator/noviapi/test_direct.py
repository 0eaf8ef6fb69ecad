"""Commands of the printer's older protocols through ``direct_io``."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from fiscald.emulator.faults import Switch
from fiscald.protocols.novitus_packets import Dialect, encode_packet
from fiscald.protocols.thermal.frames import Frame, encode
from tests.emulator.noviapi.talking import Program, Talk
from tests.emulator.noviapi.test_server import RECEIPT


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.fixture
def program(talk: Talk) -> Program:
    return talk.program()


def send(program: Program, kind: str, data: bytes) -> Any:
    return program.do("direct_io", {kind: {"base64": base64.b64encode(data).decode()}})


def packet(program: Program, kind: str, data: bytes) -> bytes:
    """The bytes of the answer."""
    request = send(program, kind, data)
    assert request["status"] == "DONE", request
    assert request["response"]["packet"]["protocol"] == ("XML" if kind == "xml_cmd" else "NOVITUS")
    return base64.b64decode(request["response"]["packet"]["value"])


def classic(program: Program, *params: int, name: str, content: str = "") -> bytes:
    """A frame with its check byte; the answer."""
    return packet(program, "nov_cmd", encode(Frame(params, name, content.encode("cp1250")).checked))


def test_the_classic_example_of_the_contract(program: Program) -> None:
    """Only the name of the model is ours."""
    assert packet(program, "nov_cmd", b"\x1bP#v\x1b\\") == b"\x1bP1#RPOINT EMU/1.01\x1b\\"


def test_a_classic_receipt_in_several_jobs(talk: Talk, program: Program) -> None:
    """It stays open between them, and nothing else is printed meanwhile."""
    assert classic(program, 0, name="$h") == b"\x1bP0#Z$h\x1b\\"
    line = "Kawa\r1\rA/10.00/10.00/"
    classic(program, 1, name="$l", content=line)
    classic(program, 2, name="$l", content=line)
    assert talk.register.state.transaction is not None
    assert program.do("receipt", RECEIPT)["error"]["code"] == 1002
    classic(program, 1, 0, name="$e", content="001\r20.00/20.00/")
    assert talk.kinds == ["receipt"]
    assert program.do("receipt", RECEIPT) == {"status": "DONE", "jpkid": 2}


def test_the_xml_example_of_the_contract(program: Program) -> None:
    """A request without a checksum is answered with one, in its language; only the name of the model is ours."""
    answer = packet(program, "xml_cmd", b'<pakiet><informacja akcja="wersja"></informacja></pakiet>')
    assert answer == encode_packet(b'<informacja akcja="wersja" wersja="POINT EMU 1.01" />\n', dialect=Dialect.POLISH)


def xml(program: Program, elements: str) -> bytes:
    return packet(program, "xml_cmd", encode_packet(elements.encode("cp1250")))


def test_cash_is_paid_in_and_the_result_is_asked_for_in_one_packet(talk: Talk, program: Program) -> None:
    answer = xml(program, '<cash action="payin" value="5.00"/><error action="get" value=""/>')
    assert b'<error action="get" value="0" />' in answer
    assert talk.register.state.cash == 500
    assert talk.kinds == ["cash_in"]
    assert xml(program, '<cash action="payin" value="0.05"/>') == b""


def test_a_command_that_no_protocol_knows_is_reported(talk: Talk, program: Program) -> None:
    notices: list[str] = []
    talk.printer.on_notice = notices.append
    xml(program, "<colour/>")
    classic(program, name="#j")
    assert [notice.split()[0].strip("'") for notice in notices] == ["colour", "#j"]


def test_an_xml_receipt_in_several_jobs(talk: Talk, program: Program) -> None:
    xml(program, '<receipt action="begin"/><item name="Woda" quantity="1" ptu="A" price="2.00"/>')
    assert program.do("receipt", RECEIPT)["error"]["code"] == 1002
    # The classic protocol of the same printer sees the open receipt, too.
    assert classic(program, name="#n").startswith(b"\x1bP")
    assert b'value="0"' in xml(program, '<receipt action="close" total="2.00"/><error action="get" value=""/>')
    assert talk.kinds == ["receipt"]
    assert program.do("receipt", RECEIPT) == {"status": "DONE", "jpkid": 2}


def test_a_daily_report_in_xml_forgets_unconfirmed_jobs(talk: Talk, program: Program) -> None:
    program.fetch()
    stored = program.store("receipt", RECEIPT)
    xml(program, '<report type="daily" date="30-11-2026"/>')
    assert talk.kinds == ["daily_report"]
    assert program.ask("GET", f"/receipt/{stored}").status == 404


def test_queries_in_xml_need_no_paper(talk: Talk, program: Program) -> None:
    talk.switch(Switch.PAPER_OUT)
    assert b'papererror="yes"' in xml(program, "<dle/>")
    assert b"lastcommanderror" in xml(program, "<enq/>")
    assert xml(program, '<info action="checkout" type="receipt" lastreceipt="?"/>')
    data = base64.b64encode(encode_packet(b'<receipt action="begin"/>')).decode()
    job_id = program.store("direct_io", {"xml_cmd": {"base64": data}})
    program.confirm("direct_io", job_id)
    assert program.state("direct_io", job_id)["status"] == "QUEUED"


@pytest.mark.parametrize("data", [b"hello", b"<packet>", b'<packet crc="0">x</packet>', b"<packet/><packet/>"])
def test_what_is_not_one_packet_is_an_error(program: Program, data: bytes) -> None:
    assert send(program, "xml_cmd", data)["error"]["code"] == 1023


@pytest.mark.parametrize("data", [b"", b"hello", b"\x10", b"\x1bP#v\x1b\\\x1bP#v\x1b\\", b"\x1bP"])
def test_what_is_not_one_frame_is_an_error(program: Program, data: bytes) -> None:
    if data:
        assert send(program, "nov_cmd", data)["error"]["code"] == 1023


def test_an_open_classic_receipt_is_cancelled_after_a_power_cut(talk: Talk, program: Program) -> None:
    classic(program, 0, name="$h")
    classic(program, 1, name="$l", content="Kawa\r1\rA/10.00/10.00/")
    talk.power_cycle()
    program.token = ""
    assert talk.kinds == ["cancelled_receipt"]
    assert program.do("receipt", RECEIPT)["status"] == "DONE"
