"""What a shop needs to know to be in a fleet."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """The shop's name, whose orders it obeys, and what these may do here."""

    shop: str
    central: str
    orders_keys: tuple[str, ...]
    """Public keys that sign orders, ``ed25519:...``; two while a new one replaces an old one."""
    encryption_key: str | None = None
    """The central's, ``x25519:...``: outcomes and status are sealed for it."""
    printers: frozenset[str] | None = None
    """The printers that the central may use; ``None``: all."""
    documents: frozenset[str] = frozenset(("receipt", "invoice", "printout"))
    """The types of documents that it may print."""
    orders_per_day: int | None = None
    total_per_day: Decimal | None = None
    """Of receipts and invoices together, in the printers' currency."""
    keep_days: int = 400
    """How long acknowledged orders are remembered."""
