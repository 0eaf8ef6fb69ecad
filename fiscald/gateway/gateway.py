"""One gateway: its face, its clerk and its server, around an engine."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import anyio
from anyio.abc import TaskGroup

from fiscald.engine import Engine
from fiscald.gateway.clerk import SERIAL, Clerk
from fiscald.gateway.day import Day
from fiscald.gateway.door import Door
from fiscald.gateway.faces import FACES
from fiscald.gateway.mirror import Mirror
from fiscald.gateway.repeats import Memory, Repeats, on_disk, read
from fiscald.gateway.server import GatewayServer
from fiscald.gateway.settings import GatewaySettings
from fiscald.gateway.tally import Tally
from fiscald.gateway.uptime import Uptime, uptime
from fiscald.model.problems import ProblemError
from fiscald.model.programs import PrinterGateway, Program
from fiscald.transport import ByteStream, MemoryStream

log = logging.getLogger(__name__)

Record = Callable[[ByteStream, str], ByteStream]
"""Records a stream to a program, with the program's address."""
#: Seconds until the face is brought up to date, if nothing changes before.
REFRESH = 1.0
#: Seconds before the next attempt to listen at an address that cannot be had.
LISTEN_AGAIN = 5.0
#: Seconds before a gateway starts again after an internal error.
RESTART_PAUSE = 1.0


class Gateway:
    """The gateway of one printer."""

    def __init__(
        self,
        engine: Engine,
        settings: GatewaySettings,
        clock: Callable[[], datetime],
        memory: Memory,
        save: Callable[[bytes], Awaitable[None]],
        uptime: Callable[[], Uptime] = uptime,
        record: Record = lambda stream, _peer: stream,
    ) -> None:
        """``clock`` is this computer's, aware. ``memory`` is what ``save`` has kept: see ``Repeats``.

        ``record`` records a stream to a program.
        """
        self._engine = engine
        self.settings = settings
        self._clock = clock
        self._record = record
        self._repeats = Repeats(f"gateway/{settings.printer}", memory, save, settings.repeat_seconds, uptime)
        self._tally = Tally(clock)
        self._door = Door(settings)
        self._open()
        engine.gateways[settings.printer] = self.summary

    def _open(self) -> None:
        """A new face, on which nothing is open."""
        settings = self.settings
        family = FACES[settings.family]
        self._day = Day(self._engine, settings.printer) if family.shows_totals else None
        speaks = Program(peer=SERIAL, family=settings.family, code_page=settings.code_page)
        self._clerk = Clerk(
            self._engine,
            settings.printer,
            self._repeats,
            self._clock,
            self._day,
            speaks=speaks,
            tally=self._tally,
            documents=settings.documents,
        )
        self._face = family(
            self._clerk,
            Mirror(self._clerk.status, self._clock, self._day),
            answer_seconds=settings.answer_seconds,
            profile=settings.profile,
            code_page=settings.code_page,
        )
        self._server = GatewayServer(self._face, self._clerk, settings, self._door, self._record, self._changed)

    @classmethod
    def on_disk(
        cls,
        engine: Engine,
        settings: GatewaySettings,
        clock: Callable[[], datetime],
        directory: Path,
        record: Record = lambda stream, _peer: stream,
    ) -> Gateway:
        """A gateway whose memory is a file in ``directory``. Raises ``OSError`` if that cannot be read."""
        path = directory / f"{settings.printer}.json"
        return cls(engine, settings, clock, read(path), on_disk(path), record=record)

    def _changed(self) -> None:
        """A program has connected, or left."""
        self._engine.changes.count(self.settings.printer)

    def summary(self) -> PrinterGateway:
        """What it has done since the start, and who is connected."""
        tally = self._tally
        return PrinterGateway(
            listen=self.settings.said, family=self.settings.family, open_to_all=self.settings.open_to_all,
            powered=self._face.powered, program=self._server.program, document=tally.document, printed=tally.printed,
            refused=tally.refused, repeated=tally.repeated, last_printed=tally.last_printed,
            last_refused=tally.last_refused, **self._door.seen(),
        )  # fmt: skip

    async def run(self) -> None:
        """Serve programs until cancelled.

        An error in our code must stop neither the printers nor the other gateways. It is as if the face lost its power.
        """
        while True:
            try:
                async with anyio.create_task_group() as tasks:
                    await self.start(tasks)
                    await self._listen(tasks)
            except* Exception:
                log.exception("%s: internal error in the gateway; it starts again", self.settings.printer)
            await anyio.sleep(RESTART_PAUSE)
            self._open()

    async def start(self, tasks: TaskGroup) -> None:
        """Keep the face up to date and carry out its documents, in ``tasks``."""
        self._clerk.work_in(tasks)
        tasks.start_soon(self._follow)

    def connect(self, tasks: TaskGroup) -> MemoryStream:
        """A line in memory to the face: the program's end."""
        return self._server.connect(tasks)

    async def _follow(self) -> None:
        """Bring the face up to date with every change, and let commands that waited go on."""
        while True:
            change = self._engine.changes.next()
            if self._day is not None:
                try:
                    await self._day.refresh(self._clerk.status())
                except ProblemError as error:
                    log.warning("%s: the gateway cannot read the journal: %s", self.settings.printer, error)
            self._face.refresh()
            self._server.wake()
            await change(REFRESH)

    async def _listen(self, tasks: TaskGroup) -> None:
        settings = self.settings
        warned = False
        while True:
            try:
                if settings.tcp is None:
                    assert settings.link is not None
                    await tasks.start(self._server.serve_pty, settings.link)
                else:
                    await tasks.start(self._server.serve_tcp, *settings.tcp)
            except OSError as error:
                self._door.cannot_listen(str(error.strerror or error))
                if not warned:
                    log.error(
                        "%s: the gateway cannot listen at %s (%s); trying again every %d s",
                        settings.printer, settings.said, error.strerror or error, LISTEN_AGAIN,
                    )  # fmt: skip
                warned = True
                await anyio.sleep(LISTEN_AGAIN)
                continue
            self._door.listens()
            log.info("%s: the gateway speaks %s at %s", settings.printer, settings.family, settings.said)
            if settings.open_to_all:
                log.warning(
                    "%s: every computer that reaches %s can print receipts and reports: the protocol knows no "
                    "password. Name the tills in allow",
                    settings.printer, settings.said,
                )  # fmt: skip
            return
