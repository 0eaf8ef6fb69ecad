"""What the vendor decides about a licence number, case by case."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from fiscald.licence import wire
from fiscald.licence.number import APP, BANK, FISCAL, SUPPORT, Kind
from fiscald.licence.server import terms
from fiscald.licence.server.refusals import TooMany, Unable
from tests.licence.server.running import F1, N1, Computer, Vendor

DATE = datetime.date


async def test_a_number_that_was_never_issued_raises_the_alarm(
    vendor: Vendor, till: Computer, caplog: pytest.LogCaptureFixture
) -> None:
    refused = vendor.activate(till, N1)
    assert (refused.status, refused.refused) == (404, "number_unknown")
    assert "never issued" in caplog.text
    assert vendor.audit() == ["number.not_issued"]


async def test_more_than_twenty_wrong_macs_a_day_raise_the_alarm(
    vendor: Vendor, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(20):
        vendor.activate(Computer(vendor.clock, number), F1)
    assert "ALARM" not in caplog.text
    vendor.activate(Computer(vendor.clock, 21), F1)
    assert "ALARM: 21 well-formed numbers" in caplog.text


@pytest.mark.slow
async def test_wrong_macs_from_a_hundred_networks_keep_no_customer_out(vendor: Vendor, till: Computer) -> None:
    number = vendor.number().text
    for stranger in range(1, 102):
        guessing = Computer(vendor.clock, 100 + stranger, f"203.0.113.{stranger}")
        for _ in range(10):
            assert vendor.activate(guessing, F1).status == 404
    assert vendor.activate(till, number).status == 200
    with vendor.do() as t:
        t.do("UPDATE throttle SET n = 30 WHERE bucket LIKE 'wrong-mac.network.day:%'")
    vendor.clock.go(3600)
    with pytest.raises(TooMany):
        vendor.activate(Computer(vendor.clock, 250, "203.0.113.5"), number)


async def test_a_computer_may_activate_ten_times_a_day(vendor: Vendor) -> None:
    number = vendor.number().text
    for attempt in range(10):
        assert (
            vendor.activate(Computer(vendor.clock, 1, f"203.0.113.{attempt}"), number, nonce=f"{attempt:022}").status
            == 200
        )
    with pytest.raises(TooMany):
        vendor.activate(Computer(vendor.clock, 1, "203.0.113.99"), number, nonce=f"{99:022}")


async def test_a_newer_number_replaces_the_former_one_on_the_same_computer(vendor: Vendor, till: Computer) -> None:
    former, newer = vendor.number(APP | SUPPORT), vendor.number(APP | FISCAL, on="2026-01-16")
    first = vendor.activate(till, former.text).crt
    second = vendor.activate(till, newer.text).crt
    assert (second.sub, second.seq) == (first.sub, first.seq + 1)
    assert second.modules == ("app", "fiscal")
    assert second.upd == DATE(2027, 1, 15)  # what was paid for stays
    replaced = vendor.activate(till, former.text)
    assert (replaced.status, replaced.refused) == (410, "number_replaced")
    assert replaced.answer.refused is not None
    assert newer.hint in replaced.answer.refused.detail
    lesser = vendor.activate(till, vendor.number(APP).text)
    assert (lesser.status, lesser.refused) == (409, "number_lesser")
    assert vendor.check(till, second).verdict == "ok"


async def test_a_number_without_support_covers_what_was_out_when_it_was_bought(vendor: Vendor, till: Computer) -> None:
    assert vendor.activate(till, vendor.number(APP | BANK).text).crt.upd == DATE(2026, 1, 15)


@pytest.mark.parametrize(
    ("upd", "issued", "then"),
    [
        (DATE(2027, 1, 15), DATE(2026, 6, 1), DATE(2028, 1, 15)),
        (DATE(2026, 1, 15), DATE(2026, 6, 1), DATE(2027, 6, 1)),
        (DATE(2026, 1, 15), DATE(2028, 2, 29), DATE(2029, 2, 28)),
        (DATE(2028, 2, 29), DATE(2026, 1, 1), DATE(2029, 2, 28)),
    ],
)
def test_a_year_of_updates_begins_where_the_last_ends_or_with_the_purchase(
    upd: datetime.date, issued: datetime.date, then: datetime.date
) -> None:
    assert terms.more_updates(upd, issued) == then


async def test_an_update_number_is_for_a_bought_licence_on_this_computer(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    year = vendor.number(SUPPORT, kind=Kind.UPDATES).text
    trial = await vendor.trial(till)
    refused = vendor.ask(till, wire.Support, number=year, lic=trial.sub)
    assert (refused.status, refused.refused) == (409, "licence_trial")
    refused = vendor.ask(office, wire.Support, number=year, lic=trial.sub)
    assert (refused.status, refused.refused) == (403, "other_computer")
    refused = vendor.ask(office, wire.Support, number=year, lic="lic_NONE")
    assert (refused.status, refused.refused) == (404, "licence_unknown")
    paid = vendor.activate(till, vendor.number().text).crt
    assert vendor.ask(till, wire.Support, number=year, lic=paid.sub).crt.upd == DATE(2028, 1, 15)


async def test_an_old_mac_key_still_knows_its_numbers(vendor: Vendor, till: Computer) -> None:

    number = vendor.number().text
    paid = vendor.activate(till, number).crt
    vendor.keyring = replace(vendor.keyring, mac={**vendor.keyring.mac, 2: bytes(32)})
    vendor.restart()
    assert vendor.activate(till, number).crt.number == paid.number
    vendor.keyring = replace(vendor.keyring, mac={2: bytes(32)})
    vendor.restart()
    vendor.clock.go(days=20)
    with pytest.raises(Unable, match=r"mac-1\.key is missing"):
        vendor.check(till, paid)
