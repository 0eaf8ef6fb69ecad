"""``fiscalctl paper``: a copy on the terminal or in a file."""

from __future__ import annotations

from pathlib import Path

from fiscald.emulator.paper import COPY_MARK
from tests.cli.conftest import RECEIPT, Counter


def test_a_copy_on_the_terminal(counter: Counter) -> None:
    counter.run("print", counter.file(RECEIPT), "--key", "A/1")
    result = counter.run("paper", "A/1")
    assert result.exit_code == 0, result.output
    assert result.stdout.split("\n")[0].strip() == COPY_MARK
    assert "Kawa" in result.stdout
    assert counter.json("paper", "A/1")["paper"] == result.stdout


def test_a_copy_in_a_file(counter: Counter, tmp_path: Path) -> None:
    counter.run("print", counter.file(RECEIPT), "--key", "A")
    for name, begin in (("copy.txt", b"  "), ("copy.svg", b"<svg "), ("COPY.PNG", b"\x89PNG")):
        path = tmp_path / name
        result = counter.run("paper", "A", "--output", str(path))
        assert result.exit_code == 0, result.output
        assert path.read_bytes().startswith(begin)
        assert path.stat().st_mode & 0o777 == 0o600
        assert result.stdout == f"{path}: {path.stat().st_size} bytes\n"
    assert counter.json("paper", "A", "--output", str(tmp_path / "again.svg"))["bytes"] > 1000


def test_a_copy_that_cannot_be_made(counter: Counter, tmp_path: Path) -> None:
    assert counter.run("paper", "B").exit_code == 2
    counter.run("drawer", "--key", "C")
    nothing = counter.run("paper", "C")
    assert (nothing.exit_code, "prints nothing" in nothing.stderr) == (2, True)
    counter.run("print", counter.file(RECEIPT), "--key", "A")
    wrong = counter.run("paper", "A", "--output", str(tmp_path / "copy.pdf"))
    assert (wrong.exit_code, ".txt, .svg, .png" in wrong.stderr) == (2, True)
    nowhere = counter.run("paper", "A", "--output", str(tmp_path / "none" / "copy.txt"))
    assert (nowhere.exit_code, "No such file or directory" in nowhere.stderr) == (1, True)
    assert [*tmp_path.glob("*copy*"), *tmp_path.glob(".*part")] == []
