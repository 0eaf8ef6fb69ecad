"""Client of the vendor's server.

Only a reply signed by the vendor for this request counts. Anything else - an error page, a captive portal, an
outage, a replayed answer - means that the server is unreachable, and changes nothing.
"""

from __future__ import annotations

import contextlib
import importlib
import secrets
import ssl
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar

import anyio
import anyio.to_thread

from fiscald.licence.device import DeviceKey
from fiscald.licence.keys import SigningKey
from fiscald.licence.tokens import MAX_BYTES, TokenRefused, b64, fingerprint, read_vendor_token
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

#: Seconds for a request and its whole answer.
TIMEOUT = 10.0
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


class Posted(NamedTuple):
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    content: bytes


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
        answer, _ = self._read(request, sent, response, Answer)
        if answer.refused is not None:
            raise Denied(answer.refused)
        raise Unreachable(_unsigned_reply(response))

    async def ask(self, request: Answered) -> Answer:
        """The vendor's answer. Raises ``Unreachable`` or ``Denied``."""
        sent = self.sign(request)
        answer, _ = self._read(request, sent, await self._post(request.path, sent), Answer)
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
            status, text = self._read(request, sent, response, Status)
        except Unreachable:
            with contextlib.suppress(Unreachable):
                refused = self._read(request, sent, response, Answer)[0].refused
                if refused is not None:
                    raise Denied(refused) from None
            raise
        if status.lic != request.lic:
            raise Unreachable("an answer about another licence")
        return status, text

    def _read(self, request: VendorRequest, sent: str, response: Posted, model: type[R]) -> tuple[R, str]:
        """The vendor's signed reply to this request, and its text. Raises ``Unreachable``."""
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
        # Most computers ask once a day. The import takes 70 ms, during which the event loop has other things to do.
        await anyio.to_thread.run_sync(importlib.import_module, "httpx")
        import httpx

        url = self._url + path
        headers = {"Content-Type": "application/jose", "Accept": "application/jose"}
        try:
            tls = True if self._ca_file is None else ssl.create_default_context(cafile=self._ca_file)
            with anyio.fail_after(TIMEOUT):
                async with (
                    httpx.AsyncClient(timeout=TIMEOUT, verify=tls, follow_redirects=False) as client,
                    client.stream("POST", url, content=body, headers=headers) as response,
                ):
                    content = b""
                    async for chunk in response.aiter_bytes():
                        content += chunk
                        if len(content) > MAX_BYTES:
                            raise Unreachable(f"{url}: an answer that is too long")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise Unreachable(f"{url}: {str(error) or type(error).__name__}") from None
        return Posted(response.status_code, dict(response.headers), content)


def _unsigned_reply(response: Posted) -> str:
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return f"too many requests; try again in {response.headers.get('retry-after', 'some')} seconds"
    return f"HTTP {response.status} without the vendor's signature"
