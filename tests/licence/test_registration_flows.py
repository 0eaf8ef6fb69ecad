"""The flows with the vendor's real server, key lists, and numbers and files."""

from __future__ import annotations

import base64
import json
import logging
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.licence import LicenceStore, StoreError
from fiscald.licence.certificate import armour
from fiscald.licence.clock import DAY
from fiscald.licence.company import Company
from fiscald.licence.keys import TEST_ROOT, trusted
from fiscald.licence.registration import Registration, TypedCompany
from fiscald.licence.testing import sign
from tests.licence.registering import BAKERY, Clock, liar, refused, status_for, till, vendor
from tests.licence.test_certificate import C0, T0, claims, key_list

N1 = "410F4-0BV4H-MASW9-148AR-7BS7D-8TA1"


async def test_a_withdrawn_key_runs_out_two_weeks_after_it_was_learned(tmp_path: Path) -> None:
    clock = Clock(T0)

    def answer(question: str) -> tuple[int, str, bytes]:
        return 200, "application/jose", status_for(question, verdict="ok", keys=key_list(2, revoked=True)).encode()

    async with liar(answer) as url:
        it = till(tmp_path / "licence", url, clock)
        it.gate.install(C0.encode())
        await it.flows.check()
        assert "k2" in it.gate.store.keys
        assert it.may_print
        clock.now = T0 + 14 * DAY - 1
        assert till(tmp_path / "licence", url, clock).may_print
        clock.now = T0 + 14 * DAY
        late = till(tmp_path / "licence", url, clock)
        assert "CERT_KEY_RETIRED" in late.gate.describe()["reason"]


async def test_an_older_or_forged_key_list_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    it = till(tmp_path / "licence", None, Clock(T0))
    it.gate.store.keep_keys(key_list(5), T0)
    it.gate.store.keep_keys(key_list(4, revoked=True), T0)
    assert not it.gate.store.keys["test-2026a"].retired(T0 + 100 * DAY)
    forged = sign({"iss": TEST_ROOT.issuer, "ver": 9, "iat": T0, "keys": []}, "fiscald-keys")

    async with liar(lambda q: (200, "application/jose", status_for(q, verdict="ok", keys=forged).encode())) as url:
        it = till(tmp_path / "licence", url, Clock(T0))
        it.gate.install(C0.encode())
        await it.flows.check()
    assert "key list is refused" in caplog.text
    assert "k2" in it.gate.store.keys, "the one that was known stays"


async def test_case_40_two_computers_and_one_licence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    clock = Clock(time.time())
    async with vendor(tmp_path / "vendor", clock) as server:
        one = till(tmp_path / "one", server.url, clock, ca_file=server.ca_file)
        two = till(tmp_path / "two", server.url, clock, ca_file=server.ca_file, machine="machine-two")
        number, year = server.number(), server.update_number()

        assert (await refused(one.flows.register(number, None, None)))["code"] == "licence.company"
        await one.flows.register(number, year, BAKERY)
        assert one.may_print
        assert one.gate.certificate is not None
        assert one.gate.certificate.jkt == one.gate.store.device().thumbprint
        await one.flows.register(number, None, None)  # again, the company is known from the certificate
        assert one.may_print

        elsewhere = await refused(two.flows.register(number, None, BAKERY))
        assert (elsewhere["code"], elsewhere["vendor_code"]) == ("licence.denied", "licence_elsewhere")
        stranger = await refused(two.flows.register(number, None, ("Mleczarnia", "30-001", "PL", "5260001246")))
        assert stranger["vendor_code"] == "company"
        assert stranger["detail_pl"]

        assert (await refused(one.flows.transfer("lic_X")))["code"] == "licence.nothing_to_do"
        await one.flows.deactivate()
        assert not one.may_print
        assert (await refused(one.flows.check()))["code"] == "licence.nothing_to_do"
        await two.flows.register(number, None, BAKERY)
        assert two.may_print
    for secret in (number, year, number.replace("-", ""), one.gate.store.device().pem.splitlines()[1]):
        assert secret not in caplog.text


async def test_a_file_instead_of_the_internet(tmp_path: Path) -> None:
    """The request is made without any server; the answer comes back as text."""
    clock = Clock(time.time())
    it = till(tmp_path / "till", None, clock)
    async with vendor(tmp_path / "vendor", clock) as server:
        number = server.number()
        assert (await refused(it.flows.register(number, None, BAKERY)))["code"] == "licence.no_server"
        wanted = await it.flows.request(number, None, BAKERY)
        assert wanted.isascii()
        reply = server.handler.answer_file(wanted.encode(), "192.0.2.1")
    assert reply.certificate is not None
    await it.flows.install(armour(reply.certificate))
    assert it.may_print
    assert it.gate.describe()["state"] == "active"


def sent(text: str) -> tuple[str, dict[str, Any]]:
    """The kind and the content of a signed request."""
    header, payload, _ = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in text.split("."))
    return json.loads(header)["typ"], json.loads(payload)


