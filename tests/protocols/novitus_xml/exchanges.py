"""The examples of the Novitus reference: every request and reply, with the source that it came from.

``mark``: ``device`` (recorded), ``doc`` (printed in the vendor's document), ``client`` (a client's test), ``inferred``
(built from the rules; every checksum computed).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple


class Exchange(NamedTuple):
    """One request and its reply (empty: the printer does not answer)."""

    name: str
    mark: str
    request: bytes
    reply: bytes


def _load() -> list[Exchange]:
    scenarios: list[dict[str, Any]] = json.loads(Path(__file__).with_name("exchanges.json").read_text("utf-8"))
    return [
        Exchange(
            f"{each['name']}-{index}" if index else each["name"], each["mark"], *(x.encode("cp1250") for x in pair)
        )
        for each in scenarios
        for index, pair in enumerate(each["exchanges"])
    ]


EXCHANGES = _load()
#: Every frame, once.
FRAMES = sorted({data for each in EXCHANGES for data in (each.request, each.reply) if data})
#: A request that is wrong on purpose.
WRONG_CRC = b'<packet crc="00000000"><control action="beep"/></packet>'
