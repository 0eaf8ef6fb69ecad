"""Whole requests and answers of the contract's examples, as bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fiscald.protocols.decoding import Direction


def _answer(content: Any, status: int) -> bytes:
    body = json.dumps(content, ensure_ascii=False).encode()
    head = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(body)) + body


def _request(name: str, content: Any) -> bytes:
    body = json.dumps(content, ensure_ascii=False).encode()
    head = b"POST /api/v1/%b HTTP/1.1\r\nHost: printer\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (name.encode(), len(body)) + body


def vectors() -> tuple[tuple[Direction, bytes], ...]:
    """Each with the way it goes."""
    examples = json.loads(Path(__file__).with_name("examples.json").read_text("utf-8"))
    answers = [(Direction.RECEIVED, _answer(each["answer"], each.get("status", 200))) for each in examples]
    requests = [each["request"] for each in examples if "request" in each]
    return (*((Direction.SENT, _request(next(iter(each)), each)) for each in requests), *answers)
