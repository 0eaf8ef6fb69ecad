"""The HTTP face for applications: routes, keys and answers as a shop's own API, and one member more, ``shop``."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import anyio
from pydantic import Field, TypeAdapter, ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fiscald import __version__
from fiscald.api.problems import problem_error, problem_response, validated
from fiscald.fleet.central import alarms, orders, shops, tokens
from fiscald.fleet.central.answers import alarm_answer, answer, is_settled, shop_answer, states_for
from fiscald.fleet.central.database import Database
from fiscald.fleet.central.dispatcher import Dispatcher, InThread, is_too_large
from fiscald.fleet.central.metrics import prometheus
from fiscald.fleet.central.page import operations, style
from fiscald.fleet.central.rows import OrderRow
from fiscald.fleet.messages import MAX_MESSAGE, OrderKey
from fiscald.model.documents import Submission
from fiscald.model.fleet import ShopName
from fiscald.model.jobs import JobState
from fiscald.model.problems import Fate, ProblemError, problem
from fiscald.model.strict import parse_json

log = logging.getLogger(__name__)

#: Bytes of a body, seconds for it to arrive, and seconds that an answer can wait for an outcome.
MAX_BODY, BODY_SECONDS, MAX_WAIT = 128 * 1024, 20.0, 60.0
#: Seconds between two looks for an outcome that another dispatcher may have stored.
LOOK_AGAIN = 1.0
#: Orders and shops on a page of a list.
MAX_PAGE, MAX_SHOPS = 100, 1000
#: Requests that wait for outcomes at the same time; what is more is answered at once, as if the wait were over.
MAX_WAITING = 500
_KEY: TypeAdapter[str] = TypeAdapter(OrderKey)


class OrderBody(Submission):
    """The body of ``PUT /v1/jobs/{key}``: a submission, and the shop that prints it."""

    shop: ShopName = Field(description="the shop, as it was enrolled")

    @property
    def submission(self) -> Submission:
        """What is ordered."""
        return Submission(**{name: getattr(self, name) for name in Submission.model_fields})


class Face:
    """Answers applications."""

    def __init__(
        self, db: Database, dispatcher: Dispatcher, clock: Callable[[], datetime], in_thread: InThread
    ) -> None:
        self._db = db
        self._dispatcher = dispatcher
        self._clock = clock
        self._in_thread = in_thread
        self._changed = anyio.Event()
        self._waiting = 0
        dispatcher.on_change = self._wake

    def _wake(self, _: list[str]) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    def application(self) -> Starlette:
        """The ASGI application."""

        def guarded(
            work: Callable[[Request], Awaitable[Response]], *, orders: bool = False
        ) -> Callable[[Request], Awaitable[Response]]:
            async def handle(request: Request) -> Response:
                await self._admit(request, orders=orders)
                return await work(request)

            return handle

        return Starlette(
            routes=[
                Route("/v1", guarded(self._hello), methods=["GET"]),
                Route("/v1/jobs", guarded(self._list), methods=["GET"]),
                Route("/v1/jobs/{key:path}", guarded(self._submit, orders=True), methods=["PUT"]),
                Route("/v1/jobs/{key:path}", guarded(self._find), methods=["GET"]),
                Route("/v1/shops", guarded(self._shops), methods=["GET"]),
                Route("/v1/shops/{name}", guarded(self._shop), methods=["GET"]),
                Route("/v1/alarms", guarded(self._alarms), methods=["GET"]),
                Route("/metrics", guarded(self._metrics), methods=["GET"]),
                Route("/healthz", self._healthz, methods=["GET"]),
                Route("/", guarded(self._page), methods=["GET"]),
                Route("/style.css", style, methods=["GET"]),
            ],
            exception_handlers={
                ProblemError: problem_error, HTTPException: _http_error, SQLAlchemyError: _database_error,
                Exception: _internal_error,
            },
        )  # fmt: skip

    async def _admit(self, request: Request, *, orders: bool) -> None:
        """Raises ``ProblemError`` for a request without a token that may do this."""
        text = _token_of(request.headers.get("authorization", ""))
        now = self._clock().timestamp()
        found = await self._in_thread(lambda: tokens.find(self._db, text, now))
        if found is None:
            if request.url.path == "/":  # a browser asks for it: the token is the password
                raise HTTPException(401, headers={"WWW-Authenticate": 'Basic realm="fiscald-fleet", charset="UTF-8"'})
            raise ProblemError(problem("fleet.token"))
        if orders and not found.may_order:
            raise ProblemError(problem("fleet.read_only", name=found.name))

    # -- orders ---------------------------------------------------------------------------------------

    async def _submit(self, request: Request) -> Response:
        key, seconds = _key_of(request), _wait_of(request)
        try:
            content = parse_json(await _body(request))
        except ValueError as error:
            raise ProblemError(problem("request.json", reason=error)) from None
        body: OrderBody = await self._in_thread(lambda: validated(OrderBody, content))
        submission = body.submission
        if is_too_large(submission):
            raise ProblemError(problem("request.too_large", limit=MAX_MESSAGE))
        now = self._clock().timestamp()
        row, is_new = await self._in_thread(lambda: orders.submit(self._db, key, body.shop, submission, now))
        if is_new:
            self._dispatcher.wake()
        row = await self._settled(row, seconds)
        return await self._answer(row, 201 if is_new and not is_settled(row) else 200)

    async def _find(self, request: Request) -> Response:
        key, seconds = _key_of(request), _wait_of(request)
        row = await self._in_thread(lambda: orders.find(self._db, key))
        if row is None:
            raise ProblemError(problem("job.unknown", fate=Fate.UNKNOWN, key=key))
        return await self._answer(await self._settled(row, seconds), 200)

    async def _settled(self, row: OrderRow, seconds: float) -> OrderRow:
        """The order when it is settled, or as it is after so many seconds."""
        if seconds == 0 or is_settled(row) or self._waiting >= MAX_WAITING:
            return row
        self._waiting += 1
        try:
            until = anyio.current_time() + seconds
            while not is_settled(row) and (left := until - anyio.current_time()) > 0:
                changed = self._changed
                with anyio.move_on_after(min(left, LOOK_AGAIN)):
                    await changed.wait()
                found = await self._in_thread(partial(orders.find, self._db, row.key))
                row = found or row
        finally:
            self._waiting -= 1
        return row

    async def _answer(self, row: OrderRow, status: int) -> Response:
        shop = await self._in_thread(lambda: shops.find(self._db, row.shop))
        return JSONResponse(answer(row, shop), status)

    async def _list(self, request: Request) -> Response:
        query = request.query_params
        known = {"shop", "printer", "state", "order", "after", "limit"}
        if unknown := sorted(set(query) - known):
            raise _bad_query(f"there is no parameter {unknown[0]!r}; known: {', '.join(sorted(known))}")
        limit, after = _number(query.get("limit", "50"), "limit"), query.get("after")
        state, order = query.get("state"), query.get("order", "newest")
        if not 1 <= limit <= MAX_PAGE or order not in ("newest", "oldest"):
            raise _bad_query(f"limit is 1 to {MAX_PAGE}, order is newest or oldest")
        if state is not None and state not in [each.value for each in JobState]:
            raise _bad_query(f"state is one of {', '.join(JobState)}")
        found = await self._in_thread(
            lambda: orders.listed(
                self._db, shop=query.get("shop"), printer=query.get("printer"),
                states=() if state is None else states_for(JobState(state)), oldest_first=order == "oldest",
                after=None if after is None else _number(after, "after"), limit=limit + 1,
            )
        )  # fmt: skip
        page = found[:limit]
        more = str(page[-1].number) if len(found) > limit else None
        return JSONResponse({"jobs": [answer(row) for row in page], "next": more})

    # -- the rest -------------------------------------------------------------------------------------

    async def _hello(self, _: Request) -> Response:
        line = self._dispatcher
        return JSONResponse({
            "product": "fiscald-fleet", "version": __version__, "api": "1", "central": line.central,
            "broker": {"connected": line.is_connected, "reason": line.reason},
        })  # fmt: skip

    async def _shops(self, request: Request) -> Response:
        after = request.query_params.get("after", "")
        found = await self._in_thread(lambda: shops.listed(self._db, after, MAX_SHOPS + 1))
        waiting = await self._in_thread(lambda: orders.open_by_shop(self._db))
        page = found[:MAX_SHOPS]
        answers = [shop_answer(shop, waiting.get(shop.name)) for shop in page]
        return JSONResponse({"shops": answers, "next": page[-1].name if len(found) > MAX_SHOPS else None})

    async def _shop(self, request: Request) -> Response:
        name = request.path_params["name"]
        shop = await self._in_thread(lambda: shops.find(self._db, name))
        if shop is None:
            return problem_response(problem("fleet.shop_unknown", shop=name[:64]), 404)
        waiting = await self._in_thread(lambda: orders.open_by_shop(self._db))
        return JSONResponse(shop_answer(shop, waiting.get(shop.name)))

    async def _alarms(self, request: Request) -> Response:
        seen = request.query_params.get("all") == "true"
        found = await self._in_thread(lambda: alarms.listed(self._db, seen=seen))
        return JSONResponse({"alarms": [alarm_answer(each) for each in found]})

    async def _metrics(self, _: Request) -> Response:
        now = self._clock().timestamp()
        text = await self._in_thread(lambda: prometheus(self._db, self._dispatcher, now))
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    async def _healthz(self, _: Request) -> Response:
        await self._in_thread(lambda: orders.next_due(self._db))
        return Response(status_code=204)

    async def _page(self, request: Request) -> Response:
        now = self._clock()
        return await operations(request, self._db, self._dispatcher, self._in_thread, now)


def _token_of(header: str) -> str:
    """The token of a program, or of a browser, where it is the password."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest.strip()[:1000], validate=True).decode("ascii").partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return rest.strip() if scheme.lower() == "bearer" else ""


