"""What ``fiscalctl licence`` asks a person, and how often: until the answer is right, or there is nobody to ask."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from fiscald.api.client import Refused
from fiscald.cli.context import Context
from fiscald.model.problems import Problem

T = TypeVar("T")

PLAIN, UNREGISTERED, RESTRICTED, WARNINGS = 0, 10, 11, 12
TYPO, DENIED, UNREACHABLE, COMPANY, BAD_FILE, WRONG_CODE, NO_EMERGENCY = range(20, 27)
_EXIT = {
    "licence.number": TYPO,
    "licence.denied": DENIED,
    "licence.unreachable": UNREACHABLE,
    "licence.no_server": UNREACHABLE,
    "licence.company": COMPANY,
    "licence.company_mismatch": COMPANY,
    "licence.refused": BAD_FILE,
    "licence.emergency_used": NO_EMERGENCY,
    "licence.emergency_denied": NO_EMERGENCY,
    "licence.emergency_useless": NO_EMERGENCY,
}
#: What the vendor calls a code from a mail that does not fit.
_CODES = ("code_wrong", "session_ended")
#: What it calls a company that does not fit.
_COMPANIES = ("company", "company_known", "company_invalid")


def step(context: Context, step: str, **fields: Any) -> dict[str, Any]:
    """One step; what goes wrong becomes a sentence and an exit code."""
    try:
        return try_step(context, step, **fields)
    except No as no:
        context.show_problem(no.problem)
        sys.exit(no.code)


class No(Exception):
    """A refusal that has its own exit code."""

    def __init__(self, problem: Problem, code: int) -> None:
        self.problem = problem
        self.code = code
        super().__init__(problem.detail)


def try_step(context: Context, step: str, **fields: Any) -> dict[str, Any]:
    """One step. Raises ``No``; what else goes wrong ends the program with a sentence."""
    with context.client() as client:
        try:
            return client.licence_step(step, **{name: value for name, value in fields.items() if value is not None})
        except Refused as error:
            code = exit_code(error.problem)
            if code is None:
                raise
            raise No(error.problem, code) from None


def asks(context: Context) -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and not context.as_json


def until_right(context: Context, ask: Callable[[], T], check: Callable[[T], Any], *wrong: int) -> T:
    """What a person answers: asked again until ``check`` does not refuse it with one of these exit codes."""
    while True:
        answer = ask()
        try:
            check(answer)
        except No as no:
            context.show_problem(no.problem)
            if no.code not in wrong:
                sys.exit(no.code)
            continue
        return answer


def exit_code(problem: Problem) -> int | None:
    """The exit code of a refusal that is about the licence; ``None`` for others."""
    extra = problem.model_extra or {}
    if extra.get("vendor_code") in _CODES:
        return WRONG_CODE
    if extra.get("vendor_code") in _COMPANIES:
        return COMPANY
    return _EXIT.get(problem.code)


def ask(value: str | None, what: str, *, secret_pipe: bool = False) -> str | None:
    """What was given; ``-`` reads standard input; on a terminal what is missing is asked for."""
    if secret_pipe:
        value = piped(value)
    if value is None and sys.stdin.isatty():
        answer: str = click.prompt(what, default="", show_default=False).strip()
        return answer or None
    return value


def piped(value: str | None) -> str | None:
    """What was given; ``-`` is a line of standard input."""
    return sys.stdin.readline().strip() if value == "-" else value


def needed(value: str | None, what: str) -> str:
    """What was given. Raises ``click.UsageError`` where nothing was."""
    if value is None:
        raise click.UsageError(f"{what} is missing")
    return value


def given_company(name: str | None, postcode: str | None, nip: str | None, country: str) -> dict[str, Any] | None:
    """The company of the options; ``None`` where there are none. Raises ``click.UsageError`` for a part of one."""
    if name is None and postcode is None and nip is None:
        return None
    return {"name": needed(name, "--name"), "postcode": needed(postcode, "--postcode"), "country": country} | (
        {} if nip is None else {"nip": nip}
    )


def ask_number(context: Context, what: str, field: str) -> str | None:
    """A number, looked at as soon as it is typed; ``None`` for none."""

    def check(typed: str | None) -> None:
        if typed is not None:
            try_step(context, "diagnosis", number=typed, field=field)

    return until_right(context, lambda: ask(None, f"{what} (empty: none)"), check, TYPO)


def with_company(context: Context, step: str, given: dict[str, Any] | None, country: str, **fields: Any) -> Any:
    """A step that needs a company, unless one is configured: on a terminal it is asked for, until it is right."""
    company = given
    while True:
        try:
            return try_step(context, step, company=company, **fields)
        except No as no:
            ask_for_it = no.problem.code == "licence.company" and asks(context) and given is None
            if company is not None or not ask_for_it:
                context.show_problem(no.problem)
            if not ask_for_it:
                sys.exit(no.code)
        company = {
            "name": click.prompt("Company").strip(),
            "postcode": click.prompt("Postcode").strip(),
            "country": country,
        }
        nip = ask(None, "Tax number (NIP)" if country == "PL" else "Tax number (empty: none)")
        company |= {} if nip is None else {"nip": nip}


def meant(said: str, movable: Mapping[str, str]) -> str | None:
    """The licence that a person means: by its number in the list, or by the beginning of its id or of a company's name.

    ``movable``: what they are called, by id. ``None``: none of them, or more than one.
    """
    said = said.strip()
    if said in movable:
        return said
    if said.isascii() and said.isdigit() and 1 <= int(said) <= len(movable):
        return [*movable][int(said) - 1]
    begins = said.casefold()
    found = [
        lic
        for lic, name in movable.items()
        if begins and any(each.casefold().startswith(begins) for each in (lic, lic.removeprefix("lic_"), name))
    ]
    return found[0] if len(found) == 1 else None
