"""Sending executing elements, and the meaning of the printer's answer: done, or refused and why.

The number of the last error belongs to the last executing element of the packet (9.1). So a packet whose answer is to
prove something has one executing element.

Source: Novitus reference, sections 5.2, 8 and 9.1.
"""

from __future__ import annotations

from collections.abc import Container

from fiscald.model.documents import Document
from fiscald.model.problems import problem
from fiscald.protocols import conditions
from fiscald.protocols.base import Dialogue
from fiscald.protocols.novitus_elements import Element
from fiscald.protocols.novitus_errors import Code, Reaction, lookup
from fiscald.protocols.novitus_xml.commands import execute
from fiscald.protocols.novitus_xml.conditions import CONDITIONS
from fiscald.protocols.novitus_xml.queries import Confirmed, send
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.queries import RATE_LOCKED, RATE_LOCKED_PL, goods_at, refusal

#: Refusals that pass: noise, the printer's state (another program's document, opened since our look), and "busy".
_MOMENT = (Reaction.NOISE, Reaction.STATE, Reaction.LATER)
#: After a line, whose rate was found in the printer's table: the control of rates (5.4).
_RATE = 18
#: The printer knows no such element. It may also leave the number at 0 and only set the flag (5.2).
_UNKNOWN_ELEMENT = 1022


def commit(one: Element, document: Document, passing: Container[int] = ()) -> Dialogue[CommitReply]:
    """Send the commit step once. ``passing``: errors that come from the moment if the printer answers with them."""
    confirmed = yield from send(execute(one))
    return CommitReply() if confirmed.good else refused(confirmed, "/document", document, passing)


def refused(confirmed: Confirmed, pointer: str, document: Document, passing: Container[int] = ()) -> CommitReply:
    """The printer's refusal. Its number comes in a packet with a checksum."""
    code = lookup(confirmed.number or _UNKNOWN_ELEMENT)
    text, text_pl, number = describe(code)
    goods = goods_at(document, pointer)
    if goods is not None and code.number == _RATE:
        text, text_pl = f"{RATE_LOCKED} (error {number})", RATE_LOCKED_PL
    row = CONDITIONS.by_error.get(number)
    if row is not None:
        waiting = conditions.condition_problem(row.name, text, text_pl, device_code=number)
        return CommitReply(waiting, waits=True)
    why = refusal(pointer, text, text_pl, number, goods=goods)
    if code.number in passing or code.reaction in _MOMENT:
        return CommitReply(why, again=True)
    if code.reaction is Reaction.CANCELLED:
        return CommitReply(problem("printer.cancelled", device_code=number))
    return CommitReply(why)


def not_taken(pointer: str, document: Document) -> CommitReply:
    """The printer does not list a line that was sent, and gave no error for it."""
    text, text_pl = "the printer did not take this line, and gave no reason", "drukarka nie przyjęła pozycji"
    return CommitReply(refusal(pointer, text, text_pl, "0", goods=goods_at(document, pointer)))


def describe(code: Code) -> tuple[str, str, str]:
    """An error in English, in Polish, and as the vendor's number."""
    return f"{code.text} (error {code.number})", code.text_pl, str(code.number)
