"""Conversations recorded on real printers: the third party between driver and emulator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple


class Exchange(NamedTuple):
    """A command and its answer: payloads without STX, checksum and ETX."""

    command: str
    response: str

    @property
    def mnemonic(self) -> str:
        return self.command.partition("\t")[0]

    @property
    def sent(self) -> dict[str, str]:
        return fields(self.command)

    @property
    def answered(self) -> dict[str, str]:
        return fields(self.response)


class Conversation(NamedTuple):
    name: str
    exchanges: list[Exchange]


class Bytes(NamedTuple):
    """What a host sends and a printer answers, as it stands on the line; either may be nothing."""

    sent: bytes
    answered: bytes


class Dialogue(NamedTuple):
    name: str
    exchanges: list[Bytes]


def fields(payload: str) -> dict[str, str]:
    return {chunk[:2]: chunk[2:] for chunk in payload.split("\t")[1:] if chunk}


def posnet() -> list[Conversation]:
    path = Path(__file__).with_name("posnet-thermal-xl2-online.json")
    content = json.loads(path.read_text("utf-8"))
    return [
        Conversation(each["name"], [Exchange(*pair) for pair in each["exchanges"]]) for each in content["conversations"]
    ]


def thermal() -> list[Dialogue]:
    """Frames and conversations of the Thermal manuals and clients; see the head of the file for what they are worth."""
    content = json.loads(Path(__file__).with_name("thermal-manuals.json").read_text("utf-8"))
    return [
        Dialogue(each["name"], [Bytes(*map(bytes.fromhex, pair)) for pair in each["exchanges"]])
        for each in content["conversations"]
    ]
