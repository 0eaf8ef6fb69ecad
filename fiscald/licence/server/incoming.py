"""What is read of an HTTP request: its body, bounded in bytes and time, and where it comes from."""

from __future__ import annotations

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

BODY_SECONDS = 10.0


def address_of(request: Request) -> str:
    """The network address of the client, for the limits."""
    return request.client.host if request.client else "unknown"


async def read_body(request: Request, most: int) -> bytes:
    """The body. Raises ``HTTPException``: too large, too slow."""
    chunks = bytearray()
    try:
        with anyio.fail_after(BODY_SECONDS):
            async for chunk in request.stream():
                chunks += chunk
                if len(chunks) > most:
                    raise HTTPException(413)
    except TimeoutError:
        raise HTTPException(408) from None
    except ClientDisconnect:
        raise HTTPException(400) from None
    return bytes(chunks)
