"""Events for the web shop: what is in them, who takes them, and receivers that fail, hang, redirect or are down."""

from __future__ import annotations

import json
import re
import ssl
import tracemalloc
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.licence import wire
from fiscald.licence.number import Kind, Number
from fiscald.licence.server import admin, selling
from fiscald.licence.server.config import ConfigError, WebhookConfig, load
from fiscald.licence.server.number_rules import TAKEOVER_AFTER
from fiscald.licence.server.terms import day
from fiscald.licence.server.webhook import KEEP_SECONDS, RETRY, SIGNATURE, Webhook, signature
from tests.licence.server.https import throwaway_tls
from tests.licence.server.receiver import Mood, Receiver, receiving
from tests.licence.server.running import BAKERY, DAY, T0, Computer, Vendor
from tests.licence.server.test_cli import CONFIG

SECRET = "s3cr3t-" * 6
PAGE = (Path(__file__).parents[3] / "docs" / "vendor.md").read_text("utf-8")


def shop_hook(vendor: Vendor, receiver: Receiver, **options: Any) -> Webhook:
    file = vendor.path.parent / "webhook-secret"
    file.write_text(SECRET + "\n")
    config = WebhookConfig(url=f"http://127.0.0.1:{receiver.port}/hook?shop=1", secret_file=file)
    return Webhook(vendor.store, config, vendor.clock, **options)


async def drain(hook: Webhook) -> None:
    while await hook.send_one():
        pass


def ordered(vendor: Vendor, order: str = "2026-0815", field: str = "X", quantity: int = 1) -> list[Number]:
    kind, flags = (Kind.LICENCE, selling.flags(fiscal=True, support=True)) if field == "X" else (Kind.UPDATES, 8)
    item = selling.Item(kind, flags, quantity=quantity)
    with vendor.do() as t:
        wanted = selling.Order(order, (item,), day(t.now), "FV/1", "Żurek", "a@bakery.pl")
        return selling.place_order(t, vendor.rules, wanted, day(t.now), 1, "test")[0]


def queued(vendor: Vendor) -> list[dict[str, Any]]:
    return [json.loads(body) for (body,) in vendor.rows("SELECT body FROM hook ORDER BY id")]


# -- what is in them -------------------------------------------------------------------------------------


def test_each_decision_is_an_event_with_ids_and_no_name(vendor: Vendor, till: Computer, office: Computer) -> None:
    (number,), (year,) = ordered(vendor), ordered(vendor, "y", "Y")
    paid = vendor.activate(till, number.text, email="a@bakery.pl").crt
    vendor.activate(till, number.text)  # again: no event
    vendor.ask(till, wire.Support, lic=paid.sub, number=year.text)
    vendor.clock.go(TAKEOVER_AFTER)
    vendor.activate(office, number.text)
    with vendor.do() as t:
        (seat,) = t.seats(paid.sub)
        admin.suspend(t, vendor.rules, paid.sub, "unpaid")
        admin.reinstate(t, vendor.rules, paid.sub)
        admin.revoke(t, vendor.rules, seat.id, None)
        admin.reinstate(t, vendor.rules, seat.id)
        admin.revoke(t, vendor.rules, paid.sub, None)
        selling.cancel_order(t, "2026-0815", revoke_used=True)
    events = queued(vendor)
    assert [(each.pop("event"), each.pop("id")[:4]) for each in events] == [
        (name, "evt_")
        for name in (
            "number.used", "number.used", "licence.moved", "licence.suspended", "licence.reinstated",
            "licence.revoked", "licence.reinstated", "licence.revoked", "order.cancelled",
        )
    ]  # fmt: skip
    at = {"time": T0, "day": "2026-01-16"}
    later = at | {"time": T0 + TAKEOVER_AFTER}
    one, whole = {"licence": paid.sub, "seat": seat.id}, {"licence": paid.sub, "seat": None}
    assert events == [
        at | one | {"order": "2026-0815", "number": number.hint, "field": "X"},
        at | one | {"order": "y", "number": year.hint, "field": "Y"},
        later | one, later | whole, later | whole, later | one, later | one, later | whole,
        later | {"order": "2026-0815", "numbers": []},  # it was revoked with its licence
    ]  # fmt: skip
    said = json.dumps(events, ensure_ascii=False)
    for name in (*BAKERY.values(), "bakery.pl", number.text, "unpaid", "Żurek"):
        assert name not in said


def cancel_and_fail(vendor: Vendor, order: str) -> None:
    with vendor.do() as t:
        selling.cancel_order(t, order, revoke_used=False)
        raise ZeroDivisionError


def test_a_decision_that_is_undone_is_no_event(vendor: Vendor, till: Computer) -> None:
    (number,) = ordered(vendor)
    with pytest.raises(ZeroDivisionError):
        cancel_and_fail(vendor, "2026-0815")
    assert queued(vendor) == []
    assert vendor.activate(till, number.text).status == 200


# -- who takes them --------------------------------------------------------------------------------------


