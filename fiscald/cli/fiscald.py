"""``fiscald``: runs the daemon, a demonstration, and emulated printers."""

from __future__ import annotations

import logging
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import click

from fiscald import __version__
from fiscald.cli.emulate import emulate
from fiscald.logs import RateLimitFilter
from fiscald.staying import staying_in_memory
from fiscald.terminal import VisibleFormatter, VisibleGroup

if TYPE_CHECKING:
    from fiscald.config import Config

# The commands import what they need: most of the time until the daemon is ready is imports.

DEFAULT_PATH = Path("/etc/fiscald/fiscald.toml")


class NeedsAPerson(click.ClickException):
    """The daemon cannot start until a person fixes something: a restart does not help."""

    exit_code = 78  # EX_CONFIG of sysexits.h, and RestartPreventExitStatus= in fiscald.service


@click.group(cls=VisibleGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fiscald")
def main() -> None:
    """The fiscal printer daemon."""


_config = click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path, readable=False),
    default=DEFAULT_PATH,
    show_default=True,
    help="Configuration file (TOML).",
)


@main.command()
@_config
@click.option(
    "--new-journal",
    is_flag=True,
    help="Start with a new journal if the old one is lost and has no backup. The old documents are then unknown.",
)
def run(path: Path, *, new_journal: bool) -> None:
    """Run the daemon in the foreground.

    Exit codes: 0 stopped by a signal, 1 it cannot start now, 2 wrong usage, 78 a person must first fix the
    configuration or the journal.
    """
    with staying_in_memory():
        from fiscald import daemon  # noqa: F401
        from fiscald.config import ConfigError, load

        try:
            config = load(path)  # imports the families of the printers
        except ConfigError as error:
            raise NeedsAPerson(str(error)) from None
    start_logging(config.log_level)
    run_daemon(config, new_journal=new_journal)


@main.command()
@_config
@click.option("--root", type=click.Path(path_type=Path), default=Path("/"), hidden=True)
def check(path: Path, root: Path) -> None:
    """Check the configuration, and the files, users, groups, directories and ports that it names.

    Starts nothing and opens no port.

    Exit codes: 0 the daemon can start and use its ports, 2 wrong usage, 78 something must be fixed.
    """
    from fiscald.cli import check as checking
    from fiscald.config import ConfigError
    from fiscald.diagnostics.host import Host

    try:
        config, found = checking.check(path, Host(root))
    except ConfigError as error:
        raise NeedsAPerson(str(error)) from None
    click.echo("\n".join(checking.text(path, config, found)))
    sys.exit(NeedsAPerson.exit_code if checking.stops(found) else 0)


def run_daemon(config: Config, *, new_journal: bool = False) -> None:
    """Run until stopped. If the daemon cannot start, print one message and end with exit code 1.

    The exit code is 78 if a restart does not help until a person fixes something.
    """
    from fiscald import daemon
    from fiscald.api.network import ListenError
    from fiscald.api.rights import RightsError
    from fiscald.api.server import SocketError
    from fiscald.journal import DirectoryRefused, JournalError, JournalMissing, JournalThere

    # A hundred busy printers keep the loop busy: the journal's thread would wait 5 ms for each of its turns.
    sys.setswitchinterval(0.0005)
    try:
        anyio.run(partial(daemon.run, config, new_journal=new_journal))
    except (RightsError, ListenError, DirectoryRefused, JournalMissing, JournalThere) as error:
        raise NeedsAPerson(str(error)) from None
    except (SocketError, JournalError) as error:
        raise click.ClickException(str(error)) from None


def start_logging(level: str) -> None:
    """Log to stderr; under systemd with syslog levels and without time, which the journal adds."""
    under_systemd = "JOURNAL_STREAM" in os.environ
    shape = "%(asctime)s %(levelname)-7s %(message)s"
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RateLimitFilter())
    logging.basicConfig(handlers=[handler], level=level.upper())
    if under_systemd:
        for number, mark in (
            (logging.CRITICAL, 2),
            (logging.ERROR, 3),
            (logging.WARNING, 4),
            (logging.INFO, 6),
            (logging.DEBUG, 7),
        ):
            logging.addLevelName(number, f"<{mark}>")
        shape = "%(levelname)s%(message)s"
    handler.setFormatter(VisibleFormatter(shape))
    for noisy in ("httpx", "httpcore", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


@main.command()
@click.option("--keep", is_flag=True, help="Keep everything running afterwards.")
@click.option(
    "--png",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("demo-receipt.png"),
    show_default=True,
    help="File for the picture of the paper.",
)
@click.option(
    "--shop", is_flag=True, help="Instead: one printer of every family, the same receipt on all, a pulled cable."
)
@click.option(
    "--gateway", is_flag=True, help="Instead: an old program that speaks Thermal, a POSNET printer, a pulled cable."
)
def demo(*, keep: bool, png: Path, shop: bool, gateway: bool) -> None:
    """Print a receipt on an emulated printer through a real daemon, without configuration and hardware."""
    from fiscald.api.client import ClientError
    from fiscald.api.server import SocketError
    from fiscald.cli.demo import run_demo
    from fiscald.cli.demo_gateway import run_gateway
    from fiscald.cli.demo_shop import run_shop
    from fiscald.emulator.running import CannotStart
    from fiscald.journal import JournalError

    folder = png.absolute().parent
    if keep + shop + gateway > 1:
        raise click.UsageError("--keep, --shop and --gateway are three demonstrations; choose one")
    if not (shop or gateway) and not os.access(folder, os.W_OK | os.X_OK):  # checked before the receipt is printed
        raise click.UsageError(f"cannot write to {folder}; choose another file with --png")
    logging.basicConfig(stream=sys.stderr, level="ERROR")
    logging.getLogger().handlers[0].setFormatter(VisibleFormatter("%(levelname)s %(message)s"))
    try:
        if shop:
            run_shop()
        elif gateway:
            run_gateway()
        else:
            run_demo(keep=keep, png=png)
    except (OSError, CannotStart, SocketError, JournalError, ClientError) as error:
        raise click.ClickException(f"the demonstration failed: {error}") from None


main.add_command(emulate)


if __name__ == "__main__":
    main()
