"""A whole daemon in a fleet: a real broker, a printer on real TCP, and the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiomqtt
import anyio
import pytest

from fiscald.fleet.envelope import digest_of, payload_of, read_message, write
from fiscald.fleet.keys import SealKey, Signer, Verifiers
from fiscald.fleet.messages import Acknowledgement, Order, Outcome, Status
from fiscald.model.documents import Submission
from tests.daemons import RECEIPT, running
from tests.fleet.brokers import Mosquitto, needs_mosquitto

CENTRAL, OPENER = Signer.make(), SealKey.make()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    started = Mosquitto(tmp_path, "allow_anonymous true")
    started.start()
    yield started
    started.kill()


def section(port: int) -> dict[str, Any]:
    return {
        "broker": f"mqtt://127.0.0.1:{port}", "shop": "s1", "central": "erp", "orders_key": CENTRAL.public,
        "encryption_key": OPENER.public, "documents": ("receipt",), "printers": ("till1",),
    }  # fmt: skip


@needs_mosquitto
async def test_an_order_goes_through_a_real_broker_and_its_outcome_comes_back(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    now = datetime.now(UTC)
    async with (
        running(tmp_path, fleet=section(mosquitto.port)) as it,
        aiomqtt.Client("127.0.0.1", mosquitto.port) as line,
    ):
        shop = await it.client.enrolment("s1")
        keys = Verifiers(shop.device_key)
        for level in ("status", "outcomes"):
            await line.subscribe(f"fiscald/v1/+/{level}", qos=1)
        status: Status | None = None
        with anyio.fail_after(20):
            async for message in line.messages:
                payload = message.payload
                assert isinstance(payload, bytes)
                if message.topic.value.endswith("status"):
                    status = read_message(payload, Status, keys, OPENER)[0]
                    if status.printers and status.printers[0].ready:
                        break
        assert status is not None
        assert status.online
        submission = Submission.model_validate({"printer": "till1", "document": RECEIPT})
        order = Order.of(submission, central="erp", shop="s1", session=status.session, key="sale/1", issued=now)
        raw = write(Order, payload_of(order), CENTRAL, shop.encryption_key)
        for _ in range(2):
            await line.publish("fiscald/v1/s1/orders", raw, qos=1)
        outcome, digest = None, ""
        with anyio.fail_after(20):
            async for message in line.messages:
                if message.topic.value.endswith("outcomes"):
                    assert isinstance(message.payload, bytes)
                    outcome, digest = read_message(message.payload, Outcome, keys, OPENER)
                    break
        assert outcome is not None
        assert digest == digest_of(payload_of(outcome))
        job = await it.client.job("fleet/erp/sale/1")
        assert (outcome.state, outcome.final, outcome.job and outcome.job["result"]["number"]) == ("done", True, 1)
        assert job.result is not None
        assert it.printer.register.day.receipt_count == 1
        said = Acknowledgement(shop="s1", central="erp", issued=datetime.now(UTC), outcomes=(digest,))
        await line.publish("fiscald/v1/s1/acknowledgements", write(Acknowledgement, payload_of(said), CENTRAL), qos=1)
        with anyio.fail_after(20):
            while (found := await it.client.fleet()).outcomes_waiting:
                await anyio.sleep(0.02)
        assert (found.connected, found.shop, found.orders_today, found.refused) == (
            True,
            "s1",
            1,
            {"message.repeated": 1},
        )
        metrics = (await it.http.get("/metrics")).text
        assert "fiscald_fleet_connected 1.0" in metrics
        assert 'fiscald_fleet_messages_refused_total{code="message.repeated"} 1.0' in metrics


async def test_programs_may_not_submit_keys_of_orders_or_gateways(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        for key in ("fleet/erp/1", "gateway/till1/x"):
            answer = await it.put(key)
            assert (answer.status_code, answer.json()["code"]) == (400, "request.reserved_key")
        assert (await it.put("fleet-1")).status_code == 200


async def test_a_broker_that_is_away_does_not_disturb_the_shop(tmp_path: Path) -> None:
    async with running(tmp_path, fleet=section(1)) as it:
        assert (await it.put("own")).json()["state"] == "done"
        found = await it.client.fleet()
        assert (found.connected, found.configured) == (False, True)


async def test_a_shop_outside_of_a_fleet_has_keys_to_show(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        assert not (await it.client.fleet()).configured
        first = await it.client.enrolment("s1")
        assert first == await it.client.enrolment("s1")
        assert json.loads(first.model_dump_json())["v"] == 1
    async with running(tmp_path, fleet=section(1)) as it:
        assert first == await it.client.enrolment("s1")
        refused = await it.http.post("/v1/fleet/enrolment", json={"shop": "s2"})
        assert (refused.status_code, refused.json()["code"]) == (409, "fleet.name")


async def test_a_store_that_cannot_be_used_stops_the_fleet_only(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    async with running(tmp_path) as it:
        state_dir = next(path.parent for path in tmp_path.rglob("journal.db"))
    (state_dir / "fleet.db").write_bytes(b"not a database" * 100)
    async with running(tmp_path, fleet=section(1)) as it:
        assert (await it.put("own")).json()["state"] == "done"
        found = await it.client.fleet()
        assert found.reason is not None
        assert "fleet.db" in found.reason
        assert any(each["code"] == "fleet.disconnected" for each in (await it.client.hello())["warnings"])
