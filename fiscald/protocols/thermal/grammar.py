"""Which command is legal in which state, and which state follows.

Theory of operation. A printer holds at most one receipt. Its state is one of ``State``; a command that is not
legal there fails with the error of ``LEGALITY`` and changes nothing. Status queries are legal everywhere, except those
that need the clock. Driver, emulator and tests use the same tables. Rules about the content of a receipt (no line sold
yet, the last payment taken back) are not grammar: the device decides them.

Source: Thermal reference, section 6.1. It gives 82 or 95 for a wrong state; here 95 is for an open receipt and 82
for the state after a short closing (choice). What is legal in a form that is not
fiscal, besides its own commands and queries, stands in no source (choice: nothing). The check of the goods base is not
here.
"""

from __future__ import annotations

from enum import StrEnum

from fiscald.protocols.tables import LegalityRows, legality
from fiscald.protocols.thermal.commands import names
from fiscald.protocols.thermal.fields import Brand


class State(StrEnum):
    """What is open on the printer."""

    NO_RTC = "no_rtc"
    """Nothing; the clock was never set."""
    NO_RATES = "no_rates"
    """Nothing; all VAT rates are inactive."""
    IDLE = "idle"
    """Nothing."""
    LINES = "lines"
    """A receipt without payment."""
    PAY = "pay"
    """The same after the first payment (``$b``)."""
    TAIL = "tail"
    """Registered by a short closing; its sheet is not finished."""
    FORM = "form"
    """A form that is not fiscal."""


TRANSACTION = (State.LINES, State.PAY)

NO_CLOCK, NO_RATES, NOT_OPEN, NOTHING_TO_CLOSE, WRONG_STATE, PAID, OPEN_ALREADY = 1, 18, 21, 29, 82, 91, 95

_OK = None
_COLUMNS = (State.NO_RTC, State.NO_RATES, State.IDLE, State.LINES, State.PAY, State.TAIL, State.FORM)
_TABLE: LegalityRows = (
    #                                  NO_RTC NO_RATES IDLE LINES PAY  TAIL FORM
    (("#v", "#v 30", "#c", "#u", "^u"),
                                       (1,    _OK,  _OK,  _OK,  _OK,  _OK,  _OK)),
    (("$g",),                          (1,    18,   _OK,  _OK,  _OK,  _OK,  _OK)),
    (("$c", "$p", "#o", "#o 16", "#o 17"),
                                       (1,    _OK,  _OK,  95,   95,   82,  82)),
    (("$f 0", "$r"),                   (1,    18,   _OK,  95,   95,   82,  82)),
    (("$h", "$h invoice"),             (1,    18,   _OK,  95,   95,   82,  82)),
    (("$l", "$d 6", "$d 7", "$d 10", "$d 11"),
                                       (1,    18,   21,   _OK,  91,   82,  82)),
    (("$L", "$Y"),                     (1,    18,   21,   _OK,  82,   82,  82)),
    # After a payment only the command that takes all payments back (Px 0); the device refuses others with 82.
    (("$n",),                          (1,    18,   21,   _OK,  _OK,  82,  82)),
    (("$b 1", "$b 2"),                 (1,    18,   21,   _OK,  _OK,  82,  82)),
    (("$e 1", "$x"),                   (1,    18,   29,   _OK,  91,   82,  82)),
    (("$y",),                          (1,    18,   29,   _OK,  _OK,  82,  82)),
    # An invoice is closed whether it has payments or not; options are set while it is open (choice).
    (("$e 1 invoice",),                (1,    18,   29,   _OK,  _OK,  82,  82)),
    (("@c",),                          (1,    18,   21,   _OK,  _OK,  82,  82)),
    (("$e 0", "$e 0 invoice"),         (1,    18,   _OK,  _OK,  _OK,  82,  82)),
    (("$N 1", "$z 100"),               (1,    18,   21,   _OK,  82,   82,  82)),
    (("$z 4", "$z 8", "$z 12", "$z 20", "$z 24", "$z 28"),
                                       (1,    18,   21,   82,   82,   _OK,  82)),
    (("#i", "#d", "#z", "#w", "#t", "#k", "#p", "#q", "#l"),
                                       (1,    18,   _OK,  95,   95,   82,  82)),
    (("#r",),                          (1,    18,   _OK,  95,   95,   82,  82)),
    (("$w 0",),                        (1,    18,   _OK,  95,   95,   82,  82)),
    (("$w",),                          (1,    18,   82,   95,   95,   82,  _OK)),
    # For the form 255, which is none, it is legal beside a form only; the device refuses others with 82.
    (("$w 1",),                        (1,    18,   _OK,  95,   95,   82,  _OK)),
)  # fmt: skip

#: (command, state) -> the error of an illegal command. A pair that is not here is legal.
LEGALITY = legality(_COLUMNS, _TABLE)

#: Commands that Novitus also allows, and that end the receipt there: a client's tests close one that has payments
#: with ``$e`` (6.1).
NOVITUS_ALLOWS = frozenset((("$e 1", State.PAY), ("$x", State.PAY)))

#: (command, state) -> the state after its success. A pair that is not here does not change the state.
MOVES: dict[tuple[str, State], State] = {
    ("$h", State.IDLE): State.LINES,
    ("$h invoice", State.IDLE): State.LINES,
    ("$e 0 invoice", State.LINES): State.IDLE,
    ("$e 0 invoice", State.PAY): State.IDLE,
    ("$e 1 invoice", State.LINES): State.IDLE,
    ("$e 1 invoice", State.PAY): State.IDLE,
    ("$b 1", State.LINES): State.PAY,
    ("$e 1", State.LINES): State.IDLE,
    ("$x", State.LINES): State.IDLE,
    ("$y", State.LINES): State.IDLE,
    ("$y", State.PAY): State.IDLE,
    ("$e 0", State.LINES): State.IDLE,
    ("$e 0", State.PAY): State.IDLE,
    ("$z 28", State.TAIL): State.IDLE,
    ("$w 0", State.IDLE): State.FORM,
    ("$w 1", State.FORM): State.IDLE,
}


def refusal(command: str, state: State, brand: Brand = Brand.POSNET) -> int | None:
    """The error of ``command`` (the name of its row) in ``state``, or ``None`` if it is legal."""
    if brand is Brand.NOVITUS and (command, state) in NOVITUS_ALLOWS:
        return None
    return LEGALITY.get((command, state))


def after(
    command: str, state: State, brand: Brand = Brand.POSNET, *, short: bool = False, unpaid: bool = False
) -> State:
    """The state after ``command`` succeeded in ``state``.

    ``short``: a ``$y`` with ``Pc`` 3. ``unpaid``: no payment is left after it (``$b 2``, ``$n`` with ``Px`` 0).
    """
    if command == "$y" and short and state in TRANSACTION:
        return State.TAIL
    if command in ("$b 2", "$n") and unpaid and state is State.PAY:
        return State.LINES
    if brand is Brand.NOVITUS and (command, state) in NOVITUS_ALLOWS:
        return State.IDLE
    return MOVES.get((command, state), state)


assert {command for command, _ in LEGALITY} <= names(), "the table names an unknown command"
