"""Polish words for the English values of the API: a message for the cashier contains no English word."""

from __future__ import annotations

import re

from fiscald.model.payment import PaymentType

#: In the nominative, for use after a colon.
PAYMENTS: dict[PaymentType, str] = {
    PaymentType.CASH: "gotówka",
    PaymentType.CARD: "karta płatnicza",
    PaymentType.CHEQUE: "czek",
    PaymentType.BON: "bon",
    PaymentType.CREDIT: "kredyt",
    PaymentType.OTHER: "inna",
    PaymentType.VOUCHER: "bon podarunkowy",
    PaymentType.ACCOUNT: "konto klienta",
    PaymentType.TRANSFER: "przelew",
    PaymentType.MOBILE: "płatność mobilna",
}

#: Words in the place of a VAT rate.
_RATES = {"exempt": "zwolniona", "inactive": "nieaktywna"}


def in_polish(rates: str) -> str:
    """VAT rates in Polish: ``"G exempt, A 23%"`` is ``"G zwolniona, A 23%"``."""
    return re.sub("|".join(_RATES), lambda found: _RATES[found[0]], rates)
