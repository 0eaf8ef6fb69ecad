"""Raw commands: between jobs, journaled, refused while a document is unresolved, never repeated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.engine import asking
from fiscald.journal import Phase
from fiscald.model.jobs import Resolution
from fiscald.model.printers import PrinterState
from fiscald.model.problems import Fate, Problem, ProblemError, Retry, problem
from fiscald.model.raw_command import RawAnswer, RawCommand
from fiscald.protocols import family
from fiscald.transport import ByteStream
from tests import virtual
from tests.engine.shop import Shop, Till, shop


async def by_hand(it: Shop, command: str, *, force: bool = False) -> RawAnswer:
    return await it.engine.raw("till1", RawCommand(command=command, force=force), 1000)


async def refused(it: Shop, command: str, *, force: bool = False) -> Problem:
    with pytest.raises(ProblemError) as caught:
        await by_hand(it, command, force=force)
    return caught.value.problem


def records(it: Shop) -> list[Any]:
    names = "printer, asked_by, forced, command, effect, sent, answer, problem, ended_at IS NULL"
    return it.journal.store._db.execute(f"SELECT {names} FROM raw ORDER BY id").fetchall()


def test_a_raw_query_is_answered_in_the_familys_text_and_journaled(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            answer = await by_hand(it, "rtcget")
            assert answer.answer.startswith("rtcget|da2026-11-22;10:00|tm2026-11-22T10:00:")
            assert (answer.effect, answer.refusal, answer.id) == ("query", None, 1)
            assert bytes.fromhex(answer.sent) == b"\x02rtcget\t#7D61\x03"
            (record,) = records(it)
            assert record == (
                "till1", 1000, 0, "rtcget", "query", b"\x02rtcget\t#7D61\x03", answer.answer, None, 0
            )  # fmt: skip

    virtual.run(main())


def test_the_printers_refusal_is_an_answer(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            answer = await by_hand(it, "trend|to100|")
            assert answer.answer == "trend|?2005|"
            assert answer.refusal is not None
            assert "2005" in answer.refusal
            unknown = await by_hand(it, "nosuch|ab1")
            assert (unknown.answer, unknown.effect) == ("ERR|?1|cmnosuch|", "irreversible")

    virtual.run(main())


@pytest.mark.parametrize("command", ["", "two words", "trline|x", "hdrset|tx\x02", "hdrset|tx漢", "scomm|to1|to2"])
def test_an_invalid_command_is_not_sent(tmp_path: Path, command: str) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            if not command:
                with pytest.raises(ValueError, match="at least 1 character"):
                    RawCommand(command=command)
                return
            why = await refused(it, command)
            assert (why.code, why.document) == ("request.raw", Fate.NOT_PRINTED)
            assert records(it) == []

    virtual.run(main())


def test_the_status_is_read_between_a_raw_command_and_the_next_job(tmp_path: Path) -> None:
    """A receipt opened with raw commands is another program's: jobs wait for it, and its counters count."""

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            await by_hand(it, "trinit")
            await it.submit("A")
            await it.until(PrinterState.BUSY)
            await anyio.sleep(30)
            assert it.phase("A") is Phase.ACCEPTED
            await by_hand(it, "trline|naPieczątka|vt0|pr1000")
            await by_hand(it, "trend|to1000")
            job = await it.engine.wait("A", 20)
            assert job.result is not None
            assert job.result.number == 2
            assert it.till.receipts == 2

    virtual.run(main())


