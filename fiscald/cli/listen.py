"""``fiscalctl listen``: the certificate of the daemon's listener."""

from __future__ import annotations

import ipaddress
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from fiscald import certificates, private
from fiscald.certificates import CertificateError, CertificateFacts
from fiscald.cli.context import FAILED, REFUSED, USAGE, Context, pass_context
from fiscald.config_listen import ListenConfig
from fiscald.hosts import is_name, own_names
from fiscald.terminal import visible

DEFAULT_CONFIG = Path("/etc/fiscald/fiscald.toml")
_USER = "fiscald"

_config = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, readable=False),
    default=DEFAULT_CONFIG,
    show_default=True,
    help="Configuration file, which names the certificate's files.",
)


@click.group()
def listen() -> None:
    """Prepare the daemon's listener on the network ([listen] in the configuration)."""


@listen.command()
@click.argument("names", nargs=-1)
@_config
@click.option(
    "--days", type=click.IntRange(1, 3650), default=certificates.DAYS, show_default=True, help="Days of validity."
)
@click.option("--force", is_flag=True, help="Replace a certificate and key that exist. Clients must trust the new one.")
@pass_context
def certificate(context: Context, names: tuple[str, ...], *, config_path: Path, days: int, force: bool) -> None:
    """Make a certificate and key for the listener, and show its fingerprint.

    The certificate is for NAMES and for this computer's names and addresses. It goes where listen.certificate and
    listen.key say, else into tls/ beside the configuration; the key is readable for the daemon's user alone. Clients
    trust it by its fingerprint (fiscalctl --fingerprint), or as an imported certificate.
    """
    context.demand_local("listen certificate")
    for name in names:
        if not is_name(name):
            context.fail(USAGE, f"{name!r} is neither a host name nor an IP address")
    given, said = _listen_config(config_path)
    files = _files(config_path, given)
    if not force and (there := [path for path in files if _exists(path)]):
        context.fail(
            FAILED, f"{there[0]} exists; with --force it is replaced, and every client must trust the new certificate"
        )
    wanted = [*names, *own_names()]
    if given is not None and not ipaddress.ip_address(given.host).is_unspecified:
        wanted.append(given.host)
    pem, key = certificates.make(wanted, days=days)
    try:
        _write(files[1], key, private.FILE)
        _write(files[0], pem, 0o644)
    except PermissionError as error:
        context.fail(REFUSED, f"{error.filename}: {error.strerror}; run it as root: sudo fiscalctl listen certificate")
    except OSError as error:
        context.fail(FAILED, f"{error.filename}: {error.strerror}")
    facts = certificates.parse(pem)
    content = _json(facts, files)
    context.show(content, lambda: "\n".join([*_text(facts, files), *_next(config_path, given, said, files)]))


@listen.command()
@_config
@pass_context
def fingerprint(context: Context, *, config_path: Path) -> None:
    """Show the listener's certificate: names, end, and the fingerprint for fiscalctl --fingerprint."""
    context.demand_local("listen fingerprint")
    given, said = _listen_config(config_path)
    if said is not None:
        context.fail(USAGE, said)
    files = _files(config_path, given)
    try:
        facts = certificates.read(files[0])
    except OSError as error:
        context.fail(FAILED, f"{files[0]}: {error.strerror}; make it with: fiscalctl listen certificate")
    except CertificateError as error:
        context.fail(FAILED, f"{files[0]}: {error}")
    context.show(_json(facts, files), lambda: "\n".join(_text(facts, files)))


def _listen_config(path: Path) -> tuple[ListenConfig | None, str | None]:
    """``[listen]``, and what is wrong with the file. A file that lacks the certificate only is no mistake here."""
    from fiscald.config_text import ConfigError, read

    if not _exists(path):
        return None, None
    try:
        section = read(path).get("listen")
        return (None if section is None else ListenConfig.model_validate(section).beside(path.absolute().parent)), None
    except ConfigError as error:
        return None, str(error)
    except ValueError as error:
        return None, f"{path}: listen: {error}"


def _files(config_path: Path, given: ListenConfig | None) -> tuple[Path, Path]:
    folder = config_path.absolute().parent / "tls"
    if given is None or given.certificate is None or given.key is None:
        return folder / "fiscald.pem", folder / "fiscald.key"
    return given.certificate, given.key


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a file at once or not at all. If root does it, it belongs to the daemon's user."""
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, mode=0o755)
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, private.FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    if os.geteuid() == 0:
        with suppress(LookupError, PermissionError):
            shutil.chown(beside, _USER, _USER)
    beside.chmod(mode)
    beside.replace(path)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return True


def _json(facts: CertificateFacts, files: tuple[Path, Path]) -> dict[str, Any]:
    return {
        "certificate": str(files[0]),
        "key": str(files[1]),
        "fingerprint": facts.fingerprint,
        "names": [*facts.names, *facts.addresses],
        "ends": facts.ends.isoformat(),
        "days_left": facts.days_left(datetime.now(UTC)),
    }


def _text(facts: CertificateFacts, files: tuple[Path, Path]) -> Iterator[str]:
    yield f"certificate {visible(str(files[0]))}, key {visible(str(files[1]))}"
    yield f"for {visible(', '.join((*facts.names, *facts.addresses)))}"
    yield f"valid until {facts.ends:%Y-%m-%d}"
    yield f"fingerprint {facts.fingerprint}"


def _next(path: Path, given: ListenConfig | None, said: str | None, files: tuple[Path, Path]) -> Iterator[str]:
    if given is not None and given.certificate is not None:
        yield "next: sudo systemctl reload fiscald"
        return
    folder = path.absolute().parent
    names = [each.relative_to(folder) if each.is_relative_to(folder) else each for each in files]
    yield f"\nfor {path}:\n"
    yield "[listen]"
    yield 'address = "0.0.0.0:8443"' if given is None else f'address = "{given.address}"'
    yield f'certificate = "{names[0]}"'
    yield f'key = "{names[1]}"'
    yield "\nthen: fiscald check && sudo systemctl restart fiscald"
