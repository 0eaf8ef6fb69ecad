"""Tests that can pass without having looked at anything are found here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.found import found

TESTS = Path(__file__).parents[1]
PYPROJECT = TESTS.parent / "pyproject.toml"
#: Of calls whose results have the length of their input, or a fixed length.
AS_LONG = ("map", "zip", "enumerate", "sorted", "reversed", "combinations", "product", "found")


def test_a_parametrisation_without_values_is_an_error(pytester: pytest.Pytester) -> None:
    (line,) = [line for line in PYPROJECT.read_text("utf-8").splitlines() if line.startswith("empty_parameter_set")]
    pytester.makepyprojecttoml(f"[tool.pytest.ini_options]\n{line}\n")
    pytester.makepyfile(
        """
        import pytest

        RECORDINGS = []

        @pytest.mark.parametrize("recording", RECORDINGS)
        def test_recordings(recording):
            assert recording
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*Empty parameter set in 'test_recordings'*"])


def test_found_refuses_an_empty_collection() -> None:
    assert found(iter("ab")) == ["a", "b"]
    with pytest.raises(AssertionError, match="nothing was found"):
        found([])


Loop = ast.For | ast.AsyncFor | ast.While


def checks(node: ast.AST, loops: tuple[Loop, ...] = ()) -> Iterator[tuple[Loop, ...]]:
    """Every place where a test may fail, by the loops around it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Loop):
            for part in (*child.body, getattr(child, "iter", None), getattr(child, "test", None)):
                if part is not None:
                    yield from checks(ast.Module([part], []) if isinstance(part, ast.stmt) else part, (*loops, child))
            # What follows a loop that was not broken off is outside of it.
            yield from checks(ast.Module(child.orelse, []), loops)
            continue
        if isinstance(child, ast.Assert) or (
            isinstance(child, ast.Call) and ast.unparse(child.func) in ("pytest.raises", "pytest.fail", "found")
        ):
            yield loops
        yield from checks(child, loops)


def may_be_empty(loop: Loop, arguments: set[str]) -> bool:
    """Whether nothing proves that there is something to iterate over.

    A literal, a constant, an argument of the test (pytest sees to those), and what ``found`` has seen, are there.
    """
    if isinstance(loop, ast.While):
        return not isinstance(loop.test, ast.Constant)
    return over_nothing(loop.iter, arguments)


def over_nothing(over: ast.expr, arguments: set[str]) -> bool:
    """Whether it may be empty, by what it looks like."""
    if isinstance(over, ast.BinOp):
        return over_nothing(over.left, arguments) and over_nothing(over.right, arguments)
    while isinstance(over, ast.Call):
        name = over.func.attr if isinstance(over.func, ast.Attribute) else ast.unparse(over.func)
        if name in ("found", "range"):
            return False
        if name == "split" and over.args:
            return False  # there is always a first part
        if isinstance(over.func, ast.Attribute) and name in ("items", "values", "keys", "split"):
            over = over.func.value
        elif name in AS_LONG:
            over = over.args[name == "map"] if over.args else over.func
        else:
            return True
    if isinstance(over, ast.Attribute | ast.Subscript):
        inner = over.value
        while isinstance(inner, ast.Attribute | ast.Subscript):
            inner = inner.value
        last = over.attr if isinstance(over, ast.Attribute) else ""
        return not (last.isupper() or (isinstance(inner, ast.Name) and inner.id in arguments) or constant(inner))
    if isinstance(over, ast.Name):
        return not (over.id in arguments or constant(over))
    return not isinstance(over, ast.Tuple | ast.List | ast.Set | ast.Dict | ast.Constant)


def constant(node: ast.AST) -> bool:
    """A name in capital letters, or of a class: an enumeration."""
    return isinstance(node, ast.Name) and (node.id.isupper() or node.id[:1].isupper())


def looping_tests(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    text = path.read_text("utf-8")
    lines = text.splitlines()
    for node in ast.parse(text).body:  # tests are no methods and no inner functions
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not node.name.startswith("test_"):
            continue
        if any("for " in line or "while " in line for line in lines[node.lineno : node.end_lineno]):
            yield node


def vacuous(test: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it may pass because the iteration was empty."""
    arguments = {arg.arg for arg in (*test.args.args, *test.args.kwonlyargs)}
    loops = [node for node in ast.walk(test) if isinstance(node, ast.For | ast.AsyncFor)]
    arguments |= {name.id for loop in loops for name in ast.walk(loop.target) if isinstance(name, ast.Name)}
    places = list(checks(test))
    return bool(places) and all(loops and may_be_empty(loops[0], arguments) for loops in places)


def test_no_test_asserts_only_inside_a_loop_that_may_be_empty() -> None:
    """Its only assertions are in a loop over something that may be empty: use ``found(...)``, or count it."""
    tests = [(path, test) for path in sorted(TESTS.rglob("test_*.py")) for test in looping_tests(path)]
    assert len(tests) > 1000
    bad = [f"{path.relative_to(TESTS)}:{test.lineno} {test.name}" for path, test in tests if vacuous(test)]
    assert bad == []


@pytest.mark.parametrize(
    ("body", "is_vacuous"),
    [
        ("for each in read(): assert each", True),
        ("things = read()\n    for each in things: assert each", True),
        ("for each in found(read()): assert each", False),
        ("things = read()\n    assert things\n    for each in things: assert each", False),
        ("for each in (1, 2): assert each", False),
        ("for each in given: assert each", False),
        ("for each in ROWS.items(): assert each", False),
        ("for each in sorted(read()): assert each", True),
        ("while read(): assert given", True),
        ("for each in read():\n        assert each\n        break\n    else:\n        pytest.fail('none')", False),
        ("for each in ROWS:\n        for one in each.read(): assert one", False),
        ("for each in read():\n        for one in ROWS: assert one", True),
        ("for each in ROWS + read(): assert each", False),
        ("for each in read().split('|'): assert each", False),
        ("for each in read().split(): assert each", True),
        ("for each in map(chr, range(5)): assert each", False),
        ("while True:\n        assert read()\n        break", False),
        ("with pytest.raises(ValueError):\n        read()", False),
    ],
)
def test_the_check_recognises_a_test_of_nothing(body: str, is_vacuous: bool) -> None:
    (test,) = ast.parse(f"def test_it(given):\n    {body}\n").body
    assert isinstance(test, ast.FunctionDef)
    assert vacuous(test) is is_vacuous


def test_no_connection_to_a_database_is_left_open() -> None:
    """``with sqlite3.connect(...)`` ends the transaction and leaves the file open, which Python 3.13 reports."""
    folders = (TESTS, TESTS.parent / "benchmarks", TESTS.parent / "fiscald")
    paths = found(path for folder in folders for path in folder.rglob("*.py") if path != Path(__file__))
    assert [path for path in paths if "with sqlite3.connect(" in path.read_text("utf-8")] == []


def test_nothing_is_raised_in_a_handler_of_groups() -> None:
    """Python before 3.11.4 (Debian 12 has 3.11.2) wraps in a group what ``except*`` raises, and the sentence is lost."""
    sources = found(path for folder in (TESTS, TESTS.parent / "fiscald") for path in folder.rglob("*.py"))
    groups = [
        (path, node)
        for path in sources
        if "except*" in (text := path.read_text("utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.TryStar)
    ]
    raised = [
        f"{path.relative_to(TESTS.parent)}:{inner.lineno}"
        for path, node in found(groups)
        for handler in node.handlers
        for inner in ast.walk(handler)
        if isinstance(inner, ast.Raise)
    ]
    assert raised == []
