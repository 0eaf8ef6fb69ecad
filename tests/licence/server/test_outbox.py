"""The queue of mails: tries again, survives a restart, gives up; a faulty mail stops no other."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.licence import wire
from fiscald.licence.server.contact import Contact
from fiscald.licence.server.mail import MailTemplate
from fiscald.licence.server.outbox import MailRefused, MailRow, Outbox
from fiscald.licence.server.refusals import Unable
from fiscald.licence.server.transaction import Transaction
from tests.licence.server.https import Mailbox
from tests.licence.server.running import BAKERY, Clock, Computer, Vendor


class Flaky(Mailbox):
    """A mail server that fails on demand."""

    def __init__(self) -> None:
        super().__init__()
        self.failure: Exception | None = None
        self.attempts = 0

    async def send(self, message: EmailMessage) -> None:
        self.attempts += 1
        if self.failure is not None:
            raise self.failure
        await super().send(message)


@pytest.fixture
def flaky(tmp_path: Path) -> Vendor:
    mailbox = Flaky()
    return Vendor(tmp_path / "vendor.db", Clock(), mailbox=mailbox)


def server_of(vendor: Vendor) -> Flaky:
    assert isinstance(vendor.mailbox, Flaky)
    return vendor.mailbox


@pytest.mark.parametrize("failure", [ConnectionRefusedError("no"), TimeoutError(), RuntimeError("a@bakery.pl is odd")])
async def test_an_unsent_mail_is_tried_again_also_after_a_restart(
    flaky: Vendor, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    till, server = Computer(flaky.clock), server_of(flaky)
    server.failure = failure
    assert flaky.ask(till, wire.Enrol, email="a@bakery.pl", company=BAKERY).status == 202
    assert await flaky.outbox.send_one()
    assert not await flaky.outbox.send_one()
    for seconds in (60, 300, 900, 3600, 3600):
        flaky.restart()
        flaky.clock.go(seconds - 1)
        assert not await flaky.outbox.send_one()
        flaky.clock.go(1)
        assert await flaky.outbox.send_one()
    assert server.attempts == 6
    server.failure = None
    flaky.clock.go(3600)
    code = await flaky.code()
    assert not await flaky.outbox.send_one()
    assert "a@bakery.pl" not in caplog.text
    flaky.clock.go(899)  # from the moment it left
    assert flaky.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=code).status == 200
    flaky.store.close()


async def test_a_code_that_is_not_mailed_yet_is_not_deleted(flaky: Vendor) -> None:
    """Every request deletes expired rows; a code that is not mailed yet must stay."""
    till, server = Computer(flaky.clock), server_of(flaky)
    server.failure = TimeoutError()
    flaky.ask(till, wire.Enrol, email="a@bakery.pl", company=BAKERY)
    for seconds in (0, 60, 300, 900, 3600, 3600):
        flaky.clock.go(seconds)
        flaky.handler.tidy()
        assert await flaky.outbox.send_one()
    server.failure = None
    flaky.clock.go(3600)
    flaky.handler.tidy()
    code = await flaky.code()
    flaky.clock.go(899)
    flaky.handler.tidy()
    assert flaky.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=code).status == 200
    server.failure = TimeoutError()
    flaky.ask(till, wire.Recover, email="a@bakery.pl")
    flaky.clock.go(days=1)
    assert not await flaky.outbox.send_one()
    flaky.handler.tidy()
    assert flaky.rows("SELECT count(*) FROM otp") == [(0,)]
    flaky.store.close()


async def test_a_mail_is_given_up_after_a_day_or_when_its_address_is_refused(flaky: Vendor) -> None:
    server = server_of(flaky)
    server.failure = MailRefused("550")
    flaky.ask(Computer(flaky.clock), wire.Recover, email="a@bakery.pl")
    assert await flaky.outbox.send_one()
    assert flaky.rows("SELECT count(*) FROM mail") == [(0,)]
    server.failure = OSError()
    flaky.ask(Computer(flaky.clock, 2), wire.Recover, email="a@bakery.pl")
    await flaky.outbox.send_one()
    flaky.clock.go(days=1)
    assert not await flaky.outbox.send_one()
    assert flaky.rows("SELECT count(*) FROM mail") == [(0,)]
    flaky.store.close()


async def test_a_mail_not_marked_as_sent_comes_again_and_its_code_counts(vendor: Vendor) -> None:
    till = Computer(vendor.clock)
    vendor.ask(till, wire.Enrol, email="a@bakery.pl", company=BAKERY)
    rows = vendor.rows("SELECT * FROM mail")
    first = await vendor.code()
    with vendor.do() as t:  # the power went at that moment
        t.do("INSERT INTO mail VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *rows[0])
    vendor.restart()
    second = await vendor.code()
    assert vendor.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=first).refused == "code_wrong"
    assert vendor.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=second).status == 200


def queue(vendor: Vendor, template: str, detail: str | None, lang: str = "pl") -> int:
    with vendor.do() as t:
        t.do(
            "INSERT INTO mail (recipient, subject, lang, detail, created, due) VALUES (?, ?, ?, ?, ?, ?)",
            "a@bakery.pl", template, lang, detail, t.now, t.now,
        )  # fmt: skip
        (id_,) = t.one("SELECT max(id) FROM mail")
    return int(id_)


TRIAL_ENDS = '{"company": "Żurek", "ends": "2026-02-14"}'


async def test_a_row_has_what_its_text_needs(vendor: Vendor) -> None:
    queue(vendor, "reminder_trial", TRIAL_ENDS, "nl")
    assert await vendor.outbox.send_one()
    (mail,) = vendor.mailbox.mails
    assert mail["Subject"] == "fiscald: uw proefversie eindigt op 14-2-2026"
    assert "Żurek" in mail.get_content()
    assert vendor.rows("SELECT * FROM mail") == []


@pytest.mark.parametrize(
    ("template", "detail"),
    [
        ("reminder_trial", None),
        ("reminder_trial", '{"company": "Żurek"}'),
        ("reminder_trial", "{"),
        ("reminder_trial", "[]"),
        ("reminder_trial", '{"company": "Żurek", "ends": "a@bakery.pl"}'),
        ("unknown", "{}"),
    ],
)
async def test_a_mail_that_cannot_be_made_waits_and_stops_no_other(
    vendor: Vendor, template: str, detail: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    faulty = queue(vendor, template, detail)
    queue(vendor, "reminder_trial", TRIAL_ENDS)
    assert await vendor.outbox.send_one()
    assert len(vendor.mailbox.mails) == 1
    assert vendor.rows("SELECT id, tries, due FROM mail") == [(faulty, 1, vendor.clock() + 60)]
    assert not await vendor.outbox.send_one()
    assert f"mail {faulty} cannot be made" in caplog.text
    assert "Żurek" not in caplog.text
    assert "a@bakery.pl" not in caplog.text


async def test_secrets_are_put_in_when_a_mail_leaves(vendor: Vendor) -> None:
    """Also with every attempt; the row never has them."""
    rows: list[MailRow] = []
    number = "410F4-0BV4H-MASW9-148AR-7BS7D-8TA1"

    def secrets_for(t: Transaction, row: MailRow) -> Mapping[str, object] | None:
        rows.append(row)
        return {"numbers": [{"number": number, "kind": "licence"}]}

    server = Flaky()
    outbox = Outbox(vendor.store, secrets_for, server, Contact("licence@vendor.example"), vendor.clock)
    queue(vendor, "order", '{"order": "17", "invoice": "", "buyer": "Żurek", "day": "2026-01-15"}', "pl")
    server.failure = TimeoutError()
    assert await outbox.send_one()
    (kept,) = vendor.rows("SELECT detail FROM mail")
    assert number not in kept[0]
    server.failure = None
    vendor.clock.go(60)
    assert await outbox.send_one()
    assert number in server.mails[0].get_content()
    assert [(row.template, row.tries, row.detail["order"]) for row in rows] == [("order", 0, "17"), ("order", 1, "17")]


async def test_a_mail_without_a_reason_is_not_sent(vendor: Vendor) -> None:
    outbox = Outbox(vendor.store, lambda t, row: None, vendor.mailbox, Contact("licence@vendor.example"), vendor.clock)
    queue(vendor, "order", '{"order": "17"}')
    assert not await outbox.send_one()
    assert vendor.mailbox.mails == []
    assert vendor.rows("SELECT * FROM mail") == []


@pytest.mark.parametrize("error", [KeyError("x"), Unable("mac-1.key is missing")])
async def test_a_fault_in_the_rules_stops_no_other_mail(vendor: Vendor, error: Exception) -> None:
    def secrets_for(t: Transaction, row: MailRow) -> Mapping[str, object] | None:
        if row.template == "order":
            raise error
        return {}

    outbox = Outbox(vendor.store, secrets_for, vendor.mailbox, Contact("licence@vendor.example"), vendor.clock)
    queue(vendor, "order", "{}")
    queue(vendor, "reminder_trial", TRIAL_ENDS)
    assert await outbox.send_one()
    assert len(vendor.mailbox.mails) == 1
    assert vendor.rows("SELECT subject FROM mail") == [("order",)]


async def test_a_mail_without_a_code_is_tried_for_a_week(flaky: Vendor, caplog: pytest.LogCaptureFixture) -> None:
    server = server_of(flaky)
    server.failure = OSError()
    queue(flaky, "reminder_trial", TRIAL_ENDS)
    flaky.clock.go(days=7)
    flaky.clock.go(-1)
    assert await flaky.outbox.send_one()
    assert flaky.rows("SELECT count(*) FROM mail") == [(1,)]
    flaky.clock.go(1)
    assert not await flaky.outbox.send_one()
    assert flaky.rows("SELECT count(*) FROM mail") == [(0,)]
    assert "1 mails are given up" in caplog.text
    flaky.store.close()


class Slow:
    """A mail server that takes mails of one address only when it is told to."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.go = anyio.Event()
        self.taken: list[str] = []

    async def send(self, message: EmailMessage) -> None:
        if message["To"] == self._address:
            await self.go.wait()
        self.taken.append(message["To"])


