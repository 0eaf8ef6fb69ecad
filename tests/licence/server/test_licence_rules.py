"""What the vendor decides about a licence: checks, transfers, stored data and log texts."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fiscald.licence import wire
from fiscald.licence.certificate import verify
from fiscald.licence.keys import TEST_KEY
from fiscald.licence.number import SUPPORT, Kind
from fiscald.licence.number_reading import read
from fiscald.licence.server import admin, key_admin
from fiscald.licence.server.refusals import TooMany, Unable
from fiscald.licence.tokens import public_x, read_vendor_token
from tests.licence.server.https import ALL
from tests.licence.server.running import DAIRY, DAY, F1, N1, N2, T0, Computer, Vendor


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
        admin.rename(
            t, vendor.keyring, paid.sub, new_name="PIEKARNIA SA", post=None, cc=None, tin="5260001246", email=None
        )
    status = vendor.check(till, paid)
    renewed = verify((status.crt or "").encode(), {TEST_KEY.kid: TEST_KEY})
    assert (renewed.company.name, renewed.company.tin, renewed.seq) == ("PIEKARNIA SA", "5260001246", paid.seq + 1)
    assert vendor.check(till, renewed).verdict == "ok"
    fresh = Ed25519PrivateKey.generate()
    vendor.keyring = replace(vendor.keyring, kid="k2", signing=fresh)
    vendor.restart()
    token = till.sign(wire.Check, lic=renewed.sub, crt=renewed.jti)
    said = vendor.handler.answer("/v1/check", token.encode(), till.address)

    new_key = replace(TEST_KEY, kid="k2", x=public_x(fresh))
    _, payload = read_vendor_token(said.text or "", "fiscald-status", {"k2": new_key}, "status")
    assert payload["verdict"] == "renewed"
    assert verify(payload["crt"].encode(), {"k2": new_key}).seq == renewed.seq + 1


async def test_a_trial_ends(vendor: Vendor, till: Computer) -> None:
    trial = await vendor.trial(till)
    vendor.clock.go(30 * DAY - 1)
    assert vendor.check(till, trial).verdict == "renewed"
    vendor.clock.go(1)
    ended = vendor.check(till, trial)
    assert (ended.verdict, ended.since, ended.crt) == ("ended", trial.end, None)


async def test_a_revoked_licence_has_a_reason(vendor: Vendor, till: Computer) -> None:
    number = vendor.number()
    paid = vendor.activate(till, number.text).crt
    vendor.clock.go(60)
    with vendor.do() as t:
        admin.revoke(t, vendor.rules, paid.sub, "The payment was charged back.")
    vendor.clock.go(60)
    revoked = vendor.check(till, paid)
    assert (revoked.verdict, revoked.since) == ("revoked", T0 + 60)
    assert revoked.text == "The payment was charged back."
    refused = vendor.activate(till, number.text)
    assert (refused.status, refused.refused) == (410, "number_revoked")
    # A new number works.
    assert vendor.activate(till, vendor.number().text).crt.sub != paid.sub


async def test_revoking_a_number_revokes_its_seat(vendor: Vendor, till: Computer) -> None:
    vendor.publish(N1, N2[:0] + "51084-0BV2N-WVVR1-EHXGC-29MFX-P826")
    paid = vendor.activate(till, N1).crt
    with vendor.do() as t:
        admin.revoke_number(t, vendor.keyring, read(N1), None)
    revoked = vendor.check(till, paid)
    assert (revoked.verdict, revoked.text) == ("revoked", None)
    with vendor.do() as t, pytest.raises(admin.AdminError, match="never issued"):
        admin.revoke_number(t, vendor.keyring, read(N2), None)


async def test_a_check_from_an_unknown_computer_gives_no_verdict(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
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


async def test_after_a_restore_certificates_are_newer_than_those_issued(vendor: Vendor, till: Computer) -> None:
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


async def test_a_licence_may_be_checked_sixty_times_a_day_by_its_own_computer(vendor: Vendor, till: Computer) -> None:
    paid = vendor.activate(till, vendor.number().text).crt
    for _ in range(60):
        vendor.check(till, paid)
    with pytest.raises(TooMany):
        vendor.check(till, paid)
    vendor.clock.go(days=1)
    assert vendor.check(till, paid).verdict == "ok"


async def test_a_former_computer_uses_up_no_checks_of_the_present_one(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    number = vendor.number().text
    former = vendor.activate(till, number).crt
    vendor.ask(till, wire.Deactivate, lic=former.sub)
    paid = vendor.activate(office, number).crt
    for _ in range(60):
        assert vendor.check(till, former).verdict == "superseded"
    assert vendor.check(office, paid).verdict == "ok"


async def test_a_check_stores_only_the_day_and_the_version(vendor: Vendor, till: Computer) -> None:
    vendor.check(till, vendor.activate(till, vendor.number().text).crt)
    assert vendor.rows("SELECT last_day, version FROM device") == [("2026-01-16", "1.0.3")]


async def test_a_request_with_a_future_time_is_accepted_once(vendor: Vendor, till: Computer) -> None:
    paid = vendor.activate(till, vendor.number().text).crt
    token = till.sign(wire.Check, lic=paid.sub, crt=paid.jti, iat=vendor.clock() + wire.WINDOW).encode()
    assert vendor.handler.answer("/v1/check", token, till.address).status == 200
    vendor.clock.go(2 * wire.WINDOW)
    assert vendor.handler.answer("/v1/check", token, till.address).status == 409
    vendor.clock.go(1)
    assert vendor.handler.answer("/v1/check", token, till.address).status == 400


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


async def test_repeating_a_transfer_after_a_lost_reply_is_not_counted(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    trial = await vendor.trial(till)
    session = await vendor.session(office)
    seqs = [vendor.ask(office, wire.Transfer, session=session, lic=trial.sub).crt.seq for _ in range(5)]
    assert seqs == [2, 3, 4, 5, 6]
    assert vendor.audit().count("licence.moved") == 1


async def test_a_released_seat_can_be_used_on_another_computer(
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


async def test_the_vendor_frees_the_seat_of_a_lost_computer(vendor: Vendor, till: Computer) -> None:
    paid = vendor.activate(till, vendor.number().text).crt
    with vendor.do() as t:
        admin.unbind(t, vendor.rules, paid.sub)
    assert vendor.check(till, paid).verdict == "superseded"
    with vendor.do() as t, pytest.raises(admin.AdminError, match="on no computer"):
        admin.unbind(t, vendor.rules, paid.sub)


async def test_no_secret_is_logged_or_stored(
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


async def test_expired_rows_are_deleted(vendor: Vendor, till: Computer) -> None:
    vendor.ask(till, wire.Recover, email="nobody@example.org")
    await vendor.outbox.send_one()
    await vendor.trial(till)
    await vendor.session(till)
    vendor.clock.go(days=40)
    vendor.handler.tidy()
    for table in ("replay", "throttle", "session", "otp", "mail"):
        assert vendor.rows(f"SELECT count(*) FROM {table}") == [(0,)], table
    assert vendor.rows("SELECT email FROM account") == [("a@bakery.pl",)]


async def test_an_account_is_erased_and_what_remains_is_numbers_and_licences(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
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
    assert (await vendor.trial(office)).kind == "trial"  # a new customer, on a computer that had no trial


def test_a_retired_key_signs_nothing(vendor: Vendor, till: Computer) -> None:

    with vendor.do() as t:
        key_admin.add_key(t, TEST_KEY.kid, TEST_KEY.x)
    vendor.handler.healthy()
    with vendor.do() as t:
        key_admin.retire_key(t, TEST_KEY.kid, revoke=False)
    with pytest.raises(Unable, match="retired; change sign_with"):
        vendor.handler.healthy()
