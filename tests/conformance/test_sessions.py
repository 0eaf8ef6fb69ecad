"""Bytes of every family: whole, cut, among junk, twice, and bytes that mean nothing at all."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fiscald.protocols.base import Answer, Busy, Damaged, Deadline, Effect, Expects, Session, Step, Stray
from fiscald.protocols.decoding import DecodedFrame, Direction
from fiscald.protocols.families import decoding_of
from tests.conformance.bench import RECORDS, Bench, Sent, family_of
from tests.conformance.families import CASES, FRAMES, NAMES
from tests.families import EVERY
from tests.found import found

every_family = pytest.mark.parametrize("family", EVERY)
every_family_with_frames = pytest.mark.parametrize("family", FRAMES)
every_family_with_names = pytest.mark.parametrize("family", NAMES)
EVENTS = (Answer, Damaged, Stray, Busy)


class Exchange(NamedTuple):
    before: tuple[Exchange, ...]
    """What was said on the same connection before."""
    step: Step
    sent: bytes
    answer: bytes
    reply: Any
    kept: dict[str, str]
    """What the family had kept when it was sent: a token."""

    @property
    def ends_with_stream(self) -> bool:
        return b"Connection: close" in self.answer


@functools.cache
def conversation(family: str) -> tuple[Exchange, ...]:
    """Everything that is said while its documents are carried out, and each reply as the session gives it."""
    bench = Bench(family, cash=100_000, **RECORDS)
    exchanges: list[Exchange] = []
    for document in CASES[family].documents.values():
        heard: list[tuple[Step, bytes, bytes, dict[str, str]]] = []

        def answer(sent: Sent, data: bytes, heard: list[Any] = heard) -> bytes:
            kept = texts(bench)
            told = bench.answer(data)
            heard.append((sent.step, data, told, kept))
            return told

        bench.carry_out(document, answer_step=answer)
        other = Bench(family)
        session, before = other.session(), tuple[Exchange, ...]()
        for step, sent, told, kept in heard:
            keep(other, kept)
            session.send(step.command)
            (event,) = [*session.receive(told), *session.end()]
            assert isinstance(event, Answer)
            exchanges.append(Exchange(before, step, sent, told, event.reply, kept))
            before = (*before, exchanges[-1])
    return tuple(found(exchanges))


def texts(bench: Bench) -> dict[str, str]:
    """What the family keeps now."""
    return dict(bench.settings.kept.items())


def keep(bench: Bench, kept: dict[str, str]) -> None:
    """The family keeps that."""
    for name in {*texts(bench), *kept}:
        bench.settings.kept[name] = kept.get(name, "")


def some(family: str) -> list[Exchange]:
    """One exchange of every kind of command."""
    bench = Bench(family)
    return list({bench.name_of(exchange.sent): exchange for exchange in reversed(conversation(family))}.values())


def replay(family: str, exchange: Exchange) -> Session:
    """A session that has sent the command of that exchange, after everything before it."""
    bench = Bench(family)
    session = bench.session()
    for each in exchange.before:
        keep(bench, each.kept)
        session.send(each.step.command)
        assert [*session.receive(each.answer), *session.end()]
    keep(bench, exchange.kept)
    assert session.send(exchange.step.command) == exchange.sent
    return session


def answers(events: list[Any]) -> list[Any]:
    assert all(isinstance(event, EVENTS) for event in events)
    return [event.reply for event in events if isinstance(event, Answer)]


@every_family
def test_every_step_says_what_it_does_and_what_it_waits_for(family: str) -> None:
    for step in found(
        {(e.step.effect, e.step.deadline, e.step.expects): e.step for e in conversation(family)}.values()
    ):
        assert isinstance(step.effect, Effect)
        assert isinstance(step.deadline, Deadline)
        assert isinstance(step.expects, Expects)
        assert step.resend is None or step.resend.times > 0
        # An HTTP printer answers that it has put the document in its queue; its end is asked for.
        long = (Deadline.CLOSE, Deadline.REPORT, *([Deadline.LINE] if family_of(family).web else []))
        assert step.effect is not Effect.IRREVERSIBLE or step.deadline in long


@every_family
def test_an_answer_is_found_byte_by_byte(family: str) -> None:
    for exchange in found(some(family)):
        session = replay(family, exchange)
        events = [
            event for at in range(len(exchange.answer)) for event in session.receive(exchange.answer[at : at + 1])
        ]
        assert answers([*events, *session.end()]) == [exchange.reply], exchange


@every_family_with_frames
def test_an_answer_is_found_among_junk(family: str) -> None:
    junk = CASES[family].junk
    assert junk is not None
    for exchange in found(some(family)):
        session = replay(family, exchange)
        assert answers(list(session.receive(junk + exchange.answer + junk))) == [exchange.reply], exchange


@every_family
def test_an_answer_is_the_answer_once(family: str) -> None:
    """The second copy answers nothing, whether it comes at once or when something else is asked."""
    for exchange in found(some(family)):
        session = replay(family, exchange)
        events = [*session.receive(exchange.answer * 2), *session.end()]
        # Without a length it has no end before the stream's, and is no answer with a second one behind it.
        damaged = any(isinstance(event, Damaged) for event in events)
        assert answers(events) == ([] if damaged and exchange.ends_with_stream else [exchange.reply]), exchange
        assert answers(list(session.receive(exchange.answer))) == []


@every_family
def test_after_forgetting_nothing_is_an_answer(family: str) -> None:
    for exchange in found(some(family)):
        session = replay(family, exchange)
        session.forget()
        assert answers([*session.receive(exchange.answer), *session.end()]) == [], exchange


@every_family
def test_a_cut_answer_is_none_and_the_end_is_reported_once(family: str) -> None:
    """Also where an answer ends with its stream: half of it is damaged, and never taken for the whole."""
    for exchange in found(some(family)):
        for end in range(0, len(exchange.answer), 3):
            session = replay(family, exchange)
            assert answers([*session.receive(exchange.answer[:end]), *session.end()]) in ([], [exchange.reply])
            assert list(session.end()) == []


few = settings(max_examples=60, deadline=None)
CHUNKS = st.lists(st.binary(max_size=40), max_size=8)


@every_family
@few
@given(chunks=CHUNKS, waits=st.booleans())
def test_any_bytes_give_events_and_never_an_exception(family: str, chunks: list[bytes], waits: bool) -> None:
    session = family_of(family).session(Bench(family).settings)
    if waits:
        session.send(conversation(family)[0].step.command)
    for chunk in chunks:
        assert all(isinstance(event, EVENTS) for event in session.receive(chunk))
    assert all(isinstance(event, EVENTS) for event in session.end())
    session.forget()


@every_family
@few
@given(
    place=st.integers(0, 1000),
    flips=st.lists(st.tuples(st.integers(0, 500), st.integers(0, 7)), min_size=1, max_size=4),
)
def test_damaged_answers_give_events_and_never_an_exception(
    family: str, place: int, flips: list[tuple[int, int]]
) -> None:
    exchange = conversation(family)[place % len(conversation(family)) % 6]
    session = replay(family, exchange)
    data = bytearray(exchange.answer)
    for at, bit in flips:
        data[at % len(data)] ^= 1 << bit
    assert all(isinstance(event, EVENTS) for event in (*session.receive(bytes(data)), *session.end()))


# -- names for people --------------------------------------------------------------------------------------


def named(family: str, data: bytes, direction: Direction, size: int | None = None) -> list[DecodedFrame]:
    decoder = decoding_of(family_of(family)).decoder(Bench(family).settings)
    size = size or len(data) or 1
    return [
        *(frame for at in range(0, len(data), size) for frame in decoder.feed(direction, data[at : at + size])),
        *decoder.end(direction),
    ]


@every_family_with_names
def test_a_frame_of_the_reference_is_named_however_it_comes(family: str) -> None:
    junk = CASES[family].junk
    sound = 0
    for direction, data in found(CASES[family].vectors):
        (whole,) = named(family, data, direction)
        assert whole.raw == data
        # An answer in HTTP has the name of the request before it.
        assert whole.name or whole.damage or (family_of(family).web and direction is Direction.RECEIVED)
        for size in (1, 2, 5):
            assert named(family, data, direction, size) == [whole]
        assert junk is None or whole in named(family, junk + data + junk, direction)
        sound += whole.damage is None
    assert sound > len(CASES[family].vectors) * 0.9


@every_family_with_names
@few
@given(chunks=CHUNKS, direction=st.sampled_from(Direction), place=st.integers(0, 1000))
def test_a_decoder_loses_no_byte(family: str, chunks: list[bytes], direction: Direction, place: int) -> None:
    vectors = CASES[family].vectors
    data = b"".join([*chunks, vectors[place % len(vectors)][1], *chunks])
    frames = named(family, data, direction, 7)
    assert b"".join(frame.raw for frame in frames) == data
    assert all(len(frame.masked) == len(frame.raw) for frame in frames)
