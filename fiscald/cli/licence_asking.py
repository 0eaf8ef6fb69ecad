"""The questions of ``fiscalctl licence``, repeated until the answer is correct."""

from __future__ import annotations

import re
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
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+")
#: One to five groups of a number, and so many characters that no number goes on.
_GROUPS, _LONGEST = re.compile(r"\s*[0-9A-Za-z]{5}([\s-]+[0-9A-Za-z]{5}){0,4}[\s-]*", re.ASCII), 128
#: The vendor's names for a wrong code from a mail.
_CODES = ("code_wrong", "session_ended")
#: The vendor's names for a wrong company.
_COMPANIES = ("company", "company_known", "company_invalid")


def step(context: Context, step: str, **fields: Any) -> dict[str, Any]:
    """One step; an error becomes a message and an exit code."""
    try:
        return try_step(context, step, **fields)
    except StepRefused as refused:
        context.show_problem(refused.problem)
        sys.exit(refused.code)


class StepRefused(Exception):
    """A refusal that has its own exit code."""

    def __init__(self, problem: Problem, code: int) -> None:
        self.problem = problem
        self.code = code
        super().__init__(problem.detail)


def try_step(context: Context, step: str, **fields: Any) -> dict[str, Any]:
    """One step. Raises ``StepRefused``; other errors end the program with a message."""
    with context.client() as client:
        try:
            return client.licence_step(step, **{name: value for name, value in fields.items() if value is not None})
        except Refused as error:
            code = exit_code(error.problem)
            if code is None:
                raise
            raise StepRefused(error.problem, code) from None


def asks(context: Context) -> bool:
    """Whether the command can ask a person."""
    return sys.stdin.isatty() and not context.as_json


def until_right(context: Context, ask: Callable[[], T], check: Callable[[T], Any], *wrong: int) -> T:
    """The answer of a person; repeats the question while ``check`` raises ``StepRefused`` with a code of ``wrong``."""
    while True:
        answer = ask()
        try:
            check(answer)
        except StepRefused as refused:
            context.show_problem(refused.problem)
            if refused.code not in wrong:
                sys.exit(refused.code)
            continue
        return answer


def exit_code(problem: Problem) -> int | None:
    """The exit code of a licence problem; ``None`` for other problems."""
    extra = problem.model_extra or {}
    if extra.get("vendor_code") in _CODES:
        return WRONG_CODE
    if extra.get("vendor_code") in _COMPANIES:
        return COMPANY
    return _EXIT.get(problem.code)


def ask(value: str | None, what: str, *, secret_pipe: bool = False) -> str | None:
    """The given value; ``-`` reads standard input; on a terminal, asks for a missing value."""
    if secret_pipe:
        value = piped(value)
    if value is None and sys.stdin.isatty():
        answer: str = click.prompt(what, default="", show_default=False).strip()
        return answer or None
    return value


def piped(value: str | None) -> str | None:
    """The given value; ``-`` is a number on standard input: a line, or the lines on which it goes on."""
    if value != "-":
        return value
    read = sys.stdin.readline()
    while _goes_on(read) and (more := sys.stdin.readline()):
        read += more
    return read.strip()


def _goes_on(text: str) -> bool:
    """Whether a number is not at its end yet: some of its groups, or words before it."""
    return len(text) < _LONGEST and (_GROUPS.fullmatch(text) is not None or text.rstrip().endswith(("-", ":")))


def needed(value: str | None, what: str) -> str:
    """The given value. Raises ``click.UsageError`` if there is none."""
    if value is None:
        raise click.UsageError(f"{what} is missing")
    return value


def given_company(name: str | None, postcode: str | None, nip: str | None, country: str) -> dict[str, Any] | None:
    """The company from the options; ``None`` without any. Raises ``click.UsageError`` if it is incomplete."""
    if name is None and postcode is None and nip is None:
        return None
    return {"name": needed(name, "--name"), "postcode": needed(postcode, "--postcode"), "country": country} | (
        {} if nip is None else {"nip": nip}
    )


def ask_email(context: Context, given: str | None) -> str | None:
    """The e-mail address of the licence's owner; on a terminal, asks until it looks like one; ``None`` without."""
    while given is None and asks(context):
        typed = ask(None, "E-mail (empty: none; the licence of a dead computer then moves by its number only)")
        if typed is None or _EMAIL.fullmatch(typed):
            return typed
        context.warn(f"{typed!r} is no e-mail address")
    return given


def ask_number(context: Context, what: str, field: str) -> str | None:
    """A number, checked as soon as it is typed; ``None`` if there is none."""

    def check(typed: str | None) -> None:
        if typed is not None:
            try_step(context, "diagnosis", number=typed, field=field)

    def typed() -> str | None:
        text = ask(None, f"{what} (empty: none)")
        while text is not None and _goes_on(text):
            more = ask(None, "It goes on (empty: that was all)")
            if more is None:
                break
            text += "\n" + more
        return text

    return until_right(context, typed, check, TYPO)


def with_company(context: Context, step: str, given: dict[str, Any] | None, country: str, **fields: Any) -> Any:
    """A step that needs a company if none is configured; on a terminal, asks until it is correct."""
    company = given
    while True:
        try:
            return try_step(context, step, company=company, **fields)
        except StepRefused as refused:
            ask_for_it = refused.problem.code == "licence.company" and asks(context) and given is None
            if company is not None or not ask_for_it:
                context.show_problem(refused.problem)
            if not ask_for_it:
                sys.exit(refused.code)
        company = {
            "name": click.prompt("Company").strip(),
            "postcode": click.prompt("Postcode").strip(),
            "country": country,
        }
        nip = ask(None, "Tax number (NIP)" if country == "PL" else "Tax number (empty: none)")
        company |= {} if nip is None else {"nip": nip}


def meant(said: str, movable: Mapping[str, str]) -> str | None:
    """The licence that a person chose: its number in the list, or the first characters of its id or company.

    ``movable``: names by id. ``None``: no licence matches, or more than one.
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
