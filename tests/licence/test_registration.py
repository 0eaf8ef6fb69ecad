"""The daemon's side of the flows: what counts as an answer, and what every other answer must not do."""

from __future__ import annotations

import base64
import contextlib
import datetime
import json
import logging
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import anyio.lowlevel
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fiscald.licence import LicenceGate, LicenceStore, Registration, StoreError
from fiscald.licence.certificate import armour
from fiscald.licence.client import Unreachable, VendorClient
from fiscald.licence.clock import DAY
from fiscald.licence.company import Company
from fiscald.licence.device import DeviceKey
from fiscald.licence.keys import TEST_ROOT, trusted
from fiscald.licence.number import APP
from fiscald.licence.server.admin import audit_rows
from fiscald.licence.testing import make_certificate, sign
from fiscald.licence.tokens import fingerprint
from fiscald.licence.wire import Answer, Check, Recover
from fiscald.model.printers import Identity
from fiscald.model.problems import ProblemError
from tests.licence.server.https import RunningVendor, vendor_server
from tests.licence.test_certificate import C0, T0, claims, key_list

MACHINE = "5c94726b-8665-49b5-8d3a-f9c26f0c4042"
BAKERY = ("Piekarnia Żurek sp. z o.o.", "00-950", "PL", "1234563218")
EMULATED = Identity(printer_id="EMU 0000000001", fiscal=True, profile="online")
N1 = "410F4-0BV4H-MASW9-148AR-7BS7D-8TA1"


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Enough(Exception):
    """A test has seen what it wanted."""


@dataclass
class Till:
    """A computer's licence, without a daemon around it."""

    gate: LicenceGate
    flows: Registration
    changes: list[str]

    @property
    def may_print(self) -> bool:
        return self.gate.refuses("receipt", EMULATED) is None


def till(
    directory: Path, server: str | None, clock: Callable[[], float], *, machine: str = MACHINE, ca_file: Path | None = None,
    seller: Company | None = None,
) -> Till:  # fmt: skip
    store = LicenceStore(directory, LicenceGate.keys(test_keys=True))
    gate = LicenceGate(
        store, test_keys=True, machine=machine, series={"1.0": datetime.date(2026, 1, 10)}, version="1.0.3", seller=seller,
        clock=clock,
    )  # fmt: skip
    changes: list[str] = []
    flows = Registration(
        gate, clock, lambda: changes.append(gate.state().name), server=server, ca_file=None if ca_file is None else str(ca_file)
    )  # fmt: skip
    return Till(gate, flows, changes)


# -- answers that do not count (case 39) -----------------------------------------------------------------

Answering = Callable[[str], tuple[int, str, bytes]]


@asynccontextmanager
async def liar(answer: Answering) -> AsyncIterator[str]:
    """A web server that answers every question with whatever ``answer`` makes of it."""

    async def talk(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            data = b""
            while b"\r\n\r\n" not in data:
                data += await stream.receive()
            head, _, body = data.partition(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
            )
            while len(body) < length:
                body += await stream.receive()
            status, kind, content = answer(body.decode())
            more = f"Location: /elsewhere\r\n" if status == 302 else ""  # noqa: F541
            await stream.send(
                f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(content)}\r\n\r\n".encode()
                + content
            )

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, talk)
            yield f"http://127.0.0.1:{port}"
            tasks.cancel_scope.cancel()
    finally:
        await listener.aclose()


def status_for(question: str, **changes: Any) -> str:
    """A signed status that fits a question, but for ``changes``."""
    part = question.split(".")[1]
    asked = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    fitting = {
        "iss": "urn:fiscald:vendor:test", "aud": "fiscald", "lic": asked["lic"], "iat": T0, "nonce": asked["nonce"],
        "req": fingerprint(question), "verdict": "revoked",
    }  # fmt: skip
    return sign(fitting | changes, "fiscald-status")