@pytest.mark.parametrize("email", ["anna@bakery.pl", None])
@pytest.mark.parametrize(
    ("company", "mails"),
    [(BAKERY, "pl"), (("De Bloem", "1011 AB", "NL", None), "nl"), (("Brot", "10115", "DE", None), "en")],
)
async def test_a_number_is_registered_with_or_without_an_address(
    tmp_path: Path, company: TypedCompany, mails: str, email: str | None
) -> None:
    """Online and in a file: the vendor gets the address, and the language of the company's country."""
    asked: list[str] = []

    def answer(question: str) -> tuple[int, str, bytes]:
        asked.append(question)
        return 500, "text/plain", b""

    async with liar(answer) as url:
        it = till(tmp_path / "till", url, Clock(T0))
        await refused(it.flows.register(N1, None, company, email))
        await refused(it.flows.enrol(company, "anna@bakery.pl"))
        await refused(it.flows.enrol(company, "anna@bakery.pl", "nl"))
    asked.append(await it.flows.request(N1, None, company, email))
    kinds = [sent(text)[0] for text in asked]
    assert kinds == [f"fiscald-{kind}+jwt" for kind in ("activate", "enrol", "enrol", "request-file")]
    online, trial, dutch, file = (sent(text)[1] for text in asked)
    assert online.get("email") == file.get("email") == email
    assert online["lang"] == file["lang"] == trial["lang"] == mails
    assert dutch["lang"] == "nl"
    wrong = await refused(it.flows.register(N1, None, company, "anna at bakery"))
    assert wrong["code"] == "request.invalid"


@pytest.mark.parametrize(
    "ask",
    [
        lambda flows: flows.register(N1, None, BAKERY),
        lambda flows: flows.enrol(BAKERY, "anna@bakery.pl"),
        lambda flows: flows.enrol_confirm("anna@bakery.pl", "123456"),
        lambda flows: flows.recover("anna@bakery.pl"),
        lambda flows: flows.recover_confirm("anna@bakery.pl", "123456"),
        lambda flows: flows.transfer("lic_X"),
        lambda flows: flows.deactivate(),
        lambda flows: flows.check(),
        lambda flows: flows.next_check(),
    ],
)
async def test_every_flow_needs_a_server(tmp_path: Path, ask: Callable[[Registration], Awaitable[Any]]) -> None:
    it = till(tmp_path / "till", None, Clock(T0))
    assert (await refused(ask(it.flows)))["code"] == "licence.no_server"


async def test_a_code_from_the_mail(tmp_path: Path) -> None:
    clock = Clock(time.time())
    async with vendor(tmp_path / "vendor", clock) as server:
        it = till(tmp_path / "till", server.url, clock, ca_file=server.ca_file, seller=Company(*BAKERY))
        assert (await refused(it.flows.enrol(None, "not an address")))["code"] == "request.invalid"
        ahead = till(tmp_path / "ahead", server.url, Clock(clock.now + DAY), ca_file=server.ca_file)
        wrong = await refused(ahead.flows.enrol(BAKERY, "biuro@piekarnia.pl"))
        assert (wrong["code"], wrong["vendor_code"]) == ("licence.denied", "clock"), (
            "the person reads why no mail comes"
        )
        await it.flows.enrol(None, "biuro@piekarnia.pl")
        code = await server.mailbox.code()
        wrong = await refused(it.flows.enrol_confirm("biuro@piekarnia.pl", "00000-00000"))
        assert wrong["vendor_code"] == "code_wrong"
        await it.flows.enrol_confirm("biuro@piekarnia.pl", code.lower())
        assert it.gate.state().name == "trial"
        assert it.changes[-1] == "trial"


async def test_a_server_with_an_untrusted_certificate_is_not_used(tmp_path: Path) -> None:
    clock = Clock(time.time())
    async with vendor(tmp_path / "vendor", clock) as server:
        it = till(tmp_path / "till", server.url, clock)
        assert (
            "CERTIFICATE_VERIFY_FAILED" in (await refused(it.flows.register(server.number(), None, BAKERY)))["detail"]
        )


async def test_a_mistyped_number_is_not_sent(tmp_path: Path) -> None:
    it = till(tmp_path / "till", "http://127.0.0.1:9", Clock(T0))
    why = await refused(it.flows.register("410F4-0BV4H-M4SW9-148AR-7BS7D-8TA1", None, BAKERY))
    assert (why["code"], why["number_code"]) == ("licence.number", "NUMBER_TYPO_ONE")
    assert why["places"] == [{"group": 3, "character": 2}]
    why = await refused(it.flows.register(N1, N1, BAKERY))
    assert why["number_code"] == "NUMBER_WRONG_FIELD"
    found = it.flows.diagnose(N1)
    assert (found["number"], found["modules"], found["kind"]) == ("410F4-8TA1", ["app", "bank", "fiscal"], "licence")
    assert it.gate.state().name == "unregistered", "case 1: a number alone unlocks nothing"


async def test_a_read_only_directory_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    it = till(tmp_path / "till", "http://127.0.0.1:9", Clock(T0))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    why = await refused(it.flows.register(N1, None, BAKERY))
    assert (why["code"], why["fault"]) == ("licence.files", "licence")


def test_a_damaged_device_key_is_reported_and_not_replaced(tmp_path: Path) -> None:
    store = LicenceStore(tmp_path / "licence", trusted(test_keys=True))
    key = store.device()
    assert store.device().thumbprint == key.thumbprint
    assert (tmp_path / "licence" / "device.key").stat().st_mode & 0o077 == 0
    (tmp_path / "licence" / "device.key").write_text("eaten")
    with pytest.raises(StoreError, match="move the licence"):
        store.device()


@given(st.binary(max_size=400))
def test_any_files_in_the_directory_leave_a_usable_licence(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "licence"
        it = till(directory, None, Clock(T0))
        it.gate.install(sign(claims()).encode())
        for name in ("state.json", "status", "keys"):
            (directory / name).write_bytes(content)
        assert till(directory, None, Clock(T0)).may_print
        (directory / "certificate").write_bytes(content)
        assert till(directory, None, Clock(T0)).gate.state().name == "unregistered"
