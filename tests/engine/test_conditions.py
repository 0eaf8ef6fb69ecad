"""Conditions of the printer: all documents wait for their end, on every family; no document is lost or doubled.

What a cashier and a technician see of it is tested here too: one state, one line of the log, one finding with a remedy.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.api.metrics import of_printers
from fiscald.diagnostics.candidates import Configured
from fiscald.diagnostics.checks import judge
from fiscald.diagnostics.facts import Facts, SocketFacts, printer_facts
from fiscald.diagnostics.host import Host
from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.emulator.memory import Goods
from fiscald.engine import holds
from fiscald.journal import Phase
from fiscald.model.conditions import CONDITIONS, Heals
from fiscald.model.documents import Submission
from fiscald.model.jobs import Job, JobState
from fiscald.model.printers import PrinterState
from fiscald.model.problems import Fate
from fiscald.protocols import family as find_family
from fiscald.transport import parse_address
from tests import virtual
from tests.engine.shop import RECEIPT, START, Shop, Till, shop
from tests.found import found
from tests.protocols.posnet.test_held import SWITCHES as POSNET
from tests.protocols.thermal.test_held import NOVITUS
from tests.protocols.thermal.test_held import SWITCHES as THERMAL

PRINTERS = [("posnet", None), ("thermal", None), ("thermal", "novitus")]
TABLES = {("posnet", None): POSNET, ("thermal", None): THERMAL, ("thermal", "novitus"): NOVITUS}
CASES = [(*which, switch) for which in PRINTERS for switch in TABLES[which]]
#: The conditions for which receipts wait.
OF_RECEIPTS = [case for case in CASES if "receipt" in TABLES[case[:2]][case[2]][1]]
KINDS = ("receipt", "daily_report", "cash_in", "cash_out", "goods_return", "printout", "drawer")
DOCUMENTS: dict[str, dict[str, Any]] = {
    "receipt": RECEIPT,
    "daily_report": {"type": "daily_report"},
    "cash_in": {"type": "cash_in", "amount": "5.00"},
    "cash_out": {"type": "cash_out", "amount": "1.00"},
    "goods_return": {"type": "goods_return", "amount": "1.00"},
    "printout": {"type": "printout", "lines": ["Danie 1"]},
    "drawer": {"type": "drawer"},
}
#: Seconds within which a document goes on when its condition is over: the longest pause between two tries that cost
#: nothing, and then what printing takes.
PATIENCE = holds.FREE_TRY[1] + 10


def till(family: str, profile: str | None) -> Till:
    return Till("till1", 1, family, profile)


async def told(it: Shop, key: str) -> Job:
    return await it.engine.job(key)


async def waits(it: Shop, keys: list[str], code: str, seconds: float = 30) -> None:
    """Every one of these documents waits for that condition."""
    with anyio.fail_after(seconds):
        while True:
            jobs = [await told(it, key) for key in keys]
            if all(job.waiting is not None and job.waiting.code == code for job in jobs):
                break
            assert not [job.error for job in jobs if job.error is not None]
            await anyio.sleep(0.1)
    for job in jobs:
        assert job.state is JobState.ACCEPTED
        assert job.waiting is not None
        assert job.waiting.document is Fate.NOT_PRINTED
        assert job.waiting.detail_pl.endswith("Dokument czeka i zostanie wydrukowany, gdy drukarka będzie gotowa.")


def findings(it: Shop) -> dict[str, Any]:
    """The doctor's findings, with the daemon's status."""
    status = it.engine.printer("till1")
    configured = Configured("till1", status.family, parse_address("tcp://192.168.1.50:6666"), status)
    facts = printer_facts(Host(), configured, "root", START + timedelta(seconds=anyio.current_time()))
    socket = SocketFacts(Path("/run/fiscald/fiscald.sock"), answers=True, there=True, mode=0o660)
    everything = Facts(socket, "root", "root", Path("/etc/fiscald/fiscald.toml"), printers=(facts,))
    return {found.code: found for found in judge(everything) if found.stops}


@pytest.mark.parametrize(("family", "profile", "switch"), OF_RECEIPTS)
def test_four_receipts_wait_for_the_end_of_every_condition(
    tmp_path: Path, family: str, profile: str | None, switch: Switch
) -> None:
    name, _ = TABLES[family, profile][switch]

    async def main() -> None:
        async with shop(tmp_path, till(family, profile)) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.switches.add(switch)
            keys = [f"FV/{number}" for number in range(4)]
            for key in keys:
                await it.submit(key)
            await waits(it, keys, f"printer.{name}")
            await anyio.sleep(40)
            status = it.engine.printer("till1")
            assert (status.state, status.problem and status.problem.code) == (PrinterState(name), f"printer.{name}")
            assert it.till.receipts == 0
            if CONDITIONS[name].heals is not Heals.ITSELF:
                assert findings(it)[f"doctor.{name}"].fix == CONDITIONS[name].fix.format(printer="till1")
            (shown,) = [each for each in of_printers([status], START) if each.name == "fiscald_printer_state"]
            assert [sample.labels["state"] for sample in shown.samples if sample.value] == [name]
            it.till.device.faults.clear()
            it.till.server.wake()
            longest = PATIENCE if name != "goods_full" else 100.0
            for key in keys:
                job = await it.engine.wait(key, longest)
                assert job.state is JobState.DONE, job
            assert it.till.receipts == 4
            await it.until(PrinterState.READY, seconds=5)
            assert findings(it) == {}

    virtual.run(main())


@pytest.mark.parametrize(("family", "profile", "switch"), [case for case in CASES if case[:2] != ("thermal", None)])
def test_documents_that_a_condition_does_not_block_are_printed(
    tmp_path: Path, family: str, profile: str | None, switch: Switch
) -> None:
    """Behind documents that wait; a daily report above all, which ends some of them."""
    name, stopped = TABLES[family, profile][switch]
    # What concerns the whole printer is not tried with every kind of document.
    stopped = stopped | find_family(family).conditions.by_code[f"printer.{name}"].waits

    async def main() -> None:
        async with shop(tmp_path, till(family, profile)) as it:
            await it.until(PrinterState.READY)
            await it.print("FV/0")
            it.till.register.state.cash = 10_000
            offered = found(kind for kind in KINDS if kind in it.engine.printer("till1").documents)
            it.till.device.faults.switches.add(switch)
            for kind in offered:
                if kind in stopped:
                    await it.submit(f"waits/{kind}", DOCUMENTS[kind])
            await anyio.sleep(10)
            for kind in offered:
                if kind not in stopped:
                    job = await it.print(f"passes/{kind}", DOCUMENTS[kind], seconds=PATIENCE)
                    assert job.state is JobState.DONE, (kind, job)
            await anyio.sleep(10)
            for kind in stopped & set(offered):
                job = await told(it, f"waits/{kind}")
                assert job.state is not JobState.FAILED, (kind, job.error)
                healed = CONDITIONS[name].heals is Heals.REPORT
                assert (job.state is JobState.DONE) == healed, "a daily report ends what it ends, and nothing else"

    virtual.run(main())


@pytest.mark.parametrize(("family", "profile"), [("posnet", None), ("thermal", "novitus")])
@pytest.mark.parametrize("switch", [Switch.REPORT_REQUIRED, Switch.TOTALS_FULL, Switch.CHANGE_DUE])
@pytest.mark.parametrize("by_hand", [True, False])
def test_a_daily_report_releases_the_documents_that_wait_for_it(
    tmp_path: Path, family: str, profile: str | None, switch: Switch, by_hand: bool
) -> None:
    """Ours, queued behind them, or one that is made on the keypad."""
    name, _ = TABLES[family, profile][switch]

    async def main() -> None:
        async with shop(tmp_path, till(family, profile)) as it:
            await it.print("FV/0")
            it.till.device.faults.switches.add(switch)
            await it.submit("FV/1")
            await it.until(PrinterState(name), seconds=20)
            await it.submit("FV/2")
            await anyio.sleep(60)
            if by_hand:
                it.till.device.keypad_report()
                it.till.device.faults.clear()
            else:
                report = await it.print("Z/1", DOCUMENTS["daily_report"], seconds=20)
                assert report.state is JobState.DONE, report
            for key in ("FV/1", "FV/2"):
                # At once where trying costs nothing; else not before the paper of the last try has paid.
                job = await it.engine.wait(key, 10 if switch is not Switch.TOTALS_FULL else 60)
                assert job.state is JobState.DONE, job
                assert job.result is not None
                assert job.result.daily_report == 2
            assert it.till.receipts == 2

    virtual.run(main())


#: Found out by trying only, and each try costs nothing; and one whose try costs the paper of a cancelled receipt.
FREE, COSTLY = Switch.JUMPER, Switch.GOODS_FULL


@pytest.mark.slow
@pytest.mark.parametrize(("family", "profile"), [("posnet", None), ("thermal", "novitus")])
def test_waiting_is_quiet_and_cheap(
    tmp_path: Path, family: str, profile: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """One change of state, one line of the log, one event of each job; a few cancelled receipts where it must be."""
    caplog.set_level(logging.INFO)

    async def main() -> None:
        for switch in (FREE, COSTLY):
            async with shop(tmp_path / switch, till(family, profile)) as it:
                await it.until(PrinterState.READY)
                it.till.device.faults.switches.add(switch)
                name, _ = TABLES[family, profile][switch]
                for number in range(3):
                    await it.submit(f"FV/{number}")
                await waits(it, [f"FV/{number}" for number in range(3)], f"printer.{name}")
                await anyio.sleep(60)
                caplog.clear()
                events = await it.engine.last_event()
                changes = 0
                with anyio.move_on_after(1200):
                    while True:
                        change = it.engine.changes.next()
                        changes += await change(1200)
                shown = [record for record in caplog.records if record.levelno >= logging.WARNING]
                assert not shown, [record.getMessage() for record in shown]
                assert await it.engine.last_event() == events
                cancelled = it.till.register.state.day.cancelled_count
                # On Thermal a receipt that is cancelled before its first line leaves no trace at all.
                assert cancelled <= (0 if switch is FREE or family == "thermal" else 10)
                assert changes <= 2 * cancelled, "the counters move, and nothing else"
                assert (await told(it, "FV/0")).attempts <= 1, "waiting is no attempt"
                assert it.engine.printer("till1").queue == 3
                it.till.device.faults.clear()
                assert (await it.engine.wait("FV/0", 3700)).state is JobState.DONE

    virtual.run(main())


@pytest.mark.parametrize(("family", "profile"), PRINTERS)
def test_a_full_goods_base_stops_new_goods_only(tmp_path: Path, family: str, profile: str | None) -> None:
    tea = {"type": "receipt", "lines": [{"name": "Herbata", "price": "7.00", "vat": "A"}]}

    async def main() -> None:
        async with shop(tmp_path, till(family, profile)) as it:
            state = it.till.register.state
            await it.print("FV/0", tea)
            state.goods_capacity = len(state.goods)
            await it.submit("new/1")
            await it.submit("new/2")
            await it.until(PrinterState.GOODS_FULL, seconds=20)
            for number in range(3):
                assert (await it.print(f"known/{number}", tea, seconds=10)).state is JobState.DONE
            await waits(it, ["new/1", "new/2"], "printer.goods_full")
            state.goods_capacity = 3000
            # Somebody was in the printer's menu to make room: a reason to try at once.
            await anyio.sleep(60)
            it.till.device.faults.switches.add(Switch.MENU)
            await anyio.sleep(5)
            it.till.device.faults.clear()
            it.till.server.wake()
            for key in ("new/1", "new/2"):
                assert (await it.engine.wait(key, 30)).state is JobState.DONE
            assert it.till.receipts == 6

    virtual.run(main())


def test_a_document_that_waits_can_be_withdrawn_and_expires(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.switches.add(Switch.GOODS_FULL)
            await it.submit("FV/1")
            await it.until(PrinterState.GOODS_FULL)
            deadline = START + timedelta(seconds=anyio.current_time() + 30)
            submission = Submission.model_validate(
                {"printer": "till1", "document": RECEIPT, "deadline": deadline.isoformat()}
            )
            await it.engine.submit("FV/2", submission)
            job = await it.engine.wait("FV/2", 100)
            assert job.error is not None
            assert job.error.code == "job.expired"
            assert (await it.engine.withdraw("FV/1")).state is JobState.FAILED
            await it.until(PrinterState.READY, seconds=10)
            it.till.device.faults.clear()
            assert (await it.print("FV/3", seconds=30)).state is JobState.DONE
            assert it.till.receipts == 1

    virtual.run(main())


@pytest.mark.parametrize(
    ("switch", "fails"), [(Switch.REPORT_REQUIRED, False), (Switch.GOODS_FULL, True), (Switch.TOTALS_FULL, True)]
)
def test_a_document_with_if_interrupted_fail_is_not_started_twice(tmp_path: Path, switch: Switch, fails: bool) -> None:
    """A receipt that was open is not begun again; one that was refused at once was never begun."""

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.switches.add(switch)
            submission = Submission.model_validate({"printer": "till1", "document": RECEIPT, "if_interrupted": "fail"})
            await it.engine.submit("FV/1", submission)
            job = await it.engine.wait("FV/1", 30)
            if not fails:
                assert job.state is JobState.ACCEPTED
                return
            assert job.state is JobState.FAILED
            assert job.error is not None
            assert (job.error.code, job.error.retry) == (f"printer.{POSNET[switch][0]}", "safe")
            assert it.till.register.state.day.cancelled_count == 1

    virtual.run(main())


@pytest.mark.parametrize("switch", [Switch.REPORT_REQUIRED, Switch.GOODS_FULL])
def test_tries_do_not_break_the_lock_on_the_last_receipt(tmp_path: Path, switch: Switch) -> None:
    """Our own cancelled receipts take numbers; they are not another program's."""

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.switches.add(switch)
            submission = Submission.model_validate({"printer": "till1", "document": RECEIPT, "expect_last": 0})
            await it.engine.submit("FV/1", submission)
            await anyio.sleep(100)
            it.till.device.faults.clear()
            job = await it.engine.wait("FV/1", 300)
            assert job.state is JobState.DONE, job.error
            assert job.attempts <= 2

    virtual.run(main())


