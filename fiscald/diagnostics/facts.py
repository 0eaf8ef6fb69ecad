"""Gathers the facts for the checks, so that the checks are pure functions of values."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import anyio

from fiscald.diagnostics.access import Denial, denial, is_group, is_user, may, name_of_group, name_of_user, user_name
from fiscald.diagnostics.board import absent_remedy, console_remedy
from fiscald.diagnostics.candidates import Configured, candidates, widened
from fiscald.diagnostics.findings import Finding
from fiscald.diagnostics.host import Held, Host, SerialPort, UartCounters
from fiscald.diagnostics.network import NetworkFacts
from fiscald.diagnostics.places import same_device
from fiscald.diagnostics.probing import Asking, Probed, probe
from fiscald.diagnostics.units import Units
from fiscald.model.jobs import Notice
from fiscald.model.printers import Counters, PrinterState, PrinterStatus
from fiscald.model.problems import Problem
from fiscald.model.times import settle
from fiscald.model.webhooks import WebhookStatus
from fiscald.protocols.decoding import Direction
from fiscald.recording.packets import Side, read
from fiscald.recording.pcapng import RecordingError
from fiscald.recording.reading import entries
from fiscald.transport import PortHeld, SerialLine, TcpHost

#: The problem of a printer whose port opens, but which does not answer the daemon.
SILENT = "link.silent"
#: Seconds to wait until the daemon closes the port of a silent printer: it does so for a few seconds out of ten.
PORT_SECONDS = 15.0
#: The group with the right to print, and the daemon's user.
FISCALD = "fiscald"
RULE = "70-fiscald.rules"


@dataclass(frozen=True, slots=True)
class SocketFacts:
    """The daemon's socket, and the permissions of the caller."""

    path: Path
    answers: bool
    """Whether the daemon answered on it."""
    there: bool = False
    """Whether the socket exists, as far as the caller can see."""
    mode: int = 0
    group_there: bool = True
    """Whether the group with the right to print exists."""
    denied: Denial | None = None
    """Why the caller cannot open it."""


@dataclass(frozen=True, slots=True)
class PortFacts:
    """A serial port, and the permissions of the daemon's user."""

    device: str
    there: bool
    may_open: bool = True
    owner: str = "root"
    group: str = "dialout"
    mode: int = 0o660
    held: Held = field(default_factory=Held)
    port: SerialPort | None = None
    """The port, if this computer has it."""
    console: bool = False
    console_remedy: str = ""
    absent_remedy: str = "fiscalctl scan"
    modem_ignored: bool = True
    """Whether a udev property makes ModemManager ignore it."""
    uart: UartCounters | None = None


@dataclass(frozen=True, slots=True)
class LineFacts:
    """The latest frames from a printer."""

    intact: int = 0
    damaged: int = 0
    """Damaged frames, and runs of bytes that are not frames."""


@dataclass(frozen=True, slots=True)
class PrinterFacts:
    """One configured printer."""

    configured: Configured
    port: PortFacts | None = None
    """The port of a serial address."""
    state: PrinterState | None = None
    """``None``: not known."""
    problem: Problem | None = None
    counters: Counters | None = None
    vat: dict[str, str | None] | None = None
    clock: datetime | None = None
    clock_read: datetime | None = None
    """When ``clock`` was read, by this computer's clock."""
    paper_low: bool = False
    fiscal: bool = True
    line: LineFacts = field(default_factory=LineFacts)
    warnings: tuple[Notice, ...] = ()
    """The daemon's warnings about it."""
    probed: Probed | None = None
    """The result of our own probe, if no daemon uses it or it does not answer the daemon."""
    same: str | None = None
    """Another configured printer with the same device."""
    xml_beside: bool = False
    """A web printer refuses the connection, and its host answers in XML."""

    @property
    def emulated(self) -> bool | None:
        """Whether it is an emulated printer; ``None`` if the daemon does not know yet."""
        status = self.configured.status
        return None if status is None or status.identity is None else status.identity.emulated


class StateFacts(NamedTuple):
    """The state directory's disk."""

    path: Path
    free: int
    """Bytes."""
    read_only: bool
    mount: Path
    journal: str | None = None
    """What is wrong with the journal; checked only if no daemon uses it."""
    missing: bool = False
    """A daemon has used the directory, and the journal is gone."""
    mode: int = 0o700


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts for the checks."""

    socket: SocketFacts
    user: str
    """The caller."""
    daemon_user: str
    """The user whose permissions for the ports count."""
    config_path: Path
    config_error: str | None = None
    config_unread: str | None = None
    """Why the caller cannot read the configuration."""
    named: tuple[Finding, ...] = ()
    """Findings about files, users and groups that the configuration names."""
    units: Units = field(default_factory=Units)
    printers_known: bool = True
    """False: neither the daemon nor the configuration file says which printers there are."""
    printers: tuple[PrinterFacts, ...] = ()
    licence: dict[str, Any] | None = None
    """The daemon's answer; ``None`` without one."""
    webhooks: tuple[WebhookStatus, ...] = ()
    """The daemon's answer."""
    state: StateFacts | None = None
    network: NetworkFacts | None = None
    """The listener; ``None``: there is none, or the configuration is not known."""
    programs: frozenset[str] = frozenset()
    rule: bool = True
    """Whether fiscald's udev rule is installed."""
    unseen: bool = False
    """This user cannot see processes of other users."""


# -- gathering -------------------------------------------------------------------------------------------


def socket_facts(path: Path, *, answers: bool) -> SocketFacts:
    """The socket at ``path``."""
    denied, group = denial(path, write=True), is_group(FISCALD)
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except PermissionError:  # in a folder that this user cannot enter
        return SocketFacts(path, answers, there=True, group_there=group, denied=denied)
    except OSError:
        return SocketFacts(path, answers, group_there=group)
    return SocketFacts(path, answers, there=True, mode=mode, group_there=group, denied=denied)


