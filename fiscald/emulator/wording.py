"""What is wrong with a control command or a seed, in one sentence that says what to write instead."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from fiscald.model.strict import nearest

#: Most of a wrong value that a sentence repeats.
SHOWN = 60


def refusal(error: ValidationError, model: type[BaseModel] | None) -> str:
    """The first mistake as a sentence that begins with the field's name; ``model`` is what was to be read."""
    first = error.errors(include_url=False)[0]
    loc, kind = first["loc"], first["type"]
    where = ".".join(map(str, loc)) or "the line"
    wrong, context = first.get("input"), first.get("ctx", {})
    match kind:
        case "extra_forbidden":
            return f"{where}: there is no such field{suggestion(str(loc[-1]), _fields(model, loc[:-1]))}"
        case "missing":
            return f"{where} is missing"
        case "enum" | "literal_error" | "union_tag_invalid":
            expected = str(context.get("expected") or context.get("expected_tags") or "")
            names = [each.strip(" '") for each in expected.replace(" or ", ", ").split(",")]
            tag = context.get("tag", wrong)
            return f"{'do' if kind == 'union_tag_invalid' else where}: {unknown(tag, names)}"
        case "union_tag_not_found":
            return 'do is missing: a control command says what to do, such as {"do": "clear"}'
        case "json_invalid":
            return f"the line is not JSON ({context.get('error', 'damaged')}); write one JSON object per line"
        case "value_error":
            return f"{where}: {first['msg'].removeprefix('Value error, ')}"
        case _:
            return f"{where}: {first['msg']}, not {shortened(wrong)}"


def unknown(word: Any, known: Iterable[str]) -> str:
    """That ``word`` is none of those."""
    return f"{shortened(word)} is not known{suggestion(str(word), list(known))}"


def suggestion(word: str, known: Sequence[str]) -> str:
    """``; did you mean ...?``, or everything that is known."""
    guess = nearest(word, known)
    if guess is not None:
        return f"; did you mean {guess}?"
    return f"; known: {', '.join(sorted(known))}" if known else ""


def shortened(value: Any) -> str:
    """A value as it was written, if that is not too long."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _fields(model: type[BaseModel] | None, loc: Sequence[int | str]) -> list[str]:
    """The names of the fields at a place in a model; empty where they are not fixed."""
    for step in loc:
        if model is None:
            return []
        if isinstance(step, str) and step in model.model_fields:
            model = _inside(model.model_fields[step].annotation)
    return [] if model is None else list(model.model_fields)


def _inside(annotation: Any) -> type[BaseModel] | None:
    """The model in an annotation such as ``dict[str, Goods]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_inside(argument) for argument in typing.get_args(annotation))
    return next((each for each in found if each is not None), None)
