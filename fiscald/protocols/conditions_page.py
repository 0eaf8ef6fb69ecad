"""Makes ``docs/conditions.md``: the conditions of a printer, and the tables of the families."""

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

A printer refuses for one of three reasons: the document, the moment, or a condition of the printer. A document that
meets a condition does not fail: it **waits, as it does without paper**, and the printer prints it when the condition is
over. Until then the job is `accepted`; its `waiting` says why, with the code `printer.NAME`. NAME is also the printer's
`state` and appears in the metric `fiscald_printer_state`; `fiscalctl doctor` shows it with the remedy (`doctor.NAME`).
If a job should not wait, withdraw it or give it a deadline.

- Other documents may overtake those that wait. The most important one is the daily report, because it ends some
  conditions.
- If the printer refuses a document of another type with the same error, that document waits too.
- "the refused one": fiscald tries each document once, and only the refused ones wait. Example: with a full goods base,
  the printer still prints receipts with goods that it knows.
- The printer's status shows some conditions. To see whether another one is over, fiscald tries a document again. If the
  printer refuses at once, a try costs nothing: the first comes after 4 seconds, later ones up to a minute apart. If a
  receipt is open before the printer refuses it, every try costs the paper of a cancelled receipt: the first comes after
  20 seconds, later ones up to an hour apart. A person at the printer's menu, a daily report, a new connection or a
  technician's command brings the next try forward.
- If a document was started and then cancelled because of a condition, it fails at once if it was submitted with
  `"if_interrupted": "fail"`.
"""
_ENDS = {
    Heals.ITSELF: "it passes by itself",
    Heals.PERSON: "a person at the printer",
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
        lines += _row("condition", "documents that wait", "errors", "what the status shows", head=True)
        for row in table.rows:
            waits = ", ".join(kind for kind in table.documents if kind in row.waits) or "the refused one"
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
