"""Prometheus metrics, read from the engine for each request. docs/monitoring.md explains each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from fiscald import __version__
from fiscald.engine import Figures
from fiscald.model.disk import DISK_LOW
from fiscald.model.fleet import FleetStatus
from fiscald.model.jobs import JobState
from fiscald.model.printers import PrinterState, PrinterStatus
from fiscald.model.webhooks import WebhookState
from fiscald.webhooks import Tally

if TYPE_CHECKING:
    from prometheus_client.core import Metric

#: What of a licence ends, and where its description says when.
_ENDS = {"licence": "end", "confirmation": "confirm_by", "updates": "updates_until"}


class Late(Protocol):
    """How late the event loop wakes its tasks, as a histogram."""

    seconds: float

    def buckets(self) -> Iterable[tuple[str, float]]:
        """Upper bounds in seconds, and how many measurements were not above each."""


class Host(Protocol):
    """What the daemon knows about itself and its computer."""

    disk_free: int | None
    """Bytes; ``None`` if not known."""
    journal_size: int | None
    """The same."""

    @property
    def lateness(self) -> Late:
        """Of the event loop."""


def render(
    printers: Sequence[PrinterStatus],
    figures: Figures,
    failures: Mapping[tuple[str, str], int],
    host: Host,
    licence: Mapping[str, Any],
    webhooks: Sequence[Tally],
    now: datetime,
    fleet: FleetStatus,
) -> bytes:
    """The text that Prometheus scrapes. ``failures``: by printer and code. ``licence``: its description."""
    # Imported here: a shop without Prometheus needs none of it.
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.process_collector import ProcessCollector

    build = GaugeMetricFamily("fiscald_build_info", "Version of the daemon", labels=["version"])
    build.add_metric([__version__], 1)
    found: list[Metric] = [build, *_of_host(host), *_of_licence(licence, now)]
    found += of_printers(printers, now)
    found += [*_of_jobs(printers, figures, now), _of_failures(failures)]
    if any(status.gateway is not None for status in printers):
        found += _of_gateways(printers)
    if webhooks:
        found += _of_webhooks(webhooks)
    if fleet.configured:
        found += _of_fleet(fleet)
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Made(found))
    return generate_latest(registry)


def _of_host(host: Host) -> list[Metric]:
    from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily

    late = HistogramMetricFamily(
        "fiscald_loop_late_seconds", "How late the event loop woke a task that waited",
        list(host.lateness.buckets()), host.lateness.seconds,
    )  # fmt: skip
    found: list[Metric] = [late]
    if host.journal_size is not None:
        found.append(GaugeMetricFamily("fiscald_journal_bytes", "Size of the journal with its log", host.journal_size))
    if host.disk_free is not None:
        found += [
            GaugeMetricFamily("fiscald_disk_free_bytes", "Free on the disk of the state directory", host.disk_free),
            GaugeMetricFamily("fiscald_disk_low", "1 while the free space is low", host.disk_free < DISK_LOW),
        ]
    return found


def _of_licence(licence: Mapping[str, Any], now: datetime) -> list[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    state = GaugeMetricFamily("fiscald_licence_state", "1 for the state of the licence", labels=["state"])
    state.add_metric([licence["state"]], 1)
    left = GaugeMetricFamily(
        "fiscald_licence_left_seconds", "Until it ends, must be confirmed, or brings no updates", labels=["of"]
    )
    for of, name in _ENDS.items():
        if licence.get(name) is not None:
            left.add_metric([of], (_moment(licence[name]) - now).total_seconds())
    may = GaugeMetricFamily("fiscald_licence_may_print", "1 if the licence allows documents", licence["may_print"])
    return [state, may, left]


def _moment(text: str) -> datetime:
    """A time, or the end of a day."""
    if len(text) > len("2026-11-30"):
        return datetime.fromisoformat(text)
    return datetime.combine(date.fromisoformat(text), time.max, UTC)


def of_printers(printers: Sequence[PrinterStatus], now: datetime) -> list[Metric]:
    """What the status of each printer says."""
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    found: list[Metric] = []

    def gauge(name: str, meaning: str, *labels: str) -> GaugeMetricFamily:
        made = GaugeMetricFamily(name, meaning, labels=["printer", *labels])
        found.append(made)
        return made

    def counter(name: str, meaning: str) -> CounterMetricFamily:
        made = CounterMetricFamily(name, meaning, labels=["printer"])
        found.append(made)
        return made

    state = gauge("fiscald_printer_state", "1 for the state the printer is in", "state")
    queue = gauge("fiscald_printer_queue", "Accepted jobs that are waiting")
    age = gauge("fiscald_printer_age_seconds", "Seconds since the printer last answered")
    fiscal = gauge("fiscald_printer_fiscal", "0 for a printer in training mode")
    paper = gauge("fiscald_printer_paper_low", "1 while its paper is near the end; missing if it does not say")
    day = gauge("fiscald_printer_day_open", "1 while there are sales since the last daily report")
    ahead = gauge("fiscald_printer_clock_ahead_seconds", "Its clock minus the clock of this computer")
    warning = gauge("fiscald_printer_warning", "1 for a warning of the printer", "code")
    strays = counter("fiscald_printer_strays", "Unexpected replies")
    damaged = counter("fiscald_printer_damaged", "Replies damaged on the line")
    stale = gauge("fiscald_printer_stale", "1 if the known status is not current")
    for status in printers:
        name = [status.name]
        for situation in PrinterState:
            state.add_metric([*name, situation], status.state is situation)
        queue.add_metric(name, status.queue)
        stale.add_metric(name, status.stale)
        strays.add_metric(name, status.strays)
        damaged.add_metric(name, status.damaged)
        if status.identity is not None:
            fiscal.add_metric(name, status.identity.fiscal)
        if status.paper_low is not None:
            paper.add_metric(name, status.paper_low)
        if status.day_open is not None:
            day.add_metric(name, status.day_open)
        if status.clock is not None and status.ages.clock is not None:
            shown = status.clock + timedelta(milliseconds=status.ages.clock)
            ahead.add_metric(name, (shown - now).total_seconds())
        for notice in status.warnings:
            warning.add_metric([*name, notice.code], 1)
        if status.age_ms is not None:
            age.add_metric(name, status.age_ms / 1000)
    return found


def _of_gateways(printers: Sequence[PrinterStatus]) -> list[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    connected = GaugeMetricFamily(
        "fiscald_gateway_connected", "1 while a program is connected; missing at a serial port", labels=["printer"]
    )
    waits = GaugeMetricFamily(
        "fiscald_gateway_waits", "1 while a program waits for the end of its document", labels=["printer"]
    )
    documents = CounterMetricFamily(
        "fiscald_gateway_documents", "Documents of programs since the start, by outcome", labels=["printer", "outcome"]
    )
    for status in printers:
        gateway = status.gateway
        if gateway is None:
            continue
        if not gateway.listen.startswith("pty:"):
            connected.add_metric([status.name], gateway.program is not None)
        waits.add_metric([status.name], gateway.document is not None)
        for outcome in ("printed", "refused", "repeated"):
            documents.add_metric([status.name, outcome], getattr(gateway, outcome))
    return [connected, waits, documents]


def _of_jobs(printers: Sequence[PrinterStatus], figures: Figures, now: datetime) -> list[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    jobs = GaugeMetricFamily("fiscald_jobs", "Jobs in the journal by state", labels=["printer", "state"])
    oldest = GaugeMetricFamily(
        "fiscald_printer_queue_age_seconds", "How long the oldest waiting job has waited", labels=["printer"]
    )
    for status in printers:
        for each in JobState:
            jobs.add_metric([status.name, each], figures.states.get((status.name, each.value), 0))
        since = figures.oldest.get(status.name)
        waited = timedelta() if since is None else max(timedelta(), now - datetime.fromisoformat(since))
        oldest.add_metric([status.name], waited.total_seconds())
    return [jobs, oldest]


def _of_failures(failures: Mapping[tuple[str, str], int]) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    failed = CounterMetricFamily("fiscald_jobs_failed", "Jobs that failed since the start", labels=["printer", "code"])
    for (printer, code), number in sorted(failures.items()):
        failed.add_metric([printer, code], number)
    return failed


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


def _of_fleet(fleet: FleetStatus) -> list[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    connected = GaugeMetricFamily("fiscald_fleet_connected", "1 if there is a connection to the broker")
    connected.add_metric([], fleet.connected)
    waiting = GaugeMetricFamily("fiscald_fleet_outcomes_waiting", "Outcomes that the central has not acknowledged")
    waiting.add_metric([], fleet.outcomes_waiting)
    refused = CounterMetricFamily(
        "fiscald_fleet_messages_refused", "Messages not obeyed since the start, by code", labels=["code"]
    )
    for code, count in sorted(fleet.refused.items()):
        refused.add_metric([code], count)
    return [connected, waiting, refused]


class _Made:
    """Metrics that are made already."""

    def __init__(self, found: Sequence[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        """All of them."""
        return self._found
