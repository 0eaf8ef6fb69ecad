"""What the vendor's people do: orders, backups that were put back, the audit, searching, erasing."""

from __future__ import annotations

import datetime
import sqlite3
from dataclasses import replace

import pytest

from fiscald.licence import wire
from fiscald.licence.number import SUPPORT, Kind
from fiscald.licence.server import admin, listing, selling
from fiscald.licence.server.listing import AuditFault
from fiscald.licence.server.selling import Item, Order
from fiscald.licence.server.transaction import Transaction
from tests.found import found
from tests.licence.server.https import ALL
from tests.licence.server.running import DAIRY, FLORIST, N1, Computer, Vendor

BOUGHT = datetime.date(2025, 12, 1)
ORDER = Order("W-1", (Item(Kind.LICENCE, ALL, quantity=2), Item(Kind.UPDATES, SUPPORT)), BOUGHT, "FV/1", "Piekarnia")


def place(vendor: Vendor, order: Order = ORDER) -> tuple[list[str], bool]:
    with vendor.do() as t:
        numbers, new = selling.place_order(t, vendor.rules, order, datetime.date(2026, 1, 15), 1, "test")
        return [number.text for number in numbers], new


def test_the_same_order_gives_the_same_numbers(vendor: Vendor) -> None:
    first, new = place(vendor)
    assert (len(set(first)), new) == (3, True)
    assert place(vendor) == (first, False)
    with vendor.do() as t:
        assert [number.text for number in selling.numbers_of(t, vendor.rules, "W-1")] == first


def test_an_order_with_other_content_is_refused(vendor: Vendor) -> None:
    place(vendor)
    with pytest.raises(admin.AdminError, match="exists with other numbers"):
        place(vendor, ORDER._replace(items=ORDER.items[:1]))
    for wrong in (
        ORDER._replace(id=""), ORDER._replace(id="x" * 65), ORDER._replace(id="W-2", items=()),
        ORDER._replace(id="W-2", email="nobody"), ORDER._replace(id="W-2", items=(Item(Kind.LICENCE, ALL, quantity=1001),)),
        ORDER._replace(id="W-2", items=(Item(Kind.UPDATES, SUPPORT, months=3),)), ORDER._replace(id="W\n2"),
    ):  # fmt: skip
        with pytest.raises(admin.AdminError):
            place(vendor, wrong)
    assert vendor.rows("SELECT id FROM purchase") == [("W-1",)]


def test_updates_run_from_the_day_of_purchase(vendor: Vendor, till: Computer) -> None:
    numbers, _ = place(vendor)
    paid = vendor.activate(till, numbers[0]).crt
    assert paid.upd == datetime.date(2026, 12, 1)
    longer = vendor.ask(till, wire.Support, number=numbers[2], lic=paid.sub).crt
    assert longer.upd == datetime.date(2027, 12, 1)


async def test_an_orders_mail_has_its_numbers_and_the_queue_has_not(vendor: Vendor) -> None:
    numbers, _ = place(vendor, ORDER._replace(email="a@bakery.pl", lang="nl"))
    with vendor.do() as t:
        assert selling.send_order(t, vendor.rules, "W-1") == "a@bakery.pl"
    dump = "\n".join(vendor.store._db.iterdump())
    assert await vendor.outbox.send_one()
    mail = vendor.mailbox.mails[-1].get_content()
    for number in found(numbers):
        assert number in mail
        assert number not in dump
    assert "W-1" in mail


def test_numbers_sold_after_a_restored_backup_are_adopted(vendor: Vendor, till: Computer) -> None:
    lost = vendor.number()
    with vendor.do() as t:
        t.do("DELETE FROM number")  # as in the copy from before the sale
    assert vendor.activate(till, lost.text).refused == "number_unknown"
    item = Item(lost.kind, lost.flags)
    with vendor.do() as t:
        assert selling.adopt(t, vendor.keyring, lost, item)
        assert not selling.adopt(t, vendor.keyring, lost, item)
    assert vendor.activate(till, lost.text).status == 200
    with vendor.do() as t, pytest.raises(admin.AdminError, match="not made with"):
        selling.adopt(t, vendor.keyring, replace(lost, mac=lost.mac ^ 1), item)


