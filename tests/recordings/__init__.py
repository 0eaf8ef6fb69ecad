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


def fields(payload: str) -> dict[str, str]:
    return {chunk[:2]: chunk[2:] for chunk in payload.split("\t")[1:] if chunk}


def posnet() -> list[Conversation]:
    path = Path(__file__).with_name("posnet-thermal-xl2-online.json")
    content = json.loads(path.read_text("utf-8"))
    return [
        Conversation(each["name"], [Exchange(*pair) for pair in each["exchanges"]]) for each in content["conversations"]
    ]
