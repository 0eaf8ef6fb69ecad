"""The driver sends what was recorded, and understands what was answered.

For every recorded document the application's document is read back from its commands; carried out on a printer
that answers from the recording, the driver must send the very same commands, byte for byte.
"""

from __future__ import annotations

import pytest

from fiscald.model.jobs import Paper
from fiscald.model.money import from_grosze
from fiscald.model.printers import PrinterState
from fiscald.protocols.base import Printed
from fiscald.protocols.posnet import queries
from fiscald.protocols.posnet.commands import COMMANDS, read_reply
from fiscald.protocols.posnet.family import FAMILY
from fiscald.protocols.posnet.fields import Dialect
from fiscald.protocols.posnet.frames import Deframer, Frame
from tests.protocols.posnet.scripted import READY, SETTINGS, ScriptedPrinter, document_of, drive, frame, payload, sales
from tests.recordings import XL2, Exchange, posnet

SALES = [(conversation.name, *sale) for conversation in posnet() for sale in sales(conversation)]
DOCUMENTS = [pytest.param(closing, exchanges, id=f"{name} [{closing}]") for name, closing, exchanges in SALES]
RECEIPTS = [pytest.param(*sale[1:], id=sale[0]) for sale in SALES if sale[1] == "trend"]


def test_every_recorded_document_is_tested() -> None:
    closing = [sale[0] for c in posnet() if c.recording == XL2 for sale in sales(c)]
    assert (closing.count("trend"), closing.count("dailyrep"), closing.count("stocash")) == (16, 2, 2)


def check(closing: str, exchanges: list[Exchange]) -> Printed:
    """The driver, carrying out the document that was recorded, sends what was recorded."""
    printer = ScriptedPrinter(exchanges, closing=closing)
    verdict = drive(FAMILY.carry_out(document_of(closing, exchanges), SETTINGS, None), printer.answer)
    assert printer.sent == [exchange.command for exchange in printer.expected]
    assert isinstance(verdict, Printed), verdict
    assert verdict.paper is Paper.PRINTED
    assert {notice.code for notice in verdict.notices} <= {"payment.cash_leaves_drawer"}
    return verdict


@pytest.mark.parametrize(("closing", "exchanges"), DOCUMENTS)
def test_the_driver_sends_the_recorded_commands(closing: str, exchanges: list[Exchange]) -> None:
    numbers = [e.answered["nu"] for e in exchanges if "nu" in e.answered]
    assert check(closing, exchanges).result.printer_id == (numbers or ["ZBF 2101002392"])[-1]


@pytest.mark.parametrize(("closing", "exchanges"), RECEIPTS)
def test_the_number_is_that_of_the_last_counters(closing: str, exchanges: list[Exchange]) -> None:
    printer = ScriptedPrinter(exchanges, closing=closing)
    verdict = drive(FAMILY.carry_out(document_of(closing, exchanges), SETTINGS, None), printer.answer)
    assert isinstance(verdict, Printed)
    counters = next((e.answered for e in reversed(exchanges) if e.mnemonic == "scnt"), None)
    assert counters is not None
    assert verdict.result.number == int(counters["bt"])
    assert verdict.result.daily_report == int(counters["rd"]) + 1
    assert verdict.result.total == next(from_grosze(int(e.sent["to"])) for e in exchanges if e.mnemonic == "trend")
    anchors = [e for e in exchanges if e.mnemonic == "eclastdocnoget"]
    if anchors:
        assert verdict.result.device["di"] == int(anchors[0].answered["di"])


def test_a_daily_report_has_its_number() -> None:
    _, closing, exchanges = next(sale for sale in SALES if sale[1] == "dailyrep")
    printer = ScriptedPrinter(exchanges, closing=closing)
    verdict = drive(FAMILY.carry_out(document_of(closing, exchanges), SETTINGS, None), printer.answer)
    assert isinstance(verdict, Printed)
    assert verdict.result.number == verdict.result.daily_report == 1


STATUS = [e for c in posnet() for e in c.exchanges if COMMANDS[e.mnemonic].effect == "query"]


@pytest.mark.parametrize("exchange", STATUS, ids=lambda e: e.response[:60].replace("\t", " "))
def test_every_recorded_status_answer_is_read_whole(exchange: Exchange) -> None:
    """Nothing is lost on the way in: written again, the values give the recorded bytes."""
    row, dialect = COMMANDS[exchange.mnemonic], Dialect("cp1250")
    received = next(Deframer().feed(frame(exchange.response)))
    assert isinstance(received, Frame)
    reply = read_reply(row, received, dialect)
    assert row.answer(reply.values, dialect) == received


def test_a_register_that_is_not_fiscalised_is_seen_as_such() -> None:
    recorded = {e.mnemonic: e.response for c in posnet() for e in c.exchanges}
    training = next(c for c in posnet() if c.name.startswith("tcp-nonfiscal"))
    recorded |= {"scomm": training.exchanges[0].response, "sdev": READY, "sid": "sid\tnmX ONLINE\tvr1\t"}
    snapshot = drive(
        queries.read_status(SETTINGS), lambda data: frame(recorded[payload(data).split("\t")[0].removeprefix("!")])
    )
    assert not snapshot.identity.fiscal
    assert snapshot.condition.state is PrinterState.READY
    assert snapshot.rates == {"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": None, "F": None, "G": None}
