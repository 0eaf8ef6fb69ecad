"""Random schedules with documents of every kind.

Each kind that came after the first ones has its own function here, which draws one document from the job's number; what
the register must hold after it is in ``tests.chaos.check``. These worlds are separate from those of ``draw``: the same
seed is to give the same schedule for ever.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter

from fiscald.model.documents import Document
from fiscald.model.money import format_grosze
from fiscald.protocols import family as find_family
from fiscald.protocols.base import Settings
from tests.chaos.schedule import Order, Schedule, draw_fault, drawn, make_schedule, printout, receipt


def packaging(number: int, rng: random.Random) -> dict[str, Any]:
    """Packaging taken back, which most printers take, or given out; its value tells whose it is."""
    given = rng.random() < 0.3
    items: list[dict[str, Any]] = [
        {"name": f"Skrzynka {number}", "price": format_grosze(300_000 + number), "returned": not given}
    ]
    items += [
        {
            "name": "Butelka",
            "price": "1.00",
            "quantity": rng.randrange(1, 4),
            "returned": not given or rng.random() < 0.5,
        }
        for _ in range(rng.randrange(3))
    ]
    document: dict[str, Any] = {"type": "packaging", "items": items}
    if given and rng.random() < 0.5:
        document["payments"] = [{"type": "cash", "amount": "5000.00"}]
    return document


def coded_printout(number: int, rng: random.Random) -> dict[str, Any]:
    """A printout with lines of every kind. Its codes carry the job's number too."""
    document = printout(number, rng)
    lines = document["lines"]
    if rng.random() < 0.5:
        style = rng.choice(({"bold": True}, {"align": "center"}, {"bold": True, "align": "right"}, {}))
        lines.append({"text": f"Danie {number} pilne"} | style)
    if rng.random() < 0.3:
        lines.append({"barcode": f"KRESKI{number}"})
    if rng.random() < 0.6:
        lines.insert(rng.randrange(1, len(lines) + 1), {"qr": {"text": f"QR-{number}-"}})
    return document


def shift_report(number: int, rng: random.Random) -> dict[str, Any]:
    """Its name is the job's number; most begin a new shift, so that a second one would print zeros."""
    return {"type": "shift_report", "shift": f"Z{number}", "reset": rng.random() < 0.7}


def periodic_report(number: int, rng: random.Random) -> dict[str, Any]:
    """The first record that it prints tells whose it is; by days, or by numbers where the printer can."""
    first: Any = number + 1
    last: Any = rng.randrange(10, 32)
    if rng.random() < 0.7:
        first, last = f"2026-10-{first:02}", f"2026-10-{last:02}"
    return {"type": "periodic_report", "from": first, "to": last, "summary": rng.random() < 0.5}


def set_vat_rates(number: int, rng: random.Random) -> dict[str, Any]:
    """The job's number is a rate that nothing is sold at; those of the receipts stay where they are."""
    rates = {"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": f"{10 + number}%", "F": None, "G": "exempt"}
    return {"type": "set_vat_rates", "rates": rates}


def set_clock(number: int, rng: random.Random) -> dict[str, Any]:
    """To the host's time, which mostly changes nothing; or by twenty minutes, where the day begins at ten."""
    return {"type": "set_clock", "time": rng.choice(("host", "2026-11-22T10:20:00+01:00"))}


def set_header(number: int, rng: random.Random) -> dict[str, Any]:
    return {"type": "set_header", "lines": [f"SKLEP {number}", "NIP 123-456-32-18"]}


def e_receipt(number: int, rng: random.Random) -> dict[str, Any]:
    """A receipt that the printer is to send to a customer, whose identifier carries the job's number."""
    return receipt(number, rng) | {"e_receipt": {"customer_id": f"KID-{number}"}}


def invoice(number: int, rng: random.Random) -> dict[str, Any]:
    """An invoice with the lines of a receipt, paid or not."""
    sold = receipt(number, rng)
    document: dict[str, Any] = {key: sold[key] for key in ("lines", "payments", "system_number") if key in sold}
    buyer = {"name": f"Nabywca {number}", "address": ["ul. Testowa 1"], "nip": rng.choice(("5260250274", None))}
    document |= {"type": "invoice", "number": f"FV/{number}", "buyer": buyer}
    if rng.random() < 0.3:
        document |= {"due_date": "2026-12-14", "payment_form": "przelew", "copies": rng.randrange(2)}
    return document


DOCUMENT: TypeAdapter[Document] = TypeAdapter(Document)

#: How one document of each kind is drawn: from the number of its job, which its paper must show.
KINDS: dict[str, Callable[[int, random.Random], dict[str, Any]]] = {
    "receipt": receipt,
    "daily_report": lambda number, rng: {"type": "daily_report"},
    "cash_in": lambda number, rng: {"type": "cash_in", "amount": format_grosze(100_000 + number)},
    "goods_return": lambda number, rng: {"type": "goods_return", "amount": format_grosze(200_000 + number)},
    "printout": coded_printout,
    "packaging": packaging,
    "shift_report": shift_report,
    "periodic_report": periodic_report,
    "set_vat_rates": set_vat_rates,
    "set_clock": set_clock,
    "set_header": set_header,
    "set_display": lambda number, rng: {"type": "set_display", "lines": ["Witamy", f"Klient {number}"]},
    "invoice": invoice,
    "e_receipt": e_receipt,
}
#: Kinds that are a special form of a type of document.
VARIANTS = {"e_receipt": "receipt"}
#: So many times as often as any other: what is sold before a document of another kind is what makes it hard.
RECEIPTS = 4


def draw_mixed(seed: int, family: str = "posnet") -> Schedule:
    """The schedule of that number in the worlds in which documents of every kind of the family follow each other."""
    rng = random.Random(f"mixed {seed}")
    known = find_family(family).documents
    kinds = [kind for kind in KINDS if VARIANTS.get(kind, kind) in known]
    orders, moment = [], 0.0
    for number in range(rng.randrange(1, 6)):
        moment += rng.choice((0.0, 0.0, rng.uniform(0, 5)))
        kind = rng.choice(("receipt",) * RECEIPTS + tuple(kinds))
        orders.append(
            Order(
                key=f"job/{number}",
                at=round(moment, 3),
                document=KINDS[kind](number, rng),
                if_interrupted="fail" if rng.random() < 0.15 else "repeat",
                asked_twice=rng.random() < 0.2,
            )
        )
    near = rng.choice((None, rng.randrange(1, 70)))
    faults = tuple(draw_fault(rng, near, drawn(family)) for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 4))))
    schedule = make_schedule(rng, seed, family, tuple(orders), faults)
    return schedule.model_copy(update={"orders": tuple(_taken(schedule, order) for order in schedule.orders)})


def _taken(schedule: Schedule, order: Order) -> Order:
    """``order`` if a printer of that profile takes its document; else with a receipt instead."""
    family = find_family(schedule.family)
    options = {} if schedule.profile is None else {"profile": schedule.profile}
    settings = Settings("till1", family.options.model_validate(options))
    if not family.check(DOCUMENT.validate_python(order.document), settings, None).errors:
        return order
    number = int(order.key.partition("/")[2])
    return order.model_copy(update={"document": receipt(number, random.Random(f"{schedule.seed} {number}"))})
