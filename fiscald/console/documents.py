"""The pages of the documents: the list, one document with its answer, and deciding an undecided one."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import anyio.to_thread
from starlette.responses import Response

from fiscald.api.calling import Refused
from fiscald.api.wire import JobAnswer, JobList
from fiscald.console import evidence, sandbox, timeline, wording
from fiscald.console.amounts import money
from fiscald.console.languages import Words
from fiscald.console.technician import Line, line_of
from fiscald.console.visit import Visit
from fiscald.model.about import BaseDocument
from fiscald.model.jobs import JobState, Resolution
from fiscald.model.programs import Program
from fiscald.model.receipt import Receipt
from fiscald.recording.pcapng import RecordingError
from fiscald.recording.sent import decoded

#: Documents on one page of the list.
PAGE = 25
_KEY = re.compile(r"[A-Za-z0-9._:/-]{1,128}", re.ASCII)
_SEARCHED = ("key", "number", "amount", "day", "printer", "state")


# -- the list ----------------------------------------------------------------------------------------------


async def documents(visit: Visit) -> Response:
    """``/console/documents``: the newest first, or those that are searched for."""
    typed = {name: visit.query.get(name, "").strip()[:200] for name in _SEARCHED}
    mistakes = _mistakes(visit, typed)
    page: JobList | None = None
    if not mistakes and typed["key"]:
        try:
            found = await visit.api.job(typed["key"])
        except Refused as refused:
            mistakes["key"] = visit.t.of(refused.problem)
        else:
            return visit.go("document", key=found.key)
    if not mistakes:
        try:
            page = await visit.api.jobs(**_asked(visit, typed))
        except Refused as refused:
            mistakes[""] = visit.t.of(refused.problem)
    searched = {name: value for name, value in typed.items() if value}
    return await visit.page(
        "documents.html",
        422 if mistakes else 200,
        rows=[Row(visit, job) for job in (page.jobs if page is not None else ())],
        typed=typed,
        mistakes=mistakes,
        searched=searched,
        next=page.next if page is not None else None,
        first="after" not in visit.query,
        printers=[("", visit.t("all", "wszystkie")), *((each.name, each.name) for each in await visit.api.printers())],
        states=[(each.value, wording.job_state(visit.t, each).text) for each in JobState],
    )


def _mistakes(visit: Visit, typed: dict[str, str]) -> dict[str, str]:
    """What cannot be searched for, by field, with what to write instead."""
    t, found = visit.t, {}
    if typed["number"] and not (
        typed["number"].isascii() and typed["number"].isdigit() and 0 < len(typed["number"]) < 10
    ):
        found["number"] = t("Write the number on the document, like 85.", "Wpisz numer z dokumentu, na przykład 85.")
    if typed["amount"] and money(typed["amount"]) is None:
        found["amount"] = t("Write an amount like 12,00.", "Wpisz kwotę, na przykład 12,00.")
    if typed["day"] and _day(typed["day"]) is None:
        found["day"] = t("Write a day like 2026-11-22.", "Wpisz dzień, na przykład 2026-11-22.")
    if typed["key"] and _KEY.fullmatch(typed["key"]) is None:
        found["key"] = t(
            "A key has letters, digits and . _ : / - only, at most 128.",
            "Klucz ma tylko litery, cyfry i znaki . _ : / -, najwyżej 128.",
        )
    return found


def _asked(visit: Visit, typed: dict[str, str]) -> dict[str, Any]:
    day = _day(typed["day"])
    after = visit.query.get("after", "")
    return {
        "printer": typed["printer"] or None,
        "state": typed["state"] or None,
        "number": int(typed["number"]) if typed["number"] else None,
        "total": money(typed["amount"]) if typed["amount"] else None,
        "since": day,
        "until": day,
        "after": after if after.isascii() and after.isdigit() and len(after) < 16 else None,
        "limit": PAGE,
    }


def _day(typed: str) -> date | None:
    found = re.fullmatch(r"(\d{4})-(\d\d?)-(\d\d?)|(\d\d?)\.(\d\d?)\.(\d{4})", typed, re.ASCII)
    if found is None:
        return None
    year, month, day = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


class Row:
    """A document as one line of the list."""

    def __init__(self, visit: Visit, job: JobAnswer) -> None:
        self.job = job
        self.told = wording.job_state(visit.t, job.state)
        self.type = wording.document_type(visit.t, job.document.type)
        self.total = total_of(job)
        self.sender = sender(visit.t, job.program)


def sender(t: Words, program: Program | None) -> str:
    """Through which door of the gateway a document came; empty: an application sent it."""
    if program is None:
        return ""
    if program.peer == "serial":
        return t("through the gateway at a serial port", "przez bramkę na porcie szeregowym")
    return t(f"through the gateway, from {program.peer}", f"przez bramkę, z adresu {program.peer}")


def total_of(job: JobAnswer) -> Decimal | None:
    """The total that the printer registered, or else that the application gave."""
    if job.result is not None and job.result.total is not None:
        return job.result.total
    found: Decimal | None = getattr(job.document, "total", None) or getattr(job.document, "amount", None)
    return found


# -- one document ------------------------------------------------------------------------------------------


async def document(visit: Visit) -> Response:
    """``/console/document?key=``: its answer, its paper, and what proves it."""
    return await show(visit, await visit.api.job(visit.query.get("key") or "-"))


async def show(visit: Visit, job: JobAnswer, status: int = 200, mistake: str = "") -> Response:
    """The page of a document."""
    t = visit.t
    sheet, no_sheet = await _sheet(visit, job)
    looks = evidence.table(t, job.evidence)
    trouble = job.error or job.waiting
    return await visit.page(
        "document.html",
        status,
        job=job,
        told=wording.job_state(t, job.state),
        type=wording.document_type(t, job.document.type),
        paper=wording.paper(t, job.paper),
        total=total_of(job),
        content=content(visit, job),
        receipt=job.document if isinstance(job.document, Receipt) else None,
        trouble=trouble,
        remedy=wording.remedy(t, job.waiting),
        cause=_cause(visit, job),
        sheet=sheet,
        no_sheet=no_sheet,
        looks=looks,
        moved=evidence.moved(t, looks) if looks is not None else [],
        timeline=timeline.told(t, job, await visit.api.job_events(job.key, limit=timeline.MOST)),
        mistake=mistake,
        sender=sender(t, job.program),
        sent=await anyio.to_thread.run_sync(_sent, t, job.program),
    )


class Sent(NamedTuple):
    """One time that a program sent the document to a gateway."""

    began: datetime
    answered: datetime | None
    lines: list[Line]


def _sent(t: Words, program: Program | None) -> list[Sent]:
    """What the program said, decoded; as bytes where its family is not known."""
    found: list[Sent] = []
    if program is None:
        return found
    for each in program.sent or ():
        try:
            lines = [line_of(t, entry, of_document=True) for entry in decoded(program, each)]
        except RecordingError as error:
            lines = [Line("wrong", str(error)), *(Line("event", f"{said.direction} {said.hex}") for said in each.said)]
        found.append(Sent(each.began, each.answered, lines))
    return found


async def _sheet(visit: Visit, job: JobAnswer) -> tuple[str, str]:
    """The copy of the paper as text, or why there is none."""
    if job.state is not JobState.DONE:
        return "", ""
    try:
        return (await visit.api.paper(job.key)).decode(), ""
    except Refused as refused:
        return "", visit.t.of(refused.problem)


async def picture(visit: Visit) -> Response:
    """``/console/document/paper?key=``: the copy of the paper as a picture."""
    content = await visit.api.paper(visit.query.get("key") or "-", form="svg")
    return Response(content, media_type="image/svg+xml")


def _cause(visit: Visit, job: JobAnswer) -> str:
    extra = {} if job.error is None else job.error.model_extra or {}
    return wording.cause(visit.t, str(extra.get("cause", "")))


def content(visit: Visit, job: JobAnswer) -> list[tuple[str, str]]:
    """The fields of a document that is no receipt, as the application sent them."""
    if isinstance(job.document, Receipt):
        return []
    fields = job.document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    found: list[tuple[str, str]] = []

    def add(name: str, value: Any, depth: int) -> None:
        if isinstance(value, dict) and depth < 4:
            for each, inner in value.items():
                add(f"{name}.{each}" if name else each, inner, depth + 1)
        elif isinstance(value, list) and depth < 4:
            for number, inner in enumerate(value[:50], start=1):
                add(f"{name} {number}", inner, depth + 1)
        elif value is not None:
            found.append((name, str(value)[:500]))

    add("", {name: value for name, value in fields.items() if name != "type"}, 0)
    return found


async def withdraw(visit: Visit) -> Response:
    """Take a document back that has not started."""
    key = visit.form["key"]
    try:
        await visit.api.withdraw(key)
    except Refused as refused:
        return await show(visit, await visit.api.job(key), refused.status, visit.t.of(refused.problem))
    return visit.go("document", key=key)


# -- deciding ----------------------------------------------------------------------------------------------


async def decision(visit: Visit) -> Response:
    """``/console/document/decision?key=``: what to look for, and the question."""
    return await _ask(visit, await visit.api.job(visit.query.get("key") or "-"))


async def _ask(visit: Visit, job: JobAnswer, status: int = 200, **facts: Any) -> Response:
    if job.state is not JobState.UNDECIDED:
        return visit.go("document", key=job.key)
    t = visit.t
    looks = evidence.table(t, job.evidence)
    printer, tried = None, sandbox.Tried()
    with suppress(Refused):  # if it is no longer configured, its paper can still be looked at
        printer = await visit.api.printer(job.printer)
        if isinstance(job.document, BaseDocument):
            tried = await sandbox.tried(visit, job.printer, job.document)
    return await visit.page(
        "decision.html",
        status,
        job=job,
        type=wording.document_type(t, job.document.type),
        total=tried.preview.totals.total if tried.preview and tried.preview.totals else total_of(job),
        sheet=tried.sheet,
        receipt=job.document if isinstance(job.document, Receipt) else None,
        content=content(visit, job),
        cause=_cause(visit, job),
        looks=looks,
        moved=evidence.moved(t, looks) if looks is not None else [],
        printer=printer,
        numbered=job.document.type in ("receipt", "invoice", "daily_report"),
        **{"typed": {}, "mistakes": {}, "problem": None, **facts},
    )


async def decide(visit: Visit) -> Response:
    """A person has looked, and says what is on the paper."""
    form, t = visit.form, visit.t
    job = await visit.api.job(form["key"] or "-")
    mistakes: dict[str, str] = {}
    if form["verdict"] not in ("printed", "not_printed"):
        mistakes["verdict"] = t("Choose one of the two.", "Wybierz jedną z dwóch odpowiedzi.")
    number = form["number"]
    if number and not (number.isascii() and number.isdigit() and 0 < int(number[:20]) < 2**31):
        mistakes["number"] = t("Write the number on the paper, like 85.", "Wpisz numer z wydruku, na przykład 85.")
    if not 1 <= len(form["by"]) <= 100:
        mistakes["by"] = t("Write your name, at most 100 characters.", "Wpisz swoje imię, najwyżej 100 znaków.")
    if len(form["note"]) > 1000:
        mistakes["note"] = t("At most 1000 characters.", "Najwyżej 1000 znaków.")
    if mistakes:
        return await _ask(visit, job, 422, typed=form.typed(), mistakes=mistakes)
    said = Resolution(
        verdict="printed" if form["verdict"] == "printed" else "not_printed",
        number=int(number) if number and form["verdict"] == "printed" else None,
        by=form["by"],
        note=form["note"],
    )
    try:
        await visit.api.resolve(job.key, said)
    except Refused as refused:
        return await _ask(visit, job, refused.status, typed=form.typed(), problem=refused.problem)
    return visit.go("document", key=job.key)
