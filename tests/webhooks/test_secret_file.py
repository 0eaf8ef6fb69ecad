"""The file with the secret: for one user alone, one line or two, read again for each message."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fiscald.webhooks.secret_file import LARGEST, SecretUnusable, read_secrets, secret_lines
from fiscald.webhooks.signing import new_secret
from tests.webhooks.receivers import SECRET, secret_file


def test_one_secret_or_two_are_read_in_their_order(tmp_path: Path) -> None:
    other = new_secret()
    assert secret_lines(secret_file(tmp_path)) == [SECRET]
    assert secret_lines(secret_file(tmp_path, other, "", SECRET)) == [other, SECRET]
    path = secret_file(tmp_path)
    path.write_bytes(f"\t{SECRET} \r\n".encode())
    assert len(read_secrets(path)) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = secret_file(tmp_path)
    path.chmod(mode)
    with pytest.raises(SecretUnusable, match=f"mode {mode:04o}.*chmod 600"):
        read_secrets(path)


def test_a_bad_line_is_named_by_its_number_only(tmp_path: Path) -> None:
    path = secret_file(tmp_path, SECRET, "hunter2hunter2")
    with pytest.raises(SecretUnusable, match="line 2") as refused:
        read_secrets(path)
    assert "hunter2" not in str(refused.value)


def test_other_files_are_refused_without_waiting(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo, 0o600)
    folder = tmp_path / "folder"
    folder.mkdir(0o700)
    large = secret_file(tmp_path, SECRET, "x" * LARGEST)
    for path, why in (
        (fifo, "is no file"),
        (folder, "is no file"),
        (tmp_path / "absent", "make it: fiscalctl webhook secret"),
        (large, "more than two"),
        (tmp_path / "absent" / "more", "make it"),
    ):
        with pytest.raises(SecretUnusable, match=why):
            read_secrets(path)


def test_empty_and_three_lines_are_refused(tmp_path: Path) -> None:
    for lines in ([""], [new_secret(), new_secret(), new_secret()]):
        with pytest.raises(SecretUnusable, match="no secret, or more than two"):
            read_secrets(secret_file(tmp_path, *lines))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = secret_file(tmp_path)
    os.chown(path, 12345, 12345)
    with pytest.raises(SecretUnusable, match="another user"):
        read_secrets(path)
