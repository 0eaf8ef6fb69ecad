"""The readout of the fiscal memory: daily reports and changes of the rates in order, from a date or a number on."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from fiscald.emulator.memory import DEFAULT_RATES, RateChange, RegisterState
from fiscald.model.times import POLISH_TIME
from tests.emulator.records import october
from tests.emulator.thermal.talking import Talk

RATES = [Decimal(22), *DEFAULT_RATES[1:]]
CHANGE = RateChange(at=datetime(2026, 10, 15, 8, tzinfo=POLISH_TIME), rates=RATES)
NO_MORE = "25#X2000;1;1;0;0;0;0;0;0;0.00/0.00/0.00/0.00/0.00/0.00/0.00/0.00/"


def memory() -> Talk:
    return Talk(state=RegisterState(fiscal_memory=october(), rate_history=[CHANGE]))


def record(talk: Talk) -> str:
    return talk.say("27#s")


def test_records_come_one_by_one_and_then_no_more() -> None:
    talk = memory()
    assert talk.error("26#s30/") == 0
    assert record(talk).startswith("10#X26;10;30;21;0;0;10;0;0;0.00/10.00/0.00/")
    assert record(talk).startswith("10#X26;10;31;")
    assert record(talk) == NO_MORE
    assert record(talk) == NO_MORE


def test_a_change_of_the_rates_is_a_record_between_its_days() -> None:
    talk = memory()
    assert talk.error("26#s13/") == 0
    assert [record(talk).partition("/")[0] for _ in range(3)] == [
        "10#X26;10;14;21;0;0;10;0;0;0.00", "11#X26;10;15;8;0;0;0;0;0;0.00", "10#X26;10;15;21;0;0;10;0;0;0.00"
    ]  # fmt: skip
    talk.say("26#s14/")
    assert record(talk).split("/", 1)[1].startswith("22.00/08.00/05.00/00.00/101.00/101.00/100.00/")


def test_daily_reports_alone() -> None:
    talk = memory()
    assert talk.error("26;1#s14/") == 0
    assert record(talk).startswith("10#X26;10;15;")


@pytest.mark.parametrize(
    ("command", "first"),
    [("25;26;10;7#s", "26;10;7;21"), ("25;26;10;7;21;0;1#s", "26;10;8;21"), ("25;20;1;1#s", "26;10;1;21")],
)
def test_the_readout_begins_at_a_date(command: str, first: str) -> None:
    talk = memory()
    assert talk.error(command) == 0
    assert record(talk).startswith(f"10#X{first}")


def test_a_date_that_does_not_exist_is_refused() -> None:
    assert memory().error("25;26;2;30#s") == 4


def test_an_empty_memory_has_no_records() -> None:
    assert record(Talk()) == NO_MORE
