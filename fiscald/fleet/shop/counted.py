"""What the shop did not obey: counted by code, and the last few with their reasons."""

from __future__ import annotations

from collections import Counter, deque
from datetime import datetime

from fiscald.fleet.messages import Refused
from fiscald.signed import Fault, TokenRefused

#: How many are kept with their reasons, and characters of a reason.
_LAST, _LONGEST = 8, 200
FORMAT, SIGNATURE, TOPIC, SHOP, CENTRAL = (
    "message.format", "message.signature", "message.topic", "message.shop", "message.central"
)  # fmt: skip
BUSY, INTERNAL, REPEATED = "message.busy", "message.internal", "message.repeated"
_SIGNATURE_FAULTS = (Fault.ALG, Fault.TYPE, Fault.KEY_UNKNOWN, Fault.SIGNATURE)


class Counted:
    """The counters of one life of the daemon. The codes are few, so they are bounded."""

    def __init__(self) -> None:
        self.by_code: Counter[str] = Counter()
        self.last: deque[Refused] = deque(maxlen=_LAST)

    def add(self, code: str, detail: str, now: datetime) -> None:
        """One more message that was not obeyed."""
        self.by_code[code] += 1
        self.last.append(Refused(at=now, code=code, detail=detail[:_LONGEST]))


def code_of(error: TokenRefused) -> str:
    """The code of a message that cannot be read."""
    return SIGNATURE if error.fault in _SIGNATURE_FAULTS else FORMAT
