"""Seats: more computers, dead computers, and those who want more than they bought."""

from __future__ import annotations

from typing import Any

import pytest

from fiscald.licence import wire
from fiscald.licence.number import APP, BANK, FISCAL, SUPPORT, Kind
from fiscald.licence.server import admin, listing
from fiscald.licence.server.number_rules import TAKEOVER_AFTER
from fiscald.licence.server.refusals import TooMany
from fiscald.licence.wire import RequestFile
from tests.licence.server.running import BAKERY, DAIRY, FLORIST, Answered, Computer, Vendor, opened


def computers(vendor: Vendor, number: int) -> list[Computer]:
    return [Computer(vendor.clock, each) for each in range(1, number + 1)]


def file(vendor: Vendor, computer: Computer, number: str, company: dict[str, str] = BAKERY) -> Answered:
    """What a request file is exchanged for."""
    token = computer.sign(RequestFile, number=number, company=company)
    reply = vendor.handler.answer_file(token.encode(), computer.address)
    if reply.certificate is not None:
        return opened_certificate(reply.certificate)
    return opened(reply.said.status, reply.said.text, token, vendor.clock())


def opened_certificate(token: str) -> Answered:
    from fiscald.licence.certificate import verify
    from tests.licence.server.running import KEYS

    return Answered(200, None, verify(token.encode(), KEYS))


def test_a_further_number_adds_a_seat_to_the_licence(vendor: Vendor, till: Computer, office: Computer) -> None:
    first, second = vendor.number(), vendor.number()
    one = vendor.activate(till, first.text).crt
    other = vendor.activate(office, second.text).crt
    assert (other.sub, other.number_hint) == (one.sub, second.hint)
    assert vendor.check(till, one).verdict == "renewed"  # it says now how many seats there are
    assert vendor.check(office, other).verdict == "ok"
    with vendor.do() as t:
        assert len(listing.licence_row(t, one.sub)["seats"]) == 2


def test_each_seat_has_the_modules_and_updates_of_its_number(vendor: Vendor, till: Computer, office: Computer) -> None:
    vendor.activate(till, vendor.number(APP | BANK | FISCAL | SUPPORT).text)
    cheap = vendor.activate(office, vendor.number(APP | FISCAL).text).crt
    assert cheap.modules == ("app", "fiscal")
    assert cheap.upd.isoformat() == "2026-01-15"


