"""The vendor as customers see it, in mails and on pages."""

from __future__ import annotations

from typing import NamedTuple


class Contact(NamedTuple):
    """Who sells, what, and where help is."""

    address: str
    """Mails come from here."""
    name: str = "fiscald"
    product: str = "fiscald"
    support: str | None = None
    """Another address for questions; without it, a reply goes to ``address``."""
    phone: str | None = None

    @property
    def help_address(self) -> str:
        """Where a person answers."""
        return self.support or self.address
