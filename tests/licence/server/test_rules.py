"""What the vendor decides, case by case, with a clock that is told the time and a list as the mail."""

from __future__ import annotations

import datetime
import logging
import re
import shutil
import sqlite3
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fiscald.licence import wire
from fiscald.licence.certificate import verify
from fiscald.licence.keys import TEST_KEY
from fiscald.licence.number import APP, BANK, FISCAL, SUPPORT, Kind
from fiscald.licence.number_reading import read
from fiscald.licence.server import admin, limits, terms
from fiscald.licence.server.refusals import TooMany, Unable
from fiscald.licence.tokens import public_x, read_vendors
from tests.licence.server.https import ALL
from tests.licence.server.running import BAKERY, DAIRY, DAY, F1, FLORIST, N1, N2, T0, Computer, Vendor

DATE = datetime.date


# -- asking for a mail -----------------------------------------------------------------------------------


async def test_a_known_address_makes_the_same_work_as_an_unknown_one(vendor: Vendor, till: Computer) -> None:
    await vendor.trial(till)
    vendor.clock.go(days=1)
    vendor.desk.healthy()  # forgets what has run out
    asker = Computer(vendor.clock, 3)
    cases: list[tuple[type[wire.Question], str, Any]] = [
        (wire.Enrol, "a@bakery.pl", BAKERY),
        (wire.Enrol, "b@bakery.pl", BAKERY),
        (wire.Enrol, "c@bakery.pl", DAIRY),
        (wire.Recover, "a@bakery.pl", None),
        (wire.Recover, "d@bakery.pl", None),
    ]
    work: dict[type[wire.Question], set[tuple[str, ...]]] = {}
    for model, email, company in cases:
        done: list[str] = []
        vendor.store._db.set_trace_callback(done.append)
        vendor.ask(asker, model, email=email, **({"company": company} if company else {}))
        vendor.store._db.set_trace_callback(None)
        changes = tuple(
            re.sub(r"'[^']*'|X'[^']*'|\b\d+\b", "?", each) for each in done if not each.startswith(("SELECT", "--"))
        )
        assert len(changes) > 8
        work.setdefault(model, set()).add(changes)
    assert {model: len(ways) for model, ways in work.items()} == {wire.Enrol: 1, wire.Recover: 1}


async def test_a_code_is_bound_to_the_computer_the_purpose_and_a_quarter_of_an_hour(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    vendor.ask(till, wire.Enrol, email="a@bakery.pl", company=BAKERY)
    code = await vendor.code()
    for _ in range(6):  # a stranger's tries do not burn it
        assert vendor.ask(office, wire.EnrolConfirm, email="a@bakery.pl", code=code).refused == "code_wrong"
    assert vendor.ask(till, wire.RecoverConfirm, email="a@bakery.pl", code=code).refused == "code_wrong"
    assert vendor.ask(till, wire.EnrolConfirm, email="b@bakery.pl", code=code).refused == "code_wrong"
    vendor.clock.go(900)
    assert vendor.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=code).refused == "code_wrong"
    vendor.ask(till, wire.Enrol, email="a@bakery.pl", company=BAKERY)
    former = await vendor.code()
    vendor.ask(till, wire.Enrol, email="a@bakery.pl", company=BAKERY)
    code = await vendor.code()
    assert vendor.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=former).refused == "code_wrong"
    vendor.clock.go(899)
    assert vendor.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=code).status == 200


async def test_a_code_that_was_not_mailed_yet_matches_nothing(vendor: Vendor, till: Computer) -> None:
    vendor.ask(till, wire.Enrol, email="a@bakery.pl", company=BAKERY)
    assert vendor.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code="-").refused == "code_wrong"
    assert vendor.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code="").refused == "code_wrong"


async def test_codes_may_be_tried_twenty_times_a_day(vendor: Vendor, till: Computer) -> None:
    for _ in range(20):
        assert vendor.ask(till, wire.RecoverConfirm, email="a@bakery.pl", code="AAAAA-AAAAA").refused == "code_wrong"
    with pytest.raises(TooMany):
        vendor.ask(till, wire.RecoverConfirm, email="A@BAKERY.pl", code="AAAAA-AAAAA")


