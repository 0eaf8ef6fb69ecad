"""One connection: repeats, timeouts, and which bytes count as a reply."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from fiscald.engine.line import POLL_AFTER, QUERY_TRIES, SECONDS, Line, Silence
from fiscald.engine.noise import Noise
from fiscald.model.printers import Condition, PrinterState
from fiscald.protocols import family
from fiscald.protocols.base import Deadline, Effect, Step
from fiscald.protocols.posnet.commands import request
from fiscald.protocols.posnet.frames import Deframer, Frame
from fiscald.transport import ByteStream, LinkLost, memory_line
from fiscald.transport.memory import MemoryStream
from tests import virtual
from tests.protocols import settings as settings_of
from tests.protocols.driving import NOON
from tests.protocols.posnet.scripted import frame

QUERY = Step(request("scomm"), Effect.QUERY, Deadline.QUERY)
CLOSING = Step(request("trend", to=100), Effect.IRREVERSIBLE, Deadline.CLOSE)
SCOMM = frame("scomm\tfsT\ttzN\tts0\thrT\tnuEMU 0000000001\ttdN\t")
DAMAGED = SCOMM[:10] + bytes([SCOMM[10] ^ 1]) + SCOMM[11:]


class Printer:
    """The far end of a line in memory: answers every frame as the test says."""

    def __init__(self, answer: Callable[[str], bytes]) -> None:
        self.near, self.far = memory_line()
        self.answer = answer
        self.asked: list[str] = []
        self.heard = 0
        self.noticed: list[Condition] = []

    async def serve(self) -> None:
        deframer = Deframer()
        while True:
            for item in deframer.feed(await self.far.receive()):
                assert isinstance(item, Frame)
                name = "!" * item.immediate + item.mnemonic
                self.asked.append(name)
                if data := self.answer(name):
                    await self.far.send(data)

    def line(self) -> Line:
        def hear() -> None:
            self.heard += 1

        return Line(
            self.near, family("posnet"), settings_of.posnet(profile="online"), mark_heard=hear, on_condition=self.noticed.append,
            noise=Noise("till1"), reopen=never, host_time=lambda: NOON,
        )  # fmt: skip


async def never() -> ByteStream:
    raise AssertionError("a POSNET printer has one stream")


def run(printer: Printer, main: Callable[[Line], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(printer.serve)
            await main(printer.line())
            tasks.cancel_scope.cancel()

    virtual.run(whole())


@pytest.mark.parametrize("step", [QUERY, CLOSING], ids=["query", "closing"])
def test_a_silent_printer_is_asked_once(step: Step) -> None:
    """What it does is asked out of turn; the question itself is not repeated: its answer may still come."""
    printer = Printer(lambda _: b"")

    async def main(line: Line) -> None:
        with pytest.raises(Silence, match="no answer in time"):
            await line.ask(step)
        assert anyio.current_time() <= SECONDS[step.deadline] + POLL_AFTER

    run(printer, main)
    mnemonic = step.command.row.mnemonic
    assert printer.asked.count(mnemonic) == 1
    assert set(printer.asked) == {mnemonic, "!sdev"}
    assert (printer.heard, printer.noticed) == (0, [])


@pytest.mark.parametrize(
    ("deadline", "seconds"),
    [(Deadline.QUERY, 5), (Deadline.LINE, 15), (Deadline.CLOSE, 30), (Deadline.REPORT, 120)],
)
def test_the_timeout_for_a_silent_printer(deadline: Deadline, seconds: int) -> None:
    printer = Printer(lambda _: b"")

    async def main(line: Line) -> None:
        with pytest.raises(Silence, match="no answer in time"):
            await line.ask(CLOSING._replace(deadline=deadline))
        assert seconds <= anyio.current_time() <= seconds + POLL_AFTER

    run(printer, main)
    assert SECONDS[deadline] == seconds


def test_a_reply_just_after_the_printer_reports_idle_is_accepted() -> None:
    """The one overtook the other."""
    printer = Printer(lambda name: frame("sdev\tds0\tpe0\tqe1\t") if name == "!sdev" else b"")

    async def main(line: Line) -> None:
        async def late() -> None:
            await anyio.sleep(2 * POLL_AFTER - 0.5)
            await printer.far.send(frame("trend\t"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(late)
            await line.ask(CLOSING)
        assert anyio.current_time() == 2 * POLL_AFTER - 0.5

    run(printer, main)


def test_a_cancelled_task_sends_nothing_more() -> None:
    printer = Printer(lambda _: SCOMM)

    async def main(line: Line) -> None:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await line._send(b"anything")
            raise AssertionError("the cancellation comes before the first byte")
        assert not printer.far.receive_nowait()

    run(printer, main)


def test_a_port_that_takes_no_data_is_a_lost_link() -> None:
    class Full(MemoryStream):
        def send_nowait(self, data: bytes) -> bytes:
            return data

        async def send(self, data: bytes) -> None:
            await anyio.sleep_forever()

    async def main() -> None:
        line = Line(
            Full(), family("posnet"), settings_of.posnet(profile="online"), mark_heard=lambda: None,
            on_condition=lambda _: None, noise=Noise("till1"), reopen=never, host_time=lambda: NOON,
        )  # fmt: skip
        with pytest.raises(LinkLost, match="till1: the port takes no data"):
            await line.ask(QUERY)
        assert anyio.current_time() == 5

    virtual.run(main())


def test_discarding_old_input_does_not_block_the_loop() -> None:
    class Flooding(MemoryStream):
        left = 200

        def receive_nowait(self) -> bytes:
            self.left -= 1
            return b"\xff" * 10 if self.left >= 0 else b""

    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await anyio.lowlevel.checkpoint()

    async def main() -> None:
        line = Line(
            Flooding(), family("posnet"), settings_of.posnet(profile="online"), mark_heard=lambda: None,
            on_condition=lambda _: None, noise=Noise("till1"), reopen=never, host_time=lambda: NOON,
        )  # fmt: skip
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(line.ask, QUERY)
            await anyio.lowlevel.checkpoint()
            tasks.start_soon(others)
            while line._stream.left >= 0:  # type: ignore[attr-defined]
                await anyio.lowlevel.checkpoint()
            assert turns > 100
            tasks.cancel_scope.cancel()

    virtual.run(main())


def test_a_query_with_damaged_replies_is_sent_three_times() -> None:
    printer = Printer(lambda _: DAMAGED)

    async def main(line: Line) -> None:
        with pytest.raises(Silence, match="damaged on the line"):
            await line.ask(QUERY)
        assert anyio.current_time() < 1, "nothing more is waited for once an answer came"

    run(printer, main)
    assert printer.asked == ["scomm"] * 3
    assert QUERY_TRIES == 3


def test_a_query_whose_third_reply_is_intact_is_answered() -> None:
    answers = [SCOMM, DAMAGED, DAMAGED]
    printer = Printer(lambda _: answers.pop())

    async def main(line: Line) -> None:
        assert (await line.ask(QUERY)).values["nu"] == "EMU 0000000001"

    run(printer, main)
    assert printer.heard == 1


def test_a_closing_step_whose_answer_is_damaged_is_never_sent_again() -> None:
    printer = Printer(lambda _: DAMAGED)

    async def main(line: Line) -> None:
        with pytest.raises(Silence, match="damaged on the line"):
            await line.ask(CLOSING)

    run(printer, main)
    assert printer.asked == ["trend"]


def test_input_from_before_the_query_is_not_its_reply() -> None:
    """An answer of an earlier question that was given up: of the same name, and older."""
    printer = Printer(lambda name: SCOMM if name == "scomm" else b"")

    async def main(line: Line) -> None:
        await printer.far.send(frame("scomm\tts16\tnuOLD\t"))
        await anyio.sleep(1)
        assert (await line.ask(QUERY)).values["nu"] == "EMU 0000000001"

    run(printer, main)


def test_half_a_reply_from_before_the_query_does_not_damage_the_reply() -> None:
    printer = Printer(lambda _: SCOMM)

    async def main(line: Line) -> None:
        await printer.far.send(SCOMM[:20])
        await anyio.sleep(1)
        assert (await line.ask(QUERY)).values["nu"] == "EMU 0000000001"

    run(printer, main)
    assert printer.asked[0] == "scomm"


def test_damage_before_the_question_does_not_count_against_its_answer() -> None:
    printer = Printer(lambda _: SCOMM)

    async def main(line: Line) -> None:
        await printer.far.send(DAMAGED)
        await anyio.sleep(1)
        assert (await line.ask(QUERY)).values["nu"] == "EMU 0000000001"

    run(printer, main)
    assert printer.asked == ["scomm"]


@pytest.mark.parametrize(
    ("sdev", "seconds"),
    [
        ("ds0\tqe1", (2, 5)),  # it has nothing to do: the answer is lost
        ("ds0", (30, 33)),  # it is ready and does not say whether it works
        ("ds0\tqe0", (120, 123)),  # it works: waited for, here until it stops answering
        ("ds2", (120, 123)),  # it waits for a person
    ],
)
def test_the_timeout_for_a_closing_step(sdev: str, seconds: tuple[int, int]) -> None:
    """The printer reports its state for 90 seconds, and then is silent."""

    def answer(name: str) -> bytes:
        if name not in ("!sdev", "!sprn") or anyio.current_time() > 90:
            return b""
        return frame("sprn\tpr0\t") if name == "!sprn" else frame(f"sdev\t{sdev}\tpe0\t")

    printer = Printer(answer)

    async def main(line: Line) -> None:
        with pytest.raises(Silence):
            await line.ask(CLOSING)
        shortest, longest = seconds
        assert shortest <= anyio.current_time() <= longest

    run(printer, main)
    assert printer.asked.count("trend") == 1
    states = {condition.state for condition in printer.noticed}
    assert (
        states
        == {
            "ds0\tqe1": {PrinterState.READY},
            "ds0": {PrinterState.READY},
            "ds0\tqe0": {PrinterState.BUSY},
            "ds2": {PrinterState.ATTENTION},
        }[sdev]
    )
