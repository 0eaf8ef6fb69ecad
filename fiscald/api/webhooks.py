"""``/v1/webhooks``: their state, their dead letters, tests; and the description of their messages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fiscald.api.openapi import Query, Route
from fiscald.model.rights import Right
from fiscald.model.webhooks import DeadLetters, Resend, Resent, WebhookList, WebhookTest

if TYPE_CHECKING:
    from fiscald.webhooks import Webhooks

M = TypeVar("M", bound=BaseModel)
#: Dead letters on a page.
MOST_DEAD = 1000
#: The largest id of a dead letter in a request: 15 digits.
MOST_ID = 10**15 - 1


class WebhookHandlers(ABC):
    """The handlers."""

    webhooks: Webhooks

    @abstractmethod
    def read(self, model: type[M], request: Request) -> AbstractAsyncContextManager[M]:
        """See ``Api``."""

    @abstractmethod
    def _integer(self, request: Request, name: str, most: int, default: int = 0, least: int = 0) -> int:
        """See ``Api``."""

    async def list_webhooks(self, _: Request) -> Response:
        """``GET /v1/webhooks``."""
        found = WebhookList(webhooks=await self.webhooks.statuses())
        return JSONResponse(found.model_dump(mode="json"))

    async def dead_letters(self, request: Request) -> Response:
        """``GET /v1/webhooks/{webhook}/dead``."""
        after, limit = (
            self._integer(request, "after", MOST_ID), self._integer(request, "limit", MOST_DEAD, default=100, least=1)
        )  # fmt: skip
        found = await self.webhooks.dead(request.path_params["webhook"], after, limit)
        return JSONResponse(found.model_dump(mode="json"))

    async def resend(self, request: Request) -> Response:
        """``POST /v1/webhooks/{webhook}/resend``."""
        async with self.read(Resend, request) as asked:
            resent = await self.webhooks.resend(request.path_params["webhook"], asked.ids)
        return JSONResponse(Resent(resent=resent).model_dump(mode="json"))

    async def test_webhook(self, request: Request) -> Response:
        """``POST /v1/webhooks/{webhook}/test``."""
        found = await self.webhooks.test(request.path_params["webhook"])
        return JSONResponse(found.model_dump(mode="json"))


#: The routes of webhooks.
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/webhooks",
        WebhookHandlers.list_webhooks,
        "All webhooks: whether messages reach their receivers",
        {200: (WebhookList, "the webhooks")},
        problems=(503,),
    ),
    Route(
        "GET",
        "/v1/webhooks/{webhook}/dead",
        WebhookHandlers.dead_letters,
        "Messages that were given up, oldest first",
        {200: (DeadLetters, "a page of dead letters")},
        query=(
            Query(
                "after", {"type": "integer", "minimum": 0, "maximum": MOST_ID}, "begin after the letter with this id"
            ),
            Query("limit", {"type": "integer", "minimum": 1, "maximum": MOST_DEAD}, "at most so many; default: 100"),
        ),
        problems=(404, 503),
    ),
    Route(
        "POST",
        "/v1/webhooks/{webhook}/resend",
        WebhookHandlers.resend,
        "Send dead letters again: all, or those with these ids",
        {200: (Resent, "how many")},
        body=Resend,
        problems=(404, 409, 503),
        rights=(Right.CONFIGURE,),
    ),
    Route(
        "POST",
        "/v1/webhooks/{webhook}/test",
        WebhookHandlers.test_webhook,
        "Send a test message now. A good answer ends the state `gone`",
        {200: (WebhookTest, "what the receiver answered")},
        problems=(404, 503),
        rights=(Right.CONFIGURE,),
    ),
)
