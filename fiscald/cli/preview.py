"""``fiscalctl preview``: shows what a printer would print, without sending anything to it.

The daemon checks the document as if it were submitted. An emulated printer in this process makes the paper, with the
VAT table, code page and profile of the real one. The header, the numbers, and the way it spreads a discount over the
rates are those of the emulator.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from fiscald.cli.context import Context, everything, pass_context
from fiscald.cli.documents import document_argument, only_printer, printer_option, read_document
from fiscald.cli.texts import describe_due
from fiscald.model.about import Sheet
from fiscald.model.money import MAX_GROSZE, format_money
from fiscald.model.preview import Preview
from fiscald.protocols.base import Answer, Checkpoint, NotPrinted, Pause, Printed, Session, Settings, Step
from fiscald.terminal import shown

if TYPE_CHECKING:
    from fiscald.emulator.device import Device
    from fiscald.emulator.port import LocalLine

#: In the place of the printer's own header.
HEADER = "(nagłówek drukarki)"
#: Longest time until the reply to a command, by the emulated printer's clock.
MAX_REPLY_SECONDS = 60.0
#: Why the preview cannot show the paper of a document.
_NO_PAPER = {
    Sheet.PRINTERS_OWN: "only the printer knows the content of this document",
    Sheet.NONE: "this document prints nothing",
}


class NoPaper(Exception):
    """The paper cannot be shown; ``str`` says why."""


@click.command()
@document_argument
@printer_option
@pass_context
def preview(context: Context, file: Any, *, printer: str | None) -> None:
    """Show the totals and the paper of the document in FILE (as for print). Sends nothing to the printer.

    Exit codes: 0 fiscald would accept the document; otherwise those of print.
    """
    printer, document = read_document(context, file, printer)
    with context.client() as client:
        found = client.preview(printer or only_printer(context, client), document)
    try:
        sheet, why = paper(found), None
    except NoPaper as error:
        sheet, why = None, str(error)
    context.show(
        everything(found) | {"paper": sheet, "no_paper": why},
        lambda: f"{_summary(shown(found))}\n\n{sheet or f'no paper: {shown(why)}'}".rstrip(),
    )


def paper(found: Preview) -> str:
    """The sheet that an emulated printer makes of the document. Raises ``NoPaper``."""
    from fiscald.emulator.memory import RATES, RegisterState
    from fiscald.emulator.running import build

    if (why := _NO_PAPER.get(found.document.about.sheet)) is not None:
        raise NoPaper(why)
    if found.vat is None:
        raise NoPaper("the printer has never answered, so its VAT table is unknown")
    sheets: list[str] = []
    rates = [_rate(rate) for rate in found.vat.values()]
    device, _ = build(
        found.family,
        profile=found.profile,
        code_page=found.code_page,
        state=RegisterState(
            header=HEADER, rates=(rates + [None] * RATES)[:RATES], cash=MAX_GROSZE // 2, unique_number="EMU 0000000000"
        ),
        printed=lambda sheet: sheets.append(sheet.text),
    )
    carry_out(device, found)
    return "\n".join(sheets)


def carry_out(device: Device, found: Preview) -> Printed:
    """Carry out the document on an emulated printer, like the engine. Raises ``NoPaper``."""
    from fiscald.emulator.port import LocalLine
    from fiscald.protocols import family
    from fiscald.protocols.driving import drive_sync

    chosen = family(found.family)
    said = {"code_page": found.code_page, "profile": found.profile}
    options = chosen.options(**{name: value for name, value in said.items() if value is not None})
    settings = Settings(found.printer, options)
    session = chosen.session(settings)
    line = LocalLine(device)

    def exchange(step: Step) -> object:
        nonlocal session
        if line.closed and not session.needs_new_connection:
            session = chosen.session(settings)
        line.send(session.send(step.command))
        return _reply(line, session, device)

    def pass_time(item: Checkpoint | Pause) -> None:
        if isinstance(item, Pause):
            line.now += item.seconds

    verdict = drive_sync(chosen.carry_out(found.document, settings, None), exchange, pass_time)
    if isinstance(verdict, Printed):
        return verdict
    why = verdict.problem.detail if isinstance(verdict, NotPrinted) else "the emulated printer is waiting"
    raise NoPaper(f"the emulated printer does not print it: {why}")


def _reply(line: LocalLine, session: Session, device: Device) -> Any:
    """The printer's reply to the last command. Raises ``NoPaper`` if there is none."""
    while True:
        events = [*session.receive(line.receive()), *(session.end() if line.closed else ())]
        for event in events:
            if isinstance(event, Answer):
                return event.reply
        if device.awaits_key:
            raise NoPaper("the emulated printer does not answer; it asks a question on its display")
        if not line.wait(MAX_REPLY_SECONDS):
            raise NoPaper("the emulated printer does not answer")


def _rate(text: str | None) -> Decimal | str | None:
    """A rate of the status in the form of the emulated register."""
    return Decimal(text.rstrip("%")) if text is not None and text.endswith("%") else text


def _summary(found: Preview) -> str:
    lines = [f"{found.printer} would accept this {found.document.type}"]
    if found.totals is not None:
        totals = found.totals
        lines[0] += f": total {format_money(totals.total)}"
        for line in totals.lines:
            sign = "-" if line.storno else ""
            value = f"{line.quantity} x {format_money(line.price)} = {sign}{format_money(line.value)} {line.vat}"
            lines.append(f"  {line.name}: {value}")
        table = found.vat or {}
        sums = [f"{letter} {table.get(letter) or ''}".rstrip() for letter in totals.rates]
        amounts = [format_money(amount) for amount in totals.rates.values()]
        if sums:
            lines.append("  by rate: " + ", ".join(map(": ".join, zip(sums, amounts, strict=True))))
        if totals.total != totals.subtotal:
            lines.append(f"  before the discount or surcharge on the whole receipt: {format_money(totals.subtotal)}")
        if totals.due != totals.total:
            lines.append(f"  with packaging: {describe_due(totals.due)}")
        if totals.due >= 0:
            lines.append(f"  paid {format_money(totals.paid)}, change {format_money(totals.change)}")
    lines += [f"  note: {notice.pointer or ''} {notice.detail}" for notice in found.warnings]
    return "\n".join(lines)
