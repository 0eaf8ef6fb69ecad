"""The technician's documents on every family: what the printer shows afterwards decides, whatever went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from pydantic import TypeAdapter

from fiscald.emulator.faults import Switch
from fiscald.model.documents import Document
from fiscald.protocols.base import Effect, NotPrinted, Printed, Verdict, Wait
from fiscald.protocols.proof.states import UNCHANGED
from tests.conformance.bench import Bench, LineLost, Sent
from tests.conformance.families import CASES, PROGRAMMING
from tests.families import EVERY

ADAPTER: TypeAdapter[Document] = TypeAdapter(Document)
DOCUMENTS = [(family, kind) for family in EVERY for kind in CASES[family].programming]
#: Those that the printer shows afterwards.
SHOWN = [each for each in DOCUMENTS if each[1] != "set_display"]
every_document = pytest.mark.parametrize(("family", "kind"), DOCUMENTS)
every_shown = pytest.mark.parametrize(("family", "kind"), SHOWN)
OPEN_DAY = [(family, kind) for family, kind in SHOWN if (family, kind) != ("posnet", "set_header")]


def state(bench: Bench) -> tuple[Any, ...]:
    """What the documents set."""
    register = bench.device.register
    return register.clock.now(), register.state.rates, register.state.header


def document(family: str, kind: str) -> Document:
    return CASES[family].programming[kind]


def agrees(verdict: Verdict, *, changed: bool) -> bool:
    return isinstance(verdict, Printed if changed else NotPrinted)


@every_shown
def test_it_is_set_once_and_the_second_time_nothing_is_sent(family: str, kind: str) -> None:
    bench = Bench(family)
    before = state(bench)
    assert isinstance(bench.carry_out(document(family, kind)), Printed)
    after = state(bench)
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 1
    seen = len(bench.steps)
    verdict = bench.carry_out(document(family, kind))
    assert isinstance(verdict, Printed)
    assert verdict.notices == (UNCHANGED,)
    assert bench.changes(seen) == []
    assert state(bench) == after


@every_shown
def test_an_interruption_anywhere_is_recovered_to_what_the_printer_shows(family: str, kind: str) -> None:
    wrong = []
    for nth, executed in places(family, kind):
        bench = Bench(family)
        before = state(bench)
        bench.break_off_at(document(family, kind), nth, executed=executed)
        verdict = bench.settle(document(family, kind), partial(bench.recover, document(family, kind)))
        if not agrees(verdict, changed=state(bench) != before):
            wrong.append((nth, executed, verdict))
        elif isinstance(verdict, NotPrinted):
            assert verdict.again
            assert isinstance(bench.carry_out(document(family, kind)), Printed)
    assert wrong == []


def places(family: str, kind: str) -> Iterator[tuple[int, bool]]:
    """Every step after the evidence, executed or not."""
    bench = Bench(family)
    bench.carry_out(document(family, kind))
    count = sum(sent.stage is not None for sent in bench.steps)
    assert count > 0
    yield from ((nth, executed) for nth in range(1, count + 1) for executed in (False, True))


@every_shown
@pytest.mark.parametrize("executed", [False, True])
def test_a_refusal_is_believed_only_if_the_printer_shows_the_old_setting(
    family: str, kind: str, *, executed: bool
) -> None:
    bench = Bench(family)
    bench.carry_out(document(family, kind))
    changed = set()
    for nth in range(1, len(bench.changes()) + 1):
        bench = Bench(family)
        before, left = state(bench), nth

        def answer(sent: Sent, data: bytes, bench: Bench = bench) -> bytes:
            nonlocal left
            left -= sent.step.effect is not Effect.QUERY
            if left or sent.step.effect is Effect.QUERY:
                return bench.answer(data)
            if executed:
                bench.answer(data)
            left = -1
            return bench.case.refusal(sent.name, data)

        verdict = bench.settle(
            document(family, kind), partial(bench.carry_out, document(family, kind), answer_step=answer)
        )
        changed.add(state(bench) != before)
        assert agrees(verdict, changed=state(bench) != before), nth
    assert executed in changed


@pytest.mark.parametrize(("family", "kind"), OPEN_DAY)
def test_with_sales_of_the_day_it_is_refused_before_anything_is_sent(family: str, kind: str) -> None:
    bench = Bench(family)
    bench.others_receipt(777)
    seen = len(bench.steps)
    verdict = bench.carry_out(document(family, kind))
    assert isinstance(verdict, NotPrinted)
    assert "setting.day_open" in [each.code for each in verdict.problem.errors]
    assert bench.changes(seen) == []
    bench.others_report()
    assert isinstance(bench.carry_out(document(family, kind)), Printed)


@every_document
def test_a_printer_without_paper_or_another_printer_is_waited_for(family: str, kind: str) -> None:
    bench = Bench(family)
    verdict = bench.carry_out(document(family, kind), printer_id="EMU 0000000002")
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == "printer.swapped"
    bench.device.faults.switches.add(Switch.PAPER_OUT)
    assert isinstance(bench.carry_out(document(family, kind)), Wait)
    assert bench.changes() == []
    assert bench.journal.last is None


@pytest.mark.parametrize("family", ["posnet", "thermal"])
def test_the_display_is_written_again_after_an_interruption(family: str) -> None:
    bench = Bench(family)
    lines = document(family, "set_display")

    def answer(_: Sent, data: bytes) -> bytes:
        if bench.changes():
            raise LineLost
        return bench.answer(data)

    with pytest.raises(LineLost):
        bench.carry_out(lines, answer_step=answer)
    verdict = bench.recover(lines)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert isinstance(bench.carry_out(lines), Printed)


# -- clock ---------------------------------------------------------------------------------------------------


def clock(time: str) -> Document:
    return ADAPTER.validate_python({"type": "set_clock", "time": time})


@pytest.mark.parametrize("family", ["posnet", "thermal"])
def test_the_clock_is_set_to_the_time_of_the_computer(family: str) -> None:
    bench = Bench(family, clock_offset=1800.0)
    assert isinstance(bench.carry_out(clock("host")), Printed)
    assert f"{bench.device.register.clock.now():%H:%M}" == "12:00"


@pytest.mark.parametrize(
    ("family", "profile", "time", "code"),
    [
        ("posnet", "online", "2026-11-22T14:30:00+01:00", "clock.too_far"),
        ("posnet", "online", "2026-11-22T13:30:00+01:00", None),
        ("posnet", "old", "2026-11-22T13:30:00+01:00", "clock.too_far"),
        ("thermal", "posnet", "2026-11-22T13:30:00+01:00", "clock.too_far"),
        ("thermal", "novitus", "2026-11-23T12:00:00+01:00", "clock.date"),
        ("thermal", "innova", "2026-11-22T12:30:00+01:00", "setting.unsupported"),
    ],
)
def test_a_fiscal_printer_is_set_by_an_hour_or_two(family: str, profile: str, time: str, code: str | None) -> None:
    bench = Bench(family, profile)
    verdict = bench.carry_out(clock(time))
    if code is None:
        assert isinstance(verdict, Printed)
    else:
        assert isinstance(verdict, NotPrinted)
        assert [each.code for each in verdict.problem.errors] == [code]
        assert bench.changes() == []


# -- rates ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("family", "profile"), [("posnet", "online"), ("thermal", "posnet"), ("thermal", "novitus")])
@pytest.mark.parametrize("confirmed", [True, False])
def test_a_person_confirms_the_rates_on_the_printer(family: str, profile: str, *, confirmed: bool) -> None:
    bench = Bench(family, profile)
    asked = ADAPTER.validate_python(PROGRAMMING[1] | {"confirm_on_printer": True})

    def answer(sent: Sent, data: bytes) -> bytes:
        answered = bench.answer(data)
        if not bench.device.awaits_key:
            return answered
        bench.device.press(confirm=confirmed)
        return answered + bench.line.receive()

    before = state(bench)
    verdict = bench.settle(asked, partial(bench.carry_out, asked, answer_step=answer))
    assert agrees(verdict, changed=confirmed)
    if isinstance(verdict, NotPrinted):
        assert verdict.problem.code == "printer.cancelled"
    assert (state(bench) != before) is confirmed


@pytest.mark.parametrize("family", ["posnet", "thermal"])
def test_every_change_of_a_rate_is_a_warning_of_the_preview(family: str) -> None:
    bench = Bench(family)
    snapshot = bench.drive(bench.family.read_status(bench.settings))
    check = bench.family.check(document(family, "set_vat_rates"), bench.settings, snapshot)
    assert [(each.pointer, each.detail) for each in check.notices] == [
        ("/document/rates/E", "E: not in use becomes 12%")
    ]


def test_a_setting_that_does_not_show_blames_no_person() -> None:
    bench = Bench("posnet")

    def answer(sent: Sent, data: bytes) -> bytes:
        before = bench.device.register.state.rates
        answered = bench.answer(data)
        if sent.step.effect is not Effect.QUERY:
            bench.device.register.state.rates = before  # it says yes and does nothing
        return answered

    verdict = bench.carry_out(document("posnet", "set_vat_rates"), answer_step=answer)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.code == "printer.refused"
    assert "person" not in verdict.problem.detail


@pytest.mark.parametrize("profile", ["posnet", "novitus"])
@pytest.mark.parametrize("rate", ["98.99%", "99.99%"])
def test_a_thermal_printer_gets_no_rate_that_it_reads_as_something_else(profile: str, rate: str) -> None:
    bench = Bench("thermal", profile)
    wanted = ADAPTER.validate_python(
        {"type": "set_vat_rates", "rates": dict.fromkeys("ABCDFG") | {"A": "23%", "E": rate}}
    )
    verdict = bench.carry_out(wanted)
    assert isinstance(verdict, NotPrinted)
    assert [(each.pointer, each.code) for each in verdict.problem.errors] == [("/document/rates/E", "rates.reserved")]
    assert bench.changes() == []
    checked = bench.family.check(wanted, bench.settings, None)
    assert [each.code for each in checked.errors] == ["rates.reserved"]


def test_a_thermal_printer_gets_no_year_that_it_lacks() -> None:
    bench = Bench("thermal", "posnet")
    bench.device.faults.switches.add(Switch.NOT_FISCAL)
    verdict = bench.carry_out(clock("2126-11-22T12:00:00+01:00"))
    assert isinstance(verdict, NotPrinted)
    assert [each.code for each in verdict.problem.errors] == ["clock.year"]
    assert bench.changes() == []


def test_a_date_before_the_last_record_is_no_matter_of_the_moment() -> None:
    """Error 7 means another date than the printer's for a VAT table, and a date that is too early for a clock."""
    bench = Bench("thermal", clock_offset=1800.0)
    bench.others_receipt(777)
    bench.others_report()
    verdict = bench.settle(clock("host"), partial(bench.carry_out, clock("host")))
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.device_code == "7"
    assert verdict.problem.code == "printer.refused"
    assert not verdict.again


def test_a_posnet_printer_may_end_its_header_with_a_line_feed() -> None:
    """It still shows the header that was set."""
    bench = Bench("posnet")
    header = document("posnet", "set_header")
    assert isinstance(bench.carry_out(header), Printed)
    bench.device.register.state.header += "\n"
    verdict = bench.carry_out(header)
    assert isinstance(verdict, Printed)
    assert verdict.notices == (UNCHANGED,)
