"""The issuing API over HTTPS: a web shop that orders, repeats, cancels, makes mistakes; and strangers."""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from anyio.streams.tls import TLSStream

from fiscald.licence import wire
from fiscald.licence.number_reading import read
from fiscald.licence.server import access, admin, forms, issuing, selling
from fiscald.licence.server.issuing_requests import ERRORS, MAX_BODY, MAX_NUMBERS
from fiscald.licence.server.terms import a_year_before
from tests.licence.server.https import RunningVendor, vendor_server
from tests.licence.server.running import BAKERY, Answered, Clock, Computer, opened

X = {"field": "X", "modules": ["fiscal"], "support": True}
Y = {"field": "Y"}
ORDER = {"items": [X | {"quantity": 2}, Y], "bought": "2026-01-10", "invoice": "FV/12", "buyer": "Żurek & Syn",
         "email": "a@bakery.pl", "lang": "pl"}  # fmt: skip


class Shop:
    """A web shop with a token, and the server."""

    def __init__(self, it: RunningVendor, clock: Clock, http: httpx.AsyncClient, token: str) -> None:
        self.it = it
        self.clock = clock
        self.http = http
        self.token = token

    async def ask(self, method: str, path: str, json: Any = None, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        if json is not None:
            options["json"] = json
        return await self.http.request(method, f"/v1/orders{path}", headers=headers, **options)

    async def put(self, id_: str = "1", **changes: Any) -> httpx.Response:
        return await self.ask("PUT", f"/{id_}", {k: v for k, v in {**ORDER, **changes}.items() if v is not None})

    async def activate(self, computer: Computer, number: str, company: dict[str, str] = BAKERY) -> Answered:
        return await self.say(computer, wire.Activate, number=number, company=company)

    async def say(self, computer: Computer, model: type[wire.VendorRequest], **fields: Any) -> Answered:
        token = computer.sign(model, **fields)
        response = await self.http.post(model.path, content=token, headers={"Content-Type": "application/jose"})
        return opened(response.status_code, response.text, token, self.clock())

    def rows(self, query: str, *values: Any) -> list[Any]:
        with self.it.store.transaction(self.clock(), "test") as t:
            return t.all(query, *values)


@asynccontextmanager
async def shopping(directory: Path) -> AsyncIterator[Shop]:
    clock = Clock()
    async with vendor_server(directory, clock=clock) as it:
        with it.store.transaction(clock(), "test") as t:
            _, token = access.create_token(t, it.rules.keyring, "web shop", "issue")
        context = ssl.create_default_context(cafile=it.ca_file)
        async with httpx.AsyncClient(base_url=it.url, verify=context, timeout=30) as http:
            yield Shop(it, clock, http, token)


def code(response: httpx.Response) -> tuple[int, str]:
    content = response.json()
    assert {"code", "detail"} <= set(content)
    assert ERRORS[content["code"]] == response.status_code
    return response.status_code, content["code"]


def clear(response: httpx.Response) -> list[str]:
    return [each["number"] for each in response.json()["numbers"]]


async def test_an_order_is_placed_once_and_its_numbers_work(tmp_path: Path) -> None:
    async with shopping(tmp_path) as shop:
        placed = await shop.put()
        assert placed.status_code == 201
        assert placed.headers["cache-control"] == "no-store"
        assert placed.json() | {"numbers": []} == {
            "order": "1", "invoice": "FV/12", "buyer": "Żurek & Syn", "email": "a@bakery.pl", "lang": "pl",
            "bought": "2026-01-10", "source": placed.json()["source"], "created": "2026-01-16T09:00:00+00:00",
            "cancelled": None, "numbers": [],
        }  # fmt: skip
        assert placed.json()["source"].startswith("token:tok_")
        assert [(each["field"], each["state"]) for each in placed.json()["numbers"]] == [
            ("X", "issued"), ("X", "issued"), ("Y", "issued"),
        ]  # fmt: skip
        again = await shop.put()
        assert (again.status_code, again.json()) == (200, placed.json())
        assert read(clear(placed)[0]).modules == ("app", "fiscal")
        paid = (await shop.activate(Computer(shop.clock), clear(placed)[0])).crt
        assert paid.upd.isoformat() == "2027-01-10"
        shown = await shop.ask("GET", "/1")
        assert [each.get("number") for each in shown.json()["numbers"]] == [None] * 3
        assert shown.json()["numbers"][0] == {
            "field": "X", "hint": read(clear(placed)[0]).hint, "state": "used", "licence": paid.sub,
        }  # fmt: skip
        in_clear = await shop.ask("GET", "/1?numbers=true")
        assert clear(in_clear) == clear(placed)
        assert shop.rows("SELECT actor, ref FROM audit WHERE what = 'order.shown'") == [
            (placed.json()["source"], "1")
        ]  # fmt: skip


async def test_what_is_left_out_is_not_compared_and_what_is_said_is(tmp_path: Path) -> None:
    async with shopping(tmp_path) as shop:
        placed = await shop.put()
        left_out: dict[str, Any] = dict.fromkeys(("invoice", "buyer", "email", "lang", "bought"))
        for changes in (left_out, {"send": True}):
            again = await shop.put(**changes)
            assert (again.status_code, again.json()) == (200, placed.json())
        differing: tuple[dict[str, Any], ...] = (
            {"invoice": "FV/13"}, {"buyer": "another"}, {"email": "b@bakery.pl"}, {"lang": "nl"},
            {"bought": "2026-01-11"}, {"items": [X | {"quantity": 3}, Y]}, {"items": [X | {"quantity": 2}]},
            {"items": [X | {"quantity": 2, "offline": False}, Y]}, {"items": [X | {"quantity": 2, "months": 12}, Y]},
            {"items": [Y, X | {"quantity": 2}]},
        )  # fmt: skip
        for changes in differing:
            assert code(await shop.put(**changes)) == (409, "order_differs"), changes
        assert (await shop.put()).json() == placed.json()
        assert shop.rows("SELECT count(*) FROM number") == [(3,)]


async def test_other_terms_of_the_server_change_no_repeated_order(tmp_path: Path) -> None:
    async with shopping(tmp_path) as shop:
        placed = await shop.put(bought=None)
        shop.it.rules.terms = shop.it.rules.terms.model_copy(update={"offline": False})
        shop.clock.go(days=3)
        again = await shop.put(bought=None)
        assert (again.status_code, again.json()) == (200, placed.json())


async def test_twenty_requests_at_once_make_one_order(tmp_path: Path) -> None:
    async with shopping(tmp_path) as shop:
        answers: list[httpx.Response] = []

        async def ask() -> None:
            answers.append(await shop.put())

        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(ask)
        assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
        assert len({tuple(clear(answer)) for answer in answers}) == 1
        assert shop.rows("SELECT count(*) FROM number") == [(3,)]


async def connected(shop: Shop, id_: str, length: int) -> TLSStream:
    """A connection on which the head of a ``PUT`` was sent."""
    stream = await anyio.connect_tcp(
        "127.0.0.1", int(shop.it.url.rpartition(":")[2]), tls_hostname="localhost", tls_standard_compatible=False,
        ssl_context=ssl.create_default_context(cafile=shop.it.ca_file),
    )  # fmt: skip
    head = (
        f"PUT /v1/orders/{id_} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {shop.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
    await stream.send(head.encode())
    return stream


async def test_a_shop_that_got_no_answer_asks_again(tmp_path: Path) -> None:
    async with shopping(tmp_path) as shop:
        body = b'{"items": [{"field": "X"}], "invoice": "F1"}'
        stream = await connected(shop, "7", len(body))
        await stream.send(body)
        await stream.receive()
        await stream.aclose()  # what came is thrown away
        again = await shop.ask("PUT", "/7", {"items": [{"field": "X"}], "invoice": "F1"})
        assert again.status_code == 200
        assert len(clear(again)) == 1
        assert shop.rows("SELECT count(*) FROM number") == [(1,)]


async def test_a_slow_body_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "BODY_SECONDS", 0.1)
    async with shopping(tmp_path) as shop:
        stream = await connected(shop, "7", 100)
        await stream.send(b"{")
        answer = await stream.receive()
        while b"}" not in answer:
            answer += await stream.receive()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'"code": "request_slow"' in answer
        await stream.aclose()


async def test_numbers_are_mailed_once_however_often_it_is_asked(tmp_path: Path) -> None:
    async with shopping(tmp_path) as shop:
        await shop.put(send=True)
        await shop.put(send=True)
        sent = [await shop.ask("POST", "/1/send") for _ in range(3)]
        assert [each.json() for each in sent] == [{"order": "1", "email": "a@bakery.pl"}] * 3
        query = "SELECT ref FROM audit WHERE what = 'order.sent'"
        assert shop.rows(query) == [("1",)]
        other = {"email": " Boss@Bakery.pl"}
        assert (await shop.ask("POST", "/1/send", other)).json()["email"] == "Boss@bakery.pl"
        assert (await shop.ask("POST", "/1/send", other)).json()["email"] == "Boss@bakery.pl"
        assert len(shop.rows(query)) == 2
        shop.clock.go(600)
        await shop.put(send=True)  # an answer that got lost for ten minutes
        assert len(shop.rows(query)) == 2
        await shop.ask("POST", "/1/send")
        assert len(shop.rows(query)) == 3
        for _ in range(7):
            shop.clock.go(600)
            assert (await shop.ask("POST", "/1/send")).status_code == 200
        shop.clock.go(600)
        assert code(await shop.ask("POST", "/1/send")) == (429, "too_many")
        await shop.put("2", email=None)
        assert code(await shop.ask("POST", "/2/send")) == (422, "no_address")
        assert code(await shop.ask("POST", "/2/send", {"email": "a b"})) == (422, "invalid")
        assert code(await shop.ask("POST", "/3/send")) == (404, "order_unknown")
        assert code(await shop.put("4", email=None, send=True)) == (422, "no_address")
        assert code(await shop.ask("GET", "/4")) == (404, "order_unknown")


async def test_what_the_mail_of_an_order_says(tmp_path: Path) -> None:
    async with shopping(tmp_path) as shop:
        placed = await shop.put()
        with shop.it.store.transaction(shop.clock()) as t:
            values = selling.order_mail_values(t, shop.it.rules, "1")
        assert values == {
            "order": "1", "invoice": "FV/12", "buyer": "Żurek & Syn", "day": "2026-01-10",
            "numbers": [
                {"kind": kind, "number": number}
                for kind, number in zip(("licence", "licence", "updates"), clear(placed), strict=True)
            ],
        }  # fmt: skip
        await shop.ask("POST", "/1/cancel")
        with shop.it.store.transaction(shop.clock()) as t:
            assert selling.order_mail_values(t, shop.it.rules, "1") is None


async def test_an_unused_order_is_cancelled_and_its_numbers_stop(tmp_path: Path) -> None:
    async with shopping(tmp_path) as shop:
        placed = await shop.put()
        cancelled = await shop.ask("POST", "/1/cancel")
        assert cancelled.status_code == 200
        assert cancelled.json()["cancelled"] == "2026-01-16T09:00:00+00:00"
        assert {each["state"] for each in cancelled.json()["numbers"]} == {"revoked"}
        shop.clock.go(60)
        assert (await shop.ask("POST", "/1/cancel")).json() == cancelled.json()
        assert shop.rows("SELECT count(*) FROM hook WHERE event = 'order.cancelled'") == [(1,)]
        assert (await shop.activate(Computer(shop.clock), clear(placed)[0])).refused == "number_revoked"
        assert code(await shop.ask("POST", "/1/send")) == (409, "order_cancelled")
        again = await shop.put()
        assert (again.status_code, again.json()["cancelled"]) == (200, cancelled.json()["cancelled"])
        assert code(await shop.ask("POST", "/2/cancel")) == (404, "order_unknown")


async def test_used_numbers_are_revoked_only_if_the_shop_says_it(tmp_path: Path) -> None:
    async with shopping(tmp_path) as shop:
        placed = await shop.put()
        first, second, year = clear(placed)
        till, office = Computer(shop.clock, 1), Computer(shop.clock, 2)
        paid = (await shop.activate(till, first)).crt
        longer = (await shop.say(till, wire.Support, lic=paid.sub, number=year)).crt
        refused = await shop.ask("POST", "/1/cancel")
        assert code(refused) == (409, "order_used")
        assert refused.json()["numbers"] == [read(first).hint, read(year).hint]
        assert code(await shop.ask("POST", "/1/cancel", {"used": "maybe"})) == (422, "invalid")
        assert (await shop.activate(office, second)).status == 200
        said = {"used": "revoke", "say": "The payment was charged back."}
        assert (await shop.ask("POST", "/1/cancel", said)).status_code == 200
        verdict = (await shop.say(till, wire.Check, lic=paid.sub, crt=longer.jti)).verdict
        assert (verdict.verdict, verdict.text) == ("revoked", "The payment was charged back.")
        assert shop.rows("SELECT DISTINCT state FROM seat") == [("revoked",)]


async def test_a_cancelled_year_of_updates_is_taken_back(tmp_path: Path) -> None:
    async with shopping(tmp_path) as shop:
        licence, years = await shop.put("1", items=[X]), await shop.put("2", items=[Y | {"quantity": 2}])
        till = Computer(shop.clock)
        paid = (await shop.activate(till, clear(licence)[0])).crt
        for number in clear(years):
            longer = (await shop.say(till, wire.Support, lic=paid.sub, number=number)).crt
        assert longer.upd.isoformat() == "2029-01-10"
        assert (await shop.ask("POST", "/2/cancel", {"used": "revoke"})).status_code == 200
        renewed = (await shop.say(till, wire.Check, lic=paid.sub, crt=longer.jti)).verdict
        assert renewed.verdict == "renewed"
        assert shop.rows("SELECT upd, state FROM seat") == [("2027-01-10", "active")]


def test_a_year_before_a_leap_day() -> None:
    import datetime

    assert a_year_before(datetime.date(2028, 2, 29)) == datetime.date(2027, 2, 28)
    assert a_year_before(datetime.date(2028, 3, 1)) == datetime.date(2027, 3, 1)


async def test_orders_come_in_pages_bounded_by_orders_and_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing, "PAGE_NUMBERS", 10)
    async with shopping(tmp_path) as shop:
        for number in range(7):
            await shop.put(str(number), items=[X | {"quantity": 9 if number == 5 else 1}])
        seen: list[list[str]] = []
        after: int | None = 0
        while after is not None:
            page = (await shop.ask("GET", f"?after={after}&limit=4")).json()
            seen.append([each["order"] for each in page["orders"]])
            after = page["after"]
        assert seen == [["0", "1", "2", "3"], ["4", "5"], ["6"]]
        assert all("number" not in each for order in page["orders"] for each in order["numbers"])
        for query in ("?limit=0", "?limit=101", "?after=-1", "?after=x", f"?after={'9' * 30}"):
            assert code(await shop.ask("GET", query)) == (422, "invalid"), query
        assert code(await shop.ask("GET", "/1?numbers=yes")) == (422, "invalid")


