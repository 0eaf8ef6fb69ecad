"""``fiscald demo --keep``: a shop to play with; its printer is disturbed from the terminal."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import click

from fiscald.api.client import Client, Refused
from fiscald.emulator.running import EmulatedPrinter

#: Seconds between two looks at the printer.
_LOOK = 0.2
_COMMANDS = """\
Disturb the printer: type here, and press Enter.
  paper out   the roll is empty              paper in    a new roll
  cable out   the cable is pulled            cable in    it is plugged in again
  accident    the next receipt: the printer's last answer is lost, and before fiscald can ask again, somebody
              makes the daily report on the printer. Its counters do not show whether the receipt was printed:
              fiscald asks you to look at the paper, and to decide
  quit        or Ctrl-C"""


class Disturbed:
    """What a person does to the printer."""

    def __init__(self, printer: EmulatedPrinter) -> None:
        self._printer = printer
        self._accident = False

    def do(self, line: str) -> str:
        """Carry a line out; what to tell the person."""
        match line.lower().split():
            case ["paper", "out" | "in" as how]:
                self._printer.switch("paper_out", how == "out")
                return "the roll is empty" if how == "out" else "there is a new roll"
            case ["cable", "out" | "in" as how]:
                self._printer.power(on=how == "in")
                return "the cable is pulled" if how == "out" else "the cable is plugged in"
            case ["accident"]:
                if not self._accident:
                    self._accident = True
                    self._printer.fault("drop_after", "trend")
                return "it happens to the next receipt: print one, then decide it"
            case []:
                return ""
        return _COMMANDS

    def go_on(self) -> None:
        """Look whether the accident has begun: then somebody makes the daily report."""
        if self._accident and not any(each.act == "drop_after" for each in self._printer.planned):
            self._accident = False
            # fiscald waits for the lost answer now; this is the first thing that it asks afterwards.
            self._printer.fault("keypad_report", "scomm")


def show_mail(mail: EmailMessage) -> None:
    """Show a mail of the vendor in the terminal."""
    click.echo(f"\n--- a mail to {mail['To']}: {mail['Subject']}\n{mail.get_content().rstrip()}\n---")


def stay(path: Path, printer: EmulatedPrinter, number: str | None) -> None:
    """Run until Ctrl-C or ``quit``; ``number``: a licence number to register with."""
    click.echo(f"The daemon listens on {path}; an emulated POSNET printer is at {printer.address}.")
    try:
        with Client(path) as client:
            link = client.console_link().url
    except Refused:
        click.echo("\nThe web console needs: pip install 'fiscald[console]'")
    else:
        click.echo(
            f"\nOpen the web console. This link signs in once (fiscalctl --socket {path} console makes another):"
        )
        click.echo(f"  {link}")
    if number is not None:
        click.echo(
            f"\nRegister there with this licence number (field X), or begin a trial by e-mail:\n  {number}\n"
            "No mail leaves this computer: mails and their codes appear here. Then print from the Sandbox page."
        )
    click.echo(f"\n{_COMMANDS}\n\nOr: fiscalctl --socket {path} status")
    try:
        _watch(printer)
    except KeyboardInterrupt:
        click.echo("")


def _watch(printer: EmulatedPrinter) -> None:
    disturbed, seen = Disturbed(printer), len(printer.printouts)
    for lines in _typed():
        for line in lines:
            if line.strip().lower() in ("quit", "exit"):
                return
            click.echo(disturbed.do(line))
        disturbed.go_on()
        for sheet in printer.printouts[seen:]:
            seen += 1
            click.echo(f"\n{sheet.text}")


def _typed() -> Iterator[list[str]]:
    """Every moment, the lines that were typed meanwhile. Goes on without a terminal, and in the background."""
    begun, ended = b"", False
    while True:
        if ended or _is_in_background():
            time.sleep(_LOOK)
            yield []
            continue
        try:
            ready, _, _ = select.select([0], [], [], _LOOK)
            came = os.read(0, 4096) if ready else None
        except OSError:  # there is no standard input
            came = b""
        ended = came == b""
        *lines, begun = (begun + (came or b"")).split(b"\n")
        begun = begun[-4096:]
        yield [line.decode("utf-8", "replace") for line in lines]


def _is_in_background() -> bool:
    """Whether reading the terminal would stop this program."""
    try:
        return os.tcgetpgrp(0) != os.getpgrp()
    except OSError:  # no terminal
        return False
