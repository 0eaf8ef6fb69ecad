"""``fiscald emulate``: an emulated printer as a separate process, for any program."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import click

from fiscald.protocols import FAMILIES

if TYPE_CHECKING:
    from fiscald.emulator.device import Display
    from fiscald.emulator.paper import Printout


@click.command()
@click.argument("family", type=click.Choice(FAMILIES))
@click.option(
    "--tcp",
    metavar="HOST:PORT",
    multiple=True,
    help="Listen on a TCP port (0: any free port); again for every further port of a printer that has several.",
)
@click.option(
    "--pty", metavar="LINK", type=click.Path(path_type=Path), help="Open a pseudo-terminal, and make LINK a link to it."
)
@click.option(
    "--control", metavar="SOCKET", type=click.Path(path_type=Path), help="Accept control commands on a Unix socket."
)
@click.option("--state", metavar="FILE", type=click.Path(path_type=Path), help="Keep the printer's memory in FILE.")
@click.option("--profile", metavar="NAME", help="Profile of the printer (default: the newest).")
@click.option("--code-page", metavar="NAME", help="Code page of the printer.")
@click.option("--columns", type=click.Choice(["40", "56"]), default="40", show_default=True, help="Paper width.")
@click.option("--baud", type=click.IntRange(300, 4_000_000), help="Be as slow as a serial line with this speed.")
@click.option(
    "--slow",
    type=click.FloatRange(0, 100),
    default=1.0,
    show_default=True,
    help="Multiply printing times by this factor.",
)
@click.option(
    "--command-seconds",
    type=click.FloatRange(0, 100),
    default=0.0,
    help="Seconds that every command takes in addition.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Seed of the unique number and of random faults.",
)
@click.option("--auto-confirm", is_flag=True, help="Confirm every question on the display immediately.")
@click.option(
    "--paper",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Save every sheet in DIR, as text and as a picture (PNG).",
)
@click.option("--quiet", is_flag=True, help="Do not show the paper.")
def emulate(
    family: str,
    *,
    tcp: tuple[str, ...],
    pty: Path | None,
    control: Path | None,
    state: Path | None,
    profile: str | None,
    code_page: str | None,
    columns: str,
    baud: int | None,
    slow: float,
    command_seconds: float,
    seed: int,
    auto_confirm: bool,
    paper: Path | None,
    quiet: bool,
) -> None:
    """Run an emulated printer of FAMILY for any program, until Ctrl-C or SIGTERM."""
    # Imported here: the other commands do not need it.
    from fiscald.emulator import emulator_factory
    from fiscald.emulator.folder import PaperFolder
    from fiscald.emulator.running import CannotStart, build, check_choice, check_ports, serve
    from fiscald.emulator.storage import StorageError

    if bool(tcp) is (pty is not None):
        raise click.UsageError("give either --tcp HOST:PORT or --pty LINK")
    addresses = [host_and_port(each) for each in tcp]
    factory = emulator_factory(family)
    try:
        check_choice(f"--profile of a {family} printer", profile, factory.profiles)
        check_choice(f"--code-page of a {family} printer", code_page, factory.code_pages)
        check_choice(f"link of a {family} printer", "tcp" if tcp else "pty", factory.links)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    try:
        folder = None if paper is None else PaperFolder(paper, warn=_warn)
    except OSError as error:
        raise click.ClickException(f"{paper}: {error.strerror or error}") from None

    def show(printout: Printout) -> None:
        if folder is not None:
            folder.keep(printout)
        if not quiet:
            where = "" if printout.on_paper else "(an e-document, not on paper)\n"
            click.echo(f"\n{where}{printout.text}")

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
    device.command_seconds = command_seconds
    device.auto_confirm = auto_confirm
    device.on_notice = _warn

    def asked(display: Display) -> None:
        what_next = "confirmed" if auto_confirm else 'press a key with {"do": "press"} on the control socket'
        _warn(f'the display asks "{display.pl}" ({display.en}); {what_next}')

    device.on_question = asked

    def ready(where: str) -> None:
        click.echo(f"{device.model}, {device.register.state.unique_number}, at {where}", err=True)

    async def main_task() -> None:
        await serve(device, tcp=addresses, baud=baud, pty=pty, control=control, ready=ready)

    with contextlib.closing(storage) if storage else contextlib.nullcontext():
        try:
            check_ports(device, max(len(addresses), 1))
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        failure: BaseException | None = None
        try:
            anyio.run(main_task)
        except* CannotStart as group:
            # Not raised here: Python 3.11.2 of Debian 12 would wrap it in a group.
            failure = _first(group)
        except* KeyboardInterrupt:
            # Ctrl-C came before the signal handler was installed.
            pass
        if failure is not None:
            raise click.ClickException(str(failure))


def _first(group: BaseExceptionGroup) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _warn(text: str) -> None:
    click.echo(text, err=True)


def host_and_port(text: str) -> tuple[str, int]:
    """``127.0.0.1:6666`` in two parts. Raises ``click.UsageError``."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise click.UsageError(f"{text!r}: write HOST:PORT, for example 127.0.0.1:6666")
    return host.strip("[]") or "127.0.0.1", int(port)
