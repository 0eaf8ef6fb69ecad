"""The queue of mails: tries again, survives a restart, gives up; and the mails themselves."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.licence import wire
from fiscald.licence.server.mail import BadAddress, MailTemplate, compose, recipient
from fiscald.licence.server.outbox import MailRefused
from tests.licence.server.https import Mailbox, code_in
from tests.licence.server.running import BAKERY, T0, Clock, Computer, Vendor


class Flaky(Mailbox):
    """A mail server that fails when it is told to."""

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


async def test_a_code_waits_with_its_mail_while_others_ask(flaky: Vendor) -> None:
    """Every question tidies up; a code that has not left yet is not to be tidied."""
    till, server = Computer(flaky.clock), server_of(flaky)
    server.failure = TimeoutError()
    flaky.ask(till, wire.Enrol, email="a@bakery.pl", company=BAKERY)
    for seconds in (0, 60, 300, 900, 3600, 3600):
        flaky.clock.go(seconds)
        flaky.desk.healthy()
        assert await flaky.outbox.send_one()
    server.failure = None
    flaky.clock.go(3600)
    flaky.desk.healthy()
    code = await flaky.code()
    flaky.clock.go(899)
    flaky.desk.healthy()
    assert flaky.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=code).status == 200
    server.failure = TimeoutError()
    flaky.ask(till, wire.Recover, email="a@bakery.pl")
    flaky.clock.go(days=1)
    assert not await flaky.outbox.send_one()
    flaky.desk.healthy()
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
        t.do("INSERT INTO mail VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *rows[0])
    vendor.restart()
    second = await vendor.code()
    assert vendor.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=first).refused == "code_wrong"
    assert vendor.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=second).status == 200


@pytest.mark.parametrize("letter", MailTemplate)
@pytest.mark.parametrize("lang", ["pl", "en"])
def test_every_mail_has_a_code_or_none_and_never_a_link(letter: MailTemplate, lang: str) -> None:
    mail = compose(letter, lang, "a@bakery.pl", "licence@vendor.example", "ABCDE-12345", T0)
    text = mail.get_content()
    assert ("ABCDE-12345" in text) == (letter is MailTemplate.CODE)
    assert (letter is not MailTemplate.CODE) or code_in(mail) == "ABCDE-12345"
    for link in ("http", "www", "://"):
        assert link not in text
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"] == "Fri, 16 Jan 2026 09:00:00 +0000"
    assert "{" not in text


@pytest.mark.parametrize(
    "typed",
    ["a@b", "a b@c.pl", "a,b@c.pl", "a@c.pl, d@e.pl", "<a@c.pl>", '"a"@c.pl', "a@c.pl\nBcc: d@e.pl", "ż@c.pl",
     "a@ż.pl", ".a@c.pl", "a..b@c.pl", "a.@c.pl", "@c.pl", "a@", "", "a" * 65 + "@c.pl", "a@c..pl", "a@[127.0.0.1]"],
)  # fmt: skip
def test_addresses_that_are_not_written_to(typed: str) -> None:
    with pytest.raises(BadAddress):
        recipient(typed)


@given(st.text(max_size=80) | st.from_regex(r"[A-Za-z0-9._+-]{1,20}@[A-Za-z0-9.-]{1,20}", fullmatch=True))
def test_whatever_is_written_to_is_one_address_in_the_header(typed: str) -> None:
    try:
        mail = compose(MailTemplate.CODE, "en", typed, "licence@vendor.example", "ABCDE-12345", T0)
    except BadAddress:
        return
    (address,) = mail["To"].addresses
    assert address.addr_spec.lower() == typed.strip().lower()
    assert len(mail.items()) == 9
