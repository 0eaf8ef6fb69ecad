"""Registering: the window with field X and field Y, what a number unlocks, and where it is mistyped."""

from __future__ import annotations

from typing import Any, NamedTuple

from starlette.responses import Response

from fiscald.api.calling import Refused
from fiscald.console import licence_words
from fiscald.console.visit import Visit
from fiscald.model.problems import Problem

#: Characters of a number, and of its groups.
LENGTH, GROUP = 29, 5
#: What a form asks about a company.
COMPANY = ("name", "postcode", "nip", "country")
#: The API's names of the two fields, and the letters that the vendor's papers use.
FIELDS = {"number": "X", "support": "Y"}


class Checked(NamedTuple):
    """What an offline look at a number says, before anything is sent."""

    good: bool
    text: str
    groups: tuple[tuple[tuple[str, bool], ...], ...] = ()
    """The typed characters by group, each with whether it looks wrong."""


async def check(visit: Visit, field: str, typed: str) -> Checked | None:
    """Look at a typed number; ``None``: nothing is typed."""
    if not typed:
        return None
    try:
        found = await visit.api.licence_step("diagnosis", number=typed[:500], field=field)
    except Refused as refused:
        places = (refused.problem.model_extra or {}).get("places") or []
        return Checked(good=False, text=visit.t.of(refused.problem), groups=marked(typed, places) if places else ())
    return Checked(good=True, text=found["detail_pl"] if visit.t.polish else found["detail"])


def marked(typed: str, places: list[dict[str, Any]]) -> tuple[tuple[tuple[str, bool], ...], ...]:
    """The typed characters in groups, the doubtful ones marked."""
    bare = "".join(char for char in typed if char.isalnum())[: 2 * LENGTH]
    wrong = {(place["group"], place.get("character")) for place in places}
    groups = []
    for start in range(0, min(len(bare), LENGTH), GROUP):
        # What is too much belongs to the last group.
        end = len(bare) if start + GROUP >= LENGTH else start + GROUP
        group = start // GROUP + 1
        groups.append(
            tuple(
                (char, (group, None) in wrong or (group, number) in wrong)
                for number, char in enumerate(bare[start:end], start=1)
            )
        )
    return tuple(groups)


async def check_field(visit: Visit) -> Response:
    """The answer while one types: how far the number is, what it unlocks, or what looks wrong."""
    field = "support" if visit.form["field"] == "support" else "number"
    typed = visit.form[field]
    count = sum(char.isalnum() for char in typed)
    if count < LENGTH - 1:
        text = visit.t(f"{count} of {LENGTH} characters", f"{count} z {LENGTH} znaków") if count else ""
        return await visit.plain("number_check.html", checked=None, so_far=text)
    return await visit.plain("number_check.html", checked=await check(visit, field, typed), so_far="")


async def start(visit: Visit) -> Response:
    """``/console/licence``: the state, the two fields, and the other ways to a licence."""
    return await window(visit)


async def window(visit: Visit, status: int = 200, **facts: Any) -> Response:
    """The registration window."""
    licence = await visit.api.licence()
    t, done = visit.t, visit.query.get("done", "")
    return await visit.page(
        "licence.html",
        status,
        told=licence_words.state(t, licence),
        facts=licence_words.facts(t, licence),
        warnings=licence_words.warnings(t, licence),
        done=done,
        # Nothing more is asked of a person who has just got a licence.
        ready=done in ("registered", "trial", "moved", "imported") and licence["may_print"],
        prompt=licence["prompt"] or "",
        **{"typed": {}, "mistakes": {}, "checked": {}, "problem": None, "asks_company": False, **facts},
    )


async def register(visit: Visit) -> Response:
    """Exchange the typed numbers for a licence; a mistyped one is not sent."""
    form, t = visit.form, visit.t
    checked = {field: found for field in FIELDS if (found := await check(visit, field, form[field])) is not None}
    company = company_of(visit)
    asks_company = bool(form["asks_company"])
    again: dict[str, Any] = {"typed": form.typed(), "checked": checked, "asks_company": asks_company}
    if not checked:
        mistake = t("Enter a number in field X or in field Y.", "Wpisz numer w polu X albo w polu Y.")
        return await window(visit, 422, mistake=mistake, **again)
    if not all(each.good for each in checked.values()):
        return await window(visit, 422, **again)
    fields: dict[str, Any] = {field: form[field] for field in checked}
    if company is not None and "number" in fields:
        fields |= {"company": company}
    if form["email"] and "number" in fields:
        fields |= {"email": form["email"]}
    try:
        await visit.api.licence_step("registration", **fields)
    except Refused as refused:
        again["asks_company"] = asks_company or wants_company(refused.problem)
        # The first time it is no mistake of the reader: the question comes only now.
        first = again["asks_company"] and not asks_company and refused.problem.code == "licence.company"
        return await window(visit, 422, problem=None if first else refused.problem, **again)
    return visit.go("licence", done="registered")


def wants_company(problem: Problem) -> bool:
    """Whether the company has to be asked for."""
    return problem.code == "licence.company" or (problem.model_extra or {}).get("vendor_code") == "company"


def company_of(visit: Visit) -> dict[str, str] | None:
    """The company of a form; ``None`` if nothing of it is typed."""
    form = visit.form
    if not (form["name"] or form["postcode"] or form["nip"]):
        return None
    found = {"name": form["name"], "postcode": form["postcode"], "country": form["country"].upper() or "PL"}
    return {key: value or "-" for key, value in found.items()} | ({"nip": form["nip"]} if form["nip"] else {})


async def later(visit: Visit) -> Response:
    """The person closes the window: it stays closed until the next sign-in."""
    visit.session.without_licence = True
    back = visit.form["back"]
    return visit.go("") if not back.startswith("/console/") or "\\" in back else visit.to(back)


async def about(visit: Visit) -> Response:
    """``/console/about``: Help - About - Register."""
    licence = await visit.api.licence()
    t = visit.t
    return await visit.page(
        "about.html",
        told=licence_words.state(t, licence),
        facts=licence_words.facts(t, licence),
        warnings=licence_words.warnings(t, licence),
    )
