"""What programs said to gateways for their documents."""

from __future__ import annotations

from fiscald.engine.records import Records
from fiscald.journal import Store
from fiscald.model.jobs import Job
from fiscald.model.programs import Sending


class Sendings:
    """Reads and completes them in the journal."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def of(self, job: Job) -> Job:
        """The job with what a program said for it. Raises ``ProblemError``."""
        if job.program is None:
            return job
        sent = await self._records.run(Store.sendings, job.key)
        return job.model_copy(update={"program": job.program.model_copy(update={"sent": sent})})

    async def note(self, key: str, sending: Sending) -> None:
        """Keep what is known now of this sending: the answer. Raises ``ProblemError``."""
        await self._records.run(Store.note_sending, key, sending)
