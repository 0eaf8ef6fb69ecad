"""Invoices of a Novitus: the fields of its description (NOV 3.16), and what one client's driver sends.

The description has no example in bytes and no sample print; a test says only what it or that client settles.
"""

from __future__ import annotations

import pytest

from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import RegisterState
from tests.emulator.thermal.talking import WATER, Talk, totals

#: Eleven parameters, two lines of address; the client's form has ten and no name of the buyer.
OPENING = (
    "1;2;1;2;0;0;{copies};0;0;1;0$h{number}|ul. Prosta 1|61-001 Poznan|{nip}|2026-07-29|{form}|Jan|Ewa|{system}|ABC|"
)
CLIENT = "0;1;1;2;0;0;0;0;0;0$hFV 1|ul. Prosta 1|526-025-02-74||||||"
END = "1;0;0;0;0;1;{line};{buyer};{seller}$eEwa|{paid}|Jan K|Ewa N|{cash}/{total}/0/"


def opening(**changes: object) -> str:
    values = {"copies": 255, "number": "FV 7/2026", "nip": "526-025-02-74", "form": "", "system": ""}
    return OPENING.format(**values | changes)


def end(total: str = "2", **changes: object) -> str:
    return END.format(**{"line": 0, "buyer": 2, "seller": 2, "paid": "", "cash": "0", "total": total} | changes)


def novitus(*commands: str, **options: object) -> Talk:
    talk = Talk(profile="novitus", **options)  # type: ignore[arg-type]
    talk.follow(*commands)
    return talk


def test_an_invoice_has_its_own_paper_and_its_own_counters() -> None:
    talk = novitus("0$h", WATER, "1;0$e000|0/2/", opening(), WATER, end(line=1, paid="2,00 PLN"))
    assert talk.kinds == ["receipt", "invoice"]
    for text in ("F A K T U R A", "nr FV 7/2026", "ORYGINAŁ", "ABC", "ul. Prosta 1", "NIP 526-025-02-74", "2026-07-29"):
        assert text in talk.paper
    assert talk.paper.index("Zapłacono") < talk.paper.index("2,00 PLN")
    day = talk.register.state.day
    assert (day.receipt_count, day.invoice_count, day.last_invoice) == (1, 1, 1)
    assert (day.receipts[0], day.invoices[0]) == (200, 200)
    assert talk.register.printouts[-1].facts["invoice"] == "FV 7/2026"
    assert totals(talk, "23#s")[0] == "2.00", "the totals of the day are those of receipts"


def test_the_form_of_the_client_has_ten_parameters_and_no_name() -> None:
    talk = novitus(CLIENT, "1$lWoda|1.|A/2/2/", "2$lChleb|1.|C/3/3/", end("5"))
    assert talk.kinds == ["invoice", "invoice_copy"]
    assert "KOPIA" in talk.paper
    assert "ORYGINAŁ" in talk.register.printouts[0].text


def test_the_number_of_copies() -> None:
    assert novitus(opening(copies=255), WATER, end()).kinds == ["invoice"]
    assert novitus(opening(copies=2), WATER, end()).kinds == ["invoice", *["invoice_copy"] * 3]
    assert Talk(profile="novitus").error(opening(copies=10)) == 4


@pytest.mark.parametrize("compatible", [False, True])
def test_the_two_places_of_the_number_of_the_last_invoice(compatible: bool) -> None:
    """The protocol NOVITUS has it behind the zero totals, NOVITUS ZGODNY in their place, and one field less."""
    talk = Talk(profile="novitus")
    talk.printer.memory.compatible = compatible
    before = talk.say("50#s")
    talk.follow(opening(copies=1), WATER, end())
    after = talk.say("50#s")
    expected = ("50#X0/0/0/0/0/", "50#X0/1/0/0/0/") if compatible else ("50#X0/1/0/0/0/0/", "50#X1/0/1/0/0/0/")
    assert (before[: len(expected[0])], after[: len(expected[1])]) == expected
    assert before.count("/") == after.count("/") == (5 if compatible else 6)


