"""``fiscald``: run the daemon, show it, emulate printers."""

from __future__ import annotations

import gc
import logging
import os
import sys
from functools import partial
from pathlib import Path

import anyio
import click

from fiscald import __version__
from fiscald.cli.emulate import emulate
from fiscald.config import DEFAULT_PATH, Config, ConfigError, load
from fiscald.logs import RateLimitFilter
from fiscald.terminal import VisibleFormatter, VisibleGroup


class NeedsAPerson(click.ClickException):
    """The daemon cannot start before a person has acted: starting it again is no use."""

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
    help="Begin a new journal where the old one is lost and has no backup. Its documents are not known any more.",
)
def run(path: Path, *, new_journal: bool) -> None:
    """Run the daemon in the foreground.

    Exit codes: 0 stopped by a signal, 1 it cannot start now, 2 wrong usage, 78 a person has to act first: the
    configuration, or the journal.
    """
    try:
        config = load(path)
    except ConfigError as error:
        raise NeedsAPerson(str(error)) from None
    start_logging(config.log_level)
    run_daemon(config, new_journal=new_journal)


@main.command()
@_config
@click.option("--root", type=click.Path(path_type=Path), default=Path("/"), hidden=True)
def check(path: Path, root: Path) -> None:
    """Read the configuration and say what is wrong in it and in what it names: files, users and groups, directories,
    ports. Starts nothing and opens no port.

    Exit codes: 0 the daemon can start and may use its ports, 2 wrong usage, 78 something has to be changed.
    """
    from fiscald.cli import check as checking
    from fiscald.diagnostics.host import Host

    try:
        config, found = checking.check(path, Host(root))
    except ConfigError as error:
        raise NeedsAPerson(str(error)) from None
    click.echo("\n".join(checking.text(path, config, found)))
    sys.exit(NeedsAPerson.exit_code if checking.stops(found) else 0)


def run_daemon(config: Config, *, new_journal: bool = False) -> None:
    """Run until stopped; what keeps it from starting becomes one sentence and exit code 1, or 78 where starting again
    helps nothing before a person has acted."""
    from fiscald import daemon
    from fiscald.api.rights import RightsError
    from fiscald.api.server import SocketError
    from fiscald.journal import DirectoryRefused, JournalError, JournalMissing, JournalThere

    # A hundred printers at once keep the loop busy: the journal's thread would wait 5 ms at each of its turns.
    sys.setswitchinterval(0.0005)
    # What has been imported stays: to look through all of it for garbage would hold the loop for 60 ms now and then.
    gc.collect()
    gc.freeze()
    try:
        anyio.run(partial(daemon.run, config, new_journal=new_journal))
    except (RightsError, DirectoryRefused, JournalMissing, JournalThere) as error:
        raise NeedsAPerson(str(error)) from None
    except (SocketError, JournalError) as error:
        raise click.ClickException(str(error)) from None


def start_logging(level: str) -> None:
    """Log lines to stderr; without time and with syslog levels where the journal adds its own."""
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
@click.option("--keep", is_flag=True, help="Stay running for exploration.")
@click.option(
    "--png",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("demo-receipt.png"),
    show_default=True,
    help="Where to draw the paper.",
)
def demo(*, keep: bool, png: Path) -> None:
    """Print a receipt on an emulated printer through a real daemon: no configuration, no hardware."""
    from fiscald.api.client import ClientError
    from fiscald.api.server import SocketError
    from fiscald.cli.demo import run_demo
    from fiscald.emulator.running import CannotStart
    from fiscald.journal import JournalError

    folder = png.absolute().parent
    if not os.access(folder, os.W_OK | os.X_OK):  # told before the receipt, not after it
        raise click.UsageError(f"nothing can be written into {folder}; name another file with --png")
    logging.basicConfig(stream=sys.stderr, level="ERROR")
    logging.getLogger().handlers[0].setFormatter(VisibleFormatter("%(levelname)s %(message)s"))
    try:
        run_demo(keep=keep, png=png)
    except (OSError, CannotStart, SocketError, JournalError, ClientError) as error:
        raise click.ClickException(f"the demonstration cannot go on: {error}") from None


main.add_command(emulate)


if __name__ == "__main__":
    main()
