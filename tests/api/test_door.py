"""What a request from the network must show: TLS, a known host, a known site, a token; each refusal has its code."""

from __future__ import annotations

import logging
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from fiscald import daemon
from fiscald.api.connections import Who
from fiscald.api.door import Hosts
from fiscald.api.tokens import FIRST_DELAY, FREE, LONGEST_DELAY, MOST_ADDRESSES, MOST_DELAYED, Failures
from fiscald.model.rights import Right
from fiscald.model.tokens import TOKEN
from tests.networked import ORIGIN, networked


def refused(response: httpx.Response, status: int, code: str) -> bool:
    assert response.headers["content-type"] == "application/problem+json", response.text
    body = response.json()
    assert (response.status_code, body["code"], body["fault"]) == (status, code, "request"), body
    assert body["document"] == "unknown", "a caller without a token learns nothing about a document"
    assert body["detail"]
    assert body["detail_pl"]
    return True


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
async def test_a_receipt_is_printed_over_the_network(tmp_path: Path, *, tls: bool) -> None:
    async with networked(tmp_path, tls=tls) as door:
        token = await door.token()
        body = {
            "printer": "till1",
            "document": {"type": "receipt", "lines": [{"name": "Kawa", "price": "1.00", "vat": "A"}]},
        }
        response = await door.ask("PUT", "/v1/jobs/over%2Fnetwork?wait=20", token, body=body)
        assert response.json()["state"] == "done", response.text
        assert response.http_version == "HTTP/1.1"
        assert (await door.it.client.job("over/network")).result == (await door.it.client.job("over/network")).result
        assert (await door.ask("GET", "/v1", token)).json()["rights"] == ["print", "report"]


async def test_every_wrong_token_has_its_own_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later = timedelta()
    monkeypatch.setattr(daemon, "now", lambda: datetime.now(UTC) + later)
    async with networked(tmp_path, licensed=False, ready=False) as door:
        good = await door.token()
        assert TOKEN.fullmatch(good)
        assert (await door.ask("GET", "/v1", good)).status_code == 200
        missing = await door.ask("GET", "/v1/jobs/a")
        assert refused(missing, 401, "token.missing")
        assert missing.headers["www-authenticate"] == "Bearer"
        assert refused(await door.ask("GET", "/v1", headers={"Authorization": "Basic YTpi"}), 401, "token.missing")
        last = "0" if good[-1] != "0" else "1"
        assert refused(await door.ask("GET", "/v1", good[:-1] + last), 401, "token.wrong")
        ending = await door.token("ending", expires=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
        assert (await door.ask("GET", "/v1", ending)).status_code == 200
        later = timedelta(hours=1)
        assert refused(await door.ask("GET", "/v1", ending), 401, "token.expired")
        assert (await door.it.http.delete("/v1/tokens/erp")).status_code == 200
        assert refused(await door.ask("PUT", "/v1/jobs/a", good, body={}), 401, "token.revoked")
        assert (await door.it.http.delete("/v1/tokens/erp")).json()["code"] == "token.unknown"


async def test_two_tokens_in_one_request_are_none(tmp_path: Path) -> None:
    async with networked(tmp_path, tls=False, licensed=False, ready=False) as door:
        token = await door.token()
        lines = (
            f"GET /v1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nAuthorization: Bearer x\r\n\r\n"
        )
        async with await anyio.connect_tcp("127.0.0.1", door.port) as link:
            await link.send(lines.encode())
            assert b"token.missing" in await receive_all(link, b"}")


async def receive_all(link: Any, end: bytes) -> bytes:
    data = b""
    with anyio.fail_after(10):
        while not data.endswith(end):
            data += await link.receive()
    return data


async def test_plain_http_to_the_tls_port_gets_a_sentence(tmp_path: Path) -> None:
    async with networked(tmp_path, licensed=False, ready=False) as door:
        token = await door.token()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{door.port}", trust_env=False) as http:
            response = await http.get("/v1", headers={"Authorization": f"Bearer {token}"})
        assert refused(response, 400, "request.no_tls")
        assert response.headers["connection"] == "close"
        async with await anyio.connect_tcp("127.0.0.1", door.port) as link:
            await link.send(b"\x00\xff no http \r\n\r\n")
            assert (await link.receive()).startswith(b"HTTP/1.1 400")


async def test_old_tls_is_refused(tmp_path: Path) -> None:
    async with networked(tmp_path, licensed=False, ready=False) as door:
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, anyio.BrokenResourceError)):
            await anyio.connect_tcp("127.0.0.1", door.port, tls=True, ssl_context=old)
        assert (await door.ask("GET", "/v1", await door.token())).status_code == 200


