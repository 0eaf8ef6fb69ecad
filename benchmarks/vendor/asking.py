"""A shop's computer as the server sees it: signed questions, verified answers."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.vendor.copying import Asker
from benchmarks.vendor.stories import ISSUER, VERSION
from fiscald.licence import wire
from fiscald.licence.device import DeviceKey
from fiscald.licence.keys import SigningKey
from fiscald.licence.server.request_handler import RequestHandler
from fiscald.licence.tokens import b64, fingerprint, read_vendor_token


class Shop:
    """A computer with a real key."""

    def __init__(self, asker: Asker, clock: Callable[[], int], key: SigningKey) -> None:
        """``key``: the vendor's, to verify the answers with."""
        self.asker = asker
        self._clock = clock
        self._vendor = key
        self._key = DeviceKey(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(asker.key)))
        self._nonces = itertools.count(secrets.randbits(100))

    def check(self) -> bytes:
        """Its daily question."""
        return self.sign(wire.Check, lic=self.asker.lic, crt=self.asker.crt, ver=VERSION)

    def sign(self, model: type[wire.VendorRequest], **fields: Any) -> bytes:
        """A question, signed."""
        head = {"aud": ISSUER, "iat": self._clock(), "nonce": b64(next(self._nonces).to_bytes(16, "big"))}
        return self._key.sign(head | fields, model.kind).encode()

    def ask(self, handler: RequestHandler) -> wire.Status:
        """Check with a handler."""
        question = self.check()
        said = handler.answer(wire.Check.path, question, "192.0.2.1")
        assert said.text is not None
        return self.read(question, said.text)

    def read(self, question: bytes, text: str) -> wire.Status:
        """The verdict, which must fit the question. Raises ``TokenRefused``."""
        _, payload = read_vendor_token(text, wire.STATUS, {self._vendor.kid: self._vendor}, "status")
        status = wire.parse(wire.Status, payload)
        if status.req != fingerprint(question.decode()):
            raise ValueError("the answer is to another question")
        return status
