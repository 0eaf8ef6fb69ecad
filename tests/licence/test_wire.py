"""The messages between this program and the vendor."""

from __future__ import annotations

import pytest

from fiscald.licence import wire
from fiscald.licence.device import DeviceKey
from fiscald.licence.tokens import TokenRefused, read_device_token
from fiscald.licence.wire import CompanyClaims, WireError, language


def test_a_company_that_cannot_exist_is_an_invalid_message() -> None:
    with pytest.raises(WireError):
        CompanyClaims(name="Piekarnia", post="00-001", cc="Polska", tin=None).company()


@pytest.mark.parametrize(
    ("country", "mails"), [("PL", "pl"), ("NL", "nl"), ("nl ", "nl"), ("DE", "en"), ("BG", "en"), (None, "pl")]
)
def test_mails_are_in_the_language_of_the_companys_country(country: str | None, mails: str) -> None:
    assert language(country) == mails


def test_a_request_file_is_no_request_over_the_network() -> None:
    """The fields are those of an activation; the kind, which the signature covers, is not."""
    assert wire.RequestFile not in wire.REQUESTS
    assert set(wire.RequestFile.model_fields) == set(wire.Activate.model_fields)
    models: list[type[wire.VendorRequest]] = [*wire.REQUESTS, wire.RequestFile]
    assert len({model.kind for model in models}) == len(models)
    kinds: tuple[type[wire.Activation], ...] = (wire.RequestFile, wire.Activate)
    for made, other in (kinds, kinds[::-1]):
        with pytest.raises(TokenRefused, match="another purpose"):
            read_device_token(DeviceKey.make().sign({"number": "x" * 20}, made.kind), other.kind)
