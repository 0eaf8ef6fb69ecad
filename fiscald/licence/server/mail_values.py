"""What is put into a mail only when it leaves: codes and numbers, which no row of the queue holds."""

from __future__ import annotations

from collections.abc import Mapping

from fiscald.licence.server.mail import MailTemplate
from fiscald.licence.server.outbox import MailRow, SecretsFor, code_secrets
from fiscald.licence.server.rules import Rules
from fiscald.licence.server.selling import order_mail_values
from fiscald.licence.server.transaction import Transaction


def mail_secrets(rules: Rules) -> SecretsFor:
    """The secrets of every mail: its code, or the numbers of its order."""
    codes = code_secrets(rules)

    def secrets_for(t: Transaction, row: MailRow) -> Mapping[str, object] | None:
        if row.template == MailTemplate.ORDER:
            return order_mail_values(t, rules, str(row.detail["order"]))
        return codes(t, row)

    return secrets_for
