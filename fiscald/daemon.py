"""Builds the daemon from configuration, journal, licence, engine and API, and runs it."""

from __future__ import annotations

import gc
import logging
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import anyio
from anyio.abc import TaskStatus
from starlette.types import ASGIApp

from fiscald import SERIES, __version__, systemd
from fiscald.announcing import DESCRIPTORS, announce
from fiscald.api.app import create_app
from fiscald.api.connections import LEAST, Bounds, bounds
from fiscald.api.handlers import Api
from fiscald.api.requestlog import RequestLog
from fiscald.api.rights import Rights
from fiscald.api.server import ApiServer
from fiscald.api.tokens import Tokens
from fiscald.config import Config, PrinterConfig
from fiscald.consoles import console_of
from fiscald.engine import Engine, Printer, TokenRecords
from fiscald.fleet.shop import CHANGE_NAME
from fiscald.health import Health
from fiscald.joining import DESCRIPTORS as FLEET_DESCRIPTORS
from fiscald.joining import join
from fiscald.journal import (
    Doubt,
    JournalDamaged,
    JournalError,
    JournalMissing,
    Store,
    ThreadedJournal,
    UnusableJournal,
    prepare,
)
from fiscald.kept import kept_in
from fiscald.licence import LicenceGate, LicenceStore, Registration, StoreError
from fiscald.licence.machine import this_machine
from fiscald.licence.notes import KINDS, Note, Notes, read_note, with_note
from fiscald.listening import Listening, Sockets, open_sockets
from fiscald.model.times import POLISH_TIME, fixed
from fiscald.paper.copies import draw
from fiscald.protocols import family
from fiscald.protocols.base import Kept, Settings
from fiscald.recording.folder import RecordingFolder
from fiscald.recording.memory import Memory
from fiscald.recording.recorder import FlightRecorder
from fiscald.transport import plugged_in
from fiscald.transport.tcp import TcpHost
from fiscald.webhooks import Webhooks

if TYPE_CHECKING:
    from fiscald.gateway.gateway import Gateway

log = logging.getLogger(__name__)

#: Seconds that a running document gets when the daemon stops.
STOP_SECONDS = 30.0
#: File descriptors of a gateway: its listener, a program, its recording, those that wait for their turn, and one that
#: is refused; or a pseudo-terminal.
GATEWAY_DESCRIPTORS = 8
#: Seconds after which a daemon has met its printers.
_SETTLED = 10.0


def now() -> datetime:
    """The host's time, with its offset."""
    return fixed(datetime.now(POLISH_TIME))


