"""The closing command of a Thermal receipt: payments, packaging, footer, till and cashier in one sequence.

Source: Thermal reference, sections 4.2, 5.3 to 5.6, 5.11.
"""

from __future__ import annotations

from typing import Any

from fiscald.model.money import plain
from fiscald.model.receipt import Packaging, Receipt
from fiscald.protocols.planning import TextKind
from fiscald.protocols.thermal.fields import Brand
from fiscald.protocols.thermal.planner import Form, Planner

MAX_FOOTER_LINES = 3
#: The largest number of amounts in one ``$y`` (5.5). With these there are at most 37 texts, and it takes 40.
MAX_AMOUNTS = 20
#: Letters in a system number of POSNET; the printer prints further letters as spaces (4.2).
MAX_LETTERS = 10
#: Characters of a bar code with letters, and digits of one without (5.11); the field has 30, two of them are ``#``.
BARCODE_LETTERS, BARCODE_DIGITS = 15, 28
#: Register and cashier where both are one code of three characters (5.5).
TILL_CODE, CASHIER_CODE = 1, 2


def count(item: Packaging) -> str:
    """A count, with the point that the field must have."""
    text = plain(item.quantity)
    return text if "." in text else f"{text}."


class Closing:
    """Plans ``$y`` or ``$x``."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner

    def values(
        self,
        receipt: Receipt,
        adjustment: dict[str, Any],
        packaging: list[tuple[Packaging, int, bool]],
        cash: int,
        forms: list[Form],
        at: str,
    ) -> dict[str, Any]:
        """The values of the closing command of the printer's profile."""
        footer = self._footer(receipt, at)
        close = self._close_x if self.planner.profile.closing == "$x" else self._close_y
        return close(receipt, adjustment, packaging, cash, forms, footer, at)

    def _footer(self, receipt: Receipt, at: str) -> list[str]:
        if receipt.qr is not None:
            self.planner.unsupported(f"{at}/qr", "qr.unsupported", "QR codes", "kodów QR")
        if receipt.invoice_reference is not None:
            self.planner.plan.notice(
                "invoice_reference.no_code",
                f"{at}/invoice_reference",
                "printed as a number only: this printer prints no QR codes",
                "Wydrukowano sam numer KSeF: ta drukarka nie drukuje kodów QR.",
            )
        lines = self.planner.plan.footer_lines(
            receipt, MAX_FOOTER_LINES, at, lambda line, pointer: self.planner.text(line, pointer, "$y", "linie")
        )
        if lines and lines[0][0].startswith("#"):
            first, pointer = lines[0]
            bare = first.lstrip("# ")
            why = "the printer takes a first line that begins with # for a system number"
            if bare:
                self.planner.plan.notice(
                    "text.replaced", pointer, f"printed as {bare!r}: {why}", f"Wydrukowano jako „{bare}”."
                )
                lines[0] = (bare, pointer)
            else:
                self.planner.plan.left_out(pointer, why)
                del lines[0]
        return [text for text, _ in lines]

    def _system_number(self, receipt: Receipt, at: str) -> str:
        """The application's number, or a bar code instead (5.11)."""
        number, barcode = receipt.system_number, receipt.barcode
        if number is not None and not self.planner.profile.system_number:
            self.planner.unsupported(
                f"{at}/system_number", "system_number.unsupported", "system number", "numeru systemowego"
            )
        if barcode is not None and not self.planner.profile.barcode:
            self.planner.unsupported(f"{at}/barcode", "barcode.unsupported", "bar codes", "kodów kreskowych")
        if number is not None and barcode is not None:
            self.planner.plan.error(
                f"{at}/barcode",
                "barcode.or_number",
                "this printer prints a bar code instead of the system number; send one of them",
                "można wydrukować numer systemowy albo kod kreskowy, nie oba.",
            )
        if barcode is not None:
            most = BARCODE_DIGITS if barcode.isdigit() else BARCODE_LETTERS
            if not 3 <= len(barcode) <= most:
                self.planner.plan.error(
                    f"{at}/barcode",
                    "barcode.length",
                    f"this printer takes 3 to {most} characters in such a bar code",
                    f"kod kreskowy musi mieć od 3 do {most} znaków.",
                )
            return f"#{barcode}#"
        if number is None:
            return ""
        written = self.planner.text(number, f"{at}/system_number", "$y", "numer_systemowy", TextKind.NUMBER)
        letters = sum(char.isalpha() for char in written)
        if written.startswith("#") or (self.planner.brand is Brand.POSNET and letters > MAX_LETTERS):
            self.planner.plan.error(
                f"{at}/system_number",
                "system_number.letters",
                f"this printer takes at most {MAX_LETTERS} letters in a system number, and no # at its beginning",
                f"numer systemowy może mieć najwyżej {MAX_LETTERS} liter i nie może zaczynać się od znaku #.",
            )
        return written

    def _close_y(
        self,
        receipt: Receipt,
        adjustment: dict[str, Any],
        packaging: list[tuple[Packaging, int, bool]],
        cash: int,
        forms: list[Form],
        footer: list[str],
        at: str,
    ) -> dict[str, Any]:
        """``$y``: everything in one sequence."""
        given = [(item, value) for item, value, returned in packaging if not returned]
        taken = [(item, value) for item, value, returned in packaging if returned]
        number = self._system_number(receipt, at)
        if 5 + len(forms) + len(packaging) > MAX_AMOUNTS:
            self.planner.plan.error(
                at,
                "receipt.too_much",
                f"the printer takes {MAX_AMOUNTS} amounts at the end of a receipt; send fewer payments or packaging",
                "za dużo płatności lub opakowań.",
            )
        return {
            "Pn": len(footer), "Pc": 0, "Py": 0, "Pdsp": int(self.planner.plan.change > 0), "Pkb": len(given),
            "Pkz": len(taken), "Pns": int(bool(number)), "Pfn": len(forms), "Pr": 0, "Pg": int(cash > 0),
            "Pfx": [form.number for form in forms], "Psx": 0,
            "nr_kasy": self._number(receipt.till, f"{at}/register"),
            "kasjer": self.planner.text(receipt.cashier, f"{at}/cashier", "$y", "kasjer") if receipt.cashier else "",
            "numer_systemowy": number, "linie": footer, "formy": [form.name for form in forms],
            "nr_kaucji_pobr": [str(int(item.number)) for item, _ in given],
            "ilosc_kaucji_pobr": [count(item) for item, _ in given],
            "nr_kaucji_zwr": [str(int(item.number)) for item, _ in taken],
            "ilosc_kaucji_zwr": [count(item) for item, _ in taken],
            "total": self.planner.plan.lines_total, "dsp": self.planner.plan.change, "wplata": cash,
            "kwoty": [form.amount for form in forms], "reszta": self.planner.plan.change,
            "kaucja_pobr": [value for _, value in given], "kaucja_zwr": [value for _, value in taken],
        } | adjustment  # fmt: skip

    def _close_x(
        self,
        receipt: Receipt,
        adjustment: dict[str, Any],
        packaging: list[tuple[Packaging, int, bool]],
        cash: int,
        forms: list[Form],
        footer: list[str],
        at: str,
    ) -> dict[str, Any]:
        """``$x``: one card, one cheque and one voucher; always five lines, as every interpretation allows."""
        self._system_number(receipt, at)
        amounts, names = {1: 0, 2: 0, 3: 0}, {1: "", 2: "", 3: ""}
        for form in forms:
            if amounts[form.number] and form.name not in ("", names[form.number]):
                why = f"this printer prints one name for each form of payment, here {names[form.number]!r}"
                self.planner.plan.left_out(f"{at}/payments", f"{form.name!r}, {why}")
            names[form.number] = names[form.number] if amounts[form.number] else form.name
            amounts[form.number] += form.amount
        return {
            "Pn": 5, "Pc": 0, "Py": 0, "Pg": int(cash > 0), "Pk": int(amounts[1] > 0), "Pz": int(amounts[2] > 0),
            "Pb": int(amounts[3] > 0), "Po1": 0, "Po2": 0, "Pr": 0,
            "kod": self._code(receipt, at),
            "teksty": [*footer, *[""] * (5 - len(footer)), *names.values()],
            "total": self.planner.plan.lines_total, "wplata": cash, "karta": amounts[1], "czek": amounts[2],
            "bon": amounts[3], "przyjecie": 0, "wydanie": 0, "reszta": self.planner.plan.change,
        } | adjustment  # fmt: skip

    def _number(self, till: str | None, pointer: str) -> str:
        return self.planner.text(till, pointer, "$y", "nr_kasy", TextKind.NUMBER) if till else ""

    def _code(self, receipt: Receipt, at: str) -> str:
        """Register and cashier in three characters."""
        till, cashier = receipt.till or "0", receipt.cashier or "0"
        number = self.planner.plan.text(till, f"{at}/register", self.planner.code_page, TILL_CODE, TextKind.NUMBER)
        name = self.planner.plan.text(cashier, f"{at}/cashier", self.planner.code_page, CASHIER_CODE)
        return f"{number or '0'}{name:0>{CASHIER_CODE}}"
