"""``/v1/fleet``: the shop's end of a fleet."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fiscald.api.openapi import Route
from fiscald.model.fleet import EnrolmentRequest, FleetStatus, ShopCard
from fiscald.model.problems import ProblemError, problem
from fiscald.model.rights import Right

if TYPE_CHECKING:
    from fiscald.fleet.shop import Fleet

M = TypeVar("M", bound=BaseModel)
#: Beginnings of keys that no program may submit, and whose they are: it could take the key of a job that is to come.
RESERVED = {"fleet/": "orders of a central (docs/fleet.md)", "gateway/": "programs at a gateway (docs/gateway.md)"}


def demand_free_key(key: str) -> None:
    """Raises ``ProblemError`` for a key that no program may submit."""
    for prefix, owner in RESERVED.items():
        if key.startswith(prefix):
            raise ProblemError(problem("request.reserved_key", prefix=prefix, owner=owner))


class FleetHandlers(ABC):
    """The handlers."""

    fleet: Fleet

    @abstractmethod
    def read(self, model: type[M], request: Request) -> AbstractAsyncContextManager[M]:
        """See ``Api``."""

    async def fleet_status(self, _: Request) -> Response:
        """``GET /v1/fleet``."""
        return JSONResponse((await self.fleet.status()).model_dump(mode="json"))

    async def enrol(self, request: Request) -> Response:
        """``POST /v1/fleet/enrolment``."""
        async with self.read(EnrolmentRequest, request) as asked:
            found = await self.fleet.enrolment(asked.shop)
        return JSONResponse(found.model_dump(mode="json"))


#: The routes of the fleet.
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/fleet",
        FleetHandlers.fleet_status,
        "The shop's place in a fleet: its connection, and which messages it did not obey",
        {200: (FleetStatus, "the fleet")},
        problems=(503,),
    ),
    Route(
        "POST",
        "/v1/fleet/enrolment",
        FleetHandlers.enrol,
        "What a central must know of this shop: its public keys",
        {200: (ShopCard, "the shop's name and keys")},
        body=EnrolmentRequest,
        problems=(409, 503),
        rights=(Right.CONFIGURE,),
    ),
)