async def run(
    config: Config,
    *,
    clock: Callable[[], float] = time.time,
    machine: Callable[[], str | None] = this_machine,
    new_journal: bool = False,
    task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Run the daemon until a signal (SIGTERM, SIGINT) or a cancellation stops it.

    ``clock`` is the time for licences, ``machine`` this computer's pseudonym. ``new_journal``: start a new journal in
    place of a lost one. Raises ``RightsError``, ``ListenError``, ``JournalError`` or ``SocketError`` if the daemon
    cannot start. An unreadable licence counts as none.
    """
    rights = _rights(config)
    listening = Listening(config.listen)
    open_to = prepare(config.state_dir)
    if open_to.read:
        log.warning("other users can read %s; run: chmod 700 %s", config.state_dir, config.state_dir)
    gate = _gate(config, clock, machine())
    journal = _journal(config, gate, new=new_journal)
    try:
        gate.keep_second(_JournalNotes(journal))
        recordings = RecordingFolder(
            config.state_dir / "recordings", now, size=config.recordings_mib << 20, days=config.recordings_days
        )
        memory = Memory(config.flight_recorders_mib << 20)
        printers = [
            _printer(
                name,
                printer,
                memory,
                recordings,
                ksef_warnings=config.ksef_warnings,
                kept=kept_in(config.state_dir / "kept" / f"{name}.json"),
            )
            for name, printer in config.printers.items()
        ]
        engine = Engine(printers, journal, gate, keep_days=config.keep_days, plugged_in=plugged_in, clock=now)
        gateways = _gateways(config, engine, printers)
        sockets = open_sockets(config)
        try:
            licence = config.licence
            registration = Registration(
                gate,
                clock,
                partial(_licence_changed, engine, gate),
                server=licence.server,
                ca_file=None if licence.ca_file is None else str(licence.ca_file),
                checks=licence.check == "daily",
            )
            webhooks = Webhooks({name: each.hook(name) for name, each in config.webhooks.items()}, journal, now)
            fleet = join(config, engine, gate, now)
            fleet.on_change(partial(engine.changes.count, CHANGE_NAME))
            beside = lambda: (*listening.notices(), *webhooks.notices(), *fleet.notices())  # noqa: E731
            health = Health(config.state_dir, readable=open_to.read, beside=beside)
            tokens = Tokens(TokenRecords(journal), now)
            api = Api(engine, registration, rights, health, draw, tokens, webhooks, fleet)
            console = None if config.listen is None else console_of(api, config.listen, listening.hosts, config.socket)
            app = create_app(api, hosts=listening.hosts, origins=listening.origins, console=console)
            server = ApiServer(_logged(app), sockets.all, _bounds(config), api.feed.run, listening.context)
            _log_configuration(config)
            async with anyio.create_task_group() as keepers:
                keepers.start_soon(health.run)
                keepers.start_soon(recordings.run)
                keepers.start_soon(tokens.run)
                keepers.start_soon(webhooks.run, engine.changes)
                keepers.start_soon(fleet.run)
                for gateway in gateways:
                    keepers.start_soon(gateway.run)
                if config.listen is not None and config.listen.announce:
                    keepers.start_soon(announce, config.listen)
                await _run(engine, registration, server, sockets, listening, task_status)
                keepers.cancel_scope.cancel()
        finally:
            sockets.close()
    finally:
        journal.close()
    log.info("stopped")


def _bounds(config: Config) -> Bounds:
    """How many connections the API accepts. The printers keep their own file descriptors."""
    addresses = [printer.parsed_address for printer in config.printers.values()]
    # A recording and a connection. pyserial also opens two pipes, libusb a timer and an event.
    reserved = sum(2 if isinstance(address, TcpHost) else 6 for address in addresses)
    if config.listen is not None and config.listen.announce:
        reserved += DESCRIPTORS
    reserved += GATEWAY_DESCRIPTORS * sum(printer.gateway is not None for printer in config.printers.values())
    reserved += FLEET_DESCRIPTORS if config.fleet is not None else 0
    found = bounds(reserved, len(addresses))
    if found.total == LEAST:
        log.warning("the limit of open files is low: the API accepts %d connections; see LimitNOFILE=", found.total)
    return found


def _rights(config: Config) -> Rights:
    rights = Rights(config.rights.given)
    if rights.absent:
        names = " and ".join(name.replace(":", " ") for name in rights.absent)
        log.warning("there is no %s on this computer: unassigned rights default to root and the daemon's user", names)
    return rights


def _licence_changed(engine: Engine, gate: LicenceGate) -> None:
    """The licence has changed: let the waiting jobs try again."""
    log.info("licence %s", gate.state().name)
    engine.licence_changed()
    systemd.notify(f"STATUS=licence {gate.state().name}")


def _journal(config: Config, gate: LicenceGate, *, new: bool) -> ThreadedJournal | UnusableJournal:
    """The journal. If it is unusable: a replacement that reports the reason, with a working status but no jobs."""
    directory = config.state_dir
    refusal = gate.state().refusal
    if refusal is not None and refusal.code == "licence.updates_ended" and Store.older(directory):
        # Checked before any migration, so that the user can install the covered version again.
        error = JournalDamaged(f"the journal belongs to an older version and stays unchanged: {refusal.detail}")
        log.critical("NOTHING WILL BE PRINTED: %s", error)
        return UnusableJournal(directory, error)
    try:
        subscriptions = [each.hook(name)[0].subscription for name, each in config.webhooks.items()]
        journal = ThreadedJournal(directory, now, printers=config.printers, webhooks=subscriptions, new=new)
    except JournalMissing as error:
        log.critical("the journal is missing, fiscald does not start: %s", error)
        raise
    except JournalDamaged as error:
        log.critical("the journal is damaged, NOTHING WILL BE PRINTED: %s", error)
        return UnusableJournal(directory, error)
    if journal.kept is not None:
        log.warning("this version has converted the journal; %s is a copy from before, for the older one", journal.kept)
    if journal.doubt is Doubt.OLDER:
        missing = "another journal" if journal.missing_changes is None else f"{journal.missing_changes} changes"
        log.critical(
            "the journal is not the one that ran here last (%s missing): NOTHING NEW WILL BE PRINTED until a person "
            "confirms it for each printer: fiscalctl journal confirm NAME",
            missing,
        )
    elif journal.doubt is Doubt.MOVED:
        log.warning("someone put the journal here; fiscald compares it with the counters of each printer")
    return journal


class _JournalNotes:
    """The licence's notes in the journal: see ``fiscald.licence.notes.SecondRecord``."""

    def __init__(self, journal: ThreadedJournal | UnusableJournal) -> None:
        self._journal = journal
        self._notes: Notes = ()
        if isinstance(journal, ThreadedJournal):
            with suppress(JournalError):
                found = journal.run_here(Store.licence_notes)
                self._notes = tuple(read_note(*each) for each in found if each[0] in KINDS)

    def notes(self) -> Notes:
        """All of them."""
        return self._notes

    def keep(self, note: Note) -> None:
        """Store a note. Raises ``StoreError``."""
        if not isinstance(self._journal, ThreadedJournal):
            raise StoreError("the journal, which also keeps the licence's notes, is unusable")
        try:
            self._journal.run_here(Store.keep_licence_note, note.kind, note.licence, note.word, note.seq, note.at)
        except JournalError as error:
            raise StoreError(str(error)) from None
        self._notes = with_note(self._notes, note)


def _gate(config: Config, clock: Callable[[], float], machine: str | None) -> LicenceGate:
    keys = LicenceGate.keys(test_keys=config.licence.test_keys)
    return LicenceGate(
        LicenceStore(config.state_dir / "licence", keys),
        test_keys=config.licence.test_keys,
        machine=machine,
        series=SERIES,
        version=__version__,
        seller=None if config.company is None else config.company.company,
        clock=clock,
    )


def _printer(
    name: str,
    config: PrinterConfig,
    memory: Memory,
    recordings: RecordingFolder,
    *,
    ksef_warnings: bool,
    kept: Kept | None = None,
) -> Printer:
    chosen = family(config.family)
    settings = Settings(name, config.options, kept or Kept())
    address = config.parsed_address
    folder = recordings if config.record else None
    recorder = FlightRecorder(
        name, chosen.name, str(address), now, keep=config.flight_recorder_kib * 1024, memory=memory, folder=folder,
        programs=None if config.gateway is None else config.gateway.family,
    )  # fmt: skip
    return Printer(
        name,
        chosen,
        address,
        settings,
        recorder.wrap,
        recorder.kept,
        recorder.follow,
        shared=config.shared,
        ksef_warnings=ksef_warnings,
        wrap_program=recorder.wrap_program,
    )


def _gateways(config: Config, engine: Engine, printers: Sequence[Printer]) -> list[Gateway]:
    """The gateways of the printers that have one.

    A gateway that does not know what it has printed last does not start: it would print a repetition.
    """
    configured = {name: printer.gateway for name, printer in config.printers.items() if printer.gateway is not None}
    if not configured:
        return []
    # Imported here: it brings the emulated printers, and a shop without gateways needs none of them.
    from fiscald.gateway.gateway import Gateway

    directory = config.state_dir / "gateway"
    record = {printer.name: printer.wrap_program for printer in printers}
    gateways = []
    for name, gateway in configured.items():
        settings = gateway.settings(name, config.state_dir)
        try:
            gateways.append(Gateway.on_disk(engine, settings, now, directory, record[name]))
        except OSError as error:
            log.error("%s: the gateway does not start: cannot read %s (%s)", name, error.filename, error.strerror)
    return gateways


def _logged(app: ASGIApp) -> ASGIApp:
    return RequestLog(app) if log.isEnabledFor(logging.DEBUG) else app


def _log_configuration(config: Config) -> None:
    """Log what is missing for printing, and at level debug the configuration."""
    if not config.printers:
        log.warning("no printer is configured, so fiscald prints nothing; find printers with: fiscalctl scan --probe")
    log.debug("state directory %s, keeping answers for %s days", config.state_dir, config.keep_days)
    for name, printer in config.printers.items():
        log.debug("%s: %s at %s%s", name, printer.family, printer.address, printer.said)
    for name, webhook in config.webhooks.items():
        log.debug("webhook %s: %s to %s", name, ", ".join(webhook.events), webhook.hook(name)[0].receiver)


async def _run(
    engine: Engine,
    registration: Registration,
    server: ApiServer,
    sockets: Sockets,
    listening: Listening,
    task_status: TaskStatus[None],
) -> None:
    gate = registration.gate
    # Catch signals until the end: a second signal must not kill a document that is printing.
    with _signals() as signals:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_settle)
            tasks.start_soon(engine.run)
            tasks.start_soon(registration.run)
            tasks.start_soon(server.run)
            tasks.start_soon(_feed_watchdog)
            await server.started()
            state = gate.state()
            log.info("fiscald %s is ready at %s, licence %s", __version__, sockets.said, state.name)
            if state.refusal is not None:
                log.warning(
                    "the licence does not allow printing (%s); see: fiscalctl licence status", state.refusal.code
                )
            if gate.test_keys:
                log.warning("test keys are accepted: fiscald works with emulated printers only")
            systemd.notify(f"READY=1\nSTATUS=licence {state.name}")
            task_status.started()
            await _wait_for_stop(signals, engine, gate, listening)
            systemd.notify("STOPPING=1")
            await engine.stop(STOP_SECONDS)
            server.stop()
            await server.stopped()
            with suppress(StoreError):
                await anyio.to_thread.run_sync(gate.save_time)
            tasks.cancel_scope.cancel()


