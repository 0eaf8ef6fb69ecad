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
        try:
            await aiosmtplib.send(
                message,
                hostname=config.host,
                port=config.port,
                username=config.user,
                password=config.password(),
                use_tls=config.security == "tls",
                start_tls=config.security == "starttls",
                tls_context=self._tls_context(),
                timeout=30,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = {refused.code for refused in error.recipients}
            if all(500 <= code < 600 for code in codes):
                raise MailRefused(f"the mail server refuses the address: {sorted(codes)}") from None
            raise OSError(f"the mail server does not take mail now: {sorted(codes)}") from None
        except aiosmtplib.SMTPException as error:
            raise _without_text(error) from None

    async def check(self, seconds: float) -> None:
        """Greet the mail server, with TLS and login as for a mail, and leave. Raises ``OSError``."""
        config = self._config
        client = aiosmtplib.SMTP(
            hostname=config.host,
            port=config.port,
            username=config.user,
            password=config.password(),
            use_tls=config.security == "tls",
            start_tls=config.security == "starttls",
            tls_context=self._tls_context(),
            timeout=seconds,
        )
        try:
            async with client:
                await client.ehlo()
        except aiosmtplib.SMTPException as error:
            raise _without_text(error) from None

    def _tls_context(self) -> ssl.SSLContext | None:
        if self._config.security == "plain":
            return None
        return ssl.create_default_context(cafile=self._config.ca_file)


def _without_text(error: aiosmtplib.SMTPException) -> OSError:
    """Its text may quote an address."""
    return OSError(f"{type(error).__name__} {getattr(error, 'code', '')}".strip())
