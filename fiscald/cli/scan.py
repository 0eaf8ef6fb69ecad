"""``fiscalctl scan``: lists possible printers, probes them, and shows what to write into the configuration."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import anyio
import click

from fiscald.api.client import Client
from fiscald.cli.context import DONE, FAILED, REFUSED, USAGE, Context, exists, pass_context
from fiscald.cli.progress import progress
from fiscald.cli.reaching import refusal
from fiscald.diagnostics.candidates import Candidate, Configured, candidates
from fiscald.diagnostics.host import Host, why_unseen
from fiscald.diagnostics.probing import Asking, Attempt, Heard, Probed, probe
from fiscald.diagnostics.proposing import configuration
from fiscald.model.printers import PrinterStatus
from fiscald.protocols import FAMILIES
from fiscald.terminal import visible
from fiscald.transport import TAKEN, AddressError, HostRefused, HttpsHost, LinkError, TcpHost, parse_address

_HINTS = {
    Heard.NOTHING: "is the printer on? Its menu must select this PC interface and one of these protocols",
    Heard.GARBAGE: "the printer uses a speed or protocol that was not tried",
    Heard.ECHO: "the sent bytes come back: a loop in the cable or the adapter, and no printer",
    Heard.NAMELESS: "it speaks this protocol; fix that and scan again",
    Heard.LOST: "the link ended during the probe: a loose cable, or its menu selects another interface",
}
_LINK_HINTS = {
    "link.certificate": "compare the fingerprint with that of the printer's own certificate",
    "link.denied": "run it as root, or see: fiscalctl doctor",
    "link.held": "stop that program; sudo fuser -v shows which it is",
    "link.absent": "switch it on, plug it in",
    "link.refused": "address and port are in the printer's menu; ping shows whether it is in the network",
}

#: The same as in ``fiscald.config``, which is imported only where needed: it is slow to import.
DEFAULT_CONFIG = Path("/etc/fiscald/fiscald.toml")
#: Used instead of / in tests.
root_option = click.option("--root", type=click.Path(path_type=Path), default=Path("/"), hidden=True)
config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, readable=False),
    default=DEFAULT_CONFIG,
    show_default=True,
    help="Configuration file, used if no daemon answers.",
)


@click.command()
@click.option("--probe", "asking", is_flag=True, help="Probe the ports and addresses for printers.")
@click.option(
    "--port",
    "named",
    metavar="PORT|ADDRESS|HOST|NAME",
    multiple=True,
    help="Probe only this port, address, configured printer, or the usual ports of this host.",
)
@click.option("--family", type=click.Choice(FAMILIES), help="Protocol family of the printer at --port.")
@config_option
@root_option
@pass_context
def scan(
    context: Context, *, asking: bool, named: tuple[str, ...], family: str | None, config_path: Path, root: Path
) -> None:
    """List possible printers; with --probe, identify them and print the configuration for them.

    Without --probe the command opens nothing. With --probe it sends queries without side effects to known printers,
    configured printers, and ports given with --port. It never probes a port that another program uses, or a printer of
    the daemon.

    Exit codes: 0 done, 1 probed without a reply, 2 wrong usage, 5 this user cannot read the configuration.
    """
    from fiscald.config import ConfigDenied, ConfigError

    context.demand_local("scan")
    if family is not None and not named:
        raise click.UsageError("--family needs --port")
    host = Host(root)
    configured: list[Configured] = []
    denied = False
    try:
        configured = configured_printers(context, config_path, context.ask(Client.printers))
    except ConfigError as error:
        denied = isinstance(error, ConfigDenied)
        context.warn(str(error))  # connected devices are listed anyway
    try:
        found = candidates(host, configured, named, FAMILIES if family is None else (family,))
    except AddressError as error:
        context.fail(USAGE, str(error))
    if named:
        found = [candidate for candidate in found if candidate.named]
    if asking:
        with progress("looking for printers", after=0) as say:
            results = anyio.run(ask, found, host, lambda attempt: say(asking_text(attempt)))
    else:
        results = [Probed(candidate) for candidate in found]
    content = report(results, asking=asking)
    context.show(content, lambda: "\n".join(_text(results, content["configuration"], asking=asking)))
    answered = any(each.answer is not None or _daemons(each.candidate) for each in results)
    sys.exit(REFUSED if denied else FAILED if asking and not answered else DONE)


def configured_printers(context: Context, path: Path, statuses: Sequence[PrinterStatus] | None) -> list[Configured]:
    """The daemon's printers; without a daemon, those of the configuration file, if there is one.

    They are reserved if a daemon may be running that this user cannot reach. Raises ``ConfigError``.
    """
    from fiscald.config import load

    if statuses is not None:
        return [Configured(each.name, each.family, parse_address(each.address), each) for each in statuses]
    if path == DEFAULT_CONFIG and not exists(path):
        return []
    config = load(path)
    reserved = refusal(context.socket) is not None
    return [
        Configured(name, each.family, each.parsed_address, reserved=reserved) for name, each in config.printers.items()
    ]


async def ask(found: Sequence[Candidate], host: Host, asking: Callable[[Asking], None]) -> list[Probed]:
    """Probe the candidates that may be probed, one after the other; calls ``asking`` before every attempt.

    A host that does not answer at one of its usual ports is not asked at the others.
    """
    results: list[Probed] = []
    silent: dict[str, LinkError] = {}
    for each in found:
        name = each.address.host if each.swept and isinstance(each.address, TcpHost) else ""
        if each.refusal:
            results.append(Probed(each))
        elif name in silent:
            results.append(Probed(each, problem=silent[name]))
        else:
            results.append(await probe(each, host, asking=asking))
            problem = results[-1].problem
            if name and problem is not None and not isinstance(problem, HostRefused):
                silent[name] = problem
    return results


def asking_text(attempt: Asking) -> str:
    """An attempt as text for the progress line."""
    baud = getattr(attempt.address, "baud", None)
    where = attempt.candidate.device or str(attempt.address)
    at = "" if baud is None else f" at {baud}"
    return f"probing {where} as {attempt.family}{at} ({attempt.number} of at most {attempt.of})"


def _daemons(candidate: Candidate) -> PrinterStatus | None:
    return None if candidate.configured is None else candidate.configured.status


# -- output ----------------------------------------------------------------------------------------------


def report(results: Sequence[Probed], *, asking: bool) -> dict[str, Any]:
    """The results as JSON."""
    return {
        "asked": asking,
        "ports": [_port_json(each) for each in results],
        "configuration": configuration(results),
    }


def _port_json(result: Probed) -> dict[str, Any]:
    candidate, status = result.candidate, _daemons(result.candidate)
    answer = result.answer
    identity = answer.introduction.identity if answer is not None and answer.introduction is not None else None
    if identity is None and status is not None:
        identity = status.identity
    return {
        "device": candidate.device,
        "address": str(candidate.address if answer is None else answer.address),
        "what": candidate.what,
        "families": list(candidate.families),
        "configured_as": None if candidate.configured is None else candidate.configured.name,
        "held_by": [each._asdict() for each in candidate.holders],
        "not_asked": candidate.refusal,
        "opened": bool(result.attempts) if result.attempts or result.problem else None,
        "problem": None if result.problem is None else {"code": result.problem.code, "detail": str(result.problem)},
        "family": None if answer is None else answer.family,
        "identity": None if identity is None else identity.model_dump(mode="json"),
        "attempts": [_attempt_json(each) for each in result.attempts],
    }


def _attempt_json(attempt: Attempt) -> dict[str, Any]:
    return {
        "address": str(attempt.address),
        "family": attempt.family,
        "heard": attempt.heard,
        "sent": attempt.sent.hex(),
        "received": attempt.received.hex(),
        "echo": bool(attempt.received) and attempt.echoes,
        "detail": attempt.detail or None,
        "lines": attempt.lines,
    }


def _text(results: Sequence[Probed], block: str, *, asking: bool) -> Iterator[str]:
    if not results:
        yield "no serial port with a device, no known USB printer, and no configured printer"
    closed = [each for each in results if each.candidate.swept and isinstance(each.problem, HostRefused)]
    for result in results:
        candidate = result.candidate
        if result in closed:
            continue
        yield visible(candidate.device or str(candidate.address))
        yield f"  {visible(candidate.what)}"
        if candidate.device is not None and candidate.device not in str(candidate.address):
            yield f"  {visible(str(candidate.address).partition('?')[0])}"
        if candidate.configured is not None:
            yield f"  configured as {candidate.configured.name}"
        yield from (f"  {visible(line)}" for line in _outcome(result, asking=asking))
    yield from _closed(closed)
    if any(each.candidate.unseen for each in results):
        yield why_unseen()
    if block:
        yield f"\nfor the configuration:\n\n{block}".rstrip("\n")


def _closed(results: Sequence[Probed]) -> Iterator[str]:
    """The usual ports of hosts at which nothing listens."""
    ports: dict[str, list[int]] = {}
    for each in results:
        if isinstance(each.candidate.address, TcpHost):
            ports.setdefault(each.candidate.address.host, []).append(each.candidate.address.port)
    for host, closed in ports.items():
        yield f"{visible(host)}: nothing listens at {', '.join(map(str, closed))}"
        yield "  the port of a POSNET or Thermal printer is in its menu: --port HOST:PORT"


def _outcome(result: Probed, *, asking: bool) -> Iterator[str]:
    candidate, answer, best = result.candidate, result.answer, result.best
    status = _daemons(candidate)
    if candidate.refusal is not None:
        yield f"not probed: {candidate.refusal}" if asking or candidate.holders or status else candidate.refusal
        if status is not None and status.identity is not None:
            yield f"{status.identity.model}, unique number {status.identity.printer_id}, {status.state}"
    elif not asking:
        yield f"can be probed: --probe ({', '.join(candidate.families)})"
    elif result.problem is not None and not result.attempts:
        yield f"not opened: {result.problem}"
        yield _LINK_HINTS.get(result.problem.code, str(result.problem.code))
    elif answer is not None and answer.introduction is not None:
        identity, condition = answer.introduction.identity, answer.introduction.condition
        yield f"port opens; {answer.family} answers{_at(answer)}{' (and an echo)' if answer.echoes else ''}"
        number = (
            f"unique number {identity.printer_id}" if identity.printer_id else "it tells its number when it is used"
        )
        yield f"{identity.model or 'unknown model'}, {number}, {condition.state}"
        if isinstance(answer.address, HttpsHost) and not isinstance(candidate.address, HttpsHost):
            yield f"its certificate has the fingerprint sha256:{answer.address.fingerprint}"
            yield "compare it with the certificate that was uploaded to the printer before you use this address"
    elif best is not None:
        yield f"port opens; {_tried(result)}"
        yield f"received{_at(best)}: {_heard(best)}"
        taken = best.heard is Heard.LOST and not best.received and isinstance(best.address, TcpHost)
        yield f"{TAKEN}: a network printer takes one connection at a time" if taken else _HINTS[best.heard]


def _at(attempt: Attempt) -> str:
    baud = getattr(attempt.address, "baud", None)
    return "" if isinstance(attempt.address, TcpHost) or baud is None else f" at {baud}"


def _tried(result: Probed) -> str:
    tried = dict.fromkeys(f"{each.family}{_at(each)}" for each in result.attempts)
    return f"no reply to any of {', '.join(tried)}"


def _heard(attempt: Attempt) -> str:
    if not attempt.received:
        return "nothing"
    if attempt.heard is Heard.NAMELESS:
        return attempt.detail
    shown = attempt.received[:24]
    return f"{attempt.heard}, {shown.hex(' ')}{' ...' if len(attempt.received) > len(shown) else ''}"
