"""Messages arrive at least once and in order per job, through failures, restarts, jumps of the clock and days."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import anyio
import pytest

from fiscald.journal import JournalError, Store
from fiscald.model.problems import ProblemError
from fiscald.webhooks import schedule
from fiscald.webhooks.posting import Answer
from fiscald.webhooks.receiver import TOGETHER
from fiscald.webhooks.secret_file import SecretUnusable
from tests import virtual
from tests.webhooks.receivers import DAY, Scripted, Shop, Try


def by_key(tries: list[Try]) -> dict[str, list[str]]:
    """The types that a receiver got about each job, each message once."""
    seen: set[str] = set()
    found: dict[str, list[str]] = defaultdict(list)
    for each in tries:
        if each.message_id not in seen:
            seen.add(each.message_id)
            found[each.key].append(each.content["type"])
    return found


WAY = ["job.accepted", "job.running", "job.done"]


def test_every_change_arrives_once_and_in_order(place: Path) -> None:
    async def main() -> None:
        erp = Scripted()
        shop = Shop(place, erp=erp)
        async with shop.open():
            for number in range(20):
                shop.sell(f"K{number}")
                await anyio.sleep(0.3)
            await anyio.sleep(10)
        assert by_key(erp.tries) == {f"K{number}": WAY for number in range(20)}
        assert len(erp.tries) == 60
        assert shop.waiting() == shop.dead() == 0
        shop.journal.store.close()

    virtual.run(main())


@pytest.mark.parametrize(
    "status", [pytest.param(200, marks=pytest.mark.slow), 410, pytest.param(500, marks=pytest.mark.slow)]
)
def test_a_search_that_overlaps_an_outcome_sends_nothing_twice(place: Path, status: int) -> None:
    """The journal stores the outcome of a message, and then finds it due: after 410 it still waits to be given up."""

    async def main(offset: float) -> None:
        erp = Scripted(lambda _: status)
        shop = Shop(place / str(offset), erp=erp)
        async with shop.open():
            shop.sell("K1")
            await anyio.sleep(offset)
            shop.sell("K2")
            await anyio.sleep(4)  # the first wait after a failure is longer
        ids = [each.message_id for each in erp.tries]
        assert len(ids) == len(set(ids)), offset
        shop.journal.store.close()

    for step in range(30):
        virtual.run(main(step / 100))


def test_a_message_waits_for_the_earlier_ones_of_its_job(place: Path) -> None:
    """The receiver refuses the first message of K1 for an hour: nothing later about K1 comes before it."""

    async def main() -> None:
        accepted: list[Try] = []

        def answer(one: Try) -> int:
            if one.key == "K1" and one.content["type"] == "job.accepted" and one.at < 3600:
                return 500
            accepted.append(one)
            return 200

        erp = Scripted(answer)
        shop = Shop(place, erp=erp)
        async with shop.open():
            for key in ("K0", "K1", "K2"):
                shop.sell(key)
            await anyio.sleep(60)
            assert {each.key for each in accepted} == {"K0", "K2"}, "the others do not wait"
            await anyio.sleep(3 * 3600)
        assert [each.content["type"] for each in accepted if each.key == "K1"] == WAY
        refused = [each for each in erp.tries if each.key == "K1" and each.content["type"] == "job.accepted"]
        assert len({each.message_id for each in refused}) == 1, "the same id in every try"
        assert len({str(each.content) for each in refused}) == 1, "and the same body"
        shop.journal.store.close()

    virtual.run(main())


@pytest.mark.slow
def test_waits_grow_to_an_hour_and_days_pass_before_a_message_is_given_up(place: Path) -> None:
    async def main() -> None:
        erp = Scripted(lambda _: 404)
        shop = Shop(place, erp=erp)
        async with shop.open():
            shop.sell("K1")
            await anyio.sleep(3.9 * DAY)
            assert shop.dead() == 0
            gaps = [later.at - earlier.at for earlier, later in zip(erp.tries, erp.tries[1:], strict=False)]
            wanted = [wait * 1.1 for wait in schedule.WAITS]
            assert gaps[:8] == pytest.approx([*wanted, wanted[-1]], abs=1)
            assert max(gaps) < 1.2 * 3600
            await anyio.sleep(0.3 * DAY)
            assert shop.dead() == 1, "the first message; the two behind it begin their own days"
            (letter,) = (await shop.webhooks.dead("erp", 0, 10)).dead
            assert (letter.key, letter.type, letter.reason) == ("K1", "job.accepted", "HTTP 404 Not Found")
            assert letter.tries == len([each for each in erp.tries if each.content["type"] == "job.accepted"])
        shop.journal.store.close()

    virtual.run(main())


def test_a_receiver_that_is_down_gets_one_try_a_minute_and_then_everything(place: Path) -> None:
    async def main() -> None:
        erp = Scripted(lambda one: "no answer within 15 s" if one.at < 3 * 3600 else 200)
        shop = Shop(place, erp=erp)
        async with shop.open():
            for number in range(30):
                shop.sell(f"K{number}")
            await anyio.sleep(3 * 3600)
            assert len(erp.tries) < 3 * 60 + 5, "few tries, however many messages wait"
            assert erp.most_at_once <= TOGETHER
            assert (await shop.webhooks.statuses())[0].state == "failing"
            assert [each.code for each in shop.webhooks.notices()] == ["webhook.failing"]
            await anyio.sleep(2 * 3600)
        good = [each for each in erp.tries if each.at >= 3 * 3600]
        assert by_key(good) == {f"K{number}": WAY for number in range(30)}
        assert shop.waiting() == 0
        assert not [*shop.webhooks.notices()]
        shop.journal.store.close()

    virtual.run(main())


@pytest.mark.slow
def test_a_lost_receiver_leaves_dead_letters_that_can_be_sent_again(place: Path) -> None:
    async def main() -> None:
        back = False

        def answer(_: Try) -> int | str:
            return 200 if back else "connection refused"

        erp = Scripted(answer)
        shop = Shop(place, erp=erp)
        async with shop.open():
            for number in range(30):
                shop.sell(f"K{number}")
            await anyio.sleep(4.2 * DAY)
            assert (shop.waiting(), shop.dead()) == (0, 90)
            assert [each.code for each in shop.webhooks.notices()] == ["webhook.failing", "webhook.dead"]
            back, before = True, len(erp.tries)
            ids = [each.id for each in (await shop.webhooks.dead("erp", 0, 1000)).dead]
            assert await shop.webhooks.resend("erp", tuple(ids[:3])) == 3
            await anyio.sleep(120)
            assert len(erp.tries) - before == 3
            assert await shop.webhooks.resend("erp", None) == 87
            await anyio.sleep(120)
            assert by_key(erp.tries[before:]) == {f"K{number}": WAY for number in range(30)}
            assert (shop.waiting(), shop.dead()) == (0, 0)
        shop.journal.store.close()

    virtual.run(main())


def test_a_restart_repeats_no_wait_and_loses_no_message(place: Path) -> None:
    async def main() -> None:
        erp = Scripted(lambda one: 503 if one.at < 7200 else 200)
        shop = Shop(place, erp=erp)
        async with shop.open():
            shop.sell("K1")
            await anyio.sleep(3000)
        before = len(erp.tries)
        shop.restart()
        shop.sell("K2")
        async with shop.open():
            await anyio.sleep(1)
            status = (await shop.webhooks.statuses())[0]
            assert (status.state, status.waiting) == ("failing", 6)
            await anyio.sleep(7200)
        assert by_key([each for each in erp.tries if each.at >= 7200]) == {"K1": WAY, "K2": WAY}
        assert len(erp.tries) - before < 200
        shop.journal.store.close()

    virtual.run(main())


def test_a_crash_between_the_answer_and_its_record_repeats_the_message(place: Path) -> None:
    """The receiver sees the same id again: it can ignore the second one."""

    async def main() -> None:
        erp = Scripted()
        shop = Shop(place, erp=erp)
        delivered = Store.message_delivered

        def crash(store: Store, name: str, number: int, *, back: bool) -> None:
            raise JournalError("the disk is full")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Store, "message_delivered", crash)
            async with shop.open():
                shop.sell("K1")
                await anyio.sleep(30)
        assert len(erp.tries) == 1, "not again and again while nothing can be stored"
        assert Store.message_delivered is delivered
        shop.restart()
        async with shop.open():
            await anyio.sleep(30)
        assert [each.content["type"] for each in erp.tries] == ["job.accepted", *WAY]
        assert erp.tries[0].message_id == erp.tries[1].message_id
        shop.journal.store.close()

    virtual.run(main())


@pytest.mark.parametrize("jump", [-400 * DAY, -3600.0, 3600.0, 400 * DAY])
def test_a_clock_that_jumps_neither_delays_nor_gives_up_a_message(place: Path, jump: float) -> None:
    async def main() -> None:
        erp = Scripted(lambda one: 500 if one.at < 4 * 3600 else 200)
        shop = Shop(place, erp=erp)
        async with shop.open():
            shop.sell("K1")
            await anyio.sleep(2 * 3600)
            shop.jump = jump
            await anyio.sleep(4 * 3600)
        assert by_key([each for each in erp.tries if each.at >= 4 * 3600]) == {"K1": WAY}
        assert shop.dead() == 0
        shop.journal.store.close()

    virtual.run(main())


def test_gone_stops_the_messages_until_a_test_succeeds(place: Path) -> None:
    async def main() -> None:
        status = 410
        erp = Scripted(lambda _: status)
        shop = Shop(place, erp=erp)
        async with shop.open():
            shop.sell("K1")
            await anyio.sleep(60)
            shop.sell("K2")
            await anyio.sleep(DAY)
            assert len(erp.tries) == 1
            assert (shop.waiting(), shop.dead()) == (0, 6), "what is sold meanwhile is not forgotten"
            assert (await shop.webhooks.statuses())[0].state == "gone"
            with pytest.raises(ProblemError, match=r"webhook\.gone"):
                await shop.webhooks.resend("erp", None)
            assert not (await shop.webhooks.test("erp")).delivered
        shop.restart()
        async with shop.open():
            await anyio.sleep(60)
            assert (await shop.webhooks.statuses())[0].state == "gone", "also after a restart"
            status = 204
            assert (await shop.webhooks.test("erp")).delivered
            assert await shop.webhooks.resend("erp", None) == 6
            shop.sell("K3")
            await anyio.sleep(60)
            assert (await shop.webhooks.statuses())[0].state == "active"
        kinds = [each for each in erp.tries if each.content["type"] != "webhook.test"]
        assert by_key(kinds[1:]) == {"K1": WAY, "K2": WAY, "K3": WAY}
        shop.journal.store.close()

    virtual.run(main())


def test_another_url_is_another_receiver(place: Path) -> None:
    async def main() -> None:
        erp = Scripted(lambda _: 410)
        shop = Shop(place, erp=erp)
        async with shop.open():
            shop.sell("K1")
            await anyio.sleep(60)
        shop.hooks["erp"] = shop.hooks["erp"]._replace(
            subscription=shop.hooks["erp"].subscription._replace(address=b"2")
        )
        erp.answer = lambda _: 200
        shop.restart()
        shop.sell("K2")
        async with shop.open():
            await anyio.sleep(60)
            assert (await shop.webhooks.statuses())[0].state == "active"
            assert (shop.waiting(), shop.dead()) == (0, 3)
        shop.journal.store.close()

    virtual.run(main())


def test_a_busy_receiver_gets_the_time_it_asks_for(place: Path) -> None:
    async def main() -> None:
        erp = Scripted(lambda one: Answer(429, "600") if one.at < 60 else Answer(200))
        shop = Shop(place, erp=erp)
        async with shop.open():
            shop.sell("K1")
            await anyio.sleep(3600)
        assert erp.tries[1].at - erp.tries[0].at == pytest.approx(600, abs=5)
        assert shop.waiting() == 0
        shop.journal.store.close()

    virtual.run(main())


def test_a_receiver_that_fails_delays_no_other_receiver(place: Path) -> None:
    async def main() -> None:
        down, fine = Scripted(lambda _: "no answer within 15 s", takes=15), Scripted()
        shop = Shop(place, down=down, fine=fine)
        async with shop.open():
            for number in range(10):
                shop.sell(f"K{number}")
            await anyio.sleep(30)
            assert by_key(fine.tries) == {f"K{number}": WAY for number in range(10)}
            states = {each.name: each.state.value for each in await shop.webhooks.statuses()}
        assert states == {"down": "failing", "fine": "active"}
        assert {each.message_id for each in down.tries}.isdisjoint(each.message_id for each in fine.tries)
        shop.journal.store.close()

    virtual.run(main())


def test_a_message_that_hangs_delays_the_others_only_a_little(place: Path) -> None:
    async def main() -> None:
        erp = Scripted(lambda one: "no answer within 15 s" if one.key == "K3" else 200)
        shop = Shop(place, erp=erp)
        async with shop.open():
            for number in range(10):
                shop.sell(f"K{number}")
                await anyio.sleep(600)
        late = [each for each in by_key(erp.tries) if each != "K3"]
        assert len(late) == 9
        assert shop.waiting() == 3
        shop.journal.store.close()

    virtual.run(main())


def test_a_missing_secret_is_looked_for_once_a_minute(place: Path) -> None:
    class NoSecret(Scripted):
        checks = 0

        async def check(self) -> None:
            self.checks += 1
            assert self.checks < 100, "it looks all the time"
            raise SecretUnusable("there is none")

    async def main() -> None:
        erp = NoSecret()
        shop = Shop(place, erp=erp)
        async with shop.open():
            shop.sell("K1")
            await anyio.sleep(600)
        assert 10 <= erp.checks <= 13
        assert (erp.tries, shop.waiting()) == ([], 3)
        shop.journal.store.close()

    virtual.run(main())


def test_an_event_reports_dead_letters_at_once(place: Path) -> None:
    async def main() -> None:
        shop = Shop(place, erp=Scripted(lambda _: 410))
        async with shop.open():
            shop.sell("K1")
            with anyio.fail_after(10):
                while True:
                    changed = shop.changes.next()
                    if shop.webhooks.summaries()["webhook erp"]().dead == 3:
                        break
                    await changed(60)
        shop.journal.store.close()

    virtual.run(main())
