"""``fiscald-fleet``: the central of a fleet, and its administration."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from fiscald.fleet.central import cli_orders, cli_shops
from fiscald.fleet.central.alarms import listed as alarms_listed
from fiscald.fleet.central.alarms import see
from fiscald.fleet.central.keyring import KeyringError
from fiscald.fleet.central.session import Session, central_card, fail, pass_session
from fiscald.fleet.central.settings import DEFAULT_PATH
from fiscald.terminal import VisibleGroup


@click.group(cls=VisibleGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config", "path", type=click.Path(path_type=Path, dir_okay=False), default=DEFAULT_PATH, show_default=True,
    help="Configuration file (TOML).",
)  # fmt: skip
@click.option("--database", help="sqlite:///PATH or postgresql://USER@HOST/NAME (default: of the configuration).")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for scripts.")
@click.pass_context
def main(context: click.Context, path: Path, database: str | None, *, as_json: bool) -> None:
    """The central of a fleet: orders documents on printers of shops. docs/fleet-central.md."""
    former = os.umask(0o077)
    context.call_on_close(lambda: os.umask(former))
    context.obj = Session(path, database, as_json=as_json)


@main.command()
@pass_session
def serve(session: Session) -> None:
    """Run a dispatcher and the HTTP face in the foreground. Several may use one PostgreSQL database."""
    import logging
    import sys

    import anyio

    from fiscald.fleet.central.serving import serve as run
    from fiscald.licence.server.serving import ListenError
    from fiscald.licence.server.tls import TlsError
    from fiscald.terminal import VisibleFormatter

    shape = "%(message)s" if "JOURNAL_STREAM" in os.environ else "%(asctime)s %(levelname)-7s %(message)s"
    logging.basicConfig(stream=sys.stderr, level=session.settings.log_level.upper())
    logging.getLogger().handlers[0].setFormatter(VisibleFormatter(shape))
    for noisy in ("httpcore", "httpx", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    with session.database() as db:
        try:
            anyio.run(run, session.settings, db)
        except (ListenError, TlsError) as error:
            fail(str(error))


@main.group()
def keys() -> None:
    """The keys that sign orders and open outcomes."""


@keys.command("make")
@pass_session
def keys_make(session: Session) -> None:
    """Make the first keys."""
    _with_keys(session, "make")


@keys.command("prepare")
@pass_session
def keys_prepare(session: Session) -> None:
    """Make the next key for orders. It signs nothing before every shop knows it and `rotate` follows."""
    _with_keys(session, "prepare")


@keys.command("rotate")
@pass_session
def keys_rotate(session: Session) -> None:
    """Sign with the next key from now on. Restart `serve` after it."""
    _with_keys(session, "rotate")


@keys.command("show")
@pass_session
def keys_show(session: Session) -> None:
    """Show the public keys, as one line of JSON for `fiscalctl fleet enrol --central FILE`."""
    _with_keys(session, None)


def _with_keys(session: Session, verb: str | None) -> None:
    try:
        if verb is not None:
            getattr(session.keyring, verb)()
        card, following = central_card(session)
    except KeyringError as error:
        fail(str(error))
    text = json.dumps(card, separators=(",", ":"))
    if following is not None:
        both = f'orders_key = ["{card["orders_key"]}", "{following}"]'
        text += f"\n\nThe next key is {following}.\nWrite both into [fleet] of every shop, then rotate:\n\n{both}"
    session.show(card | ({} if following is None else {"next_orders_key": following}), text)


@main.group()
def acl() -> None:
    """Access lists for brokers."""


@acl.command("mosquitto")
@click.option("--user", default="central", show_default=True, help="The central's user, or its certificate's name.")
def acl_mosquitto(user: str) -> None:
    """For mosquitto: acl_file."""
    from fiscald.fleet.central.acl import mosquitto

    click.echo(mosquitto(_user(user)), nl=False)


@acl.command("emqx")
@click.option("--user", default="central", show_default=True, help="The central's user, or its certificate's name.")
def acl_emqx(user: str) -> None:
    """For EMQX 5: acl.conf."""
    from fiscald.fleet.central.acl import emqx

    click.echo(emqx(_user(user)), nl=False)


def _user(name: str) -> str:
    if not name.isprintable() or not name.isascii() or name.strip() != name or not name:
        raise click.UsageError("a user is one word of printable ASCII")
    return name


@main.command()
@click.option("--seen", type=int, metavar="NUMBER", help="Mark this alarm as seen; it stays in the list of all.")
@click.option("--all", "everything", is_flag=True, help="Also those that were seen.")
@pass_session
def alarms(session: Session, seen: int | None, *, everything: bool) -> None:
    """Show what shops signed and what must not be, such as a second, different final outcome."""
    from fiscald.fleet.central.answers import alarm_answer
    from fiscald.fleet.central.serving import now

    with session.database() as db:
        if seen is not None and not see(db, seen, now().timestamp()):
            fail(f"there is no alarm {seen}")
        found = [alarm_answer(each) for each in alarms_listed(db, seen=everything, limit=1000)]
    lines = [f"{each['number']}  {each['at']}  {each['shop']}  {each['key']}: {each['detail']}" for each in found]
    session.show({"alarms": found}, "\n".join(lines) or "no alarms")


for command in (*cli_orders.COMMANDS, *cli_shops.COMMANDS):
    main.add_command(command)


if __name__ == "__main__":
    main()