BAD: list[dict[str, Any]] = [
    {"items": []}, {"items": None}, {"items": [X] * 101}, {"items": [X | {"quantity": 0}]},
    {"items": [X | {"quantity": 251}]}, {"items": [X | {"quantity": 126}] * 2}, {"items": [X | {"quantity": "2"}]},
    {"items": [X | {"quantity": True}]}, {"items": [{"field": "Z"}]}, {"items": [X | {"modules": ["app"]}]},
    {"items": [X | {"modules": ["bank", "bank"]}]}, {"items": [X | {"months": 0}]}, {"items": [X | {"months": 121}]},
    {"items": [Y | {"months": 1}]}, {"items": [Y | {"support": True}]}, {"items": [X | {"support": "yes"}]},
    {"items": [X | {"price": 5}]}, {"bought": "2026-01-18"}, {"bought": "2024-12-31"}, {"bought": 1768554000},
    {"bought": "2026-02-30"}, {"bought": "10.01.2026"}, {"invoice": "x" * 65}, {"invoice": ""}, {"buyer": "a\nb"},
    {"email": "a b"}, {"lang": "de"}, {"send": "true"}, {"send": 1}, {"colour": "red"},
]  # fmt: skip


async def test_every_mistake_is_refused_with_its_place_and_changes_nothing(tmp_path: Path) -> None:
    async with shopping(tmp_path) as shop:
        for changes in BAD:
            answer = await shop.ask("PUT", "/1", ORDER | changes)
            assert code(answer) == (422, "invalid"), changes
            assert len(answer.json()["detail"]) < 1000
        for body in (b"", b"{", b"[]", b'{"items": 1, "items": 1}', b"\xff", b"[" * 5000, b'{"send": NaN}'):
            answer = await shop.ask("PUT", "/1", content=body, headers={"Content-Type": "application/json"})
            assert code(answer) == (422, "invalid"), body
        assert code(await shop.put("x" * 65)) == (422, "invalid")
        assert code(await shop.put("a%0Ab")) == (422, "invalid")
        for table in ("purchase", "number", "mail", "hook"):
            assert shop.rows(f"SELECT count(*) FROM {table}") == [(0,)]
        assert (await shop.put("FV 2026#1é", bought="2026-01-17")).status_code == 201  # it is tomorrow in Poland


