"""What only PostgreSQL offers: several dispatchers at once, and a server that is killed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import anyio
import anyio.to_thread
import pytest

from fiscald.fleet.central import Database, DatabaseError, orders, shops
from fiscald.fleet.central.recording import Verified, record
from fiscald.fleet.messages import Outcome, OutcomeState
from tests.fleet.central.desk import CARD, SESSION, SHOP, START, TEA, desk, job, submission
from tests.fleet.central.postgres import Cluster

NOW = START.timestamp()


@pytest.fixture
def url(cluster: Cluster) -> str:
    return cluster.new_database()


def heard(db: Database) -> None:
    shops.enrol(db, CARD, NOW)
    with db.change() as connection:
        connection.exec_driver_sql(f"UPDATE fleet_shops SET session = '{SESSION}'")


def test_dispatchers_never_claim_the_same_order(db: Database) -> None:
    heard(db)
    for number in range(60):
        orders.submit(db, f"o{number}", SHOP, submission(), NOW)
    with ThreadPoolExecutor(6) as threads:
        claimed = list(threads.map(lambda _: orders.claim(db, NOW, 10), range(6)))
    keys = [each.key for batch in claimed for each in batch]
    assert len(keys) == len(set(keys)) == 60


def test_the_same_order_from_many_sides_is_one(db: Database) -> None:
    shops.enrol(db, CARD, NOW)
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: orders.submit(db, "a", SHOP, submission(), NOW)[1], range(24)))
    assert made.count(True) == 1


def test_dispatchers_that_get_the_same_outcomes_do_not_block_each_other(db: Database) -> None:
    shops.enrol(db, CARD, NOW)
    came = []
    for number in range(20):
        orders.submit(db, f"o{number}", SHOP, submission(TEA), NOW)
        outcome = Outcome(
            shop=SHOP, central="erp", session=SESSION, key=f"o{number}", issued=START, state=OutcomeState.DONE, final=True,
            digest=submission(TEA).digest().hex(), job=job(number=number),
        )  # fmt: skip
        came.append(Verified(outcome, f"{number:064x}", "signed"))
    batches = [came, came[::-1], came[10:] + came[:10]] * 2
    with ThreadPoolExecutor(6) as threads:
        stored = list(threads.map(lambda batch: record(db, batch, START), batches))
    assert sorted(key for each in stored for key in each.changed) == sorted(f"o{number}" for number in range(20))
    assert all(len(each.acknowledged) == 20 for each in stored)


def test_an_unreachable_server_is_named_without_the_password(cluster: Cluster) -> None:
    with pytest.raises(DatabaseError) as refused:
        Database(f"postgresql://{cluster.user}:geheim@/none?host={cluster.folder}")
    assert "geheim" not in str(refused.value)
    with pytest.raises(DatabaseError):
        Database("mysql://x/y")


@pytest.mark.slow
async def test_a_killed_server_loses_nothing_that_was_acknowledged(db: Database, cluster: Cluster) -> None:
    async with desk(db, poll=0.2) as central:
        central.submit("before")
        await central.until(lambda: central.orders)
        before = central.hand(central.outcome(key="before"))
        await central.until(lambda: before in central.acknowledged)
        central.submit("after")
        await anyio.to_thread.run_sync(cluster.kill)
        said = central.outcome(key="after")
        digest = central.hand(said)
        await anyio.sleep(1)
        assert digest not in central.acknowledged
        await anyio.to_thread.run_sync(cluster.restart)

        with anyio.fail_after(60):
            while digest not in central.acknowledged:  # the shop repeats it
                central.hand(said)
                await anyio.sleep(0.5)
        assert central.order("before").final
        assert central.order("after").final
