"""Server-sent events: changes of jobs with a cursor, the state of printers, and that of the licence.

A stream begins with the present state of the licence and of every printer. Job events carry an id; a client that
reconnects with ``Last-Event-ID`` gets every change since, also over a restart of the daemon. Nothing is buffered
for a slow client: it reads from the journal at its own pace. While the journal cannot be read, the other events go on.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.responses import StreamingResponse

from fiscald.engine import Engine
from fiscald.licence import LicenceGate
from fiscald.model.jobs import Job
from fiscald.model.problems import ProblemError

#: Seconds of quiet after which a comment shows that the stream is alive.
KEEPALIVE = 15.0
#: Seconds after which a journal that could not be read is asked again.
READ_AGAIN = 2.0


def event_stream(
    engine: Engine, licence: LicenceGate, after: int | None, job_json: Callable[[Job], dict[str, Any]]
) -> StreamingResponse:
    """The answer that goes on for as long as the client listens; ``after=None``: with the changes of jobs from now on,
    but the journal could not tell which was the last.
    """
    return StreamingResponse(
        _events(engine, licence, after, job_json),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(
    engine: Engine, licence: LicenceGate, cursor: int | None, job_json: Callable[[Job], dict[str, Any]]
) -> AsyncIterator[str]:
    licensed: dict[str, Any] = {}
    shown: dict[str, tuple[object, ...]] = {}
    yield ": fiscald\n\n"
    while not engine.stopping:
        quiet = True
        change = engine.next_change()
        if licensed != (licensed := licence.describe()):
            quiet = False
            yield _event("licence", licensed)
        for status in engine.printers():
            why = status.problem.code if status.problem else None
            seen = (status.state, why, status.job, status.queue, status.counters, status.paper_low, status.warnings)
            if shown.get(status.name) != seen:
                shown[status.name] = seen
                quiet = False
                yield _event("printer", status.model_dump(mode="json"))
        patience = KEEPALIVE
        try:
            if cursor is None:
                cursor = await engine.last_event()
            events = await engine.events(cursor)
        except ProblemError:
            events, patience = [], READ_AGAIN
        for event in events:
            cursor = event.id
            quiet = False
            body = {"at": event.at.isoformat(), "state": event.state, "job": job_json(event.job)}
            yield _event("job", body, event.id)
        if quiet and not await change(patience):
            yield ": alive\n\n"


def _event(name: str, body: dict[str, Any], number: int | None = None) -> str:
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {name}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n"
