"""``fiscald-fleet submit``, ``status``, ``token`` and ``webhook``."""

from __future__ import annotations

import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from fiscald import private
from fiscald.fleet.central import letters, orders, shops, tokens
from fiscald.fleet.central.answers import answer, is_settled, moment
from fiscald.fleet.central.dispatcher import is_too_large
from fiscald.fleet.central.rows import OrderRow
from fiscald.fleet.central.session import Session, fail, pass_session
from fiscald.fleet.messages import OrderKey, OutcomeState
from fiscald.model.documents import Submission
from fiscald.model.problems import ProblemError
from fiscald.model.strict import parse_json
from fiscald.model.tokens import TOKEN_NAME
from fiscald.webhooks.secret_file import SecretUnusable, secret_lines
from fiscald.webhooks.signing import new_secret

#: Bytes of a document, and seconds between two looks for an outcome.
_LARGEST, _LOOK_AGAIN = 128 * 1024, 0.5
#: Exit codes, as those of fiscalctl.
FAILED, USAGE, UNDECIDED, REFUSED, OPEN = 1, 2, 3, 5, 6


@click.command()
@click.argument("shop")
@click.argument("printer")
@click.argument("file", type=click.File("rb"))
@click.option("--key", required=True, help="Your own name for the order; the same one for every retry.")
@click.option("--deadline", metavar="TIME", help="A document that has not begun by then fails.")
@click.option("--wait", type=click.FloatRange(0, 3600), default=0.0, help="Seconds to wait for the outcome.")
@pass_session
def submit(session: Session, shop: str, printer: str, file: Any, key: str, deadline: str | None, wait: float) -> None:
    """Order the document in FILE (JSON; - is standard input) on PRINTER of SHOP. A running `serve` sends it."""
    try:
        TypeAdapter(OrderKey).validate_python(key)
        document = parse_json(file.read(_LARGEST + 1)[:_LARGEST])
        said = {"printer": printer, "document": document} | ({} if deadline is None else {"deadline": deadline})
        submission = Submission.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise click.UsageError(f"{'/'.join(map(str, first['loc'])) or 'key'}: {first['msg']}") from None
    except ValueError as error:
        raise click.UsageError(f"the document is not JSON: {error}") from None
    if is_too_large(submission):
        raise click.UsageError("the document is too large for a message")
    with session.database() as db:
        try:
            row, _ = orders.submit(db, key, shop, submission, time.time())
        except ProblemError as refused:
            click.echo(f"Error: {refused.problem.code}: {refused.problem.detail}", err=True)
            raise SystemExit(REFUSED) from None
        until = time.monotonic() + wait
        while not is_settled(row) and time.monotonic() < until:
            time.sleep(_LOOK_AGAIN)
            row = orders.find(db, key) or row
        told = answer(row, shops.find(db, shop))
    session.show(told, _text(told))
    raise SystemExit(_exit_code(row, told))


@click.command()
@click.argument("key", required=False)
@pass_session
def status(session: Session, key: str | None) -> None:
    """Show the order KEY, or how many orders there are and which are open the longest."""
    with session.database() as db:
        if key is not None:
            row = orders.find(db, key)
            if row is None:
                click.echo(f"Error: there is no order {key}", err=True)
                raise SystemExit(OPEN)
            told = answer(row, shops.find(db, row.shop))
            session.show(told, _text(told))
            raise SystemExit(_exit_code(row, told))
        counts = orders.counted(db)
        oldest = [answer(each) for each in orders.listed(db, is_open=True, oldest_first=True, limit=20)]
        posted = letters.counted(db)
    lines = [f"{state}: {count}" for state, count in sorted(counts.items())] or ["no orders"]
    lines += [f"  {each['key']}  {each['shop']}  {each['state']}  since {each['created_at']}" for each in oldest]
    lines += [f"webhook {name}: {wait} waiting, {dead} given up" for name, (wait, dead) in posted.items()]
    session.show({"orders": counts, "oldest": oldest, "webhooks": posted}, "\n".join(lines))


def _text(told: dict[str, Any]) -> str:
    result, why = told["result"] or {}, told["error"] or told["waiting"]
    number = f", number {result['number']}" if result.get("number") is not None else ""
    reason = "" if why is None else f"\n{why['code']}: {why['detail']}"
    return f"{told['key']}: {told['state']} on {told['printer']} of {told['shop']}{number}{reason}"


def _exit_code(row: OrderRow, told: dict[str, Any]) -> int:
    if not row.final:
        return UNDECIDED if row.known is OutcomeState.UNDECIDED else OPEN
    return 0 if told["state"] == "done" else FAILED


@click.group()
def token() -> None:
    """Tokens of applications, for the HTTP face."""


@token.command("create")
@click.argument("name")
@click.option("--order", "may_order", is_flag=True, help="It may order documents; without this it may only read.")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="The day from which it does not count.")
@pass_session
def token_create(session: Session, name: str, expires: datetime | None, *, may_order: bool) -> None:
    """Make a token, and show it this once."""
    import re

    if re.fullmatch(TOKEN_NAME, name) is None:
        raise click.UsageError("a name has 1 to 64 characters of A-Z a-z 0-9 _ . -")
    with session.database() as db:
        try:
            ends = None if expires is None else expires.timestamp()
            made = tokens.make(db, name, time.time(), may_order=may_order, expires=ends)
        except tokens.TokenError as error:
            fail(str(error))
    session.show({"name": name, "token": made}, made)


@token.command("list")
@pass_session
def token_list(session: Session) -> None:
    """List all tokens."""
    with session.database() as db:
        found = tokens.listed(db)
    told = [
        {"name": each.name, "order": each.may_order, "created_at": moment(each.created),
         "expires": moment(each.expires), "revoked_at": moment(each.revoked)}
        for each in found
    ]  # fmt: skip
    lines = [
        f"{each['name']}  {'orders' if each['order'] else 'reads'}  since {each['created_at']}"
        f"{'  revoked' if each['revoked_at'] else ''}" for each in told
    ]  # fmt: skip
    session.show({"tokens": told}, "\n".join(lines) or "no tokens")


@token.command("revoke")
@click.argument("name")
@pass_session
def token_revoke(session: Session, name: str) -> None:
    """End a token."""
    with session.database() as db:
        try:
            tokens.revoke(db, name, time.time())
        except tokens.TokenError as error:
            fail(str(error))
    session.show({"revoked": name}, f"{name} is revoked")


@click.group()
def webhook() -> None:
    """Receivers of outcomes."""


@webhook.command("secret")
@click.argument("name")
@pass_session
def webhook_secret(session: Session, name: str) -> None:
    """Make the secret of [webhooks.NAME], or show it."""
    found = session.settings.webhooks.get(name)
    if found is None:
        fail(f"there is no [webhooks.{name}] in the configuration")
    path: Path = found.secret_file
    try:
        if not path.exists():
            with os.fdopen(private.open_file(path, os.O_WRONLY | os.O_EXCL), "w") as file:
                file.write(new_secret() + "\n")
        secrets = secret_lines(path)
    except (OSError, SecretUnusable) as error:
        fail(str(error))
    session.show({"secrets": secrets}, "\n".join(secrets))


@webhook.command("resend")
@click.argument("name")
@pass_session
def webhook_resend(session: Session, name: str) -> None:
    """Send the messages again that were given up."""
    with session.database() as db:
        count = letters.resend(db, name)
    session.show({"resent": count}, f"{count} messages are sent again")


COMMANDS = (submit, status, token, webhook)
