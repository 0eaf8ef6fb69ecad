"""The daemon's own client against the real server: each end understands the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fiscald.licence import wire
from fiscald.licence.certificate import verify
from fiscald.licence.client import Denied, Unreachable, VendorClient
from fiscald.licence.device import DeviceKey
from fiscald.licence.keys import TEST_KEY
from tests.licence.server.https import RunningVendor, vendor_server
from tests.licence.server.running import BAKERY, F1, FLORIST, KEYS, Clock


def client(it: RunningVendor, clock: Clock) -> VendorClient:
    return VendorClient(it.url, TEST_KEY.issuer, DeviceKey.make(), lambda: KEYS, clock, str(it.ca_file))


@pytest.mark.parametrize("company", [BAKERY, FLORIST])
async def test_the_server_answers_every_request_of_the_client(tmp_path: Path, company: dict[str, str]) -> None:
    clock = Clock()
    async with vendor_server(tmp_path, clock=clock) as it:
        till, office = client(it, clock), client(it, clock)

        async def ask(who: VendorClient, model: Any, **fields: Any) -> wire.Answer:
            return await who.ask(who.request(model, **fields))

        await till.ask_for_mail(till.request(wire.Enrol, email="a@bakery.pl", company=company, mid="m1", lang="en"))
        code = await it.mailbox.code()
        trial = verify(str((await ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=code)).crt).encode(), KEYS)
        assert trial.company.tin == company.get("tin")
        about = {"company": company, "mid": "m1", "ver": "1.0.3"}
        with pytest.raises(Denied) as denied:
            await ask(till, wire.Activate, number=F1, **about)
        assert denied.value.refusal.code == "number_unknown"
        paid = verify(str((await ask(till, wire.Activate, number=it.number(), **about)).crt).encode(), KEYS)
        year = await ask(till, wire.Support, number=it.update_number(), lic=paid.sub)
        longer = verify(str(year.crt).encode(), KEYS)
        assert longer.upd.year == paid.upd.year + 1
        question = till.request(wire.Check, lic=paid.sub, crt=longer.jti, ver="1.0.3")
        assert (await till.check(question))[0].verdict == "ok"
        with pytest.raises(Denied, match="answered already"):
            await till.check(question)  # the same nonce again: refused, which is no verdict
        await office.ask_for_mail(office.request(wire.Recover, email="a@bakery.pl"))
        code = await it.mailbox.code(2)
        confirmed = await ask(office, wire.RecoverConfirm, email="a@bakery.pl", code=code)
        assert [own.lic for own in confirmed.companies] == [paid.sub]
        moved = await ask(office, wire.Transfer, session=confirmed.session, lic=paid.sub, mid="m2")
        assert verify(str(moved.crt).encode(), KEYS).mid == "m2"
        question = till.request(wire.Check, lic=paid.sub, crt=longer.jti, ver="1.0.3")
        assert (await till.check(question))[0].verdict == "superseded"
        assert (await ask(office, wire.Deactivate, lic=paid.sub)).released == paid.sub


async def test_an_unknown_device_an_outage_and_a_limit_give_no_verdict(tmp_path: Path) -> None:
    clock = Clock()
    async with vendor_server(tmp_path, clock=clock) as it:
        till, stranger = client(it, clock), client(it, clock)
        asked = {"number": it.number(), "company": BAKERY, "mid": "m1", "ver": "1.0.3"}
        answer = await till.ask(till.request(wire.Activate, **asked))
        paid = verify(str(answer.crt).encode(), KEYS)

        async def check(who: VendorClient) -> wire.Status:
            return (await who.check(who.request(wire.Check, lic=paid.sub, crt=paid.jti, ver="1.0.3")))[0]

        with pytest.raises(Denied, match="not on this computer"):
            await check(stranger)
        clock.go(-60)
        with pytest.raises(Unreachable, match="HTTP 503"):
            await check(till)
        clock.go(60)
        assert (await check(till)).verdict == "ok"
        with it.store.transaction(clock()) as t:
            t.do("UPDATE throttle SET n = 60 WHERE bucket LIKE 'check.computer.day:%'")
        with pytest.raises(Unreachable, match="try again in 86400 seconds"):
            await check(till)
