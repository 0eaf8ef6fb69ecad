"""Documents of the exhaustive matrix that came after the first ones: rows of their own, for the families that print them."""

from __future__ import annotations

from typing import Any

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
}
