"""``fiscalctl licence``: how a computer comes to its licence, with and without the internet.

A number on a command line lands in the shell's history; leave it out and type it at the prompt, or pipe it (``-``;
each number a line, X before Y).
On a terminal what is missing is asked for; everywhere else it must be given.

Exit codes: 0 done; ``status``: 10 unregistered, 11 restricted, 12 warnings; 20 the number is mistyped, 21 the vendor
says no, 22 the vendor cannot be reached, 23 the company, 24 a bad file, 25 a wrong code, 26 no emergency pass.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from fiscald import private
from fiscald.api.client import Refused
from fiscald.cli.context import Context, pass_context, to_json
from fiscald.model.problems import Problem
from fiscald.terminal import shown, visible

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
}
#: What the vendor calls a code from a mail that does not fit.
_CODES = ("code_wrong", "session_ended")
#: What it calls a company that does not fit.
_COMPANIES = ("company", "company_known", "company_invalid")


@click.group()
def licence() -> None:
    """Register, show, renew and move the licence.

    Exit codes: 0 done; of status: 10 unregistered, 11 restricted, 12 warnings; 20 the number is mistyped, 21 the
    vendor says no, 22 the vendor cannot be reached, 23 the company, 24 a bad file, 25 a wrong code, 26 no emergency
    pass.
    """


def _do(context: Context, step: str, **fields: Any) -> dict[str, Any]:
    """One step; what goes wrong becomes a sentence and an exit code."""
    with context.client() as client:
        try:
            return client.licence_step(step, **{name: value for name, value in fields.items() if value is not None})
        except Refused as error:
            code = _exit_code(error.problem)
            if code is None:
                raise
            context.show_problem(error.problem)
    sys.exit(code)


def _exit_code(problem: Problem) -> int | None:
    extra = problem.model_extra or {}
    if extra.get("vendor_code") in _CODES:
        return WRONG_CODE
    if extra.get("vendor_code") in _COMPANIES:
        return COMPANY
    return _EXIT.get(problem.code)


def _ask(value: str | None, what: str, *, secret_pipe: bool = False) -> str | None:
    """What was given; ``-`` reads standard input; on a terminal what is missing is asked for."""
    if secret_pipe:
        value = _piped(value)
    if value is None and sys.stdin.isatty():
        answer: str = click.prompt(what, default="", show_default=False).strip()
        return answer or None
    return value


def _piped(value: str | None) -> str | None:
    """What was given; ``-`` is a line of standard input."""
    return sys.stdin.readline().strip() if value == "-" else value


def _needed(value: str | None, what: str) -> str:
    if value is None:
        raise click.UsageError(f"{what} is missing")
    return value


def _company(name: str | None, postcode: str | None, nip: str | None, country: str) -> dict[str, Any] | None:
    if name is None and postcode is None and nip is None:
        return None
    return {"name": _needed(name, "--name"), "postcode": _needed(postcode, "--postcode"), "country": country} | (
        {} if nip is None else {"nip": nip}
    )


def _company_options(command: Any) -> Any:
    for option in (
        click.option("--country", default="PL", show_default=True, help="Two letters."),
        click.option("--nip", help="The company's tax number."),
        click.option("--postcode", help="The company's postcode."),
        click.option("--name", help="The company's name; default: as configured."),
    ):
        command = option(command)
    return command


# -- showing ---------------------------------------------------------------------------------------------


@licence.command("status")
@pass_context
def status(context: Context) -> None:
    """Show the licence's state, rights and dates."""
    with context.client() as client:
        found = client.licence()
    context.show(found, lambda: text(found))
    sys.exit(status_code(found))


def status_code(found: dict[str, Any]) -> int:
    """The exit code that goes with a state."""
    if found["state"] == "unregistered":
        return UNREGISTERED
    if not found["may_print"]:
        return RESTRICTED
    return WARNINGS if found["warnings"] else PLAIN


def text(found: dict[str, Any]) -> str:
    """The state for a person."""
    found = shown(found)
    lines = [f"state: {found['state']}"]
    if found.get("reason"):
        lines.append(f"reason: {found['reason']}")
    plain = (
        "kind", "number", "licence", "updates_until", "confirmed_at", "confirm_by", "end", "days_left",
        "emergency_until", "prompt",
    )  # fmt: skip
    lines += [f"{name}: {found[name]}" for name in plain if found.get(name) is not None]
    if found.get("modules"):
        lines.append(f"modules: {', '.join(found['modules'])}")
    if found.get("company"):
        company = found["company"]
        lines.append(f"company: {', '.join(filter(None, (company['name'], company['post'], company['tin'])))}")
    if found.get("warnings"):
        lines.append(f"warnings: {', '.join(found['warnings'])}")
    if found.get("update") and "licence.w.update_available" in found["warnings"]:
        lines.append(f"version {found['update']['latest']} is out: {found['update']['url']}")
    if found["test_keys"]:
        lines.append("test keys: only emulated printers may be used")
    return "\n".join(lines)


