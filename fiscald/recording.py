"""Recordings on disk: every byte that passed between us and a printer, with times."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from fiscald.transport import ByteStream, Recorder

log = logging.getLogger(__name__)


def recorder(name: str, folder: Path, clock: Callable[[], datetime]) -> Callable[[ByteStream], ByteStream]:
    """Writes both directions of every connection to ``NAME-DATE.jsonl``: seconds, direction, hex.

    A recording that cannot be written (a full disk) ends with a warning; it never stands in a document's way.
    """

    def wrap(stream: ByteStream) -> ByteStream:
        path = folder / f"{name}-{clock():%Y-%m-%d}.jsonl"
        began = time.monotonic()
        descriptor: int | None = None

        def write(line: dict[str, Any]) -> None:
            nonlocal descriptor
            if descriptor is None:
                return
            try:
                os.write(descriptor, json.dumps(line).encode() + b"\n")
            except OSError as error:
                log.warning("%s: the recording %s ends here: %s", name, path, error.strerror)
                close()

        def close() -> None:
            nonlocal descriptor
            if descriptor is not None:
                os.close(descriptor)
            descriptor = None

        def sink(direction: str, data: bytes) -> None:
            write({"t": round(time.monotonic() - began, 6), "dir": direction, "hex": data.hex()})

        try:
            # What buyers bought, and their NIPs: for the daemon's user only.
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            log.warning("%s: no recording at %s: %s", name, path, error.strerror)
        write({"connected": clock().isoformat(), "printer": name})
        return Recorder(stream, sink, closed=close)

    return wrap
