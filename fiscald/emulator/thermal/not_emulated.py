"""Commands of real printers that the emulator lacks: it refuses them as unknown and names them in a message.

Source: Thermal reference, the index and sections 5.1 to 5.10, 9.4 and appendix A. The message also names commands in
``fiscald.protocols.thermal.commands`` that this model does not have (another brand's, another profile's).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from fiscald.protocols.thermal.commands import find
from fiscald.protocols.thermal.fields import Brand
from fiscald.protocols.thermal.frames import Frame
from fiscald.protocols.thermal.grammar import WRONG_STATE
from fiscald.protocols.thermal.invoice_rows import RECEIPT_PARAMS

_FISCAL_MEMORY = "reading the fiscal memory"


class _Row(NamedTuple):
    id: str
    meaning: str
    firsts: Collection[int] = ()
    """Only with these first parameters; with any where there are none."""


_ROWS = (
    _Row("$d", "price, name and subtotal on the display", (8,)),
    _Row("$d", "the usual look of the display", (9,)),
    _Row("$d", "change and sum on the display while it is paid", (12, 13)),
    _Row("$f", "fiscalisation in older manuals"),
    _Row("$i", "information about a Novitus device"),
    _Row("$m", "a command of Novitus"),
    _Row("$o", "service date, authorisation code"),
    _Row("$z", "amounts in euro after the closing", (99,)),
    _Row("#a", "non-fiscal documents on original and copy; on a Novitus the header"),
    _Row("#b", "check of the goods base"),
    _Row("#f", "shift report with the application's figures"),
    _Row("#g", "card slip"),
    _Row("#h", "refund slip of a card"),
    _Row("#H", "copy of the last receipt"),
    _Row("#j", "report of constant texts"),
    _Row("#m", "second shift report with the application's figures"),
    _Row("#s", _FISCAL_MEMORY, (37, *range(53, 66), 116)),
    _Row("#s", "the last daily report", (101,)),
    _Row("#s", "further status of a Novitus"),
    _Row("^c", "options of a Novitus"),
    _Row("^l", "line with a goods code"),
    _Row("^u", "the header of a Novitus"),
    _Row("?l", "data of the last receipt"),
    _Row("?C", "a query of Novitus"),
    _Row("@e", "identifier of an e-receipt"),
    _Row("@P", "prints out of the protected memory"),
    *(_Row(name, "the protected memory") for name in ("@PMF", "@PMJ", "@PMK", "@PMR")),
    _Row("@PML", "copy of the last document"),
)
#: Most parameters of a receipt's commands.
_OPENING, _CLOSING = RECEIPT_PARAMS["$h"], RECEIPT_PARAMS["$e"]
#: Parameters of an invoice's commands: one client's and the description's, and those of its end.
_INVOICE_OPENING, _INVOICE_CLOSING = (10, 11), 9
#: The error of a second invoice.
_OPEN_ALREADY = 1516
_DISCOUNT, _DEPOSIT, _END = "discount on more than a line", "returnable packaging", "end of a receipt"
#: Commands of a receipt that the description of invoices does not mention, and their purpose.
_NOT_IN_INVOICE = {
    "$n": _DISCOUNT, "$L": _DISCOUNT, "$Y": _DISCOUNT, "$e 1": _END, "$x": _END, "$y": _END, "$z 100": "buyer's number",
    **{f"$d {number}": _DEPOSIT for number in (6, 7, 10, 11)},
}  # fmt: skip


def name_of(frame: Frame, brand: Brand) -> tuple[str, str | None]:
    """A command that this model does not know as it is sent, and what it does; ``None``: no source knows it."""
    first = frame.params[0] if frame.params else None
    name = f"{'' if first is None else first}{frame.name}"
    if any(find(frame, other) is not None for other in Brand):
        return name, "a command of other models" if find(frame, brand) is None else "a command of other profiles"
    for row in _ROWS:
        if row.id == frame.name and (not row.firsts or first in row.firsts):
            return name, row.meaning
    return name, None


def in_invoice(command: str, error: int | None) -> int | None:
    """The error of a command while an invoice is open, where ``error`` is its error while a receipt is."""
    if command == "$h invoice":
        return _OPEN_ALREADY
    if command in _NOT_IN_INVOICE:
        return WRONG_STATE
    return None if command == "$z 20" else error


def of_invoice(command: str) -> tuple[str, str] | None:
    """A command that an open invoice refuses because nothing is known about it there, and its purpose."""
    return (f"{command} in an invoice", _NOT_IN_INVOICE[command]) if command in _NOT_IN_INVOICE else None


def form_of(frame: Frame, brand: Brand) -> tuple[str, str] | None:
    """A known command in a form that is not emulated, and its purpose; ``None`` for any other."""
    params, slashes, novitus = len(frame.params), frame.body.count(b"/"), brand is Brand.NOVITUS
    match frame.name:
        case "$h" if params > _OPENING and not (novitus and params in _INVOICE_OPENING):
            return f"$h with {params} parameters", "opening an invoice"
        case "$e" if params > _CLOSING and not (novitus and params == _INVOICE_CLOSING):
            return f"$e with {params} parameters", "closing an invoice"
        case "$b" if params > 2 or slashes > 1:
            return "$b with a currency", "payment in a currency"
        case "#p" if not frame.body:
            return "#p without fields", "reading who is logged in"
        case "#i" | "#d" if frame.body.count(b"\r") > 2:
            return f"{frame.name} with more than two texts", "cash with a numbered receipt"
    return None
