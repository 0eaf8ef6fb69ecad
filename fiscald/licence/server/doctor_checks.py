"""What the doctor checks in configuration, keys and database. It reads only, and takes no turn of the server's."""

from __future__ import annotations

import base64
import ctypes
import ipaddress
import json
import os
import pwd
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from fiscald.licence import tokens
from fiscald.licence.keys import TEST_KEY
from fiscald.licence.server import backups, keyring, pepper, unnamed_proxy
from fiscald.licence.server.backups import BackupError
from fiscald.licence.server.config import Config, host_and_port
from fiscald.licence.server.doctor_findings import Finding, finding
from fiscald.licence.server.keyring import KeyringError
from fiscald.licence.server.store import SCHEMA_VERSION
from fiscald.licence.server.transaction import DAY

MIB = 1024 * 1024
#: Free space, in MiB: a fault below the first, a warning below the second.
DISK_FULL, DISK_LOW = 64, 1024
#: Days.
BACKUP_DAYS, KEY_LIST_DAYS = 2, 400
#: Seconds.
MAIL_STUCK = 1800
#: What ``adjtimex`` returns while the clock is not synchronised.
_TIME_ERROR = 5


class Host(NamedTuple):
    """The computer; a test gives another one."""

    now: Callable[[], int]
    free: Callable[[Path], int]
    """Free bytes on the disk of a directory."""
    is_synchronised: Callable[[], bool]
    """Whether the clock follows a time server."""


def free_bytes(path: Path) -> int:
    """Free on the disk of ``path``. Raises ``OSError``."""
    room = os.statvfs(path)
    return room.f_bavail * room.f_frsize


def is_synchronised() -> bool:
    """Whether the kernel says that the clock is kept right; also if it does not say."""
    state = ctypes.create_string_buffer(1024)  # struct timex, with no change asked for
    try:
        return int(ctypes.CDLL(None).adjtimex(state)) != _TIME_ERROR
    except (OSError, AttributeError):
        return True


# -- configuration and files -----------------------------------------------------------------------------


def config_findings(config: Config) -> Iterator[Finding]:
    """Addresses that are open to others."""
    host = config.address[0]
    if config.tls is None and not _is_loopback(host):
        yield finding("plain", listen=config.listen)
    if config.metrics is not None and not _is_near(host_and_port(config.metrics)[0]):
        yield finding("metrics_open", listen=config.metrics)
    for network in config.trusted_proxies:
        if ipaddress.ip_network(network).prefixlen == 0:
            yield finding("proxies_all", network=network)


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_near(host) and ipaddress.ip_address(host).is_loopback)


