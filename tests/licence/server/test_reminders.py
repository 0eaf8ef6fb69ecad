"""Reminders: who gets which, when, and that each is sent once whatever the clock or the power does."""

from __future__ import annotations

import datetime
import json
import sqlite3
from contextlib import closing
from typing import Any

import anyio
import pytest

from fiscald.licence import wire
from fiscald.licence.company import Company
from fiscald.licence.number import APP, FISCAL, SUPPORT, Kind
from fiscald.licence.server import admin, reminders, selling
from fiscald.licence.server.config import ConfigError, load
from fiscald.licence.server.refusals import Unable
from fiscald.licence.server.reminders import BY_END, BY_UPDATES, Reminders
from fiscald.licence.server.selling import Item, Order
from fiscald.licence.server.terms import day
from tests.licence.server.running import BAKERY, DAIRY, DAY, FLORIST, Computer, Vendor
from tests.licence.server.test_cli import CONFIG, Office, WallClock, office

__all__ = ["office"]
FLAGS = APP | FISCAL | SUPPORT


async def remind(vendor: Vendor, days: tuple[int, ...] = (30, 7)) -> list[tuple[str, str, str]]:
    """Today's reminders: which text, when it ends, and to whom."""
    with vendor.do() as t:
        t.do("DELETE FROM mail")
    await Reminders(vendor.store, vendor.rules, days, vendor.clock).today()
    return [
        (subject, json.loads(detail)["ends"], to)
        for subject, detail, to in vendor.rows("SELECT subject, detail, recipient FROM mail ORDER BY id")
    ]


def go_to(vendor: Vendor, date: str) -> None:
    """Noon of that day."""
    at = datetime.datetime.combine(datetime.date.fromisoformat(date), datetime.time(12), datetime.UTC)
    vendor.clock.now = int(at.timestamp())


def ordered(vendor: Vendor, order: str = "1", email: str | None = "a@bakery.pl", **changes: Any) -> list[str]:
    item = Item(Kind.LICENCE, FLAGS)._replace(**changes)
    with vendor.do() as t:
        wanted = Order(order, (item,), day(t.now), None, None, email, "nl")
        made, _ = selling.place_order(t, vendor.rules, wanted, day(t.now), 1, "test")
    return [number.text for number in made]


async def test_updates_are_reminded_of_thirty_and_seven_days_before(vendor: Vendor, till: Computer) -> None:
    vendor.activate(till, vendor.number().text, email="a@bakery.pl")  # bought on 2026-01-15
    expected = [("reminder_updates", "2027-01-15", "a@bakery.pl")]
    sent = {}
    for number in range(50):
        go_to(vendor, (datetime.date(2026, 12, 1) + datetime.timedelta(number)).isoformat())
        if found := await remind(vendor):
            sent[day(vendor.clock()).isoformat()] = found
    assert sent == {"2026-12-16": expected, "2027-01-08": expected}


async def test_the_mail_has_the_values_of_its_text(vendor: Vendor, till: Computer) -> None:
    number = vendor.number()
    vendor.activate(till, number.text, email="a@bakery.pl")
    go_to(vendor, "2027-01-10")
    await remind(vendor)
    ((detail,),) = vendor.rows("SELECT detail FROM mail")
    assert json.loads(detail) == {"company": BAKERY["name"], "hint": number.hint, "ends": "2027-01-15"}
    ((what, ref),) = vendor.rows("SELECT what, ref FROM audit ORDER BY id DESC LIMIT 1")
    assert (what, ref[:4]) == ("seat.reminded", "lic_")


async def test_a_trial_has_one_reminder_and_none_on_its_first_day(vendor: Vendor, till: Computer) -> None:
    await vendor.trial(till)
    assert await remind(vendor) == []
    sent = []
    for _ in range(31):
        vendor.clock.go(days=1)
        sent += [(day(vendor.clock()).isoformat(), *mail) for mail in await remind(vendor)]
    assert sent == [("2026-02-08", "reminder_trial", "2026-02-15", "a@bakery.pl")]


