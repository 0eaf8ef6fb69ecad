"""How orders end, and what the central learns of it, with a real engine and an emulated printer, under virtual time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import anyio

from fiscald.emulator.faults import Switch
from fiscald.fleet.shop import Shop
from fiscald.model.jobs import JobState, Resolution
from tests import virtual
from tests.engine.shop import RECEIPT, Till
from tests.engine.shop import Shop as EngineShop
from tests.fleet.post import Post, fleet
from tests.fleet.test_shop import OTHER, play, settled


def test_without_its_store_the_shop_prints_no_order_twice(tmp_path: Path) -> None:
    async def main() -> None:
        till, post = Till("till1"), Post()
        async with fleet(tmp_path, till, post):
            post.hand(post.order())
            await settled(post)
        for path in tmp_path.glob("fleet.db*"):
            path.unlink()
        async with fleet(tmp_path, till, post, documents=frozenset(["printout"])):  # nor is it refused now
            post.hand(post.order())
            post.hand(post.order(document=OTHER))
            await settled(post, 3)
        assert (sorted(post.states), till.receipts) == (["done", "done", "refused"], 1)

    virtual.run(main())


def test_an_order_that_waits_has_one_outcome_until_its_end(tmp_path: Path) -> None:
    async def scenario(_: EngineShop, __: Shop, post: Post, till: Till) -> None:
        till.device.faults.switches.add(Switch.PAPER_OUT)
        post.hand(post.order())
        await anyio.sleep(120)
        assert len(post.outcomes) == 1
        waiting = post.outcomes[0][0]
        assert waiting.job is not None
        assert (waiting.final, waiting.job["waiting"]["code"]) == (False, "printer.paper_out")
        till.device.faults.switches.discard(Switch.PAPER_OUT)
        await post.until(lambda: "done" in post.states)
        assert till.receipts == 1

    play(tmp_path, scenario)


def test_an_order_past_its_deadline_fails_and_prints_nothing(tmp_path: Path) -> None:
    async def scenario(_: EngineShop, shop: Shop, post: Post, till: Till) -> None:
        post.hand(post.order(deadline=shop._clock() - timedelta(seconds=1)))
        await settled(post)
        outcome = post.outcomes[0][0]
        assert outcome.job is not None
        assert (outcome.state, outcome.final, outcome.job["error"]["code"]) == ("failed", True, "job.expired")
        assert till.receipts == 0

    play(tmp_path, scenario)


def test_the_outcome_of_an_undecided_order_is_followed_by_the_decision(tmp_path: Path) -> None:
    async def main() -> None:
        till, post = Till("till1"), Post()
        till.plugged = False
        async with fleet(tmp_path, till, post) as (opened, _):
            post.hand(post.order())
            await anyio.sleep(1)
            store = opened.journal.store
            store.start("fleet/erp/a", {})
            from fiscald.journal import Phase, Store
            from fiscald.model.problems import problem

            entry = await opened.engine._records.run(
                Store.finish, "fleet/erp/a", Phase.UNDECIDED, error=problem("printer.unproven", reason="a test")
            )
            opened.engine._changed("till1", entry)
            await settled(post)
            assert (post.states, post.outcomes[0][0].final) == (["undecided"], False)
        async with fleet(tmp_path, till, post) as (opened, _):
            await anyio.sleep(60)
            await opened.engine.resolve("fleet/erp/a", Resolution(verdict="not_printed", by="anna"))
            await post.until(lambda: post.states[-1] == "failed")
            job = await opened.engine.job("fleet/erp/a")
            assert job.state is JobState.FAILED
        assert post.outcomes[-1][0].final

    virtual.run(main())


def test_the_outcome_of_a_withdrawn_order(tmp_path: Path) -> None:
    async def scenario(opened: EngineShop, _: Shop, post: Post, till: Till) -> None:
        till.pull()
        post.hand(post.order())
        await anyio.sleep(1)
        await opened.engine.withdraw("fleet/erp/a")
        await post.until(lambda: "withdrawn" in post.states)
        assert post.outcomes[-1][0].final

    play(tmp_path, scenario)


def test_a_journal_that_cannot_take_an_order_does_not_end_it(tmp_path: Path) -> None:
    async def scenario(opened: EngineShop, _: Shop, post: Post, till: Till) -> None:
        opened.journal.fails_once = "accept"
        post.hand(post.order())
        await settled(post)
        assert (post.states, post.outcomes[0][0].final) == (["refused"], False)
        post.hand(post.order())
        await post.until(lambda: till.receipts == 1)
        await settled(post, 2)
        assert post.states[-1] == "done"

    play(tmp_path, scenario)


def test_the_status_is_sent_when_it_changes_and_after_a_connection(tmp_path: Path) -> None:
    async def scenario(_: EngineShop, shop: Shop, post: Post, till: Till) -> None:
        await post.until(lambda: post.statuses and post.statuses[-1].printers[0].ready)
        first = post.statuses[-1]
        assert (first.online, first.session, first.licence, first.version) == (True, shop.session, "active", "1.0")
        till.device.faults.switches.add(Switch.PAPER_OUT)
        await post.until(lambda: post.statuses[-1].printers[0].problem == "printer.paper_out", 120)
        assert post.statuses[-1].replaces(first)
        shop.disconnected("gone")
        before = len(post.statuses)
        await anyio.sleep(100)
        assert len(post.statuses) == before
        shop.will()
        shop.connected()
        await post.until(lambda: len(post.statuses) > before)
        assert post.statuses[-1].replaces(post.statuses[-2])

    play(tmp_path, scenario)


def test_printing_in_the_shop_goes_on_whatever_the_courier_does(tmp_path: Path) -> None:
    async def scenario(opened: EngineShop, shop: Shop, post: Post, till: Till) -> None:
        post.away = True  # although it says that it is there
        post.hand(post.order())
        for number in range(5):
            assert (await opened.print(f"own-{number}")).state is JobState.DONE
        assert till.receipts == 6
        shop.disconnected("gone")
        post.away = False
        shop.connected()
        await settled(post)

    play(tmp_path, scenario)


def test_jobs_of_the_shop_are_not_told(tmp_path: Path) -> None:
    async def scenario(opened: EngineShop, _: Shop, post: Post, __: Till) -> None:
        await opened.print("own")
        await opened.print("fleet/other/key", RECEIPT)
        await anyio.sleep(30)
        assert post.outcomes == []

    play(tmp_path, scenario)
