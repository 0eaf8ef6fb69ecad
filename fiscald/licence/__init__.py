"""The licence: a signed certificate from the vendor, checked offline, asked for only when a document is opened."""

from __future__ import annotations

from fiscald.licence.gate import LicenceGate
from fiscald.licence.registration import Registration
from fiscald.licence.store import LicenceStore, StoreError

__all__ = ["LicenceGate", "LicenceStore", "Registration", "StoreError"]