async def test_a_term_is_reminded_of_and_its_updates_are_not(vendor: Vendor, till: Computer) -> None:
    vendor.activate(till, vendor.number(months=12).text, email="a@bakery.pl")
    sent = []
    for _ in range(400):
        vendor.clock.go(days=1)
        sent += [(day(vendor.clock()).isoformat(), *mail) for mail in await remind(vendor)]
    term = ("reminder_term", "2027-01-16", "a@bakery.pl")
    assert sent == [("2026-12-17", *term), ("2027-01-09", *term)]


async def test_a_month_has_one_reminder_only(vendor: Vendor, till: Computer) -> None:
    vendor.activate(till, vendor.number(months=1).text, email="a@bakery.pl")
    sent = []
    for _ in range(40):
        sent += [day(vendor.clock()).isoformat() for _ in await remind(vendor)]
        vendor.clock.go(days=1)
    assert sent == ["2026-02-09"]


async def test_neither_restarts_nor_clocks_send_one_twice(vendor: Vendor, till: Computer) -> None:
    vendor.activate(till, vendor.number().text, email="a@bakery.pl")
    go_to(vendor, "2026-12-20")
    assert len(await remind(vendor)) == 1
    assert await remind(vendor) == []
    with vendor.do() as t:
        t.do("DELETE FROM meta")  # as after a crash before the day was noted
    vendor.restart()
    assert await remind(vendor) == []
    go_to(vendor, "2027-01-09")
    assert len(await remind(vendor)) == 1
    for date in ("2026-12-18", "2027-01-10", "2027-01-14"):
        go_to(vendor, date)
        with vendor.do() as t:
            t.audit("clock.accepted")
        assert await remind(vendor) == []


async def test_no_reminder_while_the_clock_is_behind(vendor: Vendor, till: Computer) -> None:
    vendor.activate(till, vendor.number().text, email="a@bakery.pl")
    go_to(vendor, "2027-03-01")
    with vendor.do() as t:
        t.audit("clock.accepted")
    go_to(vendor, "2027-01-10")
    it = Reminders(vendor.store, vendor.rules, (30,), vendor.clock)
    with pytest.raises(Unable):
        await it.today()
    assert vendor.rows("SELECT count(*) FROM mail WHERE subject = 'reminder_updates'") == [(0,)]


async def test_days_without_the_server_are_made_up_for_with_one_mail(vendor: Vendor, till: Computer) -> None:
    vendor.activate(till, vendor.number().text, email="a@bakery.pl")
    go_to(vendor, "2027-01-12")
    assert len(await remind(vendor)) == 1
    vendor.clock.go(days=1)
    assert await remind(vendor) == []


async def test_a_new_end_is_reminded_of_again(vendor: Vendor, till: Computer) -> None:
    paid = vendor.activate(till, vendor.number().text, email="a@bakery.pl").crt
    go_to(vendor, "2027-01-10")
    assert len(await remind(vendor)) == 1
    year = vendor.number(SUPPORT, kind=Kind.UPDATES, on="2027-01-10")
    vendor.ask(till, wire.Support, lic=paid.sub, number=year.text)
    vendor.clock.go(days=1)
    assert await remind(vendor) == []
    go_to(vendor, "2028-01-10")
    assert await remind(vendor) == [("reminder_updates", "2028-01-15", "a@bakery.pl")]


async def test_the_order_has_an_address_where_the_company_has_none(vendor: Vendor, till: Computer) -> None:
    vendor.activate(till, ordered(vendor)[0])
    go_to(vendor, "2027-01-10")
    assert await remind(vendor) == [("reminder_updates", "2027-01-16", "a@bakery.pl")]
    assert vendor.rows("SELECT lang FROM mail") == [("nl",)]


async def test_the_companys_address_goes_before_the_orders(vendor: Vendor, till: Computer) -> None:
    vendor.activate(till, ordered(vendor)[0], email="boss@bakery.pl")
    go_to(vendor, "2027-01-10")
    assert [to for _, _, to in await remind(vendor)] == ["boss@bakery.pl"]


async def test_without_any_address_one_is_sent_once_there_is_one(vendor: Vendor, till: Computer) -> None:
    paid = vendor.activate(till, ordered(vendor, email=None)[0]).crt
    go_to(vendor, "2027-01-10")
    assert await remind(vendor) == []
    with vendor.do() as t:
        admin.rename(t, vendor.keyring, paid.sub, new_name=None, post=None, cc=None, tin=None, email="a@bakery.pl")
    vendor.clock.go(days=1)
    assert len(await remind(vendor)) == 1