def _signals() -> AbstractContextManager[AsyncIterator[signal.Signals] | None]:
    """The daemon's signals; none outside the main thread, where the caller cancels."""
    if threading.current_thread() is not threading.main_thread():
        return nullcontext()
    return anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


async def _wait_for_stop(
    signals: AsyncIterator[signal.Signals] | None, engine: Engine, gate: LicenceGate, listening: Listening
) -> None:
    """Wait for a signal to stop. SIGHUP reads the licence and the listener's certificate again."""
    if signals is None:
        await anyio.sleep_forever()
        return
    async for number in signals:
        if number != signal.SIGHUP:
            log.info("stopping (%s)", number.name)
            return
        await anyio.to_thread.run_sync(gate.reload)
        await anyio.to_thread.run_sync(listening.reload)
        log.info("reading the licence again (SIGHUP)")
        _licence_changed(engine, gate)


async def _settle() -> None:
    """Let what the start made stay in memory: a full search for garbage among 100 printers takes 31 ms.

    Until then only new objects are searched.
    """
    young, middle, old = gc.get_threshold()
    gc.set_threshold(young, middle, 1_000_000)
    try:
        await anyio.sleep(_SETTLED)
        gc.freeze()
    finally:
        gc.set_threshold(young, middle, old)


async def _feed_watchdog() -> None:
    """Feed systemd's watchdog from the event loop that does the work, so that systemd restarts a stuck daemon."""
    seconds = systemd.watchdog_seconds()
    while seconds is not None:
        systemd.notify("WATCHDOG=1")
        await anyio.sleep(seconds)