async def test_bodies_and_types_are_bounded(tmp_path: Path) -> None:
    async with shopping(tmp_path) as shop:
        json = {"Content-Type": "application/json"}
        assert code(await shop.ask("PUT", "/1", content=b" " * (MAX_BODY + 1), headers=json)) == (413, "request_large")
        for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
            answer = await shop.ask("PUT", "/1", content=b"{}", headers={"Content-Type": kind})
            assert code(answer) == (415, "not_json"), kind
        utf8 = {"Content-Type": "Application/JSON; charset=utf-8"}
        assert (await shop.ask("PUT", "/1", content=b'{"items":[{"field":"X"}]}', headers=utf8)).status_code == 201
        assert (await shop.ask("DELETE", "/1")).status_code == 405


async def test_only_a_token_for_it_opens_the_api(tmp_path: Path) -> None:
    async with shopping(tmp_path) as shop:
        with shop.it.store.transaction(shop.clock(), "test") as t:
            _, desk = access.create_token(t, shop.it.rules.keyring, "desk", "desk")
            gone_id, gone = access.create_token(t, shop.it.rules.keyring, "old shop", "issue")
            access.revoke_token(t, gone_id)
        everything = (("GET", ""), ("PUT", "/1"), ("GET", "/1"), ("POST", "/1/send"), ("POST", "/1/cancel"))
        for method, path in everything:
            for header in ("", "Bearer", f"Bearer {gone}", f"Basic {shop.token}"):
                answer = await shop.ask(method, path, ORDER, headers={"Authorization": header})
                assert code(answer) == (401, "token_invalid")
                assert answer.headers["www-authenticate"] == "Bearer"
            answer = await shop.ask(method, path, ORDER, headers={"Authorization": f"Bearer {desk}"})
            assert code(answer) == (403, "token_lacks_right")
        # All from one network, which has used up its wrong tokens by now; the right one still works.
        stranger = {"Authorization": "Bearer fvt_" + "0" * 40}
        refused = await shop.ask("GET", "/1", headers=stranger)
        assert code(refused) == (429, "too_many")
        assert 0 < int(refused.headers["retry-after"]) <= 3600
        assert (await shop.put()).status_code == 201
        shop.clock.go(3600)
        assert code(await shop.ask("GET", "/1", headers=stranger)) == (401, "token_invalid")


