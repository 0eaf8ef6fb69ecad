"""Names, texts and pages are in plain English: short test names, and none of the words that stop a reader."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
MAX_NAME = 72

#: Each with a plainer word. In a test name underscores stand for the spaces.
BANNED = {
    "anew": "again; is retried",
    "befalls?": "happens to",
    "foretold": "previewed, planned",
    "has it not": "does not have it",
    "in hand": "running",
    "nobody": "name who does not, or say what is missing",
    "of (its|their) own": "separate, its",
    "(is|are|was|were) told": "gets, learns, is reported",
    "says so": "say what it reports",
    "stands? against": "blocks",
    "whoever": "the user, the caller",
}
WORDS = re.compile(rf"\b({'|'.join(BANNED)})\b", re.IGNORECASE)


class Kept(NamedTuple):
    """A banned word that has to stay, and why."""

    path: str
    text: str
    why: str


EXCEPTIONS = (Kept("fiscald/licence/server/mailing.py", 'or "nobody"', "the value of a row in the audit"),)


@functools.cache
def texts() -> list[tuple[str, str]]:
    """Every source file and page that a person wrote: its path and its text."""
    paths = [*ROOT.glob("fiscald/**/*.py"), *ROOT.glob("website/*.py"), *ROOT.glob("docs/**/*.md")]
    paths += [*ROOT.glob("examples/*.md"), ROOT / "README.md"]
    return [(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in paths]


@functools.cache
def names() -> list[tuple[str, str]]:
    """Every test: the path of its file and its name."""
    return [
        (path.relative_to(ROOT).as_posix(), node.name)
        for path in ROOT.glob("tests/**/test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]


def faults_of_text(path: str, text: str) -> list[str]:
    """Every banned word of a text, with its line."""
    for exception in EXCEPTIONS:
        if exception.path == path:
            text = text.replace(exception.text, "")
    return [
        f"{path}:{number}: {found[0]!r} in {line.strip()!r}"
        for number, line in enumerate(text.splitlines(), 1)
        for found in WORDS.finditer(line)
    ]


def faults_of_name(path: str, name: str) -> list[str]:
    """What is wrong with the name of a test."""
    long = [f"{path}: {name} has {len(name)} characters"] if len(name) > MAX_NAME else []
    return long + [f"{path}: {found[0]!r} in {name}" for found in WORDS.finditer(name.replace("_", " "))]


def test_texts_have_no_banned_word() -> None:
    read = texts()
    assert len(read) > 200
    assert [fault for path, text in read for fault in faults_of_text(path, text)] == []


def test_test_names_are_short_and_have_no_banned_word() -> None:
    read = names()
    assert len(read) > 2000
    assert [fault for path, name in read for fault in faults_of_name(path, name)] == []


@pytest.mark.parametrize("exception", EXCEPTIONS)
def test_every_exception_is_needed(exception: Kept) -> None:
    text = (ROOT / exception.path).read_text("utf-8")
    assert exception.text in text
    assert WORDS.search(exception.text)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("The job in hand waits.", "in hand"),
        ("Nobody answers.", "Nobody"),
        ("What is carried out anew.", "anew"),
        ("The caller is told.", "is told"),
        ("It has a port of its own.", "of its own"),
    ],
)
def test_the_check_finds_a_banned_word(text: str, word: str) -> None:
    (fault,) = faults_of_text("x.py", f"# first line\n{text}")
    assert fault.startswith(f"x.py:2: {word!r}")


def test_the_check_finds_a_bad_name() -> None:
    assert faults_of_name("x.py", f"test_{'a' * (MAX_NAME - 4)}") == [
        f"x.py: test_{'a' * (MAX_NAME - 4)} has 73 characters"
    ]
    assert faults_of_name("x.py", "test_a_job_in_hand") == ["x.py: 'in hand' in test_a_job_in_hand"]
    assert faults_of_name("x.py", "test_a_running_job_is_finished") == []
