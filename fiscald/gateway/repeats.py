"""Which job belongs to a document that a program sends: a new one, or the first one of a document sent again.

For each peer it keeps the documents whose answers were not delivered, on disk before their jobs enter the journal
(docs/gateway-rules.md). So a daemon that was killed in the middle recognises the repetition after its start.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import anyio
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from fiscald.gateway.uptime import Uptime
from fiscald.private import make_directory, open_file, sync_directory

log = logging.getLogger(__name__)

#: Peers whose documents are kept; the one with the oldest document goes first.
MOST_PEERS = 64
#: Documents of one peer whose answers were not delivered; the oldest goes first.
MOST_DOCUMENTS = 8
#: A longer file is none of ours.
LONGEST = 256 * 1024


class Sent(BaseModel):
    """A document whose answer the program has not got, as far as the gateway knows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Annotated[str, Field(max_length=128)]
    digest: Annotated[str, Field(max_length=64)]
    """The content."""
    at: AwareDatetime
    """When its job was submitted first."""
    boot: Annotated[str, Field(max_length=64)] = ""
    up: float = 0.0
    """The same as an ``Uptime``."""


class Memory(BaseModel):
    """What the file holds: the documents of each peer, the newest last."""

    model_config = ConfigDict(extra="forbid")

    peers: Annotated[
        dict[str, Annotated[list[Sent], Field(max_length=MOST_DOCUMENTS)]], Field(max_length=MOST_PEERS)
    ] = Field(default_factory=dict)


class Repeats:
    """The documents of one gateway whose answers may be lost."""

    def __init__(
        self,
        prefix: str,
        memory: Memory,
        save: Callable[[bytes], Awaitable[None]],
        seconds: float,
        uptime: Callable[[], Uptime],
    ) -> None:
        """``prefix``: how the keys begin. ``save`` makes bytes survive a power cut; it raises ``OSError``.

        ``seconds``: how long a repetition is recognised. ``uptime`` is this computer's.
        """
        self._prefix = prefix
        self._peers = memory.peers
        self._save = save
        self._seconds = seconds
        self._uptime = uptime
        self._writing = anyio.Lock()

    def first(self, peer: str, digest: str, now: datetime) -> str | None:
        """The key of the job that this document repeats; ``None``: it is a new one."""
        found = [sent.key for sent in self._peers.get(peer, ()) if sent.digest == digest and self._holds(sent, now)]
        return found[-1] if found else None

    def _holds(self, sent: Sent, now: datetime) -> bool:
        """Whether it is young enough. The clock, which may be set, tells that only after a start of the computer."""
        boot, up = self._uptime()
        age = up - sent.up if boot and boot == sent.boot else (now - sent.at).total_seconds()
        return age <= self._seconds

    async def begin(self, peer: str, digest: str, now: datetime) -> str:
        """A new key for a new document, on disk when this returns. Raises ``OSError``."""
        key = f"{self._prefix}/{peer}/{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        before, (boot, up) = dict(self._peers), self._uptime()
        # An equal one that is still here has failed, so nothing was printed of it.
        kept = [sent for sent in self._peers.pop(peer, ()) if self._holds(sent, now) and sent.digest != digest]
        while len(self._peers) >= MOST_PEERS:
            self._peers.pop(min(self._peers, key=lambda name: self._peers[name][-1].at))
        self._peers[peer] = [*kept, Sent(key=key, digest=digest, at=now, boot=boot, up=up)][-MOST_DOCUMENTS:]
        try:
            await self._write()
        except OSError:
            self._peers.clear()
            self._peers.update(before)
            raise
        return key

    async def delivered(self, peer: str, key: str) -> None:
        """The program got the answer to that job: an equal document from now on is a new one.

        Never raises: in memory it holds at once.
        """
        left = [sent for sent in self._peers.pop(peer, ()) if sent.key != key]
        if left:
            self._peers[peer] = left
        try:
            await self._write()
        except OSError as error:
            log.warning("%s: cannot note that the answer to %s was delivered (%s)", self._prefix, key, error.strerror)

    async def _write(self) -> None:
        async with self._writing:
            await self._save(Memory(peers=self._peers).model_dump_json().encode())


def read(path: Path) -> Memory:
    """What the file holds. A missing one holds nothing, a damaged one too: then nothing is recognised as repeated.

    Raises ``OSError`` for a file that cannot be read.
    """
    try:
        with path.open("rb") as file:
            return Memory.model_validate_json(file.read(LONGEST))
    except FileNotFoundError:
        return Memory()
    except ValidationError:
        log.warning("%s is damaged: a receipt that is sent again may be printed again", path)
        return Memory()


def write(path: Path, data: bytes) -> None:
    """Put ``data`` in the place of the file, so that after a power cut it is the old or the new one.

    Raises ``OSError``.
    """
    make_directory(path.parent)
    new = path.with_suffix(".new")
    with open(open_file(new, os.O_WRONLY | os.O_TRUNC), "wb") as file:  # noqa: PTH123 - of a descriptor
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_directory(path.parent)


def on_disk(path: Path) -> Callable[[bytes], Awaitable[None]]:
    """``write`` in a thread, for the event loop."""

    async def save(data: bytes) -> None:
        await anyio.to_thread.run_sync(write, path, data)

    return save
