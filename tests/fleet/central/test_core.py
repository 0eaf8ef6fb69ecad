"""The central's core: what is ordered, published, believed, stored and acknowledged; on both databases."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fiscald.fleet.central import Database, alarms, orders, shops, sqlite_url
from fiscald.fleet.central.dispatcher import BURST, PAUSES
from fiscald.fleet.central.shops import ShopError
from fiscald.fleet.keys import SealKey, Signer
from fiscald.fleet.messages import ShopCard
from fiscald.model.problems import ProblemError
from tests import virtual
from tests.drawn import drawn
from tests.fleet.central.desk import CARD, NEXT_SESSION, SHOP, START, TEA, Desk, desk, job, submission

Scenario = Callable[[Desk], Awaitable[None]]


def play(db: Database, scenario: Scenario, **more: Any) -> None:
    async def main() -> None:
        async with desk(db, **more) as made:
            await scenario(made)

    virtual.run(main())


def test_an_order_is_published_and_ends_with_its_stored_outcome(db: Database) -> None:
    async def scenario(central: Desk) -> None:
        central.submit()
        await central.until(lambda: central.orders)
        _, order = central.orders[0]
        assert (order.key, order.shop, order.session, order.printer) == ("a", SHOP, "s" * 22, "till1")
        digest = central.hand(central.outcome())
        await central.until(lambda: central.acknowledged == [digest])
        row = central.order()
        assert (row.state, row.final, row.tries) == ("done", True, 1)
        await anyio.sleep(80_000)
        assert len(central.orders) == 1

    play(db, scenario)


def test_the_same_order_is_one_and_other_content_is_a_conflict(db: Database) -> None:
    shops.enrol(db, CARD, 0)
    first, is_new = orders.submit(db, "a", SHOP, submission(), 1)
    again, is_new_again = orders.submit(db, "a", SHOP, submission(), 2)
    assert (is_new, is_new_again, again) == (True, False, first)
    for content in ({"document": TEA}, {"printer": "till2"}):
        with pytest.raises(ProblemError) as refused:
            orders.submit(db, "a", SHOP, submission(**content), 3)
        assert refused.value.problem.code == "job.conflict"
    assert orders.find(db, "a") == first


def test_an_order_for_a_shop_that_is_not_enrolled_is_refused(db: Database) -> None:
    with pytest.raises(ProblemError) as refused:
        orders.submit(db, "a", SHOP, submission(), 1)
    assert refused.value.problem.code == "fleet.shop_unknown"
    shops.enrol(db, CARD, 0)
    shops.revoke(db, SHOP, 1)
    with pytest.raises(ProblemError) as refused:
        orders.submit(db, "a", SHOP, submission(), 2)
    assert refused.value.problem.code == "fleet.shop_revoked"


def test_an_open_order_is_published_again_with_growing_pauses(sqlite_db: Database) -> None:
    async def scenario(central: Desk) -> None:
        central.submit()
        await anyio.sleep(sum(PAUSES[:5]) + 5)
        pauses = [after - before for (before, _), (after, _) in itertools.pairwise(central.orders)]
        assert pauses == pytest.approx(PAUSES[:5], abs=1.5)
        central.hand(central.outcome("running"))  # it is in the shop's journal: the pauses stay
        await anyio.sleep(60)
        assert len(central.orders) == 6
        assert central.acknowledged
        assert central.order().state == "running"

    play(sqlite_db, scenario)


def test_a_connection_that_fails_twice_is_used_when_it_is_back(sqlite_db: Database) -> None:
    async def scenario(central: Desk) -> None:
        central.dispatcher.disconnected("the broker was killed")
        central.submit()
        await anyio.sleep(1)  # the order waits for the connection
        central.dispatcher.disconnected("refused")
        await anyio.sleep(1)
        assert central.orders == []
        central.dispatcher.connected()
        await central.until(lambda: central.orders)

    play(sqlite_db, scenario)


def test_a_new_session_makes_open_orders_due_at_once(sqlite_db: Database) -> None:
    async def scenario(central: Desk) -> None:
        central.submit()
        await anyio.sleep(1000)
        count = len(central.orders)
        central.hand(central.status(NEXT_SESSION))
        await anyio.sleep(1)
        assert [order.session for _, order in central.orders[count:]] == [NEXT_SESSION]

    play(sqlite_db, scenario)


def test_a_refusal_for_another_session_tells_the_central_of_it(sqlite_db: Database) -> None:
    async def scenario(central: Desk) -> None:
        central.submit()
        await anyio.sleep(200)
        count = len(central.orders)
        why = {
            "code": "fleet.session", "title": "t", "detail": "d", "detail_pl": "p", "fault": "request",
            "document": "unknown", "retry": "same_key",
        }  # fmt: skip
        central.hand(central.outcome("refused", session=NEXT_SESSION, problem=why))
        await anyio.sleep(1)
        assert [order.session for _, order in central.orders[count:]] == [NEXT_SESSION]
        row = central.order()
        assert (row.state, row.final) == ("accepted", False)
        late = central.status(issued=START + timedelta(seconds=1), connected=START + timedelta(seconds=1))
        central.hand(late)  # a status of the former session comes late
        await anyio.sleep(30)
        assert {order.session for _, order in central.orders[count:]} == {NEXT_SESSION}

    play(sqlite_db, scenario)


def test_nothing_is_published_before_the_shop_was_heard(sqlite_db: Database) -> None:
    async def scenario(central: Desk) -> None:
        central.submit()
        await anyio.sleep(1000)
        assert central.orders == []
        central.hand(central.status())
        await central.until(lambda: central.orders)

    play(sqlite_db, scenario, online=False)


def test_outcomes_without_a_valid_signature_change_nothing(db: Database) -> None:
    async def scenario(central: Desk) -> None:
        central.submit()
        await central.until(lambda: central.orders)
        other = ShopCard(shop="other", device_key=Signer.make().public, encryption_key=SealKey.make().public)
        shops.enrol(db, other, 0)
        central.hand(central.outcome(), Signer.make())
        central.hand(central.outcome(), shop="other")
        central.hand(central.outcome(), shop="nowhere")
        central.hand(central.outcome(central="crm"))
        central.hand(central.outcome("done", final=False))
        central.hand_bytes(b"\xff")
        central.hand_bytes(b"x" * 300_000)
        central.hand_bytes(b"a.b.c")
        central.dispatcher.received("elsewhere", b"")
        await anyio.sleep(1)
        assert central.acknowledged == []
        assert central.order().state == "accepted"
        counted = {name: count for name, count in central.dispatcher.counted.items() if name.startswith("refused_")}
        assert counted == {
            "refused_key_unknown": 2, "refused_unknown_shop": 1, "refused_other_central": 1, "refused_claims": 1,
            "refused_format": 3, "refused_topic": 1,
        }  # fmt: skip

    play(db, scenario)


def test_a_sealed_outcome_is_kept_as_it_was_signed(sqlite_db: Database) -> None:
    async def scenario(central: Desk) -> None:
        central.submit()
        central.hand(central.outcome(), sealed=True)
        await central.until(lambda: central.acknowledged)
        with sqlite_db.reading() as connection:
            message = connection.exec_driver_sql("SELECT message FROM fleet_outcomes").scalar_one()
        assert message.count(".") == 2

    play(sqlite_db, scenario)


def test_a_second_final_outcome_is_an_alarm_and_changes_nothing(db: Database) -> None:
    async def scenario(central: Desk) -> None:
        central.submit()
        first = central.hand(central.outcome(job=job(number=7)))
        await central.until(lambda: central.acknowledged)
        await anyio.sleep(10)
        same = central.hand(central.outcome(job=job(number=7, attempts=2)))  # signed again: it says the same
        await central.until(lambda: central.acknowledged == [first, same])
        assert alarms.count(db) == 0
        other = central.hand(central.outcome(job=job(number=8)))
        central.hand(central.outcome("failed"))
        await central.until(lambda: len(central.acknowledged) == 4)
        assert other in central.acknowledged
        kept = alarms.listed(db)
        assert [(alarm.kind, alarm.order_key) for alarm in kept][:2] == [("changed", "a"), ("changed", "a")]
        assert '"number": 7' in str(central.order().job)
        assert alarms.see(db, kept[0].number, 5)
        assert alarms.count(db) == len(kept) - 1
        assert len(alarms.listed(db, seen=True)) == len(kept)

    play(db, scenario)


@pytest.mark.parametrize(
    ("kind", "key", "document", "shop"),
    [("unknown", "zzz", None, SHOP), ("content", "a", TEA, SHOP), ("shop", "a", None, "other")],
)
def test_an_outcome_that_was_not_ordered_is_an_alarm(
    sqlite_db: Database, kind: str, key: str, document: Any, shop: str
) -> None:
    async def scenario(central: Desk) -> None:
        central.submit()
        shops.enrol(sqlite_db, CARD.model_copy(update={"shop": "other"}), 0)
        said = central.outcome(key=key, shop=shop, **({} if document is None else {"document": document}))
        for _ in range(3):
            central.hand(said, shop=shop)
            await anyio.sleep(1)
        assert len(central.acknowledged) == 3
        assert [alarm.kind for alarm in alarms.listed(sqlite_db)] == [kind]
        assert central.order().state == "accepted"

    play(sqlite_db, scenario)


def test_undecided_is_shown_and_followed_by_the_decision(db: Database) -> None:
    async def scenario(central: Desk) -> None:
        central.submit()
        central.hand(central.outcome("undecided"))
        await central.until(lambda: central.order().state == "undecided")
        assert not central.order().final
        await anyio.sleep(60)
        central.hand(central.outcome("done"))
        await central.until(lambda: central.order().final)
        assert central.order().state == "done"
        central.hand(central.outcome("undecided", issued=START))  # the former one comes again
        await anyio.sleep(1)
        assert central.order().state == "done"
        assert alarms.count(db) == 0

    play(db, scenario)


def test_a_killed_dispatcher_leaves_its_orders_to_another(db: Database) -> None:
    async def main() -> None:
        async with desk(db, poll=1.0) as first:
            first.submit()
            assert [each.key for each in orders.claim(db, first.clock().timestamp(), 10)] == ["a"]
            assert orders.claim(db, first.clock().timestamp(), 10) == []
        later = START + timedelta(seconds=orders.LEASE + 1)
        async with desk(db, start=later, online=False) as second:
            await second.until(lambda: second.orders, 5)

    virtual.run(main())


def test_an_outcome_is_acknowledged_only_after_it_is_stored(
    sqlite_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    from fiscald.fleet.central import recording

    async def scenario(central: Desk) -> None:
        central.submit()
        whole = recording._keep_state

        def broken(*_: Any) -> None:
            raise OperationalError("disk", None, Exception("full"))

        monkeypatch.setattr(recording, "_keep_state", broken)
        said = central.outcome()
        central.hand(said)
        await anyio.sleep(3)
        assert central.acknowledged == []
        monkeypatch.setattr(recording, "_keep_state", whole)
        await anyio.sleep(10)
        central.hand(said)
        await central.until(lambda: central.acknowledged)
        assert central.order().final

    play(sqlite_db, scenario)


def test_an_acknowledgement_that_is_lost_is_sent_again_with_the_outcome(sqlite_db: Database) -> None:
    async def scenario(central: Desk) -> None:
        central.submit()
        central.away = True
        said = central.outcome()
        central.hand(said)
        await anyio.sleep(20)
        assert central.order().final
        central.away = False
        for _ in range(3):
            central.hand(said)
            await anyio.sleep(1)
        assert len(central.acknowledged) == 3

    play(sqlite_db, scenario)


def test_one_shop_gets_its_orders_in_small_bursts(sqlite_db: Database) -> None:
    async def scenario(central: Desk) -> None:
        for number in range(5 * BURST):
            central.submit(f"order-{number}")
        await anyio.sleep(1)
        assert len(central.orders) == BURST
        await anyio.sleep(60)
        assert len({order.key for _, order in central.orders}) == 5 * BURST

    play(sqlite_db, scenario)


def test_a_revoked_shop_gets_nothing_and_is_not_believed(sqlite_db: Database) -> None:
    async def scenario(central: Desk) -> None:
        central.submit()
        await central.until(lambda: central.orders)
        shops.revoke(sqlite_db, SHOP, central.clock().timestamp())
        central.hand(central.status(NEXT_SESSION))
        central.hand(central.outcome())
        await anyio.sleep(5000)
        assert len(central.orders) == 1
        assert central.order().state == "accepted"
        assert central.dispatcher.counted["refused_revoked_shop"] == 2

    play(sqlite_db, scenario)


def test_other_keys_of_a_shop_need_the_word_replace(db: Database) -> None:
    shops.enrol(db, CARD, 1)
    shops.enrol(db, CARD, 2)
    other = CARD.model_copy(update={"device_key": Signer.make().public})
    with pytest.raises(ShopError):
        shops.enrol(db, other, 3)
    shops.enrol(db, other, 4, replace=True)
    found = shops.find(db, SHOP)
    assert found is not None
    assert (found.device_key, found.enrolled) == (other.device_key, 4)
    with pytest.raises(ShopError):
        shops.revoke(db, "nowhere", 5)


def test_a_status_counts_only_if_it_is_newer(sqlite_db: Database) -> None:
    async def scenario(central: Desk) -> None:
        async def told() -> tuple[str | None, bool]:
            await anyio.sleep(0.2)
            shop = shops.find(sqlite_db, SHOP)
            assert shop is not None
            assert shop.told is not None
            return shop.session, shop.told.online

        first = central.status()
        await anyio.sleep(10)
        central.hand(central.status(NEXT_SESSION))
        assert await told() == (NEXT_SESSION, True)
        central.hand(first)
        assert await told() == (NEXT_SESSION, True)
        far = central.clock() + timedelta(days=400)  # a shop whose clock was wrong
        central.hand(central.status("u" * 22, connected=far, issued=far))
        assert await told() == ("u" * 22, True)
        central.hand(central.status("v" * 22))
        assert await told() == ("v" * 22, True)

    play(sqlite_db, scenario)


_STATES = st.sampled_from(["accepted", "running", "undecided", "done", "failed", "forged"])


@settings(max_examples=drawn(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries=st.lists(st.tuples(_STATES, st.integers(0, 3)), min_size=1, max_size=12))
def test_any_order_of_deliveries_gives_one_outcome(
    tmp_path_factory: pytest.TempPathFactory, deliveries: list[tuple[str, int]]
) -> None:
    """The first final outcome of the shop that comes stays; another one is an alarm; forged ones are nothing."""
    db = Database(sqlite_url(tmp_path_factory.mktemp("any") / "fleet.db"))

    async def scenario(central: Desk) -> None:
        central.submit()
        made: dict[tuple[str, int], Any] = {}
        expected, differs = None, False
        for state, minutes in deliveries:
            genuine = "done" if state == "forged" else state
            said = made.setdefault(
                (state, minutes), central.outcome(genuine, issued=START + timedelta(minutes=minutes))
            )
            central.hand(said, Signer.make() if state == "forged" else central_device())
            await anyio.sleep(0.2)
            if state in ("done", "failed"):
                differs |= expected not in (None, state)
                expected = expected or state
            row = central.order()
            assert row.final == (expected is not None)
            if expected is not None:
                assert row.state == expected
        assert (alarms.count(db) > 0) == differs
        genuine_count = len([state for state, _ in deliveries if state != "forged"])
        assert len(central.acknowledged) == genuine_count

    try:
        play(db, scenario)
    finally:
        db.close()


def central_device() -> Signer:
    from tests.fleet.central.desk import DEVICE

    return DEVICE
