"""The printer's refusals: of a request, and of the document in it.

Source: the contract; Novitus reference, sections 8 and N3.1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fiscald.model.documents import Document
from fiscald.model.problems import Problem, problem
from fiscald.protocols.conditions import condition_problem
from fiscald.protocols.noviapi.codes import of_exception
from fiscald.protocols.noviapi.commands import Reply
from fiscald.protocols.noviapi.jobs import said
from fiscald.protocols.novitus_errors import Reaction, lookup
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.queries import RATE_LOCKED, RATE_LOCKED_PL, goods_at, refusal

#: The exception "JSON Parse Error".
_NOT_JSON = 7
#: Refusals that pass.
_MOMENT = (Reaction.NOISE, Reaction.STATE, Reaction.LATER)
#: The VAT rate is wrong or inactive, which the check excludes; or the control of rates blocks the goods.
_RATE = 18
_PLACE = re.compile(r"(?:items|lines)/\[(\d{1,4})\]", re.ASCII)


def refused_request(reply: Reply, document: Document, pointers: Sequence[str] = ()) -> CommitReply:
    """The printer does not take the request: it is not built as the contract says, or the printer has to be ready
    first.

    ``pointers``: for each item of the request, the part of the document that it prints.
    """
    code = of_exception(reply.exception, reply.status)
    number = f"{reply.status}/{code.number}"
    if code.condition is not None:
        why = condition_problem(code.condition, f"{code.text} ({number})", code.text_pl, device_code=number)
        return CommitReply(why, waits=True)
    if code.number == _NOT_JSON:
        # fiscald sends nothing else: the line has damaged it.
        return CommitReply(refusal("/document", f"{code.text} ({said(reply)})", code.text_pl, number), again=True)
    place = _PLACE.search(said(reply))
    pointer = pointers[int(place[1])] if place is not None and int(place[1]) < len(pointers) else "/document"
    text = f"{code.text} ({said(reply)})"
    return CommitReply(refusal(pointer, text, code.text_pl, number, goods=goods_at(document, pointer)))


def refused_document(reply: Reply) -> CommitReply:
    """The printer has carried the document out and refused it: because of the document, the moment, or a condition."""
    number = reply.number("request", "error", "code") or 0
    code = lookup(number)
    own = reply.text("request", "error", "description")[:200]
    text = f"{code.text} ({number}{f': {own}' if own else ''})"
    if code.condition is not None:
        why = condition_problem(code.condition, text, code.text_pl, device_code=str(number))
        return CommitReply(why, waits=True)
    if code.reaction is Reaction.CANCELLED:
        return CommitReply(problem("printer.cancelled", device_code=str(number)))
    text_pl = code.text_pl
    if number == _RATE:
        text, text_pl = f"{RATE_LOCKED} ({number})", RATE_LOCKED_PL
    why_not: Problem = refusal("/document", text, text_pl, str(number))
    return CommitReply(why_not, again=code.reaction in _MOMENT)
