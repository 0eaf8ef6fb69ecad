"""The pepper belongs to the database that it sealed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fiscald.licence.number_reading import read
from fiscald.licence.server import keyring
from tests.licence.server.test_cli import Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    it = Office(tmp_path)
    it.done("keys", "new", "2026a", "--mac", "1")
    return it


def pepper(office: Office) -> Path:
    return office.directory / "keys" / "pepper.key"


def test_a_lost_pepper_is_not_replaced(office: Office) -> None:
    number = office.json("issue", "X")[0]["number"]
    kept = pepper(office).read_bytes()
    pepper(office).unlink()
    for words in (("keys", "new", "2026b"), ("keys", "new", "--mac", "2")):
        assert "restore it from your backup of the keys" in office.fails(*words)
    assert not pepper(office).exists()
    assert not (office.directory / "keys" / "2026b.pem").exists()
    assert "restore it" in office.fails("serve")
    pepper(office).write_bytes(kept)
    pepper(office).chmod(0o600)
    office.done("keys", "new", "2026b")
    assert office.json("revoke", "--number", typed=number) == {"revoked": read(number).hint}


def test_a_lost_pepper_is_not_replaced_before_the_first_number(office: Office) -> None:
    pepper(office).unlink()
    assert "is missing" in office.fails("keys", "new", "2026b")


def test_nothing_is_sealed_with_another_pepper(office: Office) -> None:
    office.done("issue", "X")
    pepper(office).unlink()
    keyring.make_pepper(office.directory / "keys")
    for words in (("serve",), ("issue", "X"), ("keys", "new", "2026b"), ("revoke", "lic_X")):
        assert "is not the pepper that sealed the numbers" in office.fails(*words)
    assert len(office.json("audit")) == 3, "what only shows something still works"


def test_keys_that_were_there_before_the_database_are_accepted(office: Office) -> None:
    shutil.copytree(office.directory / "keys", office.directory / "kept")
    for path in office.directory.glob("vendor.db*"):
        path.unlink()
    office.done("keys", "new", "2026b")
    assert pepper(office).read_bytes() == (office.directory / "kept" / "pepper.key").read_bytes()
    pepper(office).unlink()
    assert "is missing" in office.fails("keys", "new", "2026c")
