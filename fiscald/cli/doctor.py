"""``fiscalctl doctor``: what is wrong on site, and the remedy to paste."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import click

from fiscald.api.client import Client, Refused
from fiscald.cli.context import DONE, FAILED, UNREACHABLE, USAGE, Context, is_there, pass_context
from fiscald.cli.scan import config_option, configured_printers, root_option
from fiscald.model.printers import POLISH_TIME, PrinterStatus
from fiscald.onsite import facts as gather
from fiscald.onsite.candidates import Configured
from fiscald.onsite.checks import judge
from fiscald.onsite.facts import Facts
from fiscald.onsite.findings import Finding
from fiscald.onsite.host import Host
from fiscald.terminal import visible

if TYPE_CHECKING:
    from fiscald.config import Config

T = TypeVar("T")


@click.command()
@click.argument("printer", required=False)
@config_option
@click.option("--user", help="Whose rights to the ports count; default: fiscald's.")
@root_option
@pass_context
def doctor(context: Context, printer: str | None, *, config_path: Path, user: str | None, root: Path) -> None:
    """Look for everything that keeps PRINTER (or any) from printing, and say what to do about it.

    Without a daemon the printers that are configured are asked directly, as fiscalctl scan --probe does.

    Exit codes: 0 nothing stops it, 1 something does, 2 wrong usage, 4 the daemon is not reachable.
    """
    if user is not None and not gather.is_user(user):
        context.fail(USAGE, f"there is no user {user!r}")
    examination = examine(context, config_path, user, Host(root))
    known = [each.configured.name for each in examination.printers]
    if printer is not None and printer not in known:
        context.fail(USAGE, f"there is no printer {printer!r}; configured: {', '.join(known) or 'none'}")
    found = [each for each in judge(examination) if printer is None or each.printer in (None, printer)]
    context.show(findings_json(examination, found), lambda: "\n".join(_text(examination, found)))
    if not examination.socket.answers:
        sys.exit(UNREACHABLE)
    sys.exit(FAILED if any(each.stops for each in found) else DONE)


def examine(context: Context, config_path: Path, user: str | None, host: Host) -> Facts:
    """Gather everything; nothing that is missing or forbidden stands in the way of the rest."""
    config, mistakes = _config(config_path)
    statuses, licence, captures = context.ask(_everything) or (None, None, {})
    asker, daemon_user = gather.user_name(), user or gather.default_daemon_user()
    now = datetime.now(POLISH_TIME)
    configured: list[Configured] = []
    if statuses is not None or config is not None:
        configured = configured_printers(config_path, statuses)
    probed = anyio.run(gather.ask_all, host, configured) if statuses is None and configured else {}
    printers = tuple(
        gather.printer_facts(
            host, each, daemon_user, now, capture=captures.get(each.name, b""), probed=probed.get(each.name)
        )
        for each in configured
    )
    state_dir = None if config is None else config.state_dir
    if statuses is not None and not is_there(config_path):
        mistakes = None  # the daemon was started with another file, and says what is in it
    return Facts(
        socket=gather.socket_facts(context.socket, asker, answers=statuses is not None),
        user=asker,
        daemon_user=daemon_user,
        config_path=config_path,
        # A file that is only for the daemon may well be right.
        config_error=None if is_there(config_path) and not os.access(config_path, os.R_OK) else mistakes,
        printers_known=statuses is not None or config is not None,
        printers=printers,
        licence=licence,
        state=None if state_dir is None else gather.state_facts(state_dir, daemon=statuses is not None),
        programs=host.programs,
        rule=host.has_rule(gather.RULE),
        unseen=any(each.port is not None and not each.port.held.complete for each in printers),
    )


def _config(path: Path) -> tuple[Config | None, str | None]:
    from fiscald.config import ConfigError, load

    try:
        return load(path), None
    except ConfigError as error:
        return None, str(error)


def _everything(client: Client) -> tuple[tuple[PrinterStatus, ...], dict[str, Any] | None, dict[str, bytes]]:
    """Printers, licence, and the latest bytes of each printer."""
    statuses = client.printers()
    licence = allowed(client.licence)
    return statuses, licence, {each.name: allowed(partial(client.capture, each.name)) or b"" for each in statuses}


def allowed(question: Callable[[], T]) -> T | None:
    """The daemon's answer; ``None`` where it refuses to tell this user."""
    try:
        return question()
    except Refused:
        return None


def findings_json(facts: Facts, found: Sequence[Finding]) -> dict[str, Any]:
    """Everything, as JSON."""
    return {
        "daemon": facts.socket.answers,
        "printers": [each.configured.name for each in facts.printers],
        "processes_unseen": facts.unseen,
        "findings": [each._asdict() for each in found],
    }


def _text(facts: Facts, found: Sequence[Finding]) -> Iterator[str]:
    names = ", ".join(each.configured.name for each in facts.printers) or "none"
    verdict = "" if any(each.stops for each in found) else "; nothing stops printing"
    yield f"printers: {names}; daemon: {'answers' if facts.socket.answers else 'does not answer'}{verdict}"
    for each in found:
        where = f"{each.printer}: " if each.printer else ""
        yield f"\n{'STOPS PRINTING' if each.stops else 'warning'} {each.code}"
        # The mistakes of a configuration are several lines; indented, no line of a text looks like one of ours.
        yield f"  {where}{each.text}".replace("\n", "\n    ")
        yield f"  {visible(each.text_pl)}"
        yield f"  > {visible(each.fix)}"
    if facts.unseen:
        yield "\nprocesses of other users could not be looked into; with sudo, who holds a port is sure"
