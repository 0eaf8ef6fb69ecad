"""The answers of the API that do not depend on a document: statuses, numbers and texts.

Facts: the contract's examples. The numbers of ``Token expired`` and ``Token not found`` are our assumption.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fiscald.emulator.noviapi.http import Answer
from fiscald.emulator.noviapi.reading import ParseError
from fiscald.emulator.noviapi.schema import MAX_ERRORS
from fiscald.emulator.noviapi.tokens import Token, zulu

_TOKEN_CODES = {"Token expired": 3, "Token incorrect": 4, "Token not found": 5}


def _exception(status: int, code: int, description: str, **more: Any) -> Answer:
    return Answer(status, {"exception": {"code": code, "description": description, **more}})


ALIVE = Answer(200)
NOT_FOUND = _exception(404, 1, "Not found")
MULTIPLE_ACCESS = _exception(403, 6, "Multiple access denied. Token has been deleted, download a new one.")
NOT_DELETED = _exception(400, 9, "Deletion not allowed.")
JOBS_WAIT = _exception(409, 10, "Stored requests in queue")
INTERNAL = _exception(500, 13, "Internal server error")
NO_SPACE = _exception(507, 14, "No space in protected memory")
QUEUE_DELETED = Answer(200, {"status": "DELETED"})
JOB_DELETED = Answer(200, {"request": {"status": "DELETED"}})


def unauthorised(why: str) -> Answer:
    """The token is refused."""
    return _exception(401, _TOKEN_CODES[why], why)


def too_many(allowed: datetime) -> Answer:
    """No more tokens before that moment."""
    return _exception(429, 2, "Too many token requests", allowed_refresh_date=zulu(allowed))


def not_json(error: ParseError) -> Answer:
    """The body cannot be read."""
    return _exception(400, 7, "JSON Parse Error", parse_error=error.content)


def not_valid(errors: list[str]) -> Answer:
    """The document breaks rules; the first ten are named."""
    return _exception(400, 8, "JSON Validation Error", errors=errors[:MAX_ERRORS])


def report_waits(job_id: str) -> Answer:
    """A daily report comes first."""
    content = {"exception": {"code": 11, "description": "Waiting for execute daily report"}}
    return Answer(409, {"daily_report_id": job_id, **content})


def token(made: Token) -> Answer:
    """A new token."""
    return Answer(200, {"token": made.text, "expiration_date": zulu(made.expires)})


def queue(waiting: int) -> Answer:
    """How many jobs are not finished."""
    return Answer(200, {"requests_in_queue": waiting})


def job(status: int, job_id: str, state: str) -> Answer:
    """A job was stored or confirmed."""
    return Answer(status, {"request": {"id": job_id, "status": state}})


#: The page of a proxy, or of a network that wants a login, that stands between a program and the printer.
PROXY_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Network</title></head>"
    "<body><h1>The request was not answered</h1></body></html>\n"
)
