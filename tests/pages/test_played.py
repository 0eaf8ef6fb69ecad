"""Every command of the tutorial, the how-tos and the page by symptom is typed; it prints what stands there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.pages.player import Player, same
from tests.pages.reading import DOCS, ROOT, blocks, written

PLAYED = [DOCS / "tutorial.md", DOCS / "symptoms.md", *sorted((DOCS / "howto").glob("*.md"))]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(not all(map(shutil.which, ("bash", "curl", "jq"))), reason="needs bash, curl and jq")
@pytest.mark.parametrize("page", PLAYED, ids=lambda page: page.stem)
def test_a_page_prints_what_it_shows(page: Path, short_folder: Path) -> None:
    """After a change that is meant: ``python -m tests.pages PAGE``."""
    with Player(short_folder) as player:
        player.play(page.read_text("utf-8"))
    assert player.faults == []


def test_commands_that_are_not_played_are_those_of_the_readme() -> None:
    """What sets fiscald up is carried out by CI."""
    left_out = re.findall(
        r"<!-- not played -->\n\n```console\n(.*?)```", (DOCS / "tutorial.md").read_text("utf-8"), re.DOTALL
    )
    commands = [line.removeprefix("$ ") for line in "".join(left_out).splitlines()]
    assert len(commands) == 5
    readme = (ROOT / "README.md").read_text("utf-8")
    for command in commands[:4]:
        first = command.removesuffix(" jq netcat-openbsd")
        assert first in readme, command


def test_every_page_with_console_blocks_is_played() -> None:
    shown = {block.page for block in blocks(written()) if block.language == "console"}
    played = {path.relative_to(ROOT).as_posix() for path in PLAYED}
    assert shown == played | {"docs/technician.md"}, "docs/technician.md: tests/end_to_end/afternoon.py"


def play(folder: Path, page: str) -> list[str]:
    with Player(folder) as player:
        player.play(page)
    return player.faults


def test_another_output_is_a_fault(short_folder: Path) -> None:
    (fault,) = play(short_folder, "```console\n$ echo one\ntwo\n```\n")
    assert fault == "the page has:\n$ echo one\ntwo\n\nbut it prints:\n$ echo one\none\n"


def test_files_variables_and_exit_codes(short_folder: Path) -> None:
    page = "<!-- file a.txt -->\n\n```text\nhello\n```\n\n```console\n$ export A=a.txt\n$ cat $A; \\\n> exit 3\nhello\nexit code 3\n```\n"
    assert play(short_folder, page) == []


@pytest.mark.parametrize(
    ("printed", "expected", "is_same"),
    [
        ("a\nb\nc\n", "a\nb\nc\n", True),
        ("a\nb\nc\n", "a\n...\nc\n", True),
        ("a\nb\nc\n", "...\nc\n", True),
        ("a\nb\nc\n", "a\n...\n", True),
        ("a\nc\n", "a\n...\nc\n", True),
        ("a\nb\nd\n", "a\n...\nc\n", False),
        ("a\nb\n", "b\n", False),
        ("at 2026-01-02 03:04:05\n", "at 2026-11-22 10:15:00\n", True),
        ("number 1\n", "number 2\n", False),
    ],
)
def test_dots_stand_for_lines(printed: str, expected: str, is_same: bool) -> None:
    assert same(printed, expected) is is_same
