"""``fiscalctl replay``: plays a recording to an emulated printer, or plays the printer of a recording."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import click

from fiscald.cli.context import DONE, FAILED, USAGE, Context, pass_context
from fiscald.cli.recordings import load
from fiscald.protocols import family as known_family
from fiscald.recording.pcapng import RecordingError
from fiscald.recording.reading import Turn, entries, of_printer, turns
from fiscald.recording.replay import NotPlayed, Report, ScriptedPrinter, play_host, recorded_profile
from fiscald.terminal import shown
from fiscald.transport import AddressError, LinkError, TcpHost, parse_address


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--against", metavar="ADDRESS", help="Address of an emulated printer (default: a new one).")
@click.option("--profile", metavar="NAME", help="Profile of the new emulator (default: taken from the recording).")
@click.option("--as-printer", metavar="ADDRESS", help="Play the printer: listen at tcp://HOST:PORT for a driver.")
@click.option(
    "--pty",
    metavar="LINK",
    type=click.Path(path_type=Path),
    help="Play the printer on a pseudo-terminal, and make LINK a link to it.",
)
@click.option(
    "--wait", type=click.FloatRange(0.05, 600), default=5.0, show_default=True, help="Seconds to wait for an answer."
)
@pass_context
def replay(
    context: Context,
    file: Path,
    *,
    against: str | None,
    profile: str | None,
    as_printer: str | None,
    pty: Path | None,
    wait: float,
) -> None:
    """Replay the recording in FILE: send its commands to an emulated printer and compare the answers.

    The command refuses a real printer, which would print and register everything again. With --as-printer or --pty it
    sends the recorded answers to a driver instead, until a command of the driver differs.

    Exit codes: 0 no difference, 1 a difference, 2 the recording cannot be replayed.
    """
    if sum(option is not None for option in (against, as_printer, pty)) > 1:
        raise click.UsageError("--against, --as-printer and --pty exclude each other")
    if profile is not None and (against or as_printer or pty):
        raise click.UsageError(
            "--profile is for a new emulated printer: use it without --against, --as-printer and --pty"
        )
    try:
        packets = of_printer(load(context, file).packets)
        connections = turns(entries(packets))
    except RecordingError as error:
        context.fail(USAGE, f"{file}: {error}")
    family = packets[0].family
    try:
        if as_printer is None and pty is None:
            _play_host(context, connections, family, against, profile, wait)
        else:
            _play_printer(context, connections, family, as_printer, pty)
    except (AddressError, LinkError, NotPlayed) as error:
        context.fail(USAGE, str(error))


def _play_host(
    context: Context,
    connections: list[list[Turn]],
    family: str,
    against: str | None,
    profile: str | None,
    wait: float,
) -> None:
    from fiscald.emulator import emulator_factory
    from fiscald.emulator.running import EmulatedPrinter

    if known_family(family).web:
        raise NotPlayed(
            f"a {family} conversation cannot be sent again: the printer gives other tokens and ids of jobs; "
            "--as-printer plays the printer's part"
        )

    async def play(address: str) -> Report:
        return await play_host(connections, family, parse_address(address), seconds=wait)

    if against is not None:
        report = anyio.run(play, against)
    else:
        profiles = emulator_factory(family).profiles
        if profile is not None and profile not in profiles:
            raise NotPlayed(f"no emulated {family} printer has a profile {profile!r}; profiles: {', '.join(profiles)}")
        recorded = recorded_profile(connections, family) if profile is None else None
        chosen = recorded if recorded in profiles else profile
        with EmulatedPrinter(family, profile=chosen) as printer:
            report = anyio.run(play, printer.address)
    content = {"played": report.played, "differences": report.differences, "own": report.own}
    context.show(content, lambda: _report_text(report))
    sys.exit(FAILED if report.differences else DONE)


def _report_text(report: Report) -> str:
    report = shown(report)
    lines = [f"{report.played} commands played, {len(report.differences)} differences"]
    lines += [f"  {each}" for each in report.differences]
    if report.own:
        lines.append(f"{len(report.own)} values differ as expected (numbers, clocks, counters, totals)")
        lines += [f"  {each}" for each in report.own]
    return "\n".join(lines)


def _play_printer(
    context: Context, connections: list[list[Turn]], family: str, as_printer: str | None, pty: Path | None
) -> None:
    from fiscald.emulator.server import PortServer

    where = None if as_printer is None else parse_address(as_printer)
    if where is not None and not isinstance(where, TcpHost):
        raise AddressError(f"{as_printer!r}: a printer listens at tcp://HOST:PORT; for a serial port use --pty LINK")
    over = anyio.Event()
    script = ScriptedPrinter(connections, family, over=over.set)

    async def serve() -> None:
        plug = PortServer(script)
        async with anyio.create_task_group() as tasks:
            if where is not None:
                port = await tasks.start(plug.serve_tcp, where.host, where.port)
                click.echo(f"the recorded printer listens at {TcpHost(where.host, port)}", err=True)
            else:
                path = await tasks.start(plug.serve_pty, pty)
                click.echo(f"the recorded printer is at serial://{Path(path).absolute()}", err=True)
            await over.wait()
            tasks.cancel_scope.cancel()

    failure: LinkError | None = None
    try:
        anyio.run(serve)
    except* OSError as errors:
        # Not raised here: Python 3.11.2 of Debian 12 would wrap it in a group.
        failure = LinkError(f"{as_printer or pty}: {errors.exceptions[0]}")
    except* KeyboardInterrupt:
        pass
    if failure is not None:
        raise failure
    content = {"played": script.played, "deviation": script.deviation, "left": script.left}
    context.show(content, lambda: _script_text(script))
    sys.exit(FAILED if script.deviation or script.left else DONE)


def _script_text(script: ScriptedPrinter) -> str:
    lines = [f"{script.played} commands played as recorded"]
    if script.deviation:
        lines.append(f"then the host sent another command: {shown(script.deviation)}")
    elif script.left:
        lines.append(f"not sent: {', '.join(shown(script.left))}")
    return "\n".join(lines)
