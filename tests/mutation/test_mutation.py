"""The sampler of single changes: which it finds, that they are made in a copy, and that tests which see are believed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.found import found
from tests.mutation import equivalents
from tests.mutation.changes import Change, Kind, changes, compiles, sample
from tests.mutation.reach import Only, Recorder, batches, nearest
from tests.mutation.reach import read as read_reach
from tests.mutation.rooms import CORE, ROOMS, ROOT, files_of, stages
from tests.mutation.trying import Outcome, attempt, copy_of, run_tests

SOURCE = b'''\
"""Prices."""

import random

LIMIT = 3


def price(count: int, *, half: bool = False) -> int | None:
    """In grosze."""
    if count > LIMIT and not half:
        log.info("many: %d", count)
        return None
    try:
        value = count * 100
    except TypeError:
        value = 0
    seen.append(value)
    yield Checkpoint(stage)
    return value if half else value + random.uniform(1, 2)
'''


def made(source: bytes = SOURCE) -> dict[tuple[Kind, str, str], bytes]:
    return {(each.kind, each.before, each.after): each.made(source) for each in changes("shop.py", source)}


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        (Kind.COMPARISON, ">", ">="),
        (Kind.CONDITION, "count > LIMIT and not half", "not (count > LIMIT and not half)"),
        (Kind.BOOLEAN, "and", "or"),
        (Kind.BOOLEAN, "count > LIMIT and not half", "(not half)"),
        (Kind.NUMBER, "3", "4"),
        (Kind.NUMBER, "3", "2"),
        (Kind.NUMBER, "0", "(-1)"),
        (Kind.FLAG, "False", "True"),
        (Kind.ARITHMETIC, "*", "//"),
        (Kind.ARITHMETIC, "+", "-"),
        (Kind.STATEMENT, "seen.append(value)", "pass"),
        (Kind.CHECKPOINT, "yield Checkpoint(stage)", "pass"),
        (Kind.RETURN, "return value if half else value + random.uniform(1, 2)", "return None"),
        (Kind.HANDLER, "value = 0", "raise"),
        (Kind.SEED, "random.uniform(1, 2)", "(1)"),
    ],
)
def test_the_mutations_of_a_file(kind: Kind, before: str, after: str) -> None:
    changed = made()[kind, before, after]
    assert compiles(changed)
    parts = SOURCE.decode().split(before)
    elsewhere = [before.join(parts[:at]) + after + before.join(parts[at:]) for at in range(1, len(parts))]
    assert changed.decode() in elsewhere


def test_messages_are_not_mutated() -> None:
    texts = {before for _, before, _ in made()}
    assert not any("log.info" in text or "Prices" in text or "grosze" in text for text in texts)
    assert "return None" not in texts


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("if a is not b: x()", "if a is b: x()"),
        ("if a not in b: x()", "if a in b: x()"),
        ("if not a: x()", "if (a): x()"),
        ("if a and b and c: x()", "if ((a) and (c)): x()"),
        ("ń = 1; y = a == ń", "ń = 1; y = a != ń"),
        ("y = [e for e in a if e]", "y = [e for e in a if not (e)]"),
        ("match a:\n    case 1 if b:\n        x()", "match a:\n    case 1 if not (b):\n        x()"),
        ("with suppress(ValueError): x()", "with suppress(): x()"),
        ("self.x = (\n    1\n)", "pass"),
        ("x: Annotated[int, Field(ge=5)]", "x: Annotated[int, Field(ge=6)]"),
    ],
)
def test_changes_keep_the_rest_of_the_text(source: str, expected: str) -> None:
    assert expected.encode() in [each.made(source.encode()) for each in changes("x.py", source.encode())]


@pytest.mark.parametrize(
    "source", ["assert a > 1", "y = zip(a, b, strict=True)", "@dataclass(frozen=True)\nclass A: pass", "y = f'{a:>10}'"]
)
def test_equivalent_mutations_are_not_tried(source: str) -> None:
    assert changes("x.py", source.encode()) == []


def test_the_same_seed_draws_the_same_of_every_kind() -> None:
    sources = {"shop.py": SOURCE, "b.py": b"\n".join(b"x%d = %d" % (each, each) for each in range(200))}
    drawn = sample(sources, 7, 30)
    assert drawn == sample(sources, 7, 30)
    assert drawn != sample(sources, 8, 30)
    assert {change.kind for change in drawn} == set(Kind)
    assert len(sample(sources, 7, 10_000)) < 10_000, "as many as there are"


def test_a_change_is_found_again_when_its_line_has_moved() -> None:
    moved = b"# one line more\n" + SOURCE
    assert [each.key for each in changes("shop.py", SOURCE)] == [each.key for each in changes("shop.py", moved)]
    assert len({each.key for each in changes("shop.py", SOURCE)}) == len(changes("shop.py", SOURCE))


# -- trying ----------------------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small product with a test that sees one half of it."""
    for package in ("shop", "fiscald", "fiscald/emulator"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "fiscald" / "emulator" / "pytest_plugin.py").touch()  # pytest looks for it
    (tmp_path / "tests").mkdir()
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\nmarkers = ["slow"]\n')
    (tmp_path / "shop" / "till.py").write_text(
        "def vat(gross: int) -> int:\n    return gross * 23\n\n\ndef name(text: str) -> int:\n    return len(text) + 1\n"
        "\n\ndef ends(n: int) -> None:\n    while n > 0:\n        n -= 1\n"
    )
    (tmp_path / "tests" / "test_till.py").write_text(
        "from shop.till import ends, name, vat\n\n\ndef test_vat():\n    assert vat(100) == 2300\n    ends(3)\n"
    )
    return tmp_path


