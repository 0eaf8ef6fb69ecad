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
#: "Invalid command". Our packets are well built, so the line damaged one: this one, or a question behind it that the
#: printer received before it carried this one out, while it had no paper.
_SYNTAX = 1023
#: After a line, whose rate was found in the printer's table: the control of rates (5.4).
_RATE = 18
#: A failure of which the printer gives no number: the flag says that something failed, and the number is 0. Either it
#: does not know the element (5.2), or the failure was not that of the element: the line damaged the question behind it,
#: or doubled the packet, and the second one failed. That need not be the document's fault.
_NO_NUMBER = "the printer reports that a command failed, and gives no number (error 0)"
_NO_NUMBER_PL = "drukarka zgłasza błąd polecenia bez numeru (0)"


def commit(one: Element, document: Document, passing: Container[int] = ()) -> Dialogue[CommitReply]:
    """Send the commit step once. ``passing``: errors that come from the moment if the printer answers with them."""
    confirmed = yield from send(execute(one))
    return CommitReply() if confirmed.good else refused(confirmed, "/document", document, passing)


def refused(confirmed: Confirmed, pointer: str, document: Document, passing: Container[int] = ()) -> CommitReply:
    """The printer's refusal. Its number comes in a packet with a checksum."""
    if not confirmed.number:
        return CommitReply(refusal(pointer, _NO_NUMBER, _NO_NUMBER_PL, "0"), again=True)
    code = lookup(confirmed.number)
    text, text_pl, number = describe(code)
    goods = goods_at(document, pointer)
    if goods is not None and code.number == _RATE:
        text, text_pl = f"{RATE_LOCKED} (error {number})", RATE_LOCKED_PL
    row = CONDITIONS.by_error.get(number)
    if row is not None:
        waiting = conditions.condition_problem(row.name, text, text_pl, device_code=number)
        return CommitReply(waiting, waits=True)
    why = refusal(pointer, text, text_pl, number, goods=goods)
    if code.number in passing or code.number == _SYNTAX or code.reaction in _MOMENT:
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
