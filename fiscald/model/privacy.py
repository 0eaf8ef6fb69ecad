"""Finds and masks personal data in what fiscald sends to printers, so that a recording can be shared."""

from __future__ import annotations

import re

from stdnum.pl import nip

_EMAIL = re.compile(rb"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_NIP = re.compile(rb"(?<!\d)(?:\d[ -]?){9}\d(?!\d)")


def mask(data: bytes) -> bytes:
    """``data`` with every digit replaced by 0 and every letter by x, in any code page; same length.

    A NIP becomes zeros, which have a correct check digit: a printer accepts it like the real one.
    """
    return re.sub(rb"[A-Za-z\x80-\xff]", b"x", re.sub(rb"\d", b"0", data))


def mask_nips(data: bytes) -> bytes:
    """``data`` with every NIP masked: ten digits, in groups or not, with a correct check digit; same length."""
    return _NIP.sub(lambda match: mask(match[0]) if nip.is_valid(match[0].decode()) else match[0], data)


def mask_personal(data: bytes) -> bytes:
    """``data`` with every NIP and every e-mail address masked; same length."""
    return mask_nips(_EMAIL.sub(lambda match: mask(match[0]), data))