@pytest.mark.parametrize("what", ["suspended", "revoked", "seat", "cancelled", "company", "account", "over"])
async def test_who_has_no_licence_in_force_gets_none(vendor: Vendor, till: Computer, what: str) -> None:
    paid = vendor.activate(till, ordered(vendor)[0], email="a@bakery.pl").crt
    with vendor.do() as t:
        (seat,) = t.seats(paid.sub)
        match what:
            case "suspended":
                admin.suspend(t, vendor.rules, paid.sub, None)
            case "revoked":
                admin.revoke(t, vendor.rules, paid.sub, None)
            case "seat":
                admin.revoke(t, vendor.rules, seat.id, None)
            case "cancelled":
                selling.cancel_order(t, "1", revoke_used=True)
            case "company":
                admin.forget(t, paid.sub)
            case "account":
                admin.forget(t, "a@bakery.pl")
    go_to(vendor, "2027-01-16" if what == "over" else "2027-01-10")
    assert await remind(vendor) == []


async def test_a_reinstated_licence_is_reminded_of(vendor: Vendor, till: Computer) -> None:
    paid = vendor.activate(till, vendor.number().text, email="a@bakery.pl").crt
    with vendor.do() as t:
        admin.suspend(t, vendor.rules, paid.sub, None)
    go_to(vendor, "2027-01-10")
    assert await remind(vendor) == []
    with vendor.do() as t:
        admin.reinstate(t, vendor.rules, paid.sub)
    vendor.clock.go(days=1)
    assert len(await remind(vendor)) == 1


async def test_a_replaced_trial_gets_none(vendor: Vendor, till: Computer) -> None:
    await vendor.trial(till)
    vendor.activate(till, vendor.number().text)
    vendor.clock.go(days=25)
    assert await remind(vendor) == []


async def test_an_erased_address_gets_nothing_that_waits(vendor: Vendor, till: Computer) -> None:
    """The reminder went to the order's address, and the mail server was down when the company was erased."""
    paid = vendor.activate(till, ordered(vendor)[0]).crt
    go_to(vendor, "2027-01-10")
    assert len(await remind(vendor)) == 1
    with vendor.do() as t:
        admin.forget(t, paid.sub)
    assert vendor.rows("SELECT count(*) FROM mail") == [(0,)]


async def test_twenty_seats_are_one_mail(vendor: Vendor) -> None:
    for number in range(1, 21):
        vendor.activate(Computer(vendor.clock, number), vendor.number().text, email="a@bakery.pl")
    later = vendor.number(on="2026-01-16")
    vendor.activate(Computer(vendor.clock, 30), later.text)
    go_to(vendor, "2027-01-10")
    sent = await remind(vendor)
    assert sent == [("reminder_updates", end, "a@bakery.pl") for end in ("2027-01-15", "2027-01-16")]
    first, second = [detail for (detail,) in vendor.rows("SELECT detail FROM mail ORDER BY id")]
    assert "(+15)" in first
    assert f'"{later.hint}"' in second


async def test_a_large_day_is_done_in_small_transactions(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "PAGE", 7)
    monkeypatch.setattr(reminders, "BATCH", 3)
    many(vendor, 20, "2027-01-15")
    many(vendor, 20, "2027-01-14")
    go_to(vendor, "2027-01-10")
    it = Reminders(vendor.store, vendor.rules, (7,), vendor.clock)
    planned = [one.licence for batch in it.due() for one in batch]
    batches = list(it.send())
    assert max(len(batch) for batch in batches) == 3
    sent = [one.licence for batch in batches for one in batch]
    assert sent == planned
    assert len(set(sent)) == 40
    assert [one for batch in it.due() for one in batch] == []


def many(vendor: Vendor, count: int, upd: str) -> None:
    """So many companies whose updates end on the same day."""
    with vendor.do() as t:
        account = t.get_or_create_account("a@bakery.pl", "pl")
        for number in range(count):
            company = t.add_company(Company(f"Company {number} {upd}", "00-950", "PL", None), account)
            licence = t.add_licence(company.id, 1, "paid")
            t.add_seat(licence.id, FLAGS, ends=None, upd=upd)