def test_the_numbers_of_invoices_go_on_after_the_daily_report() -> None:
    talk = novitus(opening(), WATER, end(), "1;26;7;15#r")
    assert "ILOŚĆ FAKTUR" in talk.paper
    assert talk.say("50#s").startswith("50#X2/1/1/")
    talk.follow(opening(), WATER, end())
    assert talk.register.state.day.invoice_count == 1
    assert talk.register.printouts[-1].facts["number"] == 2


def test_a_day_without_invoices_says_nothing_about_them() -> None:
    talk = novitus("0$h", WATER, "1;0$e000|0/2/", "1;26;7;15#r")
    assert "FAKTUR" not in talk.paper


def test_the_status_of_an_open_and_of_the_last_invoice() -> None:
    talk = novitus(opening(), WATER)
    assert talk.say("100;0#s").startswith("100;0;19#X2.00/2.00/")
    assert talk.enq == 0x6E, "a transaction is open"
    talk.follow(end())
    assert talk.enq == 0x6D
    assert totals(talk)[0] == "2.00", "22#s has the last fiscal document, receipt or invoice"
    talk.follow(opening(), WATER, end(), "0$h", "1$lWoda|1.|A/3/3/", "1;0$e000|0/3/")
    assert totals(talk)[0] == "3.00"
    talk.follow("243;1$r")
    assert totals(talk)[0] == "4.00", "or the totals of invoices"
    talk.follow("243;0$r")
    assert totals(talk)[0] == "3.00"
    assert Talk().error("243;1$r") == 4


@pytest.mark.parametrize("cancel", ["0$e", end().replace("1;0;0", "0;0;0", 1)])
def test_a_cancelled_invoice(cancel: str) -> None:
    talk = novitus(opening(), WATER, cancel)
    assert "A N U L O W A N A" in talk.paper
    day = talk.register.state.day
    assert (day.cancelled_invoices, day.cancelled_count, day.invoice_count) == (1, 0, 0)
    assert talk.enq == 0x6C


def test_options_of_the_open_invoice() -> None:
    talk = novitus(opening(copies=1), WATER)
    # Without words of the sum, lines of signatures or the seller; REGON; FAKTURA VAT; "Odbiorca".
    talk.follow("255;1;2;1;26;7;14;17;32;1;20;1@c14 dni|przelew|Ola|Iza|2,00|77|pilne|Firma\nDruga linia|")
    talk.follow("20;131$zpierwsza|", end(line=0, buyer=1))
    assert talk.kinds == ["invoice"], "the options say the original alone"
    for text in ("F A K T U R A   V A T", "Odbiorca:", "REGON 526-025-02-74", "2026-07-14", "14 dni", "przelew", "Ola",
                 "Druga linia", "pilne", "pierwsza", "Nr sys.: 77"):  # fmt: skip
        assert text in talk.paper
    for text in ("Słownie", "Sprzedawca", "Nabywca"):
        assert text not in talk.paper


def test_the_shorter_options_of_the_client() -> None:
    talk = novitus(CLIENT, WATER, "255;0;0;0;0;0;0;0;0;0;0@c||Ola|Iza|S 5|", end())
    assert "Nr sys.: S 5" in talk.paper


def test_options_and_footers_belong_to_an_open_invoice() -> None:
    command = "255;0;0;0;0;0;0;0;0;0;0@c||Ola|Iza||"
    assert Talk(profile="novitus").error(command) == 21
    receipt = novitus("0$h", WATER)
    assert receipt.error(command) == 82
    assert receipt.error("20;130$z1|") == 82
    assert receipt.error(end()) == 82
    receipt.follow("1;0$e000|0/2/")
    assert Talk().error(command) != 0, "POSNET's printers have no such command"


def test_the_system_number_as_a_code() -> None:
    assert "[BARCODE 123]" in novitus(opening(system="#123"), WATER, end()).paper
    assert "[QR 123]" in novitus(opening(system="@123"), WATER, end()).paper
    assert "Nr sys.: 123" in novitus(opening(system="123"), WATER, end()).paper