def port_facts(host: Host, address: SerialLine, user: str) -> PortFacts:
    """The port of a printer, and whether ``user`` can open it."""
    path = host.path(address.path)
    try:
        found = path.stat()
    except OSError:
        return PortFacts(address.path, there=False, absent_remedy=absent_remedy(host, address.path))
    port = host.port_at(address.path)
    device = port.device if port is not None else address.path
    return PortFacts(
        device,
        there=True,
        may_open=may(found, user),
        owner=name_of_user(found.st_uid),
        group=name_of_group(found.st_gid),
        mode=stat.S_IMODE(found.st_mode),
        held=host.held(address.path),
        port=port,
        console=Path(device).name in host.consoles(),
        console_remedy=console_remedy(host, Path(device).name),
        modem_ignored=host.udev(device).get("ID_MM_DEVICE_IGNORE") == "1" or port is None or port.driver != "cdc_acm",
        uart=host.uart(device),
    )


def printer_facts(
    host: Host,
    configured: Configured,
    user: str,
    now: datetime,
    *,
    capture: bytes = b"",
    probed: Probed | None = None,
    same: str | None = None,
) -> PrinterFacts:
    """The facts about a printer, from the daemon or from our own probe."""
    address = configured.address
    port = port_facts(host, address, user) if isinstance(address, SerialLine) else None
    status = configured.status
    if status is not None:
        return replace(_from_daemon(configured, port, status, now, line_facts(capture), probed), same=same)
    answer = probed.answer if probed is not None else None
    found = answer.introduction if answer is not None else None
    if found is None:
        return PrinterFacts(configured, port, probed=probed, same=same)
    return PrinterFacts(
        configured,
        port,
        PrinterState.BUSY if found.transaction_open and not found.condition.problem else found.condition.state,
        found.condition.problem,
        found.counters,
        found.rates or None,
        None if found.clock is None else settle(found.clock, now),
        now,
        bool(found.condition.paper_low),
        found.identity.fiscal,
        probed=probed,
        same=same,
    )


def _from_daemon(
    configured: Configured,
    port: PortFacts | None,
    status: PrinterStatus,
    now: datetime,
    line: LineFacts,
    probed: Probed | None,
) -> PrinterFacts:
    return PrinterFacts(
        configured,
        port,
        status.state,
        status.problem,
        status.counters,
        status.vat,
        None if status.stale else status.clock,
        now - timedelta(milliseconds=status.ages.clock or 0),
        bool(status.paper_low),
        status.identity is None or status.identity.fiscal,
        line,
        status.warnings,
        probed,
    )


def line_facts(capture: bytes) -> LineFacts:
    """Counts intact and damaged frames from the printer in a recording."""
    try:
        received = [
            entry.frame
            for entry in entries(read(capture).packets)
            if entry.frame is not None and entry.direction is Direction.RECEIVED and entry.side is Side.PRINTER
        ]
    except RecordingError:
        return LineFacts()
    damaged = sum(frame.damage is not None for frame in received)
    return LineFacts(len(received) - damaged, damaged)


def state_facts(path: Path, *, daemon: bool) -> StateFacts | None:
    """The state directory; ``None`` if it does not exist, or this user cannot see it."""
    try:
        usage, system = shutil.disk_usage(path), os.statvfs(path)
    except OSError:
        return None
    mount = path.absolute()
    while not mount.is_mount():
        mount = mount.parent
    from fiscald.journal import inspection  # here: only the doctor needs it, and all of the journal comes with it

    journal = None if daemon else inspection.damage(path)
    missing = not daemon and inspection.is_missing(path)
    mode = stat.S_IMODE(path.stat().st_mode)
    return StateFacts(path, usage.free, bool(system.f_flag & os.ST_RDONLY), mount, journal, missing, mode)


async def ask_all(
    host: Host, configured: Sequence[Configured], asking: Callable[[Asking], None] = lambda _: None
) -> dict[str, Probed]:
    """Probe every printer that no program uses, with every family, its own first. Returns the results by name.

    A printer of a running daemon is probed only if it does not answer the daemon, which closes the port now and then.
    Calls ``asking`` before every attempt.
    """
    found = {}
    for one in configured:
        silent = one.status is not None and one.status.problem is not None and one.status.problem.code == SILENT
        asked = replace(one, status=None) if silent else one
        candidate = next(each for each in candidates(host, [asked]) if each.configured is not None)
        if silent:
            candidate = replace(candidate, holders=())
        if candidate.refusal is None:
            patience = PORT_SECONDS if silent else 0
            until = anyio.current_time() + patience
            probed = await probe(widened(candidate), host, asking=asking, patience=patience)
            # A network printer accepts one connection at a time: while the daemon has it, it ignores us.
            while isinstance(one.address, TcpHost) and probed.answer is None and anyio.current_time() < until:
                probed = await probe(widened(candidate), host, asking=asking)
            if silent and isinstance(probed.problem, PortHeld):
                probed = replace(probed, problem=None)  # the daemon holds it, because it keeps trying
            if probed.problem is not None or probed.attempts:
                found[one.name] = probed
    return found


def twins(host: Host, configured: Sequence[Configured]) -> dict[str, str]:
    """Printers that use the same device as an earlier one, by name."""
    found: dict[str, str] = {}
    for place, one in enumerate(configured):
        for other in configured[:place]:
            if same_device(host, one.address, other.address):
                found.setdefault(one.name, other.name)
    return found


def default_daemon_user() -> str:
    """The daemon's own user, or the caller where there is no such user."""
    return FISCALD if is_user(FISCALD) else user_name()
