"""When a failed message is tried again, and when it is given up. Times are seconds."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0
#: After the first failed tries of a message, and after every later one.
WAITS = (5.0, 30.0, 2 * _MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR)
#: After failed tries in a row, of whichever message, nothing is sent to the receiver for so long. With a try every
#: minute, a receiver that is back gets its messages soon.
PAUSES = (5.0, 15.0, 30.0, _MINUTE)
#: A wait is longer by up to this part of it, so that many shops do not come back together.
JITTER = 0.2
#: After so many failed tries in a row the receiver counts as away: when it is back, every message is due at once. One
#: message that always fails does not make it away while others arrive.
AWAY = 4
#: The longest wait that a receiver can ask for (``Retry-After``), and the longest of all.
MOST_ASKED = _HOUR
LONGEST = _HOUR * (1 + JITTER)
#: A message is given up when it is this old and was tried so often: the tries protect it if the host's clock jumps.
GIVE_UP, TRIES = 4 * _DAY, 20
#: The messages behind it, which were not tried so often, follow when the receiver has failed for as long, so many times
#: in a row (at least 16 hours).
RECEIVER_TRIES = 1000


def wait_after(tries: int, spread: float) -> float:
    """Seconds until a message is tried again after ``tries`` failures (at least 1). ``spread``: 0 to 1, at random."""
    return WAITS[min(tries, len(WAITS)) - 1] * (1 + JITTER * spread)


def pause_after(failures: int, spread: float) -> float:
    """Seconds until the receiver is tried again after ``failures`` in a row (at least 1)."""
    return PAUSES[min(failures, len(PAUSES)) - 1] * (1 + JITTER * spread)


def is_given_up(tries: int, age: float) -> bool:
    """Whether a message is given up after so many failed tries, at that age."""
    return tries >= TRIES and age >= GIVE_UP


def is_receiver_lost(failures: int, failing: float | None) -> bool:
    """Whether a receiver has failed so often, for so many seconds, that old messages are given up untried."""
    return failing is not None and failures >= RECEIVER_TRIES and failing >= GIVE_UP


def asked_wait(header: str | None, now: float) -> float:
    """The seconds that ``Retry-After`` asks for, at most ``MOST_ASKED``; 0 if it is absent or unreadable."""
    if header is None or len(header) > 100:
        return 0.0
    if re.fullmatch(r"\d{1,9}", header.strip(), re.ASCII):
        return min(float(header), MOST_ASKED)
    try:
        until = parsedate_to_datetime(header)
        seconds = (until if until.tzinfo else until.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, TypeError, OverflowError, OSError):
        return 0.0
    return min(max(0.0, seconds), MOST_ASKED)
