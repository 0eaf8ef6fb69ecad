"""The route table of the server and of the OpenAPI description."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from fiscald.api import answers, openapi, packaging, timeline
from fiscald.api.examples import PACKAGING, PAPER
from fiscald.api.fleet import ROUTES as FLEET_ROUTES
from fiscald.api.handlers import MAX_WAIT, PCAPNG, SQLITE, Api
from fiscald.api.licence import ROUTES as LICENCE_ROUTES
from fiscald.api.listing import QUERIES as LIST_QUERIES
from fiscald.api.openapi import Query, Route
from fiscald.api.reading import asker
from fiscald.api.rights import DOCUMENT_RIGHTS
from fiscald.api.token_routes import ROUTES as TOKEN_ROUTES
from fiscald.api.webhooks import ROUTES as WEBHOOK_ROUTES
from fiscald.api.wire import (
    Adoption,
    ConsoleLink,
    CursorReset,
    Hello,
    JobAnswer,
    JobEventData,
    JobEvents,
    JobList,
    LicenceState,
    PreviewBody,
    PrinterList,
)
from fiscald.model.capabilities import PrinterDetails
from fiscald.model.copies import CopyFormat
from fiscald.model.documents import Submission
from fiscald.model.header import Header
from fiscald.model.jobs import JournalConfirmation, Resolution
from fiscald.model.packaging_balance import PackagingBalance
from fiscald.model.preview import Preview
from fiscald.model.printers import PrinterStatus
from fiscald.model.raw_command import RawAnswer, RawCommand
from fiscald.model.rights import Right
from fiscald.model.webhooks import WebhookChange


async def description(api: Api, request: Request) -> Response:
    """``GET /v1/openapi.json``."""
    if api.described is None:
        api.described = await api.worker.run(asker(request), lambda: answers.as_json(openapi.describe(ROUTES)))
    return Response(api.described, media_type=answers.JSON)


_WAIT = Query("wait", {"type": "number", "minimum": 0, "maximum": MAX_WAIT}, "seconds to wait for a final state")
_EVENT_ID = Query("after", {"type": "string", "pattern": "^[0-9]{1,15}$"}, "begin after the event with this id")

#: All routes of the API.
ROUTES = (
    Route(
        "GET",
        "/v1",
        Api.hello,
        "Version, features and printers of the daemon, and the caller's rights",
        {200: (Hello, "the daemon")},
    ),
    Route(
        "PUT",
        "/v1/jobs/{key}",
        Api.submit,
        "Submit a document; the same key and content always get the same job",
        {200: (JobAnswer, "known already, or final already"), 201: (JobAnswer, "accepted, not final yet")},
        body=Submission,
        query=(_WAIT,),
        problems=(404, 409, 503),
        rights=DOCUMENT_RIGHTS,
    ),
    Route(
        "GET",
        "/v1/jobs/{key}",
        Api.job,
        "The current answer of a job",
        {200: (JobAnswer, "the job")},
        query=(_WAIT,),
        problems=(400, 404, 503),
    ),
    Route(
        "GET",
        "/v1/jobs/{key}/paper",
        Api.paper,
        "A copy of the paper of a printed document. It is no fiscal document, and every sheet is marked",
        {200: (None, "the copy, in the format that `Accept` prefers; default: text")},
        problems=(400, 404, 406, 409, 503),
        media_type=CopyFormat.TEXT,
        other_media_types=(CopyFormat.SVG, CopyFormat.PNG),
        examples=PAPER,
    ),
    Route(
        "GET",
        "/v1/jobs/{key}/events",
        Api.job_events,
        "What happened to a job, oldest first: when, and why it waited, was interrupted, failed or was decided",
        {200: (JobEvents, "a page of events")},
        query=timeline.QUERIES,
        problems=(400, 404, 503),
        examples=timeline.EXAMPLE,
    ),
    Route(
        "DELETE",
        "/v1/jobs/{key}",
        Api.withdraw,
        "Withdraw a job that has not started",
        {200: (JobAnswer, "withdrawn: failed, not printed")},
        problems=(400, 404, 409, 503),
        rights=DOCUMENT_RIGHTS,
    ),
    Route(
        "POST",
        "/v1/jobs/{key}/resolution",
        Api.resolve,
        "Decide an undecided job by hand",
        {200: (JobAnswer, "decided")},
        body=Resolution,
        problems=(404, 409, 503),
        rights=(Right.RESOLVE,),
    ),
    Route(
        "GET",
        "/v1/jobs",
        Api.jobs,
        "Jobs, the newest first",
        {200: (JobList, "a page of jobs")},
        query=LIST_QUERIES,
        problems=(410, 503),
    ),
    Route("GET", "/v1/printers", Api.printers, "All printers, from memory", {200: (PrinterList, "printers")}),
    Route(
        "GET",
        "/v1/printers/{name}",
        Api.printer,
        "One printer and what it can do, from memory; never blocked by printing",
        {200: (PrinterDetails, "the printer")},
        problems=(404,),
    ),
    Route(
        "GET",
        "/v1/printers/{name}/packaging",
        Api.packaging,
        "The balance of returnable packaging of one day: given out, taken back, by kind",
        {200: (PackagingBalance, "the balance of the printed documents")},
        query=(packaging.DAY,),
        problems=(404, 503),
        examples=PACKAGING,
    ),
    Route(
        "GET",
        "/v1/printers/{name}/capture",
        Api.capture,
        "The flight recorder: the latest bytes between fiscald and the printer, and programs and its gateway; pcapng",
        {200: (None, "a pcapng file; docs/recordings.md describes its packets")},
        query=(Query("follow", {"type": "boolean"}, "true: an endless file with the bytes from now on"),),
        problems=(404, 503),
        media_type=PCAPNG,
    ),
    Route(
        "GET",
        "/v1/printers/{name}/header",
        Api.header,
        "The header above the printer's documents. The printer is asked between two jobs; not while it prints",
        {200: (Header, "the header")},
        problems=(404, 409, 503),
        rights=(Right.CONFIGURE,),
    ),
    Route(
        "POST",
        "/v1/printers/{name}/adoption",
        Api.adopt,
        "Confirm that another physical printer replaced this one",
        {200: (PrinterStatus, "the printer")},
        body=Adoption,
        problems=(404, 409, 503),
        rights=(Right.CONFIGURE,),
    ),
    Route(
        "POST",
        "/v1/printers/{name}/journal-confirmation",
        Api.confirm_journal,
        "Confirm that the journal was compared with the printer's paper: new documents are printed again",
        {200: (PrinterStatus, "the printer")},
        body=JournalConfirmation,
        problems=(404, 409, 503),
        rights=(Right.RESOLVE,),
    ),
    Route(
        "POST",
        "/v1/printers/{name}/preview",
        Api.preview,
        "Preview a document: its totals, or the refusals of submitting it. Sends nothing to the printer",
        {200: (Preview, "fiscald would accept it")},
        body=PreviewBody,
        problems=(404, 503),
        rights=DOCUMENT_RIGHTS,
    ),
    Route(
        "POST",
        "/v1/printers/{name}/raw",
        Api.raw,
        "Send one command in the printer's own protocol, between two jobs; not safe to repeat",
        {200: (RawAnswer, "the printer's answer, which may be a refusal")},
        body=RawCommand,
        problems=(404, 409, 503),
        rights=(Right.RAW,),
    ),
    *LICENCE_ROUTES,
    *TOKEN_ROUTES,
    *WEBHOOK_ROUTES,
    *FLEET_ROUTES,
    Route(
        "POST",
        "/v1/console/link",
        Api.console_link,
        "Make a link that signs the caller in to the web console, once, with the caller's rights",
        {200: (ConsoleLink, "the link")},
        problems=(409,),
    ),
    Route(
        "GET",
        "/v1/backup",
        Api.backup,
        "A consistent copy of the whole journal, made while the daemon runs: an SQLite file",
        {200: (None, "the journal; docs/backup.md explains how to restore it")},
        problems=(503,),
        rights=(Right.CONFIGURE,),
        media_type=SQLITE,
        everything=True,
    ),
    Route(
        "GET",
        "/v1/events",
        Api.events,
        "Server-sent events: `printer`, `licence`, `webhook` (when they change), `job` (every change, with a cursor)",
        {200: (None, "a stream of events")},
        query=(_EVENT_ID, Query("Last-Event-ID", _EVENT_ID.schema, "the same; overrides `after`", "header")),
        problems=(503,),
        media_type=openapi.EVENTS,
        events=(JobEventData, PrinterStatus, LicenceState, WebhookChange, CursorReset),
    ),
    Route("GET", "/v1/openapi.json", description, "This description", {200: (None, "OpenAPI 3.1")}),
    Route(
        "GET",
        "/metrics",
        Api.metrics,
        "Prometheus metrics",
        {200: (None, "metrics")},
        problems=(503,),
        media_type="text/plain",
        everything=True,
    ),
)
