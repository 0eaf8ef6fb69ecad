"""The sandbox: a receipt is written here, its totals and paper are shown while one types, and it can be printed."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any, NamedTuple

import anyio.to_thread
from starlette.responses import Response

from fiscald.api.calling import Refused
from fiscald.console.amounts import money, quantity
from fiscald.console.visit import Form, Visit
from fiscald.model.preview import Preview
from fiscald.model.printers import PrinterStatus
from fiscald.model.problems import FieldProblem, Problem
from fiscald.model.strict import parse_json
from fiscald.paper.emulated import NoPaper, paper

#: Lines of the form: at first, and at most.
LINES, MOST_LINES = 3, 40
#: Characters of a document written as JSON.
MOST_JSON = 100_000
_COLUMNS = ("name", "quantity", "price", "vat")


class Draft(NamedTuple):
    """A receipt as it was typed."""

    lines: tuple[dict[str, str], ...]
    payment: str
    paid: str
    nip: str

    @property
    def written(self) -> list[int]:
        """The rows that are not empty."""
        return [row for row, line in enumerate(self.lines) if line["name"] or line["price"]]

    def document(self) -> dict[str, Any]:
        """The document; what is no amount stays as it was typed, and the API says what is wrong with it."""
        found: dict[str, Any] = {"type": "receipt", "lines": [_line(self.lines[row]) for row in self.written]}
        if self.paid or self.payment != "cash":
            found["payments"] = [{"type": self.payment, "amount": _amount(self.paid)}] if self.paid else []
        if self.nip:
            found["buyer"] = {"nip": self.nip}
        return found


def _line(line: dict[str, str]) -> dict[str, str]:
    found = {"name": line["name"], "price": _amount(line["price"]), "vat": line["vat"]}
    return found | ({"quantity": quantity(line["quantity"])} if line["quantity"] else {})


def _amount(typed: str) -> str:
    return money(typed) or typed


def _draft(form: Form) -> Draft:
    columns = [form.all(name)[:MOST_LINES] for name in _COLUMNS]
    lines = [dict(zip(_COLUMNS, row, strict=True)) for row in zip(*columns, strict=False)]
    if form["do"] == "add" and len(lines) < MOST_LINES:
        lines.append({"name": "", "quantity": "1", "price": "", "vat": lines[-1]["vat"] if lines else "A"})
    return Draft(tuple(lines), form["payment"] or "cash", form["paid"], form["nip"])


class Tried(NamedTuple):
    """What a preview said."""

    preview: Preview | None = None
    sheet: str = ""
    no_sheet: str = ""
    problem: Problem | None = None


async def sandbox(visit: Visit) -> Response:
    """``/console/sandbox``: the form, with one line to begin with."""
    found = await _printers(visit)
    name = visit.query.get("printer") or (found[0].name if found else "")
    vat = next((each.vat for each in found if each.name == name), None) or {}
    letter = next((letter for letter, rate in vat.items() if rate is not None), "A")
    first = {"name": "Kawa", "quantity": "1", "price": "12,00", "vat": letter}
    blank = {"name": "", "quantity": "1", "price": "", "vat": letter}
    draft = Draft((first, *(blank for _ in range(LINES - 1))), "cash", "", "")
    result = await tried(visit, name, draft.document()) if found else Tried()
    return await _page(visit, found, name, draft, result, f"console/{secrets.token_hex(8)}")


async def try_out(visit: Visit) -> Response:
    """The form was sent: show it again with its preview, with another line, or print it."""
    form = visit.form
    found = await _printers(visit)
    name, key = form["printer"], form["key"]
    draft = _draft(form)
    if form["do"] == "print" and key.startswith("console/"):
        try:
            await visit.api.submit(key, name, draft.document(), wait=0)
        except Refused as refused:
            return await _page(visit, found, name, draft, Tried(problem=refused.problem), key, 422)
        return visit.go("document", key=key)
    result = await tried(visit, name, draft.document()) if draft.written else Tried()
    return await _page(visit, found, name, draft, result, key, 422 if result.problem and not visit.is_part else 200)


async def _printers(visit: Visit) -> list[PrinterStatus]:
    return [each for each in await visit.api.printers() if "receipt" in each.documents]


async def tried(visit: Visit, name: str, document: Any) -> Tried:
    """What a printer would do with a document, and its paper."""
    try:
        found = await visit.api.preview(name, document)
    except Refused as refused:
        return Tried(problem=refused.problem)
    try:
        # In a thread: an emulated printer carries the whole document out.
        return Tried(found, await anyio.to_thread.run_sync(paper, found))
    except NoPaper as error:
        return Tried(found, no_sheet=str(error))


async def _page(
    visit: Visit,
    found: list[PrinterStatus],
    name: str,
    draft: Draft,
    tried: Tried,
    key: str,
    status: int = 200,
) -> Response:
    t = visit.t
    chosen = next((each for each in found if each.name == name), found[0] if found else None)
    table = (chosen.vat if chosen is not None else None) or {"A": "23%", "B": "8%", "C": "5%"}
    rates = [
        (letter, f"{letter} – {t('exempt', 'zwolniona') if rate == 'exempt' else rate}")
        for letter, rate in table.items()
        if rate is not None
    ]
    return await visit.page(
        "sandbox.html",
        status,
        printers=[(each.name, each.name) for each in found],
        chosen=chosen,
        draft=draft,
        rates=rates,
        payments=[
            ("cash", t("cash", "gotówka")),
            ("card", t("card", "karta")),
            ("transfer", t("transfer", "przelew")),
            ("mobile", t("mobile", "telefon")),
        ],
        tried=tried,
        wrong=_by_field(visit, draft, tried.problem),
        as_json=json.dumps(draft.document(), ensure_ascii=False, indent=2) if draft.written else "",
        key=key,
        most=MOST_LINES,
    )


def _by_field(visit: Visit, draft: Draft, problem: Problem | None) -> dict[str, str]:
    """The bad fields of the form, each with its sentence: ``price-0``, ``paid``, ``nip``."""
    found: dict[str, str] = {}
    for error in problem.errors if problem is not None else ():
        place = _place(draft, error)
        if place is not None:
            found.setdefault(place, visit.t.of(error))
    return found


def _place(draft: Draft, error: FieldProblem) -> str | None:
    line = re.search(r"/lines/(\d+)/(name|quantity|price|vat)", error.pointer)
    if line is not None and int(line[1]) < len(draft.written):
        return f"{line[2]}-{draft.written[int(line[1])]}"
    return "paid" if "/payments" in error.pointer else "nip" if "/buyer" in error.pointer else None


# -- for developers ----------------------------------------------------------------------------------------


async def as_json(visit: Visit) -> Response:
    """``/console/sandbox/json``: a document of any type, as an application would send it."""
    found = [each.name for each in await visit.api.printers()]
    start = '{\n  "type": "receipt",\n  "lines": [{"name": "Kawa", "price": "12.00", "vat": "A"}]\n}'
    key = f"console/{secrets.token_hex(8)}"
    return await _json_page(visit, found, visit.query.get("printer") or "", start, Tried(), key, "")


async def try_json(visit: Visit) -> Response:
    """Preview it, or print it."""
    form, t = visit.form, visit.t
    found = [each.name for each in await visit.api.printers()]
    name, key, text = form["printer"], form["key"], form["document"]
    mistake = ""
    document: Any = None
    if len(text) > MOST_JSON:
        mistake = t("The document is too long for this page.", "Dokument jest za długi na tę stronę.")
    else:
        try:
            document = parse_json(text.encode("utf-8", "replace"))
        except ValueError as error:
            mistake = t(f"This is not JSON: {error}.", f"To nie jest JSON: {error}.")
    if not mistake and not isinstance(document, dict):
        mistake = t("A document is an object: { … }.", "Dokument to obiekt: { … }.")
    if mistake:
        return await _json_page(visit, found, name, text, Tried(), key, mistake, 422)
    if form["do"] == "print" and key.startswith("console/"):
        try:
            await visit.api.submit(key, name, document, wait=0)
        except Refused as refused:
            return await _json_page(visit, found, name, text, Tried(problem=refused.problem), key, "", 422)
        return visit.go("document", key=key)
    result = await tried(visit, name, document)
    return await _json_page(visit, found, name, text, result, key, "", 422 if result.problem else 200)


async def _json_page(
    visit: Visit, found: list[str], name: str, text: str, tried: Tried, key: str, mistake: str, status: int = 200
) -> Response:
    return await visit.page(
        "sandbox_json.html",
        status,
        printers=[(each, each) for each in found],
        chosen=name,
        text=text,
        tried=tried,
        key=key,
        mistake=mistake,
    )
