"""Probes a port with every family and speed; keeps the received bytes even without a valid reply."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

import anyio

from fiscald.diagnostics.candidates import Candidate
from fiscald.diagnostics.host import Host
from fiscald.model.problems import Problem
from fiscald.protocols import family
from fiscald.protocols.base import DialogueAborted, Identification
from fiscald.recording.identify import Disturbed, identify
from fiscald.transport import (
    Address,
    ByteStream,
    HttpHost,
    HttpsHost,
    LinkError,
    PortHeld,
    Recorder,
    SerialLine,
    TcpHost,
    UnknownHttps,
)

#: Seconds for the first answer (clients that look for a printer wait 0.5: POSNET reference, section 2.1), and for
#: each of those that follow, which may be long ones on a slow line.
FIRST_SECONDS, LATER_SECONDS = 1.0, 5.0
#: Seconds between two attempts to open a port that another program uses.
AGAIN = 0.05
#: Number of tries if a reply is damaged: the rest of an earlier reply can damage the next one.
TRIES = 2
#: linux/asm-generic/ioctls.h: whether TIOCEXCL is set.
_TIOCGEXCL = 0x80045440
#: How the answer of a server begins that wants TLS: an alert, or HTTP with an error.
_TLS_OR_HTTP = (b"\x15\x03", b"HTTP/1.")
#: The modem lines of an open port, by the kernel's bits.
_LINES = {
    "RTS": termios.TIOCM_RTS, "CTS": termios.TIOCM_CTS, "DTR": termios.TIOCM_DTR, "DSR": termios.TIOCM_DSR,
    "CD": termios.TIOCM_CD, "RI": termios.TIOCM_RI,
}  # fmt: skip


class Heard(StrEnum):
    """What the port sent back."""

    ANSWER = "answer"
    """A printer of that family."""
    NAMELESS = "nameless"
    """Intact answers of that family without an identity: off-line, or out of order."""
    ECHO = "echo"
    """Only the bytes that were sent."""
    GARBAGE = "garbage"
    """Bytes that are not an answer of that family."""
    NOTHING = "nothing"
    LOST = "lost"
    """The link ended during the probe."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One family at one speed."""

    address: Address
    family: str
    heard: Heard
    sent: bytes
    received: bytes
    detail: str = ""
    introduction: Identification | None = None
    problem: Problem | None = None
    """Why it does not report its identity."""
    lines: tuple[str, ...] | None = None
    """The modem lines that were on while the port was open; ``None`` if it has none."""

    @property
    def echoes(self) -> bool:
        """Whether the sent bytes came back, alone or before the answer."""
        return bool(self.sent) and self.received.startswith(self.sent[: len(self.received)])


@dataclass(frozen=True, slots=True)
class Probed:
    """The result for one candidate."""

    candidate: Candidate
    attempts: tuple[Attempt, ...] = ()
    problem: LinkError | None = None
    """Why it could not be opened."""

    @property
    def answer(self) -> Attempt | None:
        """The attempt that a printer answered."""
        return next((attempt for attempt in self.attempts if attempt.heard is Heard.ANSWER), None)

    @property
    def best(self) -> Attempt | None:
        """The most informative attempt: an answer, or the closest to one."""
        return min(self.attempts, key=lambda attempt: list(Heard).index(attempt.heard), default=None)


class Asking(NamedTuple):
    """An attempt that is about to start."""

    candidate: Candidate
    family: str
    address: Address
    number: int
    """Number of the attempt at this place, from 1."""
    of: int
    """Maximum number of attempts; each waits a few seconds for a reply."""


async def probe(
    candidate: Candidate, host: Host, *, asking: Callable[[Asking], None] = lambda _: None, patience: float = 0.0
) -> Probed:
    """Probe until a printer answers. The candidate must have no ``refusal``.

    Calls ``asking`` before every attempt. ``patience``: seconds to wait for a port that its user closes now and then.
    """
    assert candidate.refusal is None
    attempts: list[Attempt] = []
    settings = list(_settings(candidate))
    for number, (name, address) in enumerate(settings, start=1):
        asking(Asking(candidate, name, address, number, len(settings)))
        for _ in range(TRIES):
            try:
                attempt = await _attempt(name, await _known_certificate(address), host, patience)
                if _may_be_secured(candidate, attempt):
                    with suppress(LinkError):
                        secured = await UnknownHttps(*_host_and_port(attempt.address)).look()
                        attempt = await _attempt(name, secured, host, patience)
            except LinkError as error:
                return Probed(candidate, tuple(attempts), error)
            attempts.append(attempt)
            if not (attempt.heard is Heard.GARBAGE and attempt.detail):
                break
        if attempts[-1].heard is Heard.ANSWER:
            break
    return Probed(candidate, tuple(attempts))


