"""A command as a technician writes it: the bytes between ``ESC P`` and the check byte, with ``|`` for CR.

``23#s``, ``1$lŻurek|1.|B/12.00/12.00/``; ``ENQ`` and ``DLE`` for the single bytes. Values are sent as written, in the
printer's code page, with the check byte of the command: the printer checks them, not this module. So a command that is
not in ``COMMANDS`` can be sent too. Its effect is unknown, so it counts as irreversible.

Source: Thermal reference, sections 3.1 to 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fiscald.model.text import CODE_PAGES
from fiscald.protocols.base import Deadline, Effect, Ends, RawReply, Settings, Step
from fiscald.protocols.thermal.commands import Poll, Reply, Request, Status, find
from fiscald.protocols.thermal.fields import Dialect
from fiscald.protocols.thermal.frames import MAX_FRAME, BadFrame, Control, Enq, Frame, decode, encode
from fiscald.protocols.thermal.layouts import Check
from fiscald.protocols.thermal.options import code_page, known_profile
from fiscald.protocols.thermal.profiles import PROFILES
from fiscald.protocols.thermal.queries import describe
from fiscald.protocols.thermal.rows import Row

#: Commands that end or cancel a receipt and do nothing else. No query shows what a short closing leaves open (6.1).
_ENDS = {
    "$e 0": Ends.SEEN,
    "$e 1": Ends.SEEN,
    "$x": Ends.SEEN,
    "$y": Ends.SEEN,
    "$z 28": Ends.UNSEEN,
}
HOW = "write parameters, identifier and fields, | for CR: 23#s, or 1$lKawa|1.|A/10.00/10.00/; or ENQ, DLE"
_POLLS = {"ENQ": Control.ENQ, "DLE": Control.DLE}


@dataclass(frozen=True, slots=True)
class AsWritten(Request):
    """A command with a finished sequence."""

    written: Frame = field(kw_only=True)

    def frame(self, dialect: Dialect) -> Frame:
        """See ``Request.frame``."""
        return self.written


def parse(text: str, settings: Settings) -> Step:
    """The command in ``text``. Raises ``ValueError`` with a sentence."""
    text = text.strip(" \r\n")
    if text.upper() in _POLLS:
        return Step(Poll(_POLLS[text.upper()]), Effect.QUERY, Deadline.QUERY)
    try:
        payload = text.replace("|", "\r").encode(CODE_PAGES[code_page(settings)])
    except UnicodeEncodeError as error:
        raise ValueError(f"the code page {code_page(settings)} has no {text[error.start]!r}") from None
    frame = decode(payload)
    if isinstance(frame, BadFrame):
        raise ValueError(f"{text[:40]!r} is no command; {HOW}")
    brand = (known_profile(settings) or PROFILES["posnet"]).brand
    row = find(frame, brand) or Row(frame.name, None, effect=Effect.IRREVERSIBLE, deadline=Deadline.REPORT)
    # If the two last digits fit, the printer too takes them for the check byte.
    written = frame.unchecked if row.check is Check.NEVER else frame.checked
    try:
        if len(encode(written)) > MAX_FRAME:
            raise ValueError(f"a sequence has at most {MAX_FRAME} bytes")
    except ValueError as error:
        raise ValueError(f"{error}; {HOW}") from None
    return Step(AsWritten(row, {}, brand, written=written), row.effect, row.deadline, ends=_ENDS.get(row.name))


def show(reply: Reply | Status, settings: Settings) -> RawReply:
    """The answer, field by field, and the meaning of its error."""
    if not isinstance(reply, Reply):
        name = "ENQ" if isinstance(reply, Enq) else "DLE"
        return RawReply(" ".join([name, *(f"{field}={value:d}" for field, value in reply._asdict().items())]))
    if reply.good:
        return RawReply(" ".join([reply.name, *(f"{field}={_shown(value)}" for field, value in reply.values.items())]))
    return RawReply(f"{reply.error}#Z{reply.name}", describe(reply)[0])


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return "/".join(map(_shown, value))
    return "-" if value is None else str(value)
