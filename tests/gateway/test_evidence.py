"""What a program said is kept with the job: from the opening to the answer, bounded, over restarts."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.gateway.tape import Tape
from fiscald.model.jobs import Job, JobState
from fiscald.model.programs import MOST_BYTES, MOST_PIECES, MOST_SENDINGS, Program, Sending
from fiscald.model.times import POLISH_TIME
from fiscald.recording.sent import decoded
from tests import virtual
from tests.engine.shop import Till
from tests.gateway import thermal
from tests.gateway.counter import Counter, Disk, counter
from tests.gateway.thermal import thermal_counter
from tests.journal.stores import CASH, opened

COFFEE, TEA = "trline|naKawa|vt0|pr1000|", "trline|naHerbata|vt0|pr1000|"
END = "trend|to1000|"


def in_virtual_time(test: Callable[[Path], Coroutine[Any, Any, None]]) -> Callable[[Path], None]:
    @functools.wraps(test)
    def run(tmp_path: Path) -> None:
        virtual.run(test(tmp_path))

    return run


def names(program: Program, sending: Sending) -> list[str]:
    """Each frame with its direction, joined."""
    return [f"{e.direction} {e.frame.name}" if e.frame else f"- {e.note}" for e in decoded(program, sending)]


async def evidence(at: Counter, job: Job) -> Program:
    found = (await at.shop.engine.sendings.of(job)).program
    assert found is not None
    return found


@in_virtual_time
async def test_a_job_has_its_document_from_the_opening_to_the_answer(tmp_path: Path) -> None:
    async with counter(tmp_path) as at:
        program = at.program()
        await program.say("sdev|")
        await program.say("trinit|bm0|")
        await program.say(TEA)
        await program.say("prncancel|")
        await program.say("sdev|")
        await program.sell(COFFEE, end=END)
        await program.say("sdev|")
        (job,) = await at.jobs()
        found = await evidence(at, job)
        assert job.program == Program(peer="serial", family="posnet"), "lists have no bytes"
        assert found.sent is not None
        (sending,) = found.sent
        assert names(found, sending) == ["> trinit", "< trinit", "> trline", "< trline", "> trend", "< trend"]
        times = [each.at for each in sending.said]
        assert times == sorted(times)
        assert sending.began == times[0]
        assert sending.answered is not None
        assert sending.answered >= times[-1]


@in_virtual_time
async def test_the_next_document_has_only_its_own_bytes(tmp_path: Path) -> None:
    async with counter(tmp_path) as at:
        program = at.program()
        await program.sell(COFFEE, end=END)
        await program.say("cash|kw100|wp1|")
        await program.say("formstart|fn1|fh1|")
        await program.say("formend|fn1|")
        await anyio.sleep(1)
        openings = []
        for job in await at.jobs():
            found = await evidence(at, job)
            openings += [names(found, each)[0] for each in found.sent or ()]
        assert openings == ["> trinit", "> cash", "> formstart"]


@in_virtual_time
async def test_a_repeated_document_has_each_time_that_it_came(tmp_path: Path) -> None:
    disk, till = Disk(), Till("till1")
    async with counter(tmp_path, till, disk=disk) as at:
        program = at.program()
        for command in ("trinit|bm0|", COFFEE):
            await program.say(command)
        await program.send(END)
        await program.close()  # it does not wait for the answer
        for _ in range(MOST_SENDINGS + 1):
            again = at.program()
            for command in ("trinit|bm0|", COFFEE):
                await again.say(command)
            await again.send(END)
            await again.close()
            await anyio.sleep(2)
        (job,) = await at.jobs()
        assert at.gateway.summary().repeated == MOST_SENDINGS + 1
    async with counter(tmp_path, till, disk=disk) as at:
        (job,) = await at.jobs()
        found = await evidence(at, job)
        assert found.repeated == MOST_SENDINGS + 1
        assert found.sent is not None
        assert len(found.sent) == MOST_SENDINGS
        assert [names(found, each)[-1] for each in found.sent] == ["> trend"] * MOST_SENDINGS
        assert all(each.answered is None for each in found.sent)


@in_virtual_time
async def test_a_thermal_program_without_answers_has_its_commands(tmp_path: Path) -> None:
    async with thermal_counter(tmp_path) as at:
        program = await thermal.program(at, mode=0)
        for command in ("0$h", thermal.LINE, thermal.END):
            await program.send(command)
        await anyio.sleep(10)
        (job,) = await at.jobs()
        assert job.state is JobState.DONE
        found = await evidence(at, job)
        assert found.family == "thermal"
        assert found.sent is not None
        assert found.sent[0].answered is None
        assert names(found, found.sent[0])[-3:] == ["> $h", "> $l", "> $e 1"]


@in_virtual_time
async def test_what_the_gateway_has_done_is_counted(tmp_path: Path) -> None:
    async with counter(tmp_path) as at:
        program = at.program()
        await program.sell(COFFEE, end=END)
        assert await program.say("cash|kw500000|wp0|") == "cash|?503|", "more than is in the drawer"
        done = at.gateway.summary()
        sold, _ = await at.jobs()
        assert (done.printed, done.refused, done.repeated) == (1, 1, 0)
        assert (done.last_printed, done.document) == (sold.key, None)
        assert done.last_refused is not None
        assert done.last_refused.code == "printer.refused"
        assert (done.family, done.program) == ("posnet", None), "a serial port shows no program"
        assert at.shop.engine.printer("till1").gateway == done


@in_virtual_time
async def test_coming_and_going_are_changes_of_the_printer(tmp_path: Path) -> None:
    async with counter(tmp_path) as at:
        changes, moment = at.shop.engine.changes, 0.001  # the printer is asked every two seconds
        before = changes.numbers["till1"]
        program = at.program()
        await anyio.sleep(moment)
        come = changes.numbers["till1"]
        await program.line.aclose()
        await anyio.sleep(moment)
        assert before < come < changes.numbers["till1"]


# -- the tape ----------------------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 10, tzinfo=POLISH_TIME)

    def __call__(self) -> datetime:
        return self.now

    def go(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.mark.parametrize("size", [1, 7, 300, 100_000])
def test_a_long_document_loses_its_middle_and_counts_it(size: int) -> None:
    clock, sent = Clock(), bytearray()
    tape = Tape(clock)
    for number in range(1000 if size < 1000 else 3):
        data = bytes((number + place) % 251 for place in range(size))
        sent += data
        tape.heard(data)
        clock.go(1)
    said = tape.sending().said
    kept = [bytes.fromhex(each.hex) for each in said]
    cut = next(number for number, each in enumerate(said) if each.left_out)
    first, last = b"".join(kept[:cut]), b"".join(kept[cut:])
    assert len(said) <= MOST_PIECES
    assert len(first) + len(last) <= MOST_BYTES
    assert sent.startswith(first)
    assert sent.endswith(last)
    assert first
    assert last
    assert said[cut].left_out == len(sent) - len(first) - len(last)
    assert sum(each.left_out for each in said) == said[cut].left_out
    assert Sending.model_validate_json(tape.sending().model_dump_json()) == tape.sending()


def test_bytes_that_come_together_are_one_piece() -> None:
    clock, tape = Clock(), Tape(Clock())
    for data in (b"a", b"b"):
        tape.heard(data)
    assert [each.hex for each in tape.sending().said] == ["6162"]
    later = Tape(clock)
    later.heard(b"a")
    clock.go(1)
    later.heard(b"b")
    later.told(b"c")
    assert [(each.direction, each.hex) for each in later.sending().said] == [(">", "61"), (">", "62"), ("<", "63")]


# -- the journal -------------------------------------------------------------------------------------------


def sending(number: int, answered: datetime | None = None) -> Sending:
    at = datetime(2026, 11, 22, 10, number, tzinfo=POLISH_TIME)
    return Sending(began=at, answered=answered, said=())


def program(number: int) -> Program:
    return Program(peer="192.168.1.20", family="posnet", sent=(sending(number),))


def test_the_journal_keeps_the_first_sendings_and_the_last(tmp_path: Path) -> None:
    store = opened(tmp_path)
    for number in range(10):
        found = store.accept("A", CASH, (), "gateway till1", program(number)).entry.job
        assert found.program is not None
        assert found.program.repeated == number
        store.accept("A", CASH, (), "gateway till1", program(number))  # the gateway did not know that it was there
    store.note_sending("A", sending(9, answered=sending(10).began))
    assert [each.began.minute for each in store.sendings("A")] == [0, 1, 2, 9]
    assert store.sendings("A")[-1].answered == sending(10).began
    store.close()


def test_a_job_of_an_application_has_no_program(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.accept("A", CASH, (), None)
    assert store.accept("A", CASH, (), None, program(0)).entry.job.program is None
    assert store.sendings("A") == ()
    assert store.sendings("B") == ()
    store.close()


def test_an_unreadable_sending_is_left_out(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.accept("A", CASH, (), None, program(0))
    store.accept("A", CASH, (), None, program(1))
    store._db.execute("UPDATE sending SET said = '{' WHERE began LIKE '%09:00%'")
    assert [each.began.minute for each in store.sendings("A")] == [1]
    store.close()