OLD = DeviceKey.make().sign(
    {"aud": "x", "lic": "lic_7Q4M2K9X", "crt": "c", "ver": "1", "iat": T0 - DAY, "nonce": "AAECAwQFBgcICQoLDA0ODw"}, "fiscald-check"
)  # fmt: skip
LIES: dict[str, Answering] = {
    "403": lambda _: (403, "text/plain", b"no"),
    "500": lambda _: (500, "text/html", b"<h1>Oops</h1>"),
    "captive portal": lambda _: (200, "text/html", b"<html>Please log in</html>"),
    "redirect": lambda _: (302, "text/plain", b""),
    "unsigned": lambda _: (200, "application/json", b'{"verdict":"revoked"}'),
    "another nonce": lambda q: (200, "application/jose", status_for(q, nonce="AAECAwQFBgcICQoLDA0ODw").encode()),
    "yesterday's": lambda _: (200, "application/jose", status_for(OLD).encode()),
    "another licence": lambda q: (200, "application/jose", status_for(q, lic="lic_OTHER000").encode()),
    "another vendor": lambda q: (200, "application/jose", status_for(q, iss="urn:fiscald:vendor:thief").encode()),
    "a certificate": lambda _: (200, "application/jose", C0.encode()),
    "its own question": lambda q: (200, "application/jose", q.encode()),
    "after the last date": lambda q: (200, "application/jose", status_for(q, since=253402300800).encode()),
    "unknown verdict": lambda q: (200, "application/jose", status_for(q, verdict="maybe").encode()),
    "too long": lambda q: (200, "application/jose", b"x" * 20_000),
    "not text": lambda q: (200, "application/jose", bytes(range(256))),
    "an odd character set": lambda q: (200, "text/html; charset=hex", status_for(q).encode() + b"?"),
    "an odder one": lambda q: (200, "text/html; charset=rot13", b"zz"),
    "signed by nobody": lambda q: (200, "application/jose", (status_for(q)[:-86] + "A" * 86).encode()),
}


@pytest.mark.parametrize("lie", LIES)
async def test_case_39_what_is_not_signed_for_this_question_says_nothing(tmp_path: Path, lie: str) -> None:
    async with liar(LIES[lie]) as url:
        it = till(tmp_path / "licence", url, Clock(T0))
        it.gate.install(C0.encode())
        before = it.gate.describe()
        with pytest.raises(ProblemError) as error:
            await it.flows.check()
        assert error.value.problem.code == "licence.unreachable"
        assert error.value.problem.retry == "safe"
        assert it.gate.describe() == before
        assert it.may_print


async def test_nobody_there_and_nobody_who_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiscald.licence.client.TIMEOUT", 0.2)
    it = till(tmp_path / "licence", "http://127.0.0.1:9", Clock(T0))
    it.gate.install(C0.encode())
    with pytest.raises(ProblemError, match="unreachable"):
        await it.flows.check()
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as silent:
        it = till(
            tmp_path / "licence", f"http://127.0.0.1:{silent.extra(anyio.abc.SocketAttribute.local_port)}", Clock(T0)
        )
        with pytest.raises(ProblemError, match="unreachable"):
            await it.flows.check()
    assert it.may_print


async def test_a_signed_revocation_counts_also_after_a_restart(tmp_path: Path) -> None:
    async with liar(lambda q: (200, "application/jose", status_for(q, text="nie zapłacono").encode())) as url:
        it = till(tmp_path / "licence", url, Clock(T0))
        it.gate.install(C0.encode())
        assert (await it.flows.check()).verdict == "revoked"
    assert it.changes[-1] == "revoked"
    again = till(tmp_path / "licence", None, Clock(T0))
    assert not again.may_print
    assert again.gate.refuses("daily_report", EMULATED) is None
    again.gate.install(make_certificate(now=T0, sub="lic_ANXTHER0").encode())
    assert again.may_print, "a new number works"


async def test_a_late_answer_does_not_undo_what_was_installed_meanwhile(tmp_path: Path) -> None:
    newer = make_certificate(now=T0, sub="lic_ANXTHER0")
    late = sign(claims(seq=8, jti="crt_8"))
    tills: list[Till] = []

    def answer(question: str) -> tuple[int, str, bytes]:
        tills[0].gate.install(newer.encode())  # while the question is on its way
        return 200, "application/jose", status_for(question, verdict="renewed", crt=late).encode()

    async with liar(answer) as url:
        it = till(tmp_path / "licence", url, Clock(T0))
        tills.append(it)
        it.gate.install(C0.encode())
        await it.flows.check()
        assert it.gate.describe()["licence"] == "lic_ANXTHER0"
        assert not (tmp_path / "licence" / "status").exists()


async def test_a_late_answer_does_not_bring_back_what_was_removed(tmp_path: Path) -> None:
    tills: list[Till] = []

    def answer(question: str) -> tuple[int, str, bytes]:
        tills[0].gate.remove("lic_7Q4M2K9X")
        crt = sign(claims(seq=8, jti="crt_8"))
        return 200, "application/jose", status_for(question, verdict="renewed", crt=crt).encode()

    async with liar(answer) as url:
        it = till(tmp_path / "licence", url, Clock(T0))
        tills.append(it)
        it.gate.install(C0.encode())
        await it.flows.check()
        assert it.gate.state().name == "unregistered"


