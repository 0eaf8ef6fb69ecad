"""Webhooks of a whole daemon: a real printer on TCP, a real receiver, the API and the command line."""

from __future__ import annotations

import json
import logging
import os
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from click.testing import CliRunner, Result

from fiscald.cli.fiscalctl import main
from fiscald.model.webhooks import WebhookMessage, WebhookTestMessage
from fiscald.webhooks.signing import parse_secret
from tests.daemons import RECEIPT, Running, running
from tests.described import DESCRIPTION, component, mistakes
from tests.webhooks.receivers import SECRET, Request, reply, secret_file, web

NIP = "5260250274"


async def fiscalctl(it: Running, *arguments: str) -> Result:
    command = partial(CliRunner().invoke, main, ["--socket", str(it.socket), *arguments])
    return await anyio.to_thread.run_sync(command)


def described(request: Request) -> None:
    """The message is as the description of the API says."""
    name = "webhook.test" if request.content["type"] == "webhook.test" else "job"
    schema = DESCRIPTION["webhooks"][name]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert not mistakes(schema, request.content)


async def test_a_receipt_reaches_its_receiver(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with web() as there:
        hooks = {"erp": {"url": f"{there.url}?token=hunter2", "secret_file": secret_file(tmp_path)}}
        async with running(tmp_path, webhooks=hooks) as it:
            answer = (await it.put("FV/1", RECEIPT | {"buyer": {"nip": NIP}})).json()
            assert answer["state"] == "done"
            (request,) = await there.until(1)
            described(request)
            message = WebhookMessage.model_validate_json(request.body)
            assert (message.type, message.data.key, message.data.document) == ("job.done", "FV/1", "receipt")
            assert message.data.result is not None
            assert message.data.result.number == answer["result"]["number"]
            signed = parse_secret(SECRET).sign(
                request.headers["webhook-id"], int(request.headers["webhook-timestamp"]), request.body
            )
            assert request.headers["webhook-signature"] == signed
            assert NIP.encode() not in request.body, "the document stays here"
            assert (await it.client.hello())["warnings"] == []
            assert "webhooks" in (await it.client.hello())["features"]
            with anyio.fail_after(10):
                while (status := (await it.client.webhooks())[0]).waiting:
                    await anyio.sleep(0.01)
            assert (status.state, status.dead, status.failures) == ("active", 0, 0)
            assert status.receiver == there.url.removesuffix("/hooks/fiscald")
            metrics = (await it.http.get("/metrics")).text
            assert 'fiscald_webhook_state{state="active",webhook="erp"} 1.0' in metrics
            assert 'fiscald_webhook_tries_total{outcome="delivered",webhook="erp"} 1.0' in metrics
    # fiscald run silences the libraries, which log URLs; tests/webhooks/test_crash.py reads the log of a process.
    log = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("fiscald"))
    assert "webhook" in log
    for secret in (SECRET, SECRET.removeprefix("whsec_"), "hunter2", NIP, request.headers["webhook-signature"]):
        assert secret not in log


async def test_a_refused_receipt_and_the_chosen_events(tmp_path: Path) -> None:
    async with web() as there, web() as other:
        secret = secret_file(tmp_path)
        hooks = {
            "erp": {"url": there.url, "secret_file": secret},
            "all": {"url": other.url, "secret_file": secret, "events": ["job.accepted", "job.failed"]},
        }
        async with running(tmp_path, webhooks=hooks, ready=False, licensed=True) as it:
            await it.until("ready")
            assert (await it.put("A")).json()["state"] == "done"
            it.printer.switch("paper_out")
            await it.until("paper_out")
            await it.put("B", wait=0)
            assert (await it.client.withdraw("B")).state == "failed"
            await there.until(2)
            await other.until(3)
        done, failed = there.requests
        described(failed)
        assert (done.content["type"], failed.content["type"]) == ("job.done", "job.failed")
        assert failed.content["data"]["error"]["code"] == "job.withdrawn"
        kinds = [(each.content["data"]["key"], each.content["type"]) for each in other.requests]
        assert sorted(kinds) == [("A", "job.accepted"), ("B", "job.accepted"), ("B", "job.failed")]
        assert kinds.index(("B", "job.accepted")) < kinds.index(("B", "job.failed"))


async def test_a_receiver_that_hangs_delays_no_receipt(tmp_path: Path) -> None:
    async def silent(_: Any) -> None:
        await anyio.sleep_forever()

    async with web(lambda _: silent) as there:
        hooks = {f"h{number}": {"url": there.url, "secret_file": secret_file(tmp_path)} for number in range(8)}
        async with running(tmp_path, webhooks=hooks) as it:
            for number in range(10):
                assert (await it.put(f"K{number}")).json()["state"] == "done"
            await there.until(8)
            assert {each.waiting for each in await it.client.webhooks()} == {10}


