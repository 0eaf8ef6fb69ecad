"""Only personal data are masked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.pl import nip

from fiscald.model.privacy import mask, mask_nips


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("NIP 5260250274", "NIP 0000000000"),
        ("526-025-02-74", "000-000-00-00"),
        ("526 025 02 74.", "000 000 00 00."),
        ("PL5260250274,", "PL0000000000,"),
        ("5260250275", "5260250275"),
        ("15260250274", "15260250274"),
        ("52602502740", "52602502740"),
        ("526.025.02.74", "526.025.02.74"),
        ("two: 5260250274 5222628262", "two: 0000000000 0000000000"),
    ],
)
def test_nips(text: str, masked: str) -> None:
    assert mask_nips(text.encode()) == masked.encode()


def test_a_masked_nip_is_taken_by_a_printer() -> None:
    assert nip.is_valid(mask_nips(b"5260250274").decode())


def test_everything_readable_is_masked() -> None:
    assert mask("Zażółć, ul. 3 Maja 7\n".encode("cp1250")) == b"xxxxxx, xx. 0 xxxx 0\n"


@given(st.binary())
def test_lengths_stay(data: bytes) -> None:
    assert len(mask(data)) == len(mask_nips(data)) == len(data)
    assert mask_nips(mask_nips(data)) == mask_nips(data)
