"""docs/monitoring: page, alerts and dashboard speak of the metrics that the daemon has, and promtool understands them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import anyio
import pytest
from prometheus_client.parser import text_string_to_metric_families

from fiscald.fleet.keys import Signer
from tests.daemons import running
from tests.found import found
from tests.webhooks.receivers import secret_file

DOCS = Path(__file__).parents[2] / "docs"
PAGE, ALERTS, DASHBOARD = (
    DOCS / "monitoring.md",
    DOCS / "monitoring" / "alerts.yaml",
    DOCS / "monitoring" / "dashboard.json",
)
RULES_TEST = Path(__file__).with_name("alerts_test.yaml")
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool here")


def named(text: str) -> set[str]:
    """The metrics in it, without what a histogram adds."""
    return {re.sub(r"_(bucket|count|sum)$", "", name) for name in re.findall(r"\bfiscald_[a-z_]+\b", text)}


async def scraped(directory: Path) -> str:
    """The answer of a shop in which there is something of everything."""
    hooks = {"erp": {"url": "http://127.0.0.1:9/hooks", "secret_file": secret_file(directory)}}
    fleet = {"broker": "mqtt://127.0.0.1:9", "shop": "s1", "orders_key": Signer.make().public}
    gateway = {"listen": f"pty:{directory / 'port'}", "family": "posnet"}
    async with running(directory, webhooks=hooks, fleet=fleet, gateway=gateway) as it:
        it.printer.switch("cover")
        await it.put("A", wait=0)
        await it.http.delete("/v1/jobs/A")
        it.printer.clear()
        it.printer.switch("paper_low")
        with anyio.fail_after(10):
            while (await it.client.printer("till1")).paper_low is None:
                await anyio.sleep(0.02)
        return (await it.http.get("/metrics")).text


async def test_the_page_names_every_metric_and_no_other(tmp_path: Path) -> None:
    served = {family.name for family in text_string_to_metric_families(await scraped(tmp_path))}
    rows = [row.split("|")[1] for row in PAGE.read_text("utf-8").splitlines() if row.startswith("| `fiscald")]
    described = {name.removesuffix("_total") for row in rows for name in named(row)}
    assert described == {name for name in served if name.startswith("fiscald")}
    for path in (ALERTS, DASHBOARD):
        wrong = {name for name in named(path.read_text("utf-8")) if name.removesuffix("_total") not in served}
        assert wrong == set(), path


def test_the_dashboard_has_each_place_once() -> None:
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in found(dashboard["panels"])]
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert (len(set(places)), len(set(numbers))) == (len(places), len(numbers))
    assert {variable["name"] for variable in dashboard["templating"]["list"]} == {"source", "instance", "printer"}


def test_every_alert_is_tried_or_needs_no_trial() -> None:
    """Alerts that compare one metric with one number are not tried; the others are."""
    rules = re.findall(r"alert: (\w+)\n +expr: (.+)", ALERTS.read_text("utf-8"))
    tried = set(re.findall(r"alertname: (\w+)", RULES_TEST.read_text("utf-8")))
    hard = {name for name, expression in found(rules) if "(" in expression}
    assert hard <= tried <= {name for name, _ in rules}


@pytest.mark.slow  # promtool plays days of alerts
@needs_promtool
@pytest.mark.parametrize(
    "arguments", [("check", "rules", ALERTS), ("test", "rules", RULES_TEST)], ids=["check", "test"]
)
def test_prometheus_understands_the_alerts(arguments: tuple[str | Path, ...]) -> None:
    told = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


@needs_promtool
async def test_prometheus_understands_the_metrics(tmp_path: Path) -> None:
    text = (await scraped(tmp_path)).encode()
    told = await anyio.run_process(["promtool", "check", "metrics"], input=text, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
