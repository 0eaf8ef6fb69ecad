"""The balance of returnable packaging: sums by kind, the days of Polish time, undecided documents, and an index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fiscald.journal import Phase, Span, Store
from fiscald.model.documents import Submission
from fiscald.model.jobs import Resolution, Result
from fiscald.model.packaging import Packaging
from fiscald.model.packaging_balance import MAX_KINDS, BalanceSheet, Counted
from fiscald.model.problems import problem
from fiscald.model.times import POLISH_TIME

NOON = datetime(2026, 10, 25, 11, 0, tzinfo=UTC)
BOTTLE: dict[str, Any] = {"name": "Butelka", "price": "1.00"}


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with closing(Store(tmp_path, clock)) as store:
        yield store


def put(
    store: Store,
    key: str,
    *items: dict[str, Any],
    at: datetime | None = NOON,
    phase: Phase = Phase.DONE,
    printer: str = "till1",
    receipt: bool = False,
) -> None:
    document: dict[str, Any] = {"type": "packaging", "items": items}
    if receipt:
        document = {"type": "receipt", "lines": [{"name": "Kawa", "price": "9.00", "vat": "A"}], "packaging": items}
    store.accept(key, Submission.model_validate({"printer": printer, "document": document}), (), None)
    if phase is Phase.ACCEPTED:
        return
    store.start(key, {})
    store.commit(key)
    result = Result(printer_id="E", printed_at=at) if phase is Phase.DONE else None
    error = None if phase is Phase.DONE else problem("printer.unproven", reason="?")
    store.finish(key, phase, result=result, error=error)


def balance(store: Store, day: date, printer: str = "till1", limit: int = 2) -> Any:
    sheet, after = BalanceSheet(), None
    first, following = (datetime.combine(each, time(), POLISH_TIME) for each in (day, day + timedelta(days=1)))
    while True:
        page = store.packaging(printer, Span(first, following), after, limit)
        assert len(page.rows) <= limit
        sheet.add(page.documents())
        after = page.next
        if after is None:
            return sheet.balance(printer, day)


def test_sums_by_kind(store: Store) -> None:
    put(store, "1", BOTTLE | {"quantity": 6}, {"number": "12", "price": "0.50", "quantity": "4"}, receipt=True)
    put(store, "2", BOTTLE | {"name": " butelka ", "returned": True, "quantity": 10})
    put(store, "3", BOTTLE | {"number": "12"}, BOTTLE | {"price": "0.05", "quantity": "0.5"})
    found = balance(store, date(2026, 10, 25))
    assert [(each.name, each.number, each.given.quantity, str(each.balance)) for each in found.items] == [
        (None, "12", "4", "2.00"),
        ("Butelka", None, "6.5", "-3.97"),
        ("Butelka", "12", "1", "1.00"),
    ]
    assert (found.given.quantity, found.given.value) == ("11.5", Decimal("9.03")), "half a grosz is rounded up"
    assert (found.taken.quantity, found.taken.value) == ("10", Decimal("10.00"))
    assert (found.balance, found.documents) == (Decimal("-0.97"), 3)


def test_what_is_not_printed_is_not_counted(store: Store) -> None:
    for number, phase in enumerate((Phase.ACCEPTED, Phase.FAILED, Phase.UNDECIDED, Phase.UNDECIDED)):
        put(store, f"{number}", BOTTLE, phase=phase)
    put(store, "else", BOTTLE, printer="till2")
    store.accept("plain", Submission.model_validate({"printer": "till1", "document": {"type": "drawer"}}), (), None)
    found = balance(store, date(2026, 10, 25))
    assert (found.documents, found.undecided, found.items) == (0, 2, ())
    decided = Resolution(verdict="printed", number=3, by="Anna")
    store.resolve("2", decided, Phase.DONE, paper="printed", result=Result(printer_id="E"))  # type: ignore[arg-type]
    found = balance(store, date(2026, 10, 25))
    assert (found.documents, found.undecided, found.undated) == (1, 1, 1), "a person cannot say when it was printed"
    assert balance(store, date(2026, 10, 25), "till2").documents == 1


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 10, 25), 25), (date(2026, 3, 29), 23), (date(2026, 12, 31), 24)]
)
def test_every_hour_of_a_day_counts_once(store: Store, day: date, hours: int) -> None:
    """Also on the days on which Polish clocks change."""
    midnight = datetime.combine(day, time(), POLISH_TIME).astimezone(UTC)
    for half in range(-2, 2 * hours + 2):
        put(store, f"{half}", BOTTLE, at=(midnight + timedelta(minutes=30 * half)).astimezone(POLISH_TIME))
    counts = [balance(store, day + timedelta(days=ahead)).documents for ahead in (-1, 0, 1)]
    assert counts == [2, 2 * hours, 2]


def test_what_waited_counts_on_the_day_of_printing(store: Store, clock: Clock) -> None:
    put(store, "waited", BOTTLE, at=NOON + timedelta(days=3))
    clock.now = NOON + timedelta(days=1)
    put(store, "undated", BOTTLE, at=None)
    counts = [balance(store, date(2026, 10, 25) + timedelta(days=ahead)) for ahead in range(4)]
    assert [(each.documents, each.undated) for each in counts] == [(0, 0), (1, 1), (0, 0), (1, 0)]


def test_pages_of_one_moment(store: Store) -> None:
    for number in range(9):
        put(store, f"{number}", BOTTLE)
    for limit in (1, 2, 3, 9, 10):
        assert balance(store, date(2026, 10, 25), limit=limit).documents == 9


def test_a_damaged_document_does_not_stop_the_others(store: Store) -> None:
    for number in range(4):
        put(store, f"{number}", BOTTLE)
    with store._transaction() as db:
        db.execute("UPDATE job SET document = '{' WHERE key = '0'")
        db.execute("UPDATE job SET document = '{\"packaging\": [1]}' WHERE key = '1'")
        db.execute("UPDATE job SET result = 'x' WHERE key = '2'")
    found = balance(store, date(2026, 10, 25))
    assert (found.given.quantity, found.undated) == ("2", 1)


def test_more_kinds_than_a_balance_lists() -> None:
    sheet = BalanceSheet()
    items = tuple(Packaging(number=f"{number}", price=Decimal(1)) for number in range(1, MAX_KINDS + 4))
    sheet.add([Counted(items, done=True, dated=True), Counted(items, done=True, dated=True)])
    found = sheet.balance("till1", date(2026, 10, 25))
    assert (len(found.items), found.left_out) == (MAX_KINDS, 3)
    assert found.given.quantity == f"{2 * (MAX_KINDS + 3)}"


def test_the_work_does_not_grow_with_the_journal(store: Store, clock: Clock) -> None:
    work: list[int] = []
    for others in (100, 900):
        with store._transaction() as db:
            for number in range(others):
                clock.now = NOON + timedelta(days=30 + len(work), minutes=number)
                at = clock.now.isoformat()
                items = '{"type":"packaging","items":[{"name":"A","price":"1.00"}]}' if number % 2 else "{}"
                db.execute(
                    "INSERT INTO job (key, printer, digest, document, phase, result, created_at, updated_at)"
                    " VALUES (?, 'till1', zeroblob(32), ?, 'done', ?, ?, ?)",
                    (f"{others}/{number}", items, f'{{"printed_at":"{at}","printer_id":"E"}}', at, at),
                )
        if not work:
            for number in range(9):
                put(store, f"{number}", BOTTLE)
        steps = 0

        def count() -> None:
            nonlocal steps
            steps += 1

        store._db.set_progress_handler(count, 1)
        assert balance(store, date(2026, 10, 25)).documents == 9
        store._db.set_progress_handler(None, 0)
        work.append(steps)
    assert work[1] < 1.2 * work[0]
