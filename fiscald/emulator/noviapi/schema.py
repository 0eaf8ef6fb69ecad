"""What a document may look like: rules of values, and the texts by which the API names a broken one.

The rules mean what the contract's JSON schema means. The words for a broken rule are those of its examples (``Length``,
``Required``, ``Pattern``, ``Enum``, ``Depedencies``, as it is spelled there); the others are ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

#: Errors that one answer names.
MAX_ERRORS = 10


class Rule(Protocol):
    """What a value must be."""

    def broken(self, value: object, path: str) -> Iterator[str]:
        """Every broken rule as ``path : Rule``."""


@dataclass(frozen=True)
class Anything:
    """Any value."""

    def broken(self, value: object, path: str) -> Iterator[str]:
        """See ``Rule``."""
        yield from ()


@dataclass(frozen=True)
class Text:
    """Text of some length, of a pattern, or one of some words. Lengths are in characters."""

    shortest: int = 0
    longest: int | None = None
    pattern: re.Pattern[str] | None = None
    words: tuple[str, ...] | None = None

    def broken(self, value: object, path: str) -> Iterator[str]:
        """See ``Rule``."""
        if not isinstance(value, str):
            yield f"{path} : Type"
        elif len(value) < self.shortest or (self.longest is not None and len(value) > self.longest):
            yield f"{path} : Length"
        elif self.pattern is not None and self.pattern.search(value) is None:
            yield f"{path} : Pattern"
        elif self.words is not None and value not in self.words:
            yield f"{path} : Enum"


@dataclass(frozen=True)
class Whole:
    """A whole number, which may be written ``1.0``; within limits, or one of some."""

    lowest: int | None = None
    highest: int | None = None
    among: tuple[int, ...] | None = None

    def broken(self, value: object, path: str) -> Iterator[str]:
        """See ``Rule``."""
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
            yield f"{path} : Type"
        elif self.among is not None and value not in self.among:
            yield f"{path} : Enum"
        elif self.lowest is not None and value < self.lowest:
            yield f"{path} : Minimum"
        elif self.highest is not None and value > self.highest:
            yield f"{path} : Maximum"


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def broken(self, value: object, path: str) -> Iterator[str]:
        """See ``Rule``."""
        if not isinstance(value, bool):
            yield f"{path} : Type"


@dataclass(frozen=True)
class Several:
    """A list."""

    of: Rule
    fewest: int = 0
    most: int | None = None

    def broken(self, value: object, path: str) -> Iterator[str]:
        """See ``Rule``."""
        if not isinstance(value, list):
            yield f"{path} : Type"
            return
        if len(value) < self.fewest or (self.most is not None and len(value) > self.most):
            yield f"{path} : Items"
        for place, each in enumerate(value):
            yield from self.of.broken(each, f"{path}/[{place}]")


@dataclass(frozen=True)
class Fields:
    """An object: its fields, those it must have, and the rules between them."""

    fields: Mapping[str, Rule]
    required: tuple[str, ...] = ()
    open: bool = False
    """Unknown fields are taken and mean nothing."""
    never_both: tuple[str, str] | None = None
    just_one: tuple[str, ...] = ()
    """Exactly one of these."""
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What else must be there, by the value of ``operation``."""

    def broken(self, value: object, path: str) -> Iterator[str]:
        """See ``Rule``."""
        if not isinstance(value, dict):
            yield f"{path} : Type"
            return
        for name in self.required:
            if name not in value:
                yield f"{_below(path, name)} : Required"
        for name, each in value.items():
            rule = self.fields.get(name)
            if rule is not None:
                yield from rule.broken(each, _below(path, name))
            elif not self.open:
                yield f"{_below(path, name)} : AdditionalProperties"
        yield from self._between(value, path)

    def _between(self, value: dict[str, object], path: str) -> Iterator[str]:
        if self.never_both is not None and all(name in value for name in self.never_both):
            yield f"{path} : Not"
        if self.just_one and sum(name in value for name in self.just_one) != 1:
            yield f"{path} : OneOf"
        if self.needs:
            # Without an operation the contract asks for what the first one needs.
            operation = value.get("operation", next(iter(self.needs)))
            for name in self.needs.get(operation, ()) if isinstance(operation, str) else ():
                if name not in value:
                    yield f"{_below(path, 'operation')} - {name} : Depedencies"


@dataclass(frozen=True)
class OneField:
    """An object with one field, whose name says what it is. The contract takes an empty one, too."""

    kinds: Mapping[str, Rule]

    def broken(self, value: object, path: str) -> Iterator[str]:
        """See ``Rule``."""
        if not isinstance(value, dict):
            yield f"{path} : Type"
        elif len(value) > 1 or any(name not in self.kinds for name in value):
            yield f"{path} : AnyOf"
        else:
            for name, each in value.items():
                yield from self.kinds[name].broken(each, _below(path, name))


def _below(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name
