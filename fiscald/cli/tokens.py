"""``fiscalctl token``: tokens for programs on the network."""

from __future__ import annotations

import re
from datetime import datetime, time
from typing import Any

import click

from fiscald.cli.context import USAGE, Context, everything, pass_context
from fiscald.model.rights import Right
from fiscald.model.times import POLISH_TIME
from fiscald.model.tokens import TOKEN_NAME, Token
from fiscald.terminal import shown

_NONE = "none"


class _Rights(click.ParamType[tuple[Right, ...]]):
    """Rights, separated by commas."""

    name = "rights"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Right, ...]:
        """See ``click.ParamType``."""
        if isinstance(value, tuple):
            return value
        words = [] if value == _NONE else str(value).split(",")
        try:
            return tuple(dict.fromkeys(Right(word.strip()) for word in words))
        except ValueError:
            self.fail(f"{value!r}: write some of {', '.join(Right)}, separated by commas, or {_NONE}", param, ctx)


@click.group()
def token() -> None:
    """Make, list and revoke tokens: with one, a program on the network says who it is."""


@token.command()
@click.argument("name")
@click.option("--rights", type=_Rights(), required=True, help=f"Rights, separated by commas, or {_NONE}: reading only.")
@click.option("--printer", "printers", multiple=True, help="Only this printer and its documents (default: all).")
@click.option("--expires", type=click.DateTime(("%Y-%m-%d",)), help="Last day on which it is valid.")
@pass_context
def create(
    context: Context, name: str, *, rights: tuple[Right, ...], printers: tuple[str, ...], expires: datetime | None
) -> None:
    """Make the token NAME, and print it. It is shown only now: the daemon keeps a hash.

    You can give it only rights that you have. The program may do what the token may do, no matter which user runs it.
    """
    end = None if expires is None else datetime.combine(expires, time(23, 59, 59), POLISH_TIME)
    if end is not None and end < datetime.now(POLISH_TIME):
        context.fail(USAGE, f"--expires {expires:%Y-%m-%d} is over")
    if not _is_name(name):
        context.fail(USAGE, f"{name!r} is no name: letters, digits, _ . and -, at most 64")
    with context.client() as client:
        made = client.make_token(name, rights, printers=printers or None, expires=end)
    context.show(everything(made), lambda: shown(made).token)
    if not context.as_json:
        click.echo("Keep it: it is not shown again. The program sends it as: Authorization: Bearer TOKEN", err=True)


@token.command(name="list")
@click.option("--all", "with_revoked", is_flag=True, help="Also revoked ones.")
@pass_context
def list_tokens(context: Context, *, with_revoked: bool) -> None:
    """List tokens with their rights, and when and from where each was used last."""
    with context.client() as client:
        found = [each for each in client.tokens() if with_revoked or each.revoked_at is None]
    context.show(
        {"tokens": [everything(each) for each in found]}, lambda: "\n".join(map(_text, found)) or "there are no tokens"
    )


@token.command()
@click.argument("name")
@pass_context
def revoke(context: Context, name: str) -> None:
    """Revoke the token NAME, at once and for good. Its open requests end."""
    with context.client() as client:
        found = client.revoke_token(name)
    context.show(everything(found), lambda: _text(found))


def _is_name(text: str) -> bool:
    return re.fullmatch(TOKEN_NAME, text, re.ASCII) is not None


def _text(found: Token) -> str:
    found = shown(found)
    printers = "all printers" if found.printers is None else ", ".join(found.printers)
    parts = [f"{found.name}: {', '.join(found.rights) or 'reading only'}; {printers}"]
    if found.revoked_at is not None:
        parts.append(f"revoked {found.revoked_at:%Y-%m-%d %H:%M}")
    elif found.expires is not None:
        over = found.expires <= datetime.now(POLISH_TIME)
        parts.append(f"{'EXPIRED' if over else 'valid until'} {found.expires.astimezone(POLISH_TIME):%Y-%m-%d}")
    if found.used_at is None:
        parts.append("never used")
    else:
        parts.append(f"last used {found.used_at.astimezone(POLISH_TIME):%Y-%m-%d %H:%M} from {found.used_from}")
    return "; ".join(parts)
