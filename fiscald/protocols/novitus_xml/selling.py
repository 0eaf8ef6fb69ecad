"""Sending the content of an open document, so that no lost, doubled or refused element stays unnoticed.

The printer executes the elements of a packet in order, skips one that fails, and reports only the number of the last
one (9.1). So **a packet has one executing element, and its error number belongs to it**. The exception is sales: as
many as fit into a packet share it. Each of them adds to the sum of its rate, so the printer's own sums by rate (``info
transaction``) show whether one is missing; a reversal, which subtracts, never shares a packet. If one is missing, the
printer's list of the open document shows which, and that line is sent by itself, so that its error has a number.

Packaging and payments are in no sum that the printer compares. If the document has any, fiscald reads the list before
it closes: a packet that the cable doubled would have added one twice.

Source: Novitus reference, sections 5.11, 6.2 and 9.1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fiscald.model.documents import Document
from fiscald.model.problems import problem
from fiscald.protocols.base import Dialogue
from fiscald.protocols.novitus_elements import Element
from fiscald.protocols.novitus_xml.commands import batches, execute
from fiscald.protocols.novitus_xml.commit import not_taken, refused
from fiscald.protocols.novitus_xml.planner import Plan
from fiscald.protocols.novitus_xml.queries import LastTransaction, Sums, goods_name, read_last, read_sums, send
from fiscald.protocols.planning import Item
from fiscald.protocols.proof.verdicts import CommitReply


def send_content(plan: Plan, document: Document) -> Dialogue[CommitReply | None]:
    """Send everything between the opening and the closing element. Returns the printer's refusal."""
    shared = False
    for group in _packets(plan.items):
        confirmed = yield from send(execute(*(item.request for item in group)))
        if not confirmed.good:
            return refused(confirmed, group[-1].pointer, document)
        shared = shared or len(group) > 1
    if shared:
        missing = yield from _complete(plan, document)
        if missing is not None:
            return missing
    for item in plan.after:
        confirmed = yield from send(execute(item.request))
        if not confirmed.good:
            return refused(confirmed, item.pointer, document)
    if plan.payments_sent or plan.containers_sent:
        last = yield from read_last()
        if _has_more(plan, last):
            return _differs("the printer lists other payments or packaging than were sent")
    return None


def _packets(items: list[Item[Element]]) -> Iterator[list[Item[Element]]]:
    """The lines, packet by packet, in order."""
    sales: list[Item[Element]] = []
    for item in items:
        if item.request.get("action") == "sale":
            sales.append(item)
            continue
        yield from _together(sales)
        sales = []
        yield [item]
    yield from _together(sales)


def _together(sales: list[Item[Element]]) -> Iterator[list[Item[Element]]]:
    for group in batches([item.request for item in sales]):
        yield [sales[place] for place in group]


def _complete(plan: Plan, document: Document) -> Dialogue[CommitReply | None]:
    """Whether the printer's sums are those of all lines. Sends one missing line by itself, and returns its refusal."""
    if _equal(plan, (yield from read_sums())):
        return None
    missing = _missing(plan, (yield from read_last()))
    if missing is None:
        return _differs("the printer's sums are not those of the lines")
    confirmed = yield from send(execute(missing.request))
    if not confirmed.good:
        return refused(confirmed, missing.pointer, document)
    if _equal(plan, (yield from read_sums())):
        return None
    return not_taken(missing.pointer, document)


def _equal(plan: Plan, sums: Sums) -> bool:
    if sums.total != plan.lines_total:
        return False
    if sums.by_rate is None:
        return True
    return _without_zeros(sums.by_rate) == _without_zeros(plan.by_rate)


def _without_zeros(by_rate: dict[str, int]) -> dict[str, int]:
    return {letter: value for letter, value in by_rate.items() if value}


def _missing(plan: Plan, last: LastTransaction) -> Item[Element] | None:
    """The first line that was sent and that the printer does not list; ``None``: not known.

    It must be certain that it is not there: it will be sent again.
    """
    if last.state != "open" or not last.items or any(item.request.get("action") != "sale" for item in plan.items):
        return None
    listed = Counter((found.name, found.ptu, found.price) for found in last.items)
    sent = Counter(map(_key, plan.items))
    if listed - sent or (sent - listed).total() != 1:
        return None
    (key,) = sent - listed
    return next(item for item in plan.items if _key(item) == key) if sent[key] == 1 else None


def _key(item: Item[Element]) -> tuple[str, str, str]:
    one = item.request
    return (goods_name(one.get("name") or ""), one.get("ptu") or "", one.get("price") or "")


def _has_more(plan: Plan, last: LastTransaction) -> bool:
    """Whether the printer lists payments or packaging, and not as many of each as were sent."""
    payments = Counter(kind for kind, _ in last.payments)
    if payments and payments != Counter(kind for kind, _ in plan.payments_sent):
        return True
    return bool(last.containers) and len(last.containers) != len(plan.containers_sent)


def _differs(reason: str) -> CommitReply:
    """The document did not cause it: a packet was lost or doubled."""
    return CommitReply(problem("printer.refused", reason=reason, reason_pl="suma paragonu się nie zgadza"), again=True)