@licence.command("diagnose")
@click.argument("number", required=False)
@click.option("--field", type=click.Choice(["number", "support"]), help="The field it belongs into.")
@pass_context
def diagnose(context: Context, number: str | None, field: str | None) -> None:
    """Say what NUMBER is for, or where it is mistyped. Asks nobody."""
    typed = _needed(_ask(number, "Number", secret_pipe=True), "NUMBER")
    found = _do(context, "diagnosis", number=typed, field=field)
    context.show(found, lambda: f"{shown(found['detail'])}\n{shown(found['detail_pl'])}")


# -- registering -----------------------------------------------------------------------------------------


@licence.command("register")
@click.argument("number", required=False)
@click.option("--support", metavar="Y", help="A number for updates & support.")
@_company_options
@pass_context
def register(
    context: Context, number: str | None, support: str | None, name: str | None, postcode: str | None, nip: str | None,
    country: str,
) -> None:  # fmt: skip
    """Exchange licence number X, updates number Y, or both for a certificate."""
    if number is None and support is None:
        number = _ask(None, "Licence number X (empty: none)")
        support = _ask(None, "Updates & support number Y (empty: none)")
    if number is None and support is None:
        raise click.UsageError("give NUMBER, --support, or both")
    number, support = _piped(number), _piped(support)
    found = _do(context, "registration", number=number, support=support, company=_company(name, postcode, nip, country))
    context.show(found, lambda: text(found))


@licence.command("enrol")
@click.option("--email", help="The code for the trial is mailed there.")
@click.option("--code", help="The code from the mail: the second step.")
@click.option("--lang", type=click.Choice(["pl", "en"]), default="pl", show_default=True, help="Of the mail.")
@_company_options
@pass_context
def enrol(
    context: Context, email: str | None, code: str | None, lang: str, name: str | None, postcode: str | None,
    nip: str | None, country: str,
) -> None:  # fmt: skip
    """Ask for a 30-day trial: a code comes by mail, and is exchanged for the trial's certificate.

    The company cannot be changed afterwards but by the vendor.
    """
    email = _needed(_ask(email, "E-mail"), "--email")
    if code is None:
        company = _company(name, postcode, nip, country)
        if company is None and sys.stdin.isatty():
            company = _company(_ask(None, "Company"), _ask(None, "Postcode"), _ask(None, "Tax number (NIP)"), country)
        asked = _do(context, "enrolment", email=email, company=company, lang=lang)
        code = _mailed(context, asked, email, f"enrol --email {email}")
    if code is None:
        return
    found = _do(context, "enrolment/confirmation", email=email, code=code)
    context.show(found, lambda: text(found))


def _mailed(context: Context, asked: dict[str, Any], email: str, verb: str) -> str | None:
    """Tell that a mail is on its way; on a terminal, ask for its code at once."""
    again = f"fiscalctl licence {verb} --code CODE"
    told = f"If {email} can be used for that, a code is on its way."
    if sys.stdin.isatty() and not context.as_json:
        click.echo(told)
        return _ask(None, f"Code (empty: later, with {again})")
    context.show(asked, lambda: f"{told} Then: {again}")
    return None


# -- by file ---------------------------------------------------------------------------------------------


@licence.command("request")
@click.argument("number", required=False)
@click.option("--support", metavar="Y", help="A number for updates & support.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file; default: standard output.")
@click.option("--qr", type=click.Path(path_type=Path), help="Also as a QR code, a PNG file.")
@_company_options
@pass_context
def request(
    context: Context, number: str | None, support: str | None, output: Path | None, qr: Path | None, name: str | None,
    postcode: str | None, nip: str | None, country: str,
) -> None:  # fmt: skip
    """Write a file to be exchanged for a certificate on a computer with internet, then: import FILE."""
    number, support = _needed(_ask(number, "Licence number X", secret_pipe=True), "NUMBER"), _piped(support)
    made = _do(context, "request", number=number, support=support, company=_company(name, postcode, nip, country))
    wanted: str = made["request"]
    try:
        if qr is not None:
            _draw(wanted, qr)
        if output is not None:
            _private(output).write_text(wanted + "\n", "ascii")
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None
    if output is None:
        click.echo(wanted)
    else:
        context.show({"file": str(output)}, lambda: f"{output}: take it to a computer with internet")
    if sys.stdout.isatty() and not context.as_json:
        _draw(wanted, None)


