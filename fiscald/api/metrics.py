"""Prometheus metrics, read from the engine for each request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from fiscald import __version__
from fiscald.model.disk import DISK_LOW
from fiscald.model.jobs import JobState
from fiscald.model.printers import PrinterState, PrinterStatus
from fiscald.model.webhooks import WebhookState
from fiscald.webhooks import Tally

if TYPE_CHECKING:
    from prometheus_client.core import Metric


def render(
    printers: Sequence[PrinterStatus],
    counts: Mapping[tuple[str, str], int],
    disk_free: int | None = None,
    webhooks: Sequence[Tally] = (),
) -> bytes:
    """The text that Prometheus scrapes."""
    # Imported here: a shop without Prometheus needs none of it.
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.process_collector import ProcessCollector

    build = GaugeMetricFamily("fiscald_build_info", "Version of the daemon", labels=["version"])
    build.add_metric([__version__], 1)
    found: list[Metric] = [build]

    def gauge(name: str, meaning: str, *labels: str) -> GaugeMetricFamily:
        made = GaugeMetricFamily(name, meaning, labels=["printer", *labels])
        found.append(made)
        return made

    def counter(name: str, meaning: str) -> CounterMetricFamily:
        made = CounterMetricFamily(name, meaning, labels=["printer"])
        found.append(made)
        return made

    jobs = gauge("fiscald_jobs", "Jobs in the journal by state", "state")
    state = gauge("fiscald_printer_state", "1 for the state the printer is in", "state")
    queue = gauge("fiscald_printer_queue", "Accepted jobs that are waiting")
    age = gauge("fiscald_printer_age_seconds", "Seconds since the printer last answered")
    fiscal = gauge("fiscald_printer_fiscal", "0 for a printer in training mode")
    warning = gauge("fiscald_printer_warning", "1 for a warning of the printer", "code")
    strays = counter("fiscald_printer_strays", "Unexpected replies")
    damaged = counter("fiscald_printer_damaged", "Replies damaged on the line")
    stale = gauge("fiscald_printer_stale", "1 if the known status is not current")
    if disk_free is not None:
        found += [
            GaugeMetricFamily("fiscald_disk_free_bytes", "Free on the disk of the state directory", disk_free),
            GaugeMetricFamily("fiscald_disk_low", "1 while the free space is low", disk_free < DISK_LOW),
        ]
    for status in printers:
        name = status.name
        for each in JobState:
            jobs.add_metric([name, each], counts.get((name, each.value), 0))
        for situation in PrinterState:
            state.add_metric([name, situation], status.state is situation)
        queue.add_metric([name], status.queue)
        stale.add_metric([name], status.stale)
        strays.add_metric([name], status.strays)
        damaged.add_metric([name], status.damaged)
        if status.identity is not None:
            fiscal.add_metric([name], status.identity.fiscal)
        for notice in status.warnings:
            warning.add_metric([name, notice.code], 1)
        if status.age_ms is not None:
            age.add_metric([name], status.age_ms / 1000)
    if webhooks:
        found += _of_webhooks(webhooks)
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Made(found))
    return generate_latest(registry)


def _of_webhooks(webhooks: Sequence[Tally]) -> list[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    state = GaugeMetricFamily("fiscald_webhook_state", "1 for the state the webhook is in", labels=["webhook", "state"])
    waiting = GaugeMetricFamily("fiscald_webhook_waiting", "Messages that are not delivered yet", labels=["webhook"])
    dead = GaugeMetricFamily("fiscald_webhook_dead", "Messages that were given up", labels=["webhook"])
    tries = CounterMetricFamily(
        "fiscald_webhook_tries", "Tries since the start, by outcome", labels=["webhook", "outcome"]
    )
    for each in webhooks:
        for one in WebhookState:
            state.add_metric([each.name, one], each.state is one)
        waiting.add_metric([each.name], each.waiting)
        dead.add_metric([each.name], each.dead)
        tries.add_metric([each.name, "delivered"], each.delivered)
        tries.add_metric([each.name, "failed"], each.failed)
    return [state, waiting, dead, tries]


class _Made:
    """Metrics that are made already."""

    def __init__(self, found: Sequence[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        """All of them."""
        return self._found
