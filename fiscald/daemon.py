"""The composition root: puts configuration, journal, licence, engine and API together and runs them."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from datetime import datetime
from pathlib import Path

import anyio
from anyio.abc import TaskStatus

from fiscald import SERIES_RELEASED, __version__, systemd
from fiscald.api.app import create_app
from fiscald.api.server import ApiServer, bind, inherited
from fiscald.config import Config, PrinterConfig
from fiscald.engine import Engine, Printer
from fiscald.journal import JournalDamaged, ThreadedJournal, UnusableJournal
from fiscald.licence import LicenceGate, LicenceStore
from fiscald.licence.machine import this_machine
from fiscald.model.printers import POLISH_TIME
from fiscald.protocols import family
from fiscald.protocols.base import Settings
from fiscald.recording import recorder
from fiscald.transport import plugged_in

log = logging.getLogger(__name__)

#: Seconds a document in hand is given when the daemon is told to stop.
STOP_SECONDS = 30.0


def now() -> datetime:
    """The host's time, aware."""
    return datetime.now(POLISH_TIME)


async def run(config: Config, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
    """Run the daemon until it is told to stop (SIGTERM, SIGINT) or cancelled.

    Raises ``JournalError``, ``StoreError`` or ``SocketError`` when it cannot start.
    """
    journal = _journal(config.state_dir)
    try:
        gate = _gate(config)
        printers = [_printer(name, printer, config.state_dir) for name, printer in config.printers.items()]
        engine = Engine(printers, journal, gate, keep_days=config.keep_days, plugged_in=plugged_in)
        passed = inherited()
        sockets = passed or [bind(config.socket)]
        server = ApiServer(create_app(engine, gate), sockets)
        try:
            await _run(engine, gate, server, task_status)
        finally:
            _close(sockets, None if passed else config.socket)
    finally:
        journal.close()
    log.info("stopped")


def _journal(directory: Path) -> ThreadedJournal | UnusableJournal:
    """The journal; or, if it is damaged, one that says so: the status goes on, nothing is accepted or printed."""
    try:
        return ThreadedJournal(directory, now)
    except JournalDamaged as error:
        log.critical("the journal is damaged, NOTHING WILL BE PRINTED: %s", error)
        return UnusableJournal(directory, error)


def _gate(config: Config) -> LicenceGate:
    keys = LicenceGate.keys(test_keys=config.licence.test_keys)
    return LicenceGate(
        LicenceStore(config.state_dir / "licence", keys),
        test_keys=config.licence.test_keys,
        machine=this_machine(),
        released=SERIES_RELEASED,
    )


def _printer(name: str, config: PrinterConfig, state_dir: Path) -> Printer:
    chosen = family(config.family)
    settings = Settings(name, config.code_page or chosen.code_pages[0], config.profile)
    wrap = recorder(name, state_dir / "recordings", now) if config.record else None
    address = config.parsed_address
    return Printer(name, chosen, address, settings, wrap) if wrap else Printer(name, chosen, address, settings)


async def _run(engine: Engine, gate: LicenceGate, server: ApiServer, task_status: TaskStatus[None]) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(engine.run)
        tasks.start_soon(server.run)
        tasks.start_soon(_feed_watchdog)
        await server.started()
        state = gate.state()
        log.info("fiscald %s is ready, licence %s", __version__, state.name)
        if gate.test_keys:
            log.warning("test keys are accepted: only emulated printers may be used")
        systemd.notify(f"READY=1\nSTATUS=licence {state.name}")
        task_status.started()
        await _wait_for_signal(engine, gate)
        systemd.notify("STOPPING=1")
        await engine.stop(STOP_SECONDS)
        server.stop()
        await server.stopped()
        tasks.cancel_scope.cancel()


async def _wait_for_signal(engine: Engine, gate: LicenceGate) -> None:
    """Returns when told to stop; SIGHUP reads the licence again."""
    if threading.current_thread() is not threading.main_thread():
        await anyio.sleep_forever()  # whoever started us cancels
    receiver = anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    with receiver as signals:
        async for number in signals:
            if number != signal.SIGHUP:
                log.info("told to stop (%s)", number.name)
                return
            await anyio.to_thread.run_sync(gate.reload)
            engine.licence_changed()
            log.info("licence read again: %s", gate.state().name)


async def _feed_watchdog() -> None:
    """From the loop that does the work: a stuck loop is a dead daemon."""
    seconds = systemd.watchdog_seconds()
    while seconds is not None:
        systemd.notify("WATCHDOG=1")
        await anyio.sleep(seconds)


def _close(sockets: list[socket.socket], path: Path | None) -> None:
    for listener in sockets:
        listener.close()
    if path is not None:
        path.unlink(missing_ok=True)
