"""``fiscald check``: checks the configuration and what it names, without starting anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from fiscald.cli.doctor import finding_lines, named_facts, network_facts
from fiscald.config import Config, load
from fiscald.diagnostics import access
from fiscald.diagnostics import facts as gather
from fiscald.diagnostics.candidates import Configured
from fiscald.diagnostics.checks import judge
from fiscald.diagnostics.facts import Facts, SocketFacts
from fiscald.diagnostics.findings import Finding
from fiscald.diagnostics.host import Host
from fiscald.diagnostics.units import installed
from fiscald.model.times import POLISH_TIME

#: A daemon without printers runs, with a warning.
_NO_STOP = "doctor.no_printers"


def check(path: Path, host: Host) -> tuple[Config, list[Finding]]:
    """The configuration and its problems. Opens no port and contacts no daemon.

    Raises ``ConfigError``.
    """
    config = load(path)
    user, units = gather.default_daemon_user(), installed(host)
    configured = [Configured(name, each.family, each.parsed_address) for name, each in config.printers.items()]
    twins, now = gather.twins(host, configured), datetime.now(POLISH_TIME)
    facts = Facts(
        # Not checked here: whether the daemon runs, and who can use its socket. The doctor does that.
        socket=SocketFacts(config.socket, answers=True, group_there=access.is_group(gather.FISCALD)),
        user=access.user_name(),
        daemon_user=user,
        config_path=path,
        named=named_facts(config, path, user, host),
        units=units,
        printers=tuple(gather.printer_facts(host, each, user, now, same=twins.get(each.name)) for each in configured),
        state=gather.state_facts(config.state_dir, daemon=True),
        network=network_facts(config, ask=False),
        programs=host.programs,
        rule=host.has_rule(gather.RULE),
    )
    return config, judge(facts)


def stops(found: Sequence[Finding]) -> bool:
    """Whether a finding must be fixed before the daemon can print."""
    return any(each.stops and each.code != _NO_STOP for each in found)


def text(path: Path, config: Config, found: Sequence[Finding]) -> Iterator[str]:
    """The configuration and the findings, as lines."""
    verdict = "" if stops(found) else "; nothing stops the daemon"
    yield f"{path}: printers: {', '.join(config.printers) or 'none'}{verdict}"
    yield f"  socket {config.socket}, state_dir {config.state_dir}, log_level {config.log_level}"
    for name, printer in config.printers.items():
        yield f"  {name}: {printer.family} at {printer.address}{printer.said}"
        if printer.gateway is not None:
            gateway = printer.gateway
            yield f"    gateway: programs speak {gateway.family} at {gateway.listen}{gateway.said}"
    if config.listen is not None:
        yield f"  listens at {config.listen.url}"
    if config.licence.test_keys:
        yield "  test_keys = true: fiscald prints on emulated printers only"
    yield from finding_lines(found)
