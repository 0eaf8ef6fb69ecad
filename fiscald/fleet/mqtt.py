"""The courier over an MQTT 5 broker: an outbound connection, made again and again with growing pauses.

The broker keeps the subscriptions and what came for the shop while it is away (session expiry), at least once (QoS 1).
aiomqtt waits in the event loop; connecting and the TLS handshake are done in a thread.
"""

from __future__ import annotations

import logging
import os
import random
import ssl
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt
import anyio
import anyio.to_thread
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from fiscald.fleet.courier import CourierAway, Receiver
from fiscald.fleet.messages import MAX_MESSAGE

log = logging.getLogger(__name__)
_RANDOM = random.Random()

#: Seconds between two tries: the first and the longest pause. A connection that held so long begins with the first.
PAUSES, HELD = (1.0, 300.0), 60.0
#: Seconds: between two signs of life, to wait for the broker, and for which it keeps messages for the shop.
KEEP_ALIVE, PATIENCE, SESSION = 60, 20.0, 7 * 86_400
#: Messages that the broker may send before the shop has confirmed any, and that wait in the client.
IN_FLIGHT, MAX_QUEUED = 20, 100
#: Bytes of a packet: a message, its topic and properties.
MAX_PACKET = MAX_MESSAGE + 4096
#: Seconds for the last status when the daemon stops.
FAREWELL = 2.0
_LONGEST_PASSWORD = 1024
#: Reason codes of MQTT 5 by which a broker refuses the shop, and not the connection.
_REFUSALS = {134, 135}


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is, and how the shop proves itself to it."""

    host: str
    port: int
    tls: bool
    client_id: str
    ca_file: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    user: str | None = None
    password_file: Path | None = None
    who: str = "the shop"
    """Who connects, and where that is configured: for people."""
    where: str = "[fleet]"

    @property
    def said(self) -> str:
        """For people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"


class _TooLarge(Exception):
    """The broker sends a packet that no message needs."""


