"""What asking has in common, whatever the printer speaks. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from fiscald.model.jobs import Paper
from fiscald.model.printers import Condition, PrinterState
from fiscald.model.problems import Problem, problem
from fiscald.protocols.base import Dialogue, Interrupted

C = TypeVar("C")
R = TypeVar("R")


class Reply(Protocol):
    """A family's answer."""

    @property
    def values(self) -> dict[str, Any]:
        """Of a good one, by the family's own names."""

    @property
    def good(self) -> bool:
        """Whether the command was carried out."""


def ask_again(question: C, send: Callable[[C], Dialogue[R]], spoiled: Callable[[R], bool]) -> Dialogue[R]:
    """The answer to a question; one that the line ``spoiled`` is asked once more."""
    reply = yield from send(question)
    if spoiled(reply):
        reply = yield from send(question)
    return reply


def good_values(reply: Reply, question: str, needed: Sequence[str], error: Callable[[], str]) -> dict[str, Any]:
    """The values of a good answer. Raises ``Interrupted`` for an ``error``, or where one that is needed is missing."""
    missing = [name for name in needed if name not in reply.values]
    if not reply.good or missing:
        why = error() if not reply.good else f"its answer lacks {', '.join(missing)}"
        raise Interrupted(
            problem(
                "printer.out_of_order",
                reason=f"the printer does not answer {question}: {why}",
                reason_pl="niezrozumiała odpowiedź",
            )
        )
    return reply.values


def refusal(pointer: str, text: str, text_pl: str, number: str) -> Problem:
    """The printer's definite refusal as a problem: where, in English, in Polish, and the vendor's number."""
    return problem(
        "printer.refused",
        reason=f"{pointer}: {text}",
        reason_pl=text_pl,
        device_code=number,
        extra={"pointer": pointer},
    )


def read_paper(probe: Dialogue[Condition]) -> Dialogue[Paper]:
    """Whether the sheet of a registered document is out: a printer without paper has it pending."""
    condition = yield from probe
    return Paper.PRINTED if condition.state is PrinterState.READY else Paper.PENDING
