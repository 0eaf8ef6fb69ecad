"""Commands of the printer's older protocols through ``direct_io``."""

from __future__ import annotations

import base64
from typing import Any

import pytest

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


def classic(program: Program, parameters: str, name: str, content: str = "") -> bytes:
    frame = Frame(parameters.encode(), name, content.encode("cp1250"))
    return packet(program, "nov_cmd", encode(frame.checked()))


def test_the_classic_example_of_the_contract(program: Program) -> None:
    assert packet(program, "nov_cmd", b"\x1bP#v\x1b\\") == b"\x1bP1#RPOINT/1.01\x1b\\"
