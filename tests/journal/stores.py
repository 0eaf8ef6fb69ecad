"""A journal file, and jobs in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from fiscald.journal import Doubt, Store
from fiscald.model.documents import Submission
from fiscald.model.problems import problem
from fiscald.model.times import POLISH_TIME

RECEIPT = {"type": "receipt", "lines": [{"name": "Żurek", "price": "12.00", "vat": "A"}], "register": "01"}
CASH = Submission.model_validate({"printer": "till1", "document": {"type": "cash_in", "amount": "1.00"}})

#: What interrupted a document.
WHY = problem("link.lost", address="tcp://192.0.2.1:6666", reason="the cable")

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=POLISH_TIME)


def clock() -> datetime:
    return NOW


def submission(**changes: Any) -> Submission:
    return Submission.model_validate({"printer": "till1", "document": RECEIPT} | changes)


def accepted(store: Store, key: str = "A", **changes: Any) -> None:
    assert store.accept(key, submission(**changes), (), 1000).new


def opened(directory: Path, **options: Any) -> Store:
    return Store(directory, clock, **options)


def used(directory: Path, *keys: str) -> None:
    """A journal that was used, with a slip under each key, and closed."""
    store = opened(directory)
    if store.printer_id("till1") is None:
        store.know_printer("till1", "EMU 1")
    accept(store, *keys)
    store.close()


def accept(store: Store, *keys: str) -> None:
    for key in keys:
        assert store.accept(key, CASH, (), None).new


def doubt_of(directory: Path) -> Doubt | None:
    store = opened(directory, printers=("till9",))
    found = store.doubt
    assert {store.known(name).doubt for name in ("till1", "till9")} == {found}
    store.close()
    return found


# -- a killed daemon -------------------------------------------------------------------------------------

NAMES = ("journal.db", "journal.db-wal", "lock")
Left = dict[str, bytes]


def left_in(directory: Path) -> Left:
    """What a daemon leaves that is killed now."""
    return {name: (directory / name).read_bytes() for name in NAMES if (directory / name).exists()}


def put(directory: Path, left: Left) -> None:
    """Those files and no others; the lock stays the same file."""
    for name in NAMES:
        if name in left:
            (directory / name).write_bytes(left[name])
            (directory / name).chmod(0o600)
        else:
            (directory / name).unlink(missing_ok=True)


def killed(directory: Path, *keys: str, more: Callable[[Store], object] = lambda _: None) -> Left:
    """A daemon stores a slip under each key, does more, and is killed. Nothing is emptied into journal.db."""
    store = opened(directory)
    accept(store, *keys)
    more(store)
    left = left_in(directory)
    store.close()
    put(directory, left)
    return left
