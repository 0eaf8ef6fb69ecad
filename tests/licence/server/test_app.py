"""The real server: HTTPS on the loopback interface, an SMTP server that mails are read from, every answer it has."""

from __future__ import annotations

import datetime
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from aiosmtpd.controller import Controller

from fiscald.licence import wire
from fiscald.licence.certificate import verify
from fiscald.licence.keys import TEST_KEY, TEST_ROOT
from fiscald.licence.server import admin
from fiscald.licence.server.app import MAIL_SENT
from fiscald.licence.server.config import SmtpConfig
from fiscald.licence.server.smtp import Smtp
from fiscald.licence.testing import TEST_ROOT_PRIVATE
from fiscald.licence.tokens import read_vendor_token
from tests.licence.server.https import RunningVendor, code_in, throwaway_tls, vendor_server
from tests.licence.server.running import BAKERY, DAIRY, DAY, F1, KEYS, Answered, Clock, Computer, opened

JOSE = {"Content-Type": "application/jose"}


class Running:
    """The server, and a client that believes in its throw-away CA."""

    def __init__(self, it: RunningVendor, clock: Clock, http: httpx.AsyncClient) -> None:
        self.it = it
        self.clock = clock
        self.http = http

    async def post(self, computer: Computer, model: type[wire.VendorRequest], **fields: Any) -> httpx.Response:
        return await self.http.post(model.path, content=computer.sign(model, **fields), headers=JOSE)

    async def ask(self, computer: Computer, model: type[wire.VendorRequest], **fields: Any) -> Answered:
        token = computer.sign(model, **fields)
        response = await self.http.post(model.path, content=token, headers=JOSE)
        if response.status_code == 202:
            return Answered(202, None)
        assert response.headers["content-type"] == "application/jose"
        return opened(response.status_code, response.text, token, self.clock())


@asynccontextmanager
async def serving(directory: Path, **options: Any) -> AsyncIterator[Running]:
    clock = Clock()
    async with vendor_server(directory, clock=clock, **options) as it:
        context = ssl.create_default_context(cafile=it.ca_file)
        async with httpx.AsyncClient(base_url=it.url, verify=context) as http:
            yield Running(it, clock, http)


async def test_a_trial_and_a_number_over_https(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        till = Computer(server.clock)
        assert (await server.ask(till, wire.Enrol, email="a@bakery.pl", company=BAKERY)).status == 202
        code = await server.it.mailbox.code()
        assert (await server.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=code)).crt.kind == "trial"
        paid = (await server.ask(till, wire.Activate, number=server.it.number(), company=BAKERY)).crt
        assert paid.kind == "paid"
        assert (await server.ask(till, wire.Check, lic=paid.sub, crt=paid.jti)).verdict.verdict == "ok"


async def test_a_request_for_a_mail_always_has_the_same_answer(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        till = Computer(server.clock)
        await server.ask(till, wire.Enrol, email="a@bakery.pl", company=BAKERY)
        code = await server.it.mailbox.code()
        await server.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=code)
        server.clock.go(days=1)
        answers = []
        requester = Computer(server.clock, 3)
        cases: list[tuple[type[wire.VendorRequest], str, Any]] = [
            (wire.Enrol, "a@bakery.pl", BAKERY),
            (wire.Enrol, "b@bakery.pl", BAKERY),
            (wire.Enrol, "a@bakery.pl", DAIRY),
            (wire.Enrol, "nobody@example.org", DAIRY),
            (wire.Recover, "a@bakery.pl", None),
            (wire.Recover, "b@bakery.pl", None),
            (wire.Recover, "nobody@example.org", None),
            (wire.Recover, "nobody2@example.org", None),
        ]
        for model, email, company in cases:
            asked = {"email": email} | ({"company": company} if company else {})
            response = await server.post(requester, model, **asked)
            answers.append((response.status_code, response.content, sorted(set(response.headers) - {"date"})))
        assert len({repr(answer) for answer in answers}) == 1
        assert answers[0][0] == 202
        assert response.json() == MAIL_SENT


