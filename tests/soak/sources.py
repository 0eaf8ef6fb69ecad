"""Reads the witnesses: the journal's file, a printer's state file, an answer of the API."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fiscald.emulator.memory import Day, RegisterState
from fiscald.emulator.paper import Printout
from fiscald.emulator.storage import Storage
from fiscald.model.jobs import Job as PublicJob
from fiscald.model.jobs import Result
from fiscald.model.money import format_grosze, grosze
from tests.soak.compare import Answer, Job, Memory, Sheet
from tests.soak.documents import mark_of, mark_of_report, mark_of_slip, marks_on

_SYSTEM_NUMBER = re.compile(r"^Nr sys\.\s+(\S+)$", re.MULTILINE)
#: In the line of number, till, cashier and time.
_CASHIER = re.compile(r"#\d+ (\w+) +\d\d:\d\d$", re.MULTILINE)


def read_answer(job: PublicJob) -> Answer:
    """An answer given to a client."""
    result = job.result
    return Answer(
        key=job.key,
        state=job.state.value,
        created_at=job.created_at,
        number=result.number if result else None,
        daily_report=result.daily_report if result else None,
        total=_total(result),
    )


def _total(result: Result | None) -> int | None:
    return None if result is None or result.total is None else grosze(result.total)


# -- the journal ----------------------------------------------------------------------------------------


def read_journal(path: Path) -> list[Job]:
    """Every job in order of acceptance, from the file itself: the daemon's own code has no part in it."""
    with _opened(path) as db:
        db.row_factory = sqlite3.Row
        return [_job(row) for row in db.execute("SELECT * FROM job ORDER BY id")]


def phases_in_hand(path: Path) -> list[str]:
    """The phases of jobs that are begun and not settled, in the journal of a killed daemon."""
    with _opened(path) as db:
        rows = db.execute("SELECT phase FROM job WHERE phase IN ('started', 'committing')").fetchall()
    return [phase for (phase,) in rows]


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A copy of the journal with its log: the files themselves stay as their owner left them."""
    with TemporaryDirectory() as folder:
        for name in (path.name, f"{path.name}-wal", f"{path.name}-journal"):
            if path.with_name(name).exists():
                shutil.copy(path.with_name(name), folder)
        with closing(sqlite3.connect(Path(folder) / path.name)) as db:
            yield db


def _job(row: sqlite3.Row) -> Job:
    document: dict[str, Any] = json.loads(row["document"])
    result = None if row["result"] is None else Result.model_validate_json(row["result"])
    error = None if row["error"] is None else json.loads(row["error"])
    mark = mark_of(document)
    if document["type"] == "daily_report" and result is not None and result.number is not None:
        mark = mark_of_report(result.number)
    return Job(
        key=row["key"],
        printer=row["printer"],
        type=document["type"],
        phase=row["phase"],
        created_at=datetime.fromisoformat(row["created_at"]),
        mark=mark,
        system_number=document.get("system_number"),
        cashier=document.get("cashier"),
        number=result.number if result else None,
        daily_report=result.daily_report if result else None,
        total=_total(result),
        place=result.device.get("di") if result else None,
        attempts=row["attempts"],
        error=f"{error['code']}: {error['detail']}" if error else "",
        evidence=row["evidence"] or "",
        decided=row["resolution"] is not None,
    )


# -- a printer ------------------------------------------------------------------------------------------


def read_printer(name: str, path: Path) -> tuple[list[Sheet], Memory]:
    """The completed sheets and the memory of a printer that is off."""
    with closing(Storage(path, "posnet")) as storage:
        assert storage.state is not None, f"{path} holds no printer"
        state = storage.state
        printouts = storage.printouts
    days = {record.number: _sold(record.day) for record in state.fiscal_memory}
    days[state.reports + 1] = _sold(state.day)
    memory = Memory(
        printer=name,
        days=days,
        left_open=_left_open(state),
        cancelled=sum(printout.kind == "cancelled_receipt" for printout in printouts),
    )
    return _sheets(name, printouts), memory


def _sold(day: Day) -> tuple[int, int]:
    return sum(day.receipts), day.receipt_count


def _left_open(state: RegisterState) -> str:
    if state.transaction is not None:
        return f"a {state.transaction.kind} was begun: {marks_on(str(state.transaction.lines))}"
    if state.closing is not None:
        return f"a {state.closing.kind} is registered without paper: {marks_on(str(state.closing.lines))}"
    return ""


def _sheets(printer: str, printouts: list[Printout]) -> list[Sheet]:
    sheets = []
    day = 1
    for printout in printouts:
        facts: dict[str, Any] = dict(printout.facts)
        number: int | None = facts.get("number")
        total: int | None = facts.get("total", facts.get("amount"))
        match printout.kind:
            case "receipt":
                mark = " and ".join(marks_on(printout.text)) or "no mark"
            case "cash_in":
                mark = mark_of_slip(format_grosze(facts["amount"]))
            case "daily_report":
                mark = mark_of_report(facts["number"])
            case kind if kind.startswith("cancelled"):
                continue
            case kind:
                mark = f"{kind}, which no job ordered"
        system_number, cashier = _SYSTEM_NUMBER.search(printout.text), _CASHIER.search(printout.text)
        sheets.append(
            Sheet(
                printer=printer,
                type=printout.kind,
                mark=mark,
                daily_report=day,
                place=printout.number,
                number=number,
                total=total,
                system_number=system_number[1] if system_number else None,
                cashier=cashier[1] if cashier else None,
            )
        )
        if printout.kind == "daily_report":
            day = facts["number"] + 1
    return sheets
