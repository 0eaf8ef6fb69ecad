"""Who gets a connection when there are too many: shares of users and processes, and which one is closed."""

from __future__ import annotations

import resource

import pytest

from fiscald.api import connections
from fiscald.api.connections import EXCHANGES, LEAST, MOST, Bounds, Connections, Rank, Who

ANNA, PIOTR = 1000, 1001
BOUNDS = Bounds(total=12, per_user=9, long=6)


class Link:
    """A connection that only knows whether it was closed."""

    def __init__(self, who: Who, rank: Rank = Rank.NEW) -> None:
        self.who = who
        self.rank = rank
        self.is_open = True

    def look(self, now: float, head_seconds: float) -> None:
        raise AssertionError

    def cut(self) -> None:
        raise AssertionError

    def give_way(self) -> None:
        self.is_open = False


def opened(books: Connections, who: Who, count: int, rank: Rank = Rank.NEW) -> list[Link]:
    """As many of ``count`` connections as are admitted."""
    found = []
    for _ in range(count):
        if books.admit(who, 0.0):
            found.append(Link(who, rank))
            books.add(found[-1])
    return found


def test_the_number_of_connections_stays_within_the_limit() -> None:
    books = Connections(BOUNDS)
    for uid in range(50):
        opened(books, Who(uid, uid), 3)
        assert len(books) <= BOUNDS.total


def test_one_user_does_not_get_all_connections() -> None:
    books = Connections(BOUNDS)
    first = opened(books, Who(ANNA, 1), 30)
    assert len(books) == BOUNDS.per_user
    assert [link.is_open for link in first] == [False] * (30 - BOUNDS.per_user) + [True] * BOUNDS.per_user, "the oldest"
    assert len(opened(books, Who(PIOTR, 2), 3)) == 3
    assert len(books) == BOUNDS.total


def test_a_user_with_few_connections_displaces_one_of_the_user_with_most() -> None:
    books = Connections(BOUNDS)
    anna = opened(books, Who(ANNA, 1), 9, Rank.LONG)
    piotr = opened(books, Who(PIOTR, 2), 3)
    piotr += opened(books, Who(PIOTR, 2), 3)
    assert len(books) == BOUNDS.total
    assert sum(link.is_open for link in anna) == 6, "also one that waits, for another user's sake"
    assert all(link.is_open for link in piotr)
    opened(books, Who(PIOTR, 2), 3)
    assert sum(link.is_open for link in anna) == 6, "each has as many as the other"


def test_the_process_with_most_connections_of_a_user_loses_one() -> None:
    books = Connections(BOUNDS)
    many, few = opened(books, Who(ANNA, 1), 8), opened(books, Who(ANNA, 2), 1)
    few += opened(books, Who(ANNA, 2), 2)
    assert all(link.is_open for link in few)
    assert sum(link.is_open for link in many) == 6


@pytest.mark.parametrize(
    ("ranks", "closed"),
    [
        ([Rank.BUSY, Rank.KEPT, Rank.NEW], Rank.NEW),
        ([Rank.BUSY, Rank.KEPT, Rank.LONG], Rank.KEPT),
        ([Rank.LONG, Rank.BUSY, Rank.LONG], Rank.BUSY),
        ([Rank.LONG, Rank.LONG, Rank.LONG], None),
    ],
)
def test_the_connection_of_the_lowest_rank_is_closed(ranks: list[Rank], closed: Rank | None) -> None:
    books = Connections(Bounds(total=3, per_user=3, long=3))
    links = [opened(books, Who(ANNA, 1), 1, rank)[0] for rank in ranks]
    assert books.admit(Who(ANNA, 1), 0.0) is (closed is not None)
    assert [link.rank for link in links if not link.is_open] == ([] if closed is None else [closed])


def test_a_rank_may_change() -> None:
    books = Connections(Bounds(total=2, per_user=2, long=1))
    first, second = opened(books, Who(ANNA, 1), 2)
    assert books.may_be_long(first.who)
    books.move(first, Rank.LONG)
    assert not books.may_be_long(first.who)
    books.move(second, Rank.BUSY)
    assert books.admit(Who(ANNA, 1), 0.0)
    assert not second.is_open
    books.move(first, Rank.BUSY)
    assert books.may_be_long(first.who)
    books.remove(first)
    books.remove(first)
    assert len(books) == 0
    books.move(first, Rank.KEPT)
    assert first.rank is Rank.KEPT


def test_a_flood_is_refused_and_closes_no_older_connection() -> None:
    books = Connections(Bounds(total=100, per_user=100, long=50))
    assert len(opened(books, Who(ANNA, 1), 5000)) == 100 + EXCHANGES // 10
    assert not books.admit(Who(ANNA, 1), 0.0)
    assert books.admit(Who(ANNA, 2), 0.0), "another process does not wait for that"
    admitted = 0
    for number in range(100_000):
        if books.admit(Who(ANNA, 1), 0.01 + number / 100_000):
            admitted += 1
            books.add(Link(Who(ANNA, 1)))
    assert 0.9 * EXCHANGES < admitted < 1.2 * EXCHANGES, "of a hundred times as many in a second"


def test_the_user_with_most_connections_loses_one() -> None:
    books = Connections(BOUNDS)
    assert not books.relieve()
    anna, piotr = opened(books, Who(ANNA, 1), 4, Rank.LONG), opened(books, Who(PIOTR, 2), 2)
    assert books.relieve()
    assert ([link.is_open for link in anna], [link.is_open for link in piotr]) == (
        [False, True, True, True],
        [True] * 2,
    )


def test_an_address_may_have_two_thirds_of_what_a_user_may_have() -> None:
    books, there = Connections(BOUNDS), Who("192.0.2.7", None)
    links = opened(books, there, 20)
    assert len(books) == 6 < BOUNDS.per_user
    for link in links[-6:]:
        if books.may_be_long(there):
            books.move(link, Rank.LONG)
    assert sum(link.rank is Rank.LONG for link in books) == 4 < BOUNDS.long
    assert Bounds(total=8, per_user=1, long=1).of(there) == (1, 1)


@pytest.mark.parametrize(
    ("limit", "reserved", "printers", "total"),
    [
        (1024, 0, 1, 1024 - 20 - connections.SPARE),
        (4096, 2, 1, MOST + 2),
        (4096, 600, 100, MOST + 200),
        (64, 2, 1, 64 - 20 - 2 - connections.SPARE),
        (32, 2, 1, LEAST),
        (resource.RLIM_INFINITY, 2, 1, MOST),
    ],
)
def test_the_bounds_come_from_the_limit_of_descriptors(
    monkeypatch: pytest.MonkeyPatch, limit: int, reserved: int, printers: int, total: int
) -> None:
    monkeypatch.setattr(connections, "_open_now", lambda: 20)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    found = connections.bounds(reserved, printers)
    assert found.total == total
    assert 0 < found.long < found.per_user <= found.total
