"""Serves the face of a gateway, and notices who is connected and which answers were delivered."""

from __future__ import annotations

import errno
import grp
import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

from fiscald.emulator.server import PortServer
from fiscald.gateway.clerk import SERIAL, Clerk
from fiscald.gateway.comport import ComPortStream
from fiscald.gateway.delivery import Watch, unacknowledged
from fiscald.gateway.door import Door
from fiscald.gateway.face import Face
from fiscald.gateway.settings import GatewaySettings
from fiscald.model.jobs import Job
from fiscald.transport import ByteStream, Recorder

#: Characters of a peer's name in a key.
_LONGEST_PEER = 45


class GatewayServer(PortServer[Face]):
    """See ``PortServer``."""

    def __init__(
        self,
        face: Face,
        clerk: Clerk,
        settings: GatewaySettings,
        door: Door,
        record: Callable[[ByteStream, str], ByteStream] = lambda stream, _peer: stream,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """``record`` records a stream to a program. ``changed`` is called when a program has connected, or left."""
        super().__init__(face)
        self._clerk = clerk
        self._settings = settings
        self._door = door
        self._record = record
        self._changed = changed
        self._watch: Watch | None = None
        self.program: str | None = None
        """The address of the program that is connected; a serial port does not show that."""
        face.on_answer = self._answer_comes
        clerk.on_settled = self.wake

    def admits(self, host: str) -> bool:
        """See ``PortServer.admits``."""
        return self._door.admits(host)

    def turned_away(self) -> None:
        """See ``PortServer.turned_away``."""
        self._door.turned_away()

    def prepare(self, path: str) -> None:
        """See ``PortServer.prepare``."""
        give(path, self._settings.group)

    def stream_of(self, caller: socket.socket) -> ByteStream:
        """See ``PortServer.stream_of``."""
        self.port.refresh()  # the printer may have become known just now: then the face has power
        stream = super().stream_of(caller)
        peer, unsent = peer_of(caller), partial(unacknowledged, caller)
        return Watch(ComPortStream(stream) if self._settings.com_port else stream, peer, unsent, self._door.hears)

    async def serve(self, stream: ByteStream) -> None:
        """See ``PortServer.serve``."""
        watch = stream if isinstance(stream, Watch) else Watch(stream, SERIAL, lambda: 0, self._door.hears)
        self._watch, self._clerk.peer = watch, watch.peer
        self.program = None if watch.peer == SERIAL else watch.peer
        self._door.comes()
        self._changed()
        try:
            await super().serve(Recorder(self._record(watch, watch.peer), self._passes))
        finally:
            self._watch = self.program = None
            if self._clerk.tape.leave():
                self._clerk.tape = self._clerk.new_tape()
            self._changed()

    def _passes(self, way: str, data: bytes) -> None:
        """Bytes pass: ``<`` from the program, ``>`` to it. What belongs to no document is not kept."""
        clerk = self._clerk
        if way == "<":
            if clerk.tape.is_over:
                clerk.tape = clerk.new_tape()
            clerk.tape.heard(data)
            return
        clerk.tape.told(data)
        if self.port.is_idle and not clerk.tape.is_over:
            clerk.tape = clerk.new_tape()

    def _answer_comes(self, job: Job, peer: str, until: float) -> None:
        if self._watch is not None:
            self._watch.expect(partial(self._clerk.delivered, job, peer), until)


def peer_of(caller: socket.socket) -> str:
    """The address of the other computer, as a part of a key."""
    try:
        return str(caller.getpeername()[0]).partition("%")[0][:_LONGEST_PEER]
    except OSError:
        return "gone"


def give(path: str, group: str | None) -> None:
    """Let the daemon's user and this group open the pseudo-terminal at ``path``, and no other user but root.

    Raises ``OSError``, which says what to do.
    """
    if group is None:
        Path(path).chmod(0o600)
        return
    try:
        number = grp.getgrnam(group).gr_gid
    except KeyError:
        raise OSError(errno.EINVAL, f"there is no group {group}: sudo groupadd {group}") from None
    try:
        os.chown(path, -1, number)
    except PermissionError:
        remedy = f"sudo usermod -aG {group} USER, and start it again"
        raise OSError(errno.EPERM, f"fiscald's user is not in the group {group}: {remedy}") from None
    Path(path).chmod(0o660)
