"""``fiscald-vendor doctor``: finds what an operator gets wrong, and shows what to do."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import click

from fiscald.licence.server import backups
from fiscald.licence.server import doctor_checks as checks
from fiscald.licence.server.config import Config, ConfigError, load
from fiscald.licence.server.doctor_checks import Host
from fiscald.licence.server.doctor_findings import Finding, finding
from fiscald.licence.server.session import Session, now

FINE, WARNINGS, FAULTS = 0, 1, 2


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for scripts.")
@click.pass_obj
def doctor(session: Session, *, as_json: bool) -> None:
    """Check configuration, keys, database, copies, mail server and the running server. Changes nothing.

    Exit codes: 0 nothing found, 1 warnings, 2 something does not work.
    """
    session.as_json = session.as_json or as_json
    found = sorted(examine(session.path, Host(now, checks.free_bytes, checks.is_synchronised)), key=_faults_first)
    session.show([each._asdict() for each in found], "\n".join(_lines(found)))
    sys.exit(FAULTS if any(each.is_fault for each in found) else WARNINGS if found else FINE)


def examine(path: Path, host: Host) -> Iterator[Finding]:
    """Every finding; one check that fails does not prevent the others."""
    try:
        config = load(path)
    except ConfigError as error:
        yield finding("config", reason=error)
        return
    yield from checks.config_findings(config)
    if denied := list(checks.denied_findings(config)):
        yield from denied
        return
    yield from checks.mode_findings(config)
    yield from _with_database(config, host)
    yield from checks.disk_findings(config.database, host)
    from fiscald.licence.server.doctor_probes import mail_findings, server_findings

    yield from server_findings(config, host.now())
    yield from anyio.run(mail_findings, config)


def _with_database(config: Config, host: Host) -> Iterator[Finding]:
    database = config.database
    if not database.exists():
        yield finding("database_none", path=database)
        yield from checks.key_findings(config, None)
        yield from checks.clock_findings(None, host)
        return
    try:
        with backups.reading(database) as db:
            yield from checks.database_findings(db, database)
            yield from checks.key_findings(config, db)
            yield from checks.key_list_findings(db, config.keys.sign_with, host.now())
            yield from checks.clock_findings(db, host)
            yield from checks.traffic_findings(db, host.now())
            yield from checks.backup_findings(db, host.now())
    except sqlite3.Error as error:
        yield finding("database", path=database, reason=error)


def _faults_first(found: Finding) -> bool:
    return not found.is_fault


def _lines(found: list[Finding]) -> Iterator[str]:
    if not found:
        yield "nothing is wrong"
    for each in found:
        yield f"{'fault' if each.is_fault else 'warning'}: {each.text} ({each.code})"
        yield f"    {each.fix}"
