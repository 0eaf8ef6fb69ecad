"""Prints with the client litex.novitus_xml, as its own tests do; the last line of output is what it was told."""

from __future__ import annotations

import collections
import collections.abc
import json
import sys

# The client is older than Python 3.10, which took this name away.
collections.Mapping = collections.abc.Mapping  # type: ignore[attr-defined]

from litex.novitus_xml import Printer, ProtocolError  # type: ignore[import-not-found]  # noqa: E402


def main() -> None:
    printer = Printer(sys.argv[1], timeout=10)
    printer.set_error("silent")
    if printer.dle()["online"] != "yes" or printer.enq()["fiscal"] != "yes":
        raise SystemExit("it is not ready")
    receipt(printer)
    refused(printer)
    invoice(printer)
    lines = ["Pierwsza", {"text": "Druga", "bold": "yes", "center": "yes"}, {"type": "underline"}]
    printer.non_fiscal_printout(lines=lines, nonfiscalheader="no")
    printer.open_drawer()
    told = {"rates": printer.taxrates_get(), "error": printer.get_error(), **printer.enq()}
    told["totals"] = [each.text for each in printer.info_checkout().ptu]
    sys.stdout.write(json.dumps(told))


def receipt(printer: Printer) -> None:
    """Two lines, one with a discount, and a discount on both; a card and cash."""
    printer.receipt_begin()
    printer.item("Bułka żytnia", 2, "szt", "A", 4, discount_name="Promocja", discount_value="10%", discount_descid=1)
    printer.item("Zażółć gęślą jaźń", 4, "szt", "A", 2, description="Opis")
    printer.discount(value="20%", name="Pracownik", descid=7)
    printer.payment_add("card", value=11.0)
    printer.payment_add("cash", value=1.16)
    printer.receipt_close(12.16, "2/TEST/2020", "10", "Jan", nip="6220006775")


def refused(printer: Printer) -> None:
    """Each error is reported with its number, and the printer can go on."""
    printer.invoice_cancel()
    printer.receipt_begin()
    for again, number in ((printer.receipt_begin, 1002), (printer.invoice_begin, 1002)):
        try:
            again()
        except ProtocolError as error:
            if error.error_code != number:
                raise SystemExit(f"error {error.error_code} instead of {number}") from None
        else:
            raise SystemExit("a second document was opened")
    printer.receipt_cancel()


def invoice(printer: Printer) -> None:
    """An original without a copy, with the letters of every alphabet that Poles use."""
    printer.invoice_begin(
        number="1/TEST/2020", nip="PL6220006775", copies=-1, description="original", options={3, 4, 5, 6},
        customer=["Firma Sp. z o.o.", "ul. Długa 1", "63-400 Ostrów Wielkopolski"], customernameoptions="info",
        sellernameoptions="none", signarea="no",
    )  # fmt: skip
    printer.item("Test ąśćłóśź", 10, "szt", "A", 10)
    printer.invoice_close(100, "@1/TEST/2020", "10", "Jan", "Ala")


main()
