"""The life of a token: ten an hour, twenty minutes, renewed for nothing, taken away."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from fiscald.protocols.base import DialogueAborted, Effect, Kept
from fiscald.protocols.noviapi.access import ASKED, BETWEEN_TOKENS, BLOCKED, MOST_IN_AN_HOUR, TOKEN, call
from fiscald.protocols.noviapi.commands import QUEUE, RECEIPT, confirm
from tests.protocols.noviapi.bench import Bench

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def ask(bench: Bench) -> int | None:
    return bench.drive(call(QUEUE, bench.settings)).number("requests_in_queue")


def test_a_token_is_renewed_when_it_has_expired_and_costs_nothing() -> None:
    bench = Bench()
    for _ in range(100):
        assert ask(bench) == 0
        bench.clock += 15 * MINUTE
    assert bench.printer.asked.count("GET token") == 1
    assert bench.printer.asked.count("PATCH token") > 40


def test_a_token_that_somebody_else_took_is_asked_for_again() -> None:
    bench = Bench()
    ask(bench)
    bench.printer.token = "eyJ0.of.another"
    assert ask(bench) == 0
    assert bench.printer.asked[-4:] == ["GET queue", "PATCH token", "GET token", "GET queue"]


def test_a_confirmation_is_not_repeated_with_the_renewed_token() -> None:
    bench = Bench()
    ask(bench)
    bench.clock += 30 * MINUTE
    reply = bench.drive(call(confirm(RECEIPT, "0" * 32, Effect.QUERY), bench.settings))
    assert reply.status == 401
    assert bench.printer.asked[-2:] == ["PUT receipt", "PATCH token"], "its caller asks for the state first"


def test_fiscald_never_asks_for_the_tenth_token_of_an_hour() -> None:
    bench = Bench()
    for seconds in (*BETWEEN_TOKENS[1:], 900):
        ask(bench)
        bench.printer.token = "eyJ0.of.another"
        bench.clock += seconds * SECOND
    for _ in range(20):
        with pytest.raises(DialogueAborted, match=r"waits until 2026-11-22T13:00:00\+01:00.*its own server") as refused:
            ask(bench)
        assert refused.value.problem.code == "printer.locked"
    assert len(bench.printer.gets) == MOST_IN_AN_HOUR
    bench.clock += 55 * MINUTE
    assert ask(bench) == 0, "an hour after the first one"


def test_a_token_that_is_not_answered_is_not_asked_for_again_at_once() -> None:
    """Nine requests within a minute would leave nothing for the rest of the hour."""
    bench = Bench()
    for _ in range(40):
        bench.printer.answers = [b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n"]
        with pytest.raises(DialogueAborted):
            ask(bench)
        bench.clock += SECOND
    assert 2 <= len(bench.settings.kept[ASKED].split()) <= 4
    bench.printer.answers = []
    bench.clock += MINUTE
    assert ask(bench) == 0


def test_fiscald_waits_for_the_date_of_the_next_token() -> None:
    bench = Bench()
    bench.printer.gets = [bench.clock - 20 * MINUTE] * 10  # another program, or a daemon that has lost its file
    for _ in range(3):
        with pytest.raises(DialogueAborted, match=r"no new (token|one) before 2026-11-22.*3\.3\.1"):
            ask(bench)
    assert bench.printer.asked == ["GET token"], "one question is enough"
    assert bench.settings.kept[BLOCKED]
    bench.clock = bench.clock.astimezone(UTC)
    with pytest.raises(DialogueAborted, match=r"before 2026-11-22T12:40:00\+01:00"):
        ask(bench)  # in Polish time, whatever the clock of this computer is set to
    bench.clock += 40 * MINUTE
    assert ask(bench) == 0
    assert bench.settings.kept[BLOCKED] == ""


@pytest.mark.parametrize(
    "named", ["2026-11-22T09:00:00Z", "2036-11-22T09:00:00Z", "9999-12-31T23:59:59Z", "tomorrow", ""]
)
def test_a_printer_with_another_clock_is_asked_again_within_the_hour(named: str) -> None:
    bench = Bench()
    body = b'{"exception":{"allowed_refresh_date":"%s","code":2,"description":"x"}}' % named.encode()
    bench.printer.answers = [b"HTTP/1.1 429 X\r\nContent-Length: %d\r\n\r\n" % len(body) + body]
    with pytest.raises(DialogueAborted):
        ask(bench)
    with pytest.raises(DialogueAborted):
        ask(bench)
    assert bench.printer.asked == ["GET token"]
    bench.clock += 61 * MINUTE
    assert ask(bench) == 0


@pytest.mark.parametrize(
    "kept",
    [{TOKEN: "bad token\n"}, {BLOCKED: "x"}, {BLOCKED: "2099-01-01T00:00:00+00:00"}, {ASKED: "x 2026-11-22 2099-01-01T00:00:00+00:00"}],
)  # fmt: skip
def test_damaged_and_future_notes_are_left_aside(kept: dict[str, str]) -> None:
    bench = Bench()
    object.__setattr__(bench.settings, "kept", Kept(kept))
    assert ask(bench) == 0


def test_another_server_at_the_address_is_named() -> None:
    bench = Bench()
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
    bench.printer.answers = [page]
    with pytest.raises(
        DialogueAborted, match=r"no NoviAPI server.*GET /api/v1/token is answered with HTTP 200, text/html"
    ):
        ask(bench)
    ask(bench)
    bench.printer.answers = [b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n"]
    with pytest.raises(DialogueAborted, match="HTTP 503"):
        ask(bench)


def test_no_problem_and_no_settings_show_the_token() -> None:
    bench = Bench()
    ask(bench)
    token = bench.settings.kept[TOKEN]
    bench.printer.foreign_confirmed = True
    with pytest.raises(DialogueAborted) as refused:
        bench.carry_out({"type": "daily_report"})
    assert token not in repr(refused.value.problem) + repr(bench.settings)
