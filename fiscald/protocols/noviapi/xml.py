"""Packets of the XML protocol, for what NoviAPI has no request for. They travel in base 64 in ``direct_io``.

One command in each job (the contract). Source: Novitus reference, sections 5.11, 5.13 to 5.15.
"""

from __future__ import annotations

import base64
import binascii

from fiscald.protocols.base import Effect
from fiscald.protocols.noviapi.commands import DIRECT_IO, Reply
from fiscald.protocols.novitus_elements import Element, NotElements, element, read_elements, write_elements
from fiscald.protocols.novitus_packets import Deframer, Packet, encode_packet

#: The counters, and what else the printer tells with them.
CHECKOUT = element(
    "info", action="checkout", type="receipt", isfiscal="?", receiptopen="?", receiptcount="?", cash="?", date="?",
    uniqueno="?", lastreceipt="?", lastinvoice="?", lastprintout="?",
)  # fmt: skip
CLOCK = element("info", action="date", date="?")
LAST_ERROR = element("error", action="get", value="")
DRAWER = element("control", action="drawer")
#: Elements that only ask, by name and action (section 3.2).
_QUERIES = frozenset(
    (
        ("dle", ""), ("enq", ""), ("info", ""), ("deviceinfo", ""), ("error", "get"), ("taxrates", "get"),
        ("config", "get"), ("header_online", "get"), ("cash", "read"), ("cashier", "state"), ("serweraddr", "get"),
        ("usb", "get"), ("paper", "read"), ("drawercounter", "read"),
    )
)  # fmt: skip


def packed(command: Element) -> dict[str, dict[str, str]]:
    """The content of a ``direct_io`` job."""
    packet = encode_packet(write_elements((command,)))
    return {"xml_cmd": {"base64": base64.b64encode(packet).decode()}}


def effect_of(command: Element) -> Effect:
    """What a command changes."""
    name, action = command.name, command.get("action") or ""
    asks = (name, action) in _QUERIES or (name, "") in _QUERIES
    return Effect.QUERY if asks else DIRECT_IO.effect


def elements_in(text: str) -> tuple[Element, ...] | None:
    """The elements of the packet in base 64; ``None``: it is none."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    found = list(Deframer().feed(data))
    if len(found) != 1 or not isinstance(found[0], Packet):
        return None
    try:
        return read_elements(found[0].body)
    except NotElements:
        return None


def answer_of(reply: Reply, name: str) -> Element | None:
    """The element with that name in the answer to a ``direct_io`` job; ``None``: there is none."""
    found = elements_in(reply.text("request", "response", "packet", "value"))
    return next((each for each in found or () if each.name == name), None)