def test_new_rates_are_known_to_the_next_check(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            with pytest.raises(ProblemError, match="no rate of 7%"):
                await it.submit("A", {"type": "receipt", "lines": [{"name": "Kawa", "price": "1", "vat": "7%"}]})
            await by_hand(it, "vatset|va23,00|vb7,00|vc5,00|vd0,00|ve101,00|vf101,00|vg100,00|da2026-11-22")
            await by_hand(it, "scomm")  # answered after the look that the change has caused
            vat = it.engine.printer("till1").vat
            assert vat is not None
            assert vat["B"] == "7%"

    virtual.run(main())


def test_a_raw_command_needs_force_while_a_document_is_unresolved(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.plan(Fault(act=FaultKind.BAD_CRC, command="trend"))
            it.till.device.faults.plan(Fault(act=FaultKind.KEYPAD_REPORT, command="scomm", nth=2))
            job = await it.print("A")
            assert job.state == "undecided"
            why = await refused(it, "scomm")
            assert (why.code, why.document, why.retry) == ("printer.busy", Fate.NOT_PRINTED, Retry.SAFE)
            assert "'A' is undecided" in why.detail
            assert records(it) == []
            assert (await by_hand(it, "scnt", force=True)).answer.startswith("scnt|rd1|")
            assert [record[2] for record in records(it)] == [1]
            await it.engine.resolve("A", Resolution(verdict="printed", by="Anna"))
            assert (await by_hand(it, "scomm")).refusal is None

    virtual.run(main())


def test_a_raw_command_is_not_sent_during_a_job(tmp_path: Path) -> None:
    """A job that waits in the printer for paper has the line; a forced raw command does not run between its steps."""

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.plan(Fault(act=FaultKind.SWITCH, command="trend", switch=Switch.PAPER_OUT))
            await it.submit("A")
            await it.until(PrinterState.PAPER_OUT)
            assert "being carried out" in (await refused(it, "scomm")).detail
            began = anyio.current_time()
            why = await refused(it, "scomm", force=True)
            assert anyio.current_time() - began == pytest.approx(asking.TURN_SECONDS)
            assert "within 30 s" in why.detail
            it.till.device.faults.clear()
            it.till.server.wake()
            assert (await it.engine.wait("A", 20)).state == "done"
            assert records(it) == [], "what had no turn in time is not sent later"

    virtual.run(main())


def test_silence_gives_an_unknown_outcome_and_no_repeat(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.plan(Fault(act=FaultKind.DROP_AFTER, command="stocash"))
            why = await refused(it, "stocash|kw500")
            assert (why.code, why.document, why.retry) == ("link.unanswered", Fate.UNKNOWN, Retry.USELESS)
            assert it.till.register.state.day.nonfiscal == 1
            (record,) = records(it)
            assert (record[6], record[8]) == (None, 0)
            assert '"link.unanswered"' in record[7]
            assert (await it.print("A")).state == "done", "on a new line"
            assert it.till.register.state.day.nonfiscal == 1

    virtual.run(main())


def test_without_a_licence_only_queries_are_sent(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.gate.problem = problem("licence.unregistered", reason="none")
            assert (await by_hand(it, "scomm")).refusal is None
            assert (await refused(it, "opendrwr")).code == "licence.unregistered"
            assert (await refused(it, "nosuch")).code == "licence.unregistered", "the worst is assumed of it"

    virtual.run(main())


def test_without_a_licence_an_open_document_may_be_ended(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            await by_hand(it, "trinit")
            it.gate.problem = problem("licence.unregistered", reason="none")
            await it.submit("Z", {"type": "daily_report"})
            await it.until(PrinterState.BUSY)
            assert (await by_hand(it, "prncancel")).refusal is None
            assert (await it.engine.wait("Z", 20)).state == "done", "what the open document held up"
            assert (await refused(it, "opendrwr")).code == "licence.unregistered"
            it.till.device.foreign_begin()
            await it.submit("Z/2", {"type": "daily_report"})
            await it.until(PrinterState.BUSY)
            assert (await by_hand(it, "prncancel")).refusal is None, "another program's, seen by the job that waits"
            assert (await it.engine.wait("Z/2", 20)).state == "done"

    virtual.run(main())


#: What sells, what ends a document and what cancels one, in the two families.
SELLING = {
    ("posnet", None): (["trinit", "trline|naKawa|vt0|pr1000", "trpayment|ty0|wa1000", "cash|kw100|wp1", "dailyrep",
                        "formstart|fn200"], "trend|to1000", "prncancel"),
    ("thermal", None): (["0$h", "1$lKawa|1|A/10.00/10.00/", "0#i1.00/", "1;26;11;22#r"], "1;0$e001|0.00/10.00/",
                        "0$e"),
    ("thermal", "novitus"): (["0$h", "1$lKawa|1|A/10.00/10.00/", "0#i1.00/"], "1;0$e001|0.00/10.00/", "0$e"),
}  # fmt: skip


@pytest.mark.parametrize(("family", "profile"), SELLING)
def test_without_a_licence_raw_commands_cannot_sell(tmp_path: Path, family: str, profile: str | None) -> None:
    """What another program left open can be ended, once; the state is asked when it is the command's turn."""
    selling, closing, cancelling = SELLING[family, profile]

    async def main() -> None:
        async with shop(tmp_path, Till("till1", 1, family, profile)) as it:
            await it.until(PrinterState.READY)
            it.gate.problem = problem("licence.unregistered", reason="none")
            register = it.till.register
            for command in (*selling, closing):
                assert (await refused(it, command)).code == "licence.unregistered", command
            for _ in range(3):
                # Another program's receipt; what the last look said is of no account.
                assert it.till.device.foreign_begin()
                assert it.till.device.foreign_sell("Kawa", 1000)
                for command in selling:
                    assert (await refused(it, command)).code == "licence.unregistered", command
                before = register.state.day.receipt_count
                assert (await by_hand(it, closing)).refusal is None
                assert register.state.day.receipt_count == before + 1
                for command in (*selling, closing):
                    assert (await refused(it, command)).code == "licence.unregistered", command
            assert it.till.device.foreign_begin()
            assert (await by_hand(it, cancelling)).refusal is None
            assert register.state.transaction is None
            assert register.state.day.receipt_count == 3
            question = "scomm" if family == "posnet" else "23#s"
            assert (await by_hand(it, question)).refusal is None

    virtual.run(main())


@pytest.mark.parametrize(("family", "profile"), SELLING)
def test_queued_raw_commands_are_each_checked(tmp_path: Path, family: str, profile: str | None) -> None:
    """Each is checked when it runs, after the changes of the one before."""
    selling, closing, _ = SELLING[family, profile]

    async def main() -> None:
        async with shop(tmp_path, Till("till1", 1, family, profile)) as it:
            await it.until(PrinterState.READY)
            it.gate.problem = problem("licence.unregistered", reason="none")
            it.till.device.foreign_begin()
            it.till.device.foreign_sell("Kawa", 1000)
            outcomes: dict[str, str] = {}

            async def attempt(name: str, command: str) -> None:
                try:
                    outcomes[name] = "refused" if (await by_hand(it, command)).refusal else "done"
                except ProblemError as error:
                    outcomes[name] = error.problem.code

            async with anyio.create_task_group() as tasks:
                for number, command in enumerate((closing, *selling, closing)):
                    tasks.start_soon(attempt, f"{number}", command)
            assert outcomes.pop("0") == "done"
            assert set(outcomes.values()) == {"licence.unregistered"}
            assert it.till.register.state.day.receipt_count == 1

    virtual.run(main())


def test_without_a_licence_an_open_form_may_be_ended(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device._machine.execute("formstart", {"fn": 200, "fh": 0})
            it.gate.problem = problem("licence.unregistered", reason="none")
            assert (await refused(it, "formline|s1x|fn200|fl664")).code == "licence.unregistered"
            assert (await by_hand(it, "formend|fn200")).refusal is None

    virtual.run(main())


def test_ending_a_document_is_refused_when_the_printer_is_silent(tmp_path: Path) -> None:
    """Without paper it does not report the open document; the command is not sent on a guess."""

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.gate.problem = problem("licence.unregistered", reason="none")
            it.till.device.foreign_begin()
            it.till.device.faults.switches.add(Switch.PAPER_OUT)
            assert (await refused(it, "trend|to1000")).code == "licence.unregistered"
            it.till.device.faults.clear()
            it.till.device.receive = lambda data, now: None
            why = await refused(it, "trend|to1000")
            assert (why.code, why.document) == ("printer.busy", Fate.NOT_PRINTED)
            assert records(it) == []

    virtual.run(main())


@pytest.mark.parametrize("where", ["session", "raw"])
def test_an_internal_error_is_reported_as_such(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Before it is sent, and after it was answered."""

    def slip(*_: Any) -> Any:
        monkeypatch.undo()
        raise KeyError("a slip of ours")

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            known = family("posnet")
            assert known.raw is not None
            monkeypatch.setattr(type(known), where, slip if where == "session" else known.raw._replace(show=slip))
            with anyio.fail_after(60):
                why = await refused(it, "opendrwr")
            assert (why.code, why.document) == ("daemon.internal", Fate.UNKNOWN)
            assert "KeyError" in why.detail
            assert (await it.print("A")).state == "done", "on a new line"

    virtual.run(main())
    assert "a slip of ours" in caplog.text


def test_a_missing_printer_and_a_pulled_cable(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.switches.add(Switch.WAIT_KEY)

            async def pull() -> None:
                await anyio.sleep(1)
                it.till.pull()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(pull)
                assert (await refused(it, "trinit")).code == "link.unanswered"
            await it.until(PrinterState.OFFLINE)
            why = await refused(it, "scomm")
            assert (why.code, why.document) == ("link.lost", Fate.NOT_PRINTED)

    virtual.run(main())


def test_the_licence_is_checked_again_when_the_raw_command_runs(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.plan(Fault(act=FaultKind.LATE, command="trinit", seconds=3.0))
            await it.submit("A")
            await it.until(PrinterState.PRINTING)
            found: list[Problem] = []

            async def ask() -> None:
                found.append(await refused(it, "opendrwr", force=True))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask)
                await anyio.sleep(0.1)
                it.gate.problem = problem("licence.unregistered", reason="")
            assert [why.code for why in found] == ["licence.unregistered"]
            assert records(it) == []

    virtual.run(main())


def test_a_raw_command_before_the_first_connection_is_refused(tmp_path: Path) -> None:
    class Slow(Till):
        async def open(self) -> ByteStream:
            await anyio.sleep(10)
            return await super().open()

    async def main() -> None:
        async with shop(tmp_path, Slow("till1")) as it:
            await anyio.sleep(1)
            with anyio.fail_after(1):
                why = await refused(it, "opendrwr")
            assert (why.code, why.document) == ("printer.busy", Fate.NOT_PRINTED)
            assert "not connected yet" in why.detail
            await it.until(PrinterState.READY, seconds=20)
            assert records(it) == []

    virtual.run(main())


def test_a_journal_that_cannot_be_written_sends_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.journal.full_at = "begin_raw"
            assert (await refused(it, "opendrwr")).code == "daemon.journal"
            it.journal.make_room()
            it.journal.full_at = "end_raw"
            assert (await by_hand(it, "opendrwr")).answer == "opendrwr|", "it was executed, and the answer shows it"
            assert [record[8] for record in records(it)] == [1]

    virtual.run(main())


def test_a_raw_command_is_not_sent_after_the_caller_left(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.plan(Fault(act=FaultKind.LATE, command="trinit", seconds=3.0))
            await it.submit("A")
            await it.until(PrinterState.PRINTING)
            with anyio.move_on_after(0.1):
                await by_hand(it, "opendrwr", force=True)
            assert (await it.engine.wait("A", 20)).state == "done"
            await anyio.sleep(5)
            assert records(it) == []

    virtual.run(main())
