"""From keys to a release that trusts them: the lines that are printed, and the file that is written."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from fiscald.licence import keys as product
from fiscald.licence.server.pinning import NotPinned, lines, pinned, root, signing
from tests.licence.server.test_cli import ISSUER, Office

SOURCE = Path(str(product.__file__)).read_text("utf-8")
ROOT, FIRST, SECOND = root("root-1", "r" * 43), signing("2026a", "a" * 43), signing("2026b", "b" * 43)


def loaded(path: Path) -> ModuleType:
    """The file as Python reads it."""
    spec = importlib.util.spec_from_file_location("pinned_keys", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["pinned_keys"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def office(tmp_path: Path) -> Office:
    it = Office(tmp_path)
    it.done("keys", "new", "2026a", "--mac", "1")
    return it


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "src" / "keys.py"
    path.parent.mkdir()
    path.write_text(SOURCE)
    path.chmod(0o640)
    return path


def test_the_product_reads_the_printed_lines(office: Office, file: Path, tmp_path: Path) -> None:
    """Put there by hand they are a key that the product trusts."""
    (tmp_path / "stick").mkdir()
    told = office.done("keys", "root", str(tmp_path / "stick" / "root-1.pem"))
    told += "\n" + office.done("keys", "new", "2026b")
    shown = re.findall(r"^    SigningKey\(\n(?:        .*\n)+    \),$", told, re.MULTILINE)
    assert len(shown) == 2
    empty = "VENDOR_KEYS: tuple[SigningKey, ...] = ()"
    assert empty in SOURCE
    file.write_text(SOURCE.replace(empty, empty[:-1] + "\n" + "\n".join(shown) + "\n)"))
    module = loaded(file)
    root_key, signs = module.VENDOR_KEYS
    assert (root_key.kid, root_key.issuer, root_key.uses) == ("root-1", ISSUER, frozenset(("keys",)))
    assert (signs.kid, signs.uses) == ("2026b", frozenset(("licence", "status")))
    listed = {row["kid"]: row["x"] for row in office.json("keys", "list")["keys"]}
    assert signs.x == listed["2026b"]
    assert "lines" in office.json("keys", "new", "2027a"), "for scripts too"


def test_pin_writes_them(office: Office, file: Path, tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    root_file = tmp_path / "stick" / "root-1.pem"
    office.done("keys", "root", str(root_file))
    for kid in ("2026b", "2025a", "2024a"):
        office.done("keys", "new", kid)
    office.done("keys", "retire", "2025a")
    office.done("keys", "retire", "2024a", "--revoke")
    told = office.done("keys", "pin", "--root", str(root_file), str(file))
    assert told.splitlines() == [f"{file} pins:", "root-1  root", "2026a  signs", "2026b  signs"]
    module = loaded(file)
    assert [key.kid for key in module.VENDOR_KEYS] == ["root-1", "2026a", "2026b"]
    assert [issuer for issuer in (module.ISSUER, *(key.issuer for key in module.VENDOR_KEYS)) if issuer != ISSUER] == []
    assert (
        module.SigningKey(
            **{field: getattr(product.TEST_KEY, field) for field in product.SigningKey.__dataclass_fields__}
        )
        == module.TEST_KEY
    ), "the rest of the file is as it was"
    assert file.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in file.parent.iterdir() if each.is_file()] == ["keys.py"]
    assert office.json("audit")[-1]["detail"] == {"kids": ["root-1", "2026a", "2026b"]}


def test_the_next_release_keeps_the_root(office: Office, file: Path, tmp_path: Path) -> None:
    """Which is in the safe."""
    (tmp_path / "stick").mkdir()
    root_file = tmp_path / "stick" / "root-1.pem"
    office.done("keys", "root", str(root_file))
    office.done("keys", "pin", "--root", str(root_file), str(file))
    root_file.unlink()
    office.done("keys", "new", "2026b")
    office.done("keys", "retire", "2026a")
    office.done("keys", "pin", str(file))
    assert [key.kid for key in loaded(file).VENDOR_KEYS] == ["root-1", "2026b"]
    again = file.read_text()
    office.done("keys", "pin", str(file))
    assert file.read_text() == again


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (SOURCE, "no root key is pinned yet"),
        ("x = 1\n", "it has no VENDOR_KEYS and no ISSUER"),
        (SOURCE.replace("VENDOR_KEYS: tuple[SigningKey, ...] = ()", "VENDOR_KEYS: object = load()"), "manually"),
        ("def (", "not a Python file"),
    ],
)
def test_a_key_that_cannot_be_pinned_leaves_the_file_unchanged(
    office: Office, file: Path, source: str, why: str
) -> None:
    file.write_text(source)
    assert why in office.fails("keys", "pin", str(file))
    assert file.read_text() == source


def test_a_root_alone_is_not_enough() -> None:
    with pytest.raises(NotPinned, match="no signing key"):
        pinned(SOURCE, [ROOT], ISSUER)


def test_a_key_written_in_another_form_is_not_lost() -> None:
    source = SOURCE.replace("VENDOR_KEYS: tuple[SigningKey, ...] = ()", "VENDOR_KEYS = (TEST_ROOT,)")
    with pytest.raises(NotPinned, match=r"line \d+ pins a key in another way"):
        pinned(source, [ROOT, FIRST], ISSUER)


def test_the_text_around_is_kept_with_any_letters() -> None:
    source = "# żółw\nISSUER = 'ć'  # tutaj\nVENDOR_KEYS = ()  # koniec\n"
    text, keys = pinned(source, [SECOND, ROOT, FIRST], "urn:ż")
    assert text == (
        "# żółw\n"
        'ISSUER = "urn:ż"  # tutaj\n'
        f"VENDOR_KEYS = (\n{lines(ROOT, 'urn:ż')}{lines(SECOND, 'urn:ż')}{lines(FIRST, 'urn:ż')})  # koniec\n"
    )
    assert [key.kid for key in keys] == ["root-1", "2026b", "2026a"]
