"""A port asked who is there: family by family, speed by speed, and what came back even if nobody answered."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from collections.abc import Callable, Iterator
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
from fiscald.transport import Address, ByteStream, LinkError, PortHeld, Recorder, SerialLine

#: Seconds for the first answer (clients that look for a printer wait 0.5: POSNET reference, section 2.1), and for
#: each of those that follow, which may be long ones on a slow line.
FIRST_SECONDS, LATER_SECONDS = 1.0, 5.0
#: Seconds between two attempts to open a port that is waited for.
AGAIN = 0.05
#: How often the same is tried when an answer comes damaged: what is left of an earlier one damages the next.
TRIES = 2
#: linux/asm-generic/ioctls.h: whether TIOCEXCL is in force.
_TIOCGEXCL = 0x80045440
#: The modem lines, as the kernel tells them of an open port.
_LINES = {
    "RTS": termios.TIOCM_RTS, "CTS": termios.TIOCM_CTS, "DTR": termios.TIOCM_DTR, "DSR": termios.TIOCM_DSR,
    "CD": termios.TIOCM_CD, "RI": termios.TIOCM_RI,
}  # fmt: skip


class Heard(StrEnum):
    """What came back."""

    ANSWER = "answer"
    """A printer of that family."""
    NAMELESS = "nameless"
    """Intact answers of that family, and not who it is: off-line, or out of order."""
    ECHO = "echo"
    """What was sent, and nothing else."""
    GARBAGE = "garbage"
    """Bytes that are no answer of that family."""
    NOTHING = "nothing"
    LOST = "lost"
    """The link ended meanwhile."""


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
    """Why it does not say who it is."""
    lines: tuple[str, ...] | None = None
    """The modem lines that were on when the port was open; ``None`` where there are none."""

    @property
    def echoes(self) -> bool:
        """Whether what was sent came back, alone or before the answer."""
        return bool(self.sent) and self.received.startswith(self.sent[: len(self.received)])


@dataclass(frozen=True, slots=True)
class Probed:
    """What became of one candidate."""

    candidate: Candidate
    attempts: tuple[Attempt, ...] = ()
    problem: LinkError | None = None
    """Why it could not be opened."""

    @property
    def answer(self) -> Attempt | None:
        """The one that a printer answered."""
        return next((attempt for attempt in self.attempts if attempt.heard is Heard.ANSWER), None)

    @property
    def best(self) -> Attempt | None:
        """The one that tells most: an answer, or whatever came nearest to one."""
        return min(self.attempts, key=lambda attempt: list(Heard).index(attempt.heard), default=None)


class Asking(NamedTuple):
    """An attempt that is about to be made."""

    candidate: Candidate
    family: str
    address: Address
    number: int
    """Of the attempts at this place, from 1."""
    of: int
    """How many there are at most; none is more than some seconds without a reply."""


async def probe(
    candidate: Candidate, host: Host, *, asking: Callable[[Asking], None] = lambda _: None, patience: float = 0.0
) -> Probed:
    """Ask until a printer answers. Nobody else's port is asked, and nobody who may not be asked.

    ``asking`` hears of every attempt before it is made. ``patience``: seconds to wait for a port that its holder
    lets go of now and then.
    """
    assert candidate.refusal is None
    attempts: list[Attempt] = []
    settings = list(_settings(candidate))
    for number, (name, address) in enumerate(settings, start=1):
        asking(Asking(candidate, name, address, number, len(settings)))
        for _ in range(TRIES):
            try:
                attempt = await _attempt(name, address, host, patience)
            except LinkError as error:
                return Probed(candidate, tuple(attempts), error)
            attempts.append(attempt)
            if not (attempt.heard is Heard.GARBAGE and attempt.detail):
                break
        if attempts[-1].heard is Heard.ANSWER:
            break
    return Probed(candidate, tuple(attempts))


def _settings(candidate: Candidate) -> Iterator[tuple[str, Address]]:
    """What is tried: as the address says, then every family at its likeliest speed, at its second, ..."""
    address = candidate.address
    if not isinstance(address, SerialLine):
        yield from ((name, address) for name in candidate.families)
        return
    families = [name for name in candidate.families if family(name).speeds]
    tried = [(name, address.baud) for name in families]
    own = {name: [each for each in family(name).speeds if each in candidate.speeds] for name in families}
    for rank in range(max(map(len, own.values()), default=0)):
        tried += [(name, speeds[rank]) for name, speeds in own.items() if rank < len(speeds)]
    for name, speed in dict.fromkeys(tried):
        yield name, replace(address, baud=speed)


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
        lines = _look_at(address.path)
    return await address.open(), lines


def _look_at(path: str) -> tuple[str, ...] | None:
    """The modem lines of a port, which opening it raises DTR and RTS of.

    Raises ``PortHeld`` where somebody took the port with ``TIOCEXCL``, which does not stop the superuser.
    """
    try:
        port = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return None  # opening it in earnest tells why
    try:
        if _number(port, _TIOCGEXCL):
            raise PortHeld(f"another program holds {path}; stop it: sudo fuser -v {path} shows which it is")
        bits = _number(port, termios.TIOCMGET)
    finally:
        os.close(port)
    return None if bits is None else tuple(name for name, bit in _LINES.items() if bits & bit)


def _number(port: int, question: int) -> int | None:
    """What the kernel answers about a port; ``None`` where it has no such thing."""
    try:
        (answer,) = struct.unpack("i", fcntl.ioctl(port, question, bytes(4)))
    except OSError:
        return None
    return int(answer)
