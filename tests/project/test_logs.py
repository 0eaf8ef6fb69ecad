"""The log stays short whatever happens again and again."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from fiscald.logs import MAX_KINDS, MAX_LINES, RateLimitedLog, RateLimitFilter

log = logging.getLogger("tests.logs")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(caplog: pytest.LogCaptureFixture) -> Iterator[Clock]:
    clock = Clock()
    caplog.set_level(logging.DEBUG)
    limit = RateLimitFilter(clock)
    caplog.handler.addFilter(limit)
    yield clock
    caplog.handler.removeFilter(limit)  # the handler is used by all tests


def fail(reason: str) -> None:
    try:
        raise RuntimeError(reason)
    except RuntimeError:
        log.exception("a request failed")


def test_the_same_error_is_not_logged_without_end(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(1000):
        fail("again")
    assert len(caplog.messages) == MAX_LINES
    assert [record.exc_info is not None for record in caplog.records] == [True] + [False] * (MAX_LINES - 1)
    clock.now += 61
    fail("again")
    assert caplog.messages[-1] == f"a request failed ({1000 - MAX_LINES} more of these were omitted)"
    fail("again")
    assert caplog.messages[-1] == "a request failed"


def test_printers_are_separate_and_only_warnings_are_limited(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(100):
        log.warning("%s: %s", f"till{number}", "offline")
        log.info("job %s is done", "the same")
    assert len(caplog.messages) == 200


def test_the_table_of_log_messages_is_bounded(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    bounded = RateLimitFilter(clock)
    for number in range(2 * MAX_KINDS):
        bounded.filter(logging.LogRecord("x", logging.ERROR, "", 1, "%s", (str(number),), None))
    assert len(bounded._seen) <= MAX_KINDS + 1


def test_one_line_a_minute_of_each_kind(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    limited_log = RateLimitedLog(log, clock)
    for number in range(500):
        limited_log.warning("a client of user %s did something", number)
        limited_log.warning("something else")
    assert caplog.messages == ["a client of user 0 did something", "something else"]
    clock.now += 60
    limited_log.warning("a client of user %s did something", 7)
    assert caplog.messages[-1] == "a client of user 7 did something (and 499 times before)"
