"""Access tokens: shown once, stored as hashes, revoked at once."""

from __future__ import annotations

import re

import pytest

from fiscald.licence.server import access
from fiscald.licence.server.admin import AdminError
from tests.licence.server.running import Vendor
from tests.licence.server.test_cli import Office, office

__all__ = ["office"]


def make(vendor: Vendor, rights: str = "issue") -> tuple[str, str]:
    with vendor.do() as t:
        return access.create_token(t, vendor.keyring, "web shop", rights)


def whose(vendor: Vendor, token: str) -> access.Access | None:
    with vendor.do() as t:
        return access.authenticate(t, vendor.keyring, token)


def test_a_token_is_recognised_and_its_last_day_is_noted(vendor: Vendor) -> None:
    id_, token = make(vendor)
    assert re.fullmatch(r"fvt_[0-9A-Z]{40}", token)
    assert whose(vendor, token) == (id_, "web shop", "issue")
    assert whose(vendor, token[:-1]) is None
    assert whose(vendor, token[:-1] + ("0" if token[-1] != "0" else "1")) is None
    assert whose(vendor, "") is None
    with vendor.do() as t:
        assert [row["used"] for row in access.tokens(t)] == ["2026-01-16"]
    vendor.clock.go(days=3)
    whose(vendor, token)
    with vendor.do() as t:
        assert [row["used"] for row in access.tokens(t)] == ["2026-01-19"]


def test_a_revoked_token_is_none(vendor: Vendor) -> None:
    id_, token = make(vendor)
    with vendor.do() as t:
        assert access.revoke_token(t, id_)
        assert not access.revoke_token(t, id_)
        with pytest.raises(AdminError, match="token list"):
            access.revoke_token(t, "tok_0")
    assert whose(vendor, token) is None
    assert vendor.audit() == ["token.created", "token.revoked"]


def test_another_pepper_knows_no_token(vendor: Vendor) -> None:
    _, token = make(vendor)
    from tests.licence.server.https import published_keyring

    with vendor.do() as t:
        assert access.authenticate(t, published_keyring(), token) is None


@pytest.mark.parametrize("name", ["", "x" * 65, "two\nlines"])
def test_a_token_has_a_readable_name(vendor: Vendor, name: str) -> None:
    with pytest.raises(AdminError), vendor.do() as t:
        access.create_token(t, vendor.keyring, name, "issue")


def test_tokens_are_bounded(vendor: Vendor) -> None:
    for _ in range(access.MAX_TOKENS):
        id_, _ = make(vendor)
    with pytest.raises(AdminError, match="revoke"):
        make(vendor)
    with vendor.do() as t:
        access.revoke_token(t, id_)
    make(vendor)


def test_the_commands_show_a_token_once_and_store_it_nowhere(office: Office) -> None:
    made = office.json("token", "create", "web shop", "--rights", "issue")
    assert made["token"].startswith("fvt_")
    stored = b"".join(path.read_bytes() for path in office.directory.glob("vendor.db*"))
    assert made["token"].encode() not in stored
    assert "web shop" in office.done("token", "list")
    assert made["token"] not in office.done("token", "list") + office.done("--json", "token", "list")
    office.done("token", "revoke", made["id"])
    assert "revoked 2" in office.done("token", "list")
    assert "was revoked before" in office.done("token", "revoke", made["id"])
    assert "token list" in office.fails("token", "revoke", "tok_x")
    assert office.run("token", "create", "x").exit_code == 2
