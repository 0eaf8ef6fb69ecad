"""One process of a central: dispatcher, courier, webhooks and HTTP face on one database."""

from __future__ import annotations

import logging
import random
import secrets
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import anyio
import anyio.to_thread

from fiscald.fleet.central.app import Face
from fiscald.fleet.central.database import Database
from fiscald.fleet.central.dispatcher import MAX_WAITING, Dispatcher
from fiscald.fleet.central.keyring import Keyring
from fiscald.fleet.central.sending import Sender
from fiscald.fleet.central.settings import Settings
from fiscald.fleet.mqtt import MqttCourier
from fiscald.licence.server.connections import Bounds, Connections
from fiscald.licence.server.protocol import Seconds
from fiscald.licence.server.serving import Door, bind
from fiscald.licence.server.serving import serve as answer
from fiscald.licence.server.tls import ServerCertificate, Tls
from fiscald.webhooks.posting import Poster

log = logging.getLogger(__name__)
T = TypeVar("T")

#: Apart from the random numbers of the process, which a program may have seeded.
_RANDOM = random.Random()
#: Applications are few, and each may wait for many outcomes. An answer may wait for a minute.
_BOUNDS, _SECONDS = Bounds(total=1000, share=800), Seconds(request=90.0)
#: Threads for the database.
_THREADS = 4


def now() -> datetime:
    """The computer's time."""
    return datetime.now(UTC)


class Threads:
    """Runs work with the database in a few separate threads."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(_THREADS)

    async def __call__(self, work: Callable[[], T], /) -> T:
        """See ``InThread``."""
        return await anyio.to_thread.run_sync(work, limiter=self._limiter)


class _Courier:
    """The courier as work beside the HTTP face."""

    def __init__(self, courier: MqttCourier | None, dispatcher: Dispatcher) -> None:
        self._courier = courier
        self._dispatcher = dispatcher

    async def run(self) -> None:
        """Keep the connection, until cancelled."""
        if self._courier is None:
            self._dispatcher.disconnected("there is no [broker] in the configuration")
            await anyio.sleep_forever()
            return
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._courier.run, self._dispatcher)
            tasks.start_soon(self._dispatcher.run, self._courier)


async def serve(settings: Settings, db: Database) -> None:
    """Work until SIGTERM or SIGINT. Raises ``KeyringError``, ``ListenError`` and ``TlsError``."""
    keyring = Keyring(settings.key_directory)
    in_thread = Threads()
    dispatcher = Dispatcher(
        db, settings.central, keyring.signer(), keyring.seal_key(), now, in_thread, seals=settings.encrypt,
        hooks=settings.webhooks,
    )  # fmt: skip
    client_id = f"fiscald-fleet-{settings.central}-{secrets.token_hex(4)}"
    courier = None
    if settings.broker is not None:
        courier = MqttCourier(settings.broker.broker(client_id), queued=MAX_WAITING)
    tls = None if settings.tls is None else ServerCertificate(Tls(settings.tls.certificate, settings.tls.key))
    face = Face(db, dispatcher, now, in_thread)
    door = Door(
        face.application(), bind(*settings.address), tls=tls, connections=Connections(_BOUNDS), seconds=_SECONDS
    )

    async def serving(*, task_status: anyio.abc.TaskStatus[None]) -> None:
        await answer([door], _Courier(courier, dispatcher), task_status=task_status)

    async with anyio.create_task_group() as tasks:
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
            await tasks.start(serving)
            for name, each in settings.webhooks.items():
                poster = Poster(each.url, each.secret_file, each.ca_file)
                tasks.start_soon(Sender(db, name, poster, now, in_thread, _RANDOM.random).run)
            log.info("listening on %s", settings.listen)
            async for number in signals:
                if number != signal.SIGHUP:
                    break
                if tls is not None:
                    tls.reload()
        tasks.cancel_scope.cancel()