def _private(path: Path) -> Path:
    """A file for its owner alone: what is written there holds the number."""
    os.close(private.open_file(path, os.O_WRONLY))
    return path


def _draw(wanted: str, path: Path | None) -> None:
    """A QR code in a file, or in the terminal."""
    try:
        import segno
    except ImportError:
        if path is not None:
            raise click.ClickException("QR codes need the extra: pip install 'fiscald[png]'") from None
        return
    code = segno.make(wanted, error="l", micro=False)
    if path is None:
        code.terminal(compact=True)
    else:
        code.save(str(_private(path)), kind="png", scale=4)


@licence.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8", errors="replace"))
@pass_context
def import_(context: Context, file: Any) -> None:
    """Install the certificate in FILE (- for standard input); a bad one changes nothing."""
    found = _do(context, "certificate", certificate=file.read())
    context.show(found, lambda: text(found))


# -- the vendor ------------------------------------------------------------------------------------------


@licence.command("check")
@click.option("--show", is_flag=True, help="Only show what would be sent.")
@pass_context
def check(context: Context, *, show: bool) -> None:
    """Ask the vendor now how the licence stands."""
    if show:
        with context.client() as client:
            asked = client.licence_question()
        click.echo(to_json(asked, indent=1))
        return
    found = _do(context, "check")
    context.show(found, lambda: text(found))


@licence.command("transfer")
@click.argument("email")
@click.option("--code", help="The code from the mail: the second step.")
@click.option("--licence", "chosen", help="Which one, where the account has several.")
@click.option("--lang", type=click.Choice(["pl", "en"]), default="pl", show_default=True, help="Of the mail.")
@pass_context
def transfer(context: Context, email: str, code: str | None, chosen: str | None, lang: str) -> None:
    """Move a licence to this computer; a code is mailed to EMAIL. The other computer loses it."""
    if code is None and chosen is None:
        code = _mailed(context, _do(context, "recovery", email=email, lang=lang), email, f"transfer {email}")
        if code is None:
            return
    if code is not None:
        chosen = _choose(context, email, code, chosen)
    found = _do(context, "transfer", licence=chosen)
    context.show(found, lambda: text(found))


def _choose(context: Context, email: str, code: str, chosen: str | None) -> str:
    """Confirm the address; the licence to be moved. Ends where a person must choose first."""
    companies = _do(context, "recovery/confirmation", email=email, code=code)["companies"]
    movable = {
        each["lic"]: visible(f"{each['lic']}: {each['name']}, {each['post']}") for each in companies if each["lic"]
    }
    if not movable:
        context.fail(DENIED, "no company of this account has a licence; register a number, or enrol")
    if chosen is None and len(movable) == 1:
        (chosen,) = movable
    if chosen is None and sys.stdin.isatty():
        click.echo("\n".join(movable.values()))
        chosen = _ask(None, "Which licence")
    if chosen is None:
        again = f"within 15 minutes: fiscalctl licence transfer {email} --licence LICENCE"
        context.show({"companies": companies}, lambda: "\n".join([*movable.values(), again]))
        sys.exit(PLAIN)
    return chosen


@licence.command("deactivate")
@pass_context
def deactivate(context: Context) -> None:
    """Give the licence back, so that another computer can have it."""
    found = _do(context, "deactivation")
    context.show(found, lambda: text(found))


@licence.command("emergency")
@pass_context
def emergency(context: Context) -> None:
    """Print for 72 hours without a valid licence, once in 90 days; asks nobody."""
    found = _do(context, "emergency")
    context.show(found, lambda: text(found))


@licence.command("test-certificate")
@click.option("--days", type=click.IntRange(1, 36500), default=3650, show_default=True, help="How long it is valid.")
def test_certificate(*, days: int) -> None:
    """Print a certificate of the published test key.

    A daemon accepts it only with test_keys = true in its configuration, and then prints on emulated printers only.
    """
    from fiscald.licence.certificate import armour
    from fiscald.licence.testing import make_certificate

    click.echo(armour(make_certificate(days=days)), nl=False)
