"""A signed request in, a signed answer out; of HTTP it knows only the status code.

A request is accepted once, if it is recent and signed by the key it carries. Its answer names it, so that an old
answer fits no new request. The server signs nothing while the server's clock is behind what it has signed before.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from fiscald.licence import wire
from fiscald.licence.server.certificates import Requester
from fiscald.licence.server.keyring import Keyring
from fiscald.licence.server.limits import network
from fiscald.licence.server.refusals import Malformed, Refused, Unable
from fiscald.licence.server.rules import Rules, latest
from fiscald.licence.server.store import Store
from fiscald.licence.server.transaction import Transaction
from fiscald.licence.tokens import TokenRefused, fingerprint, read_device_token
from fiscald.licence.wire import WINDOW, VendorRequest, WireError

log = logging.getLogger(__name__)
Q = TypeVar("Q", bound=VendorRequest)

MODELS = {model.path: model for model in wire.REQUESTS}


class SignedReply(NamedTuple):
    """What goes back."""

    status: int
    text: str | None
    """A signed text; ``None`` for "a mail may be on its way"."""


class FileReply(NamedTuple):
    """The reply to an uploaded request file: the certificate or the refusal."""

    said: SignedReply
    certificate: str | None = None
    refused: Refused | None = None


class RequestHandler:
    """Answers signed requests."""

    def __init__(self, store: Store, rules: Rules, clock: Callable[[], int]) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock

    @property
    def _keyring(self) -> Keyring:
        return self._rules.keyring

    def answer(self, path: str, body: bytes, address: str) -> SignedReply:
        """The answer to the request in ``body``, posted to ``path`` from a network ``address``.

        Raises ``Malformed``, ``TooMany`` or ``Unable``: then nothing was decided.
        """
        token, request, jwk = self._read(MODELS[path], body)
        try:
            with self._transaction() as t:
                requester = Requester(jwk, network(address, t.now))
                self._once(t, request, requester)
                result = self._decide(t, request, requester)
        except Refused as refused:
            return self._refusal(refused, token, request)
        except sqlite3.IntegrityError:
            return self._refusal(Refused("conflict"), token, request)
        if result is None:
            return SignedReply(202, None)
        return SignedReply(200, self._signed(result, token, request))

    def answer_file(self, body: bytes, address: str) -> FileReply:
        """Exchange an uploaded request file for a certificate. Raises like ``answer``.

        The same file may be handed in again: the answer may have got lost on its way.
        """
        token, request, jwk = self._read(wire.RequestFile, body)
        try:
            with self._transaction() as t:
                requester = Requester(jwk, network(address, t.now))
                certificate = self._rules.activate(t, request, requester, offline=True)
        except Refused as refused:
            return FileReply(self._refusal(refused, token, request), refused=refused)
        except sqlite3.IntegrityError:
            conflict = Refused("conflict")
            return FileReply(self._refusal(conflict, token, request), refused=conflict)
        return FileReply(SignedReply(200, certificate), certificate=certificate)

    def keys(self) -> str | None:
        """The newest key list."""
        with self._store.reading(self._clock) as t:
            return t.newest_key_list()

    def latest(self) -> str | None:
        """The newest version, signed. Raises ``Unable``."""
        with self._store.reading(self._clock) as t:
            self._check_signing(t)
            newest = latest(t)
        return None if newest is None else self._keyring.sign(wire.claims(newest), wire.LATEST)

    def healthy(self) -> None:
        """Raises ``Unable`` if the server cannot answer."""
        with self._transaction():
            pass

    def tidy(self) -> bool:
        """Forget some of what has run out; whether there may be more. Raises ``Unable``."""
        with self._store.transaction(self._clock) as t:
            return t.tidy()

    # -- parts ----------------------------------------------------------------------------------------

    def _read(self, model: type[Q], body: bytes) -> tuple[str, Q, dict[str, str]]:
        try:
            token = body.decode("ascii").strip()
            jwk, payload = read_device_token(token, model.kind)
            request = wire.parse(model, payload)
        except (UnicodeDecodeError, TokenRefused, WireError) as error:
            raise Malformed(f"not a request of the kind {model.kind}: {type(error).__name__}") from None
        if request.aud != self._rules.issuer:
            raise Malformed("a request to another vendor")
        return token, request, jwk

    @contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        with self._store.transaction(self._clock) as t:
            self._check_signing(t)
            yield t

    def _check_signing(self, t: Transaction) -> None:
        """Raises ``Unable`` where nothing may be signed."""
        t.check_clock()
        key = t.one("SELECT valid_to, revoked FROM signing_key WHERE kid = ?", self._keyring.kid)
        if key is not None and (key[1] or (key[0] is not None and key[0] <= t.now)):
            raise Unable(f"the signing key {self._keyring.kid} is retired; change sign_with and start again")

    def _once(self, t: Transaction, request: VendorRequest, requester: Requester) -> None:
        if abs(request.iat - t.now) > WINDOW:
            raise Refused("clock")
        seal = self._keyring.seal("nonce", requester.jkt, request.nonce)
        # A request from ahead of our clock is accepted for two windows, the last second included.
        forgotten = t.now + 2 * WINDOW + 1
        if not t.do("INSERT INTO replay VALUES (?, ?) ON CONFLICT DO NOTHING", seal, forgotten):
            raise Refused("replayed")

    def _decide(self, t: Transaction, request: VendorRequest, requester: Requester) -> dict[str, Any] | None:
        """The fields of the answer; ``None`` for "a mail may be on its way"."""
        rules = self._rules
        match request:
            case wire.Enrol():
                rules.enrol(t, request, requester)
                return None
            case wire.Recover():
                rules.recover(t, request, requester)
                return None
            case wire.EnrolConfirm():
                return {"crt": rules.enrol_confirm(t, request, requester)}
            case wire.RecoverConfirm():
                session, companies = rules.recover_confirm(t, request, requester)
                return {"session": session, "companies": companies}
            case wire.Activate():
                return {"crt": rules.activate(t, request, requester)}
            case wire.Support():
                return {"crt": rules.support(t, request, requester)}
            case wire.Transfer():
                return {"crt": rules.transfer(t, request, requester)}
            case wire.Deactivate():
                return {"released": rules.deactivate(t, request, requester)}
            case wire.Check():
                return rules.check(t, request, requester)
        raise AssertionError(request)

    def _refusal(self, refused: Refused, token: str, request: VendorRequest) -> SignedReply:
        log.info("%s: refused, %s", request.kind, refused)
        return SignedReply(refused.status, self._signed({"refused": refused.refusal}, token, request))

    def _signed(self, fields: dict[str, Any], token: str, request: VendorRequest) -> str:
        head = {
            "iss": self._rules.issuer,
            "aud": "fiscald",
            "iat": self._clock(),
            "nonce": request.nonce,
            "req": fingerprint(token),
        }
        model = wire.Status if "verdict" in fields else wire.Answer
        message = model.model_validate({**head, **fields})
        return self._keyring.sign(wire.claims(message), model.kind)
