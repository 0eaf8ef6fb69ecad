"""What the parts of a Novitus printer share: the core, and methods that are commands."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from fiscald.emulator.novitus.core import Core

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="Part")


class Part:
    """A part of one printer."""

    def __init__(self, core: Core) -> None:
        self.core = core


def command(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """A method that sets the flags of the last command, and refuses with a ``NovitusError``."""

    @functools.wraps(method)
    def carried_out(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.core.carry_out(lambda: method(self, *args, **kwargs))

    return carried_out
