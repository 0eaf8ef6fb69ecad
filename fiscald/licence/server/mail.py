"""The mails: plain text, never a link, in the reader's language, from the templates in ``texts/``.

The first line of a template is the subject. Every other line is a paragraph, which is broken when the mail is made.
The mails that answer the same request look the same from outside: one subject, one first paragraph, one size. A
person who sees only that does not learn who is a customer.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from uuid import uuid4

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

from fiscald.licence.server.contact import Contact
from fiscald.licence.server.languages import language, written_day

TEXTS = Path(__file__).parent / "texts"
#: Characters in a line.
WIDTH = 72
#: Characters of one value: a company's name has fewer.
MAX_VALUE = 300
#: On its way, a mail that answers a request for a code has exactly this many bytes.
CODE_MAIL_BYTES = 4096
#: Narrower than RFC 5322 allows: nothing that a mail server or a header could read as more than one address.
_ADDRESS = re.compile(r"([A-Za-z0-9._+-]{1,64})@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+)", re.ASCII)
_ITEM = re.compile(r"(?:- | {4})?")
#: Stays in one line, so that it can be copied.
_COMMAND = re.compile(r"fiscalctl licence \w+(?: --\w+ \w+)?")
_JOINED = "\0"
_PADDING = "X-Padding"


class BadAddress(ValueError):
    """Not an address that a mail can be sent to."""


class BadMail(ValueError):
    """A mail that cannot be made from its values; ``str`` says why, without a value."""


class MailTemplate(StrEnum):
    """What a mail is about. Its values are in docs/vendor.md."""

    CODE = "code"
    """For a trial, for moving a licence, or for the customer's page."""
    COMPANY_YOURS = "company_yours"
    """Enrolled again, with its registered address."""
    COMPANY_KNOWN = "company_known"
    """Enrolled again, under another address or without one."""
    ADDRESS_UNKNOWN = "address_unknown"
    COMPANY_MOVED = "company_moved"
    """A bought number took the company out of this account."""
    LICENCE_MOVED = "licence_moved"
    """A seat was moved or taken over to another computer."""
    REGISTERED = "registered"
    """This address was given with a number: it may move the licence from now on."""
    ORDER = "order"
    REMINDER_UPDATES = "reminder_updates"
    REMINDER_TRIAL = "reminder_trial"
    REMINDER_TERM = "reminder_term"
    SUSPENDED = "suspended"
    REINSTATED = "reinstated"
    REVOKED = "revoked"


#: What answers a request for a code, whether the address is known or not.
ABOUT_A_CODE = frozenset(
    {MailTemplate.CODE, MailTemplate.COMPANY_YOURS, MailTemplate.COMPANY_KNOWN, MailTemplate.ADDRESS_UNKNOWN}
)
#: What reminds of an end: of updates, a trial, a term.
REMINDERS = (MailTemplate.REMINDER_UPDATES, MailTemplate.REMINDER_TRIAL, MailTemplate.REMINDER_TERM)


def recipient(typed: str) -> str:
    """The normal form of a mail address. Raises ``BadAddress``."""
    match = _ADDRESS.fullmatch(typed.strip())
    if match is None or ".." in match[1] or match[1][0] == "." or match[1][-1] == ".":
        raise BadAddress(typed)
    return f"{match[1]}@{match[2].lower()}"


def compose(
    template: MailTemplate, lang: str, to: str, sender: Contact, values: Mapping[str, object], now: int
) -> EmailMessage:
    """The mail. Raises ``BadAddress``; ``BadMail`` where a value that the template needs is missing or wrong."""
    lang = language(lang)
    try:
        templates = _environment(lang)
        text = templates.get_template(f"{template}.txt").render(values, vendor=sender)
        footer = templates.get_template("_footer.txt").render(vendor=sender)
    except (TemplateError, ValueError, TypeError, AttributeError) as error:
        raise BadMail(f"{template}: {type(error).__name__}") from None
    subject, _, body = text.partition("\n")
    message = EmailMessage()
    message["From"] = Address(display_name=_one_line(sender.name), addr_spec=sender.address)
    message["To"] = Address(addr_spec=recipient(to))
    if sender.support is not None and sender.support != sender.address:
        message["Reply-To"] = Address(addr_spec=recipient(sender.support))
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    message["Message-ID"] = f"<{uuid4()}@{sender.address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_broken(f"{body}\n\n{footer}"), cte="quoted-printable")
    message["Content-Language"] = lang
    if template in ABOUT_A_CODE:
        _pad(message, CODE_MAIL_BYTES)
    return message


def _broken(body: str) -> str:
    """The text with lines of at most ``WIDTH`` characters; an item of a list keeps its indentation."""
    lines: list[str] = []
    for line in re.sub(r"\n{3,}", "\n\n", body.strip("\n")).split("\n"):
        indent = _ITEM.match(line)
        hanging = " " * len(indent[0]) if indent else ""
        joined = _COMMAND.sub(lambda command: command[0].replace(" ", _JOINED), line)
        lines += textwrap.wrap(joined, WIDTH, subsequent_indent=hanging, break_on_hyphens=False) or [""]
    return "\n".join(lines).replace(_JOINED, " ") + "\n"


def _pad(message: EmailMessage, size: int) -> None:
    """Make the mail as long as ``size`` with headers that say nothing. Longer ones stay as they are."""
    empty = len(f"{_PADDING}: \r\n")
    missing = size - len(message.as_bytes(policy=policy.SMTP))
    count = -(-missing // 77)
    for number in range(count):
        length = missing // count + (number < missing % count)
        message[_PADDING] = "x" * max(1, length - empty)


def _one_line(value: str) -> str:
    """What a value becomes in a mail: one line without control and format characters."""
    printable = "".join(char if char.isprintable() else " " for char in value)
    return " ".join(printable.split())[:MAX_VALUE]


@cache
def _environment(lang: str) -> Environment:
    """The templates of one language. They are text: nothing is escaped, so no value may bring in a line."""
    environment = Environment(
        loader=FileSystemLoader(TEXTS / lang),
        undefined=StrictUndefined,
        finalize=lambda value: _one_line(value) if isinstance(value, str) else value,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["day"] = lambda day: written_day(day, lang)
    return environment
