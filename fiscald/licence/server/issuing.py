"""The issuing API: a web shop orders numbers, has them mailed, and cancels. JSON over HTTPS, with an access token.

Everything may be asked again: an order's id stands for the same numbers for ever, so an answer that got lost costs
nothing. The routes are at the end; the rest knows no HTTP but the status codes.
"""

from __future__ import annotations

import datetime
import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fiscald.licence.number import EPOCH, SUPPORT, Kind
from fiscald.licence.server import limits, listing, selling
from fiscald.licence.server.access import Access, authenticate
from fiscald.licence.server.admin import AdminError
from fiscald.licence.server.certificates import Certificates
from fiscald.licence.server.forms import read_body
from fiscald.licence.server.issuing_requests import (
    MAX_BODY,
    ApiError,
    Cancelling,
    OrderedItem,
    PlacedOrder,
    Sending,
    read_request,
)
from fiscald.licence.server.mail import recipient
from fiscald.licence.server.refusals import TooMany, Unable
from fiscald.licence.server.selling import Item, Order
from fiscald.licence.server.store import Store
from fiscald.licence.server.terms import day
from fiscald.licence.server.transaction import Transaction, normal_email
from fiscald.licence.server.web import address_of

log = logging.getLogger(__name__)

#: Orders on a page, and numbers after which it ends though there are fewer orders.
MAX_PAGE, PAGE_NUMBERS = 100, 1000

_BY_STATUS = {400: "request_broken", 408: "request_slow", 413: "request_large"}
_BY_ERROR: tuple[tuple[type[Exception], str], ...] = (
    (selling.UnknownOrder, "order_unknown"),
    (selling.OrderDiffers, "order_differs"),
    (selling.OrderUsed, "order_used"),
    (selling.OrderCancelled, "order_cancelled"),
    (selling.NoAddress, "no_address"),
    (AdminError, "invalid"),
)


class Reply(NamedTuple):
    """What goes back: a status, and JSON."""

    status: int
    content: bytes


