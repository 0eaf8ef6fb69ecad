"""What a POSNET printer says of itself."""

from __future__ import annotations

import pytest

from fiscald.emulator.faults import Switch
from fiscald.model.printers import PrinterState
from fiscald.model.reports import DailyReport
from fiscald.protocols.posnet import queries
from fiscald.protocols.posnet.family import FAMILY
from tests.protocols.posnet.bench import NU, RECEIPT, SETTINGS, Bench
from tests.protocols.posnet.scripted import drive, frame, payload

# -- looking ---------------------------------------------------------------------------------------------


def test_a_look_at_the_printer() -> None:
    bench = Bench()
    bench.carry_out(RECEIPT)
    snapshot = drive(queries.read_status(SETTINGS), bench.answer)
    assert snapshot.identity.printer_id == NU
    assert snapshot.identity.model == "POSNET THERMAL XL2 ONLINE EMU"
    assert snapshot.identity.profile == "online"
    assert snapshot.rates == {"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": None, "F": None, "G": "exempt"}
    assert (snapshot.counters.receipts, snapshot.counters.last_receipt, snapshot.counters.daily_report) == (1, 1, 1)
    assert snapshot.condition.state is PrinterState.READY
    assert snapshot.day_open
    assert not snapshot.transaction_open


def test_paper_near_its_end_is_seen() -> None:
    bench = Bench()
    bench.talk.printer.faults.switches.add(Switch.PAPER_LOW)
    condition = drive(queries.poll(SETTINGS), bench.answer)
    assert (condition.state, condition.paper_low) == (PrinterState.READY, True)


def test_the_check_uses_the_printers_own_table_once_it_is_known() -> None:
    document = RECEIPT.model_copy(update={"lines": (RECEIPT.lines[0].model_copy(update={"vat": "E"}),)})
    assert FAMILY.check(document, SETTINGS, None).errors == ()
    snapshot = drive(queries.read_status(SETTINGS), Bench().answer)
    assert [error.code for error in FAMILY.check(document, SETTINGS, snapshot).errors] == ["vat.inactive"]
    assert FAMILY.check(DailyReport(), SETTINGS, snapshot).errors == ()


# -- what the printer says of itself ---------------------------------------------------------------------

#: POSNET reference, section 3.4: the answers to sdev and sprn, what they mean, and a word of what a person reads.
SAYS = """
ds1 pr1  | cover_open   | printing lever   | pokryw
ds1 pr2  | out_of_order | not accessible   | dostępu
ds1 pr3  | cover_open   | cover            | pokryw
ds1 pr4  | paper_out    | out of paper     | papier
ds1 pr5  | paper_out    | out of paper     | papier
ds1 pr6  | out_of_order | temperature      | temperatura
ds1 pr7  | out_of_order | loss of power    | zanik
ds1 pr8  | out_of_order | cutter           | obcinacz
ds1 pr9  | out_of_order | supply fault     | zasilacza
ds1 pr10 | cover_open   | cover            | pokryw
ds1 pr0  | attention    | in its menu      | w menu
ds2 pr0  | attention    | waits for a key  | klawisz
ds3 pr0  | attention    | shows a message  | komunikat
ds9 pr0  | attention    | state 9          | nieznany stan
ds1 pr11 | attention    | in its menu      | w menu
"""


@pytest.mark.parametrize("row", SAYS.split("\n")[1:-1])
def test_what_the_printer_says_of_itself(row: str) -> None:
    said, state, words, words_pl = (cell.strip() for cell in row.split("|"))
    device, mechanism = said.split()
    answers = {"sdev": f"sdev\t{device}\tcp1\tqe1\tpe0\t", "sprn": f"sprn\t{mechanism}\t"}

    def answer(data: bytes) -> bytes:
        return frame(answers[payload(data).partition("\t")[0].removeprefix("!")])

    condition = drive(queries.poll(SETTINGS), answer)
    assert condition.problem is not None
    assert (condition.state, condition.problem.code) == (PrinterState(state), f"printer.{state}")
    assert words in condition.problem.detail
    assert words_pl in condition.problem.detail_pl
    assert condition.problem.device_code == said
