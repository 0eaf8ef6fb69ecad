"""A mail server as the outbox's transport. Apart, because only the real server needs aiosmtplib."""

from __future__ import annotations

import ssl
from email.message import EmailMessage

import aiosmtplib

from fiscald.licence.server.config import SmtpConfig
from fiscald.licence.server.outbox import MailRefused


class Smtp:
    """A mail server."""

    def __init__(self, config: SmtpConfig) -> None:
        self._config = config

    async def send(self, message: EmailMessage) -> None:
        """See ``Transport``."""
        config = self._config
        context = ssl.create_default_context(cafile=config.ca_file)
        try:
            await aiosmtplib.send(
                message,
                hostname=config.host,
                port=config.port,
                username=config.user,
                password=config.password(),
                use_tls=config.security == "tls",
                start_tls=config.security == "starttls",
                tls_context=None if config.security == "plain" else context,
                timeout=30,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = {refused.code for refused in error.recipients}
            if all(500 <= code < 600 for code in codes):
                raise MailRefused(f"the mail server refuses the address: {sorted(codes)}") from None
            raise OSError(f"the mail server does not take mail now: {sorted(codes)}") from None
        except aiosmtplib.SMTPException as error:
            # Its text may quote the address.
            raise OSError(f"{type(error).__name__} {getattr(error, 'code', '')}".strip()) from None
