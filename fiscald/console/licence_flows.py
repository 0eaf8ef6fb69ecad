"""The other ways to a licence: a trial, moving one to this computer, exchanging files, the emergency pass."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from fiscald.api.calling import Refused
from fiscald.console.registration import check, company_of, wants_company
from fiscald.console.visit import Visit

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
_REQUEST = re.compile(r"[A-Za-z0-9_.-]{20,8000}", re.ASCII)


def _email_mistake(visit: Visit) -> str:
    if _EMAIL.fullmatch(visit.form["email"]):
        return ""
    return visit.t("Write an e-mail address like anna@example.pl.", "Wpisz adres e-mail, na przykład anna@example.pl.")


# -- a trial -----------------------------------------------------------------------------------------------


async def enrol(visit: Visit) -> Response:
    """``/console/licence/enrol``: step 1, the company."""
    known = (await visit.api.licence()).get("company") or {}
    typed = {"name": known.get("name", ""), "postcode": known.get("post", ""), "nip": known.get("tin") or ""}
    return await _enrol(visit, "company", typed=typed)


async def _enrol(visit: Visit, step: str, status: int = 200, **facts: Any) -> Response:
    return await visit.page(
        "enrol.html", status, step=step, **{"typed": {}, "mistakes": {}, "problem": None, "sent": False, **facts}
    )


async def enrol_step(visit: Visit) -> Response:
    """Company, then e-mail, then the code from the mail."""
    form, t = visit.form, visit.t
    typed = form.typed()
    match form["step"]:
        case "company":
            mistakes = _company_mistakes(visit)
            if mistakes:
                return await _enrol(visit, "company", 422, typed=typed, mistakes=mistakes)
            return await _enrol(visit, "email", typed=typed)
        case "email":
            wrong = _email_mistake(visit)
            if wrong:
                return await _enrol(visit, "email", 422, typed=typed, mistakes={"email": wrong})
            fields: dict[str, Any] = {"email": form["email"], "lang": t.language}
            if (company := company_of(visit)) is not None:
                fields["company"] = company
            try:
                await visit.api.licence_step("enrolment", **fields)
            except Refused as refused:
                step = "company" if wants_company(refused.problem) else "email"
                return await _enrol(visit, step, refused.status, typed=typed, problem=refused.problem)
            return await _enrol(visit, "code", typed=typed, sent=True)
        case "code":
            if not form["code"]:
                wrong = t("Write the code from the mail.", "Wpisz kod z wiadomości.")
                return await _enrol(visit, "code", 422, typed=typed, mistakes={"code": wrong})
            try:
                await visit.api.licence_step("enrolment/confirmation", email=form["email"], code=form["code"])
            except Refused as refused:
                return await _enrol(visit, "code", refused.status, typed=typed, problem=refused.problem)
            return visit.go("licence", done="trial")
    return visit.go("licence/enrol")


def _company_mistakes(visit: Visit) -> dict[str, str]:
    form, t, found = visit.form, visit.t, {}
    if len(form["name"]) < 2:
        found["name"] = t("Write the name of the company.", "Wpisz nazwę firmy.")
    if not form["postcode"]:
        found["postcode"] = t("Write the postcode, like 00-950.", "Wpisz kod pocztowy, na przykład 00-950.")
    if form["country"] and not re.fullmatch(r"[A-Za-z]{2}", form["country"], re.ASCII):
        found["country"] = t("Two letters, like PL.", "Dwie litery, na przykład PL.")
    return found


# -- another computer --------------------------------------------------------------------------------------


async def move(visit: Visit) -> Response:
    """``/console/licence/move``: step 1, the e-mail address."""
    return await _move(visit, "email")


async def _move(visit: Visit, step: str, status: int = 200, **facts: Any) -> Response:
    given = {"typed": {}, "mistakes": {}, "problem": None, "companies": [], "sent": False, **facts}
    return await visit.page("move.html", status, step=step, **given)


async def move_step(visit: Visit) -> Response:
    """E-mail, code, and then which of the account's licences."""
    form, t = visit.form, visit.t
    typed = form.typed()
    match form["step"]:
        case "email":
            wrong = _email_mistake(visit)
            if wrong:
                return await _move(visit, "email", 422, typed=typed, mistakes={"email": wrong})
            try:
                await visit.api.licence_step("recovery", email=form["email"], lang=t.language)
            except Refused as refused:
                return await _move(visit, "email", refused.status, typed=typed, problem=refused.problem)
            return await _move(visit, "code", typed=typed, sent=True)
        case "code":
            if not form["code"]:
                wrong = t("Write the code from the mail.", "Wpisz kod z wiadomości.")
                return await _move(visit, "code", 422, typed=typed, mistakes={"code": wrong})
            try:
                found = await visit.api.licence_step("recovery/confirmation", email=form["email"], code=form["code"])
            except Refused as refused:
                return await _move(visit, "code", refused.status, typed=typed, problem=refused.problem)
            visit.session.companies = found["companies"]
            return await _move(visit, "choose", typed=typed, companies=found["companies"])
        case "choose":
            return await _transfer(visit)
    return visit.go("licence/move")


