"""Lost answers of a Thermal program: a document that it sends again is printed once.

How answers are delivered is the same for all families and tested with POSNET. Here is what this protocol has besides:
commands without an answer, and questions that have to wait.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.model.jobs import JobState, Resolution
from tests import virtual
from tests.emulator.thermal.talking import DLE, DLE2, ENQ, sequence
from tests.engine.shop import Till
from tests.gateway import thermal
from tests.gateway.counter import Counter, Disk
from tests.gateway.thermal import DONE, END, FINISHED, LINE, Program, program, thermal_counter


def at_the_counter(
    directory: Path, story: Callable[[Counter], Awaitable[None]], till: Till | None = None, **settings: Any
) -> None:
    till = till or Till("till1")
    till.device.slowness = 1.0  # a program has the time to go before the answer comes
    thermal.at_the_counter(directory, story, till, **settings)


async def begin(talk: Program, mode: int = 3) -> None:
    """A receipt up to its closing command, which is sent."""
    for command in ("0$h", LINE):
        if mode >= 2:
            await talk.follow(command)
        else:
            await talk.send(command)
    await talk.send(END)
    await anyio.sleep(0.05)


async def until_final(it: Counter) -> None:
    with anyio.fail_after(30):
        while not (jobs := await it.jobs()) or not all(job.state.final for job in jobs):
            await anyio.sleep(0.05)


def test_a_lost_closing_answer_and_the_whole_receipt_again(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        await begin(talk)
        await talk.close()
        await until_final(it)
        again = await program(it)
        assert await again.enq() == FINISHED, "the flag of a printer shows that it was registered"
        await again.follow("0$e")
        assert await again.sell(LINE, end=END) == 0
        assert (it.till.receipts, len(await it.jobs())) == (1, 1)
        assert await again.sell(LINE, end=END) == 0
        assert it.till.receipts == 2, "the answer to the repetition was delivered"

    at_the_counter(tmp_path, story)


def test_while_the_job_runs_only_dle_is_answered(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.follow("0$h", LINE)
        it.till.device.faults.switches.add(Switch.PAPER_OUT)
        await talk.send(END)
        assert await talk.answer(8) is None
        await talk.raw(ENQ)
        assert await talk.answer(0.5) is None, "no flag is shown before the job is final"
        await talk.raw(DLE)
        assert await talk.answer() == "72", "off-line, no paper"
        it.till.device.faults.switches.discard(Switch.PAPER_OUT)
        assert [await talk.answer(), await talk.answer()] == ["0#Z$e", f"{FINISHED:02X}"]

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize("mode", [1, 3])
def test_questions_in_between_do_not_mean_that_it_gave_up(tmp_path: Path, mode: int) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it, mode)
        for _ in range(2):
            await begin(talk, mode)
            await talk.raw(DLE + ENQ + sequence("23#s"))
            assert await talk.answer() == "74"
            if mode == 3:
                assert await talk.answer() == "0#Z$e"
            assert await talk.answer() == f"{FINISHED:02X}"
            assert "#X" in (await talk.answer() or "")
            if mode == 3:
                assert await talk.answer() == "0#Z#s"
        assert it.till.receipts == 2

    at_the_counter(tmp_path, story)


def test_a_program_without_answers_that_gives_up_and_repeats(tmp_path: Path) -> None:
    """It asks with ENQ, gets no answer, cancels and sends all of it again on the same connection."""

    async def story(it: Counter) -> None:
        talk = await program(it, 1)
        await begin(talk, 1)
        await talk.raw(ENQ + sequence("0$e") + sequence("0$h") + sequence(LINE) + sequence(END) + ENQ)
        assert await talk.answer() == f"{FINISHED:02X}"
        assert await talk.answer() == f"{FINISHED:02X}"
        assert (it.till.receipts, len(await it.jobs())) == (1, 1)

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize("mode", [1, 3])
def test_another_command_before_the_answer_shows_that_it_gave_up(tmp_path: Path, mode: int) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it, mode)
        await begin(talk, mode)
        await talk.raw(ENQ + sequence("0$e"))
        if mode == 3:
            assert await talk.answer() == "0#Z$e"
        assert await talk.answer() == f"{FINISHED:02X}"
        if mode == 3:
            assert await talk.answer() == "0#Z$e"
        for count in (1, 2):
            await begin(talk, mode)
            if mode == 3:
                assert await talk.answer() == "0#Z$e"
            assert await talk.enq() == FINISHED
            assert it.till.receipts == count

    at_the_counter(tmp_path, story)


def test_a_program_that_never_asks_sells_twice(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it, 1)
        await begin(talk, 1)
        await begin(talk, 1)
        assert await talk.enq() == FINISHED
        assert it.till.receipts == 2

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize("mode", [1, 3])
def test_a_late_answer_counts_as_lost_on_the_same_connection(tmp_path: Path, mode: int) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it, mode)
        it.till.device.faults.plan(Fault(act=FaultKind.SWITCH, command="trinit", switch=Switch.PAPER_OUT))
        await begin(talk, mode)
        await talk.raw(ENQ)
        assert await talk.answer(11) is None
        it.till.device.faults.switches.discard(Switch.PAPER_OUT)
        if mode == 3:
            assert await talk.answer(30) == "0#Z$e"
        assert await talk.answer(30) == f"{FINISHED:02X}"
        await begin(talk, mode)
        if mode == 3:
            assert await talk.answer() == "0#Z$e"
        assert await talk.enq() == FINISHED
        assert (it.till.receipts, len(await it.jobs())) == (1, 1)

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize("moment", [0.0, 0.1, 1.0, 3.0])
def test_a_killed_daemon_recognises_the_receipt_after_its_start(tmp_path: Path, moment: float) -> None:
    async def main() -> None:
        till, disk = Till("till1"), Disk()
        till.device.slowness = 1.0
        async with thermal_counter(tmp_path, till, disk=disk) as it:
            talk = await program(it)
            await talk.follow("0$h", LINE)
            await talk.send(END)
            await anyio.sleep(moment)
        async with thermal_counter(tmp_path, till, disk=disk) as it:
            talk = await program(it)
            await talk.follow("0$e")
            assert await talk.sell(LINE, end=END) == 0
            assert till.receipts == 1
            assert (await talk.counters())[9] == "5.00", "the journal has the totals"

    virtual.run(main())


def test_an_undecided_receipt_has_no_answer_until_a_person_decides(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        till, talk = it.till, await program(it)
        till.device.faults.plan(Fault(act=FaultKind.DROP_AFTER, command="trend"))
        await begin(talk)
        while not till.receipts:
            await anyio.sleep(0.01)
        till.pull()
        till.device.foreign_command("dailyrep", {"da": "2026-11-22"})  # a person closes the day meanwhile
        till.put_back()
        assert await talk.answer(60) is None
        (job,) = await it.jobs()
        assert job.state is JobState.UNDECIDED
        await talk.raw(DLE2)
        assert await talk.answer() == "@s0;0;0;20800800;", "it waits for a key, a receipt is open, it prints"
        await it.shop.engine.resolve(job.key, Resolution(verdict="not_printed", by="Anna"))
        assert await talk.answer() == "37#Z$e"
        assert await talk.enq() != DONE

    at_the_counter(tmp_path, story, profile="novitus")


def test_a_receipt_that_closes_is_not_given_up_without_paper(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.follow("0$h", LINE)
        it.till.device.faults.switches.add(Switch.PAPER_OUT)
        await talk.send(END)
        await anyio.sleep(25 * 60)
        it.till.device.faults.switches.discard(Switch.PAPER_OUT)
        assert await talk.answer(30) == "0#Z$e"
        assert await talk.enq() == FINISHED
        assert it.till.receipts == 1

    at_the_counter(tmp_path, story)
