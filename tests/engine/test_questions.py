"""Questions that a person asks of a printer between two jobs: the header."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.engine import asking
from fiscald.model.header import Header
from fiscald.model.printers import PrinterState
from fiscald.model.problems import Fate, Problem, ProblemError, Retry
from tests import virtual
from tests.engine.shop import Shop, Till, shop

HEADER = "SKLEP\nul. Testowa 1"


async def refused(it: Shop) -> Problem:
    with pytest.raises(ProblemError) as caught:
        await it.engine.header("till1")
    return caught.value.problem


@pytest.mark.parametrize(
    ("family", "profile", "written", "lines"),
    [
        ("posnet", "online", HEADER, ("SKLEP", "ul. Testowa 1")),
        ("posnet", "old", "&c&bSKLEP\nA&&B &wul.\n", ("SKLEP", "A&B ul.")),
        ("thermal", "posnet", HEADER, ("SKLEP", "ul. Testowa 1")),
        ("thermal", "novitus", HEADER, ("SKLEP", "ul. Testowa 1")),
    ],
)
def test_the_header_is_shown_without_its_marks(
    tmp_path: Path, family: str, profile: str, written: str, lines: tuple[str, ...]
) -> None:
    async def main() -> None:
        till = Till("till1", family=family, profile=profile)
        till.register.state.header = written
        async with shop(tmp_path, till) as it:
            await it.until(PrinterState.READY)
            assert (await it.engine.header("till1")).lines == lines
            assert (await it.print("A")).state == "done"

    virtual.run(main())


def test_a_printer_that_does_not_show_its_header(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            del it.till.device._machine._handlers["hdrget"]
            assert (await it.engine.header("till1")).lines is None

    virtual.run(main())


def test_a_question_is_not_put_while_a_document_is_carried_out(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.plan(Fault(act=FaultKind.SWITCH, command="trend", switch=Switch.PAPER_OUT))
            await it.submit("A")
            await it.until(PrinterState.PAPER_OUT)
            why = await refused(it)
            assert (why.code, why.retry, why.document) == ("printer.busy", Retry.SAFE, Fate.NOT_PRINTED)
            it.till.device.faults.clear()
            it.till.server.wake()
            assert (await it.engine.wait("A", 20)).state == "done"
            assert (await it.engine.header("till1")).lines

    virtual.run(main())


def test_a_question_without_an_answer_is_safe_to_repeat(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.plan(Fault(act=FaultKind.DROP_AFTER, command="hdrget"))
            why = await refused(it)
            assert (why.code, why.retry, why.document) == ("printer.busy", Retry.SAFE, Fate.NOT_PRINTED)
            assert "did not answer the question" in why.detail

    virtual.run(main())


def test_a_question_to_a_printer_without_a_connection_says_why(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.pull()
            await it.until(PrinterState.OFFLINE)
            why = await refused(it)
            assert (why.code, why.document) == ("link.lost", Fate.NOT_PRINTED)
            it.till.put_back()
            await it.until(PrinterState.READY)
            assert (await it.engine.header("till1")).lines

    virtual.run(main())


def test_questions_that_wait_are_bounded(tmp_path: Path) -> None:
    async def main() -> None:
        answered: list[Header] = []
        busy: list[Problem] = []

        async def ask() -> None:
            try:
                answered.append(await it.engine.header("till1"))
            except ProblemError as error:
                busy.append(error.problem)

        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            async with anyio.create_task_group() as tasks:
                for _ in range(3 * asking.MOST):
                    tasks.start_soon(ask)
            assert len(answered) >= asking.MOST
            assert busy
            assert all("wait already" in why.detail for why in busy)
            assert (await it.print("A")).state == "done"

    virtual.run(main())
