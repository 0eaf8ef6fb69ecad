"""The evidence of an undecided job for the person who decides: what moved side by side, then what stayed the same.

The words are the descriptions that the family's evidence has for its fields; a field that it does not know, of another
version of the daemon, keeps its own name.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from fiscald.protocols import family
from fiscald.terminal import visible

LOOKS = ("before", "opened", "after")
WIDTH = 100
#: Characters of one value, and fields of one evidence, that are shown.
MAX_VALUE = 40
MAX_FIELDS = 60
#: Not what the printer counted, but what the document was planned with.
PLANNED = ("profile", "rates", "host_time")


def evidence_lines(evidence: dict[str, Any] | None) -> list[str]:
    """The evidence on short lines, without control characters; amounts are in grosze, as the printer counts them."""
    found = {name: evidence[name] for name in LOOKS if isinstance(evidence.get(name), dict)} if evidence else {}
    if not any(found.values()):
        return ["the printer's counters were not read"]
    words = _words(evidence.get("family") if evidence else None)
    looks = {name: dict(_plain(look)) for name, look in found.items()}
    names = list(dict.fromkeys(name for look in looks.values() for name in look))[:MAX_FIELDS]
    moved = [name for name in names if len({look[name] for look in looks.values() if name in look}) > 1]
    lines = _table([(f"{words.get(name, name)} ({name})", name) for name in moved], looks)
    for read in dict.fromkeys(_read_in(looks, name) for name in names):
        said = "; ".join(
            f"{words.get(name, name)} {looks[read[0]][name]}"
            for name in names
            if name not in moved and _read_in(looks, name) == read and ": " not in words.get(name, name)  # no flags
        )
        if said:
            when = (
                "the same at every look" if len(looks) > 1 and len(read) == len(looks) else f"read {' and '.join(read)}"
            )
            lines += textwrap.wrap(visible(f"{when}: {said}"), WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    return lines


def _table(rows: list[tuple[str, str]], looks: dict[str, dict[str, str]]) -> list[str]:
    if not rows:
        return ["no counter of the printer moved"] if len(looks) > 1 else []
    cells = [["the printer's counters (amounts in grosze)", *looks]]
    cells += [[visible(words), *(visible(look.get(name, "-")) for look in looks.values())] for words, name in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join([first.ljust(widths[0]), *(each.rjust(width) for each, width in zip(rest, widths[1:], strict=True))])
        for first, *rest in cells
    ]


def _read_in(looks: dict[str, dict[str, str]], name: str) -> tuple[str, ...]:
    """The looks that have it."""
    return tuple(look for look, said in looks.items() if name in said)


def _plain(look: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """The fields that have a value; those of a group as ``group.field``."""
    for name, value in look.items():
        match value:
            case None | list():
                pass
            case _ if name in PLANNED:
                pass
            case dict():
                if not above:  # no family has groups in groups
                    yield from _plain(value, f"{name}.")
            case bool():
                yield f"{above}{name}", "yes" if value else "no"
            case _:
                text = str(value)
                yield f"{above}{name}", text if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}..."


def _words(name: object) -> dict[str, str]:
    """What each field of the family's looks is."""
    try:
        look = family(str(name)).evidence.model_fields["before"].annotation
    except KeyError:  # of a newer daemon
        return {}
    return dict(_described(look))


def _described(annotation: Any, above: str = "") -> Iterator[tuple[str, str]]:
    for model in (each for each in (annotation, *get_args(annotation)) if _is_model(each)):
        for name, field in model.model_fields.items():
            if field.description:
                yield f"{above}{name}", field.description.partition(";")[0]
            yield from _described(field.annotation, f"{name}.")


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
