"""The mails: a code and no link, in the requested language."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from enum import StrEnum

#: Narrower than RFC 5322 allows: nothing that a mail server or a header could read as more than one address.
_ADDRESS = re.compile(r"([A-Za-z0-9._+-]{1,64})@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+)", re.ASCII)


class BadAddress(ValueError):
    """Not an address that a mail can be sent to."""


class MailTemplate(StrEnum):
    """What a mail is about."""

    CODE = "code"
    COMPANY_YOURS = "company_yours"
    """Enrolled again, with its registered address."""
    COMPANY_KNOWN = "company_known"
    """Enrolled again, under another address or without one."""
    ADDRESS_UNKNOWN = "address_unknown"
    COMPANY_MOVED = "company_moved"
    """A bought number took the company out of this account."""
    LICENCE_MOVED = "licence_moved"
    REGISTERED = "registered"
    ORDER = "order"
    REMINDER_UPDATES = "reminder_updates"
    REMINDER_TRIAL = "reminder_trial"
    REMINDER_TERM = "reminder_term"
    SUSPENDED = "suspended"
    REINSTATED = "reinstated"
    REVOKED = "revoked"


#: What reminds of an end: of updates, a trial, a term.
REMINDERS = (MailTemplate.REMINDER_UPDATES, MailTemplate.REMINDER_TRIAL, MailTemplate.REMINDER_TERM)

_NOT_YOU = {
    "pl": "Jeśli to nie Ty, nie musisz nic robić: bez tej wiadomości nikt niczego nie zmieni.",
    "en": "If it was not you, you need not do anything: changes need this mail.",
}
_TEXTS = {
    (MailTemplate.CODE, "pl"): (
        "fiscald: kod potwierdzający",
        "Kod: {code}\n\n"
        "Wpisz go w programie, na komputerze, na którym o niego poproszono. Kod jest ważny 15 minut i działa raz.\n"
        "Nikt od nas nigdy o niego nie zapyta.\n\n" + _NOT_YOU["pl"],
    ),
    (MailTemplate.CODE, "en"): (
        "fiscald: your code",
        "Code: {code}\n\n"
        "Enter it in the program, on the computer that asked for it. It is valid for 15 minutes and works once.\n"
        "We never ask you for it.\n\n" + _NOT_YOU["en"],
    ),
    (MailTemplate.COMPANY_YOURS, "pl"): (
        "fiscald: firma jest już zarejestrowana",
        "Poproszono o wersję próbną dla firmy, która jest już zarejestrowana na ten adres.\n"
        "Wersja próbna przysługuje raz. Aby przenieść licencję na inny komputer, użyj polecenia\n"
        "fiscalctl licence transfer; aby kontynuować po wersji próbnej, wpisz numer licencji.\n\n" + _NOT_YOU["pl"],
    ),
    (MailTemplate.COMPANY_YOURS, "en"): (
        "fiscald: the company is registered already",
        "A trial was requested for a company that is already registered with this address.\n"
        "A company gets one trial. To move the licence to another computer use\n"
        "fiscalctl licence transfer; to continue after the trial enter a licence number.\n\n" + _NOT_YOU["en"],
    ),
    (MailTemplate.COMPANY_KNOWN, "pl"): (
        "fiscald: firma jest już zarejestrowana",
        "Poproszono o wersję próbną dla firmy, która jest już zarejestrowana, ale nie na ten adres.\n"
        "Jeśli to Twoja firma: wpisz kupiony numer licencji, zapytaj w firmie o adres użyty przy rejestracji\n"
        "albo odpowiedz na tę wiadomość.\n\n" + _NOT_YOU["pl"],
    ),
    (MailTemplate.COMPANY_KNOWN, "en"): (
        "fiscald: the company is registered already",
        "A trial was requested for a company that is already registered, but not with this address.\n"
        "If it is yours: enter the licence number you bought, ask your colleagues which address was used,\n"
        "or reply to this mail.\n\n" + _NOT_YOU["en"],
    ),
    (MailTemplate.ADDRESS_UNKNOWN, "pl"): (
        "fiscald: nie ma licencji na ten adres",
        "Poproszono o przeniesienie licencji zarejestrowanej na ten adres, ale takiej nie ma.\n"
        "Jeśli to Ty: spróbuj z innym adresem, którego używa firma.\n\n" + _NOT_YOU["pl"],
    ),
    (MailTemplate.ADDRESS_UNKNOWN, "en"): (
        "fiscald: no licence with this address",
        "Somebody asked to move a licence that is registered with this address, but there is none.\n"
        "If it was you: try another address that your company uses.\n\n" + _NOT_YOU["en"],
    ),
    (MailTemplate.COMPANY_MOVED, "pl"): (
        "fiscald: firma ma teraz kupioną licencję",
        ("Na innym komputerze wpisano kupiony numer licencji dla firmy, którą zarejestrowano na ten adres.\n"
         "Ten adres nie należy już do tej firmy. Jeśli to Twoja firma, zarejestruj adres ponownie z tamtego\n"
         "komputera (fiscalctl licence enrol). Jeśli nie, odpowiedz na tę wiadomość.\n"),
    ),
    (MailTemplate.COMPANY_MOVED, "en"): (
        "fiscald: the company has a bought licence now",
        ("A bought licence number was entered on another computer, for a company that was registered with this\n"
         "address. The address is no longer that company's. If it is yours, register it again from that computer\n"
         "(fiscalctl licence enrol). If it is not, reply to this mail.\n"),
    ),
    (MailTemplate.LICENCE_MOVED, "pl"): (
        "fiscald: licencję przeniesiono",
        ("Licencję zarejestrowaną na ten adres przeniesiono na inny komputer. Na poprzednim przestanie ona działać\n"
         "przy najbliższym sprawdzeniu. Jeśli to nie Ty, odpowiedz na tę wiadomość.\n"),
    ),
    (MailTemplate.LICENCE_MOVED, "en"): (
        "fiscald: your licence was moved",
        ("The licence that is registered with this address was moved to another computer. On the former one it\n"
         "stops at the next check. If it was not you, reply to this mail.\n"),
    ),
}  # fmt: skip


def recipient(typed: str) -> str:
    """The normal form of a mail address. Raises ``BadAddress``."""
    match = _ADDRESS.fullmatch(typed.strip())
    if match is None or ".." in match[1] or match[1][0] == "." or match[1][-1] == ".":
        raise BadAddress(typed)
    return f"{match[1]}@{match[2].lower()}"


def compose(letter: MailTemplate, lang: str, to: str, sender: str, code: str | None, now: int) -> EmailMessage:
    """The mail. ``code`` is given for ``MailTemplate.CODE`` only. Raises ``BadAddress``."""
    subject, text = _TEXTS[letter, lang]
    message = EmailMessage()
    message["From"] = sender
    message["To"] = Address(addr_spec=recipient(to))
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip(">"))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.format(code=code))
    return message
