"""Certificates: the published vector, and every attack, each with its own code (cases 15 to 29)."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from fiscald.licence import tokens
from fiscald.licence.certificate import KIND, CertificateCode, CertificateRefused, armour, verify
from fiscald.licence.keys import TEST_KEY, TEST_ROOT, SigningKey, trusted
from fiscald.licence.store import LicenceStore
from fiscald.licence.testing import TEST_PRIVATE, TEST_ROOT_PRIVATE, make_certificate, sign
from fiscald.licence.tokens import MAX_BYTES, public_x
from fiscald.licence.tokens import sign as sign_with

C0 = Path(__file__).with_name("c0.txt").read_text("ascii").strip()
HEADER, PAYLOAD, SIGNATURE = C0.split(".")
KEYS = trusted(test_keys=True)
#: Another pinned key: RFC 8032, test 2.
OTHER_SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
OTHER = SigningKey(
    kid="test-2026b",
    x="PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw",
    issuer=TEST_KEY.issuer,
    uses=frozenset(("licence",)),
)
T0 = int(datetime.datetime(2026, 1, 16, 9, tzinfo=datetime.UTC).timestamp())
#: Order of the group, for the malleated signature.
L = 2**252 + 27742317777372353535851937790883648493


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def key_list(ver: int, **changes: Any) -> str:
    key = {"kid": "test-2026a", "x": public_x(TEST_PRIVATE), "uses": ["licence", "status"]}
    other = {"kid": "k2", "x": "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw", "uses": ["licence", "status"]}
    payload = {"iss": TEST_ROOT.issuer, "ver": ver, "iat": T0, "keys": [key | changes, other]}
    return sign_with(payload, "fiscald-keys", TEST_ROOT_PRIVATE, kid=TEST_ROOT.kid)


def claims(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(unb64(PAYLOAD)) | changes
    return {name: value for name, value in content.items() if value is not ...}


def with_header(**header: Any) -> str:
    """C0's payload under another header, signature kept."""
    return f"{b64(json.dumps(header).encode())}.{PAYLOAD}.{SIGNATURE}"


def signed(payload: bytes) -> str:
    """Any payload bytes, correctly signed by the test key."""
    body = f"{HEADER}.{b64(payload)}"
    return f"{body}.{b64(TEST_PRIVATE.sign(body.encode()))}"


def code_of(text: str | bytes, keys: dict[str, SigningKey] | None = None) -> CertificateCode:
    with pytest.raises(CertificateRefused) as caught:
        verify(text.encode() if isinstance(text, str) else text, keys or KEYS)
    return caught.value.code


# -- 15: the vector --------------------------------------------------------------------------------------


def test_case_15_the_vector_is_good() -> None:
    assert len(C0) == 892
    certificate = verify(C0.encode(), KEYS)
    assert certificate.modules == ("app", "bank", "fiscal")
    assert certificate.company.name == "PIEKARNIA ŻUREK SP. Z O.O."
    assert (certificate.seq, certificate.jti, certificate.sub) == (7, "crt_7Q4M2K9X_0007", "lic_7Q4M2K9X")
    assert (certificate.end, certificate.exp, certificate.lapse) == (None, 1771156800, "warn")
    assert certificate.upd == datetime.date(2027, 1, 15)
    assert certificate.mid == "5c94726b-8665-49b5-8d3a-f9c26f0c4042"


def test_signing_the_same_bytes_gives_the_same_text() -> None:
    """Ed25519 is deterministic: our signing gives the published certificate to the letter."""
    assert sign(json.loads(unb64(PAYLOAD))) == C0


# -- 16 to 18: algorithms --------------------------------------------------------------------------------


def test_case_16_a_certificate_without_an_algorithm_is_refused() -> None:
    header = b64(b'{"alg":"none","typ":"fiscald-licence+jwt","kid":"test-2026a"}')
    assert code_of(f"{header}.{PAYLOAD}.") is CertificateCode.FORMAT
    assert code_of(f"{header}.{PAYLOAD}.{'A' * 86}") is CertificateCode.ALG


@pytest.mark.parametrize(
    "secret",
    [
        unb64(TEST_KEY.x),
        TEST_KEY.x.encode(),
        b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n",
    ],
    ids=["raw", "base64", "PEM"],
)
def test_case_17_the_public_key_as_a_secret(secret: bytes) -> None:
    header = b64(b'{"alg":"HS256","typ":"fiscald-licence+jwt","kid":"test-2026a"}')
    tag = b64(hmac.digest(secret, f"{header}.{PAYLOAD}".encode(), hashlib.sha256))
    assert len(tag) == 43
    assert code_of(f"{header}.{PAYLOAD}.{tag}") is CertificateCode.FORMAT
    assert code_of(f"{header}.{PAYLOAD}.{tag.ljust(86, 'A')}") is CertificateCode.ALG


