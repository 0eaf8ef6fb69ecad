"""Conversations recorded on real printers: the third party between driver and emulator.

Every JSON file here is one recording; its header says of which family, model and firmware, and where it comes from.
``fiscalctl regression`` makes one of a capture. The tests of its family take it up by themselves.

An exchange is a list: the command, then what was answered. POSNET frames stand there as text without STX, checksum and
ETX. Thermal sequences and single bytes stand there whole, in hexadecimal: whether a sequence has a check byte, and what
a firmware puts in front of it, is a part of what was recorded. ``thermal-manuals.json`` is no recording, but what the
manuals and client programs show; ``fiscalctl decode`` reads each line of both.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

#: The recording that was there first; some tests are about its content.
XL2 = "posnet-thermal-xl2-online"


class Exchange(NamedTuple):
    """A command and its answer: payloads without STX, checksum and ETX."""

    command: str
    response: str

    @property
    def mnemonic(self) -> str:
        return self.command.partition("\t")[0].removeprefix("!")

    @property
    def sent(self) -> dict[str, str]:
        return fields(self.command)

    @property
    def answered(self) -> dict[str, str]:
        return fields(self.response)


class Conversation(NamedTuple):
    name: str
    exchanges: list[Exchange]
    recording: str
    """The file's name."""


class Bytes(NamedTuple):
    """What a host sends and a printer answers, as it stands on the line; either may be nothing."""

    sent: bytes
    answered: bytes


class Dialogue(NamedTuple):
    name: str
    exchanges: list[Bytes]


def fields(payload: str) -> dict[str, str]:
    return {chunk[:2]: chunk[2:] for chunk in payload.split("\t")[1:] if chunk}


def files(family: str) -> list[Path]:
    found = sorted(Path(__file__).parent.glob("*.json"))
    return [path for path in found if header(path).get("family") == family]


def header(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def read(path: Path) -> list[Conversation]:
    return [
        Conversation(each["name"], [Exchange(*pair) for pair in each["exchanges"]], path.stem)
        for each in header(path)["conversations"]
    ]


def posnet() -> list[Conversation]:
    return [conversation for path in files("posnet") for conversation in read(path)]


def dialogues(path: Path) -> list[Dialogue]:
    """What a file in hexadecimal holds."""
    return [
        Dialogue(each["name"], [Bytes(bytes.fromhex(sent), bytes.fromhex("".join(rest))) for sent, *rest in exchanges])
        for each in header(path)["conversations"]
        for exchanges in [each["exchanges"]]
    ]


MANUALS = Path(__file__).with_name("thermal-manuals.json")


def thermal() -> list[Dialogue]:
    """Frames and conversations of the Thermal manuals and clients; see the head of the file for what they are worth."""
    return dialogues(MANUALS)


def thermal_recordings() -> list[Dialogue]:
    """What was recorded on real Thermal printers."""
    return [dialogue for path in files("thermal") if path != MANUALS for dialogue in dialogues(path)]
