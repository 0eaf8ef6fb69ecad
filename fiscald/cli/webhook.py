"""``fiscalctl webhook``: the receivers of job events, their dead letters, tests and secrets."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from fiscald import private
from fiscald.cli.context import DONE, FAILED, REFUSED, USAGE, Context, everything, pass_context
from fiscald.cli.scan import config_option
from fiscald.diagnostics.facts import default_daemon_user
from fiscald.model.webhooks import DeadLetter, WebhookStatus
from fiscald.terminal import shown, visible
from fiscald.webhooks.secret_file import SecretUnusable, secret_lines
from fiscald.webhooks.signing import new_secret


@click.group()
def webhook() -> None:
    """Look after webhooks: job events that the daemon sends to URLs."""


@webhook.command("list")
@pass_context
def list_webhooks(context: Context) -> None:
    """Show all webhooks, and whether messages reach their receivers."""
    with context.client() as client:
        found = client.webhooks()
    content = {"webhooks": [everything(each) for each in found]}
    context.show(content, lambda: "\n".join(map(_line, found)) or "no webhook is configured")


@webhook.command()
@click.argument("name")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
@pass_context
def dead(context: Context, name: str, *, limit: int) -> None:
    """Show the messages to the webhook NAME that were given up, oldest first."""
    letters: list[DeadLetter] = []
    after: int | None = 0
    with context.client() as client:
        while after is not None and len(letters) < limit:
            page = client.dead_letters(name, after=after, limit=min(1000, limit - len(letters)))
            letters += page.dead
            after = page.next
    content = {"dead": [everything(each) for each in letters], "next": after}
    context.show(content, lambda: "\n".join(map(_dead_line, letters)) or "no dead letters")


@webhook.command()
@click.argument("name")
@click.argument("ids", type=click.IntRange(1), nargs=-1)
@click.option("--all", "everything_dead", is_flag=True, help="Send all dead letters again.")
@pass_context
def resend(context: Context, name: str, *, ids: tuple[int, ...], everything_dead: bool) -> None:
    """Send dead letters of the webhook NAME again: those with these IDS, or --all.

    The receiver gets each with its former webhook-id.
    """
    if bool(ids) == everything_dead or len(ids) > 1000:
        context.fail(USAGE, "give the ids of dead letters (at most 1000), or --all; see: fiscalctl webhook dead")
    with context.client() as client:
        found = client.resend(name, ids or None)
    context.show(everything(found), lambda: f"{found.resent} messages are sent again")


@webhook.command()
@click.argument("name")
@pass_context
def test(context: Context, name: str) -> None:
    """Send a test message to the webhook NAME now.

    Exit codes: 0 the receiver accepted it, 1 it did not.
    """
    with context.client() as client:
        found = client.test_webhook(name)
    answer = "no answer" if found.status is None else f"HTTP {found.status}"
    context.show(
        everything(found),
        lambda: f"delivered: {answer}" if found.delivered else f"not delivered: {visible(found.reason or answer)}",
    )
    sys.exit(DONE if found.delivered else FAILED)


@webhook.command()
@click.argument("name")
@config_option
@click.option("--add", is_flag=True, help="Add a new secret before the old one: both sign until --drop.")
@click.option("--drop", is_flag=True, help="Remove the old secret: the receiver knows the new one.")
@pass_context
def secret(context: Context, name: str, *, config_path: Path, add: bool, drop: bool) -> None:
    """Make the secret file of the webhook NAME, and print the secret once, for the receiver.

    To replace a secret: --add, give the new one to the receiver, then --drop. The daemon reads the file for every
    message, so it needs no restart. The file gets the mode 0600; if root runs this, it belongs to the daemon's user.
    """
    from fiscald.config import ConfigDenied, ConfigError, load

    if add and drop:
        context.fail(USAGE, "--add and --drop are two steps; between them the receiver learns the new secret")
    try:
        config = load(config_path)
    except ConfigError as error:
        context.fail(REFUSED if isinstance(error, ConfigDenied) else USAGE, str(error))
    if name not in config.webhooks:
        known = ", ".join(config.webhooks) or "none"
        context.fail(USAGE, f"there is no [webhooks.{name}] in {config_path}; there are: {known}")
    path = config.webhooks[name].secret_file
    try:
        lines = _changed(path, add=add, drop=drop)
        _write(path, lines)
    except SecretUnusable as error:
        context.fail(FAILED, str(error))
    except OSError as error:
        context.fail(FAILED, f"{error.filename or path}: {error.strerror}")
    content = {"file": str(path), "secrets": len(lines)} | ({} if drop else {"secret": lines[0]})
    context.show(content, lambda: f"{path}: the old secret is removed" if drop else lines[0])


def _changed(path: Path, *, add: bool, drop: bool) -> list[str]:
    """The secrets for the file, the newest first. Raises ``SecretUnusable``."""
    if not add and not drop:
        if os.path.lexists(path):
            raise SecretUnusable(f"{path} exists already; to replace its secret: --add, later --drop")
        return [new_secret()]
    lines = secret_lines(path)
    if drop and len(lines) < 2:
        raise SecretUnusable(f"{path} has one secret; first add the new one: --add")
    if add and len(lines) > 1:
        raise SecretUnusable(f"{path} has two secrets already; first remove the old one: --drop")
    return lines[:1] if drop else [new_secret(), *lines]


def _write(path: Path, lines: list[str]) -> None:
    """Replace the file, so that the daemon reads the old one or the new one. Raises ``OSError``."""
    owner = path.stat() if path.exists() else None
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = private.open_file(part, os.O_WRONLY | os.O_EXCL)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            if os.geteuid() == 0:
                _give(file.fileno(), owner)
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _give(descriptor: int, owner: os.stat_result | None) -> None:
    """Give the file to its former owner, or to the daemon's user."""
    if owner is not None:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
        return
    try:
        user = pwd.getpwnam(default_daemon_user())
    except KeyError:
        return
    os.fchown(descriptor, user.pw_uid, user.pw_gid)


def _line(each: WebhookStatus) -> str:
    return "\n".join(_lines(each))


def _lines(each: WebhookStatus) -> Iterator[str]:
    each = shown(each)
    printers = "all printers" if each.printers is None else ", ".join(each.printers)
    yield f"{each.name}: {each.state}, {each.waiting} waiting, {each.dead} dead; to {each.receiver}"
    yield f"  {', '.join(each.events)} of {printers}"
    if each.reason is not None:
        yield f"  {each.reason}"
    if each.failing_since is not None:
        yield f"  failing since {each.failing_since:%Y-%m-%d %H:%M:%S}, {each.failures} tries"
    if each.delivered_at is not None:
        yield f"  last delivered {each.delivered_at:%Y-%m-%d %H:%M:%S}"


def _dead_line(each: DeadLetter) -> str:
    each = shown(each)
    return f"{each.id}  {each.since:%Y-%m-%d %H:%M}  {each.type}  {each.key}  {each.reason}"