def test_no_hot_query_of_reminders_and_orders_scans(vendor: Vendor) -> None:
    many(vendor, 200, "2027-01-15")
    with vendor.do() as t:
        t.do("ANALYZE")
        for query, values, index in (
            (BY_UPDATES, ("2027-01-01", 0, "2027-02-01", 200), "seat_upd"),
            (BY_END, (0, 0, 1, 200), "seat_ends"),
            ("SELECT id, tries, event, body FROM hook WHERE due <= ? ORDER BY due, id", (0,), "hook_due"),
            ("SELECT 1 FROM hook WHERE due <= ? OR created <= ?", (0, 0), "hook_created"),
            ("DELETE FROM hook WHERE created <= ?", (0,), "hook_created"),
            ("SELECT h FROM number WHERE purchase_id = ? ORDER BY rowid", (0,), "number_purchase"),
            ("SELECT id FROM access_token WHERE h = ? AND revoked IS NULL", (b"",), "autoindex_access_token"),
        ):
            plan = " | ".join(row[3] for row in t.all(f"EXPLAIN QUERY PLAN {query}", *values))
            assert index in plan, plan
            assert "SCAN" not in plan, plan
            assert "TEMP B-TREE" not in plan, plan


async def test_the_task_reminds_once_a_day_and_wakes_the_outbox(vendor: Vendor, till: Computer) -> None:
    vendor.activate(till, vendor.number().text, email="a@bakery.pl")
    go_to(vendor, "2027-01-10")
    it = Reminders(vendor.store, vendor.rules, (30, 7), vendor.clock)
    woken = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(it.run, woken.set)
        await woken.wait()
        tasks.cancel_scope.cancel()
    assert vendor.rows("SELECT count(*) FROM mail WHERE subject = 'reminder_updates'") == [(1,)]
    assert await it.today() == 0


async def test_the_reminders_of_several_companies(vendor: Vendor) -> None:
    for number, company in enumerate((BAKERY, DAIRY, FLORIST), 1):
        vendor.activate(
            Computer(vendor.clock, number), vendor.number().text, company, email=f"{number}@x.example", lang="nl"
        )
    go_to(vendor, "2027-01-10")
    assert [to for _, _, to in await remind(vendor)] == [f"{number}@x.example" for number in (1, 2, 3)]
    assert await remind(vendor, ()) == []


def test_by_hand_it_is_shown_and_then_sent_once(office: Office) -> None:
    number = office.done("issue", "X", "--support", "--months", "12", "--order", "1", "--email", "a@bakery.pl")
    office.activate(Computer(WallClock()), number)
    office.config.write_text(office.config.read_text() + "[reminders]\ndays = [180]\n")
    assert office.json("remind", "--dry-run") == []
    with closing(sqlite3.connect(office.directory / "vendor.db")) as db, db:  # half of the year has passed
        db.execute("UPDATE seat SET created = created - ?, ends = ends - ?", (200 * DAY, 200 * DAY))
    (due,) = office.json("remind", "--dry-run")
    assert (due["mail"], due["days"], due["email"]) == ("reminder_term", 180, "a@bakery.pl")
    assert office.json("remind", "--dry-run") == [due]
    assert "reminder_term" in office.done("remind")
    assert office.done("remind") == "none is due"


@pytest.mark.parametrize("days", ["[0]", "[366]", '["7"]', "[1, 2, 3, 4, 5, 6]", "7"])
def test_days_are_few_and_sensible(office: Office, days: str) -> None:
    office.config.write_text(f"{CONFIG.format(port=1, tls='')}[reminders]\ndays = {days}\n")
    with pytest.raises(ConfigError, match="reminders"):
        load(office.config)


async def test_a_faulty_row_does_not_end_the_server(
    vendor: Vendor, till: Computer, caplog: pytest.LogCaptureFixture
) -> None:
    vendor.activate(till, vendor.number().text, email="a@bakery.pl")
    go_to(vendor, "2027-01-10")
    with vendor.do() as t:
        t.do("UPDATE seat SET reminded = '2027-01-15/soon'")
    it = Reminders(vendor.store, vendor.rules, (30,), vendor.clock)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(it.run, lambda: None)
        while "no reminders: ValueError" not in caplog.text:
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
