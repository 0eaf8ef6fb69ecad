"""Documents of the exhaustive matrix that came after the first ones: rows of their own, for the families that print them."""

from __future__ import annotations

from typing import Any

#: The profile that a row of the matrix needs, by family and document; the others run on the first one.
PROFILE_OF: dict[tuple[str, str], str] = {("thermal", "invoice"): "novitus"}
_CODED = ["Bon 0", {"text": "Danie 0", "bold": True}, {"barcode": "KRESKI0"}, {"qr": {"text": "QR-0-"}}]
#: Documents that came later, in rows of their own, for the families that print them.
LATER_DOCUMENTS: dict[str, dict[str, Any]] = {
    "printout": {"type": "printout", "lines": _CODED},
    "form": {"type": "printout", "lines": [*_CODED[:3], {"rule": True}]},
    "packaging": {"type": "packaging", "items": [{"name": "Skrzynka", "price": "1000.00", "returned": True}]},
    "e_receipt": {
        "type": "receipt",
        "lines": [{"name": "Towar 0", "price": "10.00", "vat": "A"}],
        "e_receipt": {"customer_id": "KID-0"},
    },
    "invoice": {
        "type": "invoice",
        "number": "FV/0",
        "buyer": {"name": "Nabywca", "nip": "5260250274"},
        "lines": [{"name": "Towar 0", "price": "10.00", "vat": "A"}, {"name": "Inny", "price": "1.50", "vat": "C"}],
    },
    "set_vat_rates": {
        "type": "set_vat_rates",
        "rates": {"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": "10%", "F": None, "G": "exempt"},
    },
    "shift_report": {"type": "shift_report", "shift": "Z0"},
    "periodic_report": {"type": "periodic_report", "from": "2026-10-01", "to": "2026-10-31"},
}