def test_payments_of_an_invoice() -> None:
    """Cash at the end, a form in the opening, or forms as in a receipt once the options say so."""
    talk = novitus(opening(), WATER, end(cash="5"))
    assert talk.paper.split("Reszta")[1].split()[0] == "3,00"
    talk = novitus(opening(form="przelew 14 dni"), WATER, end())
    assert talk.register.printouts[-1].text.count("przelew 14 dni") == 2
    assert talk.register.state.cash == 0
    for name in ("INNA", "inne"):
        assert Talk(profile="novitus").error(opening(form=name)) == 4
    talk = novitus(opening(), WATER)
    assert talk.error("1;1$b2/VISA|") == 82
    talk.follow("255;0;0;0;0;0;0;0;128;0;0;0@c||||||||", "1;1$b2/VISA|", end())
    assert "Karta płatnicza VISA" in talk.paper


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (opening(number="x" * 57), 1109), (opening(nip=""), 1098), (opening(nip="1" * 17), 1098),
        (opening().replace("1;2;1;2", "1;9;1;2"), 4), (opening().replace("1;2;1;2", "1;2;3;2"), 4),
        (opening(form="x" * 21), 4),
    ],
)  # fmt: skip
def test_errors_of_the_opening(command: str, error: int) -> None:
    talk = Talk(profile="novitus")
    assert talk.error(command) == error
    assert talk.enq & 2 == 0
    talk.follow(opening(nip=" "))


@pytest.mark.parametrize(
    ("switch", "error"),
    [(Switch.NO_HEADER, 40), (Switch.JUMPER, 94), (Switch.NO_CLOCK, 1), (Switch.REPORT_REQUIRED, 1116), (Switch.LOCKED, 1100)],
)  # fmt: skip
def test_an_invoice_is_opened_in_the_same_conditions_as_a_receipt(switch: Switch, error: int) -> None:
    talk = Talk(profile="novitus")
    talk.printer.faults.switches.add(switch)
    assert talk.error(opening()) == error


def test_errors_of_the_end_change_nothing() -> None:
    assert Talk(profile="novitus").error(end()) == 29
    talk = novitus(opening())
    assert talk.error(end("0")) == 23, "one line was announced"
    talk.follow(WATER)
    assert talk.error(opening()) == 1516
    assert talk.error("0$h") == 95
    assert talk.error(end("3", line=1, paid="x")) == 27
    assert talk.error(end(cash="x")) == 26
    assert talk.error(end().replace("$eEwa", "$e" + "E" * 32)) == 25
    talk.follow(end())
    assert "Zapłacono" not in talk.paper, "the refused end left no text"


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("1;0$e000|0/2/", "$e 1 in an invoice"), ("3$nrabat|0.5/", "$n in an invoice"), ("6$d2/12|4.|", "$d 6 in an invoice"),
        ("1;16$Y2/20/x|", "$Y in an invoice"), ("100;1$z1234563218|", "$z 100 in an invoice"),
    ],
)  # fmt: skip
def test_what_the_description_does_not_say_of_invoices_is_refused_and_named(command: str, named: str) -> None:
    talk = novitus(opening(), WATER)
    notices: list[str] = []
    talk.printer.on_notice = notices.append
    assert talk.error(command) == 82
    assert named in notices[0]
    assert talk.error("6$l12|1.|P/2/2/") == 18
    talk.follow(end())


@pytest.mark.parametrize("parameters", ["1;0;0;1;1;0", "1;1;2;2;0;0;255;0;0;1", "1;1;1;2;0;0;255;0;0;1;0;0"])
def test_other_forms_of_the_opening_are_named(parameters: str) -> None:
    talk = Talk(profile="novitus")
    notices: list[str] = []
    talk.printer.on_notice = notices.append
    assert talk.error(f"{parameters}$hFV 1|Prosta|1||||||") in (3, 4)
    assert "invoice" in notices[0]


def test_an_invoice_of_a_training_printer_is_marked() -> None:
    talk = novitus(opening(), WATER, end(), state=RegisterState(fiscal=False))
    assert "N I E F I S K A L N Y" in talk.paper


def test_an_invoice_that_was_closed_before_the_power_failed_is_kept() -> None:
    talk = novitus(opening(), WATER, end())
    talk.printer.power(on=False)
    talk.printer.power(on=True)
    assert talk.register.state.day.invoice_count == 1
    assert talk.kinds == ["invoice"]
    talk.raw(b"")
    open_one = novitus(opening(), WATER)
    open_one.printer.power(on=False)
    open_one.printer.power(on=True)
    assert open_one.kinds == ["cancelled_invoice"]
