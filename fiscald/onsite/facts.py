"""What the checks judge: gathered here, at the edge, so that judging needs nothing but values."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import sqlite3
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from fiscald.model.printers import Counters, PrinterState, PrinterStatus
from fiscald.model.problems import Problem
from fiscald.onsite.candidates import Configured, candidates
from fiscald.onsite.host import Held, Host, SerialPort, UartCounters
from fiscald.onsite.probing import Probed, probe
from fiscald.protocols.base import Direction
from fiscald.recording.packets import read
from fiscald.recording.pcapng import RecordingError
from fiscald.recording.reading import entries
from fiscald.transport import SerialLine

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
    mode: int = 0
    group: str = FISCALD
    group_there: bool = True
    may_open: bool = True
    member: bool = False
    """By the computer's table of groups."""


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
    probed: Probed | None = None
    """What it answered us, where no daemon has it."""

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


def socket_facts(path: Path, user: str, *, answers: bool) -> SocketFacts:
    """The socket at ``path``."""
    try:
        found = path.stat()
    except PermissionError:
        # In a folder that this user may not enter.
        member = FISCALD in map(_group_name, _groups(user))
        return SocketFacts(path, answers, there=True, group_there=_group_there(), may_open=False, member=member)
    except OSError:
        return SocketFacts(path, answers, group_there=_group_there())
    group = _group_name(found.st_gid)
    return SocketFacts(
        path,
        answers,
        there=True,
        mode=stat.S_IMODE(found.st_mode),
        group=group,
        group_there=_group_there(),
        may_open=os.access(path, os.R_OK | os.W_OK),
        member=found.st_gid in _groups(user),
    )


def port_facts(host: Host, address: SerialLine, user: str) -> PortFacts:
    """The port of a printer, and whether ``user`` may open it."""
    path = host.path(address.path)
    try:
        found = path.stat()
    except OSError:
        return PortFacts(address.path, there=False)
    port = host.port_at(address.path)
    device = port.device if port is not None else address.path
    return PortFacts(
        device,
        there=True,
        may_open=_may_open(found, user),
        owner=_user_name(found.st_uid),
        group=_group_name(found.st_gid),
        mode=stat.S_IMODE(found.st_mode),
        held=host.held(address.path),
        port=port,
        console=Path(device).name in host.consoles(),
        modem_ignored=host.udev(device).get("ID_MM_DEVICE_IGNORE") == "1" or port is None or port.driver != "cdc_acm",
        uart=host.uart(device),
    )


def printer_facts(
    host: Host, configured: Configured, user: str, now: datetime, *, capture: bytes = b"", probed: Probed | None = None
) -> PrinterFacts:
    """A printer, from what the daemon says of it or from what it answered us."""
    address = configured.address
    port = port_facts(host, address, user) if isinstance(address, SerialLine) else None
    status = configured.status
    if status is not None:
        return _told(configured, port, status, now, line_facts(capture))
    answer = probed.answer if probed is not None else None
    found = answer.introduction if answer is not None else None
    if found is None:
        return PrinterFacts(configured, port, probed=probed)
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
    )


def _told(
    configured: Configured, port: PortFacts | None, status: PrinterStatus, now: datetime, line: LineFacts
) -> PrinterFacts:
    return PrinterFacts(
        configured,
        port,
        status.state,
        status.problem,
        status.counters,
        status.vat,
        None if status.stale else status.clock,
        now,
        bool(status.paper_low),
        status.identity is None or status.identity.fiscal,
        line,
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
    journal = None if daemon else journal_damage(path / "journal.db")
    missing = not daemon and (path / "lock").exists() and not (path / "journal.db").exists()
    mode = stat.S_IMODE(path.stat().st_mode)
    return StateFacts(path, usage.free, bool(system.f_flag & os.ST_RDONLY), mount, journal, missing, mode)


def journal_damage(path: Path) -> str | None:
    """What is wrong with the journal; only for one that no daemon uses, whose writing a reader might hold up."""
    if not os.access(path, os.R_OK):
        return None
    try:
        with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as journal:
            (health,) = journal.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError:
        return None  # interrupted in the middle of a transaction: the daemon takes it back when it starts
    except sqlite3.Error as error:
        return str(error)
    return None if health == "ok" else str(health)


async def ask_all(host: Host, configured: Sequence[Configured]) -> dict[str, Probed]:
    """Ask every printer that nobody holds; by name."""
    found = {}
    for candidate in candidates(host, configured):
        if candidate.configured is not None and candidate.refusal is None:
            found[candidate.configured.name] = await probe(candidate, host)
    return found


def user_name() -> str:
    """Who asks."""
    return _user_name(os.getuid())


def is_user(name: str) -> bool:
    """Whether there is a user of that name."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def default_daemon_user() -> str:
    """The daemon's own user, or whoever asks where there is no such user."""
    return FISCALD if is_user(FISCALD) else user_name()


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _group_there() -> bool:
    try:
        grp.getgrnam(FISCALD)
    except KeyError:
        return False
    return True


def _groups(user: str) -> set[int]:
    try:
        return set(os.getgrouplist(user, pwd.getpwnam(user).pw_gid))
    except KeyError:
        return set()


def _may_open(found: os.stat_result, user: str) -> bool:
    """By owner, group and mode, as the kernel decides it."""
    try:
        uid = pwd.getpwnam(user).pw_uid
    except KeyError:
        return True
    if uid == 0:
        return True
    shift = 6 if found.st_uid == uid else 3 if found.st_gid in _groups(user) else 0
    return found.st_mode >> shift & 0o6 == 0o6
