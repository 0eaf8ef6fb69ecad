"""The whole way of a customer, step by step, each step with what must not work there."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from fiscald.licence import wire
from fiscald.licence.number import APP, FISCAL, SUPPORT, Kind
from fiscald.licence.server.refusals import TooMany
from tests.licence.server.running import BAKERY, DAIRY, DAY, F1, N1, N4, T0, Computer, Vendor


async def test_case_40_from_the_trial_to_the_second_computer(vendor: Vendor, till: Computer, office: Computer) -> None:
    vendor.publish(N1, N4)
    # Enrolling says the same whether the address is known or not.
    assert vendor.ask(till, wire.Enrol, email="a@bakery.pl", company=BAKERY).status == 202
    code = await vendor.code()
    for wrong in ("AAAAA-AAAAA", "AAAAA-AAAAB", "AAAAA-AAAAC", "AAAAA-AAAAD", "AAAAA-AAAAE"):
        refused = vendor.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=wrong)
        assert (refused.status, refused.refused) == (403, "code_wrong")
    assert vendor.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=code).refused == "code_wrong"
    vendor.ask(till, wire.Enrol, email="A@Bakery.PL", company=BAKERY)
    code = await vendor.code()
    trial = vendor.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=code.lower().replace("-", " ")).crt
    assert (trial.kind, trial.modules, trial.lapse) == ("trial", ("app", "bank", "fiscal"), "restrict")
    assert (trial.end, trial.exp, trial.nbf) == (T0 + 30 * DAY, T0 + 3 * DAY, T0 - 3600)
    assert (trial.company.tin, trial.mid, trial.jkt) == ("1234563218", till.mid, till.key.thumbprint)
    # Where the answer got lost the same computer may send the code again; there is one trial for all requests.
    again = vendor.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=code).crt
    assert (again.sub, again.end) == (trial.sub, trial.end)
    assert vendor.ask(office, wire.EnrolConfirm, email="a@bakery.pl", code=code).refused == "code_wrong"
    vendor.ask(office, wire.Enrol, email="a@bakery.pl", company=BAKERY)
    with pytest.raises(ValueError, match="no code"):
        await vendor.code()
    assert "zarejestrowana na ten adres" in vendor.mailbox.mails[-1].get_content()
    vendor.clock.go(days=1)  # three attempts a day for a company
    vendor.ask(office, wire.Enrol, email="stranger@example.org", company=BAKERY, lang="en")
    with pytest.raises(ValueError, match="no code"):
        await vendor.code()
    assert "but not with this address" in vendor.mailbox.mails[-1].get_content()
    # The number makes it a bought licence, and the trial's is superseded.
    paid = vendor.activate(till, N1).crt
    assert (paid.kind, paid.end, paid.lapse, paid.check_every) == ("paid", None, "warn", DAY)
    assert (paid.exp, paid.upd) == (T0 + 32 * DAY, datetime.date(2027, 1, 15))
    assert (paid.number, paid.number_hint) == ("maywWEmWCprMU6_FbhiVrK4Rf68BzOHDcWebmd-ayiI", "410F4-8TA1")
    assert vendor.check(till, trial).verdict == "superseded"
    again = vendor.activate(till, N1).crt
    assert (again.sub, again.seq, again.upd) == (paid.sub, paid.seq + 1, paid.upd)
    other = vendor.activate(office, N1, DAIRY)
    assert (other.status, other.refused) == (409, "company")
    elsewhere = vendor.activate(office, N1)
    assert (elsewhere.status, elsewhere.refused) == (409, "licence_elsewhere")
    # The number Y: a year more, once.
    longer = vendor.ask(till, wire.Support, number=N4, lic=paid.sub).crt
    assert longer.upd == datetime.date(2028, 1, 15)
    twice = vendor.ask(till, wire.Support, number=N4, lic=paid.sub)
    assert (twice.status, twice.refused) == (409, "number_used")
    # To another computer, by mail.
    vendor.ask(office, wire.Recover, email="a@bakery.pl")
    confirmed = vendor.ask(office, wire.RecoverConfirm, email="a@bakery.pl", code=await vendor.code()).answer
    (seat,) = confirmed.companies[0].seats
    own = wire.OwnCompany(name=BAKERY["name"], post="00-950", lic=paid.sub, seats=(seat,))
    assert (confirmed.companies, seat.hint, seat.free, seat.last) == ((own,), "410F4-8TA1", False, None)
    moved = vendor.ask(office, wire.Transfer, session=confirmed.session, lic=paid.sub).crt
    assert (moved.sub, moved.mid, moved.jkt, moved.upd) == (paid.sub, office.mid, office.key.thumbprint, longer.upd)
    vendor.clock.go(60)
    superseded = vendor.check(till, longer)
    assert (superseded.verdict, superseded.since, superseded.crt) == ("superseded", T0 + DAY, None)
    assert vendor.check(office, moved).verdict == "ok"
    await vendor.outbox.send_one()
    assert "przeniesiono na inny komputer" in vendor.mailbox.mails[-1].get_content()
    # To and fro: the fourth time in 30 days is for support.
    for computer in (till, office):
        vendor.clock.go(3600)
        vendor.ask(computer, wire.Transfer, session=await vendor.session(computer), lic=paid.sub)
    vendor.clock.go(3600)
    third = await vendor.session(till)
    with pytest.raises(TooMany) as many:
        vendor.ask(till, wire.Transfer, session=third, lic=paid.sub)
    assert 29 * DAY < many.value.retry_after <= 30 * DAY


async def test_case_40_the_eleventh_activation_waits_also_after_a_restart(vendor: Vendor) -> None:
    vendor.publish(N1)
    shops = [Computer(vendor.clock, number, address="198.51.100.7") for number in range(1, 12)]
    for shop in shops[:10]:
        vendor.activate(shop, N1, BAKERY if shop is shops[0] else DAIRY)
    vendor.clock.go(600)
    for _ in range(2):
        with pytest.raises(TooMany) as many:
            vendor.activate(shops[10], N1)
        assert many.value.retry_after == 3000
        vendor.restart()
    vendor.clock.go(3000)
    assert vendor.activate(shops[0], N1).status == 200


async def test_case_14_a_number_with_a_flipped_bit_is_unknown_and_counted(vendor: Vendor, till: Computer) -> None:
    refused = vendor.activate(till, F1)
    assert (refused.status, refused.refused) == (404, "number_unknown")
    assert vendor.audit() == ["number.wrong_mac"]
    assert vendor.rows("SELECT n FROM throttle WHERE bucket LIKE 'wrong-mac.network.day:%'") == [(1,)]
    vendor.publish(N1)
    assert vendor.activate(till, N1).status == 200


async def test_a_misplaced_or_misread_number_is_refused_with_the_place(vendor: Vendor, till: Computer) -> None:
    vendor.publish(N1, N4)
    wrong: Any = vendor.activate(till, N4)
    assert (wrong.status, wrong.refused) == (422, "NUMBER_WRONG_FIELD")
    wrong = vendor.activate(till, "410F4-0BV4H-M4SW9-148AR-7BS7D-8TA1")
    assert (wrong.status, wrong.refused) == (422, "NUMBER_TYPO_ONE")
    assert "Group 3, character 2" in wrong.answer.refused.detail
    assert "number.wrong_mac" not in vendor.audit()


async def test_support_together_with_the_licence(vendor: Vendor, till: Computer) -> None:
    number, year = vendor.number(APP | FISCAL), vendor.number(SUPPORT, kind=Kind.UPDATES, on="2026-01-16")
    certificate = vendor.activate(till, number.text, support=year.text).crt
    assert (certificate.modules, certificate.upd) == (("app", "fiscal"), datetime.date(2027, 1, 16))
    assert vendor.activate(till, number.text, support=year.text).crt.upd == datetime.date(2027, 1, 16)
    other = vendor.number()
    refused = vendor.activate(Computer(vendor.clock, 2), other.text, DAIRY, support=year.text)
    assert (refused.status, refused.refused) == (409, "number_used")
    assert vendor.rows("SELECT state FROM number WHERE hint = ?", other.hint) == [("issued",)]
    assert (
        json.loads(vendor.rows("SELECT detail FROM audit WHERE what = 'licence.updates'")[0][0])["upd"] == "2027-01-16"
    )