class Issuing:
    """Answers a web shop. Every method raises ``ApiError``."""

    def __init__(self, store: Store, rules: Certificates, mac_key: int, clock: Callable[[], int]) -> None:
        """``mac_key``: the generation of new numbers."""
        self._store = store
        self._rules = rules
        self._mac_key = mac_key
        self._clock = clock

    def access(self, header: str, address: str) -> Access:
        """Who asks, by the header ``Authorization``. A valid token is never refused for what others have tried."""
        scheme, _, shown = header.partition(" ")
        with _errors(), self._store.transaction(self._clock) as t:
            limiter, network = self._rules.limiter(t), limits.network(address, t.now)
            found = authenticate(t, self._rules.keyring, shown.strip()) if scheme.lower() == "bearer" else None
            if found is not None:
                limiter.take((limits.TOKEN_REQUESTS, found.id))
            elif limiter.seen(limits.WRONG_TOKEN_IP, network) >= limiter.most(limits.WRONG_TOKEN_IP):
                raise TooMany(limits.WRONG_TOKEN_IP.seconds)
            else:
                limiter.count(limits.WRONG_TOKEN_IP, network)
        if found is None:
            raise ApiError("token_invalid", "send the header Authorization: Bearer TOKEN with a token that is in force")
        if found.rights != "issue":
            raise ApiError("token_lacks_right", f"the token {found.id} has the right {found.rights}; this needs issue")
        return found

    def place(self, access: Access, id_: str, body: bytes) -> Reply:
        """Place the order, or find it placed: its numbers in clear."""
        said = read_request(PlacedOrder, body)
        with self._changing(access) as t:
            row = t.one("SELECT content, bought, invoice, buyer, email, lang FROM purchase WHERE id = ?", id_)
            order = self._order(t, id_, said, row)
            if row is None:
                self._rules.limiter(t).take((limits.TOKEN_ORDERS, access.id))
            made, new = selling.place_order(t, self._rules, order, day(t.now), self._mac_key, access.actor)
            if row is not None:
                _check_same(id_, said, row)
            if new and said.send:
                self._mail(t, id_, None)
            return _reply(201 if new else 200, _shown(t, id_, [number.text for number in made]))

    def _order(self, t: Transaction, id_: str, said: PlacedOrder, row: Any) -> Order:
        stored = [] if row is None else json.loads(row[0])
        items = []
        for place, item in enumerate(said.items):
            offline = self._rules.terms.offline if item.offline is None else item.offline
            if item.offline is None and place < len(stored):
                offline = stored[place][3]
            items.append(_item(item, offline=bool(offline)))
        today = day(t.now)
        if row is not None:
            bought = datetime.date.fromisoformat(row[1])
        else:
            bought = said.bought or today
            # The shop's day may have begun when ours, in UTC, has not.
            if not EPOCH <= bought <= today + datetime.timedelta(days=1):
                raise ApiError("invalid", f"bought: must be a day from {EPOCH} until today")
        return Order(id_, tuple(items), bought, said.invoice, said.buyer, said.email, said.lang or "pl")

    def show(self, access: Access, id_: str, query: Mapping[str, str]) -> Reply:
        """The order; with ``numbers=true`` its numbers in clear, which is written down."""
        if _flag(query, "numbers"):
            with self._changing(access) as t:
                numbers = [number.text for number in selling.numbers_of(t, self._rules, id_)]
                t.audit("order.shown", id_)
                return _reply(200, _shown(t, id_, numbers))
        with _errors(), self._store.reading(self._clock) as t:
            return _reply(200, _shown(t, id_))

    def list_(self, query: Mapping[str, str]) -> Reply:
        """A page of orders, oldest first. ``after``: what the page before gave."""
        after, limit = _whole(query, "after", 0, 0, 2**62), _whole(query, "limit", MAX_PAGE, 1, MAX_PAGE)
        rows: list[dict[str, Any]] = []
        with _errors(), self._store.reading(self._clock) as t:
            count = 0
            while len(rows) < limit and count < PAGE_NUMBERS:
                found = listing.orders(t, after=after, limit=1)
                if not found:
                    return _reply(200, {"orders": rows, "after": None})
                after = found[0].pop("row")
                count += len(found[0]["numbers"])
                rows += found
        return _reply(200, {"orders": rows, "after": after})

    def send(self, access: Access, id_: str, body: bytes) -> Reply:
        """Mail the order's numbers."""
        said = read_request(Sending, body or b"{}")
        with self._changing(access) as t:
            return _reply(200, {"order": id_, "email": self._mail(t, id_, said.email)})

    def _mail(self, t: Transaction, id_: str, email: str | None) -> str:
        """The address. The same mail within minutes is the same request, whose answer got lost."""
        address = selling.order_address(t, id_, email)
        limiter, whom = self._rules.limiter(t), f"{id_}\0{normal_email(address)}"
        if not limiter.seen(limits.ORDER_MAILED, whom):
            limiter.take((limits.ORDER_MAILS, id_))
            selling.send_order(t, self._rules, id_, email)
            limiter.count(limits.ORDER_MAILED, whom)
        return address

    def cancel(self, access: Access, id_: str, body: bytes) -> Reply:
        """Revoke the order's numbers."""
        said = read_request(Cancelling, body or b"{}")
        with self._changing(access) as t:
            selling.cancel_order(t, id_, revoke_used=said.used == "revoke", said=said.say)
            return _reply(200, _shown(t, id_))

    @contextmanager
    def _changing(self, access: Access) -> Iterator[Transaction]:
        with _errors(), self._store.transaction(self._clock, access.actor) as t:
            t.check_clock()
            yield t


@contextmanager
def _errors() -> Iterator[None]:
    """Turns what the rules raise into ``ApiError``."""
    try:
        yield
    except TooMany as error:
        sentence = f"too many requests; try again in {error.retry_after} s"
        raise ApiError("too_many", sentence, retry_after=error.retry_after) from None
    except Unable as error:
        log.critical("NOTHING IS ISSUED: %s", error)
        raise ApiError("unavailable", "the server cannot answer now; try again later") from None
    except sqlite3.IntegrityError:
        raise ApiError("conflict", "another request came at this moment; try again") from None
    except AdminError as error:
        code = next(code for kind, code in _BY_ERROR if isinstance(error, kind))
        raise ApiError(code, str(error), numbers=getattr(error, "hints", None)) from None


def _item(item: OrderedItem, *, offline: bool) -> Item:
    if item.field == "Y":
        return Item(Kind.UPDATES, SUPPORT, None, offline, item.quantity)
    flags = selling.flags(bank="bank" in item.modules, fiscal="fiscal" in item.modules, support=item.support)
    return Item(Kind.LICENCE, flags, item.months, offline, item.quantity)


