"""The commit step, and the meaning of the printer's answer: done, or refused and why.

Source: POSNET reference, section 8.
"""

from __future__ import annotations

from collections.abc import Container

from fiscald.model.documents import Document
from fiscald.model.problems import problem
from fiscald.protocols import conditions
from fiscald.protocols.base import Dialogue, DialogueAborted
from fiscald.protocols.posnet import codes
from fiscald.protocols.posnet.commands import Reply, Request
from fiscald.protocols.posnet.queries import condition_of, describe, is_corrupted, send
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.queries import RATE_LOCKED, RATE_LOCKED_PL, goods_at, refusal

#: Refusals that pass: noise, and another program's document (opened since our look).
_MOMENT = (codes.Reaction.NOISE, codes.Reaction.STATE)
#: The date of a report differs from the printer's. The date came from the printer, so midnight has passed since.
_MIDNIGHT = 2022
#: The control of rates blocks the goods of a line.
_RATE_LOCKED = 2106


def commit(command: Request, document: Document, passing: Container[int] = ()) -> Dialogue[CommitReply]:
    """Send the commit step once. ``passing``: errors that come from the moment if the printer answers with them."""
    reply = yield from send(command)
    return CommitReply() if reply.good else refused(reply, "/document", document, passing)


def refused(reply: Reply, pointer: str, document: Document, passing: Container[int] = ()) -> CommitReply:
    """The printer's refusal: because of the document, the moment, or a condition."""
    text, text_pl, number = describe(reply)
    row = condition_of(reply)
    if row is not None and reply.error not in passing:
        why = conditions.condition_problem(row.name, text, text_pl, device_code=number)
        return CommitReply(why, waits=True)
    reaction = codes.lookup(codes.Kind.FRAME if reply.frame_error else codes.Kind.EXEC, reply.error or 0).reaction
    if reaction is codes.Reaction.CANCELLED:
        return CommitReply(problem("printer.cancelled", device_code=number))
    if reply.error == _RATE_LOCKED and not reply.frame_error:
        text, text_pl = f"{RATE_LOCKED} ({number})", RATE_LOCKED_PL
    why = refusal(pointer, text, text_pl, number, goods=goods_at(document, pointer))
    return CommitReply(why, again=reply.error in passing or _is_retryable(reply, reaction))


def _is_retryable(reply: Reply, reaction: codes.Reaction) -> bool:
    """Whether the refusal is because of the moment."""
    return reply.error == _MIDNIGHT or reaction in _MOMENT or is_corrupted(reply)


def corrupted(reply: Reply, pointer: str) -> DialogueAborted:
    """The line corrupted our command, and only a look can show what is open now."""
    return DialogueAborted(refusal(pointer, *describe(reply)))
