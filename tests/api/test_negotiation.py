"""The format of an answer by the header ``Accept``."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.api.negotiation import chosen

FORMATS = ("text/plain", "image/svg+xml", "image/png")


@pytest.mark.parametrize(
    ("accept", "format_"),
    [
        (None, "text/plain"),
        ("", "text/plain"),
        ("*/*", "text/plain"),
        ("nonsense", "text/plain"),
        ("image/png", "image/png"),
        ("IMAGE/PNG", "image/png"),
        ("image/*", "image/svg+xml"),
        ("image/svg+xml;q=0.5, image/png", "image/png"),
        ("image/svg+xml;q=0.5,image/png;q=0.4,text/*;q=0.3", "image/svg+xml"),
        ("text/plain;q=0, */*", "image/svg+xml"),
        ("text/plain;q=0.0, image/*;q=0, */*;q=1", None),
        ("image/png;q=0", None),
        ("application/json", None),
        ("text/html, application/xhtml+xml, */*;q=0.8", "text/plain"),
        ("image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", "image/svg+xml"),
        ("image/png; q=0.9 ; version=1, text/plain;q=0.2", "image/png"),
        ("image/png;q=2", "image/png"),
        ("*/*;q=0.1, image/*;q=0.2, text/plain;q=0.15", "image/svg+xml"),
        ("text/*", "text/plain"),
        ("*/png", "text/plain"),
        ("*/png, image/png", "image/png"),
    ],
)
def test_the_format_that_the_client_prefers(accept: str | None, format_: str | None) -> None:
    assert chosen(accept, FORMATS) == format_


@given(st.text(max_size=300))
def test_any_text_chooses_a_format_or_none(accept: str) -> None:
    assert chosen(accept, FORMATS) in (*FORMATS, None)
