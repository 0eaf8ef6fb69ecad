"""A journal file, and jobs in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fiscald.journal import Store
from fiscald.model.documents import Submission
from fiscald.model.times import POLISH_TIME

RECEIPT = {"type": "receipt", "lines": [{"name": "Żurek", "price": "12.00", "vat": "A"}], "register": "01"}


NOW = datetime(2026, 11, 22, 10, 0, tzinfo=POLISH_TIME)


def clock() -> datetime:
    return NOW


def submission(**changes: Any) -> Submission:
    return Submission.model_validate({"printer": "till1", "document": RECEIPT} | changes)


def accepted(store: Store, key: str = "A", **changes: Any) -> None:
    assert store.accept(key, submission(**changes), (), 1000).new
