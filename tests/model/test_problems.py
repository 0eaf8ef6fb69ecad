"""The catalogue of problems: closed, complete, and described where applications look."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from fiscald.model.conditions import CONDITIONS
from fiscald.model.problems import CATALOGUE, Fate, Fault, Problem, Retry, catalogue_markdown, problem

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_row_is_whole(code: str) -> None:
    row = CATALOGUE[code]
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", code)
    assert isinstance(row.fault, Fault)
    assert isinstance(row.document, Fate)
    assert isinstance(row.retry, Retry)
    for text in (row.title, row.detail, row.detail_pl):
        assert text.strip() == text != ""
    assert row.detail != row.detail_pl


def test_a_problem_survives_the_journal() -> None:
    why = problem("printer.swapped", printer="till1", found="B", expected="A", found_quoted="'B'", extra={"found": "B"})
    again = Problem.model_validate_json(why.model_dump_json())
    assert again == why
    assert (again.model_extra or {})["found"] == "B"


def test_a_problem_can_override_its_defaults() -> None:
    why = problem("link.silent", address="tcp://x:1", reason="no answer", fate=Fate.NOT_PRINTED)
    assert CATALOGUE["link.silent"].document is Fate.UNKNOWN
    assert why.document is Fate.NOT_PRINTED


def test_the_documentation_holds_the_catalogue() -> None:
    assert (ROOT / "docs" / "errors.md").read_text("utf-8") == catalogue_markdown()


def codes_in_use() -> set[str]:
    """First arguments of every ``problem(...)`` call in the package."""
    found = set()
    for path in (ROOT / "fiscald").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "problem":
                found |= {str(arg.value) for arg in node.args[:1] if isinstance(arg, ast.Constant)}
    return found


def test_every_code_is_known_and_used() -> None:
    used = codes_in_use()
    assert used <= set(CATALOGUE)
    # Made from a class attribute, from the state of the licence, or from a family's table of conditions.
    indirect = {code for code in CATALOGUE if code.startswith(("link.", "licence."))}
    indirect |= {f"printer.{name}" for name in CONDITIONS}
    assert set(CATALOGUE) - used <= indirect
