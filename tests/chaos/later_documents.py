"""Documents of the exhaustive matrix that came after the first ones, in rows of their own."""

from __future__ import annotations

from typing import Any

_CODED = ["Bon 0", {"text": "Danie 0", "bold": True}, {"barcode": "KRESKI0"}, {"qr": {"text": "QR-0-"}}]
#: For the families that print them.
LATER_DOCUMENTS: dict[str, dict[str, Any]] = {
    "printout": {"type": "printout", "lines": _CODED},
    "packaging": {"type": "packaging", "items": [{"name": "Skrzynka", "price": "1000.00", "returned": True}]},
    "shift_report": {"type": "shift_report", "shift": "Z0"},
    "periodic_report": {"type": "periodic_report", "from": "2026-10-01", "to": "2026-10-31"},
}
