"""What CI carries out of the campaign: fixed seeds, the exhaustive matrix, and the broken rules."""

from __future__ import annotations

import hashlib
import random

import pytest

from fiscald.protocols import FAMILIES
from fiscald.protocols import family as find_family
from tests.chaos import mutants
from tests.chaos.campaign import (
    campaign,
    catches,
    run,
    shrink,
    whole_matrix,
    whole_meetings,
    whole_pairs,
    whole_restored,
)
from tests.chaos.mixed import draw_mixed
from tests.chaos.schedule import OTHERS, Order, What, draw, draw_in_a_row, draw_others, drawn, receipt
from tests.chaos.world import carry_out

#: What tells each mutant from the product; ``python -m tests.chaos --mutants --keep`` finds it.
CAUGHT_BY = mutants.caught_by()
#: Of what the first seeds draw.
DRAWN_DIGEST = "37e3f08bbdbb1cbc5f1f534da62c598b25847d4dc0e98498779c01d37df8bcd3"


@pytest.mark.parametrize("seed", [1, 22, 24, 33])
def test_the_same_seed_gives_the_same_bytes_and_the_same_log(seed: int) -> None:
    one, other = carry_out(draw(seed)), carry_out(draw(seed))
    assert one.log == other.log
    assert one.digest == other.digest
    assert one.digest != carry_out(draw(seed + 100)).digest


@pytest.mark.parametrize(
    ("family", "seed"),
    [("posnet", seed) for seed in (2783, 16662, 22794, 35892, 64464, 68001, 93950, 167789)]
    + [("thermal", seed) for seed in (19648, 20301, 35355, 49606)]
    + [("novitus-xml", seed) for seed in (245, 8612, 10537, 39755, 73209, 86561)],
)
def test_schedules_that_found_bugs_pass(family: str, seed: int) -> None:
    """Openings that cannot be proved to be ours; one cancelled before the look; noise told of another command, or made
    of an answer; a payment and a report that the cable doubled; another program on our receipt, or its twin; a sheet
    about our cancelled receipt that the journal had not noted when the daemon died, or that a person cancelled
    before the daily report, so that nothing counts it any more; one about a garbled command, before our first look.
    A question about a line that the cable damaged, so that a Novitus reports a failure that is not the line's; a Novitus
    that cancels another program's receipt when its power returns; a printout that the cable doubled."""
    assert not run(draw(seed, family)).violations


@pytest.mark.parametrize("seed", [8184, 9929, 14184])
def test_schedules_in_a_row_that_found_bugs_pass(seed: int) -> None:
    """A VAT table that a person programs between our look and our opening, on a day without a sale; counters of ten
    seconds ago that a serial line delivers to the question about our open receipt."""
    assert not run(draw_in_a_row(seed)).violations


@pytest.mark.parametrize(
    ("family", "seed"), [("posnet", 1484), ("posnet", 3584), ("thermal", 4974), ("novitus-xml", 227)]
)
def test_schedules_with_others_that_found_bugs_pass(family: str, seed: int) -> None:
    """Another program cancels our empty receipt, sells, and opens the next, all before our look at our open receipt; it
    cancels two receipts that look like our printout."""
    assert not run(draw_others(seed, family)).violations


def test_a_thermal_clock_that_cannot_go_back_is_refused() -> None:
    """Set ahead, a daily report, and back to the computer's time: the printer refuses, and the job says so."""
    assert not run(draw_mixed(1455, "thermal")).violations


@pytest.mark.parametrize("seed", [17663, 21127, 43466])
def test_mixed_schedules_that_found_bugs_pass(seed: int) -> None:
    """Two equal bytes of the closing command are lost; new rates are confirmed on the keypad after midnight: these are
    refusals. A power cut takes another program's receipt, and the totals of our last invoice with it: undecided."""
    assert not run(draw_mixed(seed, "thermal")).violations


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("family", FAMILIES)
def test_random_schedules_pass(family: str) -> None:
    report = campaign(range(1000), family=family)
    assert not report.violations, report.violations[0]
    assert report.runs == 1000
    happened = {what for what, _, _ in report.hits}
    assert happened == set(drawn(family)) - {What.INTRUDER}, "every kind of fault (an intruder is two others)"
    forgotten = sum(report.causes[cause] for cause in FORGOTTEN) if find_family(family).web else 0
    assert report.causes.total() - forgotten <= 10, "undecided is rare, even here"


