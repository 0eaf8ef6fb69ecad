"""``fiscalctl preview``: shows what a printer would print, without sending anything to it.

The daemon checks the document as if it were submitted. An emulated printer in this process makes the paper, with the
VAT table, code page and profile of the real one. The header, the numbers, and the way it spreads a discount over the
rates are those of the emulator.
"""

from __future__ import annotations

from typing import Any

import click

from fiscald.cli.context import Context, everything, pass_context
from fiscald.cli.documents import document_argument, only_printer, printer_option, read_document
from fiscald.cli.texts import describe_due
from fiscald.model.money import format_money
from fiscald.model.preview import Preview
from fiscald.paper.emulated import NoPaper, paper
from fiscald.terminal import shown


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
    lines += [f"  note: {notice.pointer + ' ' if notice.pointer else ''}{notice.detail}" for notice in found.warnings]
    return "\n".join(lines)