def documented_check() -> Any:
    (text,) = re.findall(r"^```python\n(import hashlib.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    exec(text, names)
    return names["genuine"]


async def test_an_event_is_signed_as_the_documentation_checks_it(vendor: Vendor, till: Computer) -> None:
    genuine = documented_check()
    vendor.activate(till, ordered(vendor)[0].text)
    async with receiving() as receiver:
        await drain(shop_hook(vendor, receiver))
    ((line, headers, body),) = receiver.requests
    assert line == "POST /hook?shop=1 HTTP/1.1"
    assert headers["content-type"] == "application/json"
    header = headers[SIGNATURE.lower()]
    assert genuine(SECRET.encode(), header, body, T0)
    assert genuine(SECRET.encode(), header, body, T0 + 300)
    assert not genuine(SECRET.encode(), header, body, T0 + 301)
    assert not genuine(SECRET.encode(), header, body.replace(b"used", b"usee"), T0)
    assert not genuine(b"another", header, body, T0)
    assert not genuine(SECRET.encode(), header.replace(f"t={T0}", f"t={T0 + 1}"), body, T0)
    for broken in ("", "t=", "t=x,v1=y", "v1", f"t={T0}", ",,,"):
        assert not genuine(SECRET.encode(), broken, body, T0)
    assert queued(vendor) == []


def test_the_signature_is_the_published_one() -> None:
    # echo -n '1768554000.{}' | openssl dgst -sha256 -hmac key
    assert signature(b"key", 1768554000, b"{}") == (
        "t=1768554000,v1=" + "377a93840a09d6c65e129d8010b4f0841df4ffa571cf8188ecff0773e175272d"
    )  # fmt: skip


async def test_events_come_in_order_and_wait_for_nothing(vendor: Vendor) -> None:
    for order in range(20):
        ordered(vendor, str(order))
        with vendor.do() as t:
            selling.cancel_order(t, str(order), revoke_used=False)
    async with receiving() as receiver:
        await drain(shop_hook(vendor, receiver))
    assert [each["order"] for each in receiver.events] == [str(order) for order in range(20)]


async def test_over_tls_only_the_shops_certificate_counts(vendor: Vendor, till: Computer, tmp_path: Path) -> None:
    vendor.activate(till, ordered(vendor)[0].text)
    tls, ca_file = throwaway_tls(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls.certificate, tls.key)
    async with receiving(context) as receiver:
        hook = shop_hook(vendor, receiver)
        assert hook._config is not None
        config = hook._config.model_copy(update={"url": f"https://localhost:{receiver.port}/"})
        assert not await Webhook(vendor.store, config, vendor.clock).send_one()
        assert receiver.requests == []
        vendor.clock.go(60)
        config = config.model_copy(update={"ca_file": ca_file})
        await drain(Webhook(vendor.store, config, vendor.clock))
        assert len(receiver.events) == 1


# -- bad receivers ---------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mood", "status", "said"),
    [
        ("fails", 500, "HTTP 500"), ("fails", 404, "HTTP 404"), ("fails", 199, ""), ("redirects", 0, "HTTP 307"),
        ("hangs", 0, "no answer in 0.5 s"), ("drips", 0, ""), ("closes", 0, ""), ("talks nonsense", 0, ""),
    ],
)  # fmt: skip
async def test_what_is_not_taken_is_sent_again_with_the_same_id(
    vendor: Vendor, till: Computer, mood: Mood, status: int, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    vendor.activate(till, ordered(vendor)[0].text)
    async with receiving() as receiver:
        hook = shop_hook(vendor, receiver, timeout=0.5)
        receiver.mood, receiver.status = mood, status
        assert not await hook.send_one()
        assert said in caplog.text
        assert "shop=1" not in caplog.text
        for seconds in (*RETRY, RETRY[-1]):
            vendor.clock.go(seconds - 1)
            asked = len(receiver.requests)
            await hook.send_one()
            assert len(receiver.requests) == asked
            vendor.clock.go(1)
            await hook.send_one()
            assert len(receiver.requests) == asked + 1
        receiver.mood, receiver.status = "takes", 200
        vendor.clock.go(RETRY[-1])
        assert await hook.send_one()
        assert len({json.loads(body)["id"] for _, _, body in receiver.requests}) == 1
        assert {line for line, _, _ in receiver.requests} == {"POST /hook?shop=1 HTTP/1.1"}
        assert len(receiver.events) == 1
    assert queued(vendor) == []


async def test_an_endless_answer_takes_no_memory_and_no_time(vendor: Vendor, till: Computer) -> None:
    vendor.activate(till, ordered(vendor)[0].text)
    async with receiving() as receiver:
        receiver.mood = "floods"
        hook = shop_hook(vendor, receiver)
        tracemalloc.start()
        try:
            assert await hook.send_one()
            assert tracemalloc.get_traced_memory()[1] < 30_000_000
        finally:
            tracemalloc.stop()
    assert len(receiver.events) == 1
    assert queued(vendor) == []


async def test_a_shop_that_is_down_for_a_day_gets_everything_in_order(vendor: Vendor) -> None:
    """One attempt at a time while it is down; once it is back, nothing is missing within an hour."""
    async with receiving() as receiver:
        receiver.mood = "closes"
        hook = shop_hook(vendor, receiver)
        for minute in range(0, DAY // 60, 5):
            if minute % 120 == 0:
                ordered(vendor, str(minute))
                with vendor.do() as t:
                    selling.cancel_order(t, str(minute), revoke_used=False)
            asked = len(receiver.requests)
            await hook.send_one()
            assert len(receiver.requests) <= asked + 1
            vendor.clock.go(300)
        asked = len(receiver.requests)
        assert asked < 12 * 30  # an hour apart in the end
        receiver.mood = "takes"
        for _ in range(12):
            await drain(hook)
            vendor.clock.go(300)
        assert sorted(int(each["order"]) for each in receiver.events) == list(range(0, DAY // 60, 120))
    assert queued(vendor) == []


async def test_an_event_that_alone_fails_holds_up_no_other(vendor: Vendor) -> None:
    for order in ("1", "2"):
        ordered(vendor, order)
        with vendor.do() as t:
            selling.cancel_order(t, order, revoke_used=False)
    async with receiving() as receiver:
        hook = shop_hook(vendor, receiver)
        receiver.mood, receiver.status = "fails", 500
        await hook.send_one()
        receiver.mood = "takes"
        await drain(hook)
        assert [each["order"] for each in receiver.events] == ["2"]


async def test_after_three_days_an_event_is_given_up_with_an_alarm(
    vendor: Vendor, till: Computer, caplog: pytest.LogCaptureFixture
) -> None:
    vendor.activate(till, ordered(vendor)[0].text)
    async with receiving() as receiver:
        receiver.mood = "closes"
        hook = shop_hook(vendor, receiver)
        await hook.send_one()
        vendor.clock.go(KEEP_SECONDS - 1)
        await hook.send_one()
        assert "ALARM" not in caplog.text
        assert len(receiver.requests) == 2
        vendor.clock.go(1)
        await hook.send_one()
        assert "ALARM: 1 events are given up" in caplog.text
        assert len(receiver.requests) == 2
    assert queued(vendor) == []


async def test_a_sent_event_that_is_not_noted_comes_again_after_a_restart(vendor: Vendor, till: Computer) -> None:
    vendor.activate(till, ordered(vendor)[0].text)
    (row,) = vendor.rows("SELECT * FROM hook")
    async with receiving() as receiver:
        await drain(shop_hook(vendor, receiver))
        with vendor.do() as t:  # the power went at that moment
            t.do("INSERT INTO hook VALUES (?, ?, ?, ?, ?, ?)", *row)
        vendor.restart()
        await drain(shop_hook(vendor, receiver))
    first, second = receiver.events
    assert first == second


async def test_without_a_shop_events_are_thrown_away(vendor: Vendor, till: Computer) -> None:
    vendor.activate(till, ordered(vendor)[0].text)
    assert len(queued(vendor)) == 1
    assert not await Webhook(vendor.store, None, vendor.clock).send_one()
    assert queued(vendor) == []


async def test_the_running_task_sends_what_is_queued_later(vendor: Vendor, till: Computer) -> None:
    async with receiving() as receiver:
        hook = shop_hook(vendor, receiver)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(hook.run)
            vendor.activate(till, ordered(vendor)[0].text)
            while not receiver.events:
                hook.wake()
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()


async def test_a_short_or_missing_secret_sends_nothing(
    vendor: Vendor, till: Computer, caplog: pytest.LogCaptureFixture
) -> None:
    vendor.activate(till, ordered(vendor)[0].text)
    async with receiving() as receiver:
        hook = shop_hook(vendor, receiver)
        file = vendor.path.parent / "webhook-secret"
        file.write_text("short")
        assert not await hook.send_one()
        assert "openssl rand" in caplog.text
        file.unlink()
        vendor.clock.go(60)
        assert not await hook.send_one()
        assert receiver.requests == []
        file.write_text(SECRET)
        vendor.clock.go(300)
        assert await hook.send_one()


# -- configuration ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://shop.example/hook", True), ("http://127.0.0.1:8000/", True), ("http://localhost/x", True),
        ("http://[::1]:80/", True), ("http://shop.example/hook", False), ("http://127.0.0.1.evil.example/", False),
        ("http://localhost@evil.example/", False), ("https://user:pw@shop.example/", False), ("ftp://localhost/", False),
        ("shop.example", False), ("https://", False), ("https://shop.example:x/", False), ("https://shop.example/#a", False),
        ("https://shop.example/a b", False), ("https://[::1", False), ("file:///etc/passwd", False),
    ],
)  # fmt: skip
def test_events_travel_protected_or_not_at_all(tmp_path: Path, url: str, good: bool) -> None:
    path = tmp_path / "vendor.toml"
    path.write_text(f'{CONFIG.format(port=8080, tls="")}[webhook]\nurl = "{url}"\nsecret_file = "secret"\n')
    if not good:
        with pytest.raises(ConfigError, match="webhook"):
            load(path)
        return
    config = load(path).webhook
    assert config is not None
    assert config.secret_file == tmp_path / "secret"
