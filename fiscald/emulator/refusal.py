"""Why an emulated register refuses; each family has its own error number for every reason."""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """Why the register refuses."""

    RATE = "rate number wrong or inactive"
    PRICE = "price is zero or less"
    QUANTITY = "quantity is zero or less"
    LINE_VALUE = "line value differs from price times quantity"
    LINE_ZERO = "line value is zero"
    DISCOUNT = "discount larger than its base"
    DISCOUNT_ALL = "discount leaves nothing"
    DISCOUNT_ZERO = "discount or surcharge is zero"
    DISCOUNT_BASE = "nothing was sold that a discount or surcharge could change"
    NO_LINE = "no line was sold yet"
    STORNO_VALUE = "no such line to storno, or more value than was sold"
    STORNO_QUANTITY = "storno of more than was sold"
    GOODS_LOCKED = "goods blocked by the control of rates"
    GOODS_FULL = "goods base full"
    TOTAL_RANGE = "receipt total out of range"
    DAY_RANGE = "day total out of range"
    PAYMENT_ZERO = "payment of zero"
    PAYMENT_RANGE = "sum of payments out of range"
    PAYMENT_COVERED = "payments already cover the amount due"
    CHANGE_LARGE = "more change than was paid"
    NO_PAYMENT = "no such payment to take back"
    PACKAGING_RANGE = "packaging value out of range"
    PACKAGING_VALUE = "packaging value differs from price times quantity"
    TOTAL_ZERO = "receipt of value zero"
    TOTAL = "declared total differs"
    PACKAGING_GIVEN = "declared packaging given out differs"
    PACKAGING_TAKEN = "declared packaging taken back differs"
    PAID = "declared payments differ"
    CHANGE = "declared change differs"
    NOT_COVERED = "payments do not cover the amount due or the change"
    CASH_NEGATIVE = "cash state would become negative"
    CASH_RANGE = "cash state out of range"
    REPORT_ZERO = "zero daily report"
    REPORT_REQUIRED = "a daily report must be made first"
    NO_RECORD = "no such record"
    NO_HEADER = "no header"
    NO_RATES = "no active rates"
    RATES_SAME = "new rates equal the old ones"
    RATES_INACTIVE = "all rates would be inactive"
    TOTALS_NOT_ZERO = "totals are not zero"
    CLOCK_SET = "clock was already set today"
    CLOCK_RANGE = "a time that the clock cannot show"
    CLOCK_DIFFERENCE = "clock difference too large"
    CLOCK_BEFORE_RECORD = "earlier than the last fiscal record"


class RegisterError(Exception):
    """The register refuses and has changed nothing (but see ``CASH_NEGATIVE``)."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.value)