async def test_a_stolen_token_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with shopping(tmp_path) as shop:
        monkeypatch.setattr(shop.it.rules, "_most", {"token.orders.day": 2, "token.requests.minute": 6})
        assert [(await shop.put(str(number))).status_code for number in range(3)] == [201, 201, 429]
        assert (await shop.put("0")).status_code == 200  # placed before
        shop.clock.go(60)
        for _ in range(6):
            await shop.ask("GET", "/nothing")
        assert code(await shop.ask("GET", "/0")) == (429, "too_many")
        shop.clock.go(60)
        assert (await shop.ask("GET", "/0")).status_code == 200


async def test_nothing_is_issued_while_the_clock_is_behind(tmp_path: Path) -> None:
    async with shopping(tmp_path) as shop:
        await shop.put()
        shop.clock.go(-1)
        assert code(await shop.put("2")) == (503, "unavailable")
        assert (await shop.ask("GET", "/1")).status_code == 200


async def test_no_log_line_has_a_number_a_token_or_an_address(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with shopping(tmp_path) as shop:
        placed = await shop.put(send=True)
        await shop.activate(Computer(shop.clock), clear(placed)[0])
        await shop.ask("GET", "/1?numbers=true")
        await shop.ask("POST", "/1/cancel", {"used": "revoke"})
        await shop.put(email="b@bakery.pl")
        server = [record.getMessage() for record in caplog.records if record.name.startswith(("fiscald", "uvicorn"))]
        for secret in (shop.token, *clear(placed), "bakery.pl", "Żurek"):
            assert not [line for line in server if secret in line]
        audit = str(shop.rows("SELECT * FROM audit"))
        for secret in (shop.token, *clear(placed), "bakery.pl", "Żurek"):
            assert secret not in audit


async def test_an_erased_order_has_no_buyer_and_still_its_numbers(tmp_path: Path) -> None:
    async with shopping(tmp_path) as shop:
        placed = await shop.put(send=True)
        paid = (await shop.activate(Computer(shop.clock), clear(placed)[0])).crt
        with shop.it.store.transaction(shop.clock(), "test") as t:
            admin.forget(t, paid.sub)
        shown = (await shop.ask("GET", "/1")).json()
        assert (shown["buyer"], shown["email"], shown["invoice"]) == (None, None, None)
        assert shop.rows("SELECT count(*) FROM mail") == [(0,)]
        again = await shop.put(buyer=None, email=None, invoice=None)
        assert (again.status_code, clear(again)) == (200, clear(placed))


async def test_the_largest_order(tmp_path: Path) -> None:
    async with shopping(tmp_path) as shop:
        placed = await shop.put(items=[X | {"quantity": MAX_NUMBERS}])
        assert placed.status_code == 201
        assert len(set(clear(placed))) == MAX_NUMBERS
        assert (await shop.put(items=[X | {"quantity": MAX_NUMBERS}])).json() == placed.json()
