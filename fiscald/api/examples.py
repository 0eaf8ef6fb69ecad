"""One example of every document, for the description of the API."""

from __future__ import annotations

from typing import Any

DOCUMENTS: dict[str, dict[str, Any]] = {
    "receipt": {
        "type": "receipt",
        "lines": [
            {"name": "Chleb razowy", "quantity": "2", "unit": "szt", "price": "3.50", "vat": "5%"},
            {"name": "Kawa", "price": "12.00", "vat": "A", "discount": {"percent": "10"}},
        ],
        "total": "17.80",
        "payments": [{"type": "card", "amount": "10.00"}, {"type": "cash", "amount": "10.00"}],
        "change": "2.20",
        "buyer": {"nip": "5260250274"},
        "cashier": "Anna",
    },
    "daily_report": {"type": "daily_report"},
    "cash_in": {"type": "cash_in", "amount": "200.00"},
    "cash_out": {"type": "cash_out", "amount": "50.00"},
    "goods_return": {"type": "goods_return", "amount": "12.00"},
    "printout": {
        "type": "printout",
        "title": "Zamówienie 17",
        "lines": ["Żurek x 2", "Kawa x 1", "", {"rule": True}, "stolik 4"],
    },
    "drawer": {"type": "drawer"},
}

#: Bodies by the name of their model: name of the example, and the example.
BODIES: dict[str, dict[str, Any]] = {
    "Submission": {
        **{name: {"printer": "till1", "document": document} for name, document in DOCUMENTS.items()},
        "receipt_with_conditions": {
            "printer": "till1",
            "document": DOCUMENTS["receipt"],
            "deadline": "2999-11-22T10:15:00+01:00",
            "expect_last": 84,
            "if_interrupted": "fail",
        },
    },
    "PreviewBody": {name: {"document": document} for name, document in DOCUMENTS.items()},
    "Resolution": {
        "printed": {"verdict": "printed", "number": 85, "by": "Anna Nowak", "note": "the paper is in the till"},
        "not_printed": {"verdict": "not_printed", "by": "Anna Nowak", "note": "number 84 is the last"},
    },
    "Adoption": {"adoption": {"printer_id": "ABC 0000000001"}},
    "RawCommand": {"posnet": {"command": "scomm"}, "thermal": {"command": "22#s"}},
}
