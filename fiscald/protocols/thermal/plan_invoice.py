"""Turns an invoice into commands of a Novitus. The lines are planned as those of a receipt (``plan``).

fiscald refuses what the description does not mention for an invoice (discounts on the whole, packaging), and payments,
which need an option that changes more. Limits are those that every ONLINE device has.

Source: Novitus's description of the protocol 1.12, 3.16 [doc].
"""

from __future__ import annotations

from datetime import date
from typing import Any

from fiscald.model.invoice import Invoice
from fiscald.protocols.planning import TextKind
from fiscald.protocols.rates import Rates
from fiscald.protocols.thermal.commands import request
from fiscald.protocols.thermal.plan_lines import LinePlanner
from fiscald.protocols.thermal.planner import Plan
from fiscald.protocols.thermal.profiles import Profile

#: Lines of the address, and their characters on the narrowest ONLINE device (Bono and Deon).
MAX_ADDRESS, ADDRESS_LENGTH = 8, 42
#: ``kopie``: the original alone. Else one copy and so many more.
ORIGINAL_ONLY = 255
#: Names of a form of payment that the printer refuses.
REFUSED_FORMS = ("INNA", "INNE")
#: Stands for an empty text where the description wants one.
_BLANK = " "
#: Neither a place for a signature nor a name.
_NO_SIGNATURE = 2
NO_DISCOUNT = "it takes no discount or surcharge of a whole invoice"
NO_PAYMENTS = "it takes no payments on an invoice"
NO_TILL = "its invoice has no place for the number of the till"
NO_VAT_ID = "no source says whether it takes the VAT number of another country"
_AT = "/document"


