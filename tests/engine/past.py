"""A shop whose journal is put back: what the tests of its past share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio

from fiscald.journal import Store
from fiscald.model.jobs import JobState, JournalConfirmation
from fiscald.model.printers import PrinterState
from tests import virtual
from tests.engine.shop import Shop, Till, shop

SLIP = {"type": "cash_in", "amount": "5.00"}
FORM = {"type": "printout", "lines": ["Bon 1"]}
REPORT = {"type": "daily_report"}
ANNA = JournalConfirmation(by="Anna")
PRINT = JournalConfirmation(by="Anna", waiting="print")


def back_up(state: Path, store: Store | None = None) -> dict[str, bytes]:
    """What a disk holds; ``store``: the open journal, of which a copy is made."""
    found = {name: (state / name).read_bytes() for name in ("journal.db", "lock")}
    if store is not None:
        with store.copy() as copy:
            found["journal.db"] = copy.read()
    return found


def put_back(state: Path, copy: dict[str, bytes], *, how: str) -> None:
    """``file``: the journal alone. ``disk``: everything as it was. ``directory``: a copied directory."""
    if how == "directory":
        (state / "lock").rename(state / "was the lock")
        (state / "lock").write_bytes(b"")
        (state / "was the lock").unlink()
    for name in ("journal.db",) if how == "file" else copy:
        (state / name).write_bytes(copy[name])


def restored(
    tmp_path: Path,
    how: str,
    lost: Callable[[Shop], Any],
    then: Callable[[Shop], Any],
    before: Callable[[Shop], Any] | None = None,
    while_down: Callable[[Till], Any] = lambda _: None,
    **options: Any,
) -> None:
    """A shop whose journal is put back after ``lost``, and opened again for ``then``."""
    state, till = tmp_path / "state", Till("till1")

    async def main() -> None:
        async with shop(state, till, **options) as it:
            assert (await it.print("Z1")).state is JobState.DONE
            await anyio.sleep(60)
            if before is not None:
                await before(it)
        copy = back_up(state)
        async with shop(state, till, **options) as it:
            await lost(it)
        put_back(state, copy, how=how)
        while_down(till)
        async with shop(state, till, **options) as it:
            await then(it)

    virtual.run(main())


async def behind(it: Shop, cause: str) -> None:
    await it.until(PrinterState.BEHIND)
    problem = it.engine.printer("till1").problem
    assert problem is not None
    assert (problem.code, (problem.model_extra or {})["cause"]) == ("journal.behind", cause)


async def prints_one(it: Shop) -> None:
    assert (await it.print("Z2")).state is JobState.DONE
