"""A decoded frame as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from fiscald.protocols.decoding import DecodedFrame


def frame_lines(mark: str, frame: DecodedFrame) -> Iterator[str]:
    """A frame with its fields and its error, the first line behind ``mark``."""
    indent = " " * (len(mark) + 4)
    if frame.damage:
        yield f"{mark}{frame.name or '?'}: DAMAGED, {frame.damage}"
        yield f"{indent}{frame.raw.hex(' ')}"
        yield indent + "".join(chr(byte) if 32 <= byte < 127 else "." for byte in frame.raw)
        return
    yield f"{mark}{frame.name}{f': {frame.meaning}' if frame.meaning else ''}"
    for field in frame.fields:
        yield f"{indent}{field.name:2}  {field.meaning or 'not known'} = {field.value}"
    if frame.error:
        yield f"{indent}!   {frame.error.name}: {frame.error.text}"
        yield f"{indent}    {frame.error.text_pl}"
