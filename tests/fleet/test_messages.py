"""The fleet's messages: what one end wrote the other reads, and nothing that was changed or comes from another."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from fiscald.fleet.envelope import TooLarge, digest_of, parse, payload_of, read, read_message, write
from fiscald.fleet.keys import SealingKeyText, SealKey, Signer, SigningKeyText, Verifiers
from fiscald.fleet.messages import (
    MAX_MESSAGE,
    Acknowledgement,
    Channel,
    Message,
    Order,
    OrderHead,
    Outcome,
    OutcomeState,
    Status,
    read_topic,
    topic,
)
from fiscald.model.documents import Submission
from fiscald.model.jobs import Job, JobState
from fiscald.model.problems import problem
from fiscald.signed import Fault, TokenRefused, b64, unb64
from tests.drawn import drawn

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
CENTRAL = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
SEAL = SealKey(X25519PrivateKey.from_private_bytes(bytes(range(2, 34))))
KEYS = Verifiers(CENTRAL.public)
RECEIPT = {
    "type": "receipt",
    "lines": [{"name": "Bułka", "quantity": "2", "price": "0.70", "vat": "C"}],
    "payments": [{"type": "cash", "amount": "1.40"}],
}
SUBMISSION = Submission.model_validate(
    {"printer": "till1", "document": RECEIPT, "deadline": "2026-11-30T14:00:00+01:00", "expect_last": 7}
)
SESSION = "AAECAwQFBgcICQoLDA0ODw"
ORDER = Order.of(SUBMISSION, central="erp", shop="shop-0042", session=SESSION, key="sale/17", issued=NOW)
JOB = Job(
    key="fleet/erp/sale/17", printer="till1", state=JobState.FAILED, document=SUBMISSION.document,
    error=problem("job.withdrawn"), created_at=NOW, updated_at=NOW,
)  # fmt: skip
OUTCOME = Outcome(
    shop="shop-0042", central="erp", session=SESSION, key="sale/17", digest=ORDER.digest, issued=NOW,
    state=OutcomeState.of(JOB), final=True, job=JOB.model_dump(mode="json", by_alias=True, exclude={"document"}),
)  # fmt: skip
STATUS = Status(shop="shop-0042", session=SESSION, issued=NOW, connected=NOW, online=True, version="1.0")
ACKNOWLEDGEMENT = Acknowledgement(shop="shop-0042", central="erp", issued=NOW, outcomes=("0" * 64,))
MESSAGES: tuple[Message, ...] = (ORDER, OUTCOME, STATUS, ACKNOWLEDGEMENT)


def _bytes(message: Message, signer: Signer = CENTRAL, sealed_for: str | None = None) -> bytes:
    return write(type(message), payload_of(message), signer, sealed_for)


def _signed(claims: Any, kind: str = "fiscald-order", signer: Signer = CENTRAL) -> bytes:
    return signer.sign(json.dumps(claims).encode(), kind).encode()


def _fault(raw: bytes, model: type[Message] = Order, keys: Verifiers = KEYS, opener: SealKey | None = SEAL) -> Fault:
    with pytest.raises(TokenRefused) as refused:
        read_message(raw, model, keys, opener)
    return refused.value.fault


@pytest.mark.parametrize("sealed_for", [None, SEAL.public], ids=["signed", "sealed"])
@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: each.channel.value)
def test_a_message_is_read_as_it_was_written(message: Message, sealed_for: str | None) -> None:
    found, digest = read_message(_bytes(message, sealed_for=sealed_for), type(message), KEYS, SEAL)
    assert found == message
    assert digest == digest_of(payload_of(message))


def test_an_order_is_its_submission_and_names_its_journal_key() -> None:
    assert ORDER.submission == SUBMISSION
    assert Order.model_fields.keys() - OrderHead.model_fields.keys() == Submission.model_fields.keys()
    assert ORDER.digest == SUBMISSION.digest().hex()
    assert ORDER.journal_key == "fleet/erp/sale/17"


def test_the_longest_names_still_give_a_key_of_the_journal() -> None:
    longest = Order.of(SUBMISSION, central="c" * 32, shop="s" * 64, session=SESSION, key="k" * 80, issued=NOW)
    assert len(longest.journal_key) <= 128


def test_the_conditions_of_an_order_are_not_its_content() -> None:
    later = SUBMISSION.model_copy(update={"deadline": NOW + timedelta(days=1)})
    again = Order.of(later, central="erp", shop="shop-0042", session="B" * 22, key="sale/17", issued=NOW)
    assert again.digest == ORDER.digest


def test_a_message_that_was_sealed_twice_has_one_digest() -> None:
    first, second = (_bytes(OUTCOME, sealed_for=SEAL.public) for _ in range(2))
    assert first != second
    assert read(first, Outcome, KEYS, SEAL).digest == read(second, Outcome, KEYS, SEAL).digest


@pytest.mark.parametrize("sealed_for", [None, SEAL.public], ids=["signed", "sealed"])
def test_every_change_of_one_byte_is_refused(sealed_for: str | None) -> None:
    raw = _bytes(ORDER, sealed_for=sealed_for)
    for place in range(len(raw)):
        for changed in {raw[place] ^ 1, raw[place] ^ 4, raw[place] ^ 0x80}:
            _fault(raw[:place] + bytes([changed]) + raw[place + 1 :])


@settings(max_examples=drawn(60), deadline=None)
@given(st.data())
def test_cut_doubled_and_mixed_messages_are_refused(data: st.DataObject) -> None:
    sealed_for = data.draw(st.sampled_from([None, SEAL.public]))
    first, second = _bytes(ORDER, sealed_for=sealed_for), _bytes(STATUS, sealed_for=sealed_for)
    cut = data.draw(st.integers(0, len(first) - 1))
    for changed in (first[:cut], first[:cut] + second[cut:], first[:cut] + b"\x00" + first[cut:], first + first[cut:]):
        _fault(changed)


@settings(deadline=None)
@given(st.binary(max_size=300) | st.from_regex(rb"\A[A-Za-z0-9_-]{20,60}(\.[A-Za-z0-9_-]{0,60}){2,4}\Z"))
def test_any_bytes_are_refused_with_one_exception_class(raw: bytes) -> None:
    _fault(raw)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: each.channel.value)
def test_a_message_of_another_kind_is_refused(message: Message) -> None:
    for other in MESSAGES:
        if other is not message:
            assert _fault(_bytes(message), type(other)) is Fault.TYPE


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"alg": "none"}, Fault.ALG),
        ({"alg": "HS256"}, Fault.ALG),
        ({"alg": "EdDSA"}, Fault.ALG),
        ({"typ": "fiscald-outcome+jwt"}, Fault.TYPE),
        ({"typ": None}, Fault.HEADER),
        ({"kid": OTHER.kid}, Fault.KEY_UNKNOWN),
        ({"crit": ["b64"]}, Fault.HEADER),
        ({"jwk": {"crv": "Ed25519"}}, Fault.HEADER),
    ],
    ids=str,
)
def test_headers_that_no_message_has(change: dict[str, Any], fault: Fault) -> None:
    header, payload, signature = _bytes(ORDER).decode().split(".")
    bent = b64(json.dumps(json.loads(unb64(header)) | change).encode())
    assert _fault(f"{bent}.{payload}.{signature}".encode()) is fault


def test_a_message_without_signature_is_refused() -> None:
    header = b64(b'{"alg":"none","typ":"fiscald-order+jwt","kid":"%b"}' % CENTRAL.kid.encode())
    assert _fault(f"{header}.{b64(payload_of(ORDER))}.".encode()) is Fault.FORMAT
    assert _fault(f"{header}.{b64(payload_of(ORDER))}.{'A' * 86}".encode()) is Fault.ALG


def test_a_key_that_borrows_the_name_of_the_right_one_is_refused() -> None:
    thief = Signer.make()
    thief.kid = CENTRAL.kid
    assert _fault(_bytes(ORDER, thief)) is Fault.SIGNATURE


def test_during_a_rotation_both_keys_count() -> None:
    for signer in (CENTRAL, OTHER):
        assert read_message(_bytes(ORDER, signer), Order, Verifiers(CENTRAL.public, OTHER.public))[0] == ORDER
    assert _fault(_bytes(ORDER), keys=Verifiers(OTHER.public)) is Fault.KEY_UNKNOWN


def test_a_sealed_message_needs_its_own_key() -> None:
    raw = _bytes(ORDER, sealed_for=SEAL.public)
    assert _fault(raw, opener=None) is Fault.FORMAT
    assert _fault(raw, opener=SealKey.make()) is Fault.SIGNATURE
    assert _fault(_bytes(ORDER, OTHER, SEAL.public)) is Fault.KEY_UNKNOWN


@pytest.mark.parametrize(
    "change",
    [
        {"zip": "DEF"}, {"enc": "A128GCM"}, {"alg": "dir"}, {"cty": "x"}, {"epk": None}, {"epk": {"crv": "X25519"}},
        {"epk": {"crv": "P-256", "kty": "EC", "x": "A" * 43}}, {"epk": {"crv": "X25519", "kty": "OKP", "x": 1}},
        {"epk": {"crv": "X25519", "kty": "OKP", "x": "A" * 42}}, {"epk": {"crv": "X25519", "kty": "OKP", "x": "A" * 43}},
    ],
    ids=str,
)  # fmt: skip
def test_headers_that_no_sealed_message_has(change: dict[str, Any]) -> None:
    header, *others = _bytes(ORDER, sealed_for=SEAL.public).decode().split(".")
    bent = b64(json.dumps(json.loads(unb64(header)) | change).encode())
    assert _fault(".".join([bent, *others]).encode()) in (Fault.HEADER, Fault.ALG, Fault.SIGNATURE)


CLAIMS: dict[str, Any] = json.loads(payload_of(ORDER))


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2}, {"shop": "shop/0042"}, {"shop": "+"}, {"central": "#"}, {"key": "ż"}, {"key": ""}, {"key": "k" * 81},
        {"session": "short"}, {"digest": "0" * 64}, {"issued": "2026-11-30T12:00:00"}, {"issued": 1}, {"copies": 2},
        {"document": {"type": "receipt"}}, {"document": {"type": "unheard-of"}}, {"printer": "till2"}, {"deadline": "soon"},
    ],
    ids=str,
)  # fmt: skip
def test_signed_orders_with_bad_members_are_refused(change: dict[str, Any]) -> None:
    assert _fault(_signed(CLAIMS | change)) is Fault.CLAIMS


@pytest.mark.parametrize("claims", [None, [], "order", 1, {}, {"v": 1}], ids=str)
def test_a_signed_text_that_is_no_message_is_refused(claims: Any) -> None:
    padded = CENTRAL.sign(json.dumps(claims).encode().ljust(40), "fiscald-order").encode()
    assert _fault(padded) is Fault.CLAIMS


def test_the_head_of_an_order_is_read_even_if_its_document_is_not_known() -> None:
    claims = read(_signed(CLAIMS | {"document": {"type": "unheard-of"}, "copies": 2}), Order, KEYS).claims
    head = parse(OrderHead, claims)
    assert (head.central, head.key, head.session, head.digest) == ("erp", "sale/17", SESSION, ORDER.digest)


def test_a_central_reads_the_outcome_and_status_of_a_newer_shop() -> None:
    for message in (OUTCOME, STATUS):
        claims = json.loads(payload_of(message)) | {"new": True}
        found = read_message(_signed(claims, message.kind), type(message), KEYS)[0]
        assert found == message
    assert _fault(
        _signed(json.loads(payload_of(ACKNOWLEDGEMENT)) | {"new": True}, ACKNOWLEDGEMENT.kind), Acknowledgement
    )


def test_an_outcome_gives_the_central_the_job_under_its_own_key() -> None:
    found = read_message(_bytes(OUTCOME), Outcome, KEYS)[0]
    assert found.state is OutcomeState.WITHDRAWN
    assert found.job is not None
    assert found.job.keys() == Job.model_fields.keys() - {"document"}
    assert found.job_with(SUBMISSION.document) == JOB.model_copy(update={"key": "sale/17"})


def test_messages_that_are_too_large_are_neither_written_nor_read() -> None:
    document = {"type": "printout", "lines": ["x" * 40] * 4}
    large = Outcome.model_validate(OUTCOME.model_dump() | {"job": {"padding": "x" * (MAX_MESSAGE * 3 // 4)}})
    with pytest.raises(TooLarge, match="262144"):
        _bytes(large)
    raw = _signed(CLAIMS | {"document": document, "padding": "x" * MAX_MESSAGE})
    assert _fault(raw) is Fault.FORMAT
    nearly = Outcome.model_validate(OUTCOME.model_dump() | {"job": {"padding": "x" * 140_000}})
    assert read_message(_bytes(nearly, sealed_for=SEAL.public), Outcome, KEYS, SEAL)[0] == nearly


def test_of_two_statuses_the_newer_one_counts() -> None:
    will = STATUS.model_copy(update={"online": False})
    later = STATUS.model_copy(update={"issued": NOW + timedelta(minutes=5)})
    again = STATUS.model_copy(update={"connected": NOW + timedelta(hours=1), "issued": NOW + timedelta(hours=1)})
    in_order = [STATUS, later, will, again]
    replaced = [[newer.replaces(each) for each in in_order] for newer in in_order]
    assert replaced == [[True] * number + [False] * (4 - number) for number in range(4)]


def test_topics_are_read_as_they_are_written() -> None:
    for channel in Channel:
        assert read_topic(topic("shop-0042", channel)) == ("shop-0042", channel)
    for other in ("fiscald/v1/shop/other", "fiscald/v2/shop/orders", "fiscald/v1//orders", "fiscald/v1/a/b/orders", ""):
        assert read_topic(other) is None


def test_keys_are_written_with_their_kind_and_refused_as_another() -> None:
    signing, sealing = TypeAdapter(SigningKeyText), TypeAdapter(SealingKeyText)
    assert signing.validate_python(CENTRAL.public) == CENTRAL.public
    assert sealing.validate_python(SEAL.public) == SEAL.public
    assert SealKey.parse(SEAL.raw).public == SEAL.public
    for wrong in ("", "ed25519:", CENTRAL.public[:-1], CENTRAL.public[:-1] + "_", SEAL.public, "ed25519:" + "é" * 43):
        with pytest.raises(ValidationError, match="not a public key"):
            signing.validate_python(wrong)
