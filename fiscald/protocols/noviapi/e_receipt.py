"""What the printer says about an e-receipt: beside the state of the document's id. Source: the contract."""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

from fiscald.model.e_receipt import Delivered, EReceiptState
from fiscald.protocols.base import Dialogue, Settings
from fiscald.protocols.noviapi.access import call
from fiscald.protocols.noviapi.commands import ID, RECEIPT, Reply, ask


class _Fate(NamedTuple):
    """What one state means."""

    registered: bool
    """Whether the printer has sent it, or keeps it to send it later."""
    delivered: Delivered
    printed: bool


#: The names are the contract's; what it says of each is its name alone. ``printed``: on paper alone.
_FATES = MappingProxyType(
    {
        "not_printed_and_sent": _Fate(True, Delivered.YES, False),
        "printed_and_sent": _Fate(True, Delivered.YES, True),
        "not_printed_and_added_to_db": _Fate(True, Delivered.NO, False),
        "printed_and_added_to_db": _Fate(True, Delivered.NO, True),
        "printed_and_invalid_kid": _Fate(False, Delivered.NO, True),
        "printed": _Fate(False, Delivered.NO, True),
    }
)


def state_in(reply: Reply, own_id: str) -> EReceiptState:
    """What the answer about a document says about its e-receipt."""
    fate = _FATES.get(reply.text("request", "e_document", "status"))
    number = reply.number("request", "e_document", "code")
    if fate is None:
        return EReceiptState(id=own_id, registered=None, state=number)
    return EReceiptState(
        id=own_id, registered=fate.registered, delivered=fate.delivered, printed=fate.printed, state=number
    )


def read_delivery(before: EReceiptState, settings: Settings) -> Dialogue[EReceiptState]:
    """Ask again what became of it. An id that the printer has forgotten changes nothing that is known."""
    own_id = before.id or ""
    if not ID.fullmatch(own_id):
        return before
    reply = yield from call(ask(RECEIPT, own_id), settings)
    found = state_in(reply, own_id)
    return before if found.registered is None else found
