"""Values as NoviAPI writes them, and the lengths of its fields. Source: the contract; Novitus reference, N4 and N5."""

from __future__ import annotations

import datetime
from decimal import Decimal
from types import MappingProxyType

from fiscald.model.money import plain
from fiscald.model.payment import PaymentType

#: The longest text of each field, in characters.
LENGTHS = MappingProxyType(
    {
        "article.name": 60, "article.unit": 4, "discount_markup.name": 20, "container.name": 60, "payment.name": 24,
        "cashier_name": 32, "cash_number": 8, "system_number": 512, "qrcode.text": 1852, "transaction_id": 100,
        "info.number": 56, "info.payment_form": 20, "buyer.name": 256, "buyer.id": 16, "buyer.address": 64,
    }
)  # fmt: skip
MAX_ITEMS, MAX_PAYMENTS, MAX_PRINTOUT_LINES, MAX_LINES, MAX_ADDRESS = 255, 16, 50, 1000, 8
#: Decimals of a quantity of goods and of packaging, and of an exchange rate.
QUANTITY_DECIMALS, CONTAINER_DECIMALS, COURSE_DECIMALS = 6, 2, 4
HIGHEST_CONTAINER = 9999

#: The name of each form of payment. Cash has no own name; a bon is a coupon, which the printer calls "Bon".
FORMS = MappingProxyType(
    {
        PaymentType.CASH: "cash", PaymentType.CARD: "card", PaymentType.CHEQUE: "cheque", PaymentType.BON: "coupon",
        PaymentType.CREDIT: "credit", PaymentType.OTHER: "other", PaymentType.VOUCHER: "voucher",
        PaymentType.ACCOUNT: "account", PaymentType.TRANSFER: "transfer", PaymentType.MOBILE: "mobile",
    }
)  # fmt: skip


def money(grosze: int) -> str:
    """An amount: ``12.30``."""
    return f"{grosze // 100}.{grosze % 100:02d}"


def number(value: Decimal) -> str:
    """A quantity or an exchange rate: ``0.755``."""
    return plain(value)


def decimals(value: Decimal, most: int) -> bool:
    """Whether ``value`` has at most so many decimals."""
    return value == round(value, most)


def date(day: datetime.date, mark: str = "-") -> str:
    """A day: ``29-05-2026``."""
    return day.strftime(f"%d{mark}%m{mark}%Y")
