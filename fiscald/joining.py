"""Puts the daemon into the fleet of ``[fleet]``."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

import anyio
import anyio.to_thread

from fiscald import __version__
from fiscald.config import Config
from fiscald.config_fleet import FleetConfig
from fiscald.engine import Engine
from fiscald.fleet.keys import SealKey, Signer
from fiscald.fleet.shop import Facts, Fleet, FleetStore, FleetStoreError, Joined, Shop, ShopSettings, seal_key
from fiscald.licence import LicenceGate, StoreError

log = logging.getLogger(__name__)
T = TypeVar("T")

#: File descriptors of a shop in a fleet: the broker, its store and that one's log.
DESCRIPTORS = 5


def join(config: Config, engine: Engine, gate: LicenceGate, clock: Callable[[], datetime]) -> Fleet:
    """The shop's end of the fleet. Trouble with its files stops only the fleet, not the daemon."""

    def keys() -> tuple[Signer, SealKey]:
        try:
            return Signer(gate.store.device().private), seal_key(config.state_dir)
        except StoreError as error:
            raise ValueError(str(error)) from None

    if config.fleet is None:
        return Fleet(keys)
    try:
        signer, opener = keys()
        store = FleetStore(config.state_dir)
    except (OSError, ValueError, FleetStoreError) as error:
        log.error("the fleet does not work: %s", error)
        return Fleet(keys, broken=str(error))
    # Imported here: a shop outside of a fleet does not need MQTT.
    from fiscald.fleet.mqtt import Broker, MqttCourier

    fleet = config.fleet
    broker = Broker(
        fleet.host, fleet.port, fleet.tls, f"fiscald-{fleet.shop}", fleet.ca_file, fleet.certificate, fleet.key,
        fleet.user, fleet.password_file,
    )  # fmt: skip
    facts = lambda: Facts(__version__, gate.state().name)  # noqa: E731
    shop = Shop(engine, _settings(fleet, config.keep_days), store, signer, opener, clock, _InThread(), facts)
    return Fleet(keys, Joined(shop, MqttCourier(broker), broker.said, store))


def _settings(fleet: FleetConfig, keep_days: int) -> ShopSettings:
    return ShopSettings(
        shop=fleet.shop,
        central=fleet.central,
        orders_keys=fleet.orders_key,
        encryption_key=fleet.encryption_key,
        printers=None if fleet.printers is None else frozenset(fleet.printers),
        documents=frozenset(fleet.documents),
        orders_per_day=fleet.orders_per_day,
        total_per_day=fleet.total_per_day,
        keep_days=keep_days,
    )


class _InThread:
    """See ``fiscald.fleet.shop.InThread``."""

    def __init__(self) -> None:
        self._one_at_a_time = anyio.CapacityLimiter(1)

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        return anyio.to_thread.run_sync(work, limiter=self._one_at_a_time)
