"""The differences between the generations of POSNET devices, as data. Each entry has its reason.

Source: POSNET reference, sections 1, 4.3, 5.10, 6.6 and 11.1.
"""

from __future__ import annotations

from dataclasses import dataclass

from fiscald.protocols.posnet.fields import Generation


@dataclass(frozen=True, slots=True)
class Profile:
    """One dialect of the family."""

    generation: Generation
    dated_report: bool
    """``dailyrep`` takes the date, so the printer asks no question on its keyboard. [device] on ONLINE; older
    devices ask their operator (a client's observation)."""
    sends_nip: bool
    """``trnipset`` exists. [device] on ONLINE; a client says "version >= 20.01" for older ones."""
    clock_hours: int = 2
    """By how much a fiscal device lets its clock be changed (5.1)."""
    columns: int = 40
    """Width of the paper for receipts. The printer does not report which one is loaded; 40 fit on both (11.7)."""
    tokens: bool = False
    """Requests carry ``@nnnn`` and answers echo it. Off, because no recording shows it yet."""

    @property
    def name(self) -> str:
        """The name used in the configuration."""
        return self.generation.value


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(Generation.ONLINE, dated_report=True, sends_nip=True),
        Profile(Generation.OLD, dated_report=False, sends_nip=False, clock_hours=1),
    )
}


def detect(model: str | None) -> Profile:
    """The profile of a model name (field ``nm`` of ``sid``). ONLINE marks the new generation (from a client)."""
    online = model is None or "ONLINE" in model.upper()
    return PROFILES["online" if online else "old"]
