"""What an attack may use: computers that ask the vendor, mails, numbers, and a look into the database."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, ClassVar, NamedTuple, Protocol

from fiscald.licence import wire
from fiscald.licence.server.refusals import Malformed, TooMany, Unable
from tests.hostile_licence.shops import Shop
from tests.licence.server.running import Answered, Computer

#: No answer, or one that decides nothing. The program asks again.
NOTHING = (TooMany, Malformed, Unable)


class Ask(NamedTuple):
    """A request of a computer."""

    computer: Computer
    model: type[wire.VendorRequest]
    fields: dict[str, Any]


class Scene(Protocol):
    """A vendor in trouble, and customers."""

    shops: list[Shop]

    @property
    def clock(self) -> Callable[[], float]:
        """The time, in seconds."""
        ...

    def ask(self, computer: Computer, model: type[wire.VendorRequest], **fields: Any) -> Answered:
        """The verified answer. Raises ``TooMany``, ``Malformed`` or ``Unable``."""
        ...

    def post(self, computer: Computer, path: str, token: str) -> Answered:
        """The same for a text that was signed before."""
        ...

    def send(self, address: str, path: str, body: bytes) -> Any:
        """Post what need not be a request. May raise the same."""
        ...

    def mails(self) -> list[EmailMessage]:
        """All that have arrived."""
        ...

    def wait_a_moment(self) -> None:
        """Let a short time pass."""
        ...

    def number(self) -> str:
        """One that has not been sold yet."""
        ...

    def rows(self, query: str, *values: Any) -> list[Any]:
        """Rows of the vendor's database."""
        ...


def volley(scene: Scene, asks: Iterable[Ask]) -> Iterator[Answered | None]:
    """Ask one after the other; ``None`` for what was not answered."""
    for ask in asks:
        try:
            yield scene.ask(ask.computer, ask.model, **ask.fields)
        except NOTHING:
            yield None


@dataclass
class Attack(ABC):
    """A way to cheat or to do harm."""

    tries: ClassVar[str]
    """What the cheat tries: the first column of the table."""
    most: ClassVar[dict[str, int]]
    """What the cheat may get at most, by its name."""
    processes: ClassVar[bool] = False
    """Whether it needs real processes."""
    meanwhile: ClassVar[bool] = True
    """Whether customers come in while it goes on, or afterwards."""
    strangers: ClassVar[int] = 1
    """Into how many scripts at a time the work is divided."""

    share: float = 1.0
    """Of its networks: all of them against real processes, fewer in a hurry."""
    tried: int = 0
    got: Counter[str] = field(default_factory=Counter)

    @abstractmethod
    def go(self, scene: Any, part: int) -> Iterator[None]:
        """The script of stranger ``part``, in steps between which customers come in."""

    def __post_init__(self) -> None:
        self._turn = threading.Lock()

    def attempt(self, times: int = 1) -> None:
        """Something was tried, so often. Scripts at a time may say so."""
        with self._turn:
            self.tried += times

    def gain(self, name: str, times: int) -> None:
        """The cheat got something, so often."""
        with self._turn:
            self.got[name] += times

    def some(self, many: list[str]) -> list[str]:
        """The share of so many networks."""
        return many[: max(2, round(len(many) * self.share))]

    def count(self, scene: Any) -> None:  # noqa: B027 - most attacks count as they go
        """Count in the end what the cheat got."""

    def broken(self) -> list[str]:
        """What the cheat got more of than may be."""
        return [
            f"{name}: {self.got[name]}, at most {most}" for name, most in self.most.items() if self.got[name] > most
        ]