def _key_of(request: Request) -> str:
    try:
        return _KEY.validate_python(request.path_params["key"])
    except ValidationError:
        raise ProblemError(problem("request.key", key=str(request.path_params["key"])[:100])) from None


def _wait_of(request: Request) -> float:
    text = request.query_params.get("wait", "0")
    try:
        seconds = float(text[:20])
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_WAIT:
        raise _bad_query(f"wait is a number of seconds, 0 to {MAX_WAIT:g}")
    return seconds


def _number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise _bad_query(f"{name} is a whole number")
    return int(text)


def _bad_query(reason: str) -> ProblemError:
    return ProblemError(problem("request.query", reason=reason))


async def _body(request: Request) -> bytes:
    data = bytearray()
    try:
        with anyio.fail_after(BODY_SECONDS):
            async for chunk in request.stream():
                data += chunk
                if len(data) > MAX_BODY:
                    raise ProblemError(problem("request.too_large", limit=MAX_BODY))
    except TimeoutError:
        raise ProblemError(problem("request.slow", seconds=int(BODY_SECONDS))) from None
    return bytes(data)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 401:
        return Response("the password is a token of fiscald-fleet token create", 401, dict(error.headers or {}))
    path = request.url.path[:100]
    if error.status_code == 405:
        allow = (error.headers or {}).get("Allow", "").split(", ")
        methods = ", ".join(allow)
        why = problem(
            "request.method", extra={"allow": allow}, path=path, method=request.method, methods=methods, hint=""
        )
        return problem_response(why)
    return problem_response(problem("request.route", method=request.method, path=path))


async def _database_error(_: Request, error: Exception) -> Response:
    log.error("the database cannot be used: %s", error)
    return problem_response(problem("fleet.database"))


async def _internal_error(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem_response(problem("daemon.internal", reason=f"{type(error).__name__}; see the log"))