def _check_same(id_: str, said: PlacedOrder, row: Any) -> None:
    """What the request says is what the order has. Raises ``OrderDiffers``."""
    _, bought, invoice, buyer, email, lang = row
    pairs = {
        "bought": (None if said.bought is None else said.bought.isoformat(), bought),
        "invoice": (said.invoice, invoice),
        "buyer": (said.buyer, buyer),
        "email": (None if said.email is None else recipient(said.email), email),
        "lang": (said.lang, lang),
    }
    other = [name for name, (new, stored) in pairs.items() if new is not None and new != stored]
    if other:
        raise selling.OrderDiffers(f"order {id_} exists with another {', '.join(other)}; nothing was changed")


def _shown(t: Transaction, id_: str, numbers: list[str] | None = None) -> dict[str, Any]:
    """An order as the shop sees it; with its numbers in clear, if they are given. Raises ``UnknownOrder``."""
    selling.check_order(t, id_)
    row = listing.order(t, id_) or {}
    del row["row"]
    if numbers is not None:
        for each, number in zip(row["numbers"], numbers, strict=True):
            each["number"] = number
    return row


def _reply(status: int, content: Mapping[str, Any]) -> Reply:
    return Reply(status, json.dumps(content, ensure_ascii=False).encode())


def _flag(query: Mapping[str, str], name: str) -> bool:
    if query.get(name, "false") not in ("true", "false"):
        raise ApiError("invalid", f"{name} must be true or false")
    return query.get(name) == "true"


def _whole(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise ApiError("invalid", f"{name} must be a whole number from {least} to {most}")
    return int(text)


# -- HTTP ------------------------------------------------------------------------------------------------

#: Runs database work off the event loop, one at a time.
RunInThread = Callable[..., Awaitable[Any]]
#: What is done for a token, an order's id, the query and the body.
Work = Callable[[Access, str, Mapping[str, str], bytes], Reply]


def issuing_routes(issuing: Issuing, run: RunInThread, wake: Callable[[], None]) -> list[Route]:
    """The routes of the API. ``wake`` is called after a request that may have queued a mail or an event."""

    def answering(work: Work, *, has_body: bool) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            try:
                header = request.headers.get("authorization", "")[:200]
                access = await run(issuing.access, header, address_of(request))
                body = await _json_body(request) if has_body else b""
                id_ = request.path_params.get("id", "")
                reply: Reply = await run(work, access, id_, request.query_params, body)
            except ApiError as error:
                return _refusal(error)
            if has_body:
                wake()
            return _json(reply.status, reply.content)

        return handle

    place = answering(lambda access, id_, _, body: issuing.place(access, id_, body), has_body=True)
    show = answering(lambda access, id_, query, _: issuing.show(access, id_, query), has_body=False)
    list_ = answering(lambda _access, _id, query, _: issuing.list_(query), has_body=False)
    send = answering(lambda access, id_, _, body: issuing.send(access, id_, body), has_body=True)
    cancel = answering(lambda access, id_, _, body: issuing.cancel(access, id_, body), has_body=True)
    return [
        Route("/v1/orders", list_, methods=["GET"]),
        Route("/v1/orders/{id}", place, methods=["PUT"]),
        Route("/v1/orders/{id}", show, methods=["GET"]),
        Route("/v1/orders/{id}/send", send, methods=["POST"]),
        Route("/v1/orders/{id}/cancel", cancel, methods=["POST"]),
    ]


async def _json_body(request: Request) -> bytes:
    try:
        body = await read_body(request, MAX_BODY)
    except HTTPException as error:
        code = _BY_STATUS[error.status_code]
        raise ApiError(code, f"the body must have at most {MAX_BODY} bytes and arrive in time") from None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and (body or kind):
        raise ApiError("not_json", "send JSON, with the header Content-Type: application/json")
    return body


def _refusal(error: ApiError) -> Response:
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return _json(error.status, json.dumps(error.content, ensure_ascii=False).encode(), headers)


def _json(status: int, content: bytes, headers: Mapping[str, str] | None = None) -> Response:
    # An answer may hold numbers in clear: no cache keeps it.
    return Response(content, status, {"Cache-Control": "no-store", **(headers or {})}, "application/json")
