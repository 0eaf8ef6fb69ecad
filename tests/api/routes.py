"""A daemon on a real socket, and how its answers are checked."""

from __future__ import annotations

from typing import Any

import httpx

PROBLEM = "application/problem+json"


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.headers["content-type"] == PROBLEM
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["status"], body["code"]) == (status, status, code), body
    assert body["type"] == f"urn:fiscald:problem:{code}"
    for member in ("title", "detail", "detail_pl", "fault", "document", "retry", "errors"):
        assert member in body
    return body
