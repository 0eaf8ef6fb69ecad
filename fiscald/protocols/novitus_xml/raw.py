"""A command as a technician writes it: one element of the language.

``<info action="version"/>``; or in short ``info action="version"`` and ``control action="beep"``. An element that the
printer does not answer is sent with the trailing question, so there is always an answer. Values are sent as written:
the printer checks them, not this module. So an element that is not in ``COMMANDS`` can be sent too. Its effect is
unknown, so it counts as irreversible.

Source: Novitus reference, sections 3.2 and 5.
"""

from __future__ import annotations

from fiscald.protocols.base import Deadline, Effect, Ends, RawReply, Settings, Step
from fiscald.protocols.novitus_elements import Element, NotElements, decode_text, read_elements, write_elements
from fiscald.protocols.novitus_errors import lookup
from fiscald.protocols.novitus_packets import PRACTICAL_LIMIT
from fiscald.protocols.novitus_xml.commands import Reply, ask_for, execute, find
from fiscald.protocols.novitus_xml.commit import describe
from fiscald.protocols.novitus_xml.fields import CODE_PAGE

#: Commands that end or cancel a document and do nothing else. ``enq`` shows every open document (5.1).
_ENDS = ("receipt close", "receipt cancel", "invoice close", "invoice cancel")
#: What fiscald never sends: it cannot be undone, and belongs to the printer's service (5.15).
_NEVER = ("fiscalization", "producer")
HOW = 'write one element: <info action="version"/>, or in short: control action="beep"'


def parse(text: str, _settings: Settings) -> Step:
    """The element in ``text``. Raises ``ValueError`` with a sentence."""
    one = _element(text.strip(" \r\n"))
    if one.name in _NEVER:
        raise ValueError(f"fiscald does not send {one.name}: it cannot be undone; call the printer's service")
    row = find(one)
    if row is not None and row.answered:
        return Step(ask_for(one), row.effect, row.deadline)
    request = execute(one)
    if len(request.body()) > PRACTICAL_LIMIT:
        raise ValueError(f"an element has at most {PRACTICAL_LIMIT - 100} bytes")
    if row is None:
        return Step(request, Effect.IRREVERSIBLE, Deadline.REPORT)
    return Step(request, row.effect, row.deadline, ends=Ends.SEEN if row.name in _ENDS else None)


def _element(text: str) -> Element:
    written = text if text.startswith("<") else f"<{text}/>"
    try:
        body = written.encode(CODE_PAGE)
    except UnicodeEncodeError as error:
        raise ValueError(f"the code page {CODE_PAGE} has no {text[error.start]!r}") from None
    try:
        (one,) = read_elements(body)
        write_elements([one])
    except (NotElements, ValueError):
        raise ValueError(f"{text[:40]!r} is no element; {HOW}") from None
    return one


def show(reply: Reply, _settings: Settings) -> RawReply:
    """The answer as an element, and the meaning of its error."""
    shown = decode_text(write_elements([reply.element]))
    return RawReply(shown, describe(lookup(reply.number))[0] if reply.number else None)
