"""What a family keeps over restarts: real files."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import pytest

from fiscald.kept import kept_in
from fiscald.protocols.base import FamilyOptions, Kept, Settings

SECRET = "eyJ0eXAi.secret"


def test_a_text_is_there_after_a_restart_and_only_for_us(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "till1.json"
    kept = kept_in(path)
    kept["token"], kept["asked"] = SECRET, "twice"
    kept["asked"] = ""
    assert kept_in(path)["token"] == SECRET
    assert kept_in(path)["asked"] == kept_in(tmp_path / "kept" / "till2.json")["token"] == ""
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[]", b"null", b'{"token": 1, "other": null}', b'{"token": "' + b"x" * 5000 + b'"}', b"[" * 1_000_000, b'{"tok'],
)  # fmt: skip
def test_a_damaged_file_holds_nothing_and_is_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "till1.json"
    path.write_bytes(content)
    kept = kept_in(path)
    assert kept["token"] == ""
    kept["token"] = SECRET
    assert json.loads(path.read_text()) == {"token": SECRET}
    kept["token"] = "x"
    assert kept_in(path)["token"] == "x", "a shorter text leaves nothing of the longer one"


def test_a_file_with_too_much_holds_as_much_as_may_be_kept(tmp_path: Path) -> None:
    path = tmp_path / "till1.json"
    path.write_text(json.dumps({f"name{number}": "x" for number in range(100)}))
    kept = kept_in(path)
    assert (kept["name15"], kept["name16"]) == ("x", "")


def test_more_than_may_be_kept_is_refused() -> None:
    kept = Kept()
    with pytest.raises(ValueError, match="token"):
        kept["token"] = "x" * (Kept.LONGEST + 1)
    for number in range(Kept.MOST):
        kept[f"name{number}"] = "x"
    with pytest.raises(ValueError, match="one more"):
        kept["one more"] = "x"
    kept["name0"] = "another"
    assert kept["name0"] == "another"


def test_a_full_disk_is_a_warning_once_without_the_text(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "kept"
    folder.write_text("in the way")
    kept = kept_in(folder / "till1.json")
    with caplog.at_level(logging.WARNING):
        kept["token"] = SECRET
        kept["token"] = SECRET + "2"
    assert kept["token"] == SECRET + "2"
    assert len([each for each in caplog.records if "cannot be written" in each.message]) == 1
    assert SECRET not in caplog.text


def test_settings_never_show_what_is_kept() -> None:
    settings = Settings("till1", FamilyOptions(), Kept({"token": SECRET}))
    assert SECRET not in repr(settings)
    assert settings == Settings("till1", FamilyOptions())


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "till1.json"
    path.write_text(json.dumps({"token": "old"}))
    os.chmod(path, 0o644)  # noqa: PTH101
    kept_in(path)["token"] = SECRET
    assert path.stat().st_mode & 0o777 == 0o600
