"""The attacks that need no processes, in this one: the clock jumps, and customers come in between."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from tests.hostile_licence.attacks import ATTACKS
from tests.hostile_licence.honest import PATIENCE, Waits, visit
from tests.hostile_licence.scene import Attack
from tests.hostile_licence.virtual import Virtual

HERE = [attack for attack in ATTACKS if not attack.processes]
#: Of whom one comes when all is over.
CUSTOMERS = 4
#: Of the networks that ``python -m tests.hostile_licence`` has.
SHARE = 0.3


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Virtual]:
    it = Virtual(tmp_path / "vendor.db", CUSTOMERS)
    yield it
    it.close()


@pytest.mark.whole
@pytest.mark.parametrize("kind", HERE, ids=[attack.__name__ for attack in HERE])
def test_the_cheat_gets_nothing_and_customers_get_through(scene: Virtual, kind: type[Attack]) -> None:
    attack, waits = kind(share=SHARE), Waits()
    scene.intruder = chain.from_iterable(attack.go(scene, part) for part in range(attack.strangers))
    for shop in scene.shops[:-1]:
        visit(scene, shop, waits)
    while scene.intrude():
        pass
    visit(scene, scene.shops[-1], waits)
    attack.count(scene)
    assert attack.tried > 0
    assert attack.broken() == []
    assert waits.locked_out == []
    assert max(waits.longest.values()) < PATIENCE