async def test_a_mail_that_takes_long_holds_up_no_other(tmp_path: Path) -> None:
    server = Slow("slow@bakery.pl")
    it = Vendor(tmp_path / "vendor.db", transport=server)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(it.outbox.run)
        for number, name in enumerate(("slow", "a", "b"), 1):
            it.ask(Computer(it.clock, number), wire.Recover, email=f"{name}@bakery.pl")
        it.outbox.wake()
        with anyio.fail_after(20):
            while len(server.taken) < 2:
                await anyio.wait_all_tasks_blocked()
            assert sorted(server.taken) == ["a@bakery.pl", "b@bakery.pl"]
            server.go.set()
            while it.rows("SELECT count(*) FROM mail") != [(0,)]:
                await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert sorted(server.taken) == ["a@bakery.pl", "b@bakery.pl", "slow@bakery.pl"]
    it.store.close()


async def test_a_request_makes_one_look_at_an_empty_queue(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    look = vendor.outbox._next_due

    def counted() -> Any:
        nonlocal looks
        looks += 1
        return look()

    monkeypatch.setattr(vendor.outbox, "_next_due", counted)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(vendor.outbox.run)
        for number in range(1, 4):
            with anyio.fail_after(20):
                while looks < number:
                    await anyio.wait_all_tasks_blocked()
            vendor.outbox.wake()
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert looks <= 4


async def test_a_code_leaves_before_mails_that_wait_longer(vendor: Vendor, till: Computer) -> None:
    with vendor.do() as t:
        for number in range(3):
            vendor.rules.queue_mail(
                t, f"{number}@shop.pl", "pl", MailTemplate.REMINDER_TRIAL, company="Sklep", ends="2026-02-01"
            )
    vendor.clock.go(60)
    vendor.ask(till, wire.Recover, email="a@bakery.pl")
    while await vendor.outbox.send_one():
        pass
    assert [mail["To"] for mail in vendor.mailbox.mails] == ["a@bakery.pl", "0@shop.pl", "1@shop.pl", "2@shop.pl"]
