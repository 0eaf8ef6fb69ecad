"""What is put into a mail only when it leaves: codes and numbers, which no row of the queue holds."""

from __future__ import annotations

from collections.abc import Mapping

from fiscald.licence.number import Kind
from fiscald.licence.server.admin import AdminError
from fiscald.licence.server.mail import MailTemplate
from fiscald.licence.server.outbox import MailRow, SecretsFor, code_secrets
from fiscald.licence.server.rules import Rules
from fiscald.licence.server.selling import numbers_of
from fiscald.licence.server.transaction import Transaction


def mail_secrets(rules: Rules) -> SecretsFor:
    """The secrets of every mail: its code, or the numbers of its order."""
    codes = code_secrets(rules)

    def secrets_for(t: Transaction, row: MailRow) -> Mapping[str, object] | None:
        if row.template == MailTemplate.ORDER:
            return _order(t, rules, str(row.detail["order"]))
        return codes(t, row)

    return secrets_for


def _order(t: Transaction, rules: Rules, order: str) -> Mapping[str, object] | None:
    row = t.one("SELECT bought, invoice, buyer FROM purchase WHERE id = ?", order)
    try:
        numbers = numbers_of(t, rules, order)
    except AdminError:
        return None
    return {
        "day": row[0],
        "invoice": row[1] or "",
        "buyer": row[2] or "",
        "numbers": [
            {"kind": "updates" if number.kind is Kind.UPDATES else "licence", "number": number.text}
            for number in numbers
        ],
    }
