"""A short slice of ``python -m tests.hostile_licence`` with real processes, and what its table and page say."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.found import found
from tests.hostile_licence.attacks import ATTACKS
from tests.hostile_licence.attacks.lock_out import LockOut
from tests.hostile_licence.attacks.replays import Replays
from tests.hostile_licence.attacks.twins import Twins
from tests.hostile_licence.honest import Waits
from tests.hostile_licence.scene import Attack
from tests.hostile_licence.suite import Outcome, run, table

FOLDER = Path(__file__).parent
PAGE = (FOLDER.parents[1] / "docs" / "vendor.md").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("kind", [LockOut, Twins], ids=lambda kind: kind.__name__)
def test_cheats_get_nothing_from_a_real_server(kind: type[Attack]) -> None:
    outcome = run(kind, share=0.2)
    assert outcome.broken() == []
    assert outcome.attack.tried > 0
    assert outcome.waits.served >= 10


def test_every_module_is_one_of_the_attacks() -> None:
    modules = found(path.stem for path in (FOLDER / "attacks").glob("[a-z]*.py"))
    assert sorted(attack.__module__.rpartition(".")[2] for attack in ATTACKS) == sorted(modules)


def test_the_page_has_a_row_for_each_attack_within_its_bars() -> None:
    """docs/vendor.md is what the last whole run printed."""
    rows = {cells[0]: cells[1:] for cells in _rows(PAGE)}
    assert set(rows) >= {attack.tries for attack in ATTACKS}
    for attack in ATTACKS:
        tried, got, waited = rows[attack.tries]
        assert int(tried) > 0
        for name, most in attack.most.items():
            (measured,) = re.findall(rf"{re.escape(name)}: (\d+) \({most}\)", got)
            assert int(measured) <= most
        (seconds,) = re.findall(r"^([\d.]+) s", waited)
        assert float(seconds) < 60


def test_no_row_is_left_of_an_attack_that_is_gone() -> None:
    _, _, section = PAGE.partition("\n## Attacks\n")
    tries = [cells[0] for cells in found(_rows(section.partition("\n## ")[0]))]
    assert tries == [attack.tries for attack in ATTACKS]


def _rows(text: str) -> list[list[str]]:
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [cells for cells in rows if len(cells) == 4 and cells[1].isdigit()]


def test_what_a_cheat_gets_is_reported() -> None:
    attack = Replays(tried=9, got=Counter({"recorded requests that counted": 2}))
    waits = Waits({"check": 61.0, "trial": 2.0}, ["trial: no code"], 3)
    outcome = Outcome(attack, waits, 5.0)
    assert outcome.broken() == ["recorded requests that counted: 2, at most 0", "trial: no code", "check: 61 s"]
    assert table([outcome]).splitlines()[-1] == (
        f"| {Replays.tries} | 9 | recorded requests that counted: 2 (0); seats that strangers freed: 0 (0) | 61.0 s (check) |"
    )