async def test_a_stranger_locks_nobody_out_and_fills_no_audit(vendor: Vendor, till: Computer, office: Computer) -> None:
    await vendor.trial(till)
    before = vendor.audit()
    for number in range(30):
        stranger = Computer(vendor.clock, 100 + number, "198.51.100.7")
        email = ("a@bakery.pl", "nobody@example.org")[number % 2]
        assert vendor.ask(stranger, wire.RecoverConfirm, email=email, code="AAAAA-AAAAA").refused == "code_wrong"
    with pytest.raises(TooMany):
        vendor.ask(Computer(vendor.clock, 200, "198.51.100.7"), wire.EnrolConfirm, email="x@bakery.pl", code="A")
    for _ in range(20):
        vendor.ask(office, wire.RecoverConfirm, email="a@bakery.pl", code="AAAAA-AAAAA")
    assert vendor.audit() == before
    assert await vendor.session(till)


async def test_enrolling_is_limited_by_address_and_company(vendor: Vendor) -> None:
    def enrol(number: int, email: str, company: dict[str, str]) -> None:
        vendor.ask(Computer(vendor.clock, number), wire.Enrol, email=email, company=company)

    for number, company in enumerate((BAKERY, DAIRY, FLORIST)):
        enrol(number, "a@bakery.pl", company)
    with pytest.raises(TooMany):
        enrol(9, "a@bakery.pl", BAKERY)
    for number in (10, 11):
        enrol(number, f"a{number}@bakery.pl", DAIRY)
    with pytest.raises(TooMany):
        enrol(12, "a12@bakery.pl", DAIRY | {"name": "Inna nazwa"})
    vendor.clock.go(days=1)
    enrol(12, "a12@bakery.pl", DAIRY)


async def test_recovering_is_limited_by_address(vendor: Vendor) -> None:
    def recover(number: int, email: str = "a@bakery.pl", address: str | None = None) -> None:
        vendor.ask(Computer(vendor.clock, number, address), wire.Recover, email=email)

    for hour in range(2):
        for number in range(3):
            recover(number + 10 * hour)
        with pytest.raises(TooMany):
            recover(9)
        vendor.clock.go(3600)
    with pytest.raises(TooMany):
        recover(30)
    for number in range(10):
        recover(100 + number, f"a{number}@bakery.pl", "198.51.100.7")
    with pytest.raises(TooMany):
        recover(110, "a11@bakery.pl", "198.51.100.7")


async def test_an_address_of_a_network_counts_as_one(vendor: Vendor) -> None:
    assert limits.network("2001:db8:1:100::1", T0) == limits.network("2001:db8:1:1ff:ffff::2", T0)
    assert limits.network("2001:db8:1:100::1", T0) != limits.network("2001:db8:1:200::1", T0)
    assert limits.network("::ffff:192.0.2.1", T0) == limits.network("192.0.2.1", T0)
    assert limits.network("192.0.2.1", T0) != limits.network("192.0.2.2", T0)
    assert limits.network("192.0.2.1", T0) != limits.network("192.0.2.1", T0 + DAY)
    assert limits.network("unknown", T0)


# -- companies -------------------------------------------------------------------------------------------


