"""The daemon's side of the flows: what counts as an answer, and what every other answer must not do."""

from __future__ import annotations

import base64
import contextlib
import json
import time
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import anyio.lowlevel
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fiscald.licence.client import Unreachable, VendorClient
from fiscald.licence.clock import DAY
from fiscald.licence.company import Company
from fiscald.licence.device import DeviceKey
from fiscald.licence.keys import trusted
from fiscald.licence.number import APP
from fiscald.licence.posting import Posted
from fiscald.licence.server.listing import audit_rows
from fiscald.licence.testing import make_certificate, sign
from fiscald.licence.tokens import fingerprint
from fiscald.licence.wire import Answer, Check, Recover
from fiscald.model.problems import ProblemError
from tests.drawn import drawn
from tests.licence.registering import BAKERY, EMULATED, Answering, Clock, Till, liar, refused, status_for, till, vendor
from tests.licence.test_certificate import C0, T0, claims


class Enough(Exception):
    """A test has seen what it wanted."""


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
    "with a wrong signature": lambda q: (200, "application/jose", (status_for(q)[:-86] + "A" * 86).encode()),
}


@pytest.mark.parametrize("lie", LIES)
async def test_case_39_a_reply_not_signed_for_this_request_is_ignored(tmp_path: Path, lie: str) -> None:
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


async def test_no_server_and_a_server_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiscald.licence.posting.TIMEOUT", 0.2)
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


async def test_case_39_a_signed_revocation_counts_also_after_a_restart(tmp_path: Path) -> None:
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
        tills[0].gate.give_back("lic_7Q4M2K9X", T0)
        crt = sign(claims(seq=8, jti="crt_8"))
        return 200, "application/jose", status_for(question, verdict="renewed", crt=crt).encode()

    async with liar(answer) as url:
        it = till(tmp_path / "licence", url, Clock(T0))
        tills.append(it)
        it.gate.install(C0.encode())
        await it.flows.check()
        assert it.gate.state().name == "unregistered"


async def test_requests_to_the_vendor_run_one_at_a_time(tmp_path: Path) -> None:
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
    assert told.index("seat.replaced") < told.index("device.released")


async def test_a_reply_may_have_the_status_it_names(tmp_path: Path) -> None:
    """An HTTP status is no verdict: a signed "ok" counts whatever stands beside it."""
    async with liar(lambda q: (503, "text/plain", status_for(q, verdict="ok").encode())) as url:
        it = till(tmp_path / "licence", url, Clock(T0))
        it.gate.install(C0.encode())
        assert (await it.flows.check()).verdict == "ok"


async def test_a_signed_refusal_is_reported_and_changes_nothing(tmp_path: Path) -> None:
    """A refused request is no verdict about the licence."""
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


async def test_a_mail_that_was_not_confirmed_is_an_error(tmp_path: Path) -> None:
    """The vendor signs an answer to the question, and it contains neither acceptance nor refusal."""

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
            await client.ask_for_mail(client.request(Recover, email="a@bakery.pl"))


async def test_an_unreadable_ca_file_is_reported_as_unreachable(tmp_path: Path) -> None:
    it = till(tmp_path / "licence", "https://127.0.0.1:9", Clock(T0), ca_file=tmp_path / "absent.pem")
    it.gate.install(C0.encode())
    why = await refused(it.flows.check())
    assert why["code"] == "licence.unreachable"
    assert "No such file" in why["detail"]


async def test_a_server_that_sends_too_slowly_times_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, and the answer never."""
    monkeypatch.setattr("fiscald.licence.posting.TIMEOUT", 0.3)

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


@settings(max_examples=drawn(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300), status=st.integers(100, 599))
def test_any_reply_is_parsed_or_reported_as_unreachable(content: bytes, status: int) -> None:
    async def post(*_: Any) -> Posted:
        return Posted(status, {}, content)

    client = VendorClient("http://x", "urn:x", DeviceKey.make(), lambda: trusted(test_keys=True), Clock(T0))
    client._post = post  # type: ignore[method-assign, assignment]

    async def ask() -> None:
        with pytest.raises(Unreachable):
            await client.check(client.request(Check, lic="lic_7Q4M2K9X", crt="c", ver="1"))

    anyio.run(ask)


async def test_a_check_sends_only_the_documented_fields(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(question: str) -> tuple[int, str, bytes]:
        asked.append(question)
        return 200, "application/jose", status_for(question, verdict="ok").encode()

    async with liar(answer) as url:
        it = till(tmp_path / "licence", url, Clock(T0), seller=Company(*BAKERY))
        it.gate.install(C0.encode())
        shown = await it.flows.next_check()
        await it.flows.check()
    header, payload, _ = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in asked[0].split("."))
    sent = json.loads(payload)
    assert set(sent) == set(shown) == {"aud", "lic", "crt", "ver", "iat", "nonce"}
    assert {name: sent[name] for name in ("lic", "crt", "ver")} == {
        "lic": "lic_7Q4M2K9X", "crt": "crt_7Q4M2K9X_0007", "ver": "1.0.3"
    }  # fmt: skip
    assert set(json.loads(header)) == {"alg", "typ", "jwk"}


async def test_the_daily_check_continues_after_every_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six outages, then an answer; the pauses grow up to six hours."""
    pauses: list[float] = []
    real = anyio.sleep

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await real(0)
        if len(pauses) > 7:
            raise Enough

    monkeypatch.setattr("fiscald.licence.registration.anyio.sleep", sleep)
    answers = iter([*[(500, b"")] * 6, (200, None)])

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
    assert tries == [300.0, 900.0, 3600.0, 21600.0, 21600.0, 21600.0]
    assert 0.9 * DAY <= daily <= 1.1 * DAY


def test_no_two_requests_have_the_same_nonce() -> None:
    client = VendorClient("http://x", "urn:x", DeviceKey.make(), lambda: trusted(test_keys=True), Clock(T0))
    nonces = {client.request(Check, lic="l", crt="c", ver="1").nonce for _ in range(20)}
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


async def test_computers_spread_their_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


async def test_no_failure_of_a_check_ends_the_daemon(
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