async def test_the_vendor_is_asked_one_question_at_a_time(tmp_path: Path) -> None:
    """Registering waits for a check that is on its way, and giving back for both."""
    clock = Clock(time.time())
    async with vendor(tmp_path / "vendor", clock) as server:
        it = till(tmp_path / "till", server.url, clock, ca_file=server.ca_file)
        first, second = server.number(APP), server.number()
        await it.flows.register(first, None, BAKERY)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.flows.check)
            tasks.start_soon(it.flows.register, second, None, BAKERY)
            await anyio.lowlevel.checkpoint()
            tasks.start_soon(it.flows.deactivate)
        assert it.gate.state().name == "unregistered"
        with server.store.transaction(int(clock.now)) as t:
            told = [row["what"] for row in audit_rows(t, None, 100)]
    assert told.index("licence.superseded") < told.index("device.released")


async def test_the_answer_may_be_as_status_says_it(tmp_path: Path) -> None:
    """An HTTP status is no verdict: a signed "ok" counts whatever stands beside it."""
    async with liar(lambda q: (503, "text/plain", status_for(q, verdict="ok").encode())) as url:
        it = till(tmp_path / "licence", url, Clock(T0))
        it.gate.install(C0.encode())
        assert (await it.flows.check()).verdict == "ok"


async def test_a_signed_no_is_told_and_changes_nothing(tmp_path: Path) -> None:
    """Finding out that one asked wrong says nothing about the licence."""
    no = {"code": "clock", "detail": "The date is wrong.", "detail_pl": "Zła data."}

    def answer(question: str) -> tuple[int, str, bytes]:
        part = question.split(".")[1]
        asked = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        head = {"iss": "urn:fiscald:vendor:test", "aud": "fiscald", "iat": T0, "nonce": asked["nonce"]}
        signed = sign(head | {"req": fingerprint(question), "refused": no}, "fiscald-answer")
        return 400, "application/jose", signed.encode()

    async with liar(answer) as url:
        it = till(tmp_path / "licence", url, Clock(T0))
        it.gate.install(C0.encode())
        before = it.gate.describe()
        why = await refused(it.flows.check())
    assert (why["code"], why["vendor_code"], why["detail_pl"]) == ("licence.denied", "clock", "Zła data.")
    assert it.gate.describe() == before


async def test_a_mail_that_is_not_promised_is_not_on_its_way(tmp_path: Path) -> None:
    """The vendor signs an answer to the question, and it says neither yes nor no."""

    def answer(question: str) -> tuple[int, str, bytes]:
        part = question.split(".")[1]
        asked = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        said = {
            "iss": "urn:fiscald:vendor:test", "aud": "fiscald", "iat": T0, "nonce": asked["nonce"],
            "req": fingerprint(question), "session": "s",
        }  # fmt: skip
        return 200, "application/jose", sign(said, Answer.kind).encode()

    async with liar(answer) as url:
        keys = trusted(test_keys=True)
        client = VendorClient(url, "urn:fiscald:vendor:test", DeviceKey.make(), lambda: keys, Clock(T0))
        with pytest.raises(Unreachable, match="HTTP 200"):
            await client.ask_for_mail(client.question(Recover, email="a@bakery.pl"))


async def test_authorities_that_cannot_be_read_are_no_answer(tmp_path: Path) -> None:
    it = till(tmp_path / "licence", "https://127.0.0.1:9", Clock(T0), ca_file=tmp_path / "absent.pem")
    it.gate.install(C0.encode())
    why = await refused(it.flows.check())
    assert why["code"] == "licence.unreachable"
    assert "No such file" in why["detail"]


