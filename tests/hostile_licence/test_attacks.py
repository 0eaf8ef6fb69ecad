"""The attacks that need no processes, in this one: the clock jumps, and customers come in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile_licence.attacks import ATTACKS
from tests.hostile_licence.honest import PATIENCE, Waits, visit
from tests.hostile_licence.scene import Attack
from tests.hostile_licence.virtual import Virtual

HERE = [attack for attack in ATTACKS if not attack.processes]
CUSTOMERS = 3
#: Of the networks that ``python -m tests.hostile_licence`` has.
SHARE = 0.15


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Virtual]:
    it = Virtual(tmp_path / "vendor.db", CUSTOMERS)
    yield it
    it.close()


@pytest.mark.whole
@pytest.mark.parametrize("kind", HERE, ids=[attack.__name__ for attack in HERE])
def test_the_cheat_gets_nothing_and_customers_get_through(scene: Virtual, kind: type[Attack]) -> None:
    attack, waits = kind(share=SHARE), Waits()
    customers = iter(scene.shops)
    for part in range(attack.strangers):
        for step, _ in enumerate(attack.go(scene, part)):
            if step in (1, 6) and (shop := next(customers, None)) is not None:
                visit(scene, shop, waits)
    for shop in customers:
        visit(scene, shop, waits)
    attack.count(scene)
    assert attack.tried > 0
    assert attack.broken() == []
    assert waits.locked_out == []
    assert max(waits.longest.values()) < PATIENCE
