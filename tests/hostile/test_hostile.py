"""A short slice of ``python -m tests.hostile``, which has all of it and stricter bars for longer."""

from __future__ import annotations

import pytest

from tests.hostile.suite import GATEWAY_SCENARIOS, NETWORK_SCENARIOS, SCENARIOS, Outcome, Scenario, run, table

pytestmark = pytest.mark.slow
#: Seconds. The status has more time than in the suite: other tests run on the same processors.
SECONDS, P99_MS = 2.0, 1500.0
SLICE = (
    "slow-bodies",
    "deaf-listeners",
    "few-descriptors",
    "tls-slow-handshakes",
    "tls-slow-bodies",
    "tls-deaf-readers",
    "tcp-wrong-tokens",
    "gateway-strangers",
    "gateway-crowd",
    "com-port-rubbish",
)


def scenario(name: str) -> Scenario:
    return next(each for each in (*SCENARIOS, *NETWORK_SCENARIOS, *GATEWAY_SCENARIOS) if each.name == name)


@pytest.mark.parametrize("name", SLICE)
def test_other_clients_are_served_during_each_attack(name: str) -> None:
    outcome = run(scenario(name), SECONDS, jobs=200)
    assert [text for text in outcome.broken() if not text.startswith(("status p99", "1 questions"))] == []
    assert outcome.p99 < P99_MS


def test_the_table_has_a_row_for_each_scenario_and_says_what_is_broken() -> None:
    from tests.hostile.neighbour import Found

    good = Outcome(scenario("nothing"), Found([1.0] * 99 + [50.0], [], 5, 5), 2.0, 74.0, 18, 0.0, is_running=True)
    bad = Outcome(scenario("idle"), Found([200.0], ["OSError"], 5, 4), 9.0, 200.0, 4096, 500.0, False, ("KeyError",))
    assert good.broken() == []
    assert len(bad.broken()) == 9
    assert bad.broken()[-1] == "the attack has ended: KeyError"
    assert table([good, bad]).splitlines()[-2:] == [
        "| No trouble | 1.0 / 1 ms | 5 of 5 | 2.0 s | 74 MB | 18 | 0 |",
        f"| {scenario('idle').meaning} | 200.0 / 200 ms | 4 of 5 | 9.0 s | 200 MB | 4096 | 500 |",
    ]