@pytest.mark.slow
@pytest.mark.parametrize(("family", "profile"), [("posnet", None), ("thermal", None)])
def test_a_daemon_killed_during_a_retry_loses_and_doubles_nothing(
    tmp_path: Path, family: str, profile: str | None
) -> None:
    async def main() -> None:
        one = till(family, profile)
        one.device.faults.switches.add(COSTLY)
        for _ in range(8):
            async with shop(tmp_path, one) as it:
                if it.journal.store.job("FV/1") is None:
                    await it.submit("FV/1")
                for _ in range(4000):
                    await anyio.lowlevel.checkpoint()
                    if it.phase("FV/1") is not Phase.ACCEPTED:
                        break
                    await anyio.sleep(0.01)
        one.device.faults.clear()
        async with shop(tmp_path, one) as it:
            assert (await it.engine.wait("FV/1", 100)).state is JobState.DONE
            assert one.receipts == 1
            assert one.register.state.transaction is None

    virtual.run(main())


def test_a_blocked_rate_fails_the_document_and_blocks_no_other(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            it.till.register.state.goods["bułka"] = Goods(rate=3, lowered=True)
            await it.submit("FV/1")
            tea = {"type": "receipt", "lines": [{"name": "Herbata", "price": "7.00", "vat": "A"}]}
            assert (await it.print("FV/2", tea, seconds=30)).state is JobState.DONE
            job = await told(it, "FV/1")
            assert job.error is not None
            assert [error.pointer for error in job.error.errors] == ["/document/lines/1"]

    virtual.run(main())


@pytest.mark.parametrize("command", ["scomm", "strns", "scnt", "stot"])
def test_a_full_queue_is_busy_and_needs_no_new_connection(tmp_path: Path, command: str) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.plan(Fault(act=FaultKind.SWITCH, command=command, switch=Switch.QUEUE_FULL))
            await it.submit("FV/1")
            await it.until(PrinterState.BUSY, seconds=20)
            status = it.engine.printer("till1")
            assert status.problem is not None
            assert status.problem.code == "printer.busy"
            assert "serwis" not in status.problem.detail_pl
            await anyio.sleep(120)
            assert it.engine.printer("till1").state is PrinterState.BUSY
            assert it.till.connections == 1
            it.till.device.faults.clear()
            assert (await it.engine.wait("FV/1", 15)).state is JobState.DONE

    virtual.run(main())


def test_a_queue_that_is_full_from_the_start_is_busy_too(tmp_path: Path) -> None:
    async def main() -> None:
        one = Till("till1")
        one.device.faults.switches.add(Switch.QUEUE_FULL)
        async with shop(tmp_path, one) as it:
            await it.until(PrinterState.BUSY, seconds=20)
            job = await it.submit("FV/1")
            assert job.waiting is not None
            assert job.waiting.code == "printer.busy"
            one.device.faults.clear()
            assert (await it.engine.wait("FV/1", 15)).state is JobState.DONE

    virtual.run(main())
