"""The shop's end of the fleet, with a real engine and an emulated printer, under virtual time."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.fleet.envelope import payload_of, write
from fiscald.fleet.keys import Signer
from fiscald.fleet.messages import MAX_MESSAGE, Channel, Order, OutcomeState
from fiscald.fleet.shop import Shop
from fiscald.fleet.shop.shop import MAX_WAITING
from tests import virtual
from tests.engine.shop import Shop as EngineShop
from tests.engine.shop import Till
from tests.fleet.post import CENTRAL, Post, fleet

Scenario = Callable[[EngineShop, Shop, Post, Till], Awaitable[None]]
OTHER: dict[str, Any] = {"type": "receipt", "lines": [{"name": "Herbata", "price": "7.00", "vat": "A"}]}


def play(tmp_path: Path, scenario: Scenario, **settings: Any) -> None:
    async def main() -> None:
        till, post = Till("till1"), Post()
        async with fleet(tmp_path, till, post, **settings) as (opened, shop):
            await scenario(opened, shop, post, till)

    virtual.run(main())


async def settled(post: Post, count: int = 1) -> None:
    """So many outcomes came, and nothing more follows at once."""
    await post.until(lambda: len(post.outcomes) >= count)
    await anyio.sleep(3)
    assert len(post.outcomes) == count


def test_an_order_is_printed_once_and_its_outcome_comes_back(tmp_path: Path) -> None:
    async def scenario(opened: EngineShop, shop: Shop, post: Post, till: Till) -> None:
        order = post.order()
        post.hand(order)
        await settled(post)
        outcome, _ = post.outcomes[0]
        assert (outcome.key, outcome.digest, outcome.state, outcome.final) == ("a", order.digest, "done", True)
        job = outcome.job_with(order.document)
        assert job is not None
        assert job.result == (await opened.engine.job("fleet/erp/a")).result
        assert till.receipts == 1
        assert (await shop.state()).outcomes_waiting == 0

    play(tmp_path, scenario)


def test_a_sealed_order_is_carried_out_like_another(tmp_path: Path) -> None:
    async def scenario(_: EngineShop, __: Shop, post: Post, till: Till) -> None:
        post.hand(post.order(), sealed=True)
        await settled(post)
        assert (post.states, till.receipts) == (["done"], 1)

    play(tmp_path, scenario)


def test_an_order_that_comes_again_is_answered_and_not_printed(tmp_path: Path) -> None:
    async def scenario(_: EngineShop, shop: Shop, post: Post, till: Till) -> None:
        order = post.order()
        for _copy in range(5):
            post.hand(order)
        await settled(post)
        assert shop.counted.by_code["message.repeated"] == 4
        post.hand(order)  # the central lost the outcome that it has acknowledged
        await settled(post, 2)
        assert (post.states, till.receipts) == (["done", "done"], 1)

    play(tmp_path, scenario)


def test_an_outcome_is_repeated_with_growing_pauses_until_it_is_acknowledged(tmp_path: Path) -> None:
    async def scenario(_: EngineShop, shop: Shop, post: Post, till: Till) -> None:
        post.acknowledges = False
        post.hand(post.order())
        came = []
        for count in range(1, 5):
            await post.until(lambda count=count: len(post.outcomes) == count, 4000)  # type: ignore[misc]
            came.append(anyio.current_time())
        pauses = [after - before for before, after in itertools.pairwise(came)]
        assert pauses == pytest.approx([10, 30, 120], abs=1)
        digests = {digest for _, digest in post.outcomes}
        assert len(digests) == 1
        post.acknowledge(*digests, signer=Signer.make())
        post.acknowledge(*digests, central="other")
        await anyio.sleep(1)
        assert (await shop.state()).outcomes_waiting == 1
        post.acknowledge(*digests)
        await anyio.sleep(700)
        assert len(post.outcomes) == 4
        assert (await shop.state()).outcomes_waiting == 0

    play(tmp_path, scenario)


def test_an_outcome_survives_the_daemon_and_a_courier_that_is_away(tmp_path: Path) -> None:
    async def main() -> None:
        till, post = Till("till1"), Post()
        async with fleet(tmp_path, till, post) as (opened, shop):
            post.hand(post.order())
            post.away = True
            shop.disconnected("gone")
            await post.until(lambda: till.receipts == 1)
            await opened.engine.wait("fleet/erp/a", 60)
            await anyio.sleep(60)
        assert post.outcomes == []
        async with fleet(tmp_path, till, post):  # also while it is away it may be killed
            await anyio.sleep(5)
        post.away = False
        async with fleet(tmp_path, till, post):
            await settled(post)
        async with fleet(tmp_path, till, post):
            await anyio.sleep(60)
        assert (post.states, till.receipts) == (["done"], 1)

    virtual.run(main())


def test_the_outcome_of_a_job_that_ended_without_the_fleet_comes_later(tmp_path: Path) -> None:
    async def main() -> None:
        till, post = Till("till1"), Post()
        till.plugged = False
        async with fleet(tmp_path, till, post):
            post.hand(post.order())
            await anyio.sleep(1)
        till.plugged = True
        from tests.engine.shop import shop as open_engine

        async with open_engine(tmp_path, till) as alone:
            await alone.engine.wait("fleet/erp/a", 100)
        async with fleet(tmp_path, till, post):
            await settled(post)
        assert (post.states, till.receipts) == (["done"], 1)

    virtual.run(main())


def test_an_order_of_an_earlier_session_prints_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        till, post = Till("till1"), Post()
        async with fleet(tmp_path, till, post):
            old = post.order()
        async with fleet(tmp_path, till, post) as (_, shop):
            post.hand(old)
            await settled(post)
            outcome, _ = post.outcomes[0]
            assert (outcome.state, outcome.final, outcome.session) == ("refused", False, shop.session)
            assert outcome.problem is not None
            assert outcome.problem.code == "fleet.session"
            assert till.receipts == 0
            post.hand(post.order())  # signed again
            await settled(post, 2)
        assert (post.states, till.receipts) == (["refused", "done"], 1)

    virtual.run(main())


def test_orders_signed_too_early_or_too_long_ago_wait_for_another_signature(tmp_path: Path) -> None:
    async def scenario(_: EngineShop, shop: Shop, post: Post, till: Till) -> None:
        now = shop._clock()
        for off, code in ((timedelta(minutes=6), "fleet.clock"), (-timedelta(days=8), "fleet.stale")):
            post.hand(post.order(issued=now + off))
            await anyio.sleep(1)
            assert post.outcomes[-1][0].problem is not None
            assert (post.outcomes[-1][0].problem.code, post.outcomes[-1][0].final) == (code, False)
        assert till.receipts == 0
        for key, off in (("early", timedelta(minutes=4)), ("late", -timedelta(days=6))):
            post.hand(post.order(key, issued=now + off))
        await post.until(lambda: till.receipts == 2)

    play(tmp_path, scenario)


def test_what_is_not_from_the_central_is_counted_and_not_answered(tmp_path: Path) -> None:
    async def scenario(_: EngineShop, shop: Shop, post: Post, till: Till) -> None:
        order = post.order()
        good = write(Order, payload_of(order), CENTRAL)
        post.hand(order, Signer.make())
        post.hand_bytes(b"not a message")
        post.hand_bytes(good[:-3] + b"AAA")
        post.hand_bytes(good + b"x" * MAX_MESSAGE)
        post.hand_bytes(good, Channel.STATUS)
        post.hand_bytes(good, Channel.ACKNOWLEDGEMENTS)
        shop.received("fiscald/v1/shop-0043/orders", good)
        post.hand(post.order(shop="shop-0043"))
        post.hand(post.order(central="other"))
        await anyio.sleep(30)
        assert post.outcomes == []
        assert till.receipts == 0
        assert shop.counted.by_code == {
            "message.signature": 3, "message.format": 2, "message.topic": 2, "message.shop": 1, "message.central": 1,
        }  # fmt: skip
        assert len(shop.counted.last) == 8

    play(tmp_path, scenario)


def test_a_flood_is_dropped_and_the_shop_goes_on(tmp_path: Path) -> None:
    async def scenario(_: EngineShop, shop: Shop, post: Post, till: Till) -> None:
        for _copy in range(MAX_WAITING + 50):
            post.hand_bytes(b"x" * 1000)
        assert shop.counted.by_code["message.busy"] == 50
        await anyio.sleep(1)
        post.hand(post.order())
        await settled(post)
        assert till.receipts == 1

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("order", "settings", "code"),
    [
        ({"printer": "till2"}, {}, "fleet.printer"),
        ({}, {"printers": frozenset(["till9"])}, "fleet.printer"),
        ({"document": {"type": "daily_report"}}, {}, "fleet.document"),
        ({}, {"documents": frozenset(["printout"])}, "fleet.document"),
        ({}, {"orders_per_day": 0}, "fleet.limit"),
        ({}, {"total_per_day": Decimal("11.49")}, "fleet.limit"),
        ({"document": {"type": "receipt", "lines": [{"name": "Kawa", "price": "1.00", "vat": "17%"}]}}, {},
         "document.refused"),
    ],
    ids=str,
)  # fmt: skip
def test_what_the_central_may_not_do_is_refused_for_ever(
    tmp_path: Path, order: dict[str, Any], settings: dict[str, Any], code: str
) -> None:
    async def main() -> None:
        till, post = Till("till1"), Post()
        async with fleet(tmp_path, till, post, **settings) as (opened, _):
            await opened.until(opened.engine.printer("till1").state.READY, seconds=30)
            post.hand(post.order(**order))
            await settled(post)
        async with fleet(tmp_path, till, post, documents=frozenset(("receipt", "daily_report"))):  # other rights
            post.hand(post.order(**order))
            await settled(post, 2)
        first, second = (outcome for outcome, _ in post.outcomes)
        assert first == second  # the very same outcome
        assert first.problem is not None
        assert (first.state, first.final, first.problem.code) == (OutcomeState.REFUSED, True, code)
        assert till.receipts == 0

    virtual.run(main())


def test_daily_limits_hold_over_a_restart_and_end_with_the_day(tmp_path: Path) -> None:
    async def main() -> None:
        till, post = Till("till1"), Post()
        limits: dict[str, Any] = {"orders_per_day": 3, "total_per_day": Decimal("23.00")}
        async with fleet(tmp_path, till, post, **limits):
            post.hand(post.order("a"))
            await settled(post)
        async with fleet(tmp_path, till, post, **limits) as (opened, _):
            post.hand(post.order("b"))
            post.hand(post.order("a"))  # again: it is not counted twice
            post.hand(post.order("c"))  # over the total
            await settled(post, 4)
            opened.host_clock_off = timedelta(days=1)
            post.hand(post.order("d"))
            await settled(post, 5)
        assert sorted(post.states) == ["done", "done", "done", "done", "refused"]
        assert till.register.state.day.receipt_count == 3

    virtual.run(main())


def test_a_key_with_other_content_is_a_conflict_and_the_first_stays(tmp_path: Path) -> None:
    async def scenario(_: EngineShop, __: Shop, post: Post, till: Till) -> None:
        first, second = post.order(), post.order(document=OTHER)
        post.hand(first)
        await settled(post)
        post.hand(second)
        await settled(post, 2)
        conflict = post.outcomes[1][0]
        assert conflict.problem is not None
        assert (conflict.digest, conflict.problem.code, conflict.final) == (second.digest, "job.conflict", True)
        assert conflict.problem.model_extra == {"expected": first.digest, "found": second.digest}
        post.hand(first)
        await settled(post, 3)
        assert (post.states, till.receipts) == (["done", "refused", "done"], 1)

    play(tmp_path, scenario)


def test_a_refused_key_is_not_free_for_other_content(tmp_path: Path) -> None:
    async def scenario(_: EngineShop, __: Shop, post: Post, till: Till) -> None:
        post.hand(post.order(document={"type": "daily_report"}))
        await settled(post)
        post.hand(post.order())
        await settled(post, 2)
        assert post.outcomes[1][0].problem is not None
        assert post.outcomes[1][0].problem.code == "job.conflict"
        assert till.receipts == 0

    play(tmp_path, scenario)
