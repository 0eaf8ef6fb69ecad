"""Which connections are accepted, and which one is closed for another: bookkeeping without sockets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.licence.server.connections import EXCHANGES, Bounds, Connections, Proxies, Rank, bounds
from fiscald.licence.server.networks import origin_of


class Line:
    """A connection of the bookkeeping."""

    def __init__(self, book: Connections, address: str, rank: Rank = Rank.NEW) -> None:
        self.origin = origin_of(address)
        self.rank = rank
        self.is_cut = False
        book.add(self)

    def cut(self) -> None:
        self.is_cut = True


def opened(book: Connections, address: str, now: float = 0.0, rank: Rank = Rank.NEW) -> Line | None:
    return Line(book, address, rank) if book.admit(address, now) else None


def test_an_address_over_its_share_loses_its_oldest_connection() -> None:
    book = Connections(Bounds(total=100, share=3))
    other = opened(book, "192.0.2.2")
    mine = [opened(book, "192.0.2.1") for _ in range(5)]
    assert [line is not None and line.is_cut for line in mine] == [True, True, False, False, False]
    assert other is not None
    assert not other.is_cut
    assert book.counts == {"accepted": 6, "replaced": 2}


def test_connections_that_are_answered_are_kept_and_the_new_one_is_refused() -> None:
    book = Connections(Bounds(total=100, share=2))
    busy = [opened(book, "192.0.2.1", rank=Rank.BUSY) for _ in range(2)]
    assert opened(book, "192.0.2.1") is None
    assert not any(line is not None and line.is_cut for line in busy)
    assert busy[0] is not None
    book.move(busy[0], Rank.KEPT)
    assert opened(book, "192.0.2.1") is not None
    assert busy[0].is_cut


def test_over_the_total_the_address_with_the_most_loses_one() -> None:
    book = Connections(Bounds(total=20, share=18))
    many = [opened(book, "192.0.2.1") for _ in range(18)]
    few = [opened(book, "192.0.2.2") for _ in range(2)]
    assert many[0] is not None
    assert not many[0].is_cut
    customers = [opened(book, f"198.51.100.{number}") for number in range(10)]
    assert all(customers)
    assert [line is not None and line.is_cut for line in many] == [True] * 10 + [False] * 8
    assert not any(line is not None and line.is_cut for line in (*few, *customers))
    assert len(book) == 20


def test_a_single_connection_gets_in_when_every_address_has_one() -> None:
    book = Connections(Bounds(total=50))
    crowd = [opened(book, f"10.0.0.{number}") for number in range(50)]
    assert opened(book, "192.0.2.1") is not None
    assert [line is not None and line.is_cut for line in crowd] == [True] + [False] * 49


def test_replacing_connections_as_fast_as_possible_is_refused() -> None:
    book = Connections(Bounds(total=100, share=2))
    assert sum(opened(book, "192.0.2.1", now=5.0) is not None for _ in range(500)) == 2 + EXCHANGES
    assert opened(book, "192.0.2.1", now=6.0) is not None


def test_a_trusted_proxy_has_no_share() -> None:
    book = Connections(Bounds(total=100, share=2), Proxies(["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"]))
    for address in ("127.0.0.1", "10.1.2.3", "2001:db8::1"):
        lines = [opened(book, address) for _ in range(5)]
        assert not any(line is None or line.is_cut for line in lines)
    with pytest.raises(ValueError, match=r"proxy\.example"):
        Proxies(["proxy.example"])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:0:ff::1", "2001:db8:0:1::2", True),
        ("2001:db8:0:100::1", "2001:db8:0:ff::1", False),
        ("fe80::1%eth0", "fe80::1", True),
    ],
)
def test_addresses_of_one_customer_count_together(one: str, other: str, same: bool) -> None:
    assert (origin_of(one) == origin_of(other)) is same


def test_half_of_the_descriptors_stay_free() -> None:
    assert 8 <= bounds().total <= 1000


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(("open", "close", *Rank)), st.integers(0, 99))))
def test_the_bounds_hold_whatever_happens(steps: list[tuple[str, str | Rank, int]]) -> None:
    book = Connections(Bounds(total=6, share=3))
    lines: list[Line] = []
    for at, (address, what, which) in enumerate(steps):
        if what == "open":
            line = opened(book, address, now=float(at))
            lines += [line] if line is not None else []
        elif lines:
            line = lines[which % len(lines)]
            if isinstance(what, Rank):
                book.move(line, what)
            else:
                book.remove(line)
                lines.remove(line)
        lines = [line for line in lines if not line.is_cut]
        assert set(book) == set(lines)
        assert len(book) == len(lines) <= 6
        assert all(sum(line.origin == origin for line in lines) <= 3 for origin in "abcdef")
