"""What a web shop may ask the issuing API, field by field, and every error that it gets."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from fiscald.model.strict import Strict, parse_json

#: Bytes of a request: an order with MAX_ITEMS items has fewer.
MAX_BODY = 32 * 1024
MAX_ITEMS = 100
#: Numbers of an order: making one takes nearly a millisecond, for which other requests wait. More by the command.
MAX_NUMBERS = 250

#: Every error of this API: what the shop's program reads, and the HTTP status.
ERRORS = {
    "request_broken": 400,
    "token_invalid": 401,
    "token_lacks_right": 403,
    "order_unknown": 404,
    "request_slow": 408,
    "order_differs": 409,
    "order_used": 409,
    "order_cancelled": 409,
    "conflict": 409,
    "request_large": 413,
    "not_json": 415,
    "invalid": 422,
    "no_address": 422,
    "too_many": 429,
    "unavailable": 503,
}


class ApiError(Exception):
    """The request is refused; nothing was changed. ``str`` is for the shop's programmer."""

    def __init__(
        self, code: str, detail: str, *, retry_after: int | None = None, numbers: list[str] | None = None
    ) -> None:
        """``numbers``: hints of those that are in the way. ``retry_after`` is in seconds."""
        self.content = {"code": code, "detail": detail} | ({} if numbers is None else {"numbers": numbers})
        self.status = ERRORS[code]
        self.retry_after = retry_after
        super().__init__(detail)


StrictBool = Annotated[bool, Field(strict=True)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class OrderedItem(Strict):
    """So many numbers of one sort."""

    field: Literal["X", "Y"]
    modules: Annotated[tuple[Literal["bank", "fiscal"], ...], Field(max_length=2)] = ()
    support: StrictBool = False
    months: Annotated[int, Field(strict=True, ge=1, le=120)] | None = None
    offline: StrictBool | None = None
    quantity: Annotated[int, Field(strict=True, ge=1, le=MAX_NUMBERS)] = 1

    @model_validator(mode="after")
    def _fits_the_field(self) -> Self:
        if self.field == "Y" and (self.modules or self.support or self.months is not None or self.offline is not None):
            raise ValueError("a number Y is a year of updates and support; it takes field and quantity only")
        if len(set(self.modules)) != len(self.modules):
            raise ValueError("a module is named twice")
        return self


class PlacedOrder(Strict):
    """What ``PUT`` says about an order. What is left out is not compared with an order that exists."""

    items: Annotated[tuple[OrderedItem, ...], Field(min_length=1, max_length=MAX_ITEMS)]
    bought: datetime.date | None = None
    invoice: Line | None = None
    buyer: Line | None = None
    email: Line | None = None
    lang: Literal["pl", "nl", "en"] | None = None
    send: StrictBool = False

    @field_validator("items")
    @classmethod
    def _few_enough(cls, items: tuple[OrderedItem, ...]) -> tuple[OrderedItem, ...]:
        if sum(item.quantity for item in items) > MAX_NUMBERS:
            raise ValueError(f"an order has at most {MAX_NUMBERS} numbers here; more with: fiscald-vendor issue")
        return items

    @field_validator("bought", mode="before")
    @classmethod
    def _day(cls, value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, str) or len(value) != len("YYYY-MM-DD"):
            raise ValueError("write a day as YYYY-MM-DD")
        return datetime.date.fromisoformat(value)


class Sending(Strict):
    """Where to mail an order's numbers: to its address, or to another one."""

    email: Line | None = None


class Cancelling(Strict):
    """Whether used numbers are revoked too, and a sentence for the customer."""

    used: Literal["refuse", "revoke"] = "refuse"
    say: Line | None = None


M = TypeVar("M", bound=Strict)


def read_request(model: type[M], body: bytes) -> M:
    """The request in a body. Raises ``ApiError``."""
    try:
        return model.model_validate(parse_json(body))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        sentences = [
            ": ".join(filter(None, (".".join(map(str, fault["loc"])), fault["msg"].removeprefix("Value error, "))))
            for fault in faults[:5]
        ]
        raise ApiError("invalid", "; ".join(sentences)) from None
    except ValueError as error:
        raise ApiError("invalid", f"the body is not JSON: {error}") from None
