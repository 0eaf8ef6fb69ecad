"""The rows of docs/vendor.md, "How large"."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from benchmarks.figures import Conditions, Figure, Goal, Outcome, Row
from benchmarks.vendor.desk import Times, clock, desk
from fiscald.licence import wire
from fiscald.licence.server import listing
from fiscald.licence.server.store import Store

CHECKS, ACTIVATIONS, LISTS, TIDYINGS = 1500, 100, 15, 30
#: Shops that ask at the same time, and for how many seconds.
TOGETHER, SECONDS = 8, 15.0
DAY = 86_400


def checks(conditions: Conditions) -> Outcome:
    """One after the other, without HTTP."""
    with desk(conditions.folder) as it:
        times, verdicts = Times(), [it.check(Times()) for _ in range(20)]
        verdicts = [it.check(times) for _ in range(CHECKS)]
        made = Times()
        for _ in range(ACTIVATIONS):
            it.activate(made)
    share = 100 * verdicts.count("ok") / len(verdicts)
    spent = [Figure("check, processor", times.spent), Figure("activation, processor", made.spent)]
    return Outcome(
        times.figures("check") + made.figures("activation") + spent, missing="" if share > 50 else "made too long ago"
    )


def lists(conditions: Conditions) -> Outcome:
    """Pages of 100 licences."""
    with desk(conditions.folder) as it:
        with it.store.reading(clock) as t:
            (count,) = t.one("SELECT count(*) FROM licence")
            (deep,) = t.one("SELECT id FROM licence ORDER BY created, id LIMIT 1 OFFSET ?", count * 9 // 10)
            tin, name = t.one("SELECT tin, name FROM company ORDER BY id LIMIT 1 OFFSET 777")
            (hint,) = t.one("SELECT hint FROM number WHERE seat_id IS NOT NULL ORDER BY serial LIMIT 1 OFFSET 777")
            (email,) = t.one("SELECT email FROM account ORDER BY id LIMIT 1 OFFSET 777")
        searches: dict[str, tuple[str | None, str | None]] = {
            "first page": (None, None), "page at nine tenths": (None, deep), "tax number": (tin, None),
            "number's hint": (hint, None), "address": (email, None), "a name": (name, None),
            "part of few names": (name.split(" ")[2][:4], None), "part of all names": ("sp. z o.o.", None),
            "part of no name": ("no company has this name", None),
        }  # fmt: skip
        figures = []
        for label, (search, after) in searches.items():
            times = Times()
            for _ in range(LISTS):
                with it.store.reading(clock) as t:
                    page = times.take(partial(listing.licences, t, search, after=after))
            (figure,) = times.figures(label)
            figures.append(Figure(label, figure.value, f"{len(page.rows)} rows; {figure.note}"))
    return Outcome(figures)


def beside(conditions: Conditions) -> Outcome:
    """The longest wait of a check while another process reads everything."""
    with desk(conditions.folder) as it:
        copy = (sys.executable, "-c", _BACKUP, str(conditions.folder / "vendor.db"), str(conditions.folder / "copy.db"))
        figures = []
        for label, command in (
            ("nothing else", (sys.executable, "-c", "import time; time.sleep(5)")),
            ("licences --csv", it.vendor("licences", "--csv")),
            ("audit --verify", it.vendor("audit", "--verify")),
            ("backup", copy),
        ):
            seconds, megabytes, times, log = it.beside(*command)
            (figure,) = times.figures()
            note = f"it took {seconds:.1f} s, at most {megabytes:.0f} MB; log {log / 1e6:.0f} MB; "
            figures.append(Figure(label, times.longest, note + figure.note))
        (conditions.folder / "copy.db").unlink()
    return Outcome(figures)


_BACKUP = """
import sqlite3, sys
source = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, isolation_level=None)
source.execute("BEGIN")
source.execute("SELECT count(*) FROM meta").fetchone()
target = sqlite3.connect(sys.argv[2])
target.execute("PRAGMA synchronous = OFF")
source.backup(target, pages=1024)
target.close()
"""


def opening(conditions: Conditions) -> Outcome:
    """Until the database is open."""
    times = Times()
    for _ in range(5):
        times.take(lambda: Store(conditions.folder / "vendor.db")).close()
    return Outcome(times.figures())


def tidying(conditions: Conditions) -> Outcome:
    """One transaction of the housekeeping, with as much to delete as it takes: two days later."""
    times = Times()
    with desk(conditions.folder) as it:
        for _ in range(TIDYINGS):
            with it.store.transaction(clock) as t:
                t.now += 2 * DAY
                times.take(t.tidy)
    return Outcome(times.figures())


def size(conditions: Conditions) -> Outcome:
    """What a licence takes on the disk."""
    with closing(sqlite3.connect(conditions.folder / "vendor.db")) as db:
        (count,) = db.execute("SELECT count(*) FROM company").fetchone()
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        try:
            parts = db.execute(
                "SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_schema USING (name) GROUP BY 1 ORDER BY 2 DESC"
            ).fetchall()
        except sqlite3.OperationalError:  # not every SQLite can tell
            parts = []
    note = ", ".join(f"{name} {part / count:.0f}" for name, part in parts[:8])
    return Outcome([Figure("", pages * 4096 / count, note)])


def served(conditions: Conditions) -> Outcome:
    """The real server, asked by several shops at the same time."""
    folder = conditions.folder
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "served.toml"
    text = (folder / "vendor.toml").read_text("utf-8")
    config.write_text(text.replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace('"error"', '"info"'), "utf-8")
    report = folder / "stalls"
    report.unlink(missing_ok=True)
    command = (sys.executable, "-m", "benchmarks.vendor.served", str(report), "--config", str(config), "serve")
    began = time.perf_counter()
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    try:
        while "listening" not in (line := server.stderr.readline()):
            if not line:
                raise RuntimeError("the server has ended")
        start = time.perf_counter() - began
        report.write_text("")
        times = asyncio.run(_ask_together(folder, port))
    finally:
        server.terminate()
        server.wait()
    told: list[Any] = [json.loads(line) for line in report.read_text("utf-8").splitlines()]
    stall = max((each["stall"] for each in told), default=0.0)
    rate = len(times.wall) / SECONDS
    ordered = sorted(times.wall)
    note = f"median {statistics.median(ordered):.0f} ms, 99 of 100 under {ordered[int(len(ordered) * 0.99)]:.0f} ms"
    return Outcome(
        [Figure("checks a second", rate, f"{TOGETHER} at a time: {note}; start to listening {start:.1f} s"),
         Figure("longest stall of the loop, ms", stall, f"{len(told)} over 2 ms")]
    )  # fmt: skip


async def _ask_together(folder: Path, port: int) -> Times:
    times = Times()
    with desk(folder) as it:
        questions = [it.shop() for _ in range(TOGETHER * 100)]
    until = time.perf_counter() + SECONDS

    async def ask(which: int) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            turn = 0
            while time.perf_counter() < until:
                shop = questions[(which + TOGETHER * turn) % len(questions)]
                turn += 1
                question = shop.check()
                began = time.perf_counter()
                answer = await client.post(wire.Check.path, content=question)
                times.wall.append(1000 * (time.perf_counter() - began))
                if answer.status_code != 200:
                    raise RuntimeError(f"a check was answered with {answer.status_code}")

    async with asyncio.TaskGroup() as tasks:
        for which in range(TOGETHER):
            tasks.create_task(ask(which))
    return times


ROWS = (
    Row("requests", "A request, without HTTP, on the clock", "ms", {"check": Goal(5)}, checks),
    Row("lists", "A list of 100", "ms", {
        label: Goal(50)
        for label in ("first page", "page at nine tenths", "tax number", "number's hint", "address", "a name",
                      "part of few names", "part of all names", "part of no name")
    }, lists),
    Row("beside", "The longest wait of a check during", "ms", {}, beside),
    Row("served", "The server with HTTP", "", {
        "checks a second": Goal(36, at_least=True), "longest stall of the loop, ms": Goal(20)
    }, served),
    Row("opening", "Opening the database", "ms", {"": Goal(500)}, opening),
    Row("tidying", "One transaction of the housekeeping", "ms", {"": Goal(50)}, tidying),
    Row("size", "Bytes of a licence on the disk", "", {}, size),
)  # fmt: skip
