"""What has run out is forgotten while the server runs, in short turns, whatever happens."""

from __future__ import annotations

import sqlite3

import anyio
import pytest

from fiscald.licence import wire
from fiscald.licence.company import Company
from fiscald.licence.server import housekeeping
from fiscald.licence.server.housekeeping import Housekeeping
from fiscald.licence.server.refusals import Unable
from fiscald.licence.server.transaction import TIDY_ROWS
from tests.licence.server.running import BAKERY, Computer, Vendor


def fill(vendor: Vendor, count: int) -> None:
    with vendor.do() as t:
        for number in range(count):
            t.do("INSERT INTO replay VALUES (?, ?)", number.to_bytes(32, "big"), t.now)


def left(vendor: Vendor) -> int:
    ((count,),) = vendor.rows("SELECT count(*) FROM replay")
    return int(count)


def test_one_turn_deletes_a_bounded_part(vendor: Vendor) -> None:
    fill(vendor, 2 * TIDY_ROWS + 1)
    assert [(vendor.handler.tidy(), left(vendor)) for _ in range(3)] == [
        (True, TIDY_ROWS + 1), (True, 1), (False, 0)
    ]  # fmt: skip


def test_what_still_counts_is_kept(vendor: Vendor, till: Computer) -> None:
    question = till.sign(wire.Activate, number=vendor.number().text, company=BAKERY)
    assert vendor.handler.answer(wire.Activate.path, question.encode(), till.address).status == 200
    vendor.handler.tidy()
    assert vendor.handler.answer(wire.Activate.path, question.encode(), till.address).status == 409
    assert vendor.rows("SELECT count(*) FROM throttle") != [(0,)]


def test_an_unconfirmed_address_goes_however_many_companies_have_theirs(vendor: Vendor) -> None:
    with vendor.do() as t:
        for number in range(TIDY_ROWS + 2):
            account = t.get_or_create_account(f"{number}@shop.example", "pl")
            if number != TIDY_ROWS // 2 and number <= TIDY_ROWS:
                t.add_company(Company(f"Shop {number}", "00-950", "PL", f"{number:010}"), account)
    vendor.clock.go(days=2)
    with vendor.do() as t:
        t.get_or_create_account("today@shop.example", "pl")
    assert not vendor.handler.tidy()
    assert not vendor.handler.tidy()
    emails = {email for (email,) in vendor.rows("SELECT email FROM account")}
    assert len(emails) == TIDY_ROWS + 1
    assert "today@shop.example" in emails
    assert vendor.rows("SELECT count(*) FROM meta") == [(0,)]
    vendor.clock.go(days=2)
    vendor.handler.tidy()
    vendor.handler.tidy()
    assert vendor.rows("SELECT count(*) FROM account") == [(TIDY_ROWS,)]


async def test_a_round_ends_when_all_is_done_or_after_its_turns(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "PAUSE", 0)
    monkeypatch.setattr(housekeeping, "TURNS", 2)
    fill(vendor, 2 * TIDY_ROWS + 1)
    it = Housekeeping(vendor.handler.tidy)
    await it.round()
    assert left(vendor) == 1
    await it.round()
    assert left(vendor) == 0


@pytest.mark.parametrize("error", [Unable("the disk is full"), sqlite3.IntegrityError("FOREIGN KEY"), ValueError("x")])
async def test_an_error_does_not_end_it(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(housekeeping, "INTERVAL", 0)
    turns = 0
    done = anyio.Event()

    def tidy() -> bool:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise error
        if turns == 3:
            anyio.from_thread.run_sync(done.set)
        return False

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Housekeeping(tidy).run)
        with anyio.fail_after(10):
            await done.wait()
        tasks.cancel_scope.cancel()
    assert [record.getMessage()[:17] for record in caplog.records] == ["nothing is tidied"]
    assert turns >= 3
