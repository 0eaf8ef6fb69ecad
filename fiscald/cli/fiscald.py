"""``fiscald``: run the daemon, show it, emulate printers."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import click

from fiscald import __version__
from fiscald.config import DEFAULT_PATH, Config, ConfigError, load
from fiscald.emulator import face
from fiscald.protocols import FAMILIES
from fiscald.terminal import VisibleFormatter, VisibleGroup


@click.group(cls=VisibleGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fiscald")
def main() -> None:
    """The fiscal printer daemon."""


@main.command()
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=DEFAULT_PATH,
    show_default=True,
    help="Configuration file (TOML).",
)
def run(path: Path) -> None:
    """Run the daemon in the foreground."""
    try:
        config = load(path)
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
    start_logging(config.log_level)
    run_daemon(config)


def run_daemon(config: Config) -> None:
    """Run until stopped; what keeps it from starting becomes one sentence and exit code 1."""
    from fiscald import daemon
    from fiscald.api.rights import RightsError
    from fiscald.api.server import SocketError
    from fiscald.journal import JournalError

    # A hundred printers at once keep the loop busy: the journal's thread would wait 5 ms at each of its turns.
    sys.setswitchinterval(0.0005)
    try:
        anyio.run(daemon.run, config)
    except (RightsError, SocketError, JournalError) as error:
        raise click.ClickException(str(error)) from None


def start_logging(level: str) -> None:
    """Log lines to stderr; without time and with syslog levels where the journal adds its own."""
    under_systemd = "JOURNAL_STREAM" in os.environ
    shape = "%(asctime)s %(levelname)-7s %(message)s"
    logging.basicConfig(stream=sys.stderr, level=level.upper())
    if under_systemd:
        for number, mark in ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.DEBUG, 7)):
            logging.addLevelName(number, f"<{mark}>")
        shape = "%(levelname)s%(message)s"
    logging.getLogger().handlers[0].setFormatter(VisibleFormatter(shape))
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
    from fiscald.cli.demo import run_demo

    folder = png.absolute().parent
    if not os.access(folder, os.W_OK | os.X_OK):  # told before the receipt, not after it
        raise click.UsageError(f"nothing can be written into {folder}; name another file with --png")
    logging.basicConfig(stream=sys.stderr, level="WARNING")
    logging.getLogger().handlers[0].setFormatter(VisibleFormatter("%(levelname)s %(message)s"))
    run_demo(keep=keep, png=png)


@main.command()
@click.argument("family", type=click.Choice(FAMILIES))
@click.option("--tcp", metavar="HOST:PORT", help="Listen on a TCP port (0 takes a free one).")
@click.option("--pty", metavar="LINK", type=click.Path(path_type=Path), help="Open a pseudo-terminal, linked here.")
@click.option("--control", metavar="SOCKET", type=click.Path(path_type=Path), help="Take orders on a Unix socket.")
@click.option("--state", metavar="FILE", type=click.Path(path_type=Path), help="Keep the register's memory here.")
@click.option("--profile", metavar="NAME", help="Which model to be (default: the newest).")
@click.option("--code-page", metavar="NAME", help="The code page the printer is set to.")
@click.option("--columns", type=click.Choice(["40", "56"]), default="40", show_default=True, help="Paper width.")
@click.option("--baud", type=click.IntRange(300, 4_000_000), help="Be as slow as a serial line.")
@click.option("--slow", type=click.FloatRange(0, 100), default=1.0, show_default=True, help="Factor on printing time.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Unique number; noise of faults.")
@click.option("--quiet", is_flag=True, help="Do not show the paper.")
def emulate(
    family: str,
    *,
    tcp: str | None,
    pty: Path | None,
    control: Path | None,
    state: Path | None,
    profile: str | None,
    code_page: str | None,
    columns: str,
    baud: int | None,
    slow: float,
    seed: int,
    quiet: bool,
) -> None:
    """Be an emulated printer of FAMILY for any program."""
    from fiscald.emulator.paper import Printout
    from fiscald.emulator.running import build, serve
    from fiscald.emulator.server import Plug
    from fiscald.emulator.storage import StorageError

    if (tcp is None) == (pty is None):
        raise click.UsageError("give either --tcp HOST:PORT or --pty LINK")
    known = face(family)
    for name, value, choices in (
        ("--profile", profile, known.profiles),
        ("--code-page", code_page, known.code_pages),
    ):
        if value is not None and value not in choices:
            raise click.UsageError(f"{name} of a {family} printer is one of {', '.join(choices)}")

    def show(printout: Printout) -> None:
        if not quiet:
            click.echo(f"\n{printout.text}")

    try:
        device, storage = build(
            family,
            profile=profile,
            code_page=code_page,
            width=int(columns),
            seed=seed,
            storage=state,
            printed=show,
        )
    except StorageError as error:
        raise click.ClickException(str(error)) from None
    device.slowness = slow
    address = None if tcp is None else host_and_port(tcp)

    def ready(where: str) -> None:
        click.echo(f"{device.model}, {device.register.state.unique_number}, at {where}", err=True)

    async def main_task() -> None:
        await serve(Plug(device, baud=baud), tcp=address, pty=pty, control=control, ready=ready)

    with contextlib.closing(storage) if storage else contextlib.nullcontext():
        _run_until_interrupted(main_task, tcp or str(pty))


def _run_until_interrupted(main_task: Callable[[], Awaitable[None]], where: str) -> None:
    """Run until Ctrl-C; a port that cannot be opened becomes one sentence."""
    try:
        anyio.run(main_task)
    except BaseExceptionGroup as group:
        _, rest = group.split(KeyboardInterrupt)
        while isinstance(rest, BaseExceptionGroup):
            rest = rest.exceptions[0]
        if isinstance(rest, OSError):
            raise click.ClickException(f"{where}: {rest.strerror or rest}") from None
        if rest is not None:
            raise rest from None
    except KeyboardInterrupt:
        pass


def host_and_port(text: str) -> tuple[str, int]:
    """``127.0.0.1:6666`` in two parts. Raises ``click.UsageError``."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise click.UsageError(f"{text!r}: write HOST:PORT, for example 127.0.0.1:6666")
    return host.strip("[]") or "127.0.0.1", int(port)


if __name__ == "__main__":
    main()
