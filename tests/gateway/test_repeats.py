"""Lost answers: a document that a program sends again is printed once."""

from __future__ import annotations

import stat
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.gateway.repeats import Memory, Repeats, on_disk, read
from fiscald.gateway.uptime import Uptime, uptime
from fiscald.model.jobs import JobState, Resolution, Verdict
from fiscald.model.printers import PrinterState
from fiscald.model.times import POLISH_TIME
from fiscald.transport import LinkLost
from tests import virtual
from tests.engine.shop import Till
from tests.gateway.counter import Counter, Disk, Program, counter

LINE = "trline|naBilet|vt0|pr500|"
END = "trend|to500|"


def at_the_counter(
    directory: Path, story: Callable[[Counter], Awaitable[None]], till: Till | None = None, **settings: Any
) -> None:
    till = till or Till("till1")
    till.device.slowness = 1.0  # a program has the time to go before the answer comes

    async def main() -> None:
        async with counter(directory, till, **settings) as it:
            await story(it)

    virtual.run(main())


async def begin(program: Program) -> None:
    """A receipt up to its closing command, which is sent."""
    for command in ("trinit|bm0|", LINE):
        assert "?" not in await program.say(command)
    await program.send(END)
    await anyio.sleep(0.05)


async def until_final(it: Counter, seconds: float = 30) -> None:
    with anyio.fail_after(seconds):
        while not all(job.state.final for job in await it.jobs()):
            await anyio.sleep(0.05)


