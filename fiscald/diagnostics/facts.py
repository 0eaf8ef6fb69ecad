"""What the checks judge: gathered here, at the edge, so that judging needs nothing but values."""

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
from fiscald.diagnostics.places import same_device
from fiscald.diagnostics.probing import Asking, Probed, probe
from fiscald.diagnostics.units import Units
from fiscald.journal import inspection
from fiscald.model.jobs import Notice
from fiscald.model.printers import Counters, PrinterState, PrinterStatus
from fiscald.model.problems import Problem
from fiscald.protocols.decoding import Direction
from fiscald.recording.packets import read
from fiscald.recording.pcapng import RecordingError
from fiscald.recording.reading import entries
from fiscald.transport import PortHeld, SerialLine, TcpHost

#: The problem of a printer that is open and does not answer the daemon.
SILENT = "link.silent"
#: Seconds to wait until the daemon lets go of a silent printer's port: it does so for some of ten.
PORT_SECONDS = 15.0
#: The group that may print, and the daemon's user.
FISCALD = "fiscald"
RULE = "70-fiscald.rules"


@dataclass(frozen=True, slots=True)
class SocketFacts:
    """The daemon's socket, and the rights of who asks."""

    path: Path
    answers: bool
    """Whether the daemon was reached through it."""
    there: bool = False
    """As far as who asks may see."""
    mode: int = 0
    group_there: bool = True
    """Whether there is the group that may print."""
    denied: Denial | None = None
    """Why who asks may not open it."""


@dataclass(frozen=True, slots=True)
class PortFacts:
    """A serial port, and the rights of the daemon's user."""

    device: str
    there: bool
    may_open: bool = True
    owner: str = "root"
    group: str = "dialout"
    mode: int = 0o660
    held: Held = field(default_factory=Held)
    port: SerialPort | None = None
    """Where the port is one of this computer's."""
    console: bool = False
    console_remedy: str = ""
    absent_remedy: str = "fiscalctl scan"
    modem_ignored: bool = True
    """Whether udev tells ModemManager to leave it alone."""
    uart: UartCounters | None = None


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What came from a printer lately."""

    intact: int = 0
    damaged: int = 0
    """Frames, and stretches of bytes that are none."""


@dataclass(frozen=True, slots=True)
class PrinterFacts:
    """One configured printer."""

    configured: Configured
    port: PortFacts | None = None
    """Of a serial address."""
    state: PrinterState | None = None
    """``None``: nobody has been able to ask it."""
    problem: Problem | None = None
    counters: Counters | None = None
    vat: dict[str, str | None] | None = None
    clock: datetime | None = None
    clock_read: datetime | None = None
    """When that was, by this computer's clock."""
    paper_low: bool = False
    fiscal: bool = True
    line: LineFacts = field(default_factory=LineFacts)
    warnings: tuple[Notice, ...] = ()
    """What the daemon says a person should know."""
    probed: Probed | None = None
    """What it answered us, where no daemon has it, or the daemon hears nothing."""
    same: str | None = None
    """Another printer of the configuration that is at the same device."""

    @property
    def emulated(self) -> bool | None:
        """Whether it is an emulated printer; ``None`` where the daemon does not know yet."""
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
    """What is wrong with the journal; looked at only while no daemon has it."""
    missing: bool = False
    """A daemon has used the directory, and the journal is gone."""
    mode: int = 0o700


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything."""

    socket: SocketFacts
    user: str
    """Who asks."""
    daemon_user: str
    """Whose rights to the ports count."""
    config_path: Path
    config_error: str | None = None
    config_unread: str | None = None
    """Why who asks may not read the configuration."""
    named: tuple[Finding, ...] = ()
    """What is wrong with what the configuration names."""
    units: Units = field(default_factory=Units)
    printers_known: bool = True
    """False: neither the daemon nor the configuration file told which there are."""
    printers: tuple[PrinterFacts, ...] = ()
    licence: dict[str, Any] | None = None
    """The daemon's answer; ``None`` without one."""
    state: StateFacts | None = None
    programs: frozenset[str] = frozenset()
    rule: bool = True
    """Whether fiscald's udev rule is installed."""
    unseen: bool = False
    """Processes of other users could not be looked into."""


# -- gathering -------------------------------------------------------------------------------------------


def socket_facts(path: Path, *, answers: bool) -> SocketFacts:
    """The socket at ``path``."""
    denied, group = denial(path, write=True), is_group(FISCALD)
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except PermissionError:  # in a folder that this user may not enter
        return SocketFacts(path, answers, there=True, group_there=group, denied=denied)
    except OSError:
        return SocketFacts(path, answers, group_there=group)
    return SocketFacts(path, answers, there=True, mode=mode, group_there=group, denied=denied)


def port_facts(host: Host, address: SerialLine, user: str) -> PortFacts:
    """The port of a printer, and whether ``user`` may open it."""
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
    """A printer, from what the daemon says of it or from what it answered us."""
    address = configured.address
    port = port_facts(host, address, user) if isinstance(address, SerialLine) else None
    status = configured.status
    if status is not None:
        return replace(_told(configured, port, status, now, line_facts(capture), probed), same=same)
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
        found.rates,
        found.clock,
        now,
        bool(found.condition.paper_low),
        found.identity.fiscal,
        probed=probed,
        same=same,
    )


def _told(
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
    """How intact what came from a printer was, in a recording of it."""
    try:
        received = [
            entry.frame
            for entry in entries(read(capture).packets)
            if entry.frame is not None and entry.direction is Direction.RECEIVED
        ]
    except RecordingError:
        return LineFacts()
    damaged = sum(frame.damage is not None for frame in received)
    return LineFacts(len(received) - damaged, damaged)


def state_facts(path: Path, *, daemon: bool) -> StateFacts | None:
    """The state directory; ``None`` where there is none, or this user may not see it."""
    try:
        usage, system = shutil.disk_usage(path), os.statvfs(path)
    except OSError:
        return None
    mount = path.absolute()
    while not mount.is_mount():
        mount = mount.parent
    journal = None if daemon else inspection.damage(path)
    missing = not daemon and inspection.is_missing(path)
    mode = stat.S_IMODE(path.stat().st_mode)
    return StateFacts(path, usage.free, bool(system.f_flag & os.ST_RDONLY), mount, journal, missing, mode)


async def ask_all(
    host: Host, configured: Sequence[Configured], asking: Callable[[Asking], None] = lambda _: None
) -> dict[str, Probed]:
    """Ask every printer that nobody has, by the questions of every family, its own first; by name.

    A running daemon's printer is asked where the daemon hears nothing of it: it lets go of the port now and then.
    ``asking`` hears of every attempt before it is made.
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
            # A printer on the network takes one caller at a time: while that is the daemon, it does not hear us.
            while isinstance(one.address, TcpHost) and probed.answer is None and anyio.current_time() < until:
                probed = await probe(widened(candidate), host, asking=asking)
            if silent and isinstance(probed.problem, PortHeld):
                probed = replace(probed, problem=None)  # by the daemon, which tries again and again
            if probed.problem is not None or probed.attempts:
                found[one.name] = probed
    return found


def twins(host: Host, configured: Sequence[Configured]) -> dict[str, str]:
    """Printers that are at one device with an earlier one, by name."""
    found: dict[str, str] = {}
    for place, one in enumerate(configured):
        for other in configured[:place]:
            if same_device(host, one.address, other.address):
                found.setdefault(one.name, other.name)
    return found


def default_daemon_user() -> str:
    """The daemon's own user, or the caller where there is no such user."""
    return FISCALD if is_user(FISCALD) else user_name()