async def test_a_company_without_a_tax_number_has_one_trial_too(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    trial = await vendor.trial(till, FLORIST, "a@bloem.nl")
    assert trial.company == ("De Bloem", "1011 AB", "NL", None)
    vendor.ask(office, wire.Enrol, email="b@bloem.nl", company={"name": "DE  BLOEM", "post": "1011ab", "cc": "nl"})
    with pytest.raises(ValueError, match="no code"):
        await vendor.code()


async def test_two_enrol_the_same_company_and_the_first_to_confirm_has_it(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    vendor.ask(till, wire.Enrol, email="a@bakery.pl", company=BAKERY)
    first = await vendor.code()
    vendor.ask(office, wire.Enrol, email="b@bakery.pl", company=BAKERY)
    second = await vendor.code()
    assert vendor.ask(office, wire.EnrolConfirm, email="b@bakery.pl", code=second).crt.kind == "trial"
    late = vendor.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=first)
    assert (late.status, late.refused) == (409, "company_known")


async def test_a_company_that_is_written_wrong_is_told_why(vendor: Vendor, till: Computer) -> None:
    wrong = vendor.activate(till, vendor.number().text, BAKERY | {"tin": "1234563219"})
    assert (wrong.status, wrong.refused) == (422, "company_invalid")
    assert wrong.answer.refused is not None
    assert "1234563219 is not a valid tax number" in wrong.answer.refused.detail


async def test_a_bought_number_wins_over_a_strangers_trial(vendor: Vendor, till: Computer, office: Computer) -> None:
    stranger = Computer(vendor.clock, 9)
    trial = await vendor.trial(stranger, BAKERY, "stranger@example.org")
    paid = vendor.activate(till, vendor.number().text).crt
    await vendor.outbox.send_one()
    assert vendor.mailbox.mails[-1]["To"] == "stranger@example.org"
    assert "nie należy już do tej firmy" in vendor.mailbox.mails[-1].get_content()
    assert vendor.check(stranger, trial).verdict == "superseded"
    # The stranger's address moves nothing now.
    session = await vendor_session_without_companies(vendor, stranger)
    moved = vendor.ask(stranger, wire.Transfer, session=session, lic=paid.sub)
    assert (moved.status, moved.refused) == (404, "licence_unknown")
    # The buyer gives an address from the licensed computer; from another it would be anybody.
    vendor.clock.go(days=1)
    vendor.ask(office, wire.Enrol, email="thief@example.org", company=BAKERY)
    with pytest.raises(ValueError, match="no code"):
        await vendor.code()
    vendor.ask(till, wire.Enrol, email="boss@bakery.pl", company=BAKERY)
    again = vendor.ask(till, wire.EnrolConfirm, email="boss@bakery.pl", code=await vendor.code()).crt
    assert (again.sub, again.kind) == (paid.sub, "paid")
    session = await vendor.session(office, "boss@bakery.pl")
    assert vendor.ask(office, wire.Transfer, session=session, lic=paid.sub).crt.mid == office.mid


async def vendor_session_without_companies(vendor: Vendor, computer: Computer) -> str:
    """The address has no company any more, so no code comes: a session made as if it had come before."""
    vendor.ask(computer, wire.Recover, email="stranger@example.org")
    with pytest.raises(ValueError, match="no code"):
        await vendor.code()
    (account,) = vendor.rows("SELECT id FROM account WHERE email_norm = 'stranger@example.org'")[0]
    with vendor.do() as t:
        t.do(
            "INSERT INTO session VALUES (?, ?, ?, ?)",
            vendor.keyring.seal("session", "s"), account, computer.key.thumbprint, vendor.clock() + 900,
        )  # fmt: skip
    return "s"


async def test_a_strangers_number_takes_no_bought_licence_whose_seat_is_free(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    await vendor.trial(till)
    number = vendor.number().text
    paid = vendor.activate(till, number).crt
    vendor.ask(till, wire.Deactivate, lic=paid.sub)
    stranger = Computer(vendor.clock, 9)
    refused = vendor.activate(stranger, vendor.number().text)
    assert (refused.status, refused.refused) == (409, "licence_elsewhere")
    assert [email for (email,) in vendor.rows("SELECT email FROM account JOIN company ON account_id = account.id")] == [
        "a@bakery.pl"
    ]
    # Its own computers go on: the former one with a newer number, another with the old one, and then with a newer.
    newer = vendor.activate(till, vendor.number().text).crt
    vendor.ask(till, wire.Deactivate, lic=newer.sub)
    session = await vendor.session(office)
    assert vendor.ask(office, wire.Transfer, session=session, lic=newer.sub).status == 200
    assert vendor.activate(office, vendor.number().text).crt.sub != newer.sub


async def test_an_account_may_have_several_companies(vendor: Vendor, till: Computer, office: Computer) -> None:
    await vendor.trial(till, BAKERY, "accountant@example.org")
    await vendor.trial(office, DAIRY, "accountant@example.org")
    vendor.ask(till, wire.Recover, email="accountant@example.org")
    answer = vendor.ask(till, wire.RecoverConfirm, email="accountant@example.org", code=await vendor.code()).answer
    assert sorted(company.name for company in answer.companies) == ["Mleczarnia", "PIEKARNIA ŻUREK SP. Z O.O."]
    assert all(company.lic for company in answer.companies)


# -- numbers ---------------------------------------------------------------------------------------------


async def test_a_number_that_was_never_issued_is_not_recognised_and_raises_the_alarm(
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


async def test_a_thousand_wrong_macs_in_an_hour_keep_new_networks_out(vendor: Vendor, till: Computer) -> None:
    number = vendor.number().text
    assert vendor.activate(till, F1).status == 404
    with vendor.do() as t:
        t.do("UPDATE throttle SET n = 1000 WHERE bucket LIKE 'wrong-mac.hour:%'")
    with pytest.raises(TooMany):
        vendor.activate(Computer(vendor.clock, 5), number)
    assert vendor.activate(till, number).status == 200


async def test_a_computer_may_activate_ten_times_a_day(vendor: Vendor) -> None:
    number = vendor.number().text
    for attempt in range(10):
        assert (
            vendor.activate(Computer(vendor.clock, 1, f"203.0.113.{attempt}"), number, nonce=f"{attempt:022}").status
            == 200
        )
    with pytest.raises(TooMany):
        vendor.activate(Computer(vendor.clock, 1, "203.0.113.99"), number, nonce=f"{99:022}")


async def test_a_newer_number_replaces_the_former_one_on_the_same_computer(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    former, newer = vendor.number(APP | SUPPORT), vendor.number(APP | FISCAL, on="2026-01-16")
    first = vendor.activate(till, former.text).crt
    elsewhere = vendor.activate(office, newer.text)
    assert (elsewhere.status, elsewhere.refused) == (409, "licence_elsewhere")
    second = vendor.activate(till, newer.text).crt
    assert second.modules == ("app", "fiscal")
    assert second.upd == DATE(2027, 1, 15)  # what was paid for stays
    assert vendor.check(till, first).verdict == "superseded"
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


# -- checks ----------------------------------------------------------------------------------------------


async def test_a_check_renews_when_less_than_half_of_the_lease_is_left(vendor: Vendor, till: Computer) -> None:
    paid = vendor.activate(till, vendor.number().text).crt
    vendor.clock.go(31 * DAY // 2)
    assert vendor.check(till, paid).verdict == "ok"
    vendor.clock.go(1)
    renewed = vendor.check(till, paid)
    assert renewed.verdict == "renewed"
    # The answer got lost: the next question gets a new one, too.
    assert vendor.check(till, paid).verdict == "renewed"


async def test_a_check_renews_when_rights_or_the_key_have_changed(vendor: Vendor, till: Computer) -> None:

    paid = vendor.activate(till, vendor.number().text).crt
    with vendor.do() as t:
        admin.rename(t, paid.sub, new_name="PIEKARNIA SA", post=None, cc=None, tin="5260001246", email=None)
    status = vendor.check(till, paid)
    renewed = verify((status.crt or "").encode(), {TEST_KEY.kid: TEST_KEY})
    assert (renewed.company.name, renewed.company.tin, renewed.seq) == ("PIEKARNIA SA", "5260001246", paid.seq + 1)
    assert vendor.check(till, renewed).verdict == "ok"
    fresh = Ed25519PrivateKey.generate()
    vendor.keyring = replace(vendor.keyring, kid="k2", signing=fresh)
    vendor.restart()
    token = till.sign(wire.Check, lic=renewed.sub, crt=renewed.jti)
    said = vendor.desk.answer("/v1/check", token.encode(), till.address)

    new_key = replace(TEST_KEY, kid="k2", x=public_x(fresh))
    _, payload = read_vendors(said.text or "", "fiscald-status", {"k2": new_key}, "status")
    assert payload["verdict"] == "renewed"
    assert verify(payload["crt"].encode(), {"k2": new_key}).seq == renewed.seq + 1


async def test_a_trial_ends(vendor: Vendor, till: Computer) -> None:
    trial = await vendor.trial(till)
    vendor.clock.go(30 * DAY - 1)
    assert vendor.check(till, trial).verdict == "renewed"
    vendor.clock.go(1)
    ended = vendor.check(till, trial)
    assert (ended.verdict, ended.since, ended.crt) == ("ended", trial.end, None)


async def test_a_revoked_licence_says_why(vendor: Vendor, till: Computer) -> None:
    number = vendor.number()
    paid = vendor.activate(till, number.text).crt
    vendor.clock.go(60)
    with vendor.do() as t:
        admin.revoke_licence(t, paid.sub, "The payment was charged back.")
    vendor.clock.go(60)
    revoked = vendor.check(till, paid)
    assert (revoked.verdict, revoked.since) == ("revoked", T0 + 60)
    assert revoked.text == "The payment was charged back."
    refused = vendor.activate(till, number.text)
    assert (refused.status, refused.refused) == (410, "number_revoked")
    # A new number works.
    assert vendor.activate(till, vendor.number().text).crt.sub != paid.sub


async def test_a_revoked_number_takes_its_licence_along(vendor: Vendor, till: Computer) -> None:
    vendor.publish(N1, N2[:0] + "51084-0BV2N-WVVR1-EHXGC-29MFX-P826")
    paid = vendor.activate(till, N1).crt
    with vendor.do() as t:
        admin.revoke_number(t, vendor.keyring, read(N1), None)
    revoked = vendor.check(till, paid)
    assert (revoked.verdict, revoked.text) == ("revoked", None)
    with vendor.do() as t, pytest.raises(admin.AdminError, match="never issued"):
        admin.revoke_number(t, vendor.keyring, read(N2), None)


async def test_a_check_from_a_strange_computer_is_no_verdict(vendor: Vendor, till: Computer, office: Computer) -> None:
    paid = vendor.activate(till, vendor.number().text).crt
    refused = vendor.ask(office, wire.Check, lic=paid.sub, crt=paid.jti)
    assert (refused.status, refused.refused) == (403, "other_computer")


async def test_a_cloned_computer_is_noticed_and_not_locked(vendor: Vendor, till: Computer) -> None:
    paid = vendor.activate(till, vendor.number().text).crt
    vendor.clock.go(days=20)
    newer = vendor.ask(till, wire.Check, lic=paid.sub, crt=paid.jti).crt
    vendor.check(till, newer)
    assert "device.twins" not in vendor.audit()
    assert vendor.check(till, paid).verdict == "renewed"  # the clone has the old certificate still
    assert vendor.audit().count("device.twins") == 1


async def test_after_an_old_backup_certificates_are_not_older_than_those_given_out(
    vendor: Vendor, till: Computer
) -> None:
    paid = vendor.activate(till, vendor.number().text).crt
    shutil.copy(vendor.path, vendor.path.with_name("backup.db"))
    shutil.copy(f"{vendor.path}-wal", vendor.path.with_name("backup.db-wal"))
    for _ in range(5):
        vendor.clock.go(days=20)
        paid = vendor.ask(till, wire.Check, lic=paid.sub, crt=paid.jti).crt
    restored = Vendor(vendor.path.with_name("backup.db"), vendor.clock, vendor.keyring)
    renewed = restored.ask(till, wire.Check, lic=paid.sub, crt=paid.jti).crt
    assert renewed.seq == paid.seq + 1 == 7
    for odd in ("crt_X_0099", f"crt_{paid.sub[4:]}_9999999", f"{paid.jti}\n", "crt_*"):
        assert restored.ask(till, wire.Check, lic=paid.sub, crt=odd).crt.seq < 20
    restored.store.close()


async def test_a_licence_may_be_checked_sixty_times_a_day_by_its_own_computer(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    paid = vendor.activate(till, vendor.number().text).crt
    for _ in range(60):
        vendor.check(till, paid)
        vendor.ask(office, wire.Check, lic=paid.sub, crt=paid.jti)
    with pytest.raises(TooMany):
        vendor.check(till, paid)
    vendor.clock.go(days=1)
    assert vendor.check(till, paid).verdict == "ok"


async def test_a_computer_that_had_a_licence_uses_up_no_checks_of_the_one_that_has_it(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    number = vendor.number().text
    former = vendor.activate(till, number).crt
    vendor.ask(till, wire.Deactivate, lic=former.sub)
    paid = vendor.activate(office, number).crt
    for _ in range(60):
        assert vendor.check(till, former).verdict == "superseded"
    assert vendor.check(office, paid).verdict == "ok"


async def test_what_is_kept_of_a_check_is_the_day_and_the_version(vendor: Vendor, till: Computer) -> None:
    vendor.check(till, vendor.activate(till, vendor.number().text).crt)
    assert vendor.rows("SELECT last_day, version FROM device") == [("2026-01-16", "1.0.3")]


# -- moving ----------------------------------------------------------------------------------------------


async def test_a_question_from_ahead_of_the_clock_counts_once_to_its_last_second(
    vendor: Vendor, till: Computer
) -> None:
    paid = vendor.activate(till, vendor.number().text).crt
    token = till.sign(wire.Check, lic=paid.sub, crt=paid.jti, iat=vendor.clock() + wire.WINDOW).encode()
    assert vendor.desk.answer("/v1/check", token, till.address).status == 200
    vendor.clock.go(2 * wire.WINDOW)
    assert vendor.desk.answer("/v1/check", token, till.address).status == 409
    vendor.clock.go(1)
    assert vendor.desk.answer("/v1/check", token, till.address).status == 400


async def test_a_session_is_bound_to_its_computer_and_fifteen_minutes(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    trial = await vendor.trial(till)
    session = await vendor.session(office)
    assert vendor.ask(till, wire.Transfer, session=session, lic=trial.sub).refused == "session_ended"
    assert vendor.ask(office, wire.Transfer, session="x", lic=trial.sub).refused == "session_ended"
    assert vendor.ask(office, wire.Transfer, session=session, lic="lic_X").refused == "licence_unknown"
    vendor.clock.go(900)
    assert vendor.ask(office, wire.Transfer, session=session, lic=trial.sub).refused == "session_ended"


async def test_a_lost_answer_to_a_transfer_may_be_fetched_again_and_is_not_counted(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    trial = await vendor.trial(till)
    session = await vendor.session(office)
    seqs = [vendor.ask(office, wire.Transfer, session=session, lic=trial.sub).crt.seq for _ in range(5)]
    assert seqs == [2, 3, 4, 5, 6]
    assert vendor.audit().count("licence.transferred") == 1


async def test_a_seat_is_given_back_and_its_number_counts_elsewhere(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    number = vendor.number().text
    paid = vendor.activate(till, number).crt
    refused = vendor.ask(office, wire.Deactivate, lic=paid.sub)
    assert (refused.status, refused.refused) == (403, "other_computer")
    for _ in range(2):
        assert vendor.ask(till, wire.Deactivate, lic=paid.sub).answer.released == paid.sub
    assert vendor.check(till, paid).verdict == "superseded"
    assert vendor.activate(office, number).crt.sub == paid.sub
    assert vendor.ask(till, wire.Deactivate, lic=paid.sub).answer.released == paid.sub
    assert vendor.activate(office, number).status == 200


async def test_a_lost_computer_without_an_address_is_for_support(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    number = vendor.number().text
    paid = vendor.activate(till, number).crt
    assert vendor.activate(office, number).refused == "licence_elsewhere"
    with vendor.do() as t:
        admin.unbind(t, paid.sub)
    assert vendor.activate(office, number).status == 200


# -- what is stored, and what is said ----------------------------------------------------------------------


async def test_nothing_secret_is_logged_and_nothing_secret_or_needless_is_stored(
    vendor: Vendor, till: Computer, office: Computer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    number, year = vendor.number(), vendor.number(SUPPORT, kind=Kind.UPDATES)
    trial = await vendor.trial(till)
    secrets = [number.text, year.text, vendor.keyring.pepper.hex()]
    secrets += [vendor.mailbox.mails[-1].get_content().split()[1]]
    paid = vendor.activate(till, number.text).crt
    vendor.activate(till, F1)
    vendor.activate(office, number.text)
    vendor.ask(till, wire.Support, number=year.text, lic=paid.sub)
    session = await vendor.session(office)
    secrets += [session, vendor.mailbox.mails[-1].get_content().split()[1]]
    vendor.ask(office, wire.Transfer, session=session, lic=paid.sub)
    vendor.check(till, trial)
    vendor.ask(till, wire.Enrol, email="left@bakery.pl", company=DAIRY)
    secrets += [till.key.pem, vendor.keyring.signing.private_bytes_raw().hex(), vendor.keyring.mac[1].hex()]
    dump = "\n".join(vendor.store._db.iterdump())
    for secret in secrets:
        for written in (secret, secret.replace("-", ""), secret.lower()):
            assert written not in caplog.text
            assert written not in dump
            assert written.encode().hex().upper() not in dump.upper()
    for address in (till.address, office.address):
        assert address not in dump
        assert address not in caplog.text
    for personal in ("a@bakery.pl", "1234563218", "PIEKARNIA"):
        assert personal not in caplog.text
    assert str(number.serial) in dump  # needed to be unique


async def test_the_audit_only_grows(vendor: Vendor) -> None:

    vendor.number()
    for statement in ("DELETE FROM audit", "UPDATE audit SET at = 0"):
        with pytest.raises(sqlite3.IntegrityError, match="only grows"), vendor.do() as t:
            t.do(statement)
    with vendor.do() as t:
        t.do("INSERT INTO company VALUES ('c', NULL, 'PL', '1', 'a', 'a', 'b', 'b', 0)")
    with pytest.raises(sqlite3.IntegrityError, match="immutable"), vendor.do() as t:
        t.do("UPDATE company SET name = 'x'")
    assert vendor.rows("SELECT count(*) FROM audit") == [(1,)]


async def test_what_has_run_out_is_forgotten(vendor: Vendor, till: Computer) -> None:
    vendor.ask(till, wire.Recover, email="nobody@example.org")
    await vendor.outbox.send_one()
    await vendor.trial(till)
    await vendor.session(till)
    vendor.clock.go(days=40)
    vendor.desk.healthy()
    for table in ("replay", "throttle", "session", "otp", "mail"):
        assert vendor.rows(f"SELECT count(*) FROM {table}") == [(0,)], table
    assert vendor.rows("SELECT email FROM account") == [("a@bakery.pl",)]


async def test_an_account_is_erased_and_what_remains_is_numbers_and_licences(vendor: Vendor, till: Computer) -> None:
    await vendor.trial(till)
    paid = vendor.activate(till, vendor.number(ALL).text).crt
    with vendor.do() as t:
        admin.forget(t, "A@bakery.pl")
    dump = "\n".join(vendor.store._db.iterdump())
    for personal in ("bakery.pl", "1234563218", "PIEKARNIA", "Żurek", till.key.thumbprint, till.mid):
        assert personal not in dump
    assert paid.sub in dump
    over = vendor.ask(till, wire.Check, lic=paid.sub, crt=paid.jti)
    assert (over.status, over.refused) == (410, "licence_over")
    with vendor.do() as t, pytest.raises(admin.AdminError):
        admin.forget(t, "a@bakery.pl")
    assert (await vendor.trial(till)).kind == "trial"  # a new customer


def test_a_retired_key_signs_nothing(vendor: Vendor, till: Computer) -> None:

    with vendor.do() as t:
        admin.add_key(t, TEST_KEY.kid, TEST_KEY.x)
    vendor.desk.healthy()
    with vendor.do() as t:
        admin.retire_key(t, TEST_KEY.kid, revoke=False)
    with pytest.raises(Unable, match="retired; change sign_with"):
        vendor.desk.healthy()
