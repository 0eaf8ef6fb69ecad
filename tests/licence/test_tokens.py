"""Signed texts: the published question and answer, and what a computer's signature must look like."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from fiscald.licence import tokens
from fiscald.licence.clock import LAST
from fiscald.licence.device import DeviceKey
from fiscald.licence.keys import TEST_KEY, trusted
from fiscald.licence.testing import sign
from fiscald.licence.tokens import Fault, TokenRefused, fingerprint, read_device_token, read_vendor_token
from fiscald.licence.wire import (
    REQUESTS,
    Answer,
    Check,
    Enrol,
    EnrolConfirm,
    KeyList,
    Status,
    WireError,
    claims,
    parse,
)
from fiscald.model.strict import Strict
from tests.found import found

KEYS = trusted(test_keys=True)
#: RFC 8032, test 2: the device key of the published vectors.
DEVICE = DeviceKey(
    Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    )
)
QUESTION = {
    "aud": "urn:fiscald:vendor:test", "lic": "lic_7Q4M2K9X", "crt": "crt_7Q4M2K9X_0007", "ver": "1.0.3",
    "iat": 1768899600, "nonce": "AAECAwQFBgcICQoLDA0ODw",
}  # fmt: skip
STATUS = {
    "iss": "urn:fiscald:vendor:test", "aud": "fiscald", "lic": "lic_7Q4M2K9X", "iat": 1768899600,
    "nonce": "AAECAwQFBgcICQoLDA0ODw", "req": "NwUMge8_zMAsQK5ablQsQ0E-_Zz81IvVcUikEB4uatI", "verdict": "ok", "crt": None,
    "upd": {"latest": "1.0.4", "series": "2026-01-10", "url": "https://vendor.example/dl/1.0.4"},
}  # fmt: skip
OWN = {"name": "Bakery", "post": "1011 AB"}


def test_the_published_question() -> None:
    token = DEVICE.sign(QUESTION, "fiscald-check")
    assert len(token) == 452
    assert token.endswith(".9pJnQdZBfv-6rX6NBcMIha4uF-6mJB9RU570L_20KYdh0zXxFAWmTyT1_i5Zr5snhS4Xbh7XPJ-3j0INTnbNBg")
    assert fingerprint(token) == STATUS["req"]
    jwk, payload = read_device_token(token, "fiscald-check")
    assert tokens.thumbprint(jwk) == DEVICE.thumbprint == "FtIu-VbGrfe_KB6CH7GNwODB72MNxj_ml11dEvO-7kk"
    assert parse(Check, payload).crt == "crt_7Q4M2K9X_0007"


def test_the_published_answer() -> None:
    token = sign(STATUS, "fiscald-status")
    assert len(token) == 552
    assert token.endswith(".4v5xxOqVx5NwQLgmZC8_4xUnuSuXbstcZ8crJd_pjjZRNjNYmy9JICAcSxPlygFYN-TliCMHPh4ZJR_gUGp8AA")
    key, payload = read_vendor_token(token, "fiscald-status", KEYS, "status")
    assert key is TEST_KEY
    status = parse(Status, payload)
    assert (status.verdict, status.upd and status.upd.latest) == ("ok", "1.0.4")


def test_a_device_key_is_kept_in_a_file() -> None:
    key = DeviceKey.make()
    assert DeviceKey.parse(key.pem.encode()).thumbprint == key.thumbprint
    for text in (b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", key.pem.encode()[:-40]):
        with pytest.raises(ValueError, match="key"):
            DeviceKey.parse(text)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"alg": "none"}, Fault.ALG),
        ({"alg": "EdDSA"}, Fault.ALG),
        ({"typ": "fiscald-status+jwt"}, Fault.TYPE),
        ({"kid": "test-2026a"}, Fault.HEADER),
        ({"jwk": "x"}, Fault.HEADER),
        ({"jwk": {"crv": "Ed25519", "kty": "OKP"}}, Fault.HEADER),
        ({"jwk": {"crv": "Ed25519", "kty": "OKP", "x": 1}}, Fault.HEADER),
        ({"jwk": {"crv": "Ed25519", "kty": "OKP", "x": "short"}}, Fault.HEADER),
        ({"jwk": {"crv": "Ed25519", "kty": "OKP", "x": "A" * 43, "d": "A" * 43}}, Fault.HEADER),
        ({"jwk": {"crv": "Ed448", "kty": "OKP", "x": "A" * 43}}, Fault.HEADER),
        ({"jwk": {"crv": "Ed25519", "kty": "OKP", "x": TEST_KEY.x}}, Fault.SIGNATURE),
    ],
    ids=str,
)
def test_headers_that_a_device_must_not_send(change: dict[str, Any], fault: Fault) -> None:
    header, payload, signature = DEVICE.sign(QUESTION, "fiscald-check").split(".")
    bent = json.loads(_unb64(header)) | change
    token = f"{tokens.b64(json.dumps(bent).encode())}.{payload}.{signature}"
    with pytest.raises(TokenRefused) as refused:
        read_device_token(token, "fiscald-check")
    assert refused.value.fault is fault


def test_a_request_is_not_a_reply_and_a_reply_not_a_request() -> None:
    with pytest.raises(TokenRefused) as refused:
        read_vendor_token(DEVICE.sign(QUESTION, "fiscald-status"), "fiscald-status", KEYS, "status")
    assert refused.value.fault is Fault.HEADER
    with pytest.raises(TokenRefused) as refused:
        read_device_token(sign(STATUS, "fiscald-check"), "fiscald-check")
    assert refused.value.fault is Fault.HEADER


@given(
    st.one_of(st.text(max_size=200), st.from_regex(r"[A-Za-z0-9_-]{20,60}\.[A-Za-z0-9_-]{20,60}\.[A-Za-z0-9_-]{86}"))
)
def test_any_text_is_refused_with_one_exception_class(text: str) -> None:
    for read in (
        lambda: read_device_token(text, "fiscald-check"),
        lambda: read_vendor_token(text, "fiscald-status", KEYS, "status"),
    ):
        with pytest.raises(TokenRefused):
            read()


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*QUESTION, *STATUS, "crt", "text", "keys"]), _JSON) | _JSON)
def test_any_json_is_a_message_or_a_wire_error(payload: Any) -> None:
    models: tuple[type[Strict], ...] = (Check, Status, *REQUESTS)
    for model in found(models):
        with contextlib.suppress(WireError):
            message = parse(model, payload)
            assert parse(model, claims(message)) == message


def test_missing_values_are_omitted_and_read_back() -> None:
    head = {"iss": "urn:fiscald:vendor:test", "aud": "fiscald", "iat": 1, "nonce": QUESTION["nonce"], "req": "r"}
    company = {"name": "Bakery", "post": "1011 AB", "cc": "NL"}
    enrol = {"aud": "a", "iat": 1, "nonce": QUESTION["nonce"], "email": "a@b.nl", "mid": "m", "lang": "en"}
    certificate = (Path(__file__).parent / "c0.txt").read_text("ascii").strip()
    for model, content in (
        (Enrol, enrol | {"company": company}),
        (Answer, head | {"companies": [OWN]}),
        (Answer, head | {"crt": certificate}),
    ):
        message = parse(model, content)
        assert parse(model, json.loads(json.dumps(claims(message)))) == message


HEAD = {"aud": "a", "iat": 1, "nonce": QUESTION["nonce"]}
LISTED = {"iss": "urn:fiscald:vendor:test", "ver": 1, "iat": 1, "keys": ()}
MAIL = "a" * 64 + "@" + "b" * 189
#: Model, what it takes, the name of a value, what is just good there, what is just not.
EDGES: list[tuple[type[Strict], dict[str, Any], str, Any, Any]] = [
    (Check, HEAD | {"lic": "l", "crt": "c", "ver": "1"}, "ver", "v" * 500, "v" * 501),
    (Check, HEAD | {"lic": "l", "crt": "c", "ver": "1"}, "ver", "v", ""),
    (Check, HEAD | {"lic": "l", "crt": "c", "ver": "1"}, "ver", "1", b"1"),
    (Check, HEAD | {"lic": "l", "crt": "c", "ver": "1"}, "iat", 0, -1),
    (Check, HEAD | {"lic": "l", "crt": "c", "ver": "1"}, "iat", LAST, LAST + 1),
    (Check, HEAD | {"lic": "l", "crt": "c", "ver": "1"}, "nonce", "A" * 22, "A" * 23),
    (EnrolConfirm, HEAD | {"email": "a@b", "code": "1"}, "code", "1" * 40, "1" * 41),
    (EnrolConfirm, HEAD | {"email": "a@b", "code": "1"}, "code", "1", b"1"),
    (EnrolConfirm, HEAD | {"email": "a@b", "code": "1"}, "email", MAIL, MAIL + "b"),
    (EnrolConfirm, HEAD | {"email": "a@b", "code": "1"}, "email", "a" * 64 + "@b", "a" * 65 + "@b"),
    (EnrolConfirm, HEAD | {"email": "a@b", "code": "1"}, "email", "a@b", b"a@b"),
    (KeyList, LISTED, "ver", 1, 0),
    (KeyList, LISTED, "ver", 2**40, 2**40 + 1),
    (KeyList, LISTED, "ver", 1, "1"),
    (KeyList, LISTED, "ver", 1, 1.0),
]


@pytest.mark.parametrize(("model", "content", "name", "good", "bad"), EDGES)
def test_values_at_a_limit_are_accepted(
    model: type[Strict], content: dict[str, Any], name: str, good: Any, bad: Any
) -> None:
    assert getattr(parse(model, content | {name: good}), name) == good
    with pytest.raises(WireError, match=name):
        parse(model, content | {name: bad})


@pytest.mark.parametrize(("length", "taken"), [(0, False), (1, True), (8000, True), (8001, False)])
def test_the_length_of_a_signed_text_in_an_answer(length: int, *, taken: bool) -> None:
    with contextlib.nullcontext() if taken else pytest.raises(WireError, match="crt"):
        parse(Status, STATUS | {"crt": "x" * length})


def test_a_whole_number_is_neither_a_float_nor_a_boolean() -> None:
    for iat in (1.0, True, "1768899600", -1, 2**41):
        with pytest.raises(WireError, match="iat"):
            parse(Check, QUESTION | {"iat": iat})
    with pytest.raises(WireError, match="nonce"):
        parse(Check, QUESTION | {"nonce": "AAECAwQFBgcICQoLDA0OD"})
    with pytest.raises(WireError, match="host"):
        parse(Check, QUESTION | {"host": "till-1"})


def _unb64(part: str) -> bytes:
    import base64

    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