#: What cannot be proved when several people use one printer at once.
AMBIGUOUS = {"report_between", "many_reports", "twins", "changed", "vanished"}
#: What a printer with jobs makes undecided: it lost the state of one, or reported what is not true.
FORGOTTEN = {"id_forgotten", "contradiction"}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("family", FAMILIES)
def test_several_foreign_actions_at_the_printer_in_one_schedule(family: str) -> None:
    report = campaign(range(400), family=family, drawn=draw_others)
    assert not report.violations, report.violations[0]
    assert {what for what, _, _ in report.hits} >= set(OTHERS)
    assert set(report.causes) <= AMBIGUOUS | (FORGOTTEN if find_family(family).web else set())


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_foreign_action_at_every_command_of_a_receipt(family: str) -> None:
    report = campaign(whole_meetings(family)[::7])  # all of them: make chaos
    assert not report.violations, report.violations[0]
    met = {(what, phase) for what, phase, _ in report.hits if what in OTHERS}
    # Between the id of a document and its confirmation there is no request.
    phases = ("started", "committing") if find_family(family).web else ("started", "opened", "committing")
    assert met >= {(what, phase) for what in OTHERS for phase in phases}
    assert set(report.causes) <= AMBIGUOUS | (FORGOTTEN if find_family(family).web else set())


def test_new_kinds_of_events_leave_old_schedules_as_they_were() -> None:
    """A seed always draws the same; the digest is older than those events."""
    drawn = ""
    for family in ("posnet", "thermal"):
        for schedule in (draw(seed, family) for seed in range(300)):
            drawn += schedule.model_dump_json(exclude={"orders"})
            drawn += str(
                [(order.key, order.at, order.document["type"], order.asked_twice) for order in schedule.orders]
            )
    assert hashlib.sha256(drawn.encode()).hexdigest() == DRAWN_DIGEST


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_restored_older_journal_prints_nothing_twice(family: str) -> None:
    """In every way in which it can be put back, with everything else that goes wrong in those runs."""
    report = campaign(whole_restored(family, range(300)))
    assert not report.violations, report.violations[0]
    assert report.alarms > 80, "most of them lost something that the printer holds"
    assert report.verdicts["done"] > report.verdicts["undecided"] > 100


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("family", FAMILIES)
def test_one_fault_at_every_byte_await_write_and_command(family: str) -> None:
    every = 1 if family == "posnet" else 12  # all of either: make chaos
    report = campaign(whole_matrix(family)[::every])
    assert not report.violations, report.violations[0]
    # Nothing tells a printout that a person cancels at its closing step from one that came out (docs/recovery.md).
    assert set(report.causes) <= {"vanished"}
    assert report.causes.total() < 10
    assert report.verdicts["done"] > report.runs * 0.99
    met = {(what, phase) for what, phase, _ in report.hits}
    for phase in ("accepted", "started", "opened", "committing"):
        assert {(What.CUT, phase), (What.CUT_AND_KILL, phase), (What.KILL_TURN, phase)} <= met


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_lost_command_while_another_program_uses_the_printer(family: str) -> None:
    report = campaign(whole_pairs(family)[::8])  # all of them: make chaos
    assert not report.violations, report.violations[0]
    assert set(report.causes) <= {"report_between"}, "nothing else is ambiguous to anybody here"


@pytest.mark.slow
@pytest.mark.daily
@pytest.mark.whole
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", mutants.MUTANTS)
def test_a_broken_rule_is_noticed(name: str) -> None:
    assert catches(CAUGHT_BY[name], name)


def test_a_failure_is_shrunk_to_what_is_needed() -> None:
    needed = CAUGHT_BY["repeat_without_looking"]
    other = Order(key="job/9", at=40.0, document=receipt(9, random.Random(1)))
    large = needed.model_copy(update={"orders": (*needed.orders, other)})
    with mutants.applied("repeat_without_looking"):
        text = run(large).violations[0][1]
        small = shrink(large, text)
        assert len(small.orders) == len(needed.orders)
        assert any(found.split(":")[0] == text.split(":")[0] for _, found in run(small).violations)