class MqttCourier:
    """The courier of a shop, or of a central."""

    def __init__(
        self, broker: Broker, spread: Callable[[], float] = _RANDOM.random, *, queued: int = MAX_QUEUED
    ) -> None:
        """``spread``: from 0 to 1, so that not all shops come back at the same moment. ``queued``: messages that wait
        in the client; what is more is dropped.
        """
        self._broker = broker
        self._queued = queued
        self._spread = spread
        self._client: aiomqtt.Client | None = None

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, life: float | None = None) -> None:
        """See ``Courier``. Returns when the broker has confirmed it. ``life``: seconds for which it may keep it."""
        client = self._client
        if client is None:
            raise CourierAway
        try:
            await client.publish(topic, payload, qos=1, retain=retain, properties=_expiry(life))
        except aiomqtt.MqttError as error:
            raise CourierAway(str(error)) from None

    async def run(self, shop: Receiver) -> None:
        """Keep the connection, until cancelled."""
        pause, told = PAUSES[0], ""
        while True:
            began = anyio.current_time()
            try:
                await self._connect(shop)
                reason = "the connection ended"
            except (aiomqtt.MqttError, OSError, ValueError) as error:
                reason = self._sentence(error)
            except Exception as error:
                log.exception("an internal error in the connection to %s", self._broker.said)
                reason = f"an internal error ({type(error).__name__}); see the log"
            shop.disconnected(reason)
            if reason != told:
                log.warning("fleet: no connection to %s: %s", self._broker.said, reason)
                told = reason
            if anyio.current_time() - began > HELD:
                pause = PAUSES[0]
            await anyio.sleep(pause * (0.5 + self._spread()))
            pause = min(pause * 2, PAUSES[1])

    async def _connect(self, shop: Receiver) -> None:
        broker = self._broker
        context, password = await anyio.to_thread.run_sync(self._read_files)
        will = shop.will()
        client = aiomqtt.Client(
            broker.host, broker.port, username=broker.user, password=password, identifier=broker.client_id,
            protocol=aiomqtt.ProtocolVersion.V5, will=None if will is None else aiomqtt.Will(*will, qos=1, retain=True),
            clean_start=False, properties=_properties(), keepalive=KEEP_ALIVE, timeout=PATIENCE,
            max_queued_incoming_messages=self._queued, max_inflight_messages=IN_FLIGHT, tls_context=context,
        )  # fmt: skip
        _watch(client)
        try:
            await self._carry(client, shop)
        finally:
            _close(client)

    async def _carry(self, client: aiomqtt.Client, shop: Receiver) -> None:
        broker = self._broker
        async with client:
            answers: Any = list(await client.subscribe([(each, 1) for each in shop.topics()]))
            if any(answer.is_failure for answer in answers):
                raise ValueError(f"the broker does not let {broker.who} subscribe to its topics; see its access list")
            self._client = client
            log.info("fleet: connected to %s as %s", broker.said, broker.client_id)
            shop.connected()
            try:
                async for message in client.messages:
                    shop.received(message.topic.value, _bytes(message.payload))
            except anyio.get_cancelled_exc_class():
                await self._say_farewell(client, shop)
                raise
            finally:
                self._client = None

    async def _say_farewell(self, client: aiomqtt.Client, shop: Receiver) -> None:
        """The broker forgets the last will of a connection that is closed in order."""
        with anyio.move_on_after(FAREWELL, shield=True):
            try:
                farewell = shop.farewell()
                if farewell is not None:
                    await client.publish(*farewell, qos=1, retain=True)
            except aiomqtt.MqttError:
                pass  # the connection is lost, and the broker sends the will

    def _read_files(self) -> tuple[ssl.SSLContext | None, str | None]:
        """Read at every try, so that a renewed certificate counts. Raises ``OSError``, ``ValueError``."""
        broker = self._broker
        password = None if broker.password_file is None else _password(broker.password_file)
        if not broker.tls:
            return None, password
        for path in filter(None, (broker.ca_file, broker.certificate, broker.key)):
            path.open("rb").close()  # ssl does not say which file it is
        context = ssl.create_default_context(cafile=broker.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if broker.certificate is not None:
            context.load_cert_chain(broker.certificate, broker.key, password=_no_password)
        return context, password

    def _sentence(self, error: Exception) -> str:
        """Why there is no connection, and what to do."""
        who, where = self._broker.who, self._broker.where
        if isinstance(error, aiomqtt.MqttCodeError) and getattr(error.rc, "value", None) in _REFUSALS:
            return f"the broker refuses {who} ({error.rc}); check user, password_file and certificate in {where}"
        text = str(error)
        if "CERTIFICATE_VERIFY_FAILED" in text:
            return f"the broker's certificate is not trusted ({text.rpartition(': ')[2]}); check ca_file in {where}"
        if isinstance(error.__cause__, _TooLarge):
            return "the broker sends packets that are too large"
        if isinstance(error, OSError) and error.filename is not None:
            return f"cannot read {error.filename}: {error.strerror}"
        return text or type(error).__name__


def _properties() -> Properties:
    found: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    found.SessionExpiryInterval = SESSION
    found.ReceiveMaximum = IN_FLIGHT
    found.MaximumPacketSize = MAX_PACKET
    return found  # type: ignore[no-any-return]


def _expiry(life: float | None) -> Properties | None:
    if life is None:
        return None
    found: Any = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    found.MessageExpiryInterval = int(life)
    return found  # type: ignore[no-any-return]


def _bytes(payload: object) -> bytes:
    return payload if isinstance(payload, bytes) else b""


def _watch(client: aiomqtt.Client) -> None:
    """End the connection as soon as a packet says that it is too large, or the broker hangs up before its answer.

    A broker that obeys MQTT 5 sends no packet over the limit; paho would collect up to 256 MiB of it in memory. And
    aiomqtt would wait for the answer of a broker that has hung up, as it does over a missing client certificate.
    """
    inner: Any = client._client
    read = inner.loop_read

    def loop_read(*args: Any) -> Any:
        answer = read(*args)
        if inner._in_packet["remaining_length"] > MAX_PACKET:
            raise _TooLarge
        if inner.socket() is None and not client._connected.done():
            client._connected.set_exception(
                aiomqtt.MqttError("the broker closed the connection; check certificate, user and password_file")
            )
        return answer

    inner.loop_read = loop_read


def _close(client: aiomqtt.Client) -> None:
    """Close what a failed connection leaves open: aiomqtt would go on reading."""
    line = client._client.socket()
    if line is not None and line.fileno() >= 0:
        client._loop.remove_reader(line.fileno())
        client._loop.remove_writer(line.fileno())
        line.close()
    if client._misc_task is not None:
        client._misc_task.cancel()


def _no_password() -> str:
    raise ValueError("the key of the client certificate has a password; store it without one, readable for the daemon")


def _password(path: Path) -> str:
    """The password in a file for the daemon's user alone. Raises ``OSError``, ``ValueError``."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise ValueError(f"{path} is no file")
        if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ValueError(f"other users may use {path}; run: chmod 600 {path}")
        content = file.read(_LONGEST_PASSWORD + 1)
    password = content.decode("utf-8", "replace").rstrip("\r\n")
    if not password or len(content) > _LONGEST_PASSWORD or "\n" in password:
        raise ValueError(f"{path}: write the password as one line, and nothing else")
    return password