def test_case_18_the_other_name_of_the_algorithm() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns when it signs with the deprecated name
        from joserfc import jws
        from joserfc.jwk import OKPKey
        from joserfc.jws import JWSRegistry

        key = OKPKey.import_key(
            {"kty": "OKP", "crv": "Ed25519", "x": TEST_KEY.x, "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}
        )
        header = {"alg": "EdDSA", "typ": "fiscald-licence+jwt", "kid": "test-2026a"}
        token = jws.serialize_compact(header, unb64(PAYLOAD), key, registry=JWSRegistry(algorithms=["EdDSA"]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert code_of(token) is CertificateCode.ALG


# -- 19 to 22: bytes -------------------------------------------------------------------------------------


def test_case_19_a_truncated_certificate_is_refused() -> None:
    assert code_of(C0[:-1]) is CertificateCode.FORMAT
    assert code_of(f"{HEADER}.{PAYLOAD}") is CertificateCode.FORMAT


def test_case_19_a_non_canonical_last_character_is_refused() -> None:
    """The last of 86 characters carries two unused bits."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = alphabet[alphabet.index(C0[-1]) ^ 1]
    assert unb64(SIGNATURE[:-1] + twin) == unb64(SIGNATURE)
    assert code_of(C0[:-1] + twin) is CertificateCode.SIGNATURE


def test_case_20_more_modules_under_the_old_signature() -> None:
    richer = json.dumps(claims(mod=["app", "bank", "fiscal", "x"]), ensure_ascii=False, separators=(",", ":")).encode()
    assert code_of(f"{HEADER}.{b64(richer)}.{SIGNATURE}") is CertificateCode.SIGNATURE
    flipped = unb64(PAYLOAD).replace(b"fiscal", b"giscal")
    assert code_of(f"{HEADER}.{b64(flipped)}.{SIGNATURE}") is CertificateCode.SIGNATURE
    other = make_certificate().split(".")[1]
    assert code_of(f"{HEADER}.{other}.{SIGNATURE}") is CertificateCode.SIGNATURE


def test_case_21_a_malleated_and_a_zero_signature() -> None:
    raw = unb64(SIGNATURE)
    scalar = int.from_bytes(raw[32:], "little") + L
    malleated = raw[:32] + scalar.to_bytes(32, "little")
    assert code_of(f"{HEADER}.{PAYLOAD}.{b64(malleated)}") is CertificateCode.SIGNATURE
    assert code_of(f"{HEADER}.{PAYLOAD}.{b64(bytes(64))}") is CertificateCode.SIGNATURE


@pytest.mark.parametrize(
    "text",
    [C0 + "==", C0[:300] + "\n" + C0[300:], "\0" + C0, C0.replace(".", ".."), C0 + "\0", "ż" + C0, "", C0 + "." + C0],
)
def test_case_22_extra_characters_are_refused(text: str) -> None:
    assert code_of(text) is CertificateCode.FORMAT


def test_white_space_at_the_ends_is_trimmed() -> None:
    assert verify(f" \t{C0}\r\n".encode(), KEYS).jti == "crt_7Q4M2K9X_0007"


# -- 23 to 25: keys and types ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kid", "code"),
    [
        (None, CertificateCode.HEADER),
        ("zzz", CertificateCode.KEY_UNKNOWN),
        ("test-2026b", CertificateCode.SIGNATURE),
        ("../../etc/passwd", CertificateCode.KEY_UNKNOWN),
        (1, CertificateCode.HEADER),
    ],
)
def test_case_23_key_ids(kid: Any, code: CertificateCode) -> None:
    header = {"alg": "Ed25519", "typ": "fiscald-licence+jwt"} | ({} if kid is None else {"kid": kid})
    assert code_of(with_header(**header), KEYS | {OTHER.kid: OTHER}) is code


@pytest.mark.parametrize(
    "extra",
    [
        {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": OTHER.x}}, {"jku": "https://attacker.example/keys"}, {"x5c": ["MIIB"]},
        {"crit": ["b64"]}, {"b64": False}, {"cty": "JWT"},
    ],
    ids=lambda extra: next(iter(extra)),
)  # fmt: skip
def test_case_24_extra_headers_are_refused(extra: dict[str, Any]) -> None:
    assert (
        code_of(with_header(alg="Ed25519", typ="fiscald-licence+jwt", kid="test-2026a", **extra))
        is CertificateCode.HEADER
    )


def test_case_24_a_key_inside_the_certificate_is_refused() -> None:
    thief = Ed25519PrivateKey.from_private_bytes(OTHER_SEED)
    stolen = tokens.sign(claims(), KIND, thief, kid="test-2026a")
    assert code_of(stolen) is CertificateCode.SIGNATURE


@pytest.mark.parametrize(
    "header", ["[]", '"x"', "{", '{"alg":"Ed25519","alg":"Ed25519","typ":"fiscald-licence+jwt","kid":"a"}', "null", "1"]
)
def test_headers_that_are_no_object(header: str) -> None:
    assert code_of(f"{b64(header.ljust(20).encode())}.{PAYLOAD}.{SIGNATURE}") is CertificateCode.HEADER


def test_case_25_a_signed_status_is_no_certificate() -> None:
    status = {
        "iss": TEST_KEY.issuer,
        "aud": "fiscald",
        "lic": "lic_7Q4M2K9X",
        "iat": 1768899600,
        "verdict": "ok",
        "crt": None,
    }
    assert code_of(sign(status, "fiscald-status")) is CertificateCode.TYPE


# -- 26: claims ------------------------------------------------------------------------------------------

BAD_CLAIMS: dict[str, bytes] = {
    "mod twice": json.dumps(claims()).encode()[:-1] + b',"mod":["app"]}',
    "exp NaN": json.dumps(claims(exp=float("nan"))).encode(),
    "exp Infinity": json.dumps(claims(exp=float("inf"))).encode(),
    "exp true": json.dumps(claims(exp=True)).encode(),
    "exp 1.5": json.dumps(claims(exp=1.5)).encode(),
    "exp text": json.dumps(claims(exp="1771156800")).encode(),
    "exp too large": json.dumps(claims(exp=253402300800)).encode(),
    "iat too large": json.dumps(claims(iat=253402300800)).encode(),
    "neither exp nor perp": json.dumps(claims(exp=...)).encode(),
    "both exp and perp": json.dumps(claims(perp=True)).encode(),
    "perp false": json.dumps(claims(exp=..., perp=False)).encode(),
    "perp of a trial": json.dumps(claims(exp=..., perp=True, kind="trial", end=1800000000)).encode(),
    "no end": json.dumps(claims(end=...)).encode(),
    "a trial without end": json.dumps(claims(kind="trial")).encode(),
    "a name that fits into no question": json.dumps(claims(jti="j" * 501)).encode(),
    "a list": b'["' + b"x" * 80 + b'"]',
    "not UTF-8": json.dumps(claims(jti="AAAA")).encode().replace(b"AAAA", b"\xff\xfe\xff\xfe"),
    "an unknown claim": json.dumps(claims(admin=True)).encode(),
    "x no object": json.dumps(claims(x=1)).encode(),
    "seq zero": json.dumps(claims(seq=0)).encode(),
    "modules unsorted": json.dumps(claims(mod=["fiscal", "app"])).encode(),
    "modules twice": json.dumps(claims(mod=["app", "app"])).encode(),
    "modules a text": json.dumps(claims(mod="fiscal")).encode(),
    "sub of another form": json.dumps(claims(sub="lic_OOPS")).encode(),
    "upd no date": json.dumps(claims(upd="2027-02-30")).encode(),
    "upd a week": json.dumps(claims(upd="2027-W01-1")).encode(),
    "chk incomplete": json.dumps(claims(chk={"every": 1})).encode(),
    "chk never": json.dumps(claims(chk={"every": 0, "lapse": "warn"})).encode(),
    "lapse unknown": json.dumps(claims(chk={"every": 1, "lapse": "ignore"})).encode(),
    "co with more": json.dumps(claims(co={"name": "a", "post": "b", "cc": "c", "tin": "d", "x": 1})).encode(),
    "nested deep": json.dumps(claims(x=...)).encode()[:-1] + b',"x":' + b"[" * 2000 + b"]" * 2000 + b"}",
}


@pytest.mark.parametrize("payload", BAD_CLAIMS.values(), ids=BAD_CLAIMS)
def test_case_26_claims_are_parsed_strictly(payload: bytes) -> None:
    assert code_of(signed(payload)) is CertificateCode.CLAIMS


def test_a_check_every_second_is_the_most_frequent_one() -> None:
    assert verify(sign(claims(chk={"every": 1, "lapse": "warn"})).encode(), KEYS).check_every == 1


@pytest.mark.parametrize("aud", [["fiscald"], "other", None, 1])
def test_case_26_the_audience(aud: Any) -> None:
    assert code_of(sign(claims(aud=aud))) is CertificateCode.AUDIENCE


@pytest.mark.parametrize(
    "changes", [{"mod": ["app", "fiscal", "zebra"]}, {"x": {"later": 1}}, {"exp": ..., "perp": True}, {"seats": 1}]
)
def test_unknown_claims_of_a_later_version_are_accepted(changes: dict[str, Any]) -> None:
    assert verify(sign(claims(**changes)).encode(), KEYS).kind == "paid"


# -- 27: whose key, and when -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (replace(TEST_KEY, uses=frozenset(("status",))), CertificateCode.KEY_USE),
        (replace(TEST_KEY, revoked=True), CertificateCode.KEY_RETIRED),
        (replace(TEST_KEY, issuer="urn:fiscald:vendor:other"), CertificateCode.ISSUER),
        (replace(TEST_KEY, valid_to=1768478399), CertificateCode.KEY_WINDOW),
        (replace(TEST_KEY, valid_from=1768478401), CertificateCode.KEY_WINDOW),
    ],
)
def test_case_27_keys_have_uses_and_times(key: SigningKey, code: CertificateCode) -> None:
    assert code_of(C0, {key.kid: key}) is code


def test_a_certificate_outlives_its_signing_key() -> None:
    """The key's window is compared with the time of signing, not with now."""
    key = replace(TEST_KEY, valid_from=1768478400, valid_to=1768478400)
    assert verify(C0.encode(), {key.kid: key}).seq == 7


def test_without_test_keys_certificates_of_the_test_vendor_are_refused() -> None:
    with pytest.raises(CertificateRefused, match="KEY_UNKNOWN"):
        verify(C0.encode(), trusted(test_keys=False))


# -- 28, 29: sequence, armour ----------------------------------------------------------------------------


def test_case_28_an_older_certificate_with_more_modules(tmp_path: Path) -> None:
    store = LicenceStore(tmp_path / "licence", KEYS)
    store.install(sign(claims(mod=["app"])).encode(), T0)
    older = sign(claims(seq=6, jti="crt_7Q4M2K9X_0006")).encode()
    with pytest.raises(CertificateRefused, match="SUPERSEDED"):
        store.install(older, T0)
    twin = sign(claims(jti="crt_another")).encode()
    with pytest.raises(CertificateRefused, match="SUPERSEDED"):
        store.install(twin, T0)
    in_force = store.load(T0)
    assert in_force is not None
    assert in_force.modules == ("app",)
    assert store.install(sign(claims(seq=8, jti="crt_8")).encode(), T0).seq == 8


def test_case_29_armour() -> None:
    text = armour(C0)
    assert max(map(len, text.splitlines())) == 64
    assert verify(text.encode(), KEYS).seq == 7
    assert verify(text.replace("\n", "\r\n").encode(), KEYS).seq == 7
    assert code_of(text.replace("END", "ENDE")) is CertificateCode.FORMAT


def test_case_29_an_oversized_file_is_not_parsed() -> None:
    assert code_of(armour(C0) + " " * MAX_BYTES) is CertificateCode.FORMAT


# -- properties ------------------------------------------------------------------------------------------


@given(st.binary(max_size=1000) | st.text(max_size=300).map(str.encode))
def test_no_input_raises_another_exception(data: bytes) -> None:
    with pytest.raises(CertificateRefused):
        verify(data, KEYS)


@given(st.integers(0, len(C0) - 1), st.sampled_from("ABCxyz019-_.=%"))
def test_no_changed_character_passes(place: int, char: str) -> None:
    changed = C0[:place] + char + C0[place + 1 :]
    if changed == C0:
        return
    with pytest.raises(CertificateRefused):
        verify(changed.encode(), KEYS)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda c: st.lists(c, max_size=3) | st.dictionaries(st.text(max_size=4), c, max_size=3),
        max_leaves=10,
    )
)
def test_any_signed_json_is_a_certificate_or_refused(content: Any) -> None:
    payload = json.dumps(content).encode().ljust(80)
    with pytest.raises(CertificateRefused):
        verify(signed(payload).encode(), KEYS)


def test_a_certificate_for_tests_is_good_for_whole_days() -> None:
    payload = make_certificate(now=T0, days=3).split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert (claims["iat"], claims["exp"]) == (T0, T0 + 3 * 86_400)
