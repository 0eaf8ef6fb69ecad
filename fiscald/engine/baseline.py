"""What the last receipt left on a printer, so that the next receipt need not ask for it.

A family says in the baseline what the printer would report after a receipt. It serves the next receipt only while this
is certain enough: for a moment after somebody asked the printer, on the same connection, on a printer on which no other
program prints. docs/recovery.md ("What is not asked again") gives the reasons.
"""

from __future__ import annotations

from typing import Any

from fiscald.model.printers import Snapshot
from fiscald.protocols.base import Baseline
from fiscald.protocols.rates import plain_rates

#: Seconds after the last question within which a document starts without further questions. An idle printer is asked
#: every 1.5 seconds.
FRESH = 2.5
#: Seconds after which everything is read again, also the VAT table.
MAX_AGE = 60.0


class KeptBaseline:
    """The baseline of one connection."""

    def __init__(self) -> None:
        self._baseline: Baseline[Any] | None = None
        self._asked_at = 0.0
        self._read_at = 0.0

    def forget(self) -> None:
        """Something may have happened that the baseline does not know."""
        self._baseline = None

    def keep(self, baseline: Baseline[Any] | None, now: float, *, read_again: bool) -> None:
        """A document has left ``baseline``. ``read_again``: it had read everything from the printer."""
        self._baseline, self._asked_at = baseline, now
        if read_again:
            self._read_at = now

    def usable(self, now: float) -> Baseline[Any] | None:
        """The baseline, if a document may start from it."""
        return self.kept(now) if now - self._asked_at <= FRESH else None

    def kept(self, now: float) -> Baseline[Any] | None:
        """The baseline, if it is worth asking the printer whether it still holds."""
        return self._baseline if now - self._read_at <= MAX_AGE else None

    def still_holds(self, now: float) -> None:
        """The printer was asked just now: nothing has happened."""
        self._asked_at = now

    def compare(self, snapshot: Snapshot, now: float) -> None:
        """Everything was read just now. Keep the baseline only if it says the same."""
        known = self._baseline
        if known is None:
            return
        rates = plain_rates(known.rates)
        same = (known.counters, rates, known.printer_id) == (
            snapshot.counters,
            snapshot.rates,
            snapshot.identity.printer_id,
        )
        if same and snapshot.standing is None and not snapshot.transaction_open:
            self._asked_at = self._read_at = now
        else:
            self.forget()
