"""Makes ``docs/documents.md``: what each family and profile does with each document, and with which limits."""

from __future__ import annotations

from typing import NamedTuple

from fiscald.model.capabilities import Capability, FieldCapability
from fiscald.model.documents import DOCUMENTS
from fiscald.protocols import FAMILIES, family
from fiscald.protocols.base import Settings

_INTRO = """\
# What each printer prints

Made from the tables of `fiscald/protocols/*` by `python -m fiscald.protocols.documents_page`. `GET
/v1/printers/{name}` has the same for one printer, as `capabilities`; there it also depends on the unique number of the
printer (Thermal, `buyer.nip`). A document or a field that a printer does not take is refused before anything is sent.

A field that has no row takes what [api.md](api.md) says, on every printer. Lengths are in characters of the text as it
is printed; "cut" and "left out" come with a warning.
"""


class _Column(NamedTuple):
    family: str
    profile: str
    capabilities: dict[str, Capability]


def columns() -> list[_Column]:
    """Every profile of every family."""
    found = []
    for name in FAMILIES:
        known = family(name)
        for profile in known.choices("profile") or ("",):
            options = known.options.model_validate({"profile": profile} if profile else {})
            found.append(_Column(name, profile, known.capabilities(Settings("printer", options), None)))
    return found


def markdown(table: list[_Column]) -> str:
    """The whole page."""
    names = [f"{column.family} {column.profile}".strip() for column in table]
    lines = [_INTRO, *_row("document", *names, head=True)]
    for kind in DOCUMENTS:
        lines += _row(f"`{kind}`", *("yes" if column.capabilities[kind].supported else "no" for column in table))
    lines += ["", "## Why not", ""]
    for kind in DOCUMENTS:
        lines += [
            f"- `{kind}` on {name}: {column.capabilities[kind].why}."
            for name, column in zip(names, table, strict=True)
            if not column.capabilities[kind].supported
        ]
    for kind in DOCUMENTS:
        paths = sorted({path for column in table for path in column.capabilities[kind].fields})
        if paths:
            lines += ["", f"## Fields of `{kind}`", "", *_row("field", *names, head=True)]
            for path in paths:
                lines += _row(f"`{path}`", *(_cell(column.capabilities[kind], path) for column in table))
    return "\n".join(lines) + "\n"


def _cell(capability: Capability, path: str) -> str:
    """What one printer does with one field."""
    if not capability.supported:
        return "-"
    for name, holder in capability.fields.items():
        if path.startswith((f"{name}.", f"{name}[")) and not holder.supported:
            return "no"
    field = capability.fields.get(path)
    if field is None:
        return "yes"
    if not field.supported:
        return f"{'left out' if field.beyond == 'left_out' else 'no'}: {field.why}"
    return _limits(field)


def _limits(field: FieldCapability) -> str:
    said = []
    for number, unit in (
        (field.max_length, "characters"),
        (field.max_bytes, "bytes"),
        (field.max_items, "elements"),
        (field.max_decimals, "decimals"),
    ):
        if number is not None:
            said.append(f"{number} {unit}")
    if field.highest is not None:
        said.append(f"up to {field.highest}")
    said += [", ".join(choices) for choices in (field.kinds, field.values) if choices is not None]
    if field.beyond in ("cut", "left_out"):
        said.append(f"more is {'cut' if field.beyond == 'cut' else 'left out'}")
    if field.why:
        said.append(field.why)
    return "; ".join(said)


def _row(*cells: str, head: bool = False) -> list[str]:
    lines = [f"| {' | '.join(cells)} |"]
    return [*lines, f"| {' | '.join('---' for _ in cells)} |"] if head else lines


if __name__ == "__main__":
    import sys

    sys.stdout.write(markdown(columns()))
