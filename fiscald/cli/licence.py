"""``fiscalctl licence``: registers and shows the licence of a computer, with and without the internet.

The shell's history keeps a number from the command line. Leave the number out and type it at the prompt, or pipe it
(``-``; X before Y, each on its own line or lines).
On a terminal the verbs ask for missing values; otherwise the caller must give them.

Exit codes: 0 done; ``status``: 10 unregistered, 11 restricted, 12 warnings; 20 mistyped number, 21 the
vendor refused, 22 the vendor cannot be reached, 23 wrong company, 24 bad file, 25 wrong code, 26 no emergency pass.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Literal

import click

from fiscald import private
from fiscald.cli.context import USAGE, Context, pass_context, to_json
from fiscald.cli.licence_asking import (
    DENIED,
    PLAIN,
    RESTRICTED,
    UNREGISTERED,
    WARNINGS,
    WRONG_CODE,
    ask,
    ask_email,
    ask_number,
    asks,
    given_company,
    meant,
    needed,
    piped,
    step,
    try_step,
    until_right,
    with_company,
)
from fiscald.terminal import shown, visible


@click.group()
def licence() -> None:
    """Register, show, renew and move the licence.

    Exit codes: 0 done; of status: 10 unregistered, 11 restricted, 12 warnings; 20 mistyped number, 21 the
    vendor refused, 22 the vendor cannot be reached, 23 wrong company, 24 bad file, 25 wrong code, 26 no emergency pass.
    """


LANG_HELP = "Language of the mail (default: by the company's country)."
MAIL_HELP = "E-mail of the licence's owner (may be left out)."


def _company_options(command: Any) -> Any:
    for option in (
        click.option("--country", default="PL", show_default=True, help="The company's country, two letters."),
        click.option("--nip", help="The company's tax number."),
        click.option("--postcode", help="The company's postcode."),
        click.option("--name", help="The company's name (default: from the configuration)."),
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
    """The exit code for a state."""
    if found["state"] == "unregistered":
        return UNREGISTERED
    if not found["may_print"]:
        return RESTRICTED
    return WARNINGS if found["warnings"] else PLAIN


def text(found: dict[str, Any]) -> str:
    """The state as text."""
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
        lines.append(f"version {found['update']['latest']} is available: {found['update']['url']}")
    if found["test_keys"]:
        lines.append("test keys: fiscald prints on emulated printers only")
    return "\n".join(lines)


@licence.command("diagnose")
@click.argument("number", required=False)
@click.option("--field", type=click.Choice(["number", "support"]), help="Which field it goes in.")
@pass_context
def diagnose(context: Context, number: str | None, field: str | None) -> None:
    """Show what NUMBER is for, or where it is mistyped. Works offline."""
    typed = needed(ask(number, "Number", secret_pipe=True), "NUMBER")
    found = step(context, "diagnosis", number=typed, field=field)
    context.show(found, lambda: f"{shown(found['detail'])}\n{shown(found['detail_pl'])}")


# -- registering -----------------------------------------------------------------------------------------


@licence.command("register")
@click.argument("number", required=False)
@click.option("--support", metavar="Y", help="The number for updates & support.")
@click.option("--email", help=MAIL_HELP)
@_company_options
@pass_context
def register(
    context: Context, number: str | None, support: str | None, email: str | None, name: str | None,
    postcode: str | None, nip: str | None, country: str,
) -> None:  # fmt: skip
    """Exchange licence number X, updates number Y, or both for a certificate.

    On a terminal the command asks for missing values: the numbers, an e-mail address, and the company if none is
    configured. A dead computer: run it on the new one with the same number; the licence moves here.
    """
    if number is None and support is None and asks(context):
        number = ask_number(context, "Licence number X", "number")
        support = ask_number(context, "Updates & support number Y", "support")
    if number is None and support is None:
        raise click.UsageError("give NUMBER, --support, or both")
    number, support = piped(number), piped(support)
    email = email if number is None else ask_email(context, email)
    company = given_company(name, postcode, nip, country)
    found = with_company(context, "registration", company, country, number=number, support=support, email=email)
    context.show(found, lambda: text(found))


@licence.command("enrol")
@click.option("--email", help="Address to which the vendor mails the code.")
@click.option("--code", help="Code from the mail (the second step).")
@click.option("--lang", type=click.Choice(["pl", "en", "nl"]), help=LANG_HELP)
@_company_options
@pass_context
def enrol(
    context: Context, email: str | None, code: str | None, lang: str | None, name: str | None, postcode: str | None,
    nip: str | None, country: str,
) -> None:  # fmt: skip
    """Start a 30-day trial. The vendor mails a code; the command exchanges it for the trial's certificate.

    Afterwards only the vendor can change the company.
    """
    email = needed(ask(email, "E-mail"), "--email")
    if code is not None:
        found = step(context, "enrolment/confirmation", email=email, code=code)
    else:
        company = given_company(name, postcode, nip, country)
        asked = with_company(context, "enrolment", company, country, email=email, lang=lang)
        confirmed = _mailed(context, asked, email, f"enrol --email {email}", "enrolment/confirmation")
        if confirmed is None:
            return
        found = confirmed
    context.show(found, lambda: text(found))


def _mailed(context: Context, asked: dict[str, Any], email: str, verb: str, step: str) -> dict[str, Any] | None:
    """Report that the vendor sends a mail; on a terminal, ask for its code until it is correct.

    Returns the answer of ``step`` to the code; ``None``: the user enters the code later.
    """
    again = f"fiscalctl licence {verb} --code CODE"
    sent = f"If {email} is a valid address for this, the vendor sends a code."
    if not asks(context):
        context.show(asked, lambda: f"{sent} Then: {again}")
        return None
    click.echo(sent)
    answers: list[dict[str, Any]] = []

    def check(code: str | None) -> None:
        if code is not None:
            answers.append(try_step(context, step, email=email, code=code))

    until_right(context, lambda: ask(None, f"Code (empty: enter it later with {again})"), check, WRONG_CODE)
    return answers[0] if answers else None


# -- by file ---------------------------------------------------------------------------------------------


@licence.command("request")
@click.argument("number", required=False)
@click.option("--support", metavar="Y", help="The number for updates & support.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write (default: standard output).")
@click.option("--qr", type=click.Path(path_type=Path), help="Also write a QR code to this PNG file.")
@click.option("--email", help=MAIL_HELP)
@_company_options
@pass_context
def request(
    context: Context, number: str | None, support: str | None, output: Path | None, qr: Path | None, email: str | None,
    name: str | None, postcode: str | None, nip: str | None, country: str,
) -> None:  # fmt: skip
    """Write a request file. Exchange it for a certificate on a computer with internet, then use: import FILE."""
    if number is None and asks(context):
        number = ask_number(context, "Licence number X", "number")
    number, support = needed(piped(number), "NUMBER"), piped(support)
    email = ask_email(context, email)
    company = given_company(name, postcode, nip, country)
    made = with_company(context, "request", company, country, number=number, support=support, email=email)
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
    """A file that only its owner can read: it will contain the number."""
    os.close(private.open_file(path, os.O_WRONLY))
    return path


def _draw(wanted: str, path: Path | None) -> None:
    """A QR code in a file, or in the terminal."""
    try:
        import segno
    except ImportError:
        if path is not None:
            raise click.ClickException("QR codes need an extra: pip install 'fiscald[png]'") from None
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
    """Install the certificate in FILE (- for standard input). A bad certificate changes nothing."""
    found = step(context, "certificate", certificate=file.read())
    context.show(found, lambda: text(found))


# -- the vendor ------------------------------------------------------------------------------------------


@licence.command("check")
@click.option("--show", is_flag=True, help="Only show what the check would send.")
@pass_context
def check(context: Context, *, show: bool) -> None:
    """Ask the vendor now for the state of the licence."""
    if show:
        with context.client() as client:
            asked = client.licence_question()
        click.echo(to_json(asked, indent=1))
        return
    found = step(context, "check")
    context.show(found, lambda: text(found))


@licence.command("transfer")
@click.argument("email")
@click.option("--code", help="Code from the mail (the second step).")
@click.option("--licence", "chosen", help="Licence to move, if the account has several.")
@click.option("--seat", help="Seat to move, if the licence has several computers.")
@click.option("--lang", type=click.Choice(["pl", "en", "nl"]), help=LANG_HELP)
@pass_context
def transfer(
    context: Context, email: str, code: str | None, chosen: str | None, seat: str | None, lang: str | None
) -> None:
    """Move a licence to this computer; the vendor mails a code to EMAIL. The other computer loses the licence.

    With the licence number at hand: fiscalctl licence register.
    """
    confirmed: dict[str, Any] | None = None
    if code is not None:
        confirmed = step(context, "recovery/confirmation", email=email, code=code)
    elif chosen is None:
        asked = step(context, "recovery", email=email, lang=lang)
        confirmed = _mailed(context, asked, email, f"transfer {email}", "recovery/confirmation")
        if confirmed is None:
            return
    if confirmed is not None:
        chosen = _choose(context, email, confirmed["companies"], chosen)
        seat = _choose_seat(context, email, chosen, confirmed["companies"], seat)
    found = step(context, "transfer", licence=chosen, seat=seat)
    context.show(found, lambda: text(found))


def _choose(context: Context, email: str, companies: list[dict[str, Any]], said: str | None) -> str:
    """The licence to move. Ends if a person must choose first."""
    movable = {each["lic"]: visible(f"{each['name']}, {each['post']}") for each in companies if each["lic"]}
    if not movable:
        context.fail(DENIED, "no company of this account has a licence; register a number, or start a trial (enrol)")
    if said is None and len(movable) == 1:
        (said,) = movable
    lines = [f"{number}. {lic}: {name}" for number, (lic, name) in enumerate(movable.items(), 1)]
    asking = said is None and asks(context)
    if asking:
        click.echo("\n".join(lines))
    elif said is None:
        again = f"within 15 minutes: fiscalctl licence transfer {email} --licence LICENCE"
        context.show({"companies": companies}, lambda: "\n".join([*lines, again]))
        sys.exit(PLAIN)
    return _meant(
        context,
        said,
        movable,
        "licences",
        asking and "Which licence (its number in this list, or its first characters)",
    )


def _choose_seat(
    context: Context, email: str, chosen: str, companies: list[dict[str, Any]], said: str | None
) -> str | None:
    """The seat to move; ``None`` where the vendor needs no answer. Ends if a person must choose first."""
    seats = [seat for each in companies if each["lic"] == chosen for seat in each["seats"]]
    if said is None and (len(seats) < 2 or any(seat["free"] for seat in seats)):
        return None
    movable = {seat["seat"]: seat["hint"] or "trial" for seat in seats}
    lines = [
        f"{number}. {seat['seat']}: number {seat['hint'] or '-'}, last check {seat['last'] or 'never'}"
        for number, seat in enumerate(seats, 1)
    ]
    asking = said is None and asks(context)
    if asking:
        click.echo("The licence is on several computers:\n" + "\n".join(lines))
    elif said is None:
        again = f"within 15 minutes: fiscalctl licence transfer {email} --licence {chosen} --seat SEAT"
        context.show({"seats": seats}, lambda: "\n".join([*lines, again]))
        sys.exit(PLAIN)
    return _meant(
        context, said, movable, "seats", asking and "Which computer does this one replace (its number in this list)"
    )


def _meant(
    context: Context, said: str | None, movable: dict[str, str], what: str, question: str | Literal[False]
) -> str:
    """Which of several a person means; ``question`` is asked until the answer fits. Ends in a script."""
    while True:
        if question:
            said = str(click.prompt(question))
        found = meant(said or "", movable)
        if found is not None:
            return found
        context.warn(f"{said!r} matches none or several of these {what}: {', '.join(movable)}")
        if not question:
            sys.exit(USAGE)


@licence.command("deactivate")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation (required in scripts).")
@pass_context
def deactivate(context: Context, *, yes: bool) -> None:
    """Give the licence back, so that another computer can use it. This computer then starts no new documents."""
    if not yes:
        _confirm_deactivation(context)
    found = step(context, "deactivation")
    context.show(found, lambda: text(found))


def _confirm_deactivation(context: Context) -> None:
    if not asks(context):
        raise click.UsageError("this computer then starts no new documents; confirm it with --yes")
    with context.client() as client:
        found = client.licence()
    company = found.get("company")
    which = "the licence" if company is None else visible(f"{found['licence']} of {company['name']}")
    click.confirm(f"Give {which} back? This computer then starts no new documents.", abort=True)


@licence.command("emergency")
@pass_context
def emergency(context: Context) -> None:
    """Print for 72 hours without a valid licence, once in 90 days. A pass that would change nothing is not used."""
    found = step(context, "emergency")
    context.show(found, lambda: text(found))


@licence.command("test-certificate")
@click.option("--days", type=click.IntRange(1, 36500), default=3650, show_default=True, help="Validity in days.")
def test_certificate(*, days: int) -> None:
    """Print a certificate signed with the published test key.

    A daemon accepts it only with test_keys = true in its configuration, and then prints on emulated printers only.
    """
    from fiscald.licence.certificate import armour
    from fiscald.licence.testing import make_certificate

    click.echo(armour(make_certificate(days=days)), nl=False)
