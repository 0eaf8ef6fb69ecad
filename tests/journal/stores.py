"""A journal file, and jobs in it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from fiscald.journal import Doubt, Store
from fiscald.model.documents import Submission
from fiscald.model.times import POLISH_TIME

RECEIPT = {"type": "receipt", "lines": [{"name": "Żurek", "price": "12.00", "vat": "A"}], "register": "01"}
CASH = Submission.model_validate({"printer": "till1", "document": {"type": "cash_in", "amount": "1.00"}})

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
