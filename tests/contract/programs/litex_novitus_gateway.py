"""Sells with the client litex.novitus, as its own tests do; the last line of output is what it was told."""

from __future__ import annotations

import json
import sys

from litex.novitus import Printer, ProtocolError  # type: ignore[import-not-found]


def main() -> None:
    printer = Printer(sys.argv[1], timeout=20)
    printer.set_error("silent")
    if printer.dle()["online"] != "yes" or printer.enq()["fiscal"] != "yes":
        raise SystemExit("it is not ready")
    printer.invoice_cancel()  # harmless without a receipt
    receipt(printer)
    after = printer.enq()
    told = {"error": refused(printer), "finished": after["lasttransactioncorrect"], "open": after["intransaction"]}
    told["rates"] = dict(printer.taxrates_get())
    data = printer.cash_register_data(mode=23)
    told["totals"] = [data["TOT_A"].decode(), data["receiptcount"].decode()]
    printer.open_drawer()
    form(printer)
    sys.stdout.write(json.dumps(told))


def receipt(printer: Printer) -> None:
    """Two lines, one with a discount, and a discount on both; a card and cash."""
    printer.receipt_begin()
    printer.item(1, "Bułka żytnia", 2, "A", 4, discount_name="Promocja", discount_value="10%")
    printer.item(2, "Zażółć gęślą jaźń", 4, "A", 2, description="Opis")
    printer.discount("20%", "Pracownik")
    printer.payment_add("card", 11.0)
    printer.payment_add("cash", 1.16)
    printer.receipt_close(15.20, "Jan", discount=20)


def refused(printer: Printer) -> int:
    """An error is reported with its number, and the printer can go on."""
    printer.receipt_begin()
    try:
        printer.receipt_begin()
    except ProtocolError as error:
        number = int(str(error).split(": ")[1].split()[0])
    else:
        raise SystemExit("a second receipt was opened")
    printer.receipt_cancel()
    return number


def form(printer: Printer) -> None:
    """The free form."""
    printer.non_fiscal_printout_begin(200)
    printer.non_fiscal_printout_line(["Zamówienie 17"], 200)
    printer.non_fiscal_printout_close(200)


main()
