"""``python -m tests.conformance.papers``: keep the paper of every document of every family, as text; ``--pictures DIR``
draws it too.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pydantic import TypeAdapter

from fiscald.emulator.paper import Printout
from fiscald.emulator.png import draw
from fiscald.model.documents import Document
from fiscald.protocols import FAMILIES
from fiscald.protocols.base import Printed
from tests.conformance.bench import RECORDS, Bench
from tests.conformance.families import CASES

KEPT = Path(__file__).with_name("papers")
#: Discounts and surcharges, with a name and without one, on a line and on everything; and what a receipt says beside.
CHANGED = TypeAdapter[Document](Document).validate_python(
    {
        "type": "receipt",
        "lines": [
            {"name": "Kawa", "price": "10.00", "vat": "23%", "discount": {"percent": "10"}},
            {"name": "Bułka", "price": "1.50", "quantity": "3", "vat": "5%", "surcharge": {"amount": "0.50"}},
            {
                "name": "Sok",
                "price": "4.00",
                "quantity": "2",
                "vat": "8%",
                "discount": {"amount": "1.00", "name": "stały klient"},
            },
        ],
        "discount": {"percent": "10"},
        "payments": [{"type": "card", "amount": "8.00", "name": "VISA"}, {"type": "cash", "amount": "20.00"}],
        "footer": ["Zapraszamy"],
    }
)


def documents(family: str) -> dict[str, Document]:
    """Every document of the family that its sample printers print."""
    case = CASES[family]
    return {
        "discounts": CHANGED,
        **case.documents,
        **case.programming,
        **{kind: document for kind, (_, document) in case.of_profile.items()},
    }


def sheets(family: str, kind: str) -> list[Printout]:
    """What comes out for the sample document of that kind, on a day with one sale; after a daily report for those that
    need zero totals.
    """
    profile, _ = CASES[family].of_profile.get(kind, (None, None))
    bench = Bench(family, profile, cash=100_000, **RECORDS)
    bench.device.auto_confirm = True
    bench.others_receipt(777)
    if kind in CASES[family].programming:
        bench.others_report()
    before = len(bench.device.register.printouts)
    verdict = bench.carry_out(documents(family)[kind])
    assert isinstance(verdict, Printed), verdict
    return bench.device.register.printouts[before:]


def text(family: str, kind: str) -> str:
    """All of it, without blanks at the ends of lines."""
    pages = ["\n".join(line.text.rstrip() for line in sheet.lines) for sheet in sheets(family, kind)]
    return "\n---\n".join(pages) + "\n" if pages else "nothing comes out\n"


def kept(family: str, kind: str) -> Path:
    """The file that keeps it."""
    return KEPT / family / f"{kind.replace('_', '-')}.txt"


def main() -> None:
    """Write every file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, metavar="DIR")
    pictures = parser.parse_args().pictures
    for family in FAMILIES:
        for kind in documents(family):
            path = kept(family, kind)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text(family, kind), "utf-8")
            found = sheets(family, kind)
            if pictures and found:
                pictures.mkdir(parents=True, exist_ok=True)
                draw(found, pictures / f"{family}-{kind}.png")


if __name__ == "__main__":
    main()
