"""What a Thermal printer says of itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fiscald.model.printers import PrinterState
from fiscald.model.receipt import Buyer
from fiscald.model.reports import DailyReport
from fiscald.protocols.base import DialogueAborted, Settings
from fiscald.protocols.thermal import queries
from fiscald.protocols.thermal.family import FAMILY
from tests.protocols import settings as settings_of
from tests.protocols.thermal.bench import RECEIPT, Bench
from tests.protocols.thermal.scripted import NU, SETTINGS, Till, command_of, drive

# -- looking ---------------------------------------------------------------------------------------------


def test_a_look_at_the_printer() -> None:
    bench = Bench()
    bench.carry_out(RECEIPT)
    snapshot = drive(queries.read_status(settings_of.thermal()), bench.answer)
    assert snapshot.identity.printer_id == NU
    assert snapshot.identity.model == "POSNET Thermal"
    assert snapshot.identity.firmware == "2.02"
    assert snapshot.identity.profile == "posnet"
    assert snapshot.rates == {"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": None, "F": None, "G": "exempt"}
    assert (snapshot.counters.receipts, snapshot.counters.last_receipt, snapshot.counters.daily_report) == (1, 1, 1)
    assert snapshot.condition.state is PrinterState.READY
    assert snapshot.condition.idle, "ENQ is answered when nothing is left to do"
    assert snapshot.day_open
    assert not snapshot.transaction_open


def test_the_probe_asks_single_bytes_only() -> None:
    bench = Bench()
    drive(queries.poll(SETTINGS), bench.answer)
    assert bench.asked == ["DLE", "ENQ"]


def test_a_device_without_a_clock_is_looked_at_too() -> None:
    bench = Bench(Till(refuses={"#c": 1, "#v": 1}))
    snapshot = drive(queries.read_status(SETTINGS), bench.answer)
    assert snapshot.clock is None
    assert snapshot.identity.model is None


def test_the_check_uses_the_printers_own_table_once_it_is_known() -> None:
    document = RECEIPT.model_copy(
        update={
            "lines": (RECEIPT.lines[0].model_copy(update={"vat": "E"}),),
            "buyer": Buyer(nip="5260250274"),
        }
    )
    assert FAMILY.check(document, SETTINGS, None).errors == ()
    snapshot = drive(queries.read_status(SETTINGS), Bench().answer)
    found = [error.code for error in FAMILY.check(document, SETTINGS, snapshot).errors]
    assert found == ["buyer.unsupported", "vat.inactive"]
    assert FAMILY.check(DailyReport(), SETTINGS, snapshot).errors == ()


@pytest.mark.parametrize("question", [queries.identify, queries.read_status], ids=["identify", "observe"])
def test_a_status_with_the_rates_in_use_only_is_not_guessed_at(question: Callable[[Settings], object]) -> None:
    """Whose rates they are, and whose totals, cannot be told: the printer is not taken for one that was understood."""
    till = Till()
    short = b"\x1bP1#X0;1;0;1;1;0;26;7;14/23.00/8.00/17/1.00/2.00/7.00/2310.15/ABC12345678\x1b\\"

    def answer(data: bytes) -> bytes:
        return short if command_of(data) == "#s 23" else till.answer(data)

    with pytest.raises(DialogueAborted) as interrupted:
        drive(question(SETTINGS), answer)  # type: ignore[arg-type]
    assert "lacks ptu" in interrupted.value.problem.detail
