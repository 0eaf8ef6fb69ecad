"""How a computer comes to its licence, keeps it and gives it away: what ``fiscalctl licence`` and the API do.

Everything works in every state of the licence, and nothing here can stop a sale: a certificate replaces the former
one only after it was verified whole, and a server that does not answer changes nothing. The vendor is asked one
request at a time, so that a late answer cannot undo a newer one.
"""

from __future__ import annotations

import datetime
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio

from fiscald.licence import company as companies
from fiscald.licence.client import Denied, Unreachable, VendorClient
from fiscald.licence.clock import DAY, HOUR
from fiscald.licence.company import Company
from fiscald.licence.gate import LicenceGate
from fiscald.licence.keys import ISSUER, TEST_KEY
from fiscald.licence.number import Kind, Number
from fiscald.licence.number_reading import NumberRefused, read, summary, warning
from fiscald.licence.state import WITHDRAWN
from fiscald.licence.store import StoreError
from fiscald.licence.tokens import TokenRefused
from fiscald.licence.wire import (
    Activate,
    Activation,
    Answer,
    Check,
    Deactivate,
    Enrol,
    EnrolConfirm,
    Recover,
    RecoverConfirm,
    RequestFile,
    Status,
    Support,
    Transfer,
    WireError,
    claims,
    language,
)
from fiscald.model.problems import ProblemError, problem

log = logging.getLogger(__name__)
T = TypeVar("T")
A = TypeVar("A", bound=Activation)
#: A company as a person typed it: name, postcode, country, tax number.
TypedCompany = tuple[str, str, str, str | None]

#: Seconds after the start within which the vendor is asked first, and between two requests.
FIRST_CHECK, CHECK_EVERY = 600.0, float(DAY)
#: Our own, because the process's own one belongs to the program that fiscald runs in: a test that seeds it, for one.
_RANDOM = random.Random()
#: Seconds to the next try after the first, second... request in a row that was not answered.
TRY_AGAIN = (300.0, 900.0, float(HOUR), 6.0 * HOUR)

_NO_NUMBER_PL = "nie podano numeru licencji."
_BAD_FIELD_PL = "podano nieprawidłowe dane do licencji."


