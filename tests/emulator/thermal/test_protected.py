"""The protected memory of a Novitus ONLINE, in the bytes of its description's example (NOV 4.4.16)."""

from __future__ import annotations

import base64
import json
import zlib

import pytest

from fiscald.protocols.thermal.commands import PROTECTED, STORED, find
from fiscald.protocols.thermal.fields import Brand, Dialect
from fiscald.protocols.thermal.frames import AnswerDeframer, CommandDeframer, Frame
from fiscald.protocols.thermal.layouts import Layout
from tests.emulator.thermal.talking import WATER, Talk
from tests.emulator.thermal.test_invoices import end, novitus, opening

NOVITUS = Dialect("cp1250", Brand.NOVITUS)
#: Printed in the description, with these check digits.
QUESTIONS = (
    b"\x1bP210#s9C\x1b\\", b"\x1bP0@PMI0/0/0/511/DE\x1b\\", b"\x1bP0@PMI1/0/1/511/DE\x1b\\", b"\x1bP0@PMI1/0/2/511/DD\x1b\\",
)  # fmt: skip
MEMORY = b"\x1bP210#X0000;ZBN1901007722.0000\r3;0;2954;1024;FE\x1b\\"
EMPTY = b"\x1bP@PMD2/0/0/0/1\r\r\rD8\x1b\\"
RECEIPT, END = "0$h", "1;0$e000|0/2/"


def kinds(talk: Talk, last: int) -> list[str]:
    return [talk.say(f"0@PMI{number}/0/0/511/").split("/")[1] for number in range(1, last + 1)]


@pytest.mark.parametrize("data", QUESTIONS)
def test_the_questions_of_the_example(data: bytes) -> None:
    (frame,) = CommandDeframer().feed(data)
    assert isinstance(frame, Frame)
    row = find(frame, Brand.NOVITUS)
    assert row is not None
    values = row.read(frame, NOVITUS)
    assert row.write(values, NOVITUS).payload == frame.payload
    assert find(frame, Brand.POSNET) is None


@pytest.mark.parametrize(
    ("layout", "data", "expected"),
    [
        (PROTECTED, MEMORY, {"etykieta": "ZBN1901007722.0000", "stan": "3;0;2954;1024;"}),
        (STORED, EMPTY, {"status": 2, "typ": 0, "jpkid": 1, "nabywca": ""}),
    ],
)
def test_the_answers_of_the_example(layout: Layout, data: bytes, expected: dict[str, object]) -> None:
    (frame,) = AnswerDeframer().feed(data)
    assert isinstance(frame, Frame)
    assert frame.digits
    assert layout.read(frame, NOVITUS).items() >= expected.items()


def test_every_document_has_the_next_id_and_its_kind() -> None:
    talk = novitus(
        RECEIPT, WATER, END, RECEIPT, WATER, "0$e", opening(copies=2), WATER, end(), opening(), WATER, "0$e", "0#i5/",
        "1;26;7;15#r", "0$h", "0$e",
    )  # fmt: skip
    assert talk.say("210#s").startswith("210#X0001;EMU0000000001.0001|6;")
    assert kinds(talk, 6) == ["2", "4", "8", "16", "64", "32"], "a copy is no document, nor an empty receipt"


def test_the_content_is_packed_as_described() -> None:
    talk = novitus(RECEIPT, WATER, END)
    head, _, data = talk.say("0@PMI0/0/0/511/").partition("||")
    status, _, size, place, number = head.split("/")
    content = zlib.decompress(base64.urlsafe_b64decode(data.partition("|")[0]))
    assert (status, place, number, int(size)) == ("@PMD1", "0", "1", len(content))
    assert json.loads(content)["JPKID"] == 1


@pytest.mark.parametrize(
    "question", ["0@PMI2/0/0/511/", "0@PMI1/0/1/511/", "0@PMI1/0/2/511/", "0@PMI1/0/0/8/", "1@PMI1/0/0/511/"]
)
def test_what_is_not_there_has_status_2(question: str) -> None:
    assert novitus(RECEIPT, WATER, END).say(question).startswith("@PMD2/0/0/0/")


def test_old_documents_are_not_kept_for_ever() -> None:
    talk = novitus()
    for _ in range(201):
        talk.printer.memory.store("receipt")
    assert [talk.say(f"0@PMI{number}/0/0/511/").split("/")[0] for number in (1, 2, 201)] == ["@PMD2", "@PMD1", "@PMD1"]


def test_a_power_cut_leaves_the_document_of_a_cancelled_invoice() -> None:
    talk = novitus(opening(), WATER)
    talk.printer.power(on=False)
    talk.printer.power(on=True)
    talk.follow("3#e")
    assert kinds(talk, 1) == ["16"]
