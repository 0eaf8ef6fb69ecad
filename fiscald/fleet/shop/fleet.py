"""The shop's end of the fleet as the daemon and the API use it. Without ``[fleet]`` it only knows the shop's keys."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

import anyio
import anyio.to_thread

from fiscald import private
from fiscald.fleet.courier import Receiver
from fiscald.fleet.keys import SealKey, Signer
from fiscald.fleet.shop.courier import Courier
from fiscald.fleet.shop.shop import Shop
from fiscald.fleet.shop.store import FleetStore
from fiscald.model.fleet import FleetRefusal, FleetStatus, ShopCard
from fiscald.model.jobs import Notice
from fiscald.model.problems import ProblemError, problem
from fiscald.signed import b64, unb64

log = logging.getLogger(__name__)

#: The name under which changes of the connection are counted: none of a printer, because it has a space.
CHANGE_NAME = "the fleet"
#: The file with the key that opens sealed orders, in the state directory.
SEAL_FILE = "fleet.key"
#: Seconds without a connection before people see a warning.
_TOLD_AFTER = 600.0


class Line(Courier, Protocol):
    """A courier that keeps its own connection."""

    async def run(self, shop: Receiver) -> None:
        """Keep the connection, until cancelled."""


class Joined(NamedTuple):
    """A shop that is in a fleet."""

    shop: Shop
    line: Line
    broker: str
    store: FleetStore


class Fleet:
    """The fleet."""

    def __init__(
        self,
        keys: Callable[[], tuple[Signer, SealKey]],
        joined: Joined | None = None,
        broken: str | None = None,
    ) -> None:
        """``keys``: the device's key and the one that opens sealed orders, made if they are missing. ``broken``: why
        the fleet does not work although it is configured.
        """
        self._keys = keys
        self._joined = joined
        self._broken = broken
        self._lost_at: float | None = None

    async def run(self) -> None:
        """Carry out orders for ever."""
        if self._joined is None:
            return
        shop, line, _, store = self._joined
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(shop.run, line)
                tasks.start_soon(line.run, shop)
        finally:
            store.close()

    def on_change(self, call: Callable[[], None]) -> None:
        """``call`` whenever the connection changes."""
        if self._joined is not None:
            self._joined.shop.on_change = call

    async def status(self) -> FleetStatus:
        """How it works. Raises ``ProblemError``."""
        if self._joined is None:
            return FleetStatus(configured=self._broken is not None, reason=self._broken)
        shop = self._joined.shop
        try:
            state = await shop.state()
        except sqlite3.Error as error:
            raise ProblemError(problem("daemon.journal", reason=error)) from None
        return FleetStatus(
            configured=True,
            shop=shop.settings.shop,
            central=shop.settings.central,
            broker=self._joined.broker,
            connected=state.connected,
            since=state.since,
            reason=state.reason,
            session=state.session,
            orders_today=state.orders_today,
            outcomes_waiting=state.outcomes_waiting,
            refused=dict(state.counted.by_code),
            recent=tuple(FleetRefusal(at=each.at, code=each.code, detail=each.detail) for each in state.counted.last),
        )

    async def enrolment(self, name: str) -> ShopCard:
        """What a central must know of the shop. Raises ``ProblemError``."""
        if self._joined is not None and name != self._joined.shop.settings.shop:
            raise ProblemError(problem("fleet.name", name=name, shop=self._joined.shop.settings.shop))
        try:
            signer, opener = await anyio.to_thread.run_sync(self._keys)
        except (OSError, ValueError) as error:
            raise ProblemError(problem("fleet.keys", reason=error)) from None
        return ShopCard(shop=name, device_key=signer.public, encryption_key=opener.public)

    def notices(self) -> Iterator[Notice]:
        """Warnings, from memory."""
        if self._broken is not None:
            yield _notice(f"the fleet does not work: {self._broken}")
        if self._joined is None:
            return
        connected, reason = self._joined.shop.line
        if connected:
            self._lost_at = None
            return
        now = anyio.current_time()
        self._lost_at = now if self._lost_at is None else self._lost_at
        if now - self._lost_at >= _TOLD_AFTER:
            yield _notice(f"no connection to {self._joined.broker}: {reason}; see: fiscalctl fleet status")


def seal_key(directory: Path) -> SealKey:
    """The key that opens sealed orders, made at the first call. Raises ``OSError``, ``ValueError``."""
    path = directory / SEAL_FILE
    with os.fdopen(private.open_file(path, os.O_RDWR), "r+b") as file:
        text = file.read(200)
        if text:
            try:
                return SealKey.parse(unb64(text.decode("ascii").strip()))
            except ValueError:
                raise ValueError(f"{path} is damaged; move it away, restart and enrol the shop again") from None
        key = SealKey.make()
        file.write(f"{b64(key.raw)}\n".encode())
        file.flush()
        os.fsync(file.fileno())
    private.sync_directory(directory)
    return key


def _notice(detail: str) -> Notice:
    return Notice(
        code="fleet.disconnected", detail=detail,
        detail_pl="Brak połączenia z centralą. Drukowanie w sklepie działa. Zgłoś administratorowi.",
    )  # fmt: skip
