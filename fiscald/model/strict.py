"""Strict reading of data from outside: unknown fields, duplicate names and NaN are refused."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from typing import Any, LiteralString, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from fiscald.model import json_errors

#: Maximum number of members of a JSON object, and of characters of their names.
MAX_MEMBERS, LONGEST_NAME = 100, 100
#: Maximum number of digits of a whole number.
LONGEST_NUMBER = 30
#: An escape for half of a character (a surrogate); two of them form one character.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_HALF = re.compile("[\ud800-\udfff]")


class Strict(BaseModel):
    """An immutable value. An unknown field is an error, so a misspelt field is never ignored silently."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_enum_values=False)


class Deferred(Strict):
    """The same, but its validator is made at the first use: a daemon starts sooner without those it may never use."""

    model_config = ConfigDict(defer_build=True)


def mistake(code: str, detail: LiteralString, detail_pl: str, **facts: object) -> PydanticCustomError:
    """A bad field, in English for the developer and in Polish for the cashier: templates filled from ``facts``."""
    return PydanticCustomError(code, detail, facts | {"detail_pl": detail_pl.format(**facts)})


class Mistakes:
    """Counts the mistakes in a value; passed as the context of its validation."""

    def __init__(self, most: int) -> None:
        self.left = most


class Element(Strict):
    """An element of a list. After too many mistakes in a value, the remaining elements are not checked."""

    @model_validator(mode="wrap")
    @classmethod
    def _count(cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        mistakes = info.context
        if mistakes is None or not isinstance(mistakes, Mistakes):
            return handler(value)
        if mistakes.left <= 0:
            raise PydanticCustomError(NOT_LOOKED_AT, "this was not checked: there are too many mistakes before it")
        try:
            return handler(value)
        except ValidationError as error:
            mistakes.left -= error.error_count()
            raise


#: The code of an element that was not checked.
NOT_LOOKED_AT = "element.not_looked_at"


def parse_json(text: bytes) -> Any:
    """JSON in UTF-8, with or without a byte order mark; without duplicate names, objects that are too large, or NaN.

    An escape for half of a character becomes U+FFFD, as in texts for paper: half a character cannot be stored or shown.
    Raises ``ValueError`` with a sentence.
    """
    try:
        found = json.loads(
            text.decode("utf-8-sig"),
            object_pairs_hook=_no_duplicates,
            parse_constant=_no_constant,
            parse_int=_no_endless_number,
        )
        if _SURROGATE.search(text):
            found = _whole(found)
    except json.JSONDecodeError as error:
        raise ValueError(json_errors.sentence(error)) from None
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except RecursionError:
        raise ValueError("the nesting is too deep") from None
    return found


def _whole(value: Any) -> Any:
    match value:
        case str():
            return _HALF.sub("\ufffd", value)
        case dict():
            return {_whole(name): _whole(each) for name, each in value.items()}
        case list():
            return [_whole(each) for each in value]
    return value


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_MEMBERS:
        raise ValueError(f"an object has more than {MAX_MEMBERS} members")
    found: dict[str, Any] = {}
    for name, value in pairs:
        if len(name) > LONGEST_NAME:
            raise ValueError(f"the name {name[:20]!r}... is longer than {LONGEST_NAME} characters")
        if name in found:
            raise ValueError(f"the name {name!r} appears twice in one object")
        found[name] = value
    return found


def _no_endless_number(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise ValueError(f"a number has more than {LONGEST_NUMBER} digits")
    return int(digits)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that ``word`` is most likely a misspelling of, or ``None``."""
    if len(word) > LONGEST_NAME:
        return None
    matches = difflib.get_close_matches(word.casefold(), list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None