async def test_a_wrong_host_name_is_refused(tmp_path: Path) -> None:
    async with networked(tmp_path, more={"hosts": ("kasa.local",)}, licensed=False, ready=False) as door:
        token = await door.token()
        for host in ("attacker.example", "localhost.attacker.example", "till.example.pl.attacker.example", "", "a b"):
            assert refused(await door.ask("GET", "/v1", token, headers={"Host": host}), 421, "request.host")
        for host in (
            "till.example.pl",
            "KASA.local.",
            "a.shop.example.pl",
            f"localhost:{door.port}",
            "192.168.1.7",
            "[::1]:1",
        ):
            assert (await door.ask("GET", "/v1", token, headers={"Host": host})).status_code == 200, host


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ("till", True), ("TILL:80", True), ("till.", True), ("a.b.pl", True), ("x.a.b.pl", False), ("b.pl", False),
        ("127.0.0.1", True), ("127.0.0.1:8443", True), ("[::1]", True), ("[fe80::1]:8443", True), ("localhost", True),
        ("", False), (":80", False), ("evil", False), ("till:80:90", False), ("till@evil", False), ("[till]", False),
        ("127.0.0.1.evil", False), ("1.2.3", False), (None, False),
    ],
)  # fmt: skip
def test_names_of_this_daemon(header: str | None, *, known: bool) -> None:
    assert (header in Hosts(["till", "*.b.pl"])) is known


async def test_pages_of_other_sites_are_refused(tmp_path: Path) -> None:
    async with networked(tmp_path, licensed=False, ready=False) as door:
        token = await door.token()
        for origin in ("https://evil.example", "null", ORIGIN.replace("https", "http"), f"{ORIGIN}.evil.example", ""):
            response = await door.ask("GET", "/v1", token, headers={"Origin": origin})
            assert refused(response, 403, "request.origin")
            assert "access-control-allow-origin" not in response.headers
            response = await door.ask(
                "OPTIONS", "/v1", headers={"Origin": origin, "Access-Control-Request-Method": "GET"}
            )
            assert refused(response, 403, "request.origin")
        own = await door.ask("GET", "/v1", token, headers={"Origin": door.listen.url})
        assert own.status_code == 200


async def test_pages_of_an_allowed_site_may_call(tmp_path: Path) -> None:
    async with networked(tmp_path, licensed=False, ready=False) as door:
        ask = {
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "authorization,content-type",
            "Access-Control-Request-Private-Network": "true",
        }
        preflight = await door.ask("OPTIONS", "/v1/jobs/a", headers=ask)
        assert preflight.status_code == 204, "without a token: browsers send none"
        assert preflight.headers["access-control-allow-origin"] == ORIGIN
        assert "PUT" in preflight.headers["access-control-allow-methods"]
        assert "authorization" in preflight.headers["access-control-allow-headers"]
        assert preflight.headers["access-control-allow-private-network"] == "true"
        assert "access-control-allow-credentials" not in preflight.headers, "no cookie is ever needed"
        for token, status in ((await door.token(), 200), (None, 401)):
            response = await door.ask("GET", "/v1", token, headers={"Origin": ORIGIN})
            assert response.status_code == status
            assert response.headers["access-control-allow-origin"] == ORIGIN, "the page may read the refusal too"
            assert response.headers["vary"] == "Origin"


async def test_the_socket_asks_for_none_of_this(tmp_path: Path) -> None:
    async with networked(tmp_path, licensed=False, ready=False) as door:
        response = await door.it.http.get("/v1", headers={"Host": "evil", "Origin": "https://evil.example"})
        assert response.status_code == 200


# -- wrong tokens are slowed down ------------------------------------------------------------------------


def test_the_delay_grows_per_address_and_ends() -> None:
    failures, one, other = Failures(), Who("192.168.1.7", None), Who("192.168.1.8", None)
    assert [failures.delay(one, 0.0) for _ in range(FREE)] == [0.0] * FREE
    assert [failures.delay(one, 0.0) for _ in range(3)] == [FIRST_DELAY, 2 * FIRST_DELAY, 4 * FIRST_DELAY]
    assert [failures.delay(one, 0.0) for _ in range(100)][-1] == LONGEST_DELAY
    assert failures.delay(other, 0.0) == 0.0
    assert failures.delay(one, 61.0) == 0.0, "after a minute without a wrong token"


def test_a_bounded_number_of_addresses_is_remembered() -> None:
    failures = Failures()
    for number in range(3 * MOST_ADDRESSES):
        failures.delay(Who(f"address {number}", None), 0.0)
    assert len(failures._seen) == MOST_ADDRESSES


def test_few_answers_of_one_address_wait_at_a_time() -> None:
    from contextlib import ExitStack

    failures, who = Failures(), Who("192.168.1.7", None)
    with ExitStack() as stack:
        assert [stack.enter_context(failures.delayed(who)) for _ in range(MOST_DELAYED + 2)] == [
            True
        ] * MOST_DELAYED + [False] * 2
    with failures.delayed(who) as may_wait:
        assert may_wait
    assert not failures._delayed


