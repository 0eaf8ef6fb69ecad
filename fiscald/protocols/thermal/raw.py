"""A command as a technician writes it: what stands between ``ESC P`` and the check byte, ``23#s`` or ``0$d|tekst``.

``|`` stands for CR, the terminator of texts; ``/`` and ``;`` are written as they are. The check byte is added where the
command has one. ``ENQ`` and ``DLE`` are the two single bytes that are answered. Values go out as they are written, in
the printer's code page; of a command that is not in ``COMMANDS`` the worst is assumed.

Source: Thermal reference, sections 3.1 to 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fiscald.model.text import CODE_PAGES
from fiscald.protocols.base import Effect, Patience, RawReply, Settings, Step
from fiscald.protocols.thermal.commands import RESULT, Check, Poll, Reply, Request, Row, Status, find
from fiscald.protocols.thermal.fields import Dialect
from fiscald.protocols.thermal.frames import CR, MAX_FRAME, BadFrame, Control, Dle, Frame, decode, encode
from fiscald.protocols.thermal.profiles import PROFILES
from fiscald.protocols.thermal.queries import describe

HOW = "write the parameters, the identifier and the fields, | for the end of a text: 23#s or 0#i5.00/01|Anna|"
_POLLS = {"ENQ": Control.ENQ, "DLE": Control.DLE}


@dataclass(frozen=True, slots=True)
class RawRequest(Request):
    """A command that goes out as it was written."""

    sequence: Frame = field(kw_only=True)

    def frame(self, dialect: Dialect) -> Frame:
        """See ``Request.frame``."""
        return self.sequence


def parse(text: str, settings: Settings) -> Step:
    """The command in ``text``. Raises ``ValueError`` with a sentence."""
    if text.strip() in _POLLS:
        return Step(Poll(_POLLS[text.strip()]), Effect.QUERY, Patience.QUERY)
    try:
        payload = text.strip("\n").replace("|", "\r").encode(CODE_PAGES[settings.code_page])
    except UnicodeEncodeError as error:
        raise ValueError(f"the code page {settings.code_page} has no {text[error.start]!r}") from None
    if any(byte < 32 and byte not in CR for byte in payload):
        raise ValueError("a control character cannot be part of a command")
    if len(payload) + 2 > MAX_FRAME:
        raise ValueError(f"a sequence has at most {MAX_FRAME} bytes")
    frame = decode(payload)
    if isinstance(frame, BadFrame):
        raise ValueError(f"{text[:40]!r} is no command; {HOW}")
    # What looks like a check byte was written by hand, and stays where it is.
    frame = frame.unchecked
    brand = PROFILES[settings.profile or "posnet"].brand
    row = find(frame, brand) or Row(frame.name, effect=Effect.IRREVERSIBLE, patience=Patience.REPORT)
    # How errors are told is nothing that the printer keeps, but it may silence it for whoever asks next.
    effect = Effect.REVERSIBLE if row.id == "#e" else row.effect
    sequence = frame if row.check is Check.NEVER else frame.checked
    encode(sequence)
    return Step(RawRequest(row, {}, brand, sequence=sequence), effect, row.patience)


def show(reply: Reply | Status, settings: Settings) -> RawReply:
    """The answer in the same form, and what its error means. The answers to single bytes are told bit by bit (3.3)."""
    if isinstance(reply, Dle):
        return RawReply(f"ONL={reply.online:d} PE={reply.no_paper:d} ERR={reply.fault:d}")
    if not isinstance(reply, Reply):
        return RawReply(f"FSK={reply.fiscal:d} CMD={reply.done:d} PAR={reply.open:d} TRF={reply.finished:d}")
    assert reply.frame is not None
    sequence = reply.frame.unchecked if reply.frame.name == RESULT.id else reply.frame
    text = sequence.payload.decode(CODE_PAGES[settings.code_page], "replace").replace("\r", "|")
    return RawReply(text, None if reply.good else describe(reply)[0])
