"""A journal that knows the printer already, as if a daemon had run before."""

from __future__ import annotations

import functools
import os
import tempfile
from datetime import datetime
from pathlib import Path

from fiscald import private
from fiscald.journal import Store
from fiscald.journal.directory import JOURNAL, Mark, StateDirectory
from fiscald.model.printers import Counters
from tests.chaos.living import MEMORY


@functools.cache
def _first_journal(printer_id: str, at: datetime, reports: int) -> tuple[bytes, Mark]:
    """A journal that knows the printer from a time at which it had printed nothing but so many daily reports."""
    with tempfile.TemporaryDirectory(prefix="chaos-", dir=MEMORY) as made:
        directory = Path(made)
        store = Store(directory, lambda: at)
        new = Counters(daily_report=reports + 1, last_receipt=0, receipts=0, cancelled=0, printouts=0)
        store.know_printer("till1", printer_id, new)
        store.close()
        state = StateDirectory(directory)
        mark = state.read_mark()
        state.close()
        assert mark is not None
        return (directory / JOURNAL).read_bytes(), mark


def put_journal(directory: Path, printer_id: str, at: datetime, reports: int = 0) -> None:
    """Put a journal that knows the printer into the ``directory``, as if a daemon had run there."""
    content, mark = _first_journal(printer_id, at, reports)
    state = StateDirectory(directory)
    state.write_mark(mark.journal, mark.change)
    state.set_whole(whole=True)
    state.close()
    with os.fdopen(private.open_file(directory / JOURNAL, os.O_WRONLY), "wb") as journal:
        journal.write(content)
