"""Every request of the clients, written once for the synchronous and the asynchronous client, see ``calling``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import quote

from pydantic import TypeAdapter

from fiscald.api.calling import Call, call, reader
from fiscald.api.wire import ConsoleLink, JobAnswer, JobEvents, JobList, PrinterList
from fiscald.model.capabilities import PrinterDetails
from fiscald.model.copies import CopyFormat
from fiscald.model.documents import Document, IfInterrupted
from fiscald.model.fleet import FleetStatus, ShopCard
from fiscald.model.header import Header
from fiscald.model.jobs import JournalConfirmation, Resolution
from fiscald.model.packaging_balance import PackagingBalance
from fiscald.model.preview import Preview
from fiscald.model.printers import PrinterStatus
from fiscald.model.raw_command import RawAnswer
from fiscald.model.rights import Right
from fiscald.model.tokens import MadeToken, Token, TokenList
from fiscald.model.webhooks import DeadLetters, Resent, WebhookList, WebhookStatus, WebhookTest

#: Extra seconds for a licence step: the daemon asks the vendor's server.
VENDOR_SECONDS = 20.0
#: Extra seconds for a raw command: it waits for its turn, and a report can take minutes.
RAW_SECONDS = 300.0
#: Extra seconds for a test of a webhook: its receiver gets 15 s, after two other tests.
WEBHOOK_SECONDS = 40.0
#: Extra seconds for a question to the printer: it waits for its turn, then for the printer.
ASKING_SECONDS = 60.0
#: Extra seconds for a copy of paper: it waits until the copies that others asked for are drawn.
DRAWING_SECONDS = 60.0
#: Licence steps that are safe to repeat. The others mail another code, use up a code, or are refused the second
#: time.
_LICENCE_QUESTIONS = ("certificate", "diagnosis", "request", "check")
_DOCUMENT: TypeAdapter[Document] = TypeAdapter(Document)


class Calls:
    """Every request of the API."""

    @call
    def hello(self) -> Call[dict[str, Any]]:
        """The daemon's version, features, printers and the caller's rights."""
        return Call("GET", "/v1", dict)

    @call
    def submit(
        self,
        key: str,
        printer: str,
        document: Document | Mapping[str, Any],
        *,
        wait: float = 30.0,
        deadline: datetime | None = None,
        expect_last: int | None = None,
        if_interrupted: IfInterrupted | Literal["repeat", "fail"] | None = None,
    ) -> Call[JobAnswer]:
        """Submit a document, or get the job with this key; waits up to ``wait`` seconds for a final state.

        ``document`` may be a model or a mapping; its amounts are ``Decimal`` or strings. ``deadline`` is an aware time;
        it, ``expect_last`` and ``if_interrupted`` are the conditions of docs/api.md, and apply if the key is new.
        Raises ``Refused`` (``problem.document``: what is known about the key), ``NotReachable``, or ``ValueError``
        for a time without offset.
        """
        conditions: dict[str, Any] = {"expect_last": expect_last, "if_interrupted": if_interrupted}
        if deadline is not None:
            if deadline.tzinfo is None:
                raise ValueError("deadline must be an aware time: give it a tzinfo")
            conditions["deadline"] = deadline.isoformat()
        body = {"printer": printer, "document": _content_of(document)}
        body |= {name: value for name, value in conditions.items() if value is not None}
        return Call("PUT", _job_path(key), reader(JobAnswer), wait, body, _waiting(wait))

    @call
    def job(self, key: str, *, wait: float = 0.0) -> Call[JobAnswer]:
        """The job with this key. Raises ``Refused`` if there is none."""
        return Call("GET", _job_path(key), reader(JobAnswer), wait, params=_waiting(wait) if wait else None)

    @call
    def paper(self, key: str, *, form: CopyFormat | Literal["text", "svg", "png"] = "text") -> Call[bytes]:
        """A copy of the paper of a printed document: text in UTF-8, or a picture. It is no fiscal document.

        Raises ``Refused`` if the document is not printed, or if its paper cannot be drawn in this format.
        """
        accept = form.value if isinstance(form, CopyFormat) else CopyFormat[form.upper()].value
        return Call("GET", _job_path(key, "/paper"), bytes, DRAWING_SECONDS, headers={"Accept": accept})

    @call
    def job_events(self, key: str, *, after: int = 0, limit: int = 100) -> Call[JobEvents]:
        """A page of what happened to the job with this key, oldest first. Raises ``Refused`` if there is none."""
        return Call("GET", _job_path(key, "/events"), reader(JobEvents), params={"after": after, "limit": limit})

    @call
    def jobs(
        self,
        *,
        printer: str | None = None,
        state: str | None = None,
        order: Literal["newest", "oldest"] | None = None,
        since: datetime | date | str | None = None,
        until: datetime | date | str | None = None,
        number: int | None = None,
        total: Decimal | str | None = None,
        nip: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Call[JobList]:
        """A page of jobs, the newest first, with the cursors of the next and previous page.

        ``since``, ``until``: an aware time, or a day of Polish time; ``number``, ``total``, ``nip``
        (of the buyer): as on the document.
        """
        given = {
            "printer": printer, "state": state, "order": order, "since": _written(since), "until": _written(until),
            "number": number, "total": _plain(total), "nip": nip, "after": after, "limit": limit,
        }  # fmt: skip
        params = {name: value for name, value in given.items() if value is not None}
        return Call("GET", "/v1/jobs", reader(JobList), params=params)

    @call
    def withdraw(self, key: str) -> Call[JobAnswer]:
        """Withdraw an accepted job before anything was sent."""
        return Call("DELETE", _job_path(key), reader(JobAnswer))

    @call
    def resolve(self, key: str, resolution: Resolution) -> Call[JobAnswer]:
        """Decide an undecided job."""
        body = resolution.model_dump(mode="json", exclude_none=True)
        return Call("POST", _job_path(key, "/resolution"), reader(JobAnswer), body=body)

    @call
    def printers(self) -> Call[tuple[PrinterStatus, ...]]:
        """All printers."""
        return Call("GET", "/v1/printers", lambda answer: reader(PrinterList)(answer).printers)

    @call
    def printer(self, name: str) -> Call[PrinterDetails]:
        """One printer."""
        return Call("GET", _printer_path(name), reader(PrinterDetails))

    @call
    def packaging(self, name: str, *, day: date | None = None) -> Call[PackagingBalance]:
        """The balance of returnable packaging of one printer and day of Polish time; ``None``: today."""
        params = None if day is None else {"day": f"{day:%Y-%m-%d}"}
        return Call("GET", _printer_path(name, "/packaging"), reader(PackagingBalance), params=params)

    @call
    def header(self, name: str) -> Call[Header]:
        """The header of a printer. Raises ``Refused`` while it prints: ask again."""
        return Call("GET", _printer_path(name, "/header"), reader(Header), ASKING_SECONDS)

    @call
    def capture(self, name: str) -> Call[bytes]:
        """The latest bytes between fiscald and the printer, as a pcapng file. They contain buyers' NIPs."""
        return Call("GET", _printer_path(name, "/capture"), bytes)

    @call
    def adopt(self, name: str, printer_id: str) -> Call[PrinterStatus]:
        """Confirm that the printer with this unique number replaced the known one."""
        return Call("POST", _printer_path(name, "/adoption"), reader(PrinterStatus), body={"printer_id": printer_id})

    @call
    def confirm_journal(self, name: str, confirmation: JournalConfirmation) -> Call[PrinterStatus]:
        """Confirm that the journal was compared with the paper. Raises ``Refused`` if no confirmation is needed."""
        body = confirmation.model_dump(mode="json")
        return Call("POST", _printer_path(name, "/journal-confirmation"), reader(PrinterStatus), body=body)

    @call
    def preview(self, name: str, document: Document | Mapping[str, Any]) -> Call[Preview]:
        """Preview a document on a printer. Raises ``Refused`` like ``submit``; sends nothing to the printer."""
        return Call("POST", _printer_path(name, "/preview"), reader(Preview), body={"document": _content_of(document)})

    @call
    def raw(self, name: str, command: str, *, force: bool = False) -> Call[RawAnswer]:
        """Send a command in the printer's own protocol. The client never retries it: after ``NotReachable`` the printer
        may have carried it out.
        """
        body = {"command": command, "force": force}
        return Call("POST", _printer_path(name, "/raw"), reader(RawAnswer), RAW_SECONDS, body, once=True)

    @call
    def console_link(self) -> Call[ConsoleLink]:
        """A link that signs the caller in to the web console, once. Raises ``Refused`` if there is none."""
        return Call("POST", "/v1/console/link", reader(ConsoleLink))

    @call
    def tokens(self) -> Call[tuple[Token, ...]]:
        """All tokens, the newest first."""
        return Call("GET", "/v1/tokens", lambda answer: reader(TokenList)(answer).tokens)

    @call
    def make_token(
        self, name: str, rights: Sequence[Right | str], *, printers: Sequence[str] | None = None,
        expires: datetime | None = None,
    ) -> Call[MadeToken]:  # fmt: skip
        """Make a token. ``printers``: only these; ``expires``: an aware time. The client never retries it, because the
        answer is the only one that contains the token.
        """
        body = {"name": name, "rights": [*rights], "printers": printers and [*printers], "expires": _written(expires)}
        given = {member: value for member, value in body.items() if value is not None}
        return Call("POST", "/v1/tokens", reader(MadeToken), body=given, once=True)

    @call
    def revoke_token(self, name: str) -> Call[Token]:
        """Revoke a token."""
        return Call("DELETE", f"/v1/tokens/{quote(name, safe='')}", reader(Token))

    @call
    def webhooks(self) -> Call[tuple[WebhookStatus, ...]]:
        """All webhooks."""
        return Call("GET", "/v1/webhooks", lambda answer: reader(WebhookList)(answer).webhooks)

    @call
    def dead_letters(self, name: str, *, after: int = 0, limit: int = 100) -> Call[DeadLetters]:
        """A page of the messages of one webhook that were given up, oldest first."""
        path, params = _webhook_path(name, "/dead"), {"after": after, "limit": limit}
        return Call("GET", path, reader(DeadLetters), params=params)

    @call
    def resend(self, name: str, ids: tuple[int, ...] | None = None) -> Call[Resent]:
        """Send dead letters of one webhook again; ``None``: all."""
        body = {} if ids is None else {"ids": ids}
        return Call("POST", _webhook_path(name, "/resend"), reader(Resent), body=body)

    @call
    def test_webhook(self, name: str) -> Call[WebhookTest]:
        """Send a test message now."""
        return Call("POST", _webhook_path(name, "/test"), reader(WebhookTest), WEBHOOK_SECONDS, once=True)

    @call
    def fleet(self) -> Call[FleetStatus]:
        """The shop's place in a fleet."""
        return Call("GET", "/v1/fleet", reader(FleetStatus))

    @call
    def enrolment(self, shop: str) -> Call[ShopCard]:
        """What a central must know of this shop."""
        return Call("POST", "/v1/fleet/enrolment", reader(ShopCard), body={"shop": shop})

    @call
    def licence(self) -> Call[dict[str, Any]]:
        """The licence's state."""
        return Call("GET", "/v1/licence", dict)

    @call
    def install_licence(self, certificate: str) -> Call[dict[str, Any]]:
        """Install a certificate."""
        return _licence_step("certificate", {"certificate": certificate})

    @call
    def licence_step(self, /, step: str, **fields: Any) -> Call[dict[str, Any]]:
        """A step of a flow: ``POST /v1/licence/{step}``, as docs/licence.md lists them.

        The client retries only steps that are safe to repeat. After ``NotReachable`` the daemon may have carried out
        the step.
        """
        return _licence_step(step, fields)

    @call
    def licence_question(self) -> Call[dict[str, Any]]:
        """What a check would send to the vendor."""
        return Call("GET", "/v1/licence/check", dict)


