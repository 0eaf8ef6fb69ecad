"""Prometheus metrics, read from the engine for each request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fiscald import __version__
from fiscald.model.disk import DISK_LOW
from fiscald.model.jobs import JobState
from fiscald.model.printers import PrinterState, PrinterStatus


def render(
    printers: Sequence[PrinterStatus], counts: Mapping[tuple[str, str], int], disk_free: int | None = None
) -> bytes:
    """The text that Prometheus scrapes."""
    # Imported here: without Prometheus, nobody asks for metrics.
    from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
    from prometheus_client.process_collector import ProcessCollector

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    build = Gauge("fiscald_build_info", "Version of the daemon", ["version"], registry=registry)
    build.labels(__version__).set(1)
    jobs = Gauge("fiscald_jobs", "Jobs in the journal by state", ["printer", "state"], registry=registry)
    state = Gauge("fiscald_printer_state", "1 for the state the printer is in", ["printer", "state"], registry=registry)
    queue = Gauge("fiscald_printer_queue", "Accepted jobs that are waiting", ["printer"], registry=registry)
    age = Gauge(
        "fiscald_printer_age_seconds", "Seconds since the printer last answered", ["printer"], registry=registry
    )
    fiscal = Gauge("fiscald_printer_fiscal", "0 for a printer in training mode", ["printer"], registry=registry)
    warning = Gauge("fiscald_printer_warning", "1 for a warning of the printer", ["printer", "code"], registry=registry)
    strays = Counter("fiscald_printer_strays", "Unexpected replies", ["printer"], registry=registry)
    damaged = Counter("fiscald_printer_damaged", "Replies damaged on the line", ["printer"], registry=registry)
    stale = Gauge("fiscald_printer_stale", "1 if the known status is not current", ["printer"], registry=registry)
    if disk_free is not None:
        free = Gauge("fiscald_disk_free_bytes", "Free on the disk of the state directory", registry=registry)
        free.set(disk_free)
        low = Gauge("fiscald_disk_low", "1 while the free space is low", registry=registry)
        low.set(disk_free < DISK_LOW)
    for status in printers:
        for each in JobState:
            jobs.labels(status.name, each).set(counts.get((status.name, each.value), 0))
        for situation in PrinterState:
            state.labels(status.name, situation).set(status.state is situation)
        queue.labels(status.name).set(status.queue)
        stale.labels(status.name).set(status.stale)
        strays.labels(status.name).inc(status.strays)
        damaged.labels(status.name).inc(status.damaged)
        if status.identity is not None:
            fiscal.labels(status.name).set(status.identity.fiscal)
        for notice in status.warnings:
            warning.labels(status.name, notice.code).set(1)
        if status.age_ms is not None:
            age.labels(status.name).set(status.age_ms / 1000)
    return generate_latest(registry)