async def test_an_invalid_request_gets_an_unsigned_error(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        till = Computer(server.clock)
        check = till.sign(wire.Check, lic="lic_X", crt="crt_X")
        for path, body in [
            ("/v1/check", b""),
            ("/v1/check", b"\xff" * 100),
            ("/v1/check", check[:-1].encode()),
            ("/v1/activate", check.encode()),
            ("/v1/check", till.sign(wire.Check, lic="lic_X", crt="crt_X", host="till-1").encode()),
            ("/v1/check", till.sign(wire.Check, lic="lic_X", crt="crt_X", aud="urn:fiscald:vendor:other").encode()),
            ("/v1/offline", b"nothing"),
        ]:
            response = await server.http.post(path, content=body, headers=JOSE)
            assert response.status_code == 400, path
            assert set(response.json()) == {"detail", "detail_pl"}
        assert (await server.http.post("/v1/check", content=b"x" * 8193)).status_code == 413
        assert (await server.http.post("/v1/offline", content=b"x" * 16385)).status_code == 413
        assert (await server.http.get("/v1/check")).status_code == 405
        assert (await server.http.get("/admin")).status_code == 404
        assert (await server.http.get("/v1/keys")).status_code == 404
        assert (await server.http.get("/v1/latest")).status_code == 404
        assert (await server.http.get("/healthz")).status_code == 204
        too_old = await server.ask(till, wire.Check, lic="lic_X", crt="crt_X", iat=server.clock() - 601)
        assert (too_old.status, too_old.refused) == (400, "clock")
        unknown = await server.ask(till, wire.Check, lic="lic_X", crt="crt_X")
        assert (unknown.status, unknown.refused) == (404, "licence_unknown")


async def test_a_request_is_accepted_once(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        till = Computer(server.clock)
        token = till.sign(wire.Activate, number=server.it.number(), company=BAKERY)
        first = await server.http.post("/v1/activate", content=token, headers=JOSE)
        second = await server.http.post("/v1/activate", content=token, headers=JOSE)
        assert first.status_code == 200
        assert opened(second.status_code, second.text, token, server.clock()).refused == "replayed"
        # Another computer may happen to use the same nonce.
        other = Computer(server.clock, 2)
        assert (await server.ask(other, wire.Activate, number=server.it.number(), company=DAIRY)).status == 200


async def test_too_many_requests_get_a_retry_time(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        till = Computer(server.clock)
        for number in range(5):
            await server.post(till, wire.Enrol, email=f"a{number}@bakery.pl", company=BAKERY | {"tin": TINS[number]})
        server.clock.go(10)
        many = await server.post(till, wire.Enrol, email="a@bakery.pl", company=BAKERY)
        assert (many.status_code, many.headers["retry-after"]) == (429, "3590")
        assert "Zbyt wiele" in many.json()["detail_pl"]


async def test_only_the_proxy_may_set_the_client_address(tmp_path: Path) -> None:
    for trusted, limited in ((("127.0.0.1",), False), ((), True)):
        (tmp_path / str(limited)).mkdir()
        async with serving(tmp_path / str(limited), trusted_proxies=trusted) as server:
            for number in range(11):
                token = Computer(server.clock, number).sign(wire.Activate, number=F1, company=BAKERY)
                last = await server.http.post(
                    "/v1/activate", content=token, headers={"X-Forwarded-For": f"198.51.100.{number}"}
                )
            assert (last.status_code == 429) == limited


TINS = ("5260001246", "5252248481", "7740001454", "5260250995", "1234563218")


async def test_the_server_signs_nothing_while_its_clock_is_behind_the_audit(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        till = Computer(server.clock)
        server.it.number()
        server.clock.go(-1)
        number = "410F4-0BV4H-MASW9-148AR-7BS7D-8TA1"
        assert (await server.post(till, wire.Activate, number=number, company=BAKERY)).status_code == 503
        assert (await server.http.get("/healthz")).status_code == 503
        with server.it.store.transaction(server.clock(), "cli:test") as t:
            t.audit("clock.accepted")
        assert (await server.http.get("/healthz")).status_code == 204


async def test_a_check_returns_the_key_list_and_the_newest_version(tmp_path: Path) -> None:

    async with serving(tmp_path) as server:
        with server.it.store.transaction(server.clock(), "cli:test") as t:
            admin.add_key(t, TEST_KEY.kid, TEST_KEY.x)
            admin.add_key(t, "test-2026b", "A" * 43)
            admin.sign_key_list(t, TEST_KEY.issuer, TEST_ROOT_PRIVATE, TEST_ROOT.kid)
            admin.set_release(t, "1.0.9", datetime.date(2026, 1, 10), "https://vendor.example/old")
            admin.set_release(t, "1.1.0", datetime.date(2026, 5, 1), "https://vendor.example/new")
        listed = await server.http.get("/v1/keys")
        assert "max-age" in listed.headers["cache-control"]
        _, payload = read_vendor_token(listed.text, wire.KEYS, KEYS, "keys")
        keys = wire.parse(wire.KeyList, payload)
        assert (keys.ver, [key.kid for key in keys.keys]) == (1, ["test-2026a", "test-2026b"])
        _, payload = read_vendor_token((await server.http.get("/v1/latest")).text, wire.LATEST, KEYS, "status")
        assert wire.parse(wire.Latest, payload).latest == "1.1.0"
        till = Computer(server.clock)
        paid = (await server.ask(till, wire.Activate, number=server.it.number(), company=BAKERY)).crt
        verdict = (await server.ask(till, wire.Check, lic=paid.sub, crt=paid.jti)).verdict
        assert verdict.keys == listed.text
        assert verdict.upd == wire.parse(wire.Latest, payload)


# -- a till without a cable ------------------------------------------------------------------------------


async def test_a_request_file_is_exchanged_for_a_certificate_that_never_runs_out(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        till = Computer(server.clock)
        file = till.sign(wire.RequestFile, number=server.it.number(), company=BAKERY) + "\n"
        server.clock.go(days=2)
        response = await server.http.post("/v1/offline", content=file)
        assert response.headers["content-type"].startswith("text/plain")
        first = verify(response.content, KEYS, server.clock())
        assert (first.exp, first.end, first.check_every, first.mid) == (None, None, None, till.mid)
        # The answer got lost: the same file again, through the page of a browser.
        form = await server.http.get("/v1/offline")
        assert "<form" in form.text
        parts: list[Any] = [{"file": ("order.txt", file.encode())}, {"file": ("", b""), "text": (None, file)}]
        for part in parts:
            page = await server.http.post("/v1/offline", files=part, headers={"Accept": "text/html"})
            assert page.status_code == 200
            assert "<svg" in page.text
            armoured = page.text.partition("<pre>")[2].partition("</pre>")[0]
            assert verify(armoured.encode(), KEYS, server.clock()).sub == first.sub
        server.clock.go(days=29)
        old = await server.http.post("/v1/offline", content=file)
        assert opened(old.status_code, old.text, file.strip(), server.clock()).refused == "request_old"
        page = await server.http.post("/v1/offline", content=file, headers={"Accept": "text/html"})
        assert (page.status_code, "starszy niż 30 dni" in page.text) == (410, True)


async def test_a_request_signed_before_the_seat_was_released_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        till, office = Computer(server.clock), Computer(server.clock, 2)
        number = server.it.number()
        order = till.sign(wire.RequestFile, number=number, company=BAKERY)
        licence = verify((await server.http.post("/v1/offline", content=order)).content, KEYS).sub
        server.clock.go(60)
        await server.ask(till, wire.Deactivate, lic=licence)
        again = await server.http.post("/v1/offline", content=order)
        assert opened(again.status_code, again.text, order, server.clock()).refused == "request_old"
        assert (await server.ask(office, wire.Activate, number=number, company=BAKERY)).crt.sub == licence
        back = till.sign(wire.Deactivate, lic=licence)
        assert (await server.http.post("/v1/offline", content=back)).status_code == 400, "only orders are exchanged"


# -- mail ------------------------------------------------------------------------------------------------


class Sink:
    """A mail server that keeps what it gets; ``down`` makes it refuse."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.answer


@contextmanager
def smtp_server(sink: Sink, port: int = 0, **options: Any) -> Iterator[int]:
    controller = Controller(sink, hostname="127.0.0.1", port=port or free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def free_port() -> int:

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_the_code_comes_through_a_real_mail_server(tmp_path: Path) -> None:
    sink = Sink()
    with smtp_server(sink) as port:
        smtp = Smtp(SmtpConfig(host="127.0.0.1", port=port, security="plain", sender="licence@vendor.example"))
        async with serving(tmp_path, transport=smtp) as server:
            till = Computer(server.clock)
            await server.ask(till, wire.Enrol, email="Żurek@bakery.pl", company=BAKERY)
            refused = await server.ask(till, wire.Enrol, email="a,b@bakery.pl", company=BAKERY)
            assert (refused.status, refused.refused) == (422, "email_invalid")
            await server.ask(till, wire.Enrol, email="jan.kowalski+till@BAKERY.pl", company=BAKERY)
            with anyio.fail_after(10):
                while not sink.mails:
                    await anyio.sleep(0.01)
            (mail,) = sink.mails
            assert (mail["To"], mail["From"]) == ("jan.kowalski+till@bakery.pl", "licence@vendor.example")
            assert "http" not in mail.get_content()
            code = code_in(mail)
            certificate = await server.ask(till, wire.EnrolConfirm, email="jan.kowalski+till@bakery.pl", code=code)
            assert certificate.crt.kind == "trial"


async def test_mail_goes_over_starttls_to_a_server_that_proves_its_name(tmp_path: Path) -> None:
    sink = Sink()
    tls, ca_file = throwaway_tls(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls.certificate, tls.key)
    with smtp_server(sink, tls_context=context, require_starttls=True) as port:
        message = EmailMessage()
        message["From"], message["To"] = "a@vendor.example", "b@bakery.pl"
        message.set_content("x")
        config = SmtpConfig(host="localhost", port=port, sender="a@vendor.example", ca_file=ca_file)
        await Smtp(config).send(message)
        assert len(sink.mails) == 1
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            await Smtp(config.model_copy(update={"ca_file": None})).send(message)
        assert len(sink.mails) == 1


async def test_a_certificate_of_a_check_is_half_a_month_newer(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        till = Computer(server.clock)
        paid = (await server.ask(till, wire.Activate, number=server.it.number(), company=BAKERY)).crt
        server.clock.go(days=16)
        renewed = await server.ask(till, wire.Check, lic=paid.sub, crt=paid.jti)
        assert renewed.verdict.verdict == "renewed"
        assert (renewed.crt.exp, renewed.crt.seq) == (server.clock() + 31 * DAY, paid.seq + 1)
