"""The parts that every family has, and those that it may leave out."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from fiscald import config
from fiscald.model.printers import PrinterState
from fiscald.protocols.base import Answer, Effect, Printed, RawReply
from fiscald.protocols.families import CannotDecode, decoding_of
from tests.conformance.bench import Bench
from tests.conformance.families import CASES
from tests.conformance.test_recovery import prepared
from tests.families import EVERY, joined
from tests.found import found

pytestmark = pytest.mark.parametrize("family", EVERY)


def test_there_is_a_sample_of_every_document_and_no_other(family: str) -> None:
    known = Bench(family).family
    assert known.name == family
    case = CASES[family]
    samples = {*case.documents, *case.programming, *case.of_profile}
    assert samples == set(known.documents) == set(known.handlers)
    assert known.documents == known.conditions.documents


# -- looking -----------------------------------------------------------------------------------------------


def remembered(bench: Bench) -> str:
    """What the printer has in its memory, but not what it was asked: some keep questions as jobs until a report."""
    return bench.device.register.state.model_dump_json(exclude={"face": {"table"}})


def test_looking_changes_nothing_and_tells_who_it_is(family: str) -> None:
    bench = prepared(family)
    identified = bench.drive(bench.family.identify(bench.settings))
    state = remembered(bench)
    snapshot = bench.drive(bench.family.read_status(bench.settings))
    condition = bench.drive(bench.family.read_condition(bench.settings))
    assert {sent.step.effect for sent in bench.steps} == {Effect.QUERY}
    assert remembered(bench) == state
    # A printer that tells nothing without a token says only that it is there.
    assert identified.identity.printer_id in ("", snapshot.identity.printer_id)
    assert snapshot.identity.printer_id == bench.device.register.state.unique_number
    assert identified.identity.emulated or not identified.identity.printer_id
    assert snapshot.identity.emulated
    assert condition.state is PrinterState.READY
    assert not condition.document_open, "or it does not say, where a document is printed as a whole"
    assert snapshot.condition.state is PrinterState.READY


def test_a_document_moves_the_counters_that_the_journal_compares(family: str) -> None:
    bench = prepared(family)
    before = bench.drive(bench.family.read_status(bench.settings)).counters
    verdict = bench.carry_out(CASES[family].main)
    assert isinstance(verdict, Printed)
    after = bench.drive(bench.family.read_status(bench.settings)).counters
    assert after.printouts == before.printouts + 1
    assert after.receipts - before.receipts == ("receipt" in CASES[family].documents)
    assert verdict.counters is None or verdict.counters == after


# -- options -----------------------------------------------------------------------------------------------


def parse(family: str, **keys: object) -> config.Config:
    section = {"family": family, "address": "tcp://10.0.0.1:80", **keys}
    with joined():
        return config.parse({"printers": {"till1": section}}, Path("fiscald.toml"))


def test_every_option_has_a_default_and_a_place_in_the_schema(family: str) -> None:
    options = Bench(family).family.options
    schema = options.model_json_schema()
    assert schema["additionalProperties"] is False
    assert set(schema.get("properties", {})) == set(options.model_fields)
    assert options() == options.model_validate({})
    assert not any(field.is_required() for field in options.model_fields.values())
    assert parse(family).printers["till1"].options == options()


def test_an_option_that_does_not_exist_is_refused_with_the_nearest(family: str) -> None:
    options = Bench(family).family.options
    with pytest.raises(ValidationError):
        options.model_validate({"colour": "red"})
    name = found(options.model_fields)[0]
    with pytest.raises(config.ConfigError, match=name):
        parse(family, **{f"{name}e": "x"})


# -- evidence ----------------------------------------------------------------------------------------------


def test_evidence_survives_the_journal(family: str) -> None:
    evidence = Bench(family).family.evidence
    for document in CASES[family].documents.values():
        bench = prepared(family)
        verdict = bench.carry_out(document)
        assert isinstance(verdict, Printed)
        last = bench.journal.last
        assert last is not None
        looks = {"before": last.before, "opened": last.opened, **verdict.evidence}
        kept = evidence.model_validate(looks)
        stored = kept.model_dump(mode="json", exclude_none=True)
        assert (stored["family"], stored["version"]) == (family, kept.version)
        assert evidence.model_validate(stored) == kept
        assert kept.before is not None
        assert kept.before.printer_id == bench.device.register.state.unique_number


def test_evidence_of_another_family_or_a_later_version_is_not_read(family: str) -> None:
    evidence = Bench(family).family.evidence
    for wrong in ({"family": "other", "version": 2}, {"version": 99}):
        with pytest.raises(ValidationError):
            evidence.model_validate(wrong)


# -- what a family may leave out ---------------------------------------------------------------------------


def test_a_family_that_cannot_decode_reports_it(family: str) -> None:
    known = Bench(family).family
    assert (known.decoding is None) is (CASES[family].vectors == ())
    if known.decoding is None:
        with pytest.raises(CannotDecode, match=f"a {family} printer"):
            decoding_of(known)
        return
    table = decoding_of(known).protocol_doc()
    assert found(table.commands)


def test_only_a_family_with_speeds_is_on_a_serial_line(family: str) -> None:
    address = {"address": "serial:///dev/ttyS0"}
    if Bench(family).family.speeds:
        assert parse(family, **address).printers["till1"].family == family
        return
    with pytest.raises(config.ConfigError, match=f"no {family} printer is on a serial line"):
        parse(family, **address)


def test_a_poll_changes_nothing(family: str) -> None:
    bench = prepared(family)
    if bench.family.poll is None:
        assert bench.family.web, "half-duplex: nothing is asked while a command waits"
        return
    condition = bench.drive(bench.family.poll(bench.settings))
    assert condition.state is PrinterState.READY
    assert {sent.step.effect for sent in bench.steps} == {Effect.QUERY}


def test_commands_by_hand_are_answered_in_their_own_form(family: str) -> None:
    bench = prepared(family)
    raw = bench.family.raw
    assert (raw is None) is (CASES[family].raw == ())
    if raw is None:
        return
    bench.carry_out(CASES[family].main)
    for text in found(CASES[family].raw):
        step = raw.parse(text, bench.settings)
        assert isinstance(step.effect, Effect)
        session = bench.session()
        events = session.receive(bench.answer(session.send(step.command)))
        (reply,) = [event.reply for event in events if isinstance(event, Answer)]
        shown = raw.show(reply, bench.settings)
        assert isinstance(shown, RawReply)
        assert shown.text
    with pytest.raises(ValueError, match=r"\w"):
        raw.parse("\x00", bench.settings)