async def test_a_server_that_drips_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, and the answer never."""
    monkeypatch.setattr("fiscald.licence.client.TIMEOUT", 0.3)

    async def drip(stream: anyio.abc.SocketStream) -> None:
        with contextlib.suppress(anyio.BrokenResourceError):
            async with stream:
                await stream.send(b"HTTP/1.1 200 X\r\nContent-Length: 9999\r\n\r\n")
                while True:
                    await stream.send(b"x")
                    await anyio.sleep(0.02)

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, drip)
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        it = till(tmp_path / "licence", f"http://127.0.0.1:{port}", Clock(T0))
        it.gate.install(C0.encode())
        with anyio.fail_after(10):
            assert (await refused(it.flows.check()))["code"] == "licence.unreachable"
        tasks.cancel_scope.cancel()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300), status=st.integers(100, 599))
def test_any_answer_is_understood_or_no_answer(content: bytes, status: int) -> None:
    async def post(*_: Any) -> httpx.Response:
        return httpx.Response(status, content=content)

    client = VendorClient("http://x", "urn:x", DeviceKey.make(), lambda: trusted(test_keys=True), Clock(T0))
    client._post = post  # type: ignore[method-assign, assignment]

    async def ask() -> None:
        with pytest.raises(Unreachable):
            await client.check(client.question(Check, lic="lic_7Q4M2K9X", crt="c", ver="1"))

    anyio.run(ask)


# -- what is sent ----------------------------------------------------------------------------------------


async def test_a_check_sends_what_it_says_and_nothing_else(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(question: str) -> tuple[int, str, bytes]:
        asked.append(question)
        return 200, "application/jose", status_for(question, verdict="ok").encode()

    async with liar(answer) as url:
        it = till(tmp_path / "licence", url, Clock(T0), seller=Company(*BAKERY))
        it.gate.install(C0.encode())
        shown = await it.flows.next_question()
        await it.flows.check()
    header, payload, _ = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in asked[0].split("."))
    sent = json.loads(payload)
    assert set(sent) == set(shown) == {"aud", "lic", "crt", "ver", "iat", "nonce"}
    assert {name: sent[name] for name in ("lic", "crt", "ver")} == {
        "lic": "lic_7Q4M2K9X", "crt": "crt_7Q4M2K9X_0007", "ver": "1.0.3"
    }  # fmt: skip
    assert set(json.loads(header)) == {"alg", "typ", "jwk"}


async def test_the_daily_question_goes_on_whatever_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two outages, then an answer; the pauses are those between tries."""
    pauses: list[float] = []
    real = anyio.sleep

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await real(0)
        if len(pauses) > 3:
            raise Enough

    monkeypatch.setattr("fiscald.licence.registration.anyio.sleep", sleep)
    answers = iter([(500, b""), (500, b""), (200, None)])

    def answer(question: str) -> tuple[int, str, bytes]:
        status, body = next(answers)
        return status, "text/plain", status_for(question, verdict="ok").encode() if body is None else body

    async with liar(answer) as url:
        it = till(tmp_path / "licence", url, Clock(T0))
        it.gate.install(C0.encode())
        with pytest.raises(Enough):
            await it.flows.run()
    first, *tries, daily = pauses
    assert 0 <= first <= 600
    assert tries == [300.0, 900.0]
    assert 0.9 * DAY <= daily <= 1.1 * DAY


def test_no_two_questions_have_the_same_nonce() -> None:
    client = VendorClient("http://x", "urn:x", DeviceKey.make(), lambda: trusted(test_keys=True), Clock(T0))
    nonces = {client.question(Check, lic="l", crt="c", ver="1").nonce for _ in range(20)}
    assert len(nonces) == 20
    assert {len(base64.urlsafe_b64decode(nonce + "==")) for nonce in nonces} == {16}


def test_the_latest_time_is_kept_hourly_and_only_where_it_is_believed(tmp_path: Path) -> None:
    clock = Clock(T0)
    it = till(tmp_path / "licence", None, clock)
    it.gate.install(C0.encode())
    for seconds, kept in ((0, 0), (3599, 0), (3600, 3600), (7199, 3600), (400 * DAY, 3600)):
        clock.now = T0 + seconds
        it.gate.save_time()
        assert it.gate.store.memory.mark == T0 + kept


