"""Paper: every sample of the reference (11.8), to the letter, with the emulator's mark."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from fiscald.emulator.memory import DailyRecord, Day, RegisterState
from fiscald.emulator.paper import MARK, Paper, Printout, words
from fiscald.emulator.png import draw
from fiscald.emulator.png import qr as qr_picture
from fiscald.model.qr import CAPACITY, PAPER_DOTS
from tests.emulator.posnet.talking import Talk

RATES: list[Decimal | str | None] = [Decimal(23), Decimal(8), Decimal(5), Decimal(0), None, None, None]
FULL_RECEIPT = """
    > ftrcfg|ccANNA|cn1|snFV/2026/10/15|
    < ftrcfg|
    > trinit|bm0|
    < trinit|
    > trnipset|ni5260250274|
    < trnipset|
    > trline|naMysz bezprzewodowa|vt0|pr1000|il2.000|wa2000|
    < trline|
    > trline|naGazeta|vt1|pr1299|
    < trline|
    > trline|naChleb razowy na zakwasie 750 g krojony|vt2|pr450|
    < trline|
    > trline|naKsiążka|vt2|pr3000|wa3000|rd1|rnRabat 10,00%|rw300|
    < trline|
    > trdiscntsubtot|naRabat stały klient|rd1|rw500|
    < trdiscntsubtot|
    > trpayment|ty2|wa5000|naKarta płatnicza|re0|
    < trpayment|
    > trpayment|ty0|wa2000|naGotówka|re0|
    < trpayment|
    > trpayment|ty0|wa1051|naReszta|re1|
    < trpayment|
    > trend|to5949|re1051|fp7000|
    < trend|
    > strns|
    < strns|to0|ts16|va1845|vb1198|vc2906|vd0|ve0|vf0|vg0|pp0|pm0|re1051|fp7000|feN|
