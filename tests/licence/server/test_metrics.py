"""What Prometheus gets, and that the alerts ask for nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

import anyio
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from fiscald.licence import wire
from fiscald.licence.server import backups
from fiscald.licence.server.metrics import CountedTransport, Metrics
from fiscald.licence.server.metrics_state import State, create_metrics_app
from fiscald.licence.server.outbox import MailRefused
from fiscald.licence.server.serving import Door, bind, serve
from tests.licence.server.https import Mailbox, vendor_server
from tests.licence.server.running import BAKERY, DAIRY, DAY, F1, Clock, Computer
from tests.licence.server.test_app import Running, client
from tests.licence.server.test_proxy import Silence

ROOT = Path(__file__).parents[3]
ALERTS = ROOT / "docs" / "vendor-alerts.yaml"

Samples = dict[tuple[str, ...], float]


def samples(text: str) -> Samples:
    """By name and values of labels."""
    families = text_string_to_metric_families(text)
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


class Watched:
    """A server whose metrics are read over HTTP, as Prometheus does."""

    def __init__(self, server: Running, url: str) -> None:
        self.server = server
        self.url = url

    async def read(self) -> Samples:
        async with httpx.AsyncClient() as http:
            answer = await http.get(f"{self.url}/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=")
        return samples(answer.text)


@asynccontextmanager
async def watched(directory: Path) -> AsyncIterator[Watched]:
    clock, metrics = Clock(), Metrics()
    transport = CountedTransport(Mailbox(), metrics)
    async with vendor_server(directory, clock=clock, metrics=metrics, transport=transport) as it:
        listener = bind("127.0.0.1", 0)
        state = State(directory / "vendor.db", it.connections, it.certificate, clock, it.handler.healthy)
        door = Door(create_metrics_app(metrics, state), listener)

        async def run(*, task_status: anyio.abc.TaskStatus[None]) -> None:
            await serve([door], Silence(), task_status=task_status)

        async with client(it) as http, anyio.create_task_group() as tasks:
            await tasks.start(run)
            yield Watched(Running(it, clock, http), f"http://127.0.0.1:{listener.getsockname()[1]}")
            tasks.cancel_scope.cancel()


async def test_answers_refusals_and_decisions_are_counted(tmp_path: Path) -> None:
    async with watched(tmp_path) as it:
        server, till = it.server, Computer(it.server.clock)
        await server.ask(till, wire.Activate, number=server.it.number(), company=BAKERY)
        await server.ask(till, wire.Activate, number=F1, company=DAIRY)
        await server.ask(till, wire.Check, lic="lic_X", crt="crt_X")
        await server.http.get("/some/path/of/a/stranger")
        read = await it.read()
        assert read["fiscald_vendor_requests_total", "/v1/activate", "200"] == 1
        assert read["fiscald_vendor_requests_total", "other", "404"] == 1
        assert read["fiscald_vendor_refusals_total", "licence_unknown"] == 1
        assert read["fiscald_vendor_refusals_total", "number_unknown"] == 1
        assert read["fiscald_vendor_decisions_total", "number.wrong_mac"] == 1
        assert read["fiscald_vendor_handling_seconds_count",] == 3
        assert read["fiscald_vendor_signs",] == 1
        assert read["fiscald_vendor_connections_total", "accepted"] == 1
        assert read["fiscald_vendor_connections_open",] == 1
        again = await it.read()
        assert again["fiscald_vendor_decisions_total", "number.wrong_mac"] == 1, "counted once"


@pytest.mark.slow
async def test_nothing_of_a_request_becomes_a_label(tmp_path: Path) -> None:
    async with watched(tmp_path) as it:
        before = await it.read()
        for number in range(50):
            await it.server.http.post(f"/stranger/{number}", content=b"x")
            await it.server.http.request(f"STRANGE{number}", "/v1/check")
        after = await it.read()
        new = {key for key in after if key not in before}
        assert {key for key in new if "created" not in key[0]} == {
            ("fiscald_vendor_requests_total", "other", "404"),
            ("fiscald_vendor_requests_total", "/v1/check", "405"),
        }


async def test_the_clock_behind_the_audit_is_shown(tmp_path: Path) -> None:
    async with watched(tmp_path) as it:
        it.server.it.number()
        it.server.clock.go(-1)
        await it.server.http.get("/healthz")
        read = await it.read()
        assert (read["fiscald_vendor_signs",], read["fiscald_vendor_unable_total",]) == (0, 1)


async def test_copies_keys_mails_and_the_certificate_have_an_age(tmp_path: Path) -> None:
    async with watched(tmp_path) as it:
        store, clock = it.server.it.store, it.server.clock
        read = await it.read()
        assert ("fiscald_vendor_backup_age_seconds",) not in read
        assert ("fiscald_vendor_key_list_age_seconds",) not in read
        with store.transaction(clock()) as t:
            backups.note(t, tmp_path / "copy.db")
            t.do("INSERT INTO key_list VALUES (1, ?, 'x')", clock() - DAY)
            t.do(
                "INSERT INTO mail (recipient, subject, lang, created, due) VALUES ('a@b.pl', 'code', 'pl', ?, ?)",
                clock() - 60, clock() + DAY,
            )  # fmt: skip
        clock.go(7)
        read = await it.read()
        assert read["fiscald_vendor_backup_age_seconds",] == 7
        assert read["fiscald_vendor_key_list_age_seconds",] == DAY + 7
        assert (read["fiscald_vendor_mails_waiting",], read["fiscald_vendor_mail_oldest_seconds",]) == (1, 67)
        assert read["fiscald_vendor_tls_left_seconds",] == it.server.it.certificate.ends.timestamp() - clock()
        assert read["fiscald_vendor_database_bytes",] > 0


async def test_mails_are_counted_by_their_result() -> None:
    class Broken:
        def __init__(self, error: Exception) -> None:
            self._error = error

        async def send(self, message: EmailMessage) -> None:
            raise self._error

    metrics = Metrics()
    await CountedTransport(Mailbox(), metrics).send(EmailMessage())
    for error in (OSError("later"), MailRefused("never"), ValueError("a bug")):
        with pytest.raises(type(error)):
            await CountedTransport(Broken(error), metrics).send(EmailMessage())
    counted = {result: metrics.mails.labels(result)._value.get() for result in ("sent", "retried", "refused")}
    assert counted == {"sent": 1, "retried": 2, "refused": 1}


async def test_the_alerts_and_the_page_name_metrics_that_exist(tmp_path: Path) -> None:
    async with watched(tmp_path) as it:
        with it.server.it.store.transaction(it.server.clock()) as t:
            backups.note(t, tmp_path / "copy.db")
            t.do("INSERT INTO key_list VALUES (1, ?, 'x')", it.server.clock())
        await it.server.ask(Computer(it.server.clock), wire.Check, lic="lic_X", crt="crt_X")
        it.server.it.number()
        known = {key[0] for key in await it.read() if not key[0].endswith("_created")}
    text = ALERTS.read_text("utf-8")
    asked = set(re.findall(r"fiscald_vendor_\w+", text))
    assert len(asked) > 8
    assert asked <= known
    page = (ROOT / "docs" / "vendor.md").read_text("utf-8").partition("## Metrics and alerts")[2].partition("\n## ")[0]
    described = {
        f"fiscald_vendor_{name}"
        for row in page.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`(\w+)[`{]", row.split(" | ")[0])
    }
    ours = {re.sub(r"_(bucket|count|sum)$", "", name) for name in known if name.startswith("fiscald_vendor_")}
    assert described == ours


def test_the_alerts_name_decisions_that_the_server_writes() -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "fiscald" / "licence" / "server").glob("*.py"))
    named = re.findall(r'what="([\w.]+)"', ALERTS.read_text("utf-8"))
    assert len(named) == 3
    for what in named:
        assert f'"{what}"' in source


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool here")
def test_prometheus_understands_the_alerts() -> None:
    told = subprocess.run(["promtool", "check", "rules", str(ALERTS)], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