class _InvoicePlanner(LinePlanner):
    """Walks one invoice."""

    def invoice(self, invoice: Invoice) -> Plan:
        texts = self._texts(invoice)
        self.add(
            _AT, "$h invoice", Pl=0, Pn=len(texts["nabywca"]), typ=1, kopia=2, margines=0, P6=0, kopie=_copies(invoice),
            P8=0, P9=0, podpisy=1, PL=0, **texts,
        )  # fmt: skip
        if invoice.sale_date is not None:
            self._sold_at(invoice, invoice.sale_date, texts)
        if not self.sell(invoice, _AT):
            return self.plan
        total = self.plan.total = self.plan.due = self.plan.lines_total
        too_large = f"the invoice is worth {self.too_much}" if total > self.most else None
        self.plan.check_total(invoice, _AT, too_large=too_large)
        self._refuse(invoice)
        cashier = invoice.cashier
        who = self.text(cashier, f"{_AT}/cashier", "$e 1 invoice", "kasjer") if cashier else ""
        if not self.plan.errors:
            self.plan.close = request(
                "$e 1 invoice", self.brand, Pr=0, Pn=0, Pc=0, Px=0, Py=1, linia=0, opcje_kup=_NO_SIGNATURE,
                opcje_sprz=_NO_SIGNATURE, kasjer=who, linie=[], zaplacono=_BLANK, kupujacy=_BLANK, sprzedajacy=_BLANK,
                wplata=0, total=total, rabat=0,
            )  # fmt: skip
        return self.plan

    def _texts(self, invoice: Invoice) -> dict[str, Any]:
        """What opening and options both say."""
        buyer = invoice.buyer
        if buyer.vat_id is not None:
            self.plan.error(
                f"{_AT}/buyer/vat_id",
                "buyer.vat_id_unsupported",
                f"{NO_VAT_ID} on an invoice; leave it out, or print the invoice on another printer",
                "ta drukarka nie drukuje na fakturze numeru VAT UE nabywcy.",
            )
        if len(buyer.address) > MAX_ADDRESS:
            self.plan.error(
                f"{_AT}/buyer/address",
                "invoice.address",
                f"{len(buyer.address)} lines, this printer takes {MAX_ADDRESS}; put street and town into fewer lines",
                f"adres nabywcy może mieć najwyżej wierszy: {MAX_ADDRESS}.",
            )
        address = [
            self._fitting(line, f"buyer/address/{index}", ADDRESS_LENGTH) for index, line in enumerate(buyer.address)
        ]
        form = invoice.payment_form or ""
        if form:
            form = self._fitting(form, "payment_form", self.limit("$h invoice", "forma"))
        if form.upper() in REFUSED_FORMS:
            self.plan.error(
                f"{_AT}/payment_form",
                "invoice.payment_form",
                f"this printer refuses the form of payment {form!r}; name it",
                f"drukarka nie przyjmuje formy płatności „{form}”.",
            )
        return {
            "numer": self._fitting(invoice.number, "number", self.limit("$h invoice", "numer")),
            "nabywca": address or [_BLANK],
            "nip": buyer.nip or _BLANK,
            "termin": "" if invoice.due_date is None else str(invoice.due_date),
            "forma": form,
            "odbiorca": "",
            "wystawiajacy": "",
            "numer_systemowy": self._system_number(invoice),
            "nazwa": self._fitting(buyer.name, "buyer/name", self.limit("$h invoice", "nazwa")),
        }

    def _sold_at(self, invoice: Invoice, day: date, texts: dict[str, Any]) -> None:
        """``@c`` with the day of the sale. It repeats what the opening says: no source says that an empty text keeps
        it.
        """
        same = {name: text for name, text in texts.items() if name not in ("numer", "nabywca", "nip")}
        self.add(
            f"{_AT}/sale_date", "@c", kopie=_copies(invoice), opcje_kup=_NO_SIGNATURE, opcje_sprz=_NO_SIGNATURE,
            linia=0, Py=day.year % 100, Pm=day.month, Pd=day.day, opcje1=0, opcje2=0, idtype=0, opcje3=0, etykieta=0,
            zaplacono="", informacje="", **same,
        )  # fmt: skip

    def _system_number(self, invoice: Invoice) -> str:
        if invoice.system_number is None:
            return ""
        pointer = f"{_AT}/system_number"
        written = self.text(invoice.system_number, pointer, "$h invoice", "numer_systemowy", TextKind.NUMBER)
        if written.startswith(("#", "@")):
            self.plan.error(
                pointer,
                "system_number.letters",
                "this printer takes a system number that begins with # or @ for a code; send another one",
                "numer systemowy nie może zaczynać się od znaku # ani @.",
            )
        return written

    def _fitting(self, value: str, field: str, limit: int) -> str:
        return self.plan.text(value, f"{_AT}/{field}", self.code_page, limit, TextKind.WHOLE)

    def _refuse(self, invoice: Invoice) -> None:
        """What no command of an invoice says."""
        for word, given in (("discount", invoice.discount), ("surcharge", invoice.surcharge)):
            if given is not None:
                self.plan.error(
                    f"{_AT}/{word}",
                    "invoice.adjustment",
                    f"this printer cannot print that: {NO_DISCOUNT}; put it into the lines",
                    "ta drukarka nie drukuje rabatu ani narzutu do całej faktury.",
                )
        if invoice.payments:
            self.plan.error(
                f"{_AT}/payments",
                "invoice.payments",
                "this printer takes no payments on an invoice; leave payments out, and name the form in payment_form",
                "ta drukarka nie przyjmuje płatności na fakturze.",
            )
        elif invoice.change is not None:
            self.plan.error(
                f"{_AT}/change",
                "receipt.change",
                "there is no payment, so there is no change; leave change out",
                "bez płatności nie ma reszty.",
            )
        if invoice.till is not None:
            self.plan.left_out(f"{_AT}/register", NO_TILL)


def _copies(invoice: Invoice) -> int:
    return invoice.copies - 1 if invoice.copies else ORIGINAL_ONLY


def plan_invoice(
    invoice: Invoice, profile: Profile, code_page: str, rates: Rates | None, printer_id: str | None = None
) -> Plan:
    """The commands of ``invoice``; or in ``errors`` every refusal that the planner can predict (``plan_receipt``)."""
    return _InvoicePlanner(profile, code_page, rates, printer_id).invoice(invoice)