async def test_computers_do_not_ask_in_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that were switched on together would ask together, every day."""
    firsts, dailies = [], []
    real = anyio.sleep

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await real(0)
        if len(pauses) > 1:
            raise Enough

    monkeypatch.setattr("fiscald.licence.registration.anyio.sleep", sleep)
    it = till(tmp_path / "licence", None, Clock(T0))
    for _ in range(30):
        pauses: list[float] = []
        with pytest.raises(Enough):
            await it.flows.run()
        firsts.append(pauses[0])
        dailies.append(pauses[1])
    assert 0 <= min(firsts) < 200 < 400 < max(firsts) <= 600
    assert 0.9 * DAY <= min(dailies) < 0.96 * DAY < 1.04 * DAY < max(dailies) <= 1.1 * DAY


async def test_nothing_that_goes_wrong_in_a_check_ends_the_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pauses: list[float] = []
    real = anyio.sleep

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await real(0)
        if len(pauses) > 2:
            raise Enough

    def odd() -> None:
        raise ZeroDivisionError("5260001246 is odd")

    it = till(tmp_path / "licence", "http://127.0.0.1:9", Clock(T0))
    monkeypatch.setattr("fiscald.licence.registration.anyio.sleep", sleep)
    monkeypatch.setattr(it.gate, "save_time", odd)
    with pytest.raises(Enough):
        await it.flows.run()
    assert pauses[1:] == [300.0, 900.0]
    assert "ZeroDivisionError" in caplog.text
    assert "5260001246" not in caplog.text


# -- key lists -------------------------------------------------------------------------------------------


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


# -- with the vendor's real server -----------------------------------------------------------------------


@asynccontextmanager
async def vendor(directory: Path, clock: Clock) -> AsyncIterator[RunningVendor]:
    directory.mkdir(exist_ok=True)
    async with vendor_server(directory, clock=lambda: int(clock.now)) as it:
        yield it


async def refused(asking: Awaitable[Any]) -> dict[str, Any]:
    with pytest.raises(ProblemError) as error:
        await asking
    return error.value.problem.model_dump()


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
        handed = server.desk.hand_in(wanted.encode(), "192.0.2.1")
    assert handed.certificate is not None
    await it.flows.install(armour(handed.certificate))
    assert it.may_print
    assert it.gate.describe()["state"] == "active"


async def test_a_code_from_the_mail(tmp_path: Path) -> None:
    clock = Clock(time.time())
    async with vendor(tmp_path / "vendor", clock) as server:
        it = till(tmp_path / "till", server.url, clock, ca_file=server.ca_file, seller=Company(*BAKERY))
        assert (await refused(it.flows.enrol(None, "not an address")))["code"] == "request.invalid"
        ahead = till(tmp_path / "ahead", server.url, Clock(clock.now + DAY), ca_file=server.ca_file)
        wrong = await refused(ahead.flows.enrol(BAKERY, "biuro@piekarnia.pl"))
        assert (wrong["code"], wrong["vendor_code"]) == ("licence.denied", "clock"), (
            "the person is told why no mail comes"
        )
        await it.flows.enrol(None, "biuro@piekarnia.pl")
        code = await server.mailbox.code()
        wrong = await refused(it.flows.enrol_confirm("biuro@piekarnia.pl", "00000-00000"))
        assert wrong["vendor_code"] == "code_wrong"
        await it.flows.enrol_confirm("biuro@piekarnia.pl", code.lower())
        assert it.gate.state().name == "trial"
        assert it.changes[-1] == "trial"


async def test_a_server_that_the_authorities_do_not_vouch_for_is_not_spoken_to(tmp_path: Path) -> None:
    clock = Clock(time.time())
    async with vendor(tmp_path / "vendor", clock) as server:
        it = till(tmp_path / "till", server.url, clock)
        assert (
            "CERTIFICATE_VERIFY_FAILED" in (await refused(it.flows.register(server.number(), None, BAKERY)))["detail"]
        )


# -- numbers and files -----------------------------------------------------------------------------------


async def test_a_mistyped_number_is_not_sent_anywhere(tmp_path: Path) -> None:
    it = till(tmp_path / "till", "http://127.0.0.1:9", Clock(T0))
    why = await refused(it.flows.register("410F4-0BV4H-M4SW9-148AR-7BS7D-8TA1", None, BAKERY))
    assert (why["code"], why["number_code"]) == ("licence.number", "NUMBER_TYPO_ONE")
    assert why["places"] == [{"group": 3, "character": 2}]
    why = await refused(it.flows.register(N1, N1, BAKERY))
    assert why["number_code"] == "NUMBER_WRONG_FIELD"
    found = it.flows.diagnose(N1)
    assert (found["number"], found["modules"], found["kind"]) == ("410F4-8TA1", ["app", "bank", "fiscal"], "licence")
    assert it.gate.state().name == "unregistered", "case 1: a number alone unlocks nothing"


async def test_a_directory_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    it = till(tmp_path / "till", "http://127.0.0.1:9", Clock(T0))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    why = await refused(it.flows.register(N1, None, BAKERY))
    assert (why["code"], why["fault"]) == ("licence.files", "licence")


def test_a_device_key_that_is_damaged_is_said_and_not_replaced(tmp_path: Path) -> None:
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
