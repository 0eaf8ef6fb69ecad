"""The routes of the licence: its state, and the steps to register, renew and move it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fiscald.api.openapi import Route
from fiscald.api.wire import CheckQuestion, LicenceState, Mailed, NumberMeaning, OwnCompanies, RequestFile
from fiscald.licence import LicenceGate, Registration
from fiscald.model.rights import Right
from fiscald.model.strict import Deferred

M = TypeVar("M", bound=BaseModel)
Text = Annotated[str, Field(min_length=1, max_length=500)]
Typed = Annotated[
    str, Field(min_length=1, max_length=500, description="as the user typed it: case, spaces and dashes do not matter")
]

Mail = Annotated[
    Text | None,
    Field(description="proves later whose licence it is; without it only the number moves a dead computer's licence"),
]
Lang = Annotated[
    Literal["pl", "en", "nl"] | None,
    Field(description="of the mail; default: by the company's country (PL: pl, NL: nl, others: en), pl if unknown"),
]


class CompanyBody(Deferred):
    """A company."""

    name: Text
    postcode: Text
    country: Text = "PL"
    nip: Text | None = None


class CertificateBody(Deferred):
    """A licence certificate, armoured or bare."""

    certificate: Annotated[str, Field(min_length=1, max_length=20000)]


class DiagnoseBody(Deferred):
    """A number to check offline."""

    number: Typed
    field: Literal["number", "support"] | None = Field(default=None, description="the field it was typed into")


class RegisterBody(Deferred):
    """A licence number, a number for updates & support, or both."""

    number: Typed | None = None
    support: Typed | None = None
    company: CompanyBody | None = Field(
        default=None, description="default: from the configuration, or from the certificate"
    )
    email: Mail = None


class RequestBody(Deferred):
    """A number for a request file."""

    number: Typed
    support: Typed | None = None
    company: CompanyBody | None = None
    email: Mail = None


class EnrolBody(Deferred):
    """Asks for a trial; the vendor mails a code."""

    email: Text
    company: CompanyBody | None = None
    lang: Lang = None


class CodeBody(Deferred):
    """The code from a mail."""

    email: Text
    code: Text


class RecoverBody(Deferred):
    """Asks for a code, to move a licence to this computer."""

    email: Text
    lang: Lang = None


class TransferBody(Deferred):
    """Which licence of the confirmed account is moved to this computer."""

    licence: Text
    seat: Text | None = Field(default=None, description="which seat, where the licence has several and none is free")


class Handlers(ABC):
    """The handlers of the licence; ``Api`` has them beside its own."""

    licence: LicenceGate
    registration: Registration

    @abstractmethod
    def read(self, model: type[M], request: Request) -> AbstractAsyncContextManager[M]:
        """The body as a ``model``. Raises ``ProblemError``."""

    async def licence_state(self, _: Request) -> Response:
        """``GET /v1/licence``."""
        return JSONResponse(self.licence.describe())

    async def licence_install(self, request: Request) -> Response:
        """``POST /v1/licence/certificate``."""
        async with self.read(CertificateBody, request) as body:
            await self.registration.install(body.certificate)
            return await self.licence_state(request)

    async def licence_diagnose(self, request: Request) -> Response:
        """``POST /v1/licence/diagnosis``."""
        async with self.read(DiagnoseBody, request) as body:
            return JSONResponse(self.registration.diagnose(body.number, body.field))

    async def licence_register(self, request: Request) -> Response:
        """``POST /v1/licence/registration``."""
        async with self.read(RegisterBody, request) as body:
            await self.registration.register(body.number, body.support, _company(body.company), body.email)
            return await self.licence_state(request)

    async def licence_request(self, request: Request) -> Response:
        """``POST /v1/licence/request``."""
        async with self.read(RequestBody, request) as body:
            text = await self.registration.request(body.number, body.support, _company(body.company), body.email)
            return JSONResponse({"request": text})

    async def licence_enrol(self, request: Request) -> Response:
        """``POST /v1/licence/enrolment``."""
        async with self.read(EnrolBody, request) as body:
            await self.registration.enrol(_company(body.company), body.email, body.lang)
            return JSONResponse({"mail": body.email}, 202)

    async def licence_enrol_confirm(self, request: Request) -> Response:
        """``POST /v1/licence/enrolment/confirmation``."""
        async with self.read(CodeBody, request) as body:
            await self.registration.enrol_confirm(body.email, body.code)
            return await self.licence_state(request)

    async def licence_recover(self, request: Request) -> Response:
        """``POST /v1/licence/recovery``."""
        async with self.read(RecoverBody, request) as body:
            await self.registration.recover(body.email, body.lang)
            return JSONResponse({"mail": body.email}, 202)

    async def licence_recover_confirm(self, request: Request) -> Response:
        """``POST /v1/licence/recovery/confirmation``."""
        async with self.read(CodeBody, request) as body:
            companies = await self.registration.recover_confirm(body.email, body.code)
            return JSONResponse({"companies": companies})

    async def licence_transfer(self, request: Request) -> Response:
        """``POST /v1/licence/transfer``."""
        async with self.read(TransferBody, request) as body:
            await self.registration.transfer(body.licence, body.seat)
            return await self.licence_state(request)

    async def licence_deactivate(self, request: Request) -> Response:
        """``POST /v1/licence/deactivation``."""
        await self.registration.deactivate()
        return await self.licence_state(request)

    async def licence_question(self, _: Request) -> Response:
        """``GET /v1/licence/check``."""
        return JSONResponse(await self.registration.next_check())

    async def licence_check(self, request: Request) -> Response:
        """``POST /v1/licence/check``."""
        await self.registration.check()
        return await self.licence_state(request)

    async def licence_emergency(self, request: Request) -> Response:
        """``POST /v1/licence/emergency``."""
        await self.registration.emergency()
        return await self.licence_state(request)


def _company(body: CompanyBody | None) -> tuple[str, str, str, str | None] | None:
    return None if body is None else (body.name, body.postcode, body.country, body.nip)


_STATE: dict[int, tuple[type[BaseModel] | None, str]] = {200: (LicenceState, "the state of the licence")}
_MAILED: dict[int, tuple[type[BaseModel] | None, str]] = {
    202: (Mailed, "the vendor mails a code if it knows the address")
}
_VENDOR = (409, 503)
_RIGHT = (Right.LICENCE,)

ROUTES = (
    Route("GET", "/v1/licence", Handlers.licence_state, "The licence's state", _STATE),
    Route(
        "POST", "/v1/licence/certificate", Handlers.licence_install,
        "Install a licence certificate; a bad one changes nothing", _STATE, body=CertificateBody, problems=(503,),
        rights=_RIGHT,
    ),
    Route(
        "POST", "/v1/licence/diagnosis", Handlers.licence_diagnose,
        "Check a licence number offline: what it is for, or where it is mistyped",
        {200: (NumberMeaning, "what the number is for")}, body=DiagnoseBody, rights=_RIGHT,
    ),
    Route(
        "POST", "/v1/licence/registration", Handlers.licence_register,
        "Exchange a licence number, or one for updates & support, for a certificate", _STATE, body=RegisterBody,
        problems=_VENDOR, rights=_RIGHT,
    ),
    Route(
        "POST", "/v1/licence/request", Handlers.licence_request,
        "Make a request file, to exchange for a certificate on another computer",
        {200: (RequestFile, "the request file")}, body=RequestBody, problems=(409,), rights=_RIGHT,
    ),
    Route(
        "POST", "/v1/licence/enrolment", Handlers.licence_enrol, "Ask for a trial; the vendor mails a code", _MAILED,
        body=EnrolBody, problems=_VENDOR, rights=_RIGHT,
    ),
    Route(
        "POST", "/v1/licence/enrolment/confirmation", Handlers.licence_enrol_confirm,
        "Exchange the mailed code for the trial", _STATE, body=CodeBody, problems=_VENDOR, rights=_RIGHT,
    ),
    Route(
        "POST", "/v1/licence/recovery", Handlers.licence_recover,
        "Ask for a code, to move a licence to this computer", _MAILED, body=RecoverBody, problems=_VENDOR,
        rights=_RIGHT,
    ),
    Route(
        "POST", "/v1/licence/recovery/confirmation", Handlers.licence_recover_confirm,
        "Exchange the mailed code for the list of the account's companies",
        {200: (OwnCompanies, "companies and their licences")}, body=CodeBody, problems=_VENDOR, rights=_RIGHT,
    ),
    Route(
        "POST", "/v1/licence/transfer", Handlers.licence_transfer, "Move a licence to this computer", _STATE,
        body=TransferBody, problems=_VENDOR, rights=_RIGHT,
    ),
    Route(
        "POST", "/v1/licence/deactivation", Handlers.licence_deactivate,
        "Give the licence back, so that another computer can have it", _STATE, problems=_VENDOR, rights=_RIGHT,
    ),
    Route(
        "GET", "/v1/licence/check", Handlers.licence_question, "The content that a check sends, decoded",
        {200: (CheckQuestion, "the content")}, problems=(409,),
    ),
    Route(
        "POST", "/v1/licence/check", Handlers.licence_check, "Ask the vendor now for the state of the licence", _STATE,
        problems=_VENDOR, rights=_RIGHT,
    ),
    Route(
        "POST", "/v1/licence/emergency", Handlers.licence_emergency,
        "Allow 72 hours without a valid licence, once in 90 days", _STATE, problems=(409, 503), rights=_RIGHT,
    ),
)  # fmt: skip
