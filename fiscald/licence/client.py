"""Client of the vendor's server.

Only a reply signed by the vendor for this request counts. Anything else - an error page, a captive portal, an
outage, a replayed answer - means that the server is unreachable, and changes nothing.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

import anyio.to_thread

from fiscald.licence.device import DeviceKey
from fiscald.licence.keys import SigningKey
from fiscald.licence.posting import Posted, PostFailed, post
from fiscald.licence.tokens import TokenRefused, b64, fingerprint, read_vendor_token
from fiscald.licence.wire import (
    Activate,
    Answer,
    Check,
    Deactivate,
    Enrol,
    EnrolConfirm,
    Recover,
    RecoverConfirm,
    Refusal,
    Reply,
    Status,
    Support,
    Transfer,
    VendorRequest,
    WireError,
    claims,
    parse,
)

#: Requests with an immediate answer; the others are answered by mail or by a ``Status``.
Answered = EnrolConfirm | Activate | Support | RecoverConfirm | Transfer | Deactivate
R = TypeVar("R", bound=Reply)
Q = TypeVar("Q", bound=VendorRequest)


class Unreachable(Exception):
    """No valid answer. ``str`` says what came instead."""


class Denied(Exception):
    """A signed refusal."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.detail)


class VendorClient:
    """Requests of one computer to one vendor."""

    def __init__(
        self,
        url: str,
        issuer: str,
        device: DeviceKey,
        keys: Callable[[], dict[str, SigningKey]],
        clock: Callable[[], float],
        ca_file: str | None = None,
    ) -> None:
        """``issuer`` is the vendor's name in signatures; ``ca_file`` is trusted instead of the system's."""
        self._url = url.rstrip("/")
        self.issuer = issuer
        self._device = device
        self._keys = keys
        self._clock = clock
        self._ca_file = ca_file

    def request(self, model: type[Q], **fields: Any) -> Q:
        """A request of that kind, with time and nonce. Raises ``WireError``."""
        stamp = {"aud": self.issuer, "iat": int(self._clock()), "nonce": b64(secrets.token_bytes(16))}
        return parse(model, fields | stamp)

    def sign(self, request: VendorRequest) -> str:
        """The request as it is sent."""
        stamp = ("aud", "iat", "nonce")
        content = claims(request)
        ordered = {"aud": request.aud} | {name: value for name, value in content.items() if name not in stamp}
        return self._device.sign(ordered | {"iat": request.iat, "nonce": request.nonce}, request.kind)

    async def ask_for_mail(self, request: Enrol | Recover) -> None:
        """Have a code mailed, if the address can be used for that. Raises ``Unreachable`` or ``Denied``."""
        sent = self.sign(request)
        response = await self._post(request.path, sent)
        if response.status == HTTPStatus.ACCEPTED:
            return
        answer, _ = await self._read(request, sent, response, Answer)
        if answer.refused is not None:
            raise Denied(answer.refused)
        raise Unreachable(_unsigned_reply(response))

    async def ask(self, request: Answered) -> Answer:
        """The vendor's answer. Raises ``Unreachable`` or ``Denied``."""
        sent = self.sign(request)
        answer, _ = await self._read(request, sent, await self._post(request.path, sent), Answer)
        if answer.refused is not None:
            raise Denied(answer.refused)
        return answer

    async def check(self, request: Check) -> tuple[Status, str]:
        """The vendor's answer to the daily request, and its text. Raises ``Unreachable`` or ``Denied``.

        ``Denied`` is no verdict: the vendor refuses this request, and says nothing about the licence.
        """
        sent = self.sign(request)
        response = await self._post(request.path, sent)
        try:
            status, text = await self._read(request, sent, response, Status)
        except Unreachable:
            with contextlib.suppress(Unreachable):
                refused = (await self._read(request, sent, response, Answer))[0].refused
                if refused is not None:
                    raise Denied(refused) from None
            raise
        if status.lic != request.lic:
            raise Unreachable("an answer about another licence")
        return status, text

    async def _read(self, request: VendorRequest, sent: str, response: Posted, model: type[R]) -> tuple[R, str]:
        """The vendor's signed reply to this request, and its text; verified in a thread. Raises ``Unreachable``."""
        return await anyio.to_thread.run_sync(partial(self._verified, request, sent, response, model))

    def _verified(self, request: VendorRequest, sent: str, response: Posted, model: type[R]) -> tuple[R, str]:
        try:
            # Signed texts are ASCII, in spite of the server's character set.
            text = response.content.decode("ascii").strip()
            key, payload = read_vendor_token(text, model.kind, self._keys(), "status")
            reply = parse(model, payload)
        except (TokenRefused, WireError) as error:
            raise Unreachable(f"{_unsigned_reply(response)} ({error})") from None
        except UnicodeDecodeError:
            raise Unreachable(f"{_unsigned_reply(response)} (not plain ASCII text)") from None
        if (reply.nonce, reply.req, reply.iss) != (request.nonce, fingerprint(sent), key.issuer):
            raise Unreachable("an answer to another request")
        return reply, text

    async def _post(self, path: str, body: str) -> Posted:
        try:
            return await post(self._url + path, body, self._ca_file)
        except PostFailed as error:
            raise Unreachable(str(error)) from None


def _unsigned_reply(response: Posted) -> str:
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return f"too many requests; try again in {response.headers.get('retry-after', 'some')} seconds"
    return f"HTTP {response.status} without the vendor's signature"