async def test_the_right_token_is_never_slowed_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slept = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await anyio.lowlevel.checkpoint()

    async with networked(tmp_path, licensed=False, ready=False) as door:
        token = await door.token()
        monkeypatch.setattr("fiscald.api.tokens.anyio.sleep", sleep)
        for _ in range(FREE + 2):
            assert refused(await door.ask("GET", "/v1", f"fiscald_1_{'0' * 64}"), 401, "token.wrong")
        monkeypatch.undo()
        assert [each for each in slept if each in (FIRST_DELAY, 2 * FIRST_DELAY)] == [FIRST_DELAY, 2 * FIRST_DELAY]
        assert (await door.ask("GET", "/v1", token)).status_code == 200


# -- tokens ----------------------------------------------------------------------------------------------


async def test_a_revoked_token_ends_its_streams(tmp_path: Path) -> None:
    async with networked(tmp_path, licensed=False, ready=False) as door:
        token = await door.token()
        async with (
            httpx.AsyncClient(base_url=door.listen.url, verify=door.context, timeout=20, trust_env=False) as http,
            http.stream("GET", "/v1/events", headers={"Authorization": f"Bearer {token}"}) as stream,
        ):
            lines = stream.aiter_lines()
            await anext(lines)
            await door.it.http.delete("/v1/tokens/erp")
            with pytest.raises(httpx.TransportError):
                async for _ in lines:
                    pass


async def test_the_list_shows_the_last_use_but_no_token(tmp_path: Path) -> None:
    async with networked(tmp_path, licensed=False, ready=False) as door:
        token = await door.token(printers=["till1"])
        assert (await door.it.http.get("/v1/tokens")).json()["tokens"][0]["used_at"] is None
        await door.ask("GET", "/v1", token)
        listed = await door.it.http.get("/v1/tokens")
        (found,) = listed.json()["tokens"]
        assert found["used_from"] == "127.0.0.1"
        assert found["used_at"] is not None
        assert (found["name"], found["rights"], found["printers"]) == ("erp", ["print", "report"], ["till1"])
        assert token.rpartition("_")[2] not in listed.text
    async with networked(tmp_path, licensed=False, ready=False) as door:
        (found,) = (await door.it.http.get("/v1/tokens")).json()["tokens"]
        assert found["used_from"] == "127.0.0.1", "the journal keeps it"
        assert (await door.ask("GET", "/v1", token)).status_code == 200


async def test_neither_files_nor_the_log_contain_a_token(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with networked(tmp_path, licensed=False, ready=False) as door:
            token = await door.token()
            for path in ("/v1", "/v1/jobs", "/v1/events", "/v1/nothing", f"/v1/jobs/{'x' * 10}?wait=abc"):
                await door.ask("GET", path, token)
                await door.ask("GET", path, f"{token}x")
    secret = token.rpartition("_")[2]
    assert "token erp: GET /v1/jobs" in caplog.text, "at level debug, every request is logged with its token's name"
    assert secret not in caplog.text
    for file in (tmp_path / "state").rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes(), file


async def test_tokens_make_no_tokens(tmp_path: Path) -> None:
    async with networked(tmp_path, licensed=False, ready=False) as door:
        token = await door.token(rights=[*Right])
        for method, path, body in (
            ("GET", "/v1/tokens", None), ("POST", "/v1/tokens", {"name": "a", "rights": []}), ("DELETE", "/v1/tokens/erp", None)
        ):  # fmt: skip
            response = await door.ask(method, path, token, body=body)
            assert (response.status_code, response.json()["code"]) == (403, "token.by_token")


async def test_a_name_is_free_again_after_its_token_was_revoked(tmp_path: Path) -> None:
    async with networked(tmp_path, licensed=False, ready=False) as door:
        first = await door.token()
        response = await door.it.http.post("/v1/tokens", json={"name": "erp", "rights": []})
        assert (response.status_code, response.json()["code"]) == (409, "token.exists")
        await door.it.http.delete("/v1/tokens/erp")
        second = await door.token(rights=[])
        assert refused(await door.ask("GET", "/v1", first), 401, "token.revoked")
        assert (await door.ask("GET", "/v1", second)).json()["rights"] == []


def test_half_open_connections_are_noticed() -> None:
    from fiscald.api.network import bind_tcp

    with bind_tcp("127.0.0.1", 0) as listener:
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000


def test_an_address_begins_a_bounded_number_of_handshakes() -> None:
    from fiscald.api.network import HANDSHAKES, MOST_ADDRESSES, Handshakes

    books, one, other = Handshakes(), Who("192.168.1.7", None), Who("192.168.1.8", None)
    assert [books.may_begin(one, 0.0) for _ in range(int(HANDSHAKES) + 5)].count(True) == HANDSHAKES
    assert books.may_begin(other, 0.0)
    assert [books.may_begin(one, 0.1) for _ in range(100)].count(True) == int(HANDSHAKES / 10)
    for number in range(2 * MOST_ADDRESSES):
        books.may_begin(Who(f"address {number}", None), 0.0)
    assert len(books._left) == MOST_ADDRESSES
