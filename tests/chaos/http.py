"""Faults of a printer that speaks HTTP."""

from __future__ import annotations

from collections.abc import Callable

from fiscald.emulator.device import Device
from fiscald.emulator.faults import Fault as DeviceFault
from fiscald.emulator.faults import FaultKind, Switch
from fiscald.emulator.noviapi.answers import MULTIPLE_ACCESS
from fiscald.emulator.noviapi.api import Held
from fiscald.emulator.noviapi.device import NoviApiPrinter
from fiscald.emulator.noviapi.http import Answer, Request
from fiscald.emulator.noviapi.jobs import Job
from fiscald.emulator.noviapi.work import Outcome
from tests.chaos.schedule import HTTP_ACTS, WORK_ACTS, Fault, What

#: Jobs that print or change something; the printer's work on the others is no document.
_DOCUMENTS = ("receipt", "invoice", "nf_printout", "daily_report")
_PAGES_AND_STATUSES = (What.STATUS_BEFORE, What.STATUS_AFTER, What.PAGE_BEFORE, What.PAGE_AFTER)


def plan(device: Device, fault: Fault, happens: Callable[[What], None]) -> None:
    """Put that fault where it will happen."""
    if fault.what is What.WORK_FAKED:
        assert isinstance(device, NoviApiPrinter)
        _fake(device, fault.at, happens)
    elif fault.what is What.QUEUE_LOST:
        device.faults.plan(DeviceFault(act=FaultKind.SWITCH, nth=fault.at, switch=Switch.QUEUE_LOST))
    elif fault.what in WORK_ACTS:
        for name in _DOCUMENTS:
            planned = DeviceFault(act=WORK_ACTS[fault.what], nth=fault.at, seconds=fault.seconds, command=f"run {name}")
            device.faults.plan(planned)
    else:
        status = fault.amount if fault.what in _PAGES_AND_STATUSES else None
        device.faults.plan(DeviceFault(act=HTTP_ACTS[fault.what], nth=fault.at, status=status))


def _fake(device: NoviApiPrinter, nth: int, happens: Callable[[What], None]) -> None:
    """The n-th document is not carried out, and the printer says that it is done."""
    worker, left = device._worker, nth
    real = worker.carry_out

    def carry_out(job: Job) -> Outcome:
        nonlocal left
        left -= job.endpoint in _DOCUMENTS and job.port == 1
        if left or job.endpoint not in _DOCUMENTS or job.port != 1:
            return real(job)
        left = -1
        happens(What.WORK_FAKED)
        return Outcome(jpkid=worker.memory.jpkid)

    worker.carry_out = carry_out  # type: ignore[method-assign]


def left_stored(device: Device) -> set[str]:
    """The ids of documents that the printer stores at the daemon's server and that have no confirmation."""
    if not isinstance(device, NoviApiPrinter):
        return set()
    return {job.id for job in device.table.waiting if job.state == "STORED" and job.port == 1}


def meet(device: NoviApiPrinter, happens: Callable[[What], None], denied: list[float]) -> None:
    """Count what happens to the printer's own work. ``denied``: when it took the token away for a second ``PUT``."""
    api = device._ports[0].api
    respond = api.respond

    def responded(request: Request, now: float) -> Answer | Held:
        answer = respond(request, now)
        if answer == MULTIPLE_ACCESS:
            denied.append(now)
        return answer

    api.respond = responded  # type: ignore[method-assign]
    real = device.faults.named_faults
    works = {act: what for what, act in WORK_ACTS.items()}

    def named_faults(step: str) -> list[DeviceFault]:
        due = real(step)
        for fault in due:
            happens(works[fault.act])
        return due

    device.faults.named_faults = named_faults  # type: ignore[method-assign]
