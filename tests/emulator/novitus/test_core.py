"""The common inside of Novitus printers: whole documents, arithmetic, refusals, and the paper of the Thermal face."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from fiscald.emulator.change import Change
from fiscald.emulator.faults import Faults, Switch
from fiscald.emulator.layout_invoice import InvoiceTexts
from fiscald.emulator.memory import RegisterState
from fiscald.emulator.novitus.core import Core, NeedsConfirmation, NovitusError
from fiscald.emulator.novitus.documents import (
    Advance,
    Closing,
    Code,
    Container,
    Discount,
    Form,
    Invoice,
    Item,
    NonFiscal,
    PrintedLine,
    Receipt,
    Tender,
)
from fiscald.emulator.register import Register
from tests.emulator.thermal.talking import Talk

AT = "2026-07-15T10:42:00+02:00"
TODAY = datetime.date(2026, 7, 15)
ONE = Decimal(1)


def printer(state: RegisterState | None = None, **options: Any) -> Core:
    return Core(Register(state, clock=lambda: datetime.datetime.fromisoformat(AT)), Faults(), **options)


def item(name: str = "Woda", price: int = 200, rate: str = "A", quantity: str = "1", **options: Any) -> Item:
    return Item(name, rate, price, Decimal(quantity), **options)


def paper(core: Core) -> str:
    return core.register.printouts[-1].text


def refused(core: Core, receipt: Receipt) -> int:
    with pytest.raises(NovitusError) as caught:
        core.sales.receipt(receipt)
    assert core.last_error == caught.value.number
    assert core.failed
    return caught.value.number


def test_a_whole_receipt_is_issued() -> None:
    core = printer()
    issued = core.sales.receipt(Receipt((item(),), closing=Closing(total=200, system_number=Code("ABC-1"))))
    assert (issued.jpkid, issued.number, issued.printout) == (1, 1, 1)
    assert core.totals() == [200, 0, 0, 0, 0, 0, 0]
    assert core.finished
    assert core.last_error == 0
    assert core.memory.last is not None
    assert core.memory.last.system_number == "ABC-1"
    assert "Nr sys.: ABC-1" in paper(core)


#: Commands of the Thermal face of a Novitus, and the same receipt for the core.
SAME: list[tuple[list[str], Receipt]] = [
    (["1$lWoda|1.|A/2/2/"], Receipt((item(),), closing=Closing(total=200))),
    (
        ["1$lMasło|2.|C/4.50/9.00/", "2;4;1$lChleb|1.|A/10/10/5/|", "1;1$b20/VISA|"],
        Receipt(
            (item("Masło", 450, "C", "2"), item("Chleb", 1000, change=Change(500, True, True, "specjalny"))),
            (Tender(Form.CARD, 2000, "VISA"),),
            Closing(total=1950),
        ),
    ),
    (
        ["1$lMasło|0.333|C/10/3.33/", "2;2;1$lChleb|1.|A/0.35/0.35/10/|", "1;2$Y3.64/10/"],
        Receipt(
            (
                item("Masło", 1000, "C", "0.333"),
                item("Chleb", 35, change=Change(1000, True, False, "specjalny")),
                Discount(Change(1000, True, False, "okolicznościowy")),
            )
        ),
    ),
    (
        ["1$lWoda|1.|A/2/2/", "6$d1.00/12|2.|", "10$d0.50/7|1.|"],
        Receipt(
            (
                item(),
                Container(Decimal(2), value=100, number="12"),
                Container(value=50, number="7", returned=True),
            ),
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("commands", "receipt"), SAME)
def test_the_paper_and_the_totals_are_those_of_the_thermal_face(commands: list[str], receipt: Receipt) -> None:
    talk = Talk(AT, profile="novitus")
    talk.follow("0$h", *commands)
    talk.register.state.cashier, talk.register.state.till = "Jan", "5"
    assert talk.printer.foreign_end(talk.register.sale.transaction.total)
    core = printer()
    core.register.state.cashier, core.register.state.till = "Jan", "5"
    core.sales.receipt(receipt)
    assert paper(core) == talk.paper
    assert core.totals() == talk.register.state.day.receipts
    assert core.register.state.cash == talk.register.state.cash


def test_a_refused_receipt_leaves_nothing_behind() -> None:
    core = printer()
    core.sales.receipt(Receipt((item(),)))
    before = core.register.state.model_copy(deep=True)
    for receipt, number in [
        (Receipt((item(),), closing=Closing(total=201)), 27),
        (Receipt((item(name=""),)), 16),
        (Receipt((item(quantity="0"),)), 17),
        (Receipt((item(rate="E"),)), 18),
        (Receipt((item(rate="H"),)), 1003),
        (Receipt((item(price=0),)), 19),
        (Receipt((item(value=201),)), 20),
        (Receipt((item(change=Change(0, False, False, "")),)), 1004),
        (Receipt((item(change=Change(200, False, False, "")),)), 20),
        (Receipt((item(), item("Sok", storno=True))), 22),
        (Receipt(()), 1092),
        (Receipt((item(),), closing=Closing(nip="5260250275")), 1098),
        (Receipt((item(),), closing=Closing(paid=100)), 26),
        (Receipt((item(),), (Tender(Form.CARD, 0),)), 26),
        (Receipt((item(unit="sztuk"),)), 34),
        (Receipt((Container(price=0),)), 83),
        (Receipt((item(),), closing=Closing(cashier="x" * 33)), 25),
        (Receipt((item(),), closing=Closing(texts=((0, "1"),) * 21)), 84),
    ]:
        assert refused(core, receipt) == number
        assert core.register.state == before
    assert len(core.register.printouts) == 1


def test_advances_are_added_and_settled() -> None:
    core = printer()
    core.sales.receipt(Receipt((Advance("Telewizor", "A", 10_000),), closing=Closing(total=10_000)))
    core.sales.receipt(
        Receipt(
            (item("Telewizor", 50_000), Advance("Telewizor", "A", 10_000, settlement=True)),
            closing=Closing(total=40_000),
        )
    )
    assert core.totals()[0] == 50_000
    assert "Rozliczenie zaliczki\nTelewizor                       -100,00A" in paper(core)
    core.sales.receipt(
        Receipt((item(), Advance("TV", "A", 100), Advance("TV", "A", 100, storno=True)), closing=Closing(total=200))
    )
    assert refused(core, Receipt((item(), Advance("TV", "A", 100, storno=True)))) == 22
    assert refused(core, Receipt((Advance("TV", "A", 100, settlement=True),))) == 22


def test_packaging_alone_is_not_fiscal() -> None:
    core = printer()
    issued = core.sales.receipt(
        Receipt((Container(Decimal(2), price=50, name="Kaucja PET"),), closing=Closing(total=0))
    )
    assert issued.number is None
    assert core.register.printouts[-1].kind == "packaging"
    assert "Kaucja PET       2x0,50            1,00" in paper(core)
    assert sum(core.totals()) == 0


def test_a_whole_invoice_is_issued() -> None:
    core = printer()
    texts = InvoiceTexts(number="FV 1", nip="5260250274", name="Nabywca", copies=1)
    issued = core.sales.invoice(Invoice(texts, (item(),), closing=Closing(total=200, buyer="Jan Odbiorca")))
    assert (issued.jpkid, issued.number) == (1, 1)
    assert [sheet.kind for sheet in core.register.printouts] == ["invoice", "invoice_copy"]
    assert core.totals(invoices=True)[0] == 200
    assert core.totals()[0] == 0
    with pytest.raises(NovitusError, match="1031"):
        core.sales.invoice(Invoice(texts, (item(),), (Tender(Form.CARD, 200),)))


def test_the_daily_report_asks_without_the_date_of_today() -> None:
    core = printer()
    core.sales.receipt(Receipt((item(),)))
    with pytest.raises(NeedsConfirmation) as question:
        core.reports.daily(None)
    core.deny()
    assert core.failed
    core.confirm(question.value)
    assert sum(core.totals()) == 0
    with pytest.raises(NovitusError, match="35"):
        core.reports.daily(TODAY)


@pytest.mark.parametrize(
    ("switch", "number"),
    [(Switch.NO_HEADER, 40), (Switch.REPORT_REQUIRED, 1116), (Switch.LOCKED, 1100), (Switch.QUEUE_FULL, 1034)],
)
def test_conditions_refuse_receipts(switch: Switch, number: int) -> None:
    core = printer()
    core.faults.switches.add(switch)
    assert refused(core, Receipt((item(),))) == number


def test_a_printout_is_laid_out() -> None:
    core = printer()
    core.service.print_nonfiscal(
        NonFiscal(
            (
                PrintedLine(text="linia 1"),
                PrintedLine("rule"),
                PrintedLine("qr", "NOVITUS"),
                PrintedLine(text="środek", align="centre"),
                PrintedLine(text="skryta", copy_only=True),
            ),
            headed=True,
            system_number="12345678",
        )
    )
    text = paper(core)
    assert "linia 1\n----------------------------------------\n[QR NOVITUS]\n                 środek\n" in text
    assert "skryta" not in text
    assert text.count("N I E F I S K A L N Y") == 2
    assert "Nr sys.: 12345678" in text


def test_the_memory_survives_as_json() -> None:
    core = printer()
    core.sales.receipt(Receipt((item(),)))
    core.service.store_graphic(7, "00080001FF")
    core.sales.begin_receipt()
    core.sales.item(item())
    stored = RegisterState.model_validate_json(core.register.state.model_dump_json())
    again = printer(stored)
    again.power_up()
    assert again.memory.last is not None
    assert again.memory.last.state == "canceled"
    assert again.memory.graphics == {7: "00080001FF"}
    assert again.transaction is None
    assert "P A R A G O N   A N U L O W A N Y" in paper(again)
