"""``docs/conditions.md``: what each condition of a printer is, and the tables of the families."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from fiscald.model.conditions import CONDITIONS, Heals
from fiscald.protocols import FAMILIES, family
from fiscald.protocols.conditions import Conditions

_INTRO = """\
# Conditions of printers

Made from `fiscald/model/conditions.py` and `fiscald/protocols/*/conditions.py` by
`python -m fiscald.protocols.conditions_page`.

A printer refuses for three reasons: the document, the moment, or a condition of its own. A document that meets a
condition does not fail: it **waits, as it does without paper**, and is printed when the condition is over. Until then
the job is `accepted`; its `waiting` says why, with the code `printer.NAME`. The printer's `state` is the NAME, the
metric `fiscald_printer_state` has it, and `fiscalctl doctor` names it with the remedy (`doctor.NAME`). Withdraw the job
or give it a deadline if it should not wait.

- Documents that a condition does not concern pass those that wait: a daily report above all, which ends some of them.
- A document of any other type that the printer refuses with the same error waits too.
- "the one refused": each document is tried once, and only those wait that were refused. With a full goods base,
  receipts whose goods the printer knows are printed.
- Some conditions a look shows. That the others are over is found out by trying a document again. Where the printer
  refuses at once that costs nothing: after 4 seconds, then up to a minute apart. Where a receipt is open before it is
  refused, every try costs the paper of a cancelled receipt: after 20 seconds, then up to an hour apart. Somebody at the
  printer's menu, a daily report, a new connection and a command by hand make the next try come at once.
- A document that was begun and cancelled for a condition fails at once if it was submitted with
  `"if_interrupted": "fail"`.
"""
_ENDS = {
    Heals.ITSELF: "it passes",
    Heals.PERSON: "somebody at the printer",
    Heals.REPORT: "a daily report",
    Heals.SERVICE: "the printer's service",
}


def markdown(tables: Mapping[str, Conditions]) -> str:
    """The whole page."""
    lines = [_INTRO, *_row("condition", "what it is", "what ends it", "what to do", "for the cashier", head=True)]
    for name, words in CONDITIONS.items():
        said = words.detail_pl.format(reason_pl="...")
        fix = words.fix.format(printer="PRINTER")
        lines += _row(f"`{name}`", words.title, _ENDS[words.heals], fix, said)
    for name, table in tables.items():
        lines += ["", f"## {name}", ""]
        lines += _row("condition", "documents that wait", "errors", "what a look shows", head=True)
        for row in table.rows:
            waits = ", ".join(kind for kind in table.documents if kind in row.waits) or "the one refused"
            everything = len(row.waits) == len(table.documents)
            lines += _row(f"`{row.name}`", "all" if everything else waits, _ranges(row.errors), row.seen)
    return "\n".join(lines) + "\n"


def _row(*cells: str, head: bool = False) -> list[str]:
    lines = [f"| {' | '.join(cells)} |"]
    return [*lines, f"| {' | '.join('---' for _ in cells)} |"] if head else lines


def _ranges(errors: Sequence[str]) -> str:
    """``50 51 52 frame14`` -> ``50-52, frame 14``."""
    found: list[list[str]] = []
    for error in errors:
        before = found[-1][-1] if found else ""
        if before.isdigit() and error.isdigit() and int(error) == int(before) + 1:
            found[-1].append(error)
        else:
            found.append([error])
    named = (each[0] if len(each) == 1 else f"{each[0]}-{each[-1]}" for each in found)
    return ", ".join(re.sub(r"^([a-z]+)", r"\1 ", name) for name in named)


if __name__ == "__main__":
    import sys

    sys.stdout.write(markdown({name: family(name).conditions for name in FAMILIES}))
