"""The commit step, and the meaning of the printer's answer: done, or refused and why.

Source: Thermal reference, sections 5.9 and 8.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from fiscald.model.documents import Document
from fiscald.model.problems import problem
from fiscald.protocols import conditions
from fiscald.protocols.base import Dialogue, Settings
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.queries import RATE_LOCKED, RATE_LOCKED_PL, goods_at, refusal
from fiscald.protocols.thermal import codes
from fiscald.protocols.thermal.commands import Reply, Request
from fiscald.protocols.thermal.fields import Brand
from fiscald.protocols.thermal.options import known_profile
from fiscald.protocols.thermal.queries import condition_of, describe, query_optional, send

#: Refusals that pass: noise, and another program's document (opened since our look).
_MOMENT = (codes.Reaction.NOISE, codes.Reaction.STATE)
#: No VAT rates; behind a line, whose rate was found in the printer's table, the control of rates.
_RATE = 18
#: No header or a fault; or the fiscal memory is full, if it takes no more records.
_NO_HEADER, _MEMORY_FAULT = 40, 6
#: The printer itself has cancelled the receipt: no command came for 20 or 30 minutes (5.2).
_TIMED_OUT = 96


def commit(
    command: Request, document: Document, passing: Container[int] = (), *, brand: Brand | None = None
) -> Dialogue[CommitReply]:
    """Send the commit step once. ``passing``: errors that come from the moment if the printer answers with them.

    ``brand``: the brand of the error numbers, if the command is the same for all brands.
    """
    reply = yield from send(command)
    if reply.good:
        return CommitReply()
    reply = replace(reply, brand=brand or reply.brand)
    return (yield from refused(reply, "/document", document, passing))


def brand_of(settings: Settings) -> Brand:
    """The brand of the printer's error numbers, as far as the configuration says."""
    known = known_profile(settings)
    return Brand.POSNET if known is None else known.brand


def refused(reply: Reply, pointer: str, document: Document, passing: Container[int] = ()) -> Dialogue[CommitReply]:
    """The printer's refusal. Its number has no check byte, so it counts only if both answers agree.

    Ask for it at once, because any other command clears the number of the last error (5.9).
    """
    text, text_pl, number = describe(reply)
    goods = goods_at(document, pointer)
    reaction = codes.lookup(reply.error or 0, reply.brand).reaction
    timed_out = reply.error == _TIMED_OUT
    if goods is not None and reply.error == _RATE:
        text, text_pl = f"{RATE_LOCKED} (error {number})", RATE_LOCKED_PL
    why = refusal(pointer, text, text_pl, number, goods=goods)
    if reply.error in passing or reaction in _MOMENT:
        return CommitReply(why, again=True, timed_out=timed_out)
    last = yield from query_optional("#n")
    if last.get("Pe", reply.error) != reply.error:
        return CommitReply(why, again=True, timed_out=timed_out)
    if reaction is codes.Reaction.CANCELLED:
        return CommitReply(problem("printer.cancelled", device_code=number), timed_out=timed_out)
    name = yield from _condition(reply, goods)
    if name is None:
        return CommitReply(why, timed_out=timed_out)
    return CommitReply(
        conditions.condition_problem(name, text, text_pl, device_code=number), waits=True, timed_out=timed_out
    )


def _condition(reply: Reply, goods: str | None) -> Dialogue[str | None]:
    """The name of the condition that made the printer refuse; ``None``: another reason."""
    if reply.error == _RATE:
        return "no_rates" if goods is None else None
    if reply.error in (_NO_HEADER, _MEMORY_FAULT):
        records = yield from query_optional("#s 24")
        if records.get("n_wolnych") == 0:
            return "memory_full"
    row = condition_of(reply)
    return None if row is None else row.name
