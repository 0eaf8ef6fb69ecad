"""What becomes of an e-document: sent or not, on paper or not.

Facts: the contract's words for its modes and states. Which mode leads to which state is our reading of them, as is the
number of a state (0 where it is sent, 1 where it is not).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from fiscald.emulator.novitus.refusals import NovitusError

#: The transaction id has a wrong length (contract, example of an error).
BAD_LENGTH = 1521
#: The longest id that the printer takes, and one that no customer has (our assumptions).
MAX_ID, NO_CUSTOMER = 64, "0"


class Fate(NamedTuple):
    """What became of it."""

    status: str
    on_paper: bool

    @property
    def content(self) -> dict[str, Any]:
        """As the answer has it."""
        return {"status": self.status, "code": 0 if self.status.endswith(("sent", "printed")) else 1}


#: By the mode: with a server that can be reached, and without.
_FATES = {
    "print_no_send": (Fate("not_printed_and_sent", False), Fate("printed", True)),
    "no_print_send_later": (Fate("not_printed_and_sent", False), Fate("not_printed_and_added_to_db", False)),
    "print_send_later": (Fate("not_printed_and_sent", False), Fate("printed_and_added_to_db", True)),
    "always_print_and_send_later": (Fate("printed_and_sent", True), Fate("printed_and_added_to_db", True)),
}
#: Where no mode was sent.
_DEFAULT = "print_send_later"


def wanted(content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a document says about its e-document. Raises ``NovitusError``: the id is too long."""
    found: Mapping[str, Any] | None = content.get("e_document") or content.get("buyer", {}).get("e_document")
    if found is not None and len(found["transaction_id"]) > MAX_ID:
        raise NovitusError(BAD_LENGTH)
    return found


def fate(document: Mapping[str, Any], *, server: bool) -> Fate:
    """What becomes of an e-document; ``server``: whether its server can be reached."""
    if document["transaction_id"] == NO_CUSTOMER and server:
        return Fate("printed_and_invalid_kid", True)
    sent, not_sent = _FATES[document.get("print_send_mode", _DEFAULT)]
    return sent if server else not_sent