"""


def expected(name: str) -> str:
    return Path(__file__).with_name("papers").joinpath(f"{name}.txt").read_text("utf-8")


def state(printout_count: int, last_receipt: int = 0, **changes: object) -> RegisterState:
    day = Day(last_receipt=last_receipt, receipt_count=last_receipt)
    return RegisterState(printout_count=printout_count, rates=RATES, day=day).model_copy(update=changes)


@pytest.mark.parametrize(("width", "name"), [(40, "receipt"), (56, "receipt-56")])
def test_receipt(width: int, name: str) -> None:
    talk = Talk(state=state(43, 2), width=width)
    talk.follow(FULL_RECEIPT)
    assert talk.paper == expected(name)


def test_cancelled_receipt() -> None:
    talk = Talk("2026-10-09T11:58:00+02:00", state=state(56, 1, cashier="ANNA"))
    talk.follow(
        """
        > trinit|bm0|
        < trinit|
        > trline|naGazeta|vt1|pr1299|
        < trline|
        > prncancel|
        < prncancel|
        """
    )
    assert talk.paper == expected("cancelled")


def test_storno() -> None:
    talk = Talk("2026-09-08T12:31:00+02:00", state=state(15, 14, cashier="ANNA"))
    talk.follow(
        """
        > trinit|bm0|
        < trinit|
        > trline|naKawa|vt1|pr1000|
        < trline|
        > trline|naPiwo|vt1|pr800|
        < trline|
        > trline|naKawa|vt1|pr1000|st1|wa1000|
        < trline|
        > trpayment|ty0|wa800|naGotówka|re0|
        < trpayment|
        > trend|to800|fp800|
        < trend|
        """
    )
    assert talk.paper == expected("storno")


def test_packaging() -> None:
    talk = Talk("2026-10-09T11:52:00+02:00", state=state(45, 3, cashier="ANNA"))
    talk.follow(
        """
        > trinit|bm0|
        < trinit|
        > trline|naSok 1 l|vt0|pr1000|
        < trline|
        > trpack|na12|ne0|pr500|il1|
        < trpack|
        > trpack|na7|ne1|pr50|il2|
        < trpack|
        > trpayment|ty0|wa1400|re0|
        < trpayment|
        > trend|to1000|op500|om100|fp1400|
        < trend|
        """
    )
    assert talk.paper == expected("packaging")


def test_goods_return() -> None:
    talk = Talk(state=state(46, cashier="ANNA"))
    assert talk.say("stocash|kw999|") == "stocash|"
    assert talk.paper == expected("goods-return")


def test_daily_report() -> None:
    day = Day(
        receipts=[1260, 10594, 1090, 0, 0, 0, 0], receipt_count=18, last_receipt=18, goods_changes=9, nonfiscal=1,
        first_sale=datetime.fromisoformat("2026-09-08T09:10:00+02:00"),
        last_sale=datetime.fromisoformat("2026-09-08T15:32:00+02:00"),
    )  # fmt: skip
    talk = Talk("2026-09-08T15:40:00+02:00", state=state(20, day=day))
    assert talk.say("dailyrep|da2026-09-08|") == "dailyrep|"
    assert talk.paper == expected("daily-report")


def test_periodic_report() -> None:
    record = DailyRecord(
        number=1,
        at=datetime.fromisoformat("2026-08-31T15:40:00+02:00"),
        rates=RATES,
        day=Day(receipts=[1260, 10594, 1090, 0, 0, 0, 0], receipt_count=18),
    )
    talk = Talk("2026-09-08T15:41:00+02:00", state=state(21, fiscal_memory=[record]))
    assert talk.say("periodicrepbydates|fd2026-08-01|td2026-08-31|su1|") == "periodicrepbydates|"
    assert talk.paper == expected("periodic-report")


def test_invoice() -> None:
    talk = Talk("2026-10-09T11:50:00+02:00", state=state(44, cashier="ANNA"))
    talk.follow(
        """
        > trfvinit|
        < trfvinit|
        > trfvbuyer|naFirma Przykładowa sp. z o.o.|ni5260250274|sc0|
        < trfvbuyer|
        > trfvnumber|nbFV/10/2026|sc0|
        < trfvnumber|
        > trline|naUsługa serwisowa|vt0|pr12300|
        < trline|
        > trend|to12300|
        < trend|
        """
    )
    assert talk.paper == expected("invoice")
    assert talk.say("scnt|") == "scnt|rd0|hn45|bn0|fn1|nuEMU 0000000001|bc0|bt0|fc0|"


def test_form() -> None:
    talk = Talk(state=state(49, cashier="ANNA"))
    talk.follow(
        """
        > formstart|fn200|fh75|
        < formstart|
        > formline|fn200|fl711|s1Zażółć gęślą jaźń|
        < formline|
        > formcmd|fn200|cm1|
        < formcmd|
        > formend|fn200|
        < formend|
        """
    )
    assert talk.paper == expected("form")


def test_a_cancelled_form_shows_what_was_in_it() -> None:
    talk = Talk()
    talk.follow(
        """
        > formstart|fn200|fh75|
        < formstart|
        > formline|fn200|fl711|s1Zażółć gęślą jaźń|
        < formline|
        > prncancel|
        < prncancel|
        """
    )
    assert "Zażółć gęślą jaźń" in talk.paper
    assert "WYDRUK PRZERWANY" in talk.paper
    assert talk.register.printouts[-1].kind == "cancelled_form"


def test_receipt_of_a_printer_that_is_not_fiscalised() -> None:
    talk = Talk(state=state(2, 1, cashier="ANNA", fiscal=False))
    talk.follow(
        """
        > trinit|bm0|
        < trinit|
        > trline|naWoda|vt0|pr200|
        < trline|
        > trpayment|ty0|wa200|naGotówka|re0|
        < trpayment|
        > trend|to200|fp200|
        < trend|
        """
    )
    assert talk.paper == expected("training")


def test_a_long_name_is_wrapped_and_the_value_is_below() -> None:
    talk = Talk(state=state(0))
    talk.sell([f"trline|na{'x' * 60}|vt0|pr100|"], "trend|to100|")
    assert f"{'x' * 40}\n{'x' * 20}\n{'1 x1,00 1,00A':>40}\n" in talk.paper


def test_codes_and_footer_lines_stand_at_the_end() -> None:
    talk = Talk(state=state(0))
    talk.follow(
        """
        > qrcode|px3|el1|hx1|tx68747470733A2F2F78|
        < qrcode|
        > ftrcfg|bcABC123|bb1|
        < ftrcfg|
        > trinit|bm0|
        < trinit|
        > trline|naWoda|vt0|pr200|
        < trline|
        > trend|to200|fe0|
        < trend|
        > strns|
        < strns|to0|ts16|va200|vb0|vc0|vd0|ve0|vf0|vg0|pp0|pm0|re0|fp0|feT|
        > trftrln|id25|naDziękujemy!|sw1|
        < trftrln|
        > trftrend|
        < trftrend|
        """
    )
    assert talk.paper.endswith("Dziękujemy!\n[QR https://x]\n[BARCODE ABC123]\n")
    talk.sell(["trline|naWoda|vt0|pr200|"], "trend|to200|")
    assert "QR" not in talk.paper, "a prepared code is used up by one printout"


@pytest.mark.parametrize("number", range(2, 12))
def test_every_sheet_carries_the_mark(number: int) -> None:
    """Whatever is printed: login, cash, reports, cancelled forms, packaging."""
    talk = Talk(state=state(0))
    orders = [
        "login|naANNA|nk1|dr1|", "logout|", "cash|kw1000|wp1|", "cash|kw500|wp0|", "shiftrep|shRANO|zr0|",
        "cashstaterep|", "formstart|fn200|fh75|", "prncancel|", "trpackinit|", "trpack|na1|ne0|pr100|il1|",
        "trend|to0|op100|",
    ]  # fmt: skip
    for order in orders[:number]:
        assert "?" not in talk.say(order), order
    assert all(MARK in sheet.text for sheet in talk.register.printouts)


def test_a_sheet_cannot_be_made_without_the_mark() -> None:
    paper = Paper(40)
    paper.left("PARAGON FISKALNY")
    with pytest.raises(ValidationError, match="mark"):
        Printout(
            number=1,
            kind="receipt",
            at=datetime.fromisoformat("2026-01-01T00:00:00+01:00"),
            width=40,
            lines=tuple(paper.lines),
        )


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "zero"), (1, "jeden"), (12, "dwanaście"), (21, "dwadzieścia jeden"), (123, "sto dwadzieścia trzy"),
        (1000, "tysiąc"), (2000, "dwa tysiące"), (5012, "pięć tysięcy dwanaście"), (22_000, "dwadzieścia dwa tysiące"),
        (312_000, "trzysta dwanaście tysięcy"),
        (1_000_001, "milion jeden"), (3_112_113, "trzy miliony sto dwanaście tysięcy sto trzynaście"),
    ],
)  # fmt: skip
def test_amounts_in_words(number: int, text: str) -> None:
    assert words(number) == text


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (f"qrcode|px2|el3|hx1|tx{'78' * 1274}|", 3206),
        (f"qrcode|px2|el2|hx1|tx{'78' * 1664}|", 3206),
        (f"qrcode|px2|el3|hx0|tx{'x' * 1274}|", 3206),
        (f"qrcode|px8|el1|hx1|tx{'78' * 400}|", 3201),
        ("qrcode|px2|el4|tx1|", 3209),
    ],
)
def test_a_qr_code_that_does_not_fit_is_refused_and_the_one_before_it_stays(command: str, error: int) -> None:
    talk = Talk()
    assert talk.say("qrcode|px3|el1|tx1|") == "qrcode|"
    assert talk.say(command) == f"qrcode|?{error}|"
    assert talk.say("ftrcfg|bb1|") == "ftrcfg|"
    talk.sell(["trline|naWoda|vt0|pr200|"], "trend|to200|")
    assert "[QR 1]" in talk.paper


@pytest.mark.slow
@pytest.mark.parametrize("columns", [40, 56])
def test_the_largest_qr_code_of_a_paper_fits_into_its_picture(columns: int, tmp_path: Path) -> None:
    for size in range(2, 9):
        across = max(each for each in range(21, 178, 4) if each * size <= PAPER_DOTS[columns])
        most = min(2000, CAPACITY["H"][(across - 21) // 4])
        talk = Talk(width=columns)
        assert talk.say(f"qrcode|px{size}|el3|hx1|tx{'78' * most}|") == "qrcode|"
        talk.say("ftrcfg|bb1|")
        talk.sell(["trline|naWoda|vt0|pr200|"], "trend|to200|")
        draw(talk.register.printouts, tmp_path / "paper.png")
        (line,) = [line for line in talk.register.printouts[0].lines if line.code]
        dot = 1.25
        picture = qr_picture(line, dot)
        assert picture is not None
        assert picture.width == round((across + 4) * size * dot), "with two modules of quiet zone on each side"


@pytest.mark.parametrize(("width", "line"), [(11, "A B     1 2"), (9, "A B   1 2"), (7, "A B 1 2"), (6, "AB  12")])
def test_a_sum_is_spaced_out_where_it_fits(width: int, line: str) -> None:
    """At least one space between the two."""
    paper = Paper(width)
    paper.sum("AB", "12")
    assert [printed.text for printed in paper.lines] == [line]


@pytest.mark.parametrize(("width", "lines"), [(6, ["AB  12"]), (5, ["AB 12"]), (4, ["AB", "  12"])])
def test_a_pair_is_on_one_line_where_it_fits(width: int, lines: list[str]) -> None:
    paper = Paper(width)
    paper.pair("AB", "12")
    assert [printed.text for printed in paper.lines] == lines
