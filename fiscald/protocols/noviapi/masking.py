"""Masks personal data and the token in the bytes of a message, byte for byte: in the head, in JSON, and in the packets
that JSON carries in base 64.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from fiscald.model.privacy import mask, mask_personal
from fiscald.protocols.novitus_packets import Deframer, Packet, encode_packet

#: Members whose texts are personal or secret, wherever they stand; and those that are so inside of ``buyer``.
_PRIVATE = frozenset(
    ("token", "nip", "cashier_name", "transaction_id", "card_token", "additional_info", "tax_id", "recipient", "seller")
)
_OF_BUYER = frozenset(("name", "id", "address"))
#: Identity of the printer: digits that may look like a NIP.
_KEPT = frozenset(("unique_number", "label"))
_TOKENS = re.compile(rb'"(?:[^"\\\x00-\x1f]|\\.)*"|[{}\[\],:]', re.DOTALL)
_ESCAPES = re.compile(rb"\\u[0-9A-Fa-f]{4}|\\.", re.DOTALL)
_BEARER = re.compile(rb"(?i)(\r\n[ \t]*authorization[ \t]*:[ \t]*(?:bearer[ \t]+)?)([^\r\n]*)")
_JWT = re.compile(rb"eyJ[\w-]+(?:\.[\w-]*)*")
_ATTRIBUTES = re.compile(
    rb"""\b(nip|cashier|kasjer|buyer|nabywca|recipient|issuer|number|numer)(\s*=\s*)("[^"]*"|'[^']*')"""
)
_TEXTS = re.compile(rb"(<(?:customer|nabywca)[^<>]*>)([^<]*)")


def masked_head(head: bytes) -> bytes:
    """The first line and the headers."""
    hidden = _BEARER.sub(lambda found: found[1] + mask(found[2]), head)
    return _JWT.sub(lambda found: mask(found[0]), hidden)


def masked_body(body: bytes) -> bytes:
    """A JSON text, whole or cut."""
    result = bytearray(body)
    for start, end, path in _strings(body):
        text = body[start:end]
        if _is_private(path):
            result[start:end] = mask(_ESCAPES.sub(lambda found: b"x" * len(found[0]), text))
        elif path[-1:] in (("base64",), ("value",)) and (packet := _masked_packet(text)) is not None:
            result[start:end] = packet
        elif path[-1:] and path[-1] not in _KEPT:
            result[start:end] = mask_personal(text)
    return _JWT.sub(lambda found: mask(found[0]), bytes(result))


def _is_private(path: tuple[str, ...]) -> bool:
    return not _PRIVATE.isdisjoint(path) or ("buyer" in path and path[-1] in _OF_BUYER)


def _strings(body: bytes) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """The places of the texts that are values, with the names above them. What is no JSON gives some of them."""
    names: list[str] = []
    path: list[str] = []
    for token in _TOKENS.finditer(body):
        mark = token[0]
        if mark in (b"{", b"["):
            path.append(names.pop() if names else "")
        elif mark in (b"}", b"]"):
            path[-1:] = []
            names.clear()
        elif mark == b",":
            names.clear()
        elif mark.startswith(b'"'):
            if body[token.end() : token.end() + 16].lstrip()[:1] == b":":
                names[:] = [mark[1:-1].decode("utf-8", "replace")]
            else:
                yield token.start() + 1, token.end() - 1, (*path, *names) if names else tuple(path)


def _masked_packet(text: bytes) -> bytes | None:
    """A packet of the XML protocol, with its checksum right again; ``None``: it is none."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    found = list(Deframer().feed(data))
    if len(found) != 1 or not isinstance(found[0], Packet):
        return None
    packet = found[0]
    body = _ATTRIBUTES.sub(
        lambda each: each[1] + each[2] + each[3][:1] + mask(each[3][1:-1]) + each[3][-1:], packet.body
    )
    body = mask_personal(_TEXTS.sub(lambda each: each[1] + mask(each[2]), body))
    again = encode_packet(body, crc=packet.crc is not None, dialect=packet.dialect)
    if len(again) != len(data):
        again = mask_personal(data)  # another way to write the opening tag
    return base64.b64encode(again)
