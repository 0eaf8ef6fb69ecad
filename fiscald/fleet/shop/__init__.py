"""The shop's end of a fleet: it obeys the signed orders of one central, and tells it what became of them."""

from __future__ import annotations

from fiscald.fleet.shop.courier import Courier
from fiscald.fleet.shop.fleet import CHANGE_NAME, Fleet, Joined, seal_key
from fiscald.fleet.shop.orders import InThread
from fiscald.fleet.shop.settings import ShopSettings
from fiscald.fleet.shop.shop import Shop
from fiscald.fleet.shop.standing import Facts
from fiscald.fleet.shop.store import FleetStore, FleetStoreError

__all__ = [
    "CHANGE_NAME", "Courier", "Facts", "Fleet", "FleetStore", "FleetStoreError", "InThread", "Joined",
    "Shop", "ShopSettings", "seal_key",
]  # fmt: skip
