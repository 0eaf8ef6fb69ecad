"""Signatures by Standard Webhooks 1.0.0, with the vectors of its reference libraries."""

from __future__ import annotations

import base64

import pytest

from fiscald.webhooks.signing import LEAST, MOST, SecretError, headers, new_secret, parse_secret
from tests.webhooks.receivers import SECRET

#: Of the reference libraries of the scheme: secret, id, time, body, signature.
VECTOR = (
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}',
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
)  # fmt: skip


def test_the_vector_of_the_reference_libraries() -> None:
    secret, message_id, timestamp, body, signature = VECTOR
    assert parse_secret(secret).sign(message_id, timestamp, body) == signature


def test_the_headers_have_a_signature_for_each_secret() -> None:
    _, message_id, timestamp, body, signature = VECTOR
    other = new_secret()
    found = headers([parse_secret(other), parse_secret(SECRET)], message_id, timestamp, body)
    assert found == {
        "webhook-id": message_id,
        "webhook-timestamp": "1614265330",
        "webhook-signature": f"{parse_secret(other).sign(message_id, timestamp, body)} {signature}",
    }


@pytest.mark.parametrize("size", [LEAST, MOST])
def test_secrets_of_the_shortest_and_longest_length(size: int) -> None:
    parse_secret("whsec_" + base64.b64encode(bytes(size)).decode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        SECRET.removeprefix("whsec_"),
        "whsec_" + base64.b64encode(bytes(LEAST - 1)).decode(),
        "whsec_" + base64.b64encode(bytes(MOST + 1)).decode(),
        SECRET + "!",
        SECRET[:-1] + " w",
        "whsec_żółw" * 5,
        "whsk_" + SECRET.removeprefix("whsec_"),
    ],
)
def test_other_texts_are_no_secrets_and_are_not_repeated(text: str) -> None:
    with pytest.raises(SecretError) as refused:
        parse_secret(text)
    assert text.removeprefix("whsec_")[:8] not in str(refused.value) or len(text) < 8


def test_new_secrets_differ_and_show_nothing() -> None:
    one, two = new_secret(), new_secret()
    assert one != two
    key = parse_secret(one)
    assert one.removeprefix("whsec_") not in repr(key) + str(key)
