"""What the vendor decides about an address and a company, case by case."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fiscald.licence import wire
from fiscald.licence.server import limits
from fiscald.licence.server.refusals import TooMany
from tests.licence.server.running import BAKERY, DAIRY, DAY, FLORIST, T0, Computer, Vendor


async def test_a_known_address_takes_the_same_work_as_an_unknown_one(vendor: Vendor, till: Computer) -> None:
    await vendor.trial(till)
    vendor.clock.go(days=1)
    vendor.handler.healthy()  # forgets what has run out
    requester = Computer(vendor.clock, 3)
    cases: list[tuple[type[wire.VendorRequest], str, Any]] = [
        (wire.Enrol, "a@bakery.pl", BAKERY),
        (wire.Enrol, "b@bakery.pl", BAKERY),
        (wire.Enrol, "c@bakery.pl", DAIRY),
        (wire.Recover, "a@bakery.pl", None),
        (wire.Recover, "d@bakery.pl", None),
    ]
    work: dict[type[wire.VendorRequest], set[tuple[str, ...]]] = {}
    for model, email, company in cases:
        done: list[str] = []
        vendor.store._db.set_trace_callback(done.append)
        vendor.ask(requester, model, email=email, **({"company": company} if company else {}))
        vendor.store._db.set_trace_callback(None)
        changes = tuple(
            re.sub(r"'[^']*'|X'[^']*'|\b\d+\b", "?", each) for each in done if not each.startswith(("SELECT", "--"))
        )
        assert len(changes) > 8
        work.setdefault(model, set()).add(changes)
    assert {model: len(ways) for model, ways in work.items()} == {wire.Enrol: 1, wire.Recover: 1}


async def test_a_code_is_bound_to_a_computer_a_purpose_and_15_minutes(
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


async def test_an_unknown_client_cannot_lock_out_others_or_fill_the_audit(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
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
    def enrol(number: int, email: str, company: dict[str, str], network: str = "198.51.100.1") -> None:
        vendor.ask(Computer(vendor.clock, number, network), wire.Enrol, email=email, company=company)

    for number, company in enumerate((BAKERY, DAIRY, FLORIST)):
        enrol(number, "a@bakery.pl", company)
    with pytest.raises(TooMany):
        enrol(9, "a+9@bakery.pl", BAKERY)
    enrol(9, "a@bakery.pl", BAKERY, "192.0.2.9")  # from elsewhere: perhaps its owner
    for number in (10, 11, 12):
        enrol(number, f"a{number}@bakery.pl", DAIRY, "198.51.100.2")
    with pytest.raises(TooMany):
        enrol(13, "a13@bakery.pl", DAIRY | {"name": "Inna nazwa"}, "198.51.100.2")
    enrol(13, "a13@bakery.pl", DAIRY, "192.0.2.9")
    vendor.clock.go(days=1)
    enrol(13, "a13@bakery.pl", DAIRY, "198.51.100.2")


async def test_recovering_is_limited_by_address(vendor: Vendor) -> None:
    def recover(number: int, email: str = "a@bakery.pl", address: str | None = None) -> None:
        vendor.ask(Computer(vendor.clock, number, address), wire.Recover, email=email)

    for hour in range(2):
        for number in range(3):
            recover(number + 10 * hour, address="192.0.2.1")
        with pytest.raises(TooMany):
            recover(9, address="192.0.2.1")
        vendor.clock.go(3600)
    with pytest.raises(TooMany):
        recover(30, address="192.0.2.1")
    recover(31, address="192.0.2.31")
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


async def test_a_company_without_a_tax_number_has_one_trial_too(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    trial = await vendor.trial(till, FLORIST, "a@bloem.nl")
    assert trial.company == ("De Bloem", "1011 AB", "NL", None)
    vendor.ask(office, wire.Enrol, email="b@bloem.nl", company={"name": "DE  BLOEM", "post": "1011ab", "cc": "nl"})
    with pytest.raises(ValueError, match="no code"):
        await vendor.code()


async def test_the_first_of_two_to_confirm_gets_the_company(vendor: Vendor, till: Computer, office: Computer) -> None:
    vendor.ask(till, wire.Enrol, email="a@bakery.pl", company=BAKERY)
    first = await vendor.code()
    vendor.ask(office, wire.Enrol, email="b@bakery.pl", company=BAKERY)
    second = await vendor.code()
    assert vendor.ask(office, wire.EnrolConfirm, email="b@bakery.pl", code=second).crt.kind == "trial"
    late = vendor.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=first)
    assert (late.status, late.refused) == (409, "company_known")


async def test_a_badly_written_company_is_refused_with_a_reason(vendor: Vendor, till: Computer) -> None:
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


async def test_a_strangers_number_adds_a_seat_and_takes_nothing(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    await vendor.trial(till)
    number = vendor.number().text
    paid = vendor.activate(till, number).crt
    vendor.ask(till, wire.Deactivate, lic=paid.sub)
    stranger = Computer(vendor.clock, 9)
    assert vendor.activate(stranger, vendor.number().text).crt.sub == paid.sub  # a seat of its own, which it paid for
    assert [email for (email,) in vendor.rows("SELECT email FROM account JOIN company ON account_id = account.id")] == [
        "a@bakery.pl"
    ]
    session = await vendor.session(office)
    moved = vendor.ask(office, wire.Transfer, session=session, lic=paid.sub).crt
    assert (moved.sub, moved.number) == (paid.sub, paid.number)


async def test_an_account_may_have_several_companies(vendor: Vendor, till: Computer, office: Computer) -> None:
    await vendor.trial(till, BAKERY, "accountant@example.org")
    await vendor.trial(office, DAIRY, "accountant@example.org")
    vendor.ask(till, wire.Recover, email="accountant@example.org")
    answer = vendor.ask(till, wire.RecoverConfirm, email="accountant@example.org", code=await vendor.code()).answer
    assert sorted(company.name for company in answer.companies) == ["Mleczarnia", "PIEKARNIA ŻUREK SP. Z O.O."]
    assert all(company.lic for company in answer.companies)
