"""The protected memory of a Novitus ONLINE: it holds every document under an id that goes up by one, with its kind.

Receipts and invoices, completed and cancelled, are different kinds there, so this shows what the counters leave open.
Nothing here changes anything that is kept.

Source: Novitus's description of the protocol 1.12, 3.1.13, 4.4.8 and 4.4.16 [doc]. The check bytes of its example fit.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import NamedTuple

from fiscald.protocols.base import Dialogue
from fiscald.protocols.thermal.commands import request
from fiscald.protocols.thermal.fields import Brand
from fiscald.protocols.thermal.queries import is_corrupted, query_optional, send


class Kind(IntEnum):
    """The kinds of documents that end a transaction; every other number is another kind."""

    RECEIPT = 2
    CANCELLED_RECEIPT = 4
    INVOICE = 8
    CANCELLED_INVOICE = 16


INVOICES = (Kind.INVOICE, Kind.CANCELLED_INVOICE)
#: Every kind: what the example of the description asks for.
_ALL = 511
#: The most documents that fiscald looks at: each takes a question and an answer that can be long.
MOST = 16
#: How often fiscald asks for one document.
_TRIES = 2
#: ``status``: this part is followed by another one, or the document is whole.
_FOUND = (0, 1)
_LAST = re.compile(r"(\d{1,19})[;\r]").match


class ProtectedMemory(NamedTuple):
    """Which protected memory this is, and its last document."""

    label: str
    last: int


def read_memory() -> Dialogue[ProtectedMemory | None]:
    """``None``: this device has none, or reports it in another form."""
    values = yield from query_optional("#s 210", Brand.NOVITUS)
    found = _LAST(values.get("stan", ""))
    return None if found is None else ProtectedMemory(values["etykieta"], int(found[1]))


def read_ended(after: int, last: int) -> Dialogue[list[Kind] | None]:
    """The documents with ids above ``after`` up to ``last`` that ended a transaction, in order.

    ``None``: there are more than ``MOST``, or the printer does not return one of them.
    """
    if last - after > MOST:
        return None
    ended: list[Kind] = []
    for wanted in range(after + 1, last + 1):
        kind = yield from _kind(wanted)
        if kind is None:
            return None
        if kind in tuple(Kind):
            ended.append(Kind(kind))
    return ended


def _kind(wanted: int) -> Dialogue[int | None]:
    for _ in range(_TRIES):
        reply = yield from send(request("@PMI", Brand.NOVITUS, stan=0, jpkid=wanted, idz=0, zawartosc=0, typ=_ALL))
        values = reply.values
        if reply.good and values.get("status") in _FOUND and values.get("jpkid") == wanted and values.get("typ"):
            return int(values["typ"])
        if not is_corrupted(reply) and reply.error is not None:
            return None
    return None
