"""What a person confirms about a printer: another printer took its place, or the journal and the printer agree."""

from __future__ import annotations

import logging

from fiscald.engine.actor import Actor
from fiscald.engine.records import Records
from fiscald.journal import Entry, Phase, Store, WrongPhase
from fiscald.model.jobs import JobState, JournalConfirmation
from fiscald.model.printers import Snapshot
from fiscald.model.problems import ProblemError, problem
from fiscald.model.rights import Asker

log = logging.getLogger(__name__)


async def adopt(actor: Actor, records: Records, printer_id: str) -> None:
    """The printer with this unique number took the place of the known one.

    Raises ``ProblemError`` if another printer is connected, or if jobs of the old one are not settled.
    """
    name = actor.printer.name
    found = actor.identity.printer_id if actor.identity else None
    open_jobs = [
        entry.job.key
        for state in (JobState.RUNNING, JobState.UNDECIDED)
        for entry in await records.run(Store.jobs, printer=name, state=state, limit=10)
    ]
    if printer_id != found:
        reason = f"the connected printer has the unique number {found!r}"
    elif open_jobs:
        reason = f"fiscald must first recover {', '.join(open_jobs)} on the old printer, or a person must resolve them"
    else:
        assert actor.snapshot is not None
        await records.run(Store.know_printer, name, printer_id, actor.snapshot.counters)
        actor.adopt(printer_id)
        return
    raise ProblemError(problem("printer.not_waiting", printer=name, printer_id=printer_id, reason=reason))


async def confirm_journal(actor: Actor, records: Records, said: JournalConfirmation, asked_by: Asker) -> list[Entry]:
    """The journal and the printer agree again. Returns the jobs that became undecided.

    Raises ``ProblemError`` if there is nothing to confirm, or if the printer is not connected.
    """
    name = actor.printer.name
    if actor.past.problem is None:
        if await records.run(Store.newest_confirmation, name) == said.model_copy(update={"waiting": "undecided"}):
            return []  # the caller repeats the request because it lost the first answer
        reason = "its journal and its counters agree"
    elif actor.status().stale or actor.snapshot is None or actor.past.found is None:
        reason = "it is not connected, so fiscald cannot read its counters"
    else:
        try:
            seen = actor.snapshot.model_copy(update={"counters": actor.past.found})
            return await _confirm(actor, records, seen, said, asked_by)
        except WrongPhase as error:
            reason = str(error)
    raise ProblemError(problem("journal.nothing_to_confirm", printer=name, reason=reason))


async def _confirm(
    actor: Actor, records: Records, seen: Snapshot, said: JournalConfirmation, asked_by: Asker
) -> list[Entry]:
    doubtful: tuple[Phase, ...] = ()
    if actor.past.doubtful:
        doubtful = (Phase.STARTED,) if said.waiting == "print" else (Phase.STARTED, Phase.ACCEPTED)
    reason = "the journal may not have known all printed documents when this document waited"
    why = problem("printer.unproven", reason=reason, extra={"cause": "journal_behind"})
    name = actor.printer.name
    changed = await records.run(Store.confirm_journal, name, seen, said, asked_by, doubtful=doubtful, why=why)
    actor.journal_confirmed()
    log.warning("%s: the journal was confirmed by %s (asked by %s)", name, said.by, asked_by)
    for entry in changed:
        log.error("job %s is undecided: %s", entry.job.key, reason)
    return changed
