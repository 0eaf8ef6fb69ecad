"""``GET /v1/jobs/{key}/events``: what happened to one job, from the journal."""

from __future__ import annotations

from starlette.responses import Response

from fiscald.api.answers import JSON
from fiscald.api.connections import Who
from fiscald.api.openapi import Query
from fiscald.api.turns import Worker
from fiscald.api.wire import JobEvents
from fiscald.engine import Engine

#: Most events on a page. A job that is printed at once has three.
MAX_EVENTS = 200
QUERIES = (
    Query("after", {"type": "integer", "minimum": 0, "maximum": 10**15 - 1}, "`next` of an earlier answer"),
    Query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_EVENTS}, "maximum number of events; default: 100"),
)
#: An example of the answer, by media type.
EXAMPLE = {
    JSON: {
        "events": [
            {"id": number, "at": f"2026-11-22T{at}+01:00", "state": state, "phase": phase,
             "problem": None, "resolution": None}
            for number, at, state, phase in (
                (338, "10:14:58.120000", "accepted", "accepted"),
                (339, "10:14:58.204000", "running", "started"),
                (340, "10:15:00.310000", "done", "done"),
            )
        ],
        "next": None,
    }
}  # fmt: skip


async def job_events(engine: Engine, worker: Worker, who: Who, key: str, after: int, limit: int) -> Response:
    """A page of the events of the job with that key. Raises ``ProblemError``."""
    async with worker.turn(who):
        found = await engine.job_events(key, after, limit + 1)
        content = await worker.compute(
            lambda: JobEvents(
                events=tuple(each.event() for each in found[:limit]),
                next=found[limit - 1].id if found[limit:] else None,
            ).model_dump_json()
        )
    return Response(content, media_type=JSON)
