"""The parts of queries that all families share. Nothing here changes anything on a printer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from fiscald.model.documents import Document
from fiscald.model.invoice import Invoice
from fiscald.model.problems import FieldProblem, Problem, problem
from fiscald.model.receipt import Receipt
from fiscald.protocols.base import DialogueAborted
from fiscald.protocols.conditions import Row, condition_problem

C = TypeVar("C")
R = TypeVar("R")


class Reply(Protocol):
    """A family's answer."""

    @property
    def values(self) -> dict[str, Any]:
        """The values of a good answer, by the family's own names."""

    @property
    def good(self) -> bool:
        """Whether the command was carried out."""


def good_values(reply: Reply, question: str, needed: Sequence[str]) -> dict[str, Any]:
    """The values of a good answer. Raises ``DialogueAborted`` if a needed value is missing."""
    missing = [name for name in needed if name not in reply.values]
    if missing:
        raise DialogueAborted(
            problem(
                "printer.out_of_order",
                reason=f"the printer does not answer {question}: its answer lacks {', '.join(missing)}",
                reason_pl="niezrozumiała odpowiedź",
            )
        )
    return reply.values


def refused_question(question: str, row: Row | None, text: str, text_pl: str, number: str) -> DialogueAborted:
    """The error for a refused question: because of the condition ``row``, or for another reason."""
    reason = f"the printer does not answer {question}: {text}"
    name = "out_of_order" if row is None else row.name
    return DialogueAborted(condition_problem(name, reason, text_pl, device_code=number))


def refusal(pointer: str, text: str, text_pl: str, number: str, *, goods: str | None = None) -> Problem:
    """The printer's definite refusal as a problem: the pointer, the English and Polish text, and the vendor's number.

    ``goods``: the name on the refused line.
    """
    if goods is not None:
        text, text_pl = f"{goods!r}: {text}", f"„{goods}”: {text_pl}"
    # The problem itself already says that the printer refused the whole document.
    field = FieldProblem(pointer=pointer, code="document.refused", detail=text, detail_pl=f"{text_pl}.")
    return problem(
        "printer.refused",
        reason=f"{pointer}: {text}",
        reason_pl=text_pl,
        device_code=number,
        errors=() if pointer == "/document" else (field,),
        extra={"pointer": pointer},
    )


def goods_at(document: Document, pointer: str) -> str | None:
    """The name of the goods on the line that ``pointer`` is in; ``None``: it is in no line."""
    found = _LINE.match(pointer)
    if found is None or not isinstance(document, Receipt | Invoice):
        return None
    return document.lines[int(found[1])].name


#: The control of rates blocks a line (POSNET reference, 6.5; Thermal reference, 4.4): the remedy, in both languages.
RATE_LOCKED = (
    "the printer has it at another VAT rate, and lets no goods go back to a higher one; sell it at that rate, or as a "
    "new product under another name"
)
RATE_LOCKED_PL = (
    "towar zablokowany w drukarce, bo był sprzedawany z inną stawką PTU; sprzedaj go z tamtą stawką albo jako nowy "
    "towar pod inną nazwą"
)
_LINE = re.compile(r"/document/lines/(\d+)")