def test_a_second_number_typed_on_the_same_computer_is_not_lost(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    first, second = vendor.number(), vendor.number()
    vendor.activate(till, first.text)
    refused = vendor.activate(till, second.text)
    assert (refused.status, refused.refused) == (409, "number_not_needed")
    assert vendor.activate(office, second.text).status == 200


def test_a_dead_computers_seat_is_taken_over_with_the_number(vendor: Vendor, till: Computer, office: Computer) -> None:
    number = vendor.number().text
    paid = vendor.activate(till, number).crt
    vendor.clock.go(TAKEOVER_AFTER)
    here = vendor.activate(office, number).crt
    assert (here.sub, here.mid) == (paid.sub, office.mid)
    assert vendor.check(till, paid).verdict == "superseded"
    assert vendor.check(office, here).verdict == "ok"


def test_a_number_typed_on_two_computers_at_once_stays_on_the_first(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    number = vendor.number().text
    paid = vendor.activate(till, number).crt
    vendor.clock.go(TAKEOVER_AFTER - 1)
    refused = vendor.activate(office, number)
    assert (refused.status, refused.refused) == (409, "licence_elsewhere")
    assert vendor.check(till, paid).verdict == "ok"


def test_one_number_does_not_go_round_five_computers(vendor: Vendor) -> None:
    """Registered, given back, and registered on the next: each change of computer counts."""
    number = vendor.number().text
    first, *others = computers(vendor, 5)
    licence = vendor.activate(first, number).crt.sub
    former = first
    for following in others[:3]:
        vendor.clock.go(3600)
        vendor.ask(former, wire.Deactivate, lic=licence)
        assert vendor.activate(following, number).status == 200
        former = following
    vendor.ask(former, wire.Deactivate, lic=licence)
    with pytest.raises(TooMany):
        vendor.activate(others[3], number)
    # The one that gave it back last goes on.
    assert vendor.activate(former, number).status == 200


async def test_every_way_to_another_computer_is_counted_together(vendor: Vendor) -> None:
    one, two, three, four, five = computers(vendor, 5)
    trial = await vendor.trial(one)
    number = vendor.number().text
    paid = vendor.activate(one, number).crt
    vendor.clock.go(TAKEOVER_AFTER)
    vendor.activate(two, number)  # taken over
    vendor.ask(three, wire.Transfer, session=await vendor.session(three), lic=paid.sub)  # by mail
    vendor.ask(three, wire.Deactivate, lic=paid.sub)
    vendor.activate(four, number)  # given back
    session = await vendor.session(five)
    with pytest.raises(TooMany):
        vendor.ask(five, wire.Transfer, session=session, lic=paid.sub)
    with vendor.do() as t:
        admin.unbind(t, vendor.rules, paid.sub)
    assert vendor.ask(five, wire.Transfer, session=session, lic=paid.sub).status == 200
    assert trial.sub != paid.sub


def test_a_number_gives_three_certificates_a_year_that_are_never_checked(vendor: Vendor) -> None:
    number = vendor.number().text
    made = 0
    for computer in computers(vendor, 6):
        vendor.clock.go(days=31)
        try:
            made += file(vendor, computer, number).crt.exp is None
        except TooMany:
            break
    assert made == 3


def test_a_computer_that_was_online_counts_when_it_goes_offline_and_back(vendor: Vendor, till: Computer) -> None:
    number = vendor.number().text
    vendor.activate(till, number)
    assert file(vendor, till, number).crt.exp is None
    assert vendor.activate(till, number).crt.exp is not None
    file(vendor, till, number)
    with pytest.raises(TooMany):
        vendor.activate(till, number)


def test_an_online_question_is_no_request_file(vendor: Vendor, till: Computer) -> None:
    from fiscald.licence.server.refusals import Malformed

    number = vendor.number().text
    online = till.sign(wire.Activate, number=number, company=BAKERY)
    with pytest.raises(Malformed):
        vendor.handler.answer_file(online.encode(), till.address)
    offline = till.sign(RequestFile, number=number, company=BAKERY)
    with pytest.raises(Malformed):
        vendor.handler.answer("/v1/activate", offline.encode(), till.address)


def test_a_number_for_computers_with_internet_gives_no_offline_certificate(vendor: Vendor, till: Computer) -> None:
    number = vendor.number().text
    with vendor.do() as t:
        t.do("UPDATE number SET offline = 0")
    assert file(vendor, till, number).refused == "number_online"
    assert vendor.activate(till, number).status == 200


async def test_a_computer_has_one_trial_whatever_company_is_named(vendor: Vendor, till: Computer) -> None:
    await vendor.trial(till)
    same_machine = Computer(vendor.clock, 2)
    same_machine.mid = till.mid
    for cheat, company in ((till, DAIRY), (same_machine, FLORIST)):
        vendor.ask(cheat, wire.Enrol, email="b@example.org", company=company)
        refused = vendor.ask(cheat, wire.EnrolConfirm, email="b@example.org", code=await vendor.code())
        assert (refused.status, refused.refused) == (409, "trial_used")


async def test_the_buyers_certificate_has_the_name_that_the_buyer_wrote(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    stranger = {**BAKERY, "name": "Ha ha", "post": "00-001"}
    await vendor.trial(Computer(vendor.clock, 9), stranger, "stranger@example.org")
    paid = vendor.activate(till, vendor.number().text).crt
    assert (paid.company.name, paid.company.post) == (BAKERY["name"], BAKERY["post"])
    # A second till that was typed in otherwise: its own spelling, and a row for the vendor to merge.
    other = vendor.activate(office, vendor.number().text, {**BAKERY, "name": "Piekarnia Zurek"}).crt
    assert (other.sub, other.company.name) == (paid.sub, "Piekarnia Zurek")
    with vendor.do() as t:
        (row,) = listing.differing(t)
        assert (row["name"], row["registered_name"]) == (BAKERY["name"], "Piekarnia Zurek")
        admin.rename(
            t, vendor.keyring, row["licence"], new_name="Piekarnia Żurek", post=None, cc=None, tin=None, email=None
        )
        assert not listing.differing(t)


async def test_a_strangers_request_leaves_the_owners_code_valid(vendor: Vendor, till: Computer) -> None:
    trial = await vendor.trial(till)
    owner, stranger = Computer(vendor.clock, 2), Computer(vendor.clock, 3)
    vendor.ask(owner, wire.Recover, email="a@bakery.pl")
    code = await vendor.code()
    vendor.ask(stranger, wire.Recover, email="a@bakery.pl")
    await vendor.code()
    session = vendor.ask(owner, wire.RecoverConfirm, email="a@bakery.pl", code=code).answer.session
    assert vendor.ask(owner, wire.Transfer, session=session, lic=trial.sub).status == 200


async def test_strangers_use_up_neither_mails_nor_enrolments_of_an_owner(vendor: Vendor, till: Computer) -> None:
    await vendor.trial(till)
    vendor.clock.go(days=1)
    for stranger in [Computer(vendor.clock, number) for number in range(10, 60)]:
        for number in range(4):
            for model, more in ((wire.Recover, {}), (wire.Enrol, {"company": BAKERY})):
                asked: Any = more
                try:
                    vendor.ask(stranger, model, email=f"a+{number}@bakery.pl", **asked)
                except TooMany:
                    continue
    owner = Computer(vendor.clock, 2)
    assert vendor.ask(owner, wire.Recover, email="a@bakery.pl").status == 202
    assert vendor.ask(owner, wire.Enrol, email="a@bakery.pl", company=BAKERY).status == 202


def test_a_mailbox_gets_a_bounded_number_of_mails_from_few_networks(vendor: Vendor) -> None:
    sent = 0
    for stranger in [Computer(vendor.clock, number) for number in range(10, 30)]:
        for number in range(10):
            try:
                vendor.ask(stranger, wire.Recover, email=f"v.ictim+{number}@gmail.com")
                sent += 1
            except TooMany:
                break
    assert sent == 60  # three each


async def test_a_paper_number_with_an_address_lets_the_address_move_it(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    number = vendor.number().text
    paid = vendor.activate(till, number, email="boss@bakery.pl", lang="nl").crt
    session = await vendor.session(office, "boss@bakery.pl")
    assert vendor.ask(office, wire.Transfer, session=session, lic=paid.sub).crt.sub == paid.sub
    # A later one changes nothing: the address is the company's.
    vendor.clock.go(TAKEOVER_AFTER)
    vendor.activate(till, number, email="thief@example.org")
    assert vendor.rows("SELECT email FROM account JOIN company ON account_id = account.id") == [("boss@bakery.pl",)]


async def test_with_two_seats_the_mover_says_which(vendor: Vendor, till: Computer, office: Computer) -> None:
    first, second = vendor.number(), vendor.number()
    paid = vendor.activate(till, first.text, email="boss@bakery.pl").crt
    vendor.activate(office, second.text)
    fresh = Computer(vendor.clock, 7)
    vendor.ask(fresh, wire.Recover, email="boss@bakery.pl")
    confirmed = vendor.ask(fresh, wire.RecoverConfirm, email="boss@bakery.pl", code=await vendor.code()).answer
    asked: dict[str, Any] = {"session": confirmed.session, "lic": paid.sub}
    refused = vendor.ask(fresh, wire.Transfer, **asked)
    assert (refused.status, refused.refused) == (409, "seat_choice")
    seats = confirmed.companies[0].seats
    assert [seat.hint for seat in seats] == [first.hint, second.hint]
    moved = vendor.ask(fresh, wire.Transfer, seat=seats[1].seat, **asked).crt
    assert moved.number_hint == second.hint
    assert vendor.ask(till, wire.Check, lic=paid.sub, crt=paid.jti).verdict.verdict == "renewed"


def test_a_suspended_licence_is_reinstated_and_so_is_a_revoked_one(vendor: Vendor, till: Computer) -> None:
    number = vendor.number().text
    paid = vendor.activate(till, number).crt
    for take, verdict in ((admin.suspend, "suspended"), (admin.revoke, "revoked")):
        with vendor.do() as t:
            take(t, vendor.rules, paid.sub, "The invoice is not paid.")
        vendor.clock.go(60)
        said = vendor.check(till, paid)
        assert (said.verdict, said.text) == (verdict, "The invoice is not paid.")
        assert vendor.activate(till, number).refused in ("licence_suspended", "number_revoked")
        with vendor.do() as t:
            admin.reinstate(t, vendor.rules, paid.sub)
        vendor.clock.go(60)
        assert vendor.check(till, paid).verdict == "ok"
        assert vendor.activate(till, number).crt.sub == paid.sub
    with vendor.do() as t, pytest.raises(admin.AdminError, match="only a suspended"):
        admin.reinstate(t, vendor.rules, paid.sub)


async def test_a_suspended_customer_gets_no_certificate_by_any_request(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    """A certificate that is newer than the suspension would put the licence in force until the next check."""
    number = vendor.number().text
    paid = vendor.activate(till, number, email="boss@bakery.pl").crt
    session = await vendor.session(office, "boss@bakery.pl")
    vendor.ask(till, wire.Enrol, email="boss@bakery.pl", company=BAKERY)
    code = await vendor.code()
    year = vendor.number(SUPPORT, kind=Kind.UPDATES).text
    with vendor.do() as t:
        admin.suspend(t, vendor.rules, paid.sub, None)
    refusals = [
        vendor.activate(till, number),
        vendor.activate(till, vendor.number().text),
        vendor.ask(till, wire.Support, number=year, lic=paid.sub),
        vendor.ask(till, wire.EnrolConfirm, email="boss@bakery.pl", code=code),
        vendor.ask(office, wire.Transfer, session=session, lic=paid.sub),
        file(vendor, till, number),
    ]
    assert [each.refused for each in refusals] == ["licence_suspended"] * 6


def test_twins_are_an_alarm_and_can_be_listed(vendor: Vendor, till: Computer, caplog: pytest.LogCaptureFixture) -> None:
    paid = vendor.activate(till, vendor.number().text).crt
    vendor.clock.go(days=20)
    newer = vendor.ask(till, wire.Check, lic=paid.sub, crt=paid.jti).crt
    vendor.check(till, newer)
    with vendor.do() as t:
        assert not listing.twins(t)
    vendor.check(till, paid)
    assert "ALARM" in caplog.text
    with vendor.do() as t:
        (row,) = listing.twins(t)
        assert (row["licence"], row["times"]) == (paid.sub, 1)


def test_unknown_licences_are_checked_thirty_times_an_hour(vendor: Vendor, till: Computer) -> None:
    for number in range(30):
        refused = vendor.ask(till, wire.Check, lic=f"lic_{number}", crt="crt_X")
        assert refused.refused == "licence_unknown"
    with pytest.raises(TooMany):
        vendor.ask(till, wire.Check, lic="lic_X", crt="crt_X")


def test_a_term_licence_ends_and_a_further_number_lengthens_it(vendor: Vendor, till: Computer) -> None:
    term = vendor.activate(till, vendor.number(months=12).text).crt
    assert (term.kind, term.lapse) == ("sub", "restrict")
    assert term.end is not None
    longer = vendor.activate(till, vendor.number(months=1).text).crt
    assert longer.end is not None
    assert 27 <= (longer.end - term.end) / 86_400 <= 31
    vendor.clock.now = longer.end
    assert vendor.check(till, longer).verdict == "ended"
    assert vendor.activate(till, vendor.number(on="2026-06-01").text).crt.kind == "paid"
    assert vendor.activate(till, vendor.number(months=1).text).refused == "number_lesser"


def test_case_36_a_clone_is_flagged_and_another_key_is_refused(
    vendor: Vendor, till: Computer, office: Computer
) -> None:
    paid = vendor.activate(till, vendor.number().text).crt
    clone = Computer(vendor.clock, 1)  # the same key and the same machine, elsewhere
    clone._nonces = 1000
    vendor.clock.go(days=20)
    newer = vendor.ask(till, wire.Check, lic=paid.sub, crt=paid.jti).crt
    assert vendor.check(till, newer).verdict == "ok"
    assert vendor.check(clone, paid).verdict == "renewed", "no computer is locked for it"
    assert "device.twins" in vendor.audit()
    refused = vendor.ask(office, wire.Check, lic=paid.sub, crt=newer.jti)
    assert (refused.status, refused.refused) == (403, "other_computer")
