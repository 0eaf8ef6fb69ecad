"""One example of every document, for the description of the API."""

from __future__ import annotations

from typing import Any

from fiscald.model.documents import DOCUMENTS

EXAMPLES: dict[str, dict[str, Any]] = {
    name: {"type": name} | document.about.example for name, document in DOCUMENTS.items()
}

#: Bodies by the name of their model: name of the example, and the example.
BODIES: dict[str, dict[str, Any]] = {
    "Submission": {
        **{name: {"printer": "till1", "document": document} for name, document in EXAMPLES.items()},
        "receipt_with_conditions": {
            "printer": "till1",
            "document": EXAMPLES["receipt"],
            "deadline": "2999-11-22T10:15:00+01:00",
            "expect_last": 84,
            "if_interrupted": "fail",
        },
    },
    "PreviewBody": {name: {"document": document} for name, document in EXAMPLES.items()},
    "Resolution": {
        "printed": {"verdict": "printed", "number": 85, "by": "Anna Nowak", "note": "the paper is in the till"},
        "not_printed": {"verdict": "not_printed", "by": "Anna Nowak", "note": "number 84 is the last"},
    },
    "Adoption": {"adoption": {"printer_id": "ABC 0000000001"}},
    "RawCommand": {"posnet": {"command": "scomm"}, "thermal": {"command": "22#s"}},
}

#: A copy of the paper of a receipt, by media type.
PAPER = {
    "text/plain": """\
      KOPIA - DOKUMENT NIEFISKALNY
     (nagłówek i NIP: na oryginale)
----------------------------------------
2026-11-22                   nr wydr. 44
    P A R A G O N   F I S K A L N Y
----------------------------------------
Kawa                    1 x10,00 10,00A
----------------------------------------
SPRZEDAŻ OPODATKOWANA A            10,00
PTU A 23,00%                        1,87
SUMA PTU                            1,87
S U M A   P L N                    10,00
000085 #01 Anna                    10:15
      KOPIA - DOKUMENT NIEFISKALNY
        # KOPIA # EMU 0000000001
----------------------------------------
Odtworzono z dziennika programu fiscald.
Zlecenie: FV/2026/0017
      KOPIA - DOKUMENT NIEFISKALNY
"""
}

#: A balance of returnable packaging, by media type.
PACKAGING = {
    "application/json": {
        "printer": "till1",
        "day": "2026-11-22",
        "items": [
            {
                "name": "Butelka szklana",
                "number": None,
                "given": {"quantity": "6", "value": "6.00"},
                "taken": {"quantity": "10", "value": "10.00"},
                "balance": "-4.00",
            },
        ],
        "left_out": 0,
        "given": {"quantity": "6", "value": "6.00"},
        "taken": {"quantity": "10", "value": "10.00"},
        "balance": "-4.00",
        "documents": 3,
        "undated": 0,
        "undecided": 1,
    }
}