async def test_the_command_line(tmp_path: Path) -> None:
    status = 410
    async with web(lambda _: reply(status)) as there:
        path = secret_file(tmp_path)
        hooks = {"erp": {"url": there.url, "secret_file": path, "printers": ["till1"]}}
        async with running(tmp_path, webhooks=hooks) as it:
            await it.put("A")
            await there.until(1)
            with anyio.fail_after(10):
                while not (await it.client.webhooks())[0].dead:
                    await anyio.sleep(0.01)
            listed = await fiscalctl(it, "webhook", "list")
            assert listed.exit_code == 0
            assert listed.output.startswith("erp: gone, 0 waiting, 1 dead; to http://127.0.0.1:")
            assert "/hooks/" not in listed.output
            assert "warning: webhook erp: the receiver answered 410" in (await fiscalctl(it, "status")).output
            dead = await fiscalctl(it, "webhook", "dead", "erp")
            number = dead.output.split()[0]
            assert "job.done  A  " in dead.output
            assert (await fiscalctl(it, "webhook", "resend", "erp", "--all")).exit_code == 2
            assert (await fiscalctl(it, "webhook", "resend", "erp")).exit_code == 2
            assert (await fiscalctl(it, "webhook", "dead", "epr")).exit_code == 2
            tested = await fiscalctl(it, "webhook", "test", "erp")
            assert (tested.exit_code, tested.output) == (1, "not delivered: HTTP 410 Gone\n")
            path.chmod(0o644)
            assert "chmod 600" in (await fiscalctl(it, "webhook", "test", "erp")).output
            path.chmod(0o600)
            status = 204
            tested = await fiscalctl(it, "webhook", "test", "erp")
            assert (tested.exit_code, tested.output) == (0, "delivered: HTTP 204\n")
            resent = await fiscalctl(it, "webhook", "resend", "erp", number)
            assert resent.output == "1 messages are sent again\n"
            await there.until(4)
            WebhookTestMessage.model_validate_json(there.requests[1].body)
            described(there.requests[1])
            assert there.requests[3].headers["webhook-id"] == there.requests[0].headers["webhook-id"]
            assert there.requests[3].body == there.requests[0].body


async def test_a_missing_secret_is_reported_and_messages_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fiscald.webhooks.receiver.TROUBLE", 0.05)
    async with web() as there:
        hooks = {"erp": {"url": there.url, "secret_file": tmp_path / "webhook.secret"}}
        async with running(tmp_path, webhooks=hooks) as it:
            assert (await it.put("A")).json()["state"] == "done"
            (warning,) = (await it.client.hello())["warnings"]
            assert warning["code"] == "webhook.no_secret"
            assert "fiscalctl webhook secret" in warning["detail"]
            secret_file(tmp_path)
            await there.until(1)
            with anyio.fail_after(10):
                while (await it.client.hello())["warnings"]:
                    await anyio.sleep(0.01)


async def test_the_event_stream_reports_a_webhook_that_fails(tmp_path: Path) -> None:
    async with web(lambda _: reply(500)) as there:
        hooks = {"erp": {"url": there.url, "secret_file": secret_file(tmp_path)}}
        async with running(tmp_path, webhooks=hooks) as it:
            seen: list[dict[str, Any]] = []
            async with it.http.stream("GET", "/v1/events") as response:
                lines = response.aiter_lines()
                with anyio.fail_after(20):
                    async for line in lines:
                        if line == "event: webhook":
                            seen.append(json.loads((await anext(lines)).removeprefix("data: ")))
                            if len(seen) == 1:
                                await it.put("A")
                            if seen[-1]["state"] == "failing":
                                break
    assert [seen[0], seen[-1]] == [
        {"name": "erp", "state": "active", "reason": None, "dead": 0},
        {"name": "erp", "state": "failing", "reason": "HTTP 500 Internal Server Error", "dead": 0},
    ]
    for each in seen:
        assert not mistakes(component("WebhookChange"), each)


def configured(directory: Path) -> Path:
    path = directory / "fiscald.toml"
    path.write_text('[webhooks.erp]\nurl = "https://erp.example/hooks"\nsecret_file = "webhook.secret"\n')
    return path


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["webhook", "secret", *arguments, "--config", str(config)])


def test_a_secret_is_made_replaced_and_removed(tmp_path: Path) -> None:
    config, path = configured(tmp_path), tmp_path / "webhook.secret"
    os.umask(os.umask(0))
    first = run(config, "erp").output.strip()
    parse_secret(first)
    assert (path.read_text(), path.stat().st_mode & 0o777) == (f"{first}\n", 0o600)
    assert run(config, "erp").exit_code == 1, "an existing file is not replaced"
    assert run(config, "erp", "--drop").exit_code == 1
    second = run(config, "erp", "--add").output.strip()
    assert path.read_text() == f"{second}\n{first}\n"
    assert run(config, "erp", "--add").exit_code == 1
    dropped = run(config, "erp", "--drop")
    assert (dropped.exit_code, path.read_text()) == (0, f"{second}\n")
    assert second not in dropped.output
    assert run(config, "erp", "--add", "--drop").exit_code == 2
    wrong = run(config, "epr")
    assert wrong.exit_code == 2
    assert "there is no [webhooks.epr]" in wrong.output
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(".part")] == []
    shown = json.loads(
        CliRunner().invoke(main, ["--json", "webhook", "secret", "erp", "--add", "--config", str(config)]).output
    )
    assert shown["secrets"] == 2
