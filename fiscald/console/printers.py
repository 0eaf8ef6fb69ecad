"""The pages of the printers: what each is doing, what keeps it from printing, and what can be done with it."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from starlette.responses import Response

from fiscald.api.calling import Refused
from fiscald.console import testpage, wording
from fiscald.console.amounts import money
from fiscald.console.visit import Visit
from fiscald.model.capabilities import PrinterDetails
from fiscald.model.jobs import JournalConfirmation
from fiscald.model.printers import PrinterState, PrinterStatus
from fiscald.model.times import POLISH_TIME

#: Documents that the page of a printer prints, with the right that each needs.
ACTIONS = {"daily_report": "report", "cash_in": "print", "cash_out": "print", "drawer": "print", "test_page": "print"}


async def overview(visit: Visit) -> Response:
    """``/console/``: every printer."""
    found = await visit.api.printers()
    undecided = (await visit.api.jobs(state="undecided", limit=20)).jobs
    cards = [
        (each, wording.printer_state(visit.t, each.state), wording.remedy(visit.t, each.problem)) for each in found
    ]
    return await visit.page("printers.html", cards=cards, undecided=undecided)


async def printer(visit: Visit) -> Response:
    """``/console/printer?name=``: one of them."""
    return await _page(visit, await visit.api.printer(visit.query.get("name", "")))


async def _page(visit: Visit, found: PrinterDetails, status: int = 200, **facts: Any) -> Response:
    undecided = (await visit.api.jobs(printer=found.name, state="undecided", limit=5)).jobs
    extra = {} if found.problem is None else found.problem.model_extra or {}
    return await visit.page(
        "printer.html",
        status,
        printer=found,
        told=wording.printer_state(visit.t, found.state),
        remedy=wording.remedy(visit.t, found.problem),
        clock_off=_clock_off(visit, found),
        undecided=undecided,
        swapped=extra if found.state is PrinterState.SWAPPED else None,
        behind=found.state is PrinterState.BEHIND,
        actions=[name for name in ACTIONS if name == "test_page" or name in found.documents],
        document=wording.document_type,
        **{"typed": {}, "mistake": "", **facts},
    )


def _clock_off(visit: Visit, found: PrinterStatus) -> str:
    """How far the printer's clock is from the computer's, where that is more than two minutes."""
    if found.clock is None or found.ages.clock is None:
        return ""
    off = (found.clock - datetime.now(POLISH_TIME)).total_seconds() + found.ages.clock / 1000
    if abs(off) < 120:
        return ""
    minutes = round(abs(off) / 60)
    return (
        visit.t(f"{minutes} min ahead of this computer", f"{minutes} min do przodu względem komputera")
        if off > 0
        else visit.t(f"{minutes} min behind this computer", f"{minutes} min do tyłu względem komputera")
    )


# -- what can be printed ---------------------------------------------------------------------------------


async def action(visit: Visit) -> Response:
    """``/console/printer/action?name=&do=``: asks before something is printed."""
    name, what = visit.query.get("name", ""), visit.query.get("do", "")
    if what not in ACTIONS:
        return visit.go("printer", name=name)
    return await _ask(visit, await visit.api.printer(name), what, f"console/{secrets.token_hex(8)}")


async def _ask(visit: Visit, found: PrinterDetails, what: str, key: str, status: int = 200, **facts: Any) -> Response:
    title = visit.t("Test page", "Strona testowa") if what == "test_page" else wording.document_type(visit.t, what)
    return await visit.page(
        "action.html",
        status,
        printer=found,
        what=what,
        what_title=title,
        key=key,
        right=ACTIONS[what],
        **{"amount": "", "mistake": "", "problem": None, **facts},
    )


async def do_action(visit: Visit) -> Response:
    """Print it: the key was made with the form, so a form that is sent twice prints once."""
    form, t = visit.form, visit.t
    found = await visit.api.printer(form["name"])
    what, key, amount = form["do"], form["key"], form["amount"]
    if what not in ACTIONS or not key.startswith("console/"):
        return visit.go("printer", name=found.name)
    document: dict[str, Any] = {"type": what}
    if what in ("cash_in", "cash_out"):
        written = money(amount)
        if written is None:
            wrong = t("Write an amount like 200,00.", "Wpisz kwotę, na przykład 200,00.")
            return await _ask(visit, found, what, key, 422, amount=amount, mistake=wrong)
        document["amount"] = written
    try:
        if what == "test_page":
            document = await testpage.document(visit.api, found)
        await visit.api.submit(key, found.name, document, wait=0)
    except Refused as refused:
        return await _ask(visit, found, what, key, refused.status, amount=amount, problem=refused.problem)
    return visit.go("document", key=key)


# -- what a person confirms ------------------------------------------------------------------------------


async def adopt(visit: Visit) -> Response:
    """Another physical printer has this name from now on."""
    form, t = visit.form, visit.t
    found = await visit.api.printer(form["name"])
    if not form["sure"]:
        wrong = t("Tick that you have looked at the new printer.", "Zaznacz, że obejrzano nową drukarkę.")
        return await _page(visit, found, 422, mistake=wrong)
    try:
        await visit.api.adopt(found.name, form["printer_id"])
    except Refused as refused:
        return await _page(visit, found, refused.status, mistake=t.of(refused.problem))
    return visit.go("printer", name=found.name)


async def confirm_journal(visit: Visit) -> Response:
    """The journal was compared with the printer's paper."""
    form, t = visit.form, visit.t
    found = await visit.api.printer(form["name"])
    typed = form.typed()
    if not 1 <= len(form["by"]) <= 100:
        wrong = t("Write who has compared the paper.", "Wpisz, kto porównał wydruki.")
        return await _page(visit, found, 422, mistake=wrong, typed=typed)
    try:
        said = JournalConfirmation(
            by=form["by"], note=form["note"][:1000], waiting="print" if form["waiting"] == "print" else "undecided"
        )
        await visit.api.confirm_journal(found.name, said)
    except Refused as refused:
        return await _page(visit, found, refused.status, mistake=t.of(refused.problem), typed=typed)
    return visit.go("printer", name=found.name)
