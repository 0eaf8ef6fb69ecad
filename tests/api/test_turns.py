"""Fair limits: never more at a time than allowed, and a frequent asker delays only itself."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from fiscald.api import answers
from fiscald.api.connections import Who
from fiscald.api.turns import FairLimiter, StartLimiter, Worker
from fiscald.engine import Engine, Printer
from fiscald.journal import UnusableJournal
from fiscald.protocols import family
from fiscald.transport import ByteStream, DeviceAbsent
from tests.engine.shop import OpenGate
from tests.protocols import settings as settings_of

ANNA, OTHER, PIOTR = Who(1000, 1), Who(1000, 2), Who(1001, 3)


async def test_the_number_of_requests_in_progress_is_limited() -> None:
    turns = FairLimiter(4, 3, 2)
    inside: list[Who] = []
    most: dict[object, int] = {}

    async def work(who: Who) -> None:
        async with turns.turn(who):
            inside.append(who)
            for key, count in (
                ("all", len(inside)), (who.user, sum(each.user == who.user for each in inside)), (who, inside.count(who)),
            ):  # fmt: skip
                most[key] = max(most.get(key, 0), count)
            await anyio.lowlevel.checkpoint()
            inside.remove(who)

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            for who in (ANNA, OTHER, PIOTR):
                tasks.start_soon(work, who)
    assert most == {"all": 4, 1000: 3, 1001: 2, ANNA: 2, OTHER: 2, PIOTR: 2}


async def test_processes_take_turns_and_so_do_users() -> None:
    turns = FairLimiter(1, 1, 1)
    order: list[Who] = []

    async def work(who: Who) -> None:
        async with turns.turn(who):
            order.append(who)

    async with anyio.create_task_group() as tasks, turns.turn(ANNA):
        for who in [ANNA] * 10 + [OTHER, PIOTR]:
            tasks.start_soon(work, who)
        await anyio.wait_all_tasks_blocked()
    assert order[:4] == [ANNA, PIOTR, OTHER, ANNA]
    assert len(order) == 12


async def test_a_cancelled_request_does_not_block_the_queue() -> None:
    turns = FairLimiter(1, 1, 1)

    async def work() -> None:
        async with turns.turn(ANNA):
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks, turns.turn(PIOTR):
        for seconds in (0.0, 0.01, 5.0):
            tasks.start_soon(_give_up_after, seconds, work)
        await anyio.sleep(0.05)
    with anyio.fail_after(1):
        async with turns.turn(ANNA):
            pass


async def _give_up_after(seconds: float, work: object) -> None:
    with anyio.move_on_after(seconds):
        await work()  # type: ignore[operator]


async def test_many_requests_start_over_several_turns_of_the_loop() -> None:
    starts = StartLimiter()
    turn, begun = 0, list[tuple[int, Who]]()

    async def count() -> None:
        nonlocal turn
        while len(begun) < 201:
            turn += 1
            await anyio.lowlevel.checkpoint()

    async def begin(who: Who) -> None:
        await starts.wait(who)
        begun.append((turn, who))

    async with anyio.create_task_group() as tasks:
        for _ in range(200):
            tasks.start_soon(begin, ANNA)
        tasks.start_soon(begin, PIOTR)
        tasks.start_soon(count)
    assert max(sum(each == turn for each, _ in begun) for turn in range(turn)) <= 8
    assert next(index for index, (_, who) in enumerate(begun) if who == PIOTR) < 16, "not behind the crowd"


async def test_the_worker_runs_one_task_at_a_time_and_reports_errors() -> None:
    worker = Worker()
    assert await worker.run(ANNA, lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        await worker.run(ANNA, lambda: 1 // 0)
    computed: list[int] = []
    with anyio.move_on_after(0.05):
        async with worker.turn(PIOTR):
            await worker.run(ANNA, lambda: computed.append(1))
    assert await worker.run(ANNA, lambda: 6) == 6
    assert computed == [], "cancelled while it waited for its turn"


async def test_the_status_of_many_printers_does_not_block_the_loop() -> None:
    class Absent:
        async def open(self) -> ByteStream:
            raise DeviceAbsent("nothing there")

    speaks = family("posnet")
    printers = [Printer(f"till{number}", speaks, Absent(), settings_of.posnet()) for number in range(150)]
    engine = Engine(printers, UnusableJournal.__new__(UnusableJournal), OpenGate())
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(others)
        await anyio.lowlevel.checkpoint()
        before = turns
        assert [each.name for each in await answers.statuses(engine)] == engine.names()
        assert turns >= before + 2
        before = turns
        assert bytes((await answers.printer_list(engine, None)).body).count(b'"name":') == 150
        assert turns >= before + 2
        tasks.cancel_scope.cancel()