def change_of(tree: Path, before: str, after: str) -> Change:
    found = changes("shop/till.py", (tree / "shop" / "till.py").read_bytes())
    return next(each for each in found if (each.before, each.after) == (before, after))


@pytest.mark.slow
def test_a_detected_mutation_is_counted_and_reverted(tree: Path) -> None:
    source = (tree / "shop" / "till.py").read_text()
    tried = attempt(tree, change_of(tree, "23", "24"), [["tests"]])
    assert (tried.outcome, tried.by.split(" - ")[0]) == (Outcome.CAUGHT, "FAILED tests/test_till.py::test_vat")
    assert (tree / "shop" / "till.py").read_text() == source


@pytest.mark.slow
def test_an_undetected_mutation_survives(tree: Path) -> None:
    tried = attempt(tree, change_of(tree, "+", "-"), [["tests"], ["tests"]])
    assert (tried.outcome, tried.by) == (Outcome.SURVIVED, "")


@pytest.mark.slow
def test_an_endless_mutation_times_out(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.mutation.trying.TRY_SECONDS", 1)
    assert attempt(tree, change_of(tree, "n -= 1", "pass"), [["tests"]]).outcome is Outcome.TIME


@pytest.mark.slow
def test_a_copy_is_whole_and_private() -> None:
    with copy_of() as tree:
        assert (tree / "fiscald" / "engine" / "actor.py").read_bytes() == (
            ROOT / "fiscald" / "engine" / "actor.py"
        ).read_bytes()
        assert tree != ROOT
    assert not tree.exists()


# -- rooms and the list ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ROOMS)
def test_every_room_has_files_and_tests(name: str) -> None:
    room = ROOMS[name]
    for file in found(files_of(room)):
        assert (ROOT / file).is_file()
        for stage in found(stages(file, room)):
            for test in found(stage):
                assert (ROOT / test).exists(), test
    for file in room.without:
        assert (ROOT / file).is_file()


def test_the_core_is_in_the_rooms() -> None:
    assert set(CORE) <= set(ROOMS)


def test_every_listed_equivalent_mutation_still_exists() -> None:
    """One whose line has changed has to be looked at again."""
    known = equivalents.read()
    assert len({each.key for each in known}) == len(known)
    assert all(len(each.reason.split()) >= 3 for each in known)
    sources = {each.file: (ROOT / each.file).read_bytes() for each in known}
    assert equivalents.gone(known, sources) == []


def test_a_listed_place_that_no_longer_exists_is_reported(tmp_path: Path) -> None:
    change = changes("shop.py", SOURCE)[0]
    path = tmp_path / "list.json"
    path.write_text(json.dumps([equivalents.entry(change, "it has no effect")]))
    known = equivalents.read(path)
    assert equivalents.gone(known, {"shop.py": SOURCE}) == []
    assert equivalents.gone(known, {"shop.py": SOURCE.replace(b"LIMIT = 3", b"LIMIT = 5")}) == known


# -- which tests reach what ------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_change_is_shown_to_the_tests_that_reach_it(tree: Path, tmp_path: Path) -> None:
    """Functions of functions and comprehensions too; and what a test reaches through a fixture."""
    (tree / "fiscald" / "till.py").write_text(
        "class Till:\n    def sell(self):\n        return [self.price(n) for n in (1, 2)]\n\n    def price(self, n):\n"
        "        def twice(m):\n            return m * 2\n\n        return twice(n)\n\n\ndef unseen():\n    return 1\n"
    )
    (tree / "tests" / "test_seen.py").write_text(
        "import time\n\nimport pytest\n\nfrom fiscald.till import Till\n\n\n@pytest.fixture\ndef sold():\n    return Till().sell()\n\n\n"
        "def test_slow():\n    sum(range(2_000_000))\n    assert Till().price(3) == 6\n\n\n"
        "def test_fixture(sold):\n    assert sold == [2, 4]\n\n\ndef test_nothing():\n    pass\n"
    )
    path = tmp_path / "reach.json"
    code, said = run_tests(tree, ["tests/test_seen.py"], plugins=[Recorder(tree, path)])
    assert code == 0, said
    known = read_reach(path)
    assert known["tests/test_seen.py::test_nothing"].functions == frozenset()
    slow, fixture = "tests/test_seen.py::test_slow", "tests/test_seen.py::test_fixture"
    assert nearest(known, "fiscald/till.py", "Till.price.twice", 100) == [fixture, slow], "cheapest first"
    assert nearest(known, "fiscald/till.py", "Till.sell", 100) == [fixture]
    assert nearest(known, "fiscald/till.py", "Till.price", 0) == [fixture], "one at least"
    assert nearest(known, "fiscald/till.py", "unseen", 100) == []
    assert nearest(known, "fiscald/till.py", "", 100) == [fixture, slow], "what stands at the top of the file"
    path.unlink()
    code, _ = run_tests(tree, ["tests/test_seen.py"], plugins=[Only([slow, fixture]), Recorder(tree, path)])
    assert (code, list(read_reach(path))) == (0, [slow, fixture])
    path.unlink()
    (tree / "tests" / "test_fails.py").write_text("def test_fails():\n    assert False\n")
    code, _ = run_tests(tree, ["tests/test_fails.py", "tests/test_seen.py"], plugins=[Recorder(tree, path)])
    assert (code, path.exists()) == (1, False), "a record of some of the tests is none"


def test_one_of_each_function_in_the_nearest_files_runs_first() -> None:
    tests = ["b.py::one", "a.py::one[1]", "a.py::one[2]", "a.py::two", "c.py::one", "a.py::three", "b.py::two"]
    first, others = batches(tests, files=2)
    assert first == ["b.py::one", "a.py::one[1]", "a.py::two", "a.py::three", "b.py::two"], "cheapest first"
    assert others == ["a.py::one[2]", "c.py::one"]
    assert batches(tests[:1]) == [tests[:1]]
    assert batches([]) == []