def test_certificates_after_a_restore_are_above_those_signed_since(vendor: Vendor, till: Computer) -> None:
    number = vendor.number().text
    paid = vendor.activate(till, number).crt
    with vendor.do() as t:
        assert admin.restored(t) == 1
    assert vendor.activate(till, number).crt.seq == paid.seq + admin.JUMP + 1


def test_a_deleted_or_changed_row_of_the_audit_shows(vendor: Vendor, till: Computer) -> None:
    vendor.activate(till, vendor.number().text)
    with vendor.do() as t:
        newest = listing.verify_audit(t)
        assert listing.verify_audit(t, newest) == newest
    for tampering, why in (
        ("DELETE FROM audit WHERE id = 2", "rows 2 to 2"),
        ("UPDATE audit SET ref = 'x' WHERE id = 2", "row 2"),
        ("DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)", "at its end"),
    ):
        db = sqlite3.connect(":memory:")
        vendor.store._db.backup(db)
        for trigger in ("audit_kept", "audit_fixed"):
            db.execute(f"DROP TRIGGER {trigger}")
        db.execute(tampering)
        tampered = Transaction(db, 0, "thief")
        with pytest.raises(AuditFault, match=why):
            listing.verify_audit(tampered, newest)
        db.close()


def test_a_search_is_for_text_and_not_for_patterns(vendor: Vendor, till: Computer, office: Computer) -> None:
    paid = vendor.activate(till, vendor.number().text).crt
    vendor.activate(office, vendor.number().text, {**DAIRY, "name": "Mleko 100%"})
    with vendor.do() as t:
        assert [row["company"]["name"] for row in listing.licences(t, "100%").rows] == ["Mleko 100%"]
        assert not listing.licences(t, "%").rows
        assert not listing.licences(t, "_").rows
        assert [row["licence"] for row in listing.licences(t, "piekarnia").rows] == [paid.sub]


def test_licences_are_listed_page_by_page(vendor: Vendor) -> None:
    for number in range(7):
        vendor.activate(
            Computer(vendor.clock, number + 1), vendor.number().text, {**FLORIST, "name": f"Bloem {number}"}
        )
        vendor.clock.go(number % 2)
    seen: list[str] = []
    after: str | None = None
    with vendor.do() as t:
        while True:
            page = listing.licences(t, after=after, limit=3)
            seen += [row["company"]["name"] for row in page.rows]
            if page.after is None:
                break
            after = page.after
        assert sorted(seen) == [f"Bloem {number}" for number in range(7)]
        searched = listing.licences(t, "bloem", limit=3)
        assert len(searched.rows) == 3
        assert len(listing.licences(t, "bloem", after=searched.after).rows) == 4


async def test_a_licence_without_an_address_is_erased_too(vendor: Vendor, till: Computer) -> None:
    vendor.publish(N1)
    paid = vendor.activate(till, N1).crt
    with vendor.do() as t:
        admin.rename(
            t, vendor.keyring, paid.sub, new_name="Nazwisko Imię", post=None, cc=None, tin="5260001246", email=None
        )
    with vendor.do() as t:
        admin.suspend(t, vendor.rules, paid.sub, "Kowalski has not paid.")
        admin.revoke(t, vendor.rules, t.seats(paid.sub)[0].id, "Kowalski has not paid.")
        admin.forget(t, paid.sub)
    dump = "\n".join(vendor.store._db.iterdump())
    for personal in ("1234563218", "5260001246", "Nazwisko", "PIEKARNIA", "00-950", "Kowalski", till.key.thumbprint):
        assert personal not in dump
    with vendor.do() as t:
        listing.verify_audit(t)
