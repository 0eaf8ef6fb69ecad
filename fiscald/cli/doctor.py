"""``fiscalctl doctor``: finds what is wrong on site, and prints remedies to paste."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import click

from fiscald.api.client import Client, Refused
from fiscald.cli.context import DONE, FAILED, REFUSED, UNREACHABLE, USAGE, Context, exists, pass_context
from fiscald.cli.progress import progress
from fiscald.cli.scan import asking_text, config_option, configured_printers, root_option
from fiscald.diagnostics import access, network, web
from fiscald.diagnostics import facts as gather
from fiscald.diagnostics.candidates import Configured
from fiscald.diagnostics.checks import judge
from fiscald.diagnostics.facts import Facts
from fiscald.diagnostics.findings import Finding
from fiscald.diagnostics.gateways import NamedGateway, taken_ports
from fiscald.diagnostics.host import Host, why_unseen
from fiscald.diagnostics.named import Named, named_findings
from fiscald.diagnostics.network import NetworkFacts
from fiscald.diagnostics.units import installed
from fiscald.model.printers import PrinterStatus
from fiscald.model.times import POLISH_TIME
from fiscald.model.webhooks import WebhookStatus
from fiscald.protocols import family
from fiscald.protocols.base import Settings
from fiscald.terminal import visible

if TYPE_CHECKING:
    from fiscald.config import Config, PrinterConfig

T = TypeVar("T")


@click.command()
@click.argument("printer", required=False)
@config_option
@click.option("--user", help="Check the port permissions of this user (default: the user fiscald).")
@root_option
@pass_context
def doctor(context: Context, printer: str | None, *, config_path: Path, user: str | None, root: Path) -> None:
    """Find everything that keeps PRINTER (or any printer) from printing, and show the remedy.

    If no daemon is running, or a printer does not answer the daemon, the doctor probes the printer directly, like
    fiscalctl scan --probe: at every speed, with every protocol.

    Exit codes: 0 nothing stops printing, 1 something does, 2 wrong usage, 4 the daemon is not reachable, 5 this user
    cannot use its socket.
    """
    context.demand_local("doctor")
    if user is not None and not access.is_user(user):
        context.fail(USAGE, f"there is no user {user!r}")
    examination = examine(context, config_path, user, Host(root))
    known = [each.configured.name for each in examination.printers]
    if printer is not None and printer not in known:
        context.fail(USAGE, f"there is no printer {printer!r}; configured: {', '.join(known) or 'none'}")
    found = [each for each in judge(examination) if printer is None or each.printer in (None, printer)]
    context.show(findings_json(examination, found), lambda: "\n".join(_text(examination, found)))
    if not examination.socket.answers:
        denied = examination.socket.denied is not None or examination.config_unread is not None
        sys.exit(REFUSED if denied else UNREACHABLE)
    sys.exit(FAILED if any(each.stops for each in found) else DONE)


def examine(context: Context, config_path: Path, user: str | None, host: Host) -> Facts:
    """Gather all facts; a missing or unreadable one does not prevent the others."""
    config, mistakes, unread = _config(config_path)
    statuses, licence, captures, webhooks = context.ask(_everything) or (None, None, {}, ())
    asker, daemon_user = access.user_name(), user or gather.default_daemon_user()
    now = datetime.now(POLISH_TIME)
    configured: list[Configured] = []
    if statuses is not None or config is not None:
        configured = configured_printers(context, config_path, statuses)
    with progress("checking this computer", after=0) as say:
        probed = anyio.run(gather.ask_all, host, configured, lambda attempt: say(asking_text(attempt)))
        with_xml = anyio.run(web.with_xml, host, configured, probed)
    twins = gather.twins(host, configured)
    printers = tuple(
        replace(
            gather.printer_facts(
                host, each, daemon_user, now, capture=captures.get(each.name, b""), probed=probed.get(each.name),
                same=twins.get(each.name),
            ),
            xml_beside=each.name in with_xml,
        )
        for each in configured
    )  # fmt: skip
    units = installed(host)
    if statuses is not None and not exists(config_path):
        mistakes = None  # the daemon uses another file, and reports its content
    return Facts(
        socket=gather.socket_facts(context.socket, answers=statuses is not None),
        user=asker,
        daemon_user=daemon_user,
        config_path=config_path,
        config_error=mistakes,
        config_unread=unread,
        # A running daemon has found what it needs, and may use another file.
        named=() if config is None or statuses is not None else named_facts(config, config_path, daemon_user, host),
        units=units,
        printers_known=statuses is not None or config is not None,
        printers=printers,
        licence=licence,
        webhooks=webhooks,
        state=None if config is None else gather.state_facts(config.state_dir, daemon=statuses is not None),
        network=None if config is None else network_facts(config, ask=statuses is not None),
        programs=host.programs,
        rule=host.has_rule(gather.RULE),
        unseen=any(each.port is not None and not each.port.held.complete for each in printers),
    )


def named_facts(config: Config, path: Path, user: str, host: Host) -> tuple[Finding, ...]:
    """Findings about what the configuration at ``path`` names, for a daemon that runs as ``user``."""
    named = named_in(config, path)
    return (*named_findings(named, user, installed(host)), *taken_ports(named.gateways, host, user))


def named_in(config: Config, path: Path) -> Named:
    """Files, users and groups that the configuration at ``path`` names."""
    rights = tuple((right.value, holders) for right, holders in config.rights.given.items() if holders is not None)
    given = () if config.listen is None else (("certificate", config.listen.certificate), ("key", config.listen.key))
    files = tuple((name, file) for name, file in given if file is not None)
    webhooks = tuple((name, each.secret_file, each.ca_file) for name, each in config.webhooks.items())
    gateways = tuple(_gateway(name, each) for name, each in config.printers.items() if each.gateway is not None)
    return Named(path, config.socket, config.state_dir, config.licence.ca_file, rights, files, webhooks, gateways)


def _gateway(name: str, printer: PrinterConfig) -> NamedGateway:
    assert printer.gateway is not None
    gateway, behind = printer.gateway, family(printer.family)
    settings, of_printer = gateway.settings(name, Path("/")), Settings(name, printer.options)
    promised = gateway.documents or ()
    cannot = tuple(each for each in promised if not behind.capability(each, of_printer, None).supported)
    port = None if settings.tcp is None else settings.tcp[1]
    return NamedGateway(
        name, settings.link, settings.group, gateway.listen, port, settings.open_to_all, behind.name, cannot
    )


def network_facts(config: Config, *, ask: bool) -> NetworkFacts | None:
    """The listener of a configuration, if there is one; ``ask``: the daemon runs, so it should answer there."""
    listen = config.listen
    if listen is None:
        return None
    return network.examine(
        network.Listen(listen.host, listen.port, listen.certificate, listen.key, listen.origins), ask=ask
    )


def _config(path: Path) -> tuple[Config | None, str | None, str | None]:
    """The configuration; or its errors; or why this user (not the daemon's user) cannot read it."""
    from fiscald.config import ConfigDenied, ConfigError, load

    try:
        return load(path), None, None
    except ConfigDenied as error:
        return None, None, str(error)
    except ConfigError as error:
        return None, str(error), None


def _everything(
    client: Client,
) -> tuple[tuple[PrinterStatus, ...], dict[str, Any] | None, dict[str, bytes], tuple[WebhookStatus, ...]]:
    """Printers, licence, the latest conversation with each printer, and webhooks."""
    statuses = client.printers()
    licence = allowed(client.licence)
    captures = {each.name: allowed(partial(client.capture, each.name)) or b"" for each in statuses}
    return statuses, licence, captures, allowed(client.webhooks) or ()


def allowed(question: Callable[[], T]) -> T | None:
    """The daemon's answer; ``None`` if it refuses to answer this user."""
    try:
        return question()
    except Refused:
        return None


def findings_json(facts: Facts, found: Sequence[Finding]) -> dict[str, Any]:
    """The findings as JSON."""
    return {
        "daemon": facts.socket.answers,
        "printers": [each.configured.name for each in facts.printers],
        "processes_unseen": facts.unseen,
        "findings": [each._asdict() for each in found],
    }


def _text(facts: Facts, found: Sequence[Finding]) -> Iterator[str]:
    names = ", ".join(each.configured.name for each in facts.printers) or "none"
    verdict = "" if any(each.stops for each in found) else "; nothing stops printing"
    daemon = "answers" if facts.socket.answers else "does not answer"
    if facts.socket.denied is not None:
        daemon = f"{facts.user} cannot use its socket"
    yield f"printers: {names}; daemon: {daemon}{verdict}"
    yield from finding_lines(found)
    if facts.unseen:
        yield f"\n{why_unseen()}"


def finding_lines(found: Sequence[Finding]) -> Iterator[str]:
    """Findings as lines of text."""
    for each in found:
        where = f"{each.printer}: " if each.printer else ""
        yield f"\n{'STOPS PRINTING' if each.stops else 'warning'} {each.code}"
        # The errors of a configuration have several lines; indented, none of them looks like a line of ours.
        yield f"  {where}{each.text}".replace("\n", "\n    ")
        yield f"  {visible(each.text_pl)}"
        yield f"  > {visible(each.fix)}"
