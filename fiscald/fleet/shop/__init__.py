"""The shop's end of a fleet: it obeys the signed orders of one central, and tells it what became of them."""

from __future__ import annotations

from fiscald.fleet.shop.courier import Courier, CourierAway
from fiscald.fleet.shop.settings import ShopSettings
from fiscald.fleet.shop.shop import FleetState, Shop
from fiscald.fleet.shop.store import FleetStore, FleetStoreError

__all__ = ["Courier", "CourierAway", "FleetState", "FleetStore", "FleetStoreError", "Shop", "ShopSettings"]
