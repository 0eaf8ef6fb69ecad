"""Expected replies, repeats, busy printers, half-duplex ones, greetings, and streams that end."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import anyio
import pytest

from fiscald.engine.line import MAX_UNANSWERED, POLL_AFTER, SECONDS, Garbage, Line, NotSent, Silence
from fiscald.engine.noise import Noise
from fiscald.protocols.base import (
    Deadline,
    Dialogue,
    DialogueAborted,
    Effect,
    Expects,
    FamilyOptions,
    HostTime,
    Pause,
    Resend,
    Settings,
)
from fiscald.transport import LinkLost, StreamEnded
from tests import virtual
from tests.engine.tiny import SYN, Tiny, TinyPrinter, step
from tests.protocols.driving import NOON

WAIT = SECONDS[Deadline.LINE]
AGAIN = Resend(after=0.5, times=3)


class Wider(FamilyOptions):
    width: int


def run(printer: TinyPrinter, main: Callable[[Line], Coroutine[Any, Any, None]], family: Tiny | None = None) -> None:
    async def whole() -> None:
        async with anyio.create_task_group() as tasks:
            printer.tasks = tasks
            line = Line(
                await printer.open(), family or Tiny(), Settings("till1", FamilyOptions()), mark_heard=lambda: None,
                on_condition=lambda _: None, noise=Noise("till1"), reopen=printer.open, host_time=lambda: NOON,
            )  # fmt: skip
            async with line:
                await main(line)
            tasks.cancel_scope.cancel()

    virtual.run(whole())


# -- what a step expects ----------------------------------------------------------------------------------


def test_silence_is_the_answer_where_a_step_expects_none() -> None:
    printer = TinyPrinter(lambda _: None)

    async def main(line: Line) -> None:
        assert await line.ask(step("sell", effect=Effect.REVERSIBLE, expects=Expects.NONE)) is None
        assert anyio.current_time() == 0, "nothing is waited for"
        await anyio.sleep(1)

    run(printer, main)
    assert printer.texts == ["sell"]


def test_the_reply_ending_a_batch_covers_all_commands_since_the_last() -> None:
    printer = TinyPrinter(lambda text: b"done" if text == "end" else None)

    async def main(line: Line) -> None:
        for text in ("a", "b"):
            await line.ask(step(text, effect=Effect.REVERSIBLE, expects=Expects.NONE))
            await anyio.sleep(0.1)
        assert await line.ask(step("end", expects=Expects.BATCH)) == (["a", "b", "end"], "done")
        assert await line.ask(step("end", expects=Expects.BATCH)) == (["end"], "done"), "a batch of its own"

    run(printer, main)


def test_damage_within_a_batch_is_not_passed_over_at_its_end() -> None:
    """It may have been about any of its commands; before it, it is of no account."""
    answers = {"a": b"?\n", "end": b"done"}
    printer = TinyPrinter(answers.get)

    async def main(line: Line) -> None:
        await line.ask(step("a", effect=Effect.REVERSIBLE, expects=Expects.NONE))
        await anyio.sleep(0.1)
        with pytest.raises(Silence, match="damaged"):
            await line.ask(step("end", effect=Effect.IRREVERSIBLE, expects=Expects.BATCH))

    run(printer, main)


def test_a_query_in_between_ends_the_batch() -> None:
    printer = TinyPrinter(lambda text: b"ok" if text == "count" else None)

    async def main(line: Line) -> None:
        await line.ask(step("a", effect=Effect.REVERSIBLE, expects=Expects.NONE))
        assert await line.ask(step("count")) == (["count"], "ok")

    run(printer, main)


def test_a_batch_without_a_reply_is_silence() -> None:
    printer = TinyPrinter(lambda _: None)

    async def main(line: Line) -> None:
        await line.ask(step("a", effect=Effect.REVERSIBLE, expects=Expects.NONE))
        with pytest.raises(Silence, match="no answer in time"):
            await line.ask(step("end", effect=Effect.IRREVERSIBLE, expects=Expects.BATCH))
        assert anyio.current_time() == pytest.approx(WAIT)

    run(printer, main)
    assert printer.texts == ["a", "end"]


# -- what is sent again -----------------------------------------------------------------------------------


def test_the_same_bytes_are_sent_again_after_a_silence() -> None:
    """Under the same number, so that the printer carries them out once."""
    left = [None, None, b"done"]
    printer = TinyPrinter(lambda _: left.pop(0))

    async def main(line: Line) -> None:
        assert (await line.ask(step("pay", effect=Effect.IRREVERSIBLE, resend=AGAIN)))[1] == "done"

    run(printer, main)
    assert [line for _, _, line in printer.sent] == [b"1:pay"] * 3
    assert [at for at, _, _ in printer.sent] == pytest.approx([0, 0.5, 1.0])


def test_they_are_sent_again_at_once_after_a_damaged_reply() -> None:
    left = [b"?\n", b"done"]
    printer = TinyPrinter(lambda _: left.pop(0))

    async def main(line: Line) -> None:
        assert (await line.ask(step("pay", effect=Effect.IRREVERSIBLE, resend=AGAIN)))[1] == "done"
        assert anyio.current_time() < 0.1

    run(printer, main)
    assert [line for _, _, line in printer.sent] == [b"1:pay"] * 2


@pytest.mark.parametrize("answer", [None, b"?\n"], ids=["silent", "damaged"])
def test_they_are_sent_again_a_limited_number_of_times(answer: bytes | None) -> None:
    printer = TinyPrinter(lambda _: answer)

    async def main(line: Line) -> None:
        with pytest.raises(Silence):
            await line.ask(step("pay", effect=Effect.IRREVERSIBLE, resend=AGAIN))

    run(printer, main)
    assert [line for _, _, line in printer.sent] == [b"1:pay"] * 4


@pytest.mark.parametrize("answer", [None, b"?\n"], ids=["silent", "damaged"])
def test_a_step_that_is_not_marked_repeatable_is_sent_once(answer: bytes | None) -> None:
    printer = TinyPrinter(lambda _: answer)

    async def main(line: Line) -> None:
        with pytest.raises(Silence):
            await line.ask(step("pay", effect=Effect.IRREVERSIBLE))

    run(printer, main)
    assert printer.texts == ["pay"]


# -- busy, and half-duplex --------------------------------------------------------------------------------


async def say_busy(printer: TinyPrinter, seconds: float, every: float = 0.06, count: int = 1) -> None:
    until = anyio.current_time() + seconds
    while anyio.current_time() < until:
        await printer.ends[-1].send(SYN * count)
        await anyio.sleep(every)


def test_a_busy_printer_gets_nothing_until_it_answers() -> None:
    """Neither the same bytes again, as the printer has them, nor a query: it would destroy the reply."""
    printer = TinyPrinter(lambda _: None)

    async def main(line: Line) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(say_busy, printer, 100)
            with pytest.raises(Silence):
                await line.ask(step("pay", effect=Effect.IRREVERSIBLE, resend=Resend(after=0.5, times=0)))
            assert 100 + WAIT - 0.1 <= anyio.current_time() <= 100 + WAIT + 0.1

    run(printer, main)
    assert printer.texts == ["pay"]


def test_nothing_is_sent_again_while_bytes_come() -> None:
    printer = TinyPrinter(lambda _: None)

    async def main(line: Line) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(say_busy, printer, 20)
            with anyio.move_on_after(20):
                await line.ask(step("pay", effect=Effect.IRREVERSIBLE, resend=AGAIN))

    run(printer, main)
    assert printer.texts == ["pay"]


def test_a_printer_that_stays_busy_is_given_up() -> None:
    printer = TinyPrinter(lambda _: None)

    async def main(line: Line) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(say_busy, printer, 3600, 1.0, 100)
            with pytest.raises(Garbage):
                await line.ask(step("pay", effect=Effect.IRREVERSIBLE))
            assert anyio.current_time() == pytest.approx(MAX_UNANSWERED / 100, abs=2)
            tasks.cancel_scope.cancel()

    run(printer, main)


@pytest.mark.parametrize("polls", [False, True], ids=["half-duplex", "polls"])
def test_only_a_family_that_supports_it_is_polled_meanwhile(polls: bool) -> None:
    printer = TinyPrinter(lambda _: None)

    async def main(line: Line) -> None:
        with pytest.raises(Silence):
            await line.ask(step("pay", effect=Effect.IRREVERSIBLE))
        assert WAIT <= anyio.current_time() <= WAIT + POLL_AFTER

    run(printer, main, Tiny(polls=polls))
    assert printer.texts[0] == "pay"
    assert set(printer.texts[1:]) == ({"ready"} if polls else set())


# -- the greeting -----------------------------------------------------------------------------------------


def test_the_greeting_comes_before_everything_else() -> None:
    printer = TinyPrinter()

    async def main(line: Line) -> None:
        await line.greet()
        await line.ask(step("who"))

    run(printer, main, Tiny(password="0000"))
    assert printer.texts == ["password 0000", "who"]


def test_a_printer_that_refuses_the_greeting_is_sent_nothing_else() -> None:
    printer = TinyPrinter(lambda _: b"go away")

    async def main(line: Line) -> None:
        with pytest.raises(DialogueAborted, match="password"):
            await line.greet()

    run(printer, main, Tiny(password="0000"))
    assert printer.texts == ["password 0000"]


# -- streams that end -------------------------------------------------------------------------------------


def test_an_answer_may_end_with_its_stream_and_the_next_has_another() -> None:
    printer = TinyPrinter(closes=True)

    async def main(line: Line) -> None:
        for text in ("who", "count"):
            assert (await line.ask(step(text)))[0] == [text]

    run(printer, main, Tiny(over_http=True, password="0000"))
    assert [(connection, line) for _, connection, line in printer.sent] == [(1, b"1:who"), (2, b"2:count")]


def test_a_stream_closed_while_idle_is_replaced_before_sending() -> None:
    printer = TinyPrinter()

    async def main(line: Line) -> None:
        await line.ask(step("who"))
        await printer.ends[-1].aclose()
        await line.ask(step("pay", effect=Effect.IRREVERSIBLE))

    run(printer, main, Tiny(over_http=True))
    assert [connection for _, connection, _ in printer.sent] == [1, 2]
    assert printer.slips == 1


def test_an_answer_that_nothing_waits_for_spoils_a_stream_over_http() -> None:
    """It came while the line was idle; on the same stream it would stand where the next answer is looked for."""
    printer = TinyPrinter(lambda _: b"ok")

    async def main(line: Line) -> None:
        await line.ask(step("a"))
        await printer.ends[-1].send(b"1=ok\n")
        await anyio.sleep(1)
        await line.ask(step("b"))

    run(printer, main, Tiny(over_http=True))
    assert [connection for _, connection, _ in printer.sent] == [1, 2]


def test_other_settings_leave_a_stream_that_has_ended() -> None:
    """The printer said so with its answer; that the stream is closed is seen later."""
    printer = TinyPrinter(lambda _: b"ok")

    async def main(line: Line) -> None:
        await line.ask(step("a"))
        setattr(line._session, "_over", True)  # noqa: B010 - a session of another family has none
        await line.use(Settings("till1", Wider(width=40)))
        await line.ask(step("b"))

    run(printer, main, Tiny(over_http=True))
    assert [connection for _, connection, _ in printer.sent] == [1, 2]


def test_a_stream_that_ends_without_an_answer_is_a_lost_link() -> None:
    """The command may have been carried out: it is not sent over the next stream."""
    printer = TinyPrinter(lambda _: None)

    async def main(line: Line) -> None:
        async with anyio.create_task_group() as tasks:

            async def close() -> None:
                await anyio.sleep(1)
                await printer.ends[-1].aclose()

            tasks.start_soon(close)
            with pytest.raises(StreamEnded):
                await line.ask(step("pay", effect=Effect.IRREVERSIBLE))

    run(printer, main, Tiny(over_http=True))
    assert printer.texts == ["pay"]
    assert printer.connections == 1


def test_a_family_of_one_stream_gets_no_other() -> None:
    printer = TinyPrinter()

    async def main(line: Line) -> None:
        await line.ask(step("who"))
        await printer.ends[-1].aclose()
        with pytest.raises(LinkLost):
            await line.ask(step("who"))

    run(printer, main)
    assert printer.connections == 1


def test_a_refused_connection_proves_that_nothing_was_sent() -> None:
    printer = TinyPrinter(closes=True)

    async def main(line: Line) -> None:
        await line.ask(step("who"))
        printer.refuses = True
        with pytest.raises(NotSent, match="connection refused"):
            await line.ask(step("pay", effect=Effect.IRREVERSIBLE))
        printer.refuses = False
        await line.ask(step("pay", effect=Effect.IRREVERSIBLE))

    run(printer, main, Tiny(over_http=True))
    assert printer.texts == ["who", "pay"]
    assert printer.slips == 1


def test_a_query_for_once_is_not_sent_again_after_a_damaged_answer() -> None:
    for once, sent in ((True, 1), (False, 3)):
        asked: list[str] = []

        def damaged(text: str, asked: list[str] = asked) -> bytes:
            asked.append(text)
            return b"?\n"

        printer = TinyPrinter(damaged)

        async def main(line: Line, once: bool = once) -> None:
            with pytest.raises(Silence):
                await line.ask(step("ask")._replace(once=once))

        run(printer, main)
        assert len(asked) == sent


def test_a_dialogue_of_questions_may_pause_and_ask_for_the_time() -> None:
    async def main(line: Line) -> None:
        def dialogue() -> Dialogue[datetime]:
            yield Pause(2.0)
            now: datetime = yield HostTime()
            return now

        assert await line.drive(dialogue()) == NOON
        assert anyio.current_time() == 2

    run(TinyPrinter(lambda _: None), main)