def _is_near(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_private and not address.is_unspecified


def denied_findings(config: Config) -> Iterator[Finding]:
    """Whether this user may look at all: the files belong to the server's user alone."""
    for path in (config.database, config.keys.directory / "pepper.key"):
        try:
            path.stat()
            if not os.access(path, os.R_OK, effective_ids=True):
                raise PermissionError
        except PermissionError:
            yield finding("denied", user=_user(os.geteuid()), path=path, owner=_owner(path))
            return
        except OSError:
            continue


def _owner(path: Path) -> str:
    """The user of the nearest directory that can be seen."""
    for each in (path, *path.parents):
        try:
            return _user(each.stat().st_uid)
        except OSError:
            continue
    return "fiscald-vendor"


def mode_findings(config: Config) -> Iterator[Finding]:
    """Files and directories that others may read or change."""
    database = config.database
    try:
        owner = database.stat().st_uid
    except OSError:
        owner = os.geteuid()
    if owner != os.geteuid():
        yield finding("user", owner=_user(owner), user=_user(os.geteuid()))
    directories = {database.parent, config.keys.directory}
    logs = (Path(f"{database}{end}") for end in ("", "-wal", "-shm", "-lock"))
    files = [*logs, config.smtp.password_file, None if config.tls is None else config.tls.key]
    for path, right in [*((each, 0o700) for each in sorted(directories)), *((each, 0o600) for each in files)]:
        if path is not None and (mode := _mode(path)) is not None and mode & 0o077 & ~_shared(path, config):
            yield finding("mode", path=path, mode=f"{mode:04o}", right=f"{right:04o}")


def _shared(path: Path, config: Config) -> int:
    """The rights of others that are right: group members may read keys of TLS and mail, which root hands out."""
    return stat.S_IRGRP if path in (config.smtp.password_file, config.tls and config.tls.key) else 0


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


# -- keys ------------------------------------------------------------------------------------------------


def key_findings(config: Config, db: sqlite3.Connection | None) -> Iterator[Finding]:
    """The keys, by themselves and against the database."""
    directory = config.keys.directory
    try:
        keys = keyring.load(directory, config.keys.sign_with)
    except KeyringError as error:
        yield finding("keys", reason=error, directory=directory)
        return
    if tokens.public_x(keys.signing) == TEST_KEY.x:
        yield finding("key_test", kid=keys.kid)
    if config.keys.mac not in keys.mac:
        yield finding("mac_unset", generation=config.keys.mac)
    if db is None:
        return
    row = db.execute("SELECT x, valid_to, revoked FROM signing_key WHERE kid = ?", (keys.kid,)).fetchone()
    if row is None or row[0] != tokens.public_x(keys.signing):
        yield finding("key_unknown", kid=keys.kid)
    elif row[1] is not None or row[2]:
        yield finding("key_retired", kid=keys.kid)
    for generation, count in db.execute("SELECT mk, count(*) FROM number GROUP BY mk").fetchall():
        if generation not in keys.mac:
            yield finding("mac_missing", generation=generation, count=count)
    if pepper.is_other(db, keys.pepper):
        yield finding("pepper")


def key_list_findings(db: sqlite3.Connection, kid: str, now: int) -> Iterator[Finding]:
    """The newest key list: there, young, and with all keys as they are now."""
    row = db.execute("SELECT at, token FROM key_list ORDER BY ver DESC LIMIT 1").fetchone()
    if row is None:
        yield finding("key_list_none")
        return
    if now - row[0] > KEY_LIST_DAYS * DAY:
        yield finding("key_list_old", days=(now - row[0]) // DAY)
    listed = {key["kid"]: (key["x"], key.get("valid_to"), bool(key.get("revoked"))) for key in _payload(row[1])["keys"]}
    if kid not in listed:
        yield finding("key_list_lacks", kid=kid)
    rows = db.execute("SELECT kid, x, valid_to, revoked FROM signing_key ORDER BY kid").fetchall()
    behind = [name for name, x, end, revoked in rows if listed.get(name) != (x, end, bool(revoked))]
    if behind:
        yield finding("key_list_behind", kids=", ".join(behind))


def _payload(token: str) -> dict[str, Any]:
    """What a text says that this server has stored itself."""
    part = token.split(".")[1]
    payload: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return payload


# -- clock, database, copies, disk -----------------------------------------------------------------------


def clock_findings(db: sqlite3.Connection | None, host: Host) -> Iterator[Finding]:
    """The clock against the audit, and whether it is kept right."""
    newest = None if db is None else db.execute("SELECT at FROM audit ORDER BY id DESC LIMIT 1").fetchone()
    if newest is not None and newest[0] > host.now():
        yield finding("clock_behind", seconds=newest[0] - host.now())
    if not host.is_synchronised():
        yield finding("clock_free")


def database_findings(db: sqlite3.Connection, path: Path) -> Iterator[Finding]:
    """The database itself."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version != SCHEMA_VERSION:
        reason = f"it has the schema {version}, and this fiscald-vendor knows {SCHEMA_VERSION}"
        yield finding("database", path=path, reason=reason)
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        yield finding("database", path=path, reason=verdict)


def traffic_findings(db: sqlite3.Connection, now: int) -> Iterator[Finding]:
    """Mails that wait, and a proxy that is not named."""
    count, oldest = db.execute("SELECT count(*), min(created) FROM mail").fetchone()
    if count and now - oldest > MAIL_STUCK:
        yield finding("mail_stuck", count=count, minutes=(now - oldest) // 60)
    seen = unnamed_proxy.last_seen(db)
    if seen is not None and now - seen < DAY:
        yield finding("proxy_unnamed")


def backup_findings(db: sqlite3.Connection, now: int) -> Iterator[Finding]:
    """The newest copy: there, young, and restorable."""
    noted = backups.noted(db)
    if noted is None:
        yield finding("backup_none")
        return
    if now - noted.at > BACKUP_DAYS * DAY:
        yield finding("backup_old", days=(now - noted.at) // DAY)
    if not noted.path.exists():
        yield finding("backup_moved", path=noted.path, directory=noted.path.parent)
        return
    try:
        backups.check(noted.path)
    except BackupError as error:
        yield finding("backup_damaged", reason=error, directory=noted.path.parent)


def disk_findings(database: Path, host: Host) -> Iterator[Finding]:
    """Free space for the database, and for a copy of it."""
    try:
        free = host.free(database.parent) // MIB
        size = database.stat().st_size // MIB if database.exists() else 0
    except OSError:
        return
    if free < DISK_FULL:
        yield finding("disk_full", free=free, path=database.parent)
    elif free < max(DISK_LOW, 2 * size):
        yield finding("disk_low", free=free, path=database.parent)
