"""``fiscald-vendor``: runs the licence server and administers it."""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

import anyio
import click

from fiscald.licence import tokens
from fiscald.licence.server import cli_access, cli_audit, cli_licences, cli_selling
from fiscald.licence.server.cli_keys import keys
from fiscald.licence.server.config import DEFAULT_PATH, Config
from fiscald.licence.server.keyring import Keyring, KeyringError
from fiscald.licence.server.refusals import Unable
from fiscald.licence.server.session import Session, fail, now
from fiscald.licence.server.store import Store, StoreError
from fiscald.terminal import VisibleFormatter, VisibleGroup


@click.group(cls=VisibleGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config", "path", type=click.Path(path_type=Path, dir_okay=False), default=DEFAULT_PATH, show_default=True,
    help="Configuration file (TOML).",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for scripts.")
@click.pass_context
def main(context: click.Context, path: Path, *, as_json: bool) -> None:
    """The vendor's licence server and its administration."""
    context.obj = Session(path, as_json=as_json)


# -- the server ------------------------------------------------------------------------------------------


@main.command()
@click.option("--config", "path", type=click.Path(path_type=Path, dir_okay=False), help="The same, said here.")
@click.pass_obj
def serve(session: Session, *, path: Path | None) -> None:
    """Run the server in the foreground."""
    from fiscald.licence.server.serving import ListenError, Tls, bind
    from fiscald.licence.server.serving import serve as run

    session.path = path or session.path
    config = session.config
    _start_logging(config.log_level)
    try:
        keys = session.keys()
        store = Store(config.database)
    except (KeyringError, StoreError) as error:
        fail(str(error))
    try:
        _check_signing_key(store, keys)
        listener = bind(*config.address)
        tls = None if config.tls is None else Tls(config.tls.certificate, config.tls.key)

        async def until_signalled() -> None:
            app, outbox, webhook, reminders = _build(config, keys, store)
            async with anyio.create_task_group() as tasks:

                async def serving(*, task_status: anyio.abc.TaskStatus[None]) -> None:
                    await run(
                        app, outbox, listener, tls=tls, trusted_proxies=config.trusted_proxies, task_status=task_status
                    )

                with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
                    await tasks.start(serving)
                    tasks.start_soon(webhook.run)
                    tasks.start_soon(reminders.run, outbox.wake)
                    logging.getLogger(__name__).info("listening on %s", config.listen)
                    async for _ in signals:
                        break
                tasks.cancel_scope.cancel()

        anyio.run(until_signalled)
    except (ListenError, KeyringError, Unable) as error:
        fail(str(error))
    finally:
        store.close()


def _build(config: Config, keys: Keyring, store: Store) -> tuple[Any, Any, Any, Any]:
    from fiscald.licence.server.app import create_app
    from fiscald.licence.server.issuing import Issuing
    from fiscald.licence.server.outbox import Outbox
    from fiscald.licence.server.reminders import Reminders
    from fiscald.licence.server.request_handler import RequestHandler
    from fiscald.licence.server.rules import Rules
    from fiscald.licence.server.smtp import Smtp
    from fiscald.licence.server.webhook import Webhook

    rules = Rules(keys, config.issuer, config.terms, config.limits)
    outbox = Outbox(store, rules, Smtp(config.smtp), config.smtp.sender, now)
    issuing = Issuing(store, rules, config.keys.mac, now)
    app = create_app(RequestHandler(store, rules, now), outbox, config.product_url, issuing)
    return app, outbox, Webhook(store, config.webhook, now), Reminders(store, rules, config.reminders.days, now)


def _check_signing_key(store: Store, keys: Keyring) -> None:
    """The key in use is the one in the table. Raises ``KeyringError``."""
    with store.transaction(now) as t:
        row = t.one("SELECT x FROM signing_key WHERE kid = ?", keys.kid)
    if row is None or row[0] != tokens.public_x(keys.signing):
        raise KeyringError(f"{keys.kid}.pem is not the key that the database knows as {keys.kid}; restore either")


def _start_logging(level: str) -> None:
    """Lines to stderr; without time where the journal adds its own."""
    shape = "%(message)s" if "JOURNAL_STREAM" in os.environ else "%(asctime)s %(levelname)-7s %(message)s"
    logging.basicConfig(stream=sys.stderr, level=level.upper())
    logging.getLogger().handlers[0].setFormatter(VisibleFormatter(shape))
    for noisy in ("aiosmtplib", "httpcore", "httpx", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


for command in (*cli_selling.COMMANDS, *cli_licences.COMMANDS, *cli_audit.COMMANDS, cli_access.token, keys):
    main.add_command(command)


if __name__ == "__main__":
    main()
