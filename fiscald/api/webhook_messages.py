"""The description of the messages to webhooks, for the section ``webhooks`` of OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from fiscald.api.schemas import Schemas
from fiscald.model.webhooks import WebhookMessage, WebhookTestMessage

_HEADERS = {
    "webhook-id": ("the same in every try of a message: a receiver that knows it already answers 200", "msg_0123abcd"),
    "webhook-timestamp": ("time of this try, in seconds since 1970; more than 5 minutes off: refuse it", "1796032800"),
    "webhook-signature": (
        "one for each secret, separated by spaces: `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
}
_EXAMPLES: dict[str, dict[str, Any]] = {
    "job": {
        "type": "job.done",
        "timestamp": "2026-11-22T10:00:03+01:00",
        "data": {
            "key": "FV/2026/11/0017",
            "printer": "till1",
            "document": "receipt",
            "state": "done",
            "paper": "printed",
            "result": {
                "number": 85,
                "daily_report": 12,
                "printer_id": "ABC 0000000001",
                "fiscal": True,
                "printed_at": "2026-11-22T10:00:00+01:00",
                "total": "12.00",
                "totals": None,
                "due": "12.00",
                "e_receipt": None,
                "device": {},
            },
            "error": None,
            "cursor": 340,
        },
    },
    "webhook.test": {
        "type": "webhook.test",
        "timestamp": "2026-11-22T10:00:03+01:00",
        "data": {"webhook": "erp"},
    },
}
_ABOUT: dict[str, tuple[type[BaseModel], str]] = {
    "job": (WebhookMessage, "A job has changed. The messages about one job come in order"),
    "webhook.test": (WebhookTestMessage, "A person tests the webhook. Nothing has changed"),
}


def described(schemas: Schemas) -> dict[str, Any]:
    """The messages, by name."""
    return {name: {"post": _operation(name, model, text, schemas)} for name, (model, text) in _ABOUT.items()}


def _operation(name: str, model: type[BaseModel], text: str, schemas: Schemas) -> dict[str, Any]:
    return {
        "tags": ["webhooks"],
        "summary": text,
        "operationId": f"receive_{name.replace('.', '_')}",
        "parameters": [
            {
                "name": header,
                "in": "header",
                "required": True,
                "description": meaning,
                "schema": {"type": "string"},
                "example": example,
            }
            for header, (meaning, example) in _HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schemas.answer(model), "example": _EXAMPLES[name]}},
        },
        "responses": {
            "2XX": {"description": "the receiver has stored the message"},
            "410": {"description": "the receiver wants no more messages: nothing is sent until a test succeeds"},
            "default": {"description": "fiscald tries again for days; 429 and 503 may say `Retry-After`"},
        },
    }
