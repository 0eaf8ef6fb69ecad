"""The page of the tokens: how programs on other computers and web pages get in, with which rights."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any

from starlette.responses import Response

from fiscald.api.calling import Refused
from fiscald.console.visit import Visit
from fiscald.model.rights import Right
from fiscald.model.times import POLISH_TIME, fixed

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


def rights_in_words(visit: Visit) -> list[tuple[str, str]]:
    """Every right, and what it allows."""
    t = visit.t
    return [
        (Right.PRINT, t("print: receipts, slips, the drawer", "print: paragony, pokwitowania, szuflada")),
        (Right.REPORT, t("report: fiscal reports", "report: raporty fiskalne")),
        (Right.CONFIGURE, t("configure: printers, clock, VAT rates, copies of the journal",
                            "configure: drukarki, zegar, stawki PTU, kopie dziennika")),
        (Right.RAW, t("raw: commands of the printer's protocol", "raw: polecenia protokołu drukarki")),
        (Right.RESOLVE, t("resolve: deciding undecided documents", "resolve: rozstrzyganie dokumentów")),
        (Right.LICENCE, t("licence: registering fiscald", "licence: rejestracja programu")),
    ]  # fmt: skip


async def tokens(visit: Visit) -> Response:
    """``/console/technician/tokens``: all of them, and the form for a new one."""
    return await _page(visit)


async def _page(visit: Visit, status: int = 200, **facts: Any) -> Response:
    return await visit.page(
        "tokens.html",
        status,
        tokens=await visit.api.tokens(),
        all_rights=rights_in_words(visit),
        printers=[each.name for each in await visit.api.printers()],
        now=datetime.now(POLISH_TIME),
        **{
            "typed": {"name": "", "expires": ""}, "ticked": [Right.PRINT], "only": [], "mistakes": {}, "problem": None,
            "made": None, **facts,
        },
    )  # fmt: skip


async def make(visit: Visit) -> Response:
    """Make a token: the answer is the only page that shows it."""
    form, t = visit.form, visit.t
    ticked, only = form.all("right"), form.all("printer")
    mistakes: dict[str, str] = {}
    if _NAME.fullmatch(form["name"]) is None:
        mistakes["name"] = t(
            "Write a name of letters, digits and . _ -, like erp.",
            "Wpisz nazwę z liter, cyfr i znaków . _ -, na przykład erp.",
        )
    last, expires = form["expires"], None
    if last:
        try:
            expires = fixed(datetime.combine(date.fromisoformat(last), time(23, 59, 59), POLISH_TIME))
        except ValueError:
            mistakes["expires"] = t("Write a day like 2027-12-31.", "Wpisz dzień, na przykład 2027-12-31.")
    again: dict[str, Any] = {"typed": form.typed(), "ticked": ticked, "only": only}
    if mistakes:
        return await _page(visit, 422, mistakes=mistakes, **again)
    try:
        made = await visit.api.make_token(form["name"], ticked, printers=only or None, expires=expires)
    except Refused as refused:
        return await _page(visit, refused.status, problem=refused.problem, **again)
    return await _page(visit, made=made)


async def revoke(visit: Visit) -> Response:
    """End a token."""
    try:
        await visit.api.revoke_token(visit.form["name"] or "-")
    except Refused as refused:
        return await _page(visit, refused.status, problem=refused.problem)
    return visit.go("technician/tokens")
