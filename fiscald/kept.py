"""What a printer's family keeps over restarts of the daemon: a small file for each printer (``Kept``)."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path

from fiscald.private import make_directory, open_file
from fiscald.protocols.base import Kept

log = logging.getLogger(__name__)

#: A longer file is none of ours: ``Kept`` has bounds.
LONGEST = 4 * Kept.MOST * Kept.LONGEST


def kept_in(path: Path) -> Kept:
    """What ``path`` holds, and everything that is kept later. Nothing in it must be needed: never raises.

    A file that is missing or damaged holds nothing. One that cannot be written is a warning in the log, which never has
    a text: some are secrets.
    """
    return Kept(_read(path), _Writer(path))


def _read(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(LONGEST))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        log.warning("%s is not readable (%s): the printer's family starts without it", path, type(error).__name__)
        return {}
    if not isinstance(content, dict):
        return {}
    texts = [(str(name), text) for name, text in content.items() if isinstance(text, str) and text]
    return {name: text for name, text in texts[: Kept.MOST] if len(text) <= Kept.LONGEST}


class _Writer:
    """Writes all texts at once, in one write over the old ones: the event loop waits for it, so it must be short.

    Not synced: after a power cut the file may be the one from before, or damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._works = True

    def __call__(self, texts: Mapping[str, str]) -> None:
        data = json.dumps(dict(texts)).encode()
        try:
            make_directory(self._path.parent)
            descriptor = open_file(self._path, os.O_WRONLY)
            try:
                size = os.fstat(descriptor).st_size
                if size > LONGEST:
                    os.ftruncate(descriptor, size := 0)
                # Blanks over the rest of the old content: to shorten the file would be a second step.
                os.pwrite(descriptor, data.ljust(size), 0)
            finally:
                os.close(descriptor)
        except OSError as error:
            if self._works:
                log.warning("%s cannot be written (%s)", self._path, error.strerror)
            self._works = False
        else:
            self._works = True
