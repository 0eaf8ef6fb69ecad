"""``fiscald-vendor serve``: the server as a process, in the foreground."""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path

import anyio
import click

from fiscald.licence import tokens
from fiscald.licence.server import pepper, unnamed_proxy
from fiscald.licence.server.config import Config, host_and_port
from fiscald.licence.server.connections import Bounds, Connections
from fiscald.licence.server.keyring import Keyring, KeyringError
from fiscald.licence.server.refusals import Unable
from fiscald.licence.server.session import Session, fail, now
from fiscald.licence.server.store import Store, StoreError
from fiscald.terminal import VisibleFormatter

log = logging.getLogger(__name__)


@click.command()
@click.option("--config", "path", type=click.Path(path_type=Path, dir_okay=False), help="The same, said here.")
@click.pass_obj
def serve(session: Session, *, path: Path | None) -> None:
    """Run the server in the foreground. SIGHUP loads the TLS certificate again."""
    from fiscald.licence.server.serving import ListenError
    from fiscald.licence.server.tls import TlsError

    session.path = path or session.path
    config = session.config
    _start_logging(config.log_level)
    try:
        keys = session.keys()
        store = Store(config.database)
    except (KeyringError, StoreError) as error:
        fail(str(error))
    try:
        with store.transaction(now) as t:
            _check_signing_key(t.one("SELECT x FROM signing_key WHERE kid = ?", keys.kid), keys)
            pepper.check(t, config.keys.directory)
        anyio.run(_run, config, keys, store)
    except (ListenError, TlsError, KeyringError, Unable) as error:
        fail(str(error))
    finally:
        store.close()


async def _run(config: Config, keys: Keyring, store: Store) -> None:
    """Serve until SIGTERM or SIGINT. Raises ``ListenError`` and ``TlsError``."""
    from fiscald.licence.server.app import create_app
    from fiscald.licence.server.housekeeping import Housekeeping
    from fiscald.licence.server.issuing import Issuing
    from fiscald.licence.server.mail_values import mail_secrets
    from fiscald.licence.server.metrics import CountedTransport, Metrics
    from fiscald.licence.server.metrics_state import State, create_metrics_app
    from fiscald.licence.server.outbox import Outbox
    from fiscald.licence.server.reminders import Reminders
    from fiscald.licence.server.request_handler import RequestHandler
    from fiscald.licence.server.rules import Rules
    from fiscald.licence.server.serving import Door, bind
    from fiscald.licence.server.serving import serve as run
    from fiscald.licence.server.smtp import Smtp
    from fiscald.licence.server.tls import ServerCertificate, Tls
    from fiscald.licence.server.vendor_desk import DatabaseDesk
    from fiscald.licence.server.webhook import Webhook

    rules = Rules(keys, config.issuer, config.terms, config.limits)
    metrics = Metrics()
    outbox = Outbox(store, mail_secrets(rules), CountedTransport(Smtp(config.smtp), metrics), config.contact, now)
    handler = RequestHandler(store, rules, now)
    issuing = Issuing(store, rules, config.keys.mac, now)
    desk = DatabaseDesk(store, rules, now)
    app = create_app(handler, outbox, config.product_url, desk, issuing, metrics)
    webhook = Webhook(store, config.webhook, now)
    reminders = Reminders(store, rules, config.reminders.days, now)
    tls = None if config.tls is None else ServerCertificate(Tls(config.tls.certificate, config.tls.key))
    door = Door(app, bind(*config.address), tls=tls, trusted_proxies=config.trusted_proxies)
    doors = [door]
    if config.metrics is not None:
        state = State(config.database, door.connections, tls, now, handler.healthy)
        few = Connections(Bounds(total=50, share=20))
        doors.append(Door(create_metrics_app(metrics, state), bind(*host_and_port(config.metrics)), connections=few))

    async def serving(*, task_status: anyio.abc.TaskStatus[None]) -> None:
        await run(doors, outbox, task_status=task_status)

    async with anyio.create_task_group() as tasks:
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
            await tasks.start(serving)
            tasks.start_soon(unnamed_proxy.watch, store, door.connections)
            tasks.start_soon(Housekeeping(handler.tidy).run)
            tasks.start_soon(webhook.run)
            tasks.start_soon(reminders.run, outbox.wake)
            log.info("listening on %s", config.listen)
            async for number in signals:
                if number != signal.SIGHUP:
                    break
                if tls is None:
                    log.info("nothing to load again: there is no [tls]")
                else:
                    tls.reload()
        tasks.cancel_scope.cancel()


def _check_signing_key(row: tuple[str] | None, keys: Keyring) -> None:
    """The key in use is the one in the table. Raises ``KeyringError``."""
    if row is None or row[0] != tokens.public_x(keys.signing):
        raise KeyringError(f"{keys.kid}.pem is not the key that the database knows as {keys.kid}; restore either")


def _start_logging(level: str) -> None:
    """Lines to stderr; without time where the journal adds its own."""
    shape = "%(message)s" if "JOURNAL_STREAM" in os.environ else "%(asctime)s %(levelname)-7s %(message)s"
    logging.basicConfig(stream=sys.stderr, level=level.upper())
    logging.getLogger().handlers[0].setFormatter(VisibleFormatter(shape))
    for noisy in ("aiosmtplib", "httpcore", "httpx", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
