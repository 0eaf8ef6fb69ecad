"""The courier over MQTT, with a real mosquitto: it stays connected, comes back, and says what is wrong."""

from __future__ import annotations

import contextlib
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiomqtt
import anyio
import anyio.to_thread
import pytest

from fiscald.fleet.courier import CourierAway
from fiscald.fleet.mqtt import MAX_PACKET, Broker, MqttCourier
from tests.fleet.brokers import Authority, Mosquitto, needs_mosquitto

STATUS, ORDERS, OUTCOMES = (f"fiscald/v1/s1/{level}" for level in ("status", "orders", "outcomes"))


class Recorder:
    """Stands for the shop: keeps what the courier tells it."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self.reasons: list[str] = []
        self.up = False
        self.connections = 0

    def will(self) -> tuple[str, bytes]:
        return STATUS, b"lost"

    def farewell(self) -> tuple[str, bytes]:
        return STATUS, b"stopped"

    def topics(self) -> tuple[str, str]:
        return ORDERS, "fiscald/v1/s1/acknowledgements"

    def connected(self) -> None:
        self.up = True
        self.connections += 1

    def disconnected(self, reason: str) -> None:
        self.up = False
        self.reasons.append(reason)

    def received(self, topic: str, payload: bytes) -> None:
        self.messages.append((topic, payload))


async def until(wanted: Callable[[], object], seconds: float = 30) -> None:
    with anyio.fail_after(seconds):
        while not wanted():
            await anyio.sleep(0.01)


@asynccontextmanager
async def running(broker: Broker, shop: Recorder) -> AsyncIterator[MqttCourier]:
    courier = MqttCourier(broker, lambda: -0.45)  # the shortest pauses
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(courier.run, shop)
        yield courier
        tasks.cancel_scope.cancel()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    started = Mosquitto(tmp_path, "allow_anonymous true")
    started.start()
    yield started
    started.kill()


def at(port: int) -> Broker:
    return Broker("127.0.0.1", port, tls=False, client_id="fiscald-s1")


@needs_mosquitto
async def test_messages_go_both_ways_and_wait_while_the_shop_is_away(mosquitto: Mosquitto) -> None:
    shop = Recorder()
    async with aiomqtt.Client("127.0.0.1", mosquitto.port) as central:
        await central.subscribe("fiscald/v1/+/outcomes", qos=1)
        await central.subscribe("fiscald/v1/+/status", qos=1)
        async with running(at(mosquitto.port), shop) as courier:
            await until(lambda: shop.up)
            await central.publish(ORDERS, b"first", qos=1)
            await until(lambda: shop.messages == [(ORDERS, b"first")])
            await courier.publish(OUTCOMES, b"done")
            await courier.publish(STATUS, b"here", retain=True)
        with pytest.raises(CourierAway):
            await courier.publish(OUTCOMES, b"late")
        came = [(await anext(central.messages)).payload for _ in range(3)]
        assert came == [b"done", b"here", b"stopped"]
        await central.publish(ORDERS, b"second", qos=1)
        async with running(at(mosquitto.port), shop):
            await until(lambda: (ORDERS, b"second") in shop.messages)
    assert shop.connections == 2


@needs_mosquitto
async def test_a_killed_broker_is_found_again_and_keeps_the_session(tmp_path: Path, mosquitto: Mosquitto) -> None:
    shop = Recorder()
    async with running(at(mosquitto.port), shop) as courier:
        await until(lambda: shop.up)
        await anyio.sleep(1.2)  # mosquitto saves its sessions every second
        await anyio.to_thread.run_sync(mosquitto.kill)
        await until(lambda: not shop.up)
        with pytest.raises(CourierAway):
            await courier.publish(OUTCOMES, b"done")
        await anyio.to_thread.run_sync(mosquitto.start)
        await until(lambda: shop.up)
        await courier.publish(OUTCOMES, b"done")
    assert shop.connections == 2


@needs_mosquitto
async def test_a_shop_that_dies_leaves_its_will(mosquitto: Mosquitto) -> None:
    shop = Recorder()
    async with aiomqtt.Client("127.0.0.1", mosquitto.port) as central:
        await central.subscribe("fiscald/v1/+/status", qos=1)
        async with running(at(mosquitto.port), shop) as courier:
            await until(lambda: shop.up)
            assert courier._client is not None
            line = courier._client._client.socket()
            assert isinstance(line, socket.socket)
            line.shutdown(socket.SHUT_RDWR)
            assert (await anext(central.messages)).payload == b"lost"


@needs_mosquitto
async def test_a_wrong_password_is_named(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    maker = shutil.which("mosquitto_passwd")
    if maker is None:
        pytest.skip("no mosquitto_passwd here")
    await anyio.run_process([maker, "-b", "-c", str(passwords), "s1", "right"])
    passwords.chmod(0o644)
    tmp_path.chmod(0o755)
    broker = Mosquitto(tmp_path, "allow_anonymous false", f"password_file {passwords}")
    broker.start()
    try:
        secret = tmp_path / "secret"
        secret.write_text("wrong\n", "utf-8")
        secret.chmod(0o600)
        shop, where = Recorder(), replace(at(broker.port), user="s1", password_file=secret)
        async with running(where, shop):
            await until(lambda: shop.reasons)
            assert "the broker refuses the shop" in shop.reasons[0]
            assert "check user, password_file" in shop.reasons[0]
            secret.write_text("right\n", "utf-8")
            await until(lambda: shop.up)
            secret.chmod(0o644)
        async with running(where, shop):
            await until(lambda: "chmod 600" in shop.reasons[-1])
    finally:
        broker.kill()


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@needs_mosquitto
async def test_tls_with_a_client_certificate(tmp_path: Path) -> None:
    ours, strangers = Authority(tmp_path), Authority(tmp_path, "strangers")
    certificate, key = ours.issue("broker")
    key.chmod(0o644)
    tmp_path.chmod(0o755)
    broker = Mosquitto(
        tmp_path, f"cafile {ours.certificate}", f"certfile {certificate}", f"keyfile {key}", "require_certificate true",
        "use_identity_as_username true", "allow_anonymous false",
    )  # fmt: skip
    broker.start()
    try:
        own, own_key = ours.issue("shop")
        right = replace(at(broker.port), tls=True, ca_file=ours.certificate, certificate=own, key=own_key)
        shop = Recorder()
        async with running(right, shop) as courier:
            await until(lambda: shop.up)
            await courier.publish(OUTCOMES, b"x" * 200_000)
        for wrong, said in (
            (replace(right, ca_file=strangers.certificate), "not trusted"),
            (replace(right, ca_file=tmp_path / "absent.pem"), "absent.pem"),
            (replace(right, certificate=None, key=None), "closed the connection; check certificate"),
        ):
            shop = Recorder()
            async with running(wrong, shop):
                await until(lambda shop=shop: shop.reasons)  # type: ignore[misc]
            assert said in shop.reasons[0]
            assert not shop.connections
    finally:
        broker.kill()


async def test_a_broker_that_is_not_there_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shop = Recorder()
    async with running(at(port), shop):
        await until(lambda: len(shop.reasons) >= 2)
    assert "refused" in shop.reasons[0]


async def test_a_hostile_broker_cannot_fill_the_memory() -> None:
    """It answers CONNECT and SUBSCRIBE, and begins a packet of 256 MB."""
    shop = Recorder()
    sent = 0

    async def serve(stream: anyio.abc.SocketStream) -> None:
        nonlocal sent
        async with stream:
            with contextlib.suppress(anyio.BrokenResourceError, anyio.EndOfStream):
                await stream.receive(1000)
                await stream.send(b"\x20\x03\x00\x00\x00")
                subscribed = await stream.receive(1000)
                await stream.send(b"\x90\x05" + subscribed[2:4] + b"\x00\x01\x01")
                await stream.send(b"\x30\xff\xff\xff\x7f\x00\x01a\x00")
                while True:
                    await stream.send(b"x" * 65_536)
                    sent += 65_536

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        async with running(at(port), shop):
            await until(lambda: "the broker sends packets that are too large" in shop.reasons)
        tasks.cancel_scope.cancel()
    assert sent < 100 * MAX_PACKET
