"""Why a Novitus printer refuses, as its error numbers (Novitus XML reference, chapter 8).

The numbers and their texts are published. Which number stands for which refusal is mostly our assumption, as the
reference says for each; ``ERRORS`` and ``CONDITIONS`` are the only places that decide it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from fiscald.emulator.device import Display
from fiscald.emulator.faults import Faults, Switch
from fiscald.emulator.refusal import Refusal

Action = Literal["open", "close", "slip", "report", "program"]
"""What a command does, as far as conditions distinguish it."""


class NovitusError(Exception):
    """The printer refuses with this number and has changed nothing (but see 32)."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(str(number))


class NeedsConfirmation(Exception):
    """The printer asks the person at its keyboard; ``go`` carries the command out once confirmed."""

    def __init__(self, go: Callable[[], object], display: Display) -> None:
        self.go = go
        self.display = display
        super().__init__("waits for the keyboard")


#: The command came in the wrong state, and what a payment forbids.
NOT_OPEN, OPEN_ALREADY, WRONG_MODE, AFTER_PAYMENT = 21, 1002, 1031, 82
UNKNOWN, BAD_PARAMETER, BAD_CHECK, BUFFER_FULL, NO_DATA = 1022, 4, 2, 1026, 1046
BY_KEY = 37
BAD_NAME, BAD_QUANTITY, BAD_RATE, NO_SUCH_RATE, BAD_PRICE = 16, 17, 18, 1003, 19
BAD_DISCOUNT, BAD_TOTAL, BAD_PAYMENT, BAD_TEXT, BAD_CASHIER, BAD_PACKAGING = 1004, 27, 26, 34, 25, 83
BAD_DATE, BAD_RANGE, NOTHING_IN_RANGE, BAD_NIP, NO_ITEMS, OFFLINE_FULL, TOO_MANY_LINES = (
    7,
    1024,
    1025,
    1098,
    1092,
    58,
    23,
)
TOO_MANY_TEXTS, BAD_HEADER, TOTALS_NOT_ZERO, CLOCK_SET, RATES_LIMIT, BAD_AMOUNT = 84, 12, 8, 5, 1029, 51
BAD_INVOICE_NUMBER, REPORT_OVERDUE = 1109, 1116

ERRORS: dict[Refusal, int] = {
    Refusal.RATE: BAD_RATE, Refusal.PRICE: BAD_PRICE, Refusal.QUANTITY: BAD_QUANTITY, Refusal.LINE_VALUE: 20,
    Refusal.LINE_ZERO: 20, Refusal.DISCOUNT: 20, Refusal.DISCOUNT_ALL: 20, Refusal.DISCOUNT_ZERO: BAD_DISCOUNT,
    Refusal.DISCOUNT_BASE: BAD_DISCOUNT, Refusal.NO_LINE: NO_ITEMS, Refusal.STORNO_VALUE: 22,
    Refusal.STORNO_QUANTITY: 22, Refusal.GOODS_LOCKED: BAD_RATE, Refusal.GOODS_FULL: 1029, Refusal.TOTAL_RANGE: 28,
    Refusal.DAY_RANGE: 28, Refusal.PAYMENT_ZERO: BAD_PAYMENT, Refusal.PAYMENT_RANGE: BAD_PAYMENT,
    Refusal.PAYMENT_COVERED: BAD_PAYMENT, Refusal.CHANGE_LARGE: BAD_PAYMENT, Refusal.NO_PAYMENT: BAD_PAYMENT,
    Refusal.PACKAGING_RANGE: BAD_PACKAGING, Refusal.PACKAGING_VALUE: BAD_PACKAGING, Refusal.TOTAL_ZERO: NO_ITEMS,
    Refusal.TOTAL: BAD_TOTAL, Refusal.PACKAGING_GIVEN: BAD_PACKAGING, Refusal.PACKAGING_TAKEN: BAD_PACKAGING,
    Refusal.PAID: BAD_PAYMENT, Refusal.CHANGE: BAD_PAYMENT, Refusal.NOT_COVERED: BAD_PAYMENT,
    Refusal.CASH_NEGATIVE: 32, Refusal.CASH_RANGE: BAD_AMOUNT, Refusal.REPORT_ZERO: 35,
    Refusal.REPORT_REQUIRED: REPORT_OVERDUE, Refusal.NO_RECORD: NOTHING_IN_RANGE, Refusal.NO_HEADER: 40,
    Refusal.NO_RATES: 1007, Refusal.RATES_SAME: 1020, Refusal.RATES_INACTIVE: 11,
    Refusal.TOTALS_NOT_ZERO: TOTALS_NOT_ZERO, Refusal.CLOCK_SET: CLOCK_SET, Refusal.CLOCK_RANGE: BAD_DATE,
    Refusal.CLOCK_DIFFERENCE: BAD_DATE, Refusal.CLOCK_BEFORE_RECORD: 1085,
}  # fmt: skip

_PRINTS: frozenset[Action] = frozenset(("open", "slip", "report"))
#: Conditions with the number of each, and what they forbid.
CONDITIONS: dict[Switch, tuple[int, frozenset[Action]]] = {
    Switch.NO_CLOCK: (1, frozenset(("open", "slip", "report"))),
    Switch.NO_HEADER: (40, frozenset(("open",))),
    Switch.NO_RATES: (1007, frozenset(("open",))),
    Switch.MEMORY_FULL: (1008, frozenset(("open", "report"))),
    Switch.REPORT_REQUIRED: (REPORT_OVERDUE, frozenset(("open",))),
    Switch.LOCKED: (1100, frozenset(("open",))),
    Switch.JUMPER: (1054, frozenset(("open",))),
    Switch.UNAUTHORISED: (1054, frozenset(("open",))),
    Switch.CHANGE_DUE: (1014, frozenset(("open",))),
    Switch.BATTERY: (1000, frozenset(("open",))),
    Switch.TOTALS_FULL: (28, frozenset(("close",))),
    Switch.QUEUE_FULL: (1034, _PRINTS),
    Switch.COPY_BLOCKED: (1099, _PRINTS),
    Switch.NO_POWER: (1108, _PRINTS),
    Switch.READ_ONLY: (1021, _PRINTS | {"program"}),
}


def check_conditions(faults: Faults, action: Action) -> None:
    """Raises ``NovitusError`` where a lasting condition forbids that action."""
    for switch, (number, actions) in CONDITIONS.items():
        if faults.on(switch) and action in actions:
            raise NovitusError(number)