def _settings(candidate: Candidate) -> Iterator[tuple[str, Address]]:
    """The order: the speed of the address, then every family at its likeliest speed, at its second, ..."""
    address = candidate.address
    if not isinstance(address, SerialLine):
        for name in candidate.families:
            if (place := _address_for(name, address)) is not None:
                yield name, place
        return
    families = [name for name in candidate.families if family(name).speeds]
    tried = [(name, address.baud) for name in families]
    own = {name: [each for each in family(name).speeds if each in candidate.speeds] for name in families}
    for rank in range(max(map(len, own.values()), default=0)):
        tried += [(name, speeds[rank]) for name, speeds in own.items() if rank < len(speeds)]
    for name, speed in dict.fromkeys(tried):
        yield name, replace(address, baud=speed)


async def _known_certificate(address: Address) -> Address:
    """The address with the certificate that is there now, if it came without one. Raises ``LinkError``."""
    return await address.look() if isinstance(address, UnknownHttps) else address


def _host_and_port(address: Address) -> tuple[str, int]:
    assert isinstance(address, TcpHost)
    return address.host, address.port


def _address_for(name: str, address: Address) -> Address | None:
    """The address as that family has it; ``None``: its printers have no such address."""
    web = family(name).web
    if not isinstance(address, TcpHost):
        return None if web else address
    if web:
        return address if isinstance(address, HttpHost) else HttpHost(address.host, address.port)
    if isinstance(address, HttpsHost | UnknownHttps):
        return None
    return TcpHost(address.host, address.port)


def _may_be_secured(candidate: Candidate, attempt: Attempt) -> bool:
    """Whether what was asked with HTTP is a server that wants TLS.

    To what may be a printer with a serial protocol no handshake is sent: it could take the bytes for commands.
    """
    if attempt.heard is Heard.ANSWER or type(attempt.address) is not HttpHost:
        return False
    web = isinstance(candidate.address, HttpHost) and attempt.heard is Heard.LOST
    return web or attempt.received.startswith(_TLS_OR_HTTP)


async def _attempt(name: str, address: Address, host: Host, patience: float) -> Attempt:
    """Raises ``LinkError`` if it cannot be opened."""
    sent, received = bytearray(), bytearray()

    def heard(direction: str, data: bytes) -> None:
        (sent if direction == ">" else received).extend(data)

    introduction = problem = None
    detail = ""
    opened, lines = await _open_patiently(address, host, patience)

    async def reopen() -> ByteStream:
        return Recorder((await _open_patiently(address, host, patience))[0], heard)

    async with Recorder(opened, heard) as stream:
        try:
            introduction = await identify(stream, family(name), first=FIRST_SECONDS, later=LATER_SECONDS, reopen=reopen)
            what = Heard.ANSWER
        except TimeoutError:
            what = Heard.GARBAGE if received else Heard.NOTHING
        except Disturbed as error:
            what, detail = Heard.GARBAGE, str(error)
        except DialogueAborted as error:
            what, detail, problem = Heard.NAMELESS, str(error), error.problem
        except LinkError as error:
            what, detail = Heard.LOST, str(error)
    attempt = Attempt(address, name, what, bytes(sent), bytes(received), detail, introduction, problem, lines)
    if what is not Heard.ANSWER and received and attempt.echoes:
        return replace(attempt, heard=Heard.ECHO, detail="", problem=None)
    return attempt


async def _open_patiently(address: Address, host: Host, patience: float) -> tuple[ByteStream, tuple[str, ...] | None]:
    until = anyio.current_time() + patience
    while True:
        try:
            return await _open(address, host)
        except PortHeld:
            if anyio.current_time() >= until:
                raise
        await anyio.sleep(AGAIN)


async def _open(address: Address, host: Host) -> tuple[ByteStream, tuple[str, ...] | None]:
    """The open line, and which modem lines are on. Raises ``LinkError``."""
    lines = None
    if isinstance(address, SerialLine):
        address = replace(address, path=str(host.path(address.path)))
        lines = _read_lines(address.path)
    return await address.open(), lines


def _read_lines(path: str) -> tuple[str, ...] | None:
    """The modem lines of a port. Opening the port raises DTR and RTS.

    Raises ``PortHeld`` if another program locked the port with ``TIOCEXCL``, which does not stop root.
    """
    try:
        port = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return None  # the real open gives the reason
    try:
        if _number(port, _TIOCGEXCL):
            raise PortHeld(f"another program holds {path}; stop it: sudo fuser -v {path} shows which it is")
        bits = _number(port, termios.TIOCMGET)
    finally:
        os.close(port)
    return None if bits is None else tuple(name for name, bit in _LINES.items() if bits & bit)


def _number(port: int, question: int) -> int | None:
    """The kernel's answer about a port; ``None`` if the port does not support the question."""
    try:
        (answer,) = struct.unpack("i", fcntl.ioctl(port, question, bytes(4)))
    except OSError:
        return None
    return int(answer)
