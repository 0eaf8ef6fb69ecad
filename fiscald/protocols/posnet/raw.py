"""A command as a technician writes it: the payload of its frame, ``mnemonic|xxvalue|xxvalue``.

TAB separates the fields, as on the wire, or ``|`` if there is no TAB. Values are sent as written, in the printer's code
page: the printer checks them, not this module. So a command that is not in ``COMMANDS`` can be sent too. Its effect is
unknown, so it counts as irreversible.

Source: POSNET reference, sections 3.1 (payload), 3.4 (``!``), 3.6 (limits).
"""

from __future__ import annotations

import re
from typing import Any

from fiscald.model.text import CODE_PAGES
from fiscald.protocols.base import Deadline, Effect, Ends, RawReply, Settings, Step
from fiscald.protocols.posnet.commands import COMMANDS, Param, Reply, Request, Row
from fiscald.protocols.posnet.fields import Dialect, Value
from fiscald.protocols.posnet.frames import MAX_FRAME, MAX_MNEMONIC
from fiscald.protocols.posnet.options import code_page
from fiscald.protocols.posnet.queries import describe

#: Commands that end or cancel a document and do nothing else. ``scomm`` shows no open form and no open footer (6.1).
_ENDS = {
    "trend": Ends.SEEN,
    "trftrend": Ends.UNSEEN,
    "formend": Ends.UNSEEN,
    "prncancel": Ends.UNSEEN,
    "trcancel": Ends.UNSEEN,
}
HOW = "write the mnemonic, then every parameter with its two-letter name before its value: trline|naKawa|vt0|pr1000"
_MNEMONIC = re.compile(r"!?[A-Za-z0-9]+", re.ASCII)
_FIELD = re.compile(r"([A-Za-z0-9]{2})(.*)", re.ASCII | re.DOTALL)


class _AsWritten(Value):
    """Bytes that are written between two TABs unchanged."""

    def encode(self, value: bytes, dialect: Dialect) -> bytes:
        """See ``Value.encode``."""
        return value

    def decode(self, raw: bytes, dialect: Dialect) -> bytes:
        """See ``Value.decode``."""
        return raw


_AS_WRITTEN = _AsWritten()


def parse(text: str, settings: Settings) -> Step:
    """The command in ``text``. Raises ``ValueError`` with a sentence."""
    mark = "\t" if "\t" in text else "|"
    head, *chunks = text.strip(" \r\n").removesuffix(mark).split(mark)
    if _MNEMONIC.fullmatch(head) is None or len(head.removeprefix("!")) > MAX_MNEMONIC:
        raise ValueError(f"{head[:40]!r} is no mnemonic; {HOW}")
    mnemonic = head.removeprefix("!")
    values: dict[str, Any] = {}
    for chunk in chunks:
        found = _FIELD.fullmatch(chunk)
        if found is None:
            raise ValueError(f"{chunk[:40]!r} does not begin with a two-letter name; {HOW}")
        name, value = found.groups()
        if name in values:
            raise ValueError(f"the parameter {name} appears twice")
        if any(ord(char) < 32 and char != "\n" for char in value):
            raise ValueError(f"the parameter {name} contains a control character, which no frame can carry")
        try:
            values[name] = value.encode(CODE_PAGES[code_page(settings)])
        except UnicodeEncodeError as error:
            raise ValueError(f"the code page {code_page(settings)} has no {value[error.start]!r}") from None
    if len(head) + sum(3 + len(value) for value in values.values()) + 8 > MAX_FRAME:
        raise ValueError(f"a frame has at most {MAX_FRAME} bytes")
    known = COMMANDS.get(mnemonic, Row(mnemonic, effect=Effect.IRREVERSIBLE, deadline=Deadline.REPORT))
    row = Row(mnemonic, tuple(Param(name, _AS_WRITTEN) for name in values), (), known.effect, known.deadline)
    request = Request(row, values, immediate=head.startswith("!"))
    return Step(request, row.effect, row.deadline, ends=_ENDS.get(mnemonic))


def show(reply: Reply, settings: Settings) -> RawReply:
    """The answer as received, with ``|`` between its fields, and the meaning of its error."""
    assert reply.frame is not None
    codec = CODE_PAGES[code_page(settings)]
    fields = [f"{name}{value.decode(codec, 'replace')}" for name, value in reply.frame.fields]
    text = "".join(f"{part}|" for part in (reply.frame.mnemonic, *fields))
    return RawReply(text, None if reply.good else describe(reply)[0])