def _licence_step(step: str, fields: dict[str, Any]) -> Call[dict[str, Any]]:
    once = step not in _LICENCE_QUESTIONS
    return Call("POST", f"/v1/licence/{step}", dict, VENDOR_SECONDS, fields or None, once=once)


def _content_of(document: Document | Mapping[str, Any]) -> Any:
    if isinstance(document, Mapping):
        return _plain(document)
    return _DOCUMENT.dump_python(document, mode="json", by_alias=True, exclude_none=True)


def _plain(value: Any) -> Any:
    """``value`` for JSON: a ``Decimal`` becomes a string."""
    match value:
        case Decimal():
            return f"{value:f}"
        case Mapping():
            return {name: _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
    return value


def _written(moment: datetime | date | str | None) -> str | None:
    if isinstance(moment, datetime) and moment.tzinfo is None:
        raise ValueError("a time must be aware: give it a tzinfo")
    return moment.isoformat() if isinstance(moment, date) else moment


def _job_path(key: str, suffix: str = "") -> str:
    return f"/v1/jobs/{quote(key, safe='')}{suffix}"


def _printer_path(name: str, suffix: str = "") -> str:
    return f"/v1/printers/{quote(name, safe='')}{suffix}"


def _webhook_path(name: str, suffix: str) -> str:
    return f"/v1/webhooks/{quote(name, safe='')}{suffix}"


def _waiting(seconds: float) -> dict[str, Any]:
    """The query for ``wait``, without the exponent that Python writes for small numbers."""
    return {"wait": f"{seconds:.3f}"}
