"""Further examples of documents, beside the one that each document has itself. All are carried out."""

from __future__ import annotations

from typing import Any, NamedTuple


class Variant(NamedTuple):
    """One example."""

    title: str
    text: str
    document: dict[str, Any]


#: By type of document.
VARIANTS: dict[str, tuple[Variant, ...]] = {
    "receipt": (
        Variant(
            "The smallest one",
            "One line; the customer pays cash.",
            {"type": "receipt", "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}]},
        ),
        Variant(
            "Discounts and a surcharge",
            "A line has a discount or a surcharge; the whole receipt may have one too. `total` is checked: what the "
            "application has added up must be what is printed.",
            {
                "type": "receipt",
                "lines": [
                    {"name": "Chleb razowy", "quantity": 2, "price": "3.50", "vat": "5%", "discount": {"percent": 10}},
                    {"name": "Dostawa", "price": "9.00", "vat": "23%", "surcharge": {"amount": "1.00"}},
                ],
                "discount": {"amount": "0.30", "name": "Karta klienta"},
                "total": "16.00",
            },
        ),
        Variant(
            "A line taken back",
            "The cashier has sold two and takes one back, on the same receipt.",
            {
                "type": "receipt",
                "lines": [
                    {"name": "Mleko 2%", "quantity": 2, "price": "4.00", "vat": "5%"},
                    {"name": "Mleko 2%", "quantity": 1, "price": "4.00", "vat": "5%", "storno": True},
                ],
                "total": "4.00",
            },
        ),
        Variant(
            "Returnable packaging",
            "The deposit is outside the fiscal total: given out, and taken back.",
            {
                "type": "receipt",
                "lines": [{"name": "Woda 1,5 l", "quantity": 3, "price": "3.00", "vat": "23%"}],
                "packaging": [
                    {"number": "1", "price": "0.50", "quantity": 3},
                    {"number": "1", "price": "0.50", "quantity": 1, "returned": True},
                ],
                "payments": [{"type": "card", "amount": "10.00"}],
            },
        ),
        Variant(
            "Footer and codes",
            "Lines under the receipt, the application's own number, and a QR code.",
            {
                "type": "receipt",
                "lines": [{"name": "Bilet", "price": "25.00", "vat": "8%"}],
                "system_number": "WZ/17",
                "footer": ["Dziękujemy", "Zapraszamy ponownie"],
                "qr": {"text": "https://example.com/17"},
            },
        ),
    ),
    "printout": (
        Variant(
            "Styles and codes",
            "What a printer cannot do is printed plainly, with a warning.",
            {
                "type": "printout",
                "lines": [
                    {"text": "PILNE", "bold": True, "align": "center"},
                    "Żurek x 2",
                    {"rule": True},
                    {"qr": {"text": "Z17"}},
                ],
            },
        ),
    ),
    "invoice": (
        Variant(
            "Paid by transfer later",
            "No payment yet: the paper shows when and how the buyer is to pay.",
            {
                "type": "invoice",
                "number": "FV/11/2026",
                "lines": [{"name": "Usługa", "price": "123.00", "vat": "A"}],
                "buyer": {
                    "name": "Firma sp. z o.o.",
                    "address": ["ul. Testowa 1", "00-001 Warszawa"],
                    "nip": "5260250274",
                },
                "due_date": "2026-12-14",
                "payment_form": "przelew",
            },
        ),
    ),
}  # fmt: skip