async def _transfer(visit: Visit) -> Response:
    """Move the chosen licence here: ``LICENCE`` or ``LICENCE SEAT``."""
    form, t, companies = visit.form, visit.t, visit.session.companies
    licence, _, seat = form["licence"].partition(" ")
    known = {each["lic"]: each for each in companies if each["lic"]}
    if licence == "new":
        return visit.go("licence/enrol")
    if licence not in known:
        wrong = t("Choose one of them.", "Wybierz jedną z nich.")
        return await _move(visit, "choose", 422, typed=form.typed(), companies=companies, mistakes={"licence": wrong})
    fields = {"licence": licence} | ({"seat": seat} if seat else {})
    try:
        await visit.api.licence_step("transfer", **fields)
    except Refused as refused:
        typed = form.typed()
        return await _move(visit, "choose", refused.status, typed=typed, companies=companies, problem=refused.problem)
    visit.session.companies = []
    return visit.go("licence", done="moved")


# -- without the internet ------------------------------------------------------------------------------------


async def offline(visit: Visit) -> Response:
    """``/console/licence/offline``: make a request, and bring the answer back."""
    return await _offline(visit)


async def _offline(visit: Visit, status: int = 200, **facts: Any) -> Response:
    given = {
        "typed": {}, "mistakes": {}, "checked": {}, "problem": None, "refused": None, "request": "", "qr": None,
        "asks_company": False, **facts,
    }  # fmt: skip
    return await visit.page("offline.html", status, **given)


async def make_request(visit: Visit) -> Response:
    """What is taken to a computer with internet."""
    form = visit.form
    typed, t = form.typed(), visit.t
    checked = {field: found for field in ("number", "support") if (found := await check(visit, field, form[field]))}
    again: dict[str, Any] = {"typed": typed, "checked": checked, "asks_company": bool(form["asks_company"])}
    if "number" not in checked:
        again["mistakes"] = {"number": t("Enter the licence number.", "Wpisz numer licencji.")}
        return await _offline(visit, 422, **again)
    if not all(each.good for each in checked.values()):
        return await _offline(visit, 422, **again)
    fields: dict[str, Any] = {field: form[field] for field in checked}
    fields |= {"email": form["email"]} if form["email"] else {}
    if (company := company_of(visit)) is not None:
        fields["company"] = company
    try:
        request = str((await visit.api.licence_step("request", **fields))["request"])
    except Refused as refused:
        first = wants_company(refused.problem) and not again["asks_company"]
        again["asks_company"] = again["asks_company"] or wants_company(refused.problem)
        return await _offline(visit, 422, problem=None if first else refused.problem, **again)
    return await _offline(visit, typed=typed, request=request, qr=qr(request))


def qr(text: str) -> Markup | None:
    """The text as a QR code; ``None`` where it cannot be drawn."""
    with suppress(ImportError):
        import segno

        with suppress(ValueError):  # too long for one
            code = segno.make_qr(text, error="l")
            return Markup(code.svg_inline(omitsize=True, border=4))
    return None


async def request_file(visit: Visit) -> Response:
    """The request as a file."""
    text = visit.form["request"]
    if _REQUEST.fullmatch(text) is None:
        return visit.go("licence/offline")
    headers = {"Content-Disposition": 'attachment; filename="fiscald-request.txt"'}
    return Response(text + "\n", media_type="text/plain; charset=utf-8", headers=headers)


async def bring_answer(visit: Visit) -> Response:
    """Install the certificate that the vendor made of the request."""
    form, t = visit.form, visit.t
    text = form["certificate"]
    if not text:
        wrong = t("Paste the vendor's answer, or choose its file.", "Wklej odpowiedź dostawcy albo wybierz jej plik.")
        return await _offline(visit, 422, mistakes={"certificate": wrong})
    if len(text) > 20_000:
        wrong = t("This is too long for a licence.", "To jest za długie jak na licencję.")
        return await _offline(visit, 422, mistakes={"certificate": wrong})
    try:
        await visit.api.install_licence(text)
    except Refused as refused:
        return await _offline(visit, refused.status, typed=form.typed(), refused=refused.problem)
    return visit.go("licence", done="imported")


# -- steps without a form ------------------------------------------------------------------------------------


async def ask_vendor(visit: Visit) -> Response:
    """Ask the vendor now."""
    from fiscald.console.registration import window

    try:
        await visit.api.licence_step("check")
    except Refused as refused:
        return await window(visit, refused.status, problem=refused.problem)
    return visit.go("licence", done="checked")


async def confirm(visit: Visit) -> Response:
    """``/console/licence/confirm?do=``: asks before the emergency pass, and before the licence is given back."""
    what = visit.query.get("do", "")
    if what not in ("emergency", "deactivation"):
        return visit.go("licence")
    return await visit.page("confirm_licence.html", what=what, problem=None)


async def confirmed(visit: Visit) -> Response:
    """Do it."""
    what = visit.form["do"]
    if what not in ("emergency", "deactivation"):
        return visit.go("licence")
    try:
        await visit.api.licence_step(what)
    except Refused as refused:
        return await visit.page("confirm_licence.html", refused.status, what=what, problem=refused.problem)
    return visit.go("licence", done=what)
