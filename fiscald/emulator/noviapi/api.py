"""One server of the API: what it answers to a request. Every port of the printer is one, with its own token.

Facts: the API's contract. A job is stored (``POST``), confirmed (``PUT``), asked for (``GET``) or deleted (``DELETE``);
a server has at most one confirmed job; a daily report and other jobs exclude each other.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qs

from fiscald.emulator.clock import Clock
from fiscald.emulator.faults import Fault, FaultKind
from fiscald.emulator.noviapi import answers
from fiscald.emulator.noviapi.http import Answer, Request
from fiscald.emulator.noviapi.jobs import Job, JobTable
from fiscald.emulator.noviapi.reading import NotJson, ParseError, read
from fiscald.emulator.noviapi.rules import ENDPOINTS, Endpoint
from fiscald.emulator.noviapi.tokens import Tokens

BASE = "/api/v1"
#: The longest time that a ``GET`` may wait, in milliseconds (our assumption).
MAX_TIMEOUT = 600_000
#: What a fault calls a request that is none of the API's.
OTHER = "other"
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
#: The methods of a path, by its first part; of endpoints there are two paths.
_METHODS = {"": ("GET",), "token": ("GET", "PATCH"), "queue": ("GET", "DELETE")}
_OF_ENDPOINT, _OF_JOB = ("POST",), ("GET", "PUT", "DELETE")
#: The names of all requests, as faults call them.
REQUESTS = frozenset(
    [f"{method} {name or 'api'}" for name, methods in _METHODS.items() for method in methods]
    + [f"{method} {name}" for name in ENDPOINTS for method in (*_OF_ENDPOINT, *_OF_JOB)]
    + [OTHER]
)


class Held(NamedTuple):
    """The answer waits for a change of the job, for at most so many seconds."""

    job_id: str
    seconds: float


class Printer(Protocol):
    """What a server asks of its printer."""

    @property
    def table(self) -> JobTable:
        """The jobs of all servers."""

    @property
    def clock(self) -> Clock:
        """The printer's clock."""

    @property
    def unique_number(self) -> str:
        """The printer's number, as the API shows it."""

    @property
    def has_space(self) -> bool:
        """Whether the protected memory takes more documents."""

    @property
    def condition(self) -> dict[str, Any] | None:
        """What is wrong with the printer, as ``device.error`` has it."""


class Target(NamedTuple):
    """What a request is about."""

    name: str
    """Of the endpoint; empty: the API itself."""
    job_id: str | None
    methods: tuple[str, ...]

    @classmethod
    def of(cls, request: Request) -> Target | None:
        """``None``: a path that the API does not have."""
        path = request.path.removesuffix("/") if request.path == f"{BASE}/" else request.path
        if not f"{path}/".startswith(f"{BASE}/"):
            return None
        name, slash, job_id = path[len(BASE) + 1 :].partition("/")
        if name in ENDPOINTS:
            return cls(name, job_id if slash else None, _OF_JOB if slash else _OF_ENDPOINT)
        return None if slash or name not in _METHODS else cls(name, None, _METHODS[name])


