"""Personal data in what printers are sent: found and masked, so that a recording can be given away."""

from __future__ import annotations

import re

from stdnum.pl import nip

_EMAIL = re.compile(rb"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_NIP = re.compile(rb"(?<!\d)(?:\d[ -]?){9}\d(?!\d)")


def mask(data: bytes) -> bytes:
    """The same with every digit a 0 and every letter an x, in any code page; just as long.

    A NIP becomes zeros, whose check digit fits: a printer takes it like the real one.
    """
    return re.sub(rb"[A-Za-z\x80-\xff]", b"x", re.sub(rb"\d", b"0", data))


def mask_nips(data: bytes) -> bytes:
    """The same with every NIP in it masked: ten digits, in groups or not, whose check digit fits; just as long."""
    return _NIP.sub(lambda match: mask(match[0]) if nip.is_valid(match[0].decode()) else match[0], data)


def mask_personal(data: bytes) -> bytes:
    """The same with every NIP and every e-mail address in it masked; just as long."""
    return mask_nips(_EMAIL.sub(lambda match: mask(match[0]), data))
