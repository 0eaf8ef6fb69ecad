"""Faults of a printer that speaks HTTP."""

from __future__ import annotations

from collections.abc import Callable

from fiscald.emulator.device import Device
from fiscald.emulator.faults import Fault as DeviceFault
from fiscald.emulator.faults import FaultKind, Switch
from tests.chaos.schedule import HTTP_ACTS, WORK_ACTS, Fault, What

#: Jobs that print or change something; the printer's work on the others is no document.
_DOCUMENTS = ("receipt", "invoice", "nf_printout", "daily_report")
_PAGES_AND_STATUSES = (What.STATUS_BEFORE, What.STATUS_AFTER, What.PAGE_BEFORE, What.PAGE_AFTER)


def plan(device: Device, fault: Fault) -> None:
    """Put that fault where it will happen."""
    if fault.what is What.QUEUE_LOST:
        device.faults.plan(DeviceFault(act=FaultKind.SWITCH, nth=fault.at, switch=Switch.QUEUE_LOST))
    elif fault.what in WORK_ACTS:
        for name in _DOCUMENTS:
            planned = DeviceFault(
                act=WORK_ACTS[fault.what], nth=fault.at, seconds=fault.seconds, command=f"run {name}"
            )
            device.faults.plan(planned)
    else:
        status = fault.amount if fault.what in _PAGES_AND_STATUSES else None
        device.faults.plan(DeviceFault(act=HTTP_ACTS[fault.what], nth=fault.at, status=status))


def meet(device: Device, happens: Callable[[What], None]) -> None:
    """Count what happens to the printer's own work."""
    real = device.faults.named_faults
    works = {act: what for what, act in WORK_ACTS.items()}

    def named_faults(step: str) -> list[DeviceFault]:
        due = real(step)
        for fault in due:
            happens(works[fault.act])
        return due

    device.faults.named_faults = named_faults  # type: ignore[method-assign]
