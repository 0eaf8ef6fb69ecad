"""What a browser or a program sends, read with a limit on its size and its time."""

from __future__ import annotations

from urllib.parse import parse_qsl

import anyio
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

MAX_FORM = 8 * 1024
MAX_FIELDS = 10
BODY_SECONDS = 10.0


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


async def read_form(request: Request, most: int = MAX_FORM) -> dict[str, str]:
    """The fields of a form without files. Raises ``HTTPException``."""
    body = await read_body(request, most)
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise HTTPException(400)
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:
        raise HTTPException(400) from None
    return dict(fields)


async def read_file(request: Request, most: int) -> bytes:
    """A file: the body itself, or sent by a form as ``file`` or ``text``. Raises ``HTTPException``."""
    body = await read_body(request, most)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return body

    async def again() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async with Request(request.scope, again).form(max_files=1, max_fields=2, max_part_size=most) as fields:
        file, text = fields.get("file"), fields.get("text")
        if isinstance(file, UploadFile) and file.size:
            return await file.read()
        return text.encode() if isinstance(text, str) else b""