def test_a_lost_closing_answer_and_the_whole_receipt_again(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        it.till.device.faults.switches.add(Switch.PAPER_OUT)
        await begin(program)
        await program.close()
        it.till.device.faults.switches.discard(Switch.PAPER_OUT)
        await until_final(it)
        again = it.program()
        assert await again.sell(LINE, end=END) == "trend|"
        assert "|bt1|" in await again.say("scnt|")
        assert (it.till.receipts, len(await it.jobs())) == (1, 1)
        assert await again.sell(LINE, end=END) == "trend|"
        assert it.till.receipts == 2, "the answer to the repetition was delivered"

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize("family", ["posnet", "thermal"])
def test_again_while_the_first_one_still_waits_for_paper(tmp_path: Path, family: str) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        for command in ("trinit|bm0|", LINE):
            await program.say(command)
        it.till.device.faults.switches.add(Switch.PAPER_OUT)
        await program.send(END)
        assert await program.answer(15) is None, "it waits, as a printer without paper"
        assert "|ds3|" in await program.say("!sdev|")
        await program.close()
        again = it.program()
        await again.send("prncancel|")
        await again.send("trinit|bm0|")
        assert await again.answer(15) is None
        it.till.device.faults.switches.discard(Switch.PAPER_OUT)
        assert await again.answer(30) == "prncancel|", "the first answer is not for this connection"
        assert await again.answer() == "trinit|"
        assert await again.say(LINE) == "trline|"
        assert await again.say(END) == "trend|"
        assert (it.till.receipts, len(await it.jobs())) == (1, 1)

    at_the_counter(tmp_path, story, Till("till1", family=family))


def test_two_equal_sales_after_a_delivered_answer_are_two(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        for _ in range(3):
            assert await program.sell(LINE, end=END) == "trend|"
        await program.close()
        again = it.program()  # a new connection: the last one was closed in order
        assert await again.sell(LINE, end=END) == "trend|"
        assert it.till.receipts == 4

    at_the_counter(tmp_path, story)


def test_another_content_after_a_lost_answer_is_another_sale(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        await begin(program)
        await program.close()
        await until_final(it)
        again = it.program()
        assert await again.sell("trline|naBilet|vt0|pr600|", end="trend|to600|") == "trend|"
        assert it.till.receipts == 2

    at_the_counter(tmp_path, story)


def test_after_the_time_an_equal_receipt_is_a_new_sale(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        await begin(program)
        await program.close()
        await until_final(it)
        await anyio.sleep(61)
        assert await it.program().sell(LINE, end=END) == "trend|"
        assert it.till.receipts == 2

    at_the_counter(tmp_path, story, repeat_seconds=60.0)


def test_a_late_answer_counts_as_lost_on_the_same_connection(tmp_path: Path) -> None:
    """The program gave up, told the cashier, and ignored the answer that came when there was paper."""

    async def story(it: Counter) -> None:
        program = it.program()
        for command in ("trinit|bm0|", LINE):
            await program.say(command)
        it.till.device.faults.switches.add(Switch.PAPER_OUT)
        await program.send(END)
        assert await program.answer(11) is None
        it.till.device.faults.switches.discard(Switch.PAPER_OUT)
        assert await program.answer(30) == "trend|"
        assert await program.sell(LINE, end=END) == "trend|"
        assert (it.till.receipts, len(await it.jobs())) == (1, 1)
        assert await program.sell(LINE, end=END) == "trend|"
        assert it.till.receipts == 2, "the second answer was in time"

    at_the_counter(tmp_path, story)


def test_a_next_command_before_the_answer_shows_that_the_program_gave_up(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        await begin(program)
        await program.send("prncancel|")
        assert await program.answer() == "trend|"
        assert await program.answer() == "prncancel|"
        assert await program.sell(LINE, end=END) == "trend|"
        assert it.till.receipts == 1

    at_the_counter(tmp_path, story)


def test_questions_in_between_do_not_mean_that_it_gave_up(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        await begin(program)
        assert (await program.say("!sdev|")).startswith("sdev|")
        assert await program.answer() == "trend|"
        assert await program.sell(LINE, end=END) == "trend|"
        assert it.till.receipts == 2

    at_the_counter(tmp_path, story)


def test_a_failed_document_is_tried_again_under_a_new_key(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        await program.send("cash|kw500|wp0|")
        await anyio.sleep(0.05)
        await program.close()
        await until_final(it)
        again = it.program()
        assert await again.say("cash|kw500|wp1|") == "cash|"
        assert await again.say("cash|kw500|wp0|") == "cash|"
        states = [job.state for job in await it.jobs()]
        assert states == [JobState.FAILED, JobState.DONE, JobState.DONE]

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize("moment", [0.0, 0.02, 0.1, 0.3, 1.0, 3.0])
def test_a_killed_daemon_recognises_the_receipt_after_its_start(tmp_path: Path, moment: float) -> None:
    """Killed so many seconds after the closing command came."""

    async def main() -> None:
        till, disk = Till("till1"), Disk()
        till.device.slowness = 1.0
        async with counter(tmp_path, till, disk=disk) as it:
            program = it.program()
            for command in ("trinit|bm0|", LINE):
                await program.say(command)
            await program.send(END)
            await anyio.sleep(moment)
        async with counter(tmp_path, till, disk=disk) as it:
            program = it.program()
            assert await program.say("prncancel|") == "prncancel|"
            assert await program.sell(LINE, end=END) == "trend|"
            assert till.receipts == 1
            assert [job.state for job in await it.jobs()] == [JobState.DONE]

    virtual.run(main())


def test_without_paper_no_receipt_opens_until_there_is_some(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        it.till.device.faults.switches.add(Switch.PAPER_OUT)
        await it.shop.until(PrinterState.PAPER_OUT)
        await anyio.sleep(0.1)
        program = it.program()
        assert await program.say("!sprn|") == "sprn|pr5|"
        assert "|bn0|" in await program.say("scnt|"), "questions are answered"
        await program.send("trinit|bm0|")
        assert await program.answer(30) is None
        it.till.device.faults.switches.discard(Switch.PAPER_OUT)
        assert await program.answer() == "trinit|"

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize(("verdict", "answer"), [("printed", "trend|"), ("not_printed", "trend|?30|")])
def test_an_undecided_receipt_has_no_answer_until_a_person_decides(
    tmp_path: Path, verdict: Verdict, answer: str
) -> None:
    async def story(it: Counter) -> None:
        till, program = it.till, it.program()
        till.device.faults.plan(Fault(act=FaultKind.DROP_AFTER, command="trend"))
        await begin(program)
        while not till.receipts:
            await anyio.sleep(0.01)
        till.pull()
        till.device.foreign_command("dailyrep", {"da": "2026-11-22"})  # a person closes the day meanwhile
        till.put_back()
        assert await program.answer(60) is None
        assert "|ds2|" in await program.say("!sdev|"), "a question is on the display"
        (job,) = await it.jobs()
        assert job.state is JobState.UNDECIDED
        await it.shop.engine.resolve(job.key, Resolution(verdict=verdict, number=1, by="Anna"))
        assert await program.answer() == answer

    at_the_counter(tmp_path, story)


def test_before_the_printer_was_reached_the_face_is_switched_off(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1")
        till.plugged = False
        async with counter(tmp_path, till, ready=False) as it:
            await anyio.sleep(5)
            program = it.program()
            with pytest.raises(LinkLost):
                await program.answer()
            till.put_back()
            await it.shop.until(PrinterState.READY)
            await anyio.sleep(0.1)
            assert "|bn0|" in await it.program().say("scnt|")

    virtual.run(main())


def test_while_the_printer_is_off_the_face_is_one_without_paper(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        for command in ("trinit|bm0|", LINE):
            await program.say(command)
        it.till.pull()
        await program.send(END)
        assert await program.answer(20) is None
        assert "|ds3|" in await program.say("!sdev|")
        it.till.put_back()
        assert await program.answer(60) == "trend|"
        assert it.till.receipts == 1

    at_the_counter(tmp_path, story)


NOW = datetime(2026, 11, 22, 10, tzinfo=POLISH_TIME)


def awake() -> Uptime:
    """A computer whose system does not tell when it was started."""
    return Uptime("", 0.0)


async def test_documents_survive_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "gateway" / "till1.json"
    repeats = Repeats("gateway/till1", read(path), on_disk(path), 300, awake)
    lost = await repeats.begin("192.168.1.5", "aa", NOW)
    got = await repeats.begin("192.168.1.5", "bb", NOW)
    await repeats.delivered("192.168.1.5", got)
    again = Repeats("gateway/till1", read(path), on_disk(path), 300, awake)
    assert again.first("192.168.1.5", "aa", NOW) == lost
    assert again.first("192.168.1.5", "bb", NOW) is None
    assert again.first("192.168.1.6", "aa", NOW) is None, "another peer"
    assert again.first("192.168.1.5", "aa", NOW + timedelta(seconds=301)) is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_clock_that_is_set_changes_no_age_until_the_next_boot(tmp_path: Path) -> None:
    now = Uptime("boot 1", 1000.0)
    path = tmp_path / "till1.json"
    key = await Repeats("gateway/till1", read(path), on_disk(path), 300, lambda: now).begin("serial", "aa", NOW)
    again = Repeats("gateway/till1", read(path), on_disk(path), 300, lambda: now)
    now = Uptime("boot 1", 1299.0)
    assert again.first("serial", "aa", NOW + timedelta(days=1)) == key
    now = Uptime("boot 1", 1301.0)
    assert again.first("serial", "aa", NOW - timedelta(days=1)) is None
    now = Uptime("boot 2", 20.0)
    assert again.first("serial", "aa", NOW + timedelta(days=1)) is None
    assert again.first("serial", "aa", NOW - timedelta(days=1)) == key, "a computer without a battery for its clock"


def test_the_uptime_grows() -> None:
    first = uptime()
    assert uptime().boot == first.boot
    assert uptime().seconds >= first.seconds


async def test_a_document_that_cannot_be_noted_is_not_begun(tmp_path: Path) -> None:
    async def full(_data: bytes) -> None:
        await anyio.lowlevel.checkpoint()
        raise OSError(28, "No space left on device")

    repeats = Repeats("gateway/till1", Memory(), full, 300, awake)
    with pytest.raises(OSError, match="No space"):
        await repeats.begin("serial", "aa", NOW)
    assert repeats.first("serial", "aa", NOW) is None


async def test_what_is_kept_is_bounded(tmp_path: Path) -> None:
    disk = Disk()
    repeats = Repeats("gateway/till1", Memory(), disk.save, 300, awake)
    keys = [await repeats.begin("serial", str(number), NOW) for number in range(20)]
    assert [repeats.first("serial", str(number), NOW) for number in range(11, 20)] == [None, *keys[12:]]
    for number in range(70):
        await repeats.begin(f"10.0.0.{number}", "aa", NOW + timedelta(seconds=number))
    assert len(Memory.model_validate_json(disk.data).peers) == 64


def test_a_damaged_file_is_one_that_holds_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "till1.json"
    path.write_bytes(b'{"peers": 7}')
    assert read(path) == Memory()
    assert "may be printed again" in caplog.text