class Registration:
    """The flows, over the gate's store and, where one is configured, the vendor's server."""

    def __init__(
        self,
        gate: LicenceGate,
        clock: Callable[[], float],
        changed: Callable[[], None],
        *,
        server: str | None = None,
        ca_file: str | None = None,
        checks: bool = True,
    ) -> None:
        """``changed`` is called after every change; ``checks``: whether the vendor is asked every day."""
        self.gate = gate
        self._clock = clock
        self._changed = changed
        self._server = server
        self._ca_file = ca_file
        self._checks = checks
        self._session: str | None = None
        self._turn = anyio.Lock()
        """Held from a request to the vendor until its answer is taken over."""

    async def install(self, text: str) -> None:
        """Put a certificate in force. Raises ``ProblemError``."""
        await self._change_files(lambda: self.gate.install(text.encode()))

    async def emergency(self) -> None:
        """72 hours without a valid licence. Raises ``ProblemError``."""
        await self._change_files(self.gate.take_emergency)

    # -- numbers --------------------------------------------------------------------------------------

    def diagnose(self, typed: str, field: str | None = None) -> dict[str, Any]:
        """What a number is for. ``field``: ``number`` or ``support``, which it was typed into.

        Raises ``ProblemError`` that says where to look.
        """
        number = self._read(typed, {"number": Kind.LICENCE, "support": Kind.UPDATES}.get(field or ""))
        today = datetime.datetime.fromtimestamp(self._clock(), datetime.UTC).date()
        remarks = [remark for remark in (summary(number), warning(number, today)) if remark is not None]
        return {
            "number": number.hint,
            "kind": number.kind.name.lower(),
            "modules": list(number.modules),
            "issued": number.issued.isoformat(),
            "detail": " ".join(remark.detail for remark in remarks),
            "detail_pl": " ".join(remark.detail_pl for remark in remarks),
        }

    def _read(self, typed: str, kind: Kind | None) -> Number:
        try:
            return read(typed, kind)
        except NumberRefused as refused:
            places = [place._asdict() for place in refused.places]
            raise ProblemError(
                problem(
                    "licence.number",
                    reason=refused.detail,
                    reason_pl=refused.detail_pl,
                    extra={"number_code": refused.code.value, "places": places},
                )
            ) from None

    async def register(
        self, typed: str | None, support: str | None, given: TypedCompany | None, email: str | None = None
    ) -> None:
        """Exchange a number X, a number Y, or both for a certificate. Raises ``ProblemError``.

        ``email`` proves later whose licence it is; without it only the number does.
        """
        async with self._turn:
            request = await (
                self._renewal(support)
                if typed is None
                else self._activation(Activate, await self._client(), typed, support, given, email)
            )
            await self._take_certificate(await self._ask(request))

    async def _renewal(self, support: str | None) -> Support:
        if support is None:
            raise ProblemError(
                problem("request.invalid", reason="give a number, a support number, or both", reason_pl=_NO_NUMBER_PL)
            )
        number = self._read(support, Kind.UPDATES)
        client = await self._client()
        return client.request(Support, number=number.text, lic=self._licence())

    async def request(
        self, typed: str, support: str | None, given: TypedCompany | None, email: str | None = None
    ) -> str:
        """What is taken to another computer and exchanged there for a certificate. Raises ``ProblemError``."""
        client = await self._client(offline=True)
        return client.sign(await self._activation(RequestFile, client, typed, support, given, email))

    async def _activation(
        self, model: type[A], client: VendorClient, typed: str, support: str | None, given: TypedCompany | None,
        email: str | None,
    ) -> A:  # fmt: skip
        number = self._read(typed, Kind.LICENCE)
        year = None if support is None else self._read(support, Kind.UPDATES).text
        company = self._company(given)
        return _checked_fields(
            lambda: client.request(
                model,
                number=number.text,
                support=year,
                company=company._asdict(),
                mid=self._machine(),
                ver=self.gate.version,
                email=email,
                lang=language(company.cc),
            )
        )

    # -- a trial --------------------------------------------------------------------------------------

    async def enrol(self, given: TypedCompany | None, email: str, lang: str | None = None) -> None:
        """Have a code for a trial mailed; by default in the language of the company. Raises ``ProblemError``."""
        client = await self._client()
        company = self._company(given)
        request = _checked_fields(
            lambda: client.request(
                Enrol, email=email, company=company._asdict(), mid=self._machine(), lang=lang or language(company.cc)
            )
        )
        async with self._turn:
            await _problems_of_vendor(client.ask_for_mail(request))

    async def enrol_confirm(self, email: str, code: str) -> None:
        """Exchange the mailed code for the trial's certificate. Raises ``ProblemError``."""
        client = await self._client()
        request = _checked_fields(lambda: client.request(EnrolConfirm, email=email, code=code))
        async with self._turn:
            await self._take_certificate(await self._ask(request))

    # -- another computer -----------------------------------------------------------------------------

    async def recover(self, email: str, lang: str | None = None) -> None:
        """Have a code mailed, to move a licence here; by default in the company's language. Raises ``ProblemError``."""
        client = await self._client()
        company = self._known_company()
        said = lang or language(None if company is None else company[2])
        request = _checked_fields(lambda: client.request(Recover, email=email, lang=said))
        async with self._turn:
            await _problems_of_vendor(client.ask_for_mail(request))

    async def recover_confirm(self, email: str, code: str) -> list[dict[str, Any]]:
        """Exchange the mailed code for the right to move a licence; the account's companies.

        Each has ``name``, ``post`` and ``lic`` (``None``: no licence). Raises ``ProblemError``.
        """
        client = await self._client()
        request = _checked_fields(lambda: client.request(RecoverConfirm, email=email, code=code))
        async with self._turn:
            answer = await self._ask(request)
            self._session = answer.session
        return [each.model_dump() for each in answer.companies]

    async def transfer(self, licence: str, seat: str | None = None) -> None:
        """Move a licence of a confirmed account here; ``seat``: which of several. Raises ``ProblemError``."""
        async with self._turn:
            client = await self._client()
            session = self._session
            if session is None:
                raise ProblemError(problem("licence.nothing_to_do", reason="confirm the account's address first"))
            request = _checked_fields(
                lambda: client.request(Transfer, session=session, lic=licence, seat=seat, mid=self._machine())
            )
            await self._take_certificate(await self._ask(request))
            self._session = None

    async def deactivate(self) -> None:
        """Give the licence back, so that another computer can have it. Raises ``ProblemError``."""
        async with self._turn:
            client = await self._client()
            licence = self._licence()
            answer = await self._ask(client.request(Deactivate, lic=licence))
            if answer.released != licence:
                raise ProblemError(problem("licence.unreachable", reason="an answer about another licence"))
            await self._change_files(lambda: self.gate.give_back(licence, answer.iat))

    # -- the daily request ---------------------------------------------------------------------------

    async def next_check(self) -> dict[str, Any]:
        """What a check sends, decoded. Raises ``ProblemError``."""
        return claims(self._check(await self._client()))

    async def check(self) -> Status:
        """Ask the vendor for the licence's state, and apply the changes. Raises ``ProblemError``."""
        async with self._turn:
            client = await self._client()
            request = self._check(client)
            status, text = await _problems_of_vendor(client.check(request))
            await self._change_files(lambda: self._take_status(request, status, text))
        return status

    def _check(self, client: VendorClient) -> Check:
        certificate = self.gate.certificate
        if certificate is None:
            raise ProblemError(problem("licence.nothing_to_do", reason="no certificate is installed"))
        return client.request(Check, lic=certificate.sub, crt=certificate.jti, ver=self.gate.version)

    def _take_status(self, request: Check, status: Status, text: str) -> None:
        with self.gate.store.lock:
            now = self.gate.certificate
            if now is None or (now.sub, now.jti) != (request.lic, request.crt):
                # A file was imported or read again while the request was under way.
                log.info("the vendor's answer is about a former certificate; it is dropped")
                return
            if status.keys is not None:
                try:
                    self.gate.store.keep_keys(status.keys, self.gate.system_time())
                except (TokenRefused, WireError) as error:
                    log.warning("the vendor's key list is refused: %s", error)
            self.gate.take_status(text)
            if status.crt is not None:
                self.gate.install(status.crt.encode())

    async def run(self) -> None:
        """Check with the vendor every day. Errors are logged, and stop nothing."""
        failures = 0
        pause = _RANDOM.uniform(0, FIRST_CHECK)
        while True:
            await anyio.sleep(pause)
            pause = CHECK_EVERY * _RANDOM.uniform(0.9, 1.1)
            try:
                await self._change_files(self.gate.save_time)
                if self._server is not None and self._checks and self._needs_check():
                    status = await self.check()
                    log.info("the licence was confirmed: %s", status.verdict)
                failures = 0
            except Exception as error:
                # No server, file or certificate may end the daemon. Unexpected error texts may contain them.
                pause = TRY_AGAIN[min(failures, len(TRY_AGAIN) - 1)]
                failures += 1
                why = error if isinstance(error, ProblemError) else type(error).__name__
                log.warning("the licence could not be confirmed: %s", why)

    def _needs_check(self) -> bool:
        """Also a licence that the vendor withdrew is asked about: it may be given again."""
        certificate = self.gate.certificate
        return certificate is not None and (certificate.check_every is not None or self.gate.state().name in WITHDRAWN)

    # -- what the flows share -------------------------------------------------------------------------

    async def _ask(self, request: EnrolConfirm | Activate | Support | RecoverConfirm | Transfer | Deactivate) -> Answer:
        return await _problems_of_vendor((await self._client()).ask(request))

    async def _take_certificate(self, answer: Answer) -> None:
        if answer.crt is None:
            raise ProblemError(problem("licence.unreachable", reason="the server's answer holds no certificate"))
        await self.install(answer.crt)

    async def _change_files(self, change: Callable[[], T]) -> T:
        """Run a change of files in a thread; everybody who waits for the licence looks again."""
        try:
            result = await anyio.to_thread.run_sync(change)
        except StoreError as error:
            raise ProblemError(problem("licence.files", reason=error)) from None
        self._changed()
        return result

    async def _client(self, *, offline: bool = False) -> VendorClient:
        if self._server is None and not offline:
            raise ProblemError(problem("licence.no_server"))
        device = await self._change_files(self.gate.store.device)
        issuer = TEST_KEY.issuer if self.gate.test_keys else ISSUER
        return VendorClient(
            self._server or "", issuer, device, lambda: self.gate.store.keys, self._clock, self._ca_file
        )

    def _company(self, given: TypedCompany | None) -> Company:
        """The company to register: as given, as configured, or as the certificate has it."""
        found = given or self._known_company()
        if found is None:
            raise ProblemError(
                problem(
                    "licence.company",
                    reason="give the company: name, postcode and tax number",
                    extra={"prompt": "company"},
                )
            )
        try:
            return companies.company(*found)
        except ValueError as error:
            raise ProblemError(problem("licence.company", reason=error, extra={"prompt": "company"})) from None

    def _known_company(self) -> TypedCompany | None:
        certificate = self.gate.certificate
        return self.gate.seller or (None if certificate is None else certificate.company)

    def _licence(self) -> str:
        certificate = self.gate.certificate
        if certificate is None:
            raise ProblemError(problem("licence.nothing_to_do", reason="no certificate is installed"))
        return certificate.sub

    def _machine(self) -> str:
        if self.gate.machine is None:
            raise ProblemError(problem("licence.nothing_to_do", reason="this computer has no /etc/machine-id"))
        return self.gate.machine


def _checked_fields(make: Callable[[], T]) -> T:
    try:
        return make()
    except WireError as error:
        raise ProblemError(problem("request.invalid", reason=error, reason_pl=_BAD_FIELD_PL)) from None


async def _problems_of_vendor(asking: Awaitable[T]) -> T:
    """The vendor's answer; its "no", and none at all, as problems."""
    try:
        return await asking
    except Unreachable as error:
        raise ProblemError(problem("licence.unreachable", reason=error)) from None
    except Denied as denied:
        no = denied.refusal
        raise ProblemError(
            problem(
                "licence.denied",
                reason=no.detail,
                reason_pl=no.detail_pl,
                vendor_code=no.code,
                extra={"vendor_code": no.code},
            )
        ) from None