class Api:
    """One server."""

    def __init__(self, printer: Printer, number: int) -> None:
        """``number``: 1 to 10."""
        self._printer = printer
        self.number = number
        self.restart()

    def restart(self) -> None:
        """The server starts: there is no token."""
        self.tokens = Tokens(self._printer.unique_number, self.number)

    def name(self, request: Request) -> str:
        """How a fault calls a request."""
        target = Target.of(request)
        if target is None or request.method not in target.methods:
            return OTHER
        return f"{request.method} {target.name or 'api'}"

    def respond(self, request: Request, now: float) -> Answer | Held:
        """Carry out a request."""
        target = Target.of(request)
        if target is None:
            return answers.NOT_FOUND
        if request.method not in target.methods:
            return Answer(405, allow=", ".join(target.methods))
        if target.name == "":
            return answers.ALIVE
        if target.name == "token":
            return self._fetch(now) if request.method == "GET" else self._renew(request, now)
        why = self.tokens.refusal(_shown(request), now)
        if why is not None:
            return answers.unauthorised(why)
        if target.name == "queue":
            return self._queue(request.method)
        endpoint = ENDPOINTS[target.name]
        if target.job_id is None:
            return self._store(endpoint, request.body)
        if not _ID.fullmatch(target.job_id):
            return answers.NOT_FOUND
        job = self._printer.table.find(self.number, endpoint.name, target.job_id)
        if job is None:
            return answers.NOT_FOUND
        match request.method:
            case "PUT":
                return self._confirm(job)
            case "DELETE":
                return self._delete(job)
            case _:
                return self._ask(job, request.query)

    # -- the token ------------------------------------------------------------------------------------

    def _fetch(self, now: float) -> Answer:
        moment = self._printer.clock.now()
        token = self.tokens.fetch(now, moment)
        return answers.token(token) if token is not None else self.too_many(now)

    def too_many(self, now: float) -> Answer:
        """No more tokens may be fetched for now."""
        return answers.too_many(self._printer.clock.now() + timedelta(seconds=self.tokens.wait(now)))

    def _renew(self, request: Request, now: float) -> Answer:
        if not request.has_body:
            # From version 1.0.3 on the contract wants a body here; it may be empty.
            return Answer(411)
        token = self.tokens.renew(_shown(request), now, self._printer.clock.now())
        return answers.token(token) if token is not None else answers.unauthorised(self.tokens.lacks)

    # -- jobs -----------------------------------------------------------------------------------------

    def _queue(self, method: str) -> Answer:
        if method == "GET":
            return answers.queue(len(self._printer.table.waiting))
        self._printer.table.delete_unconfirmed()
        return answers.QUEUE_DELETED

    def _store(self, endpoint: Endpoint, body: bytes) -> Answer:
        table = self._printer.table
        try:
            content = read(body)
        except NotJson as problem:
            return answers.not_json(problem.error)
        errors = endpoint.errors(content)
        if errors:
            return answers.not_valid(errors)
        report = table.report()
        if endpoint.name == "daily_report" and table.waiting:
            return answers.JOBS_WAIT
        if report is not None:
            return answers.report_waits(report.id)
        if not self._printer.has_space:
            return answers.NO_SPACE
        if table.full:
            return answers.INTERNAL
        job = table.store(self.number, endpoint.name, content[endpoint.root])
        return answers.job(201, job.id, "STORED")

    def _confirm(self, job: Job) -> Answer:
        """A server has one confirmed job: a second one costs the token, and the same one again is a second one."""
        if not job.waits:
            return answers.NOT_FOUND
        if self._printer.table.confirmed(self.number) is not None:
            self.tokens.delete()
            return answers.MULTIPLE_ACCESS
        self._printer.table.confirm(job)
        return answers.job(200, job.id, "CONFIRMED")

    def _delete(self, job: Job) -> Answer:
        if job.state not in ("STORED", "QUEUED"):
            return answers.NOT_DELETED
        self._printer.table.delete([job])
        return answers.JOB_DELETED

    def _ask(self, job: Job, query: str) -> Answer | Held:
        """With a ``timeout``, wait until the state is another than the one that was answered last."""
        timeout = parse_qs(query).get("timeout", ["0"])[-1]
        milliseconds = min(int(timeout), MAX_TIMEOUT) if re.fullmatch(r"[0-9]{1,9}", timeout) else 0
        if milliseconds and job.waits and job.state == job.told:
            return Held(job.id, milliseconds / 1000)
        return self._tell(job)

    def tell(self, held: Held, *, now_over: bool) -> Answer | None:
        """The answer that waited, if there is something new or its time is over."""
        job = self._printer.table.get(held.job_id)
        if job is None:
            return answers.NOT_FOUND
        return self._tell(job) if now_over or job.state != job.told else None

    def _tell(self, job: Job) -> Answer:
        """The state of a job, and of the printer."""
        job.told = job.state
        wrong = self._printer.condition
        device = {"status": "OK"} if wrong is None else {"status": "ERROR", "error": wrong}
        return Answer(200, {"device": device, "request": _request(job)})

    # -- faults ---------------------------------------------------------------------------------------

    def faulty(self, fault: Fault, now: float) -> Answer:
        """What a fault answers in place of the printer; with 401, 403 and 429 the token is gone."""
        status = fault.status or 503
        if fault.act in (FaultKind.PAGE_BEFORE, FaultKind.PAGE_AFTER):
            return Answer(status, page=answers.PROXY_PAGE)
        if status in (401, 403, 429):
            self.tokens.delete()
        match status:
            case 400:
                return answers.not_json(ParseError(3, 1))
            case 401:
                return answers.unauthorised(self.tokens.lacks)
            case 429:
                return self.too_many(now)
            case _:
                return _BY_STATUS.get(status, Answer(status))


_BY_STATUS = {
    403: answers.MULTIPLE_ACCESS,
    404: answers.NOT_FOUND,
    409: answers.JOBS_WAIT,
    500: answers.INTERNAL,
    507: answers.NO_SPACE,
}


def _shown(request: Request) -> str | None:
    """The token that a request shows."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def _request(job: Job) -> dict[str, Any]:
    """A job as its endpoint shows it; the contract's answers differ in what they may have."""
    content: dict[str, Any] = {"status": job.state}
    # Its examples of printed documents have no id once they are done; a daily report never has one.
    if job.endpoint != "daily_report" and not (job.state == "DONE" and ENDPOINTS[job.endpoint].prints):
        content["id"] = job.id
    if job.error is not None and job.endpoint != "status":
        content["error"] = job.error.model_dump()
    if job.jpkid is not None:
        content["jpkid"] = job.jpkid
    if job.e_document is not None:
        content["e_document"] = job.e_document
    if job.response is not None:
        content["response"] = job.response
    return content
