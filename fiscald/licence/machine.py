"""This computer's pseudonym: derived from the machine id, which is not shown anywhere."""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from pathlib import Path

#: Our application's id; what ``systemd-id128 machine-id --app-specific=`` takes.
APPLICATION = uuid.UUID("7f1c9d2e-5b7a-4c38-9c1d-2f6a8e4b3d50")


def pseudonym(machine_id: str) -> str:
    """The pseudonym of a machine id of 32 hexadecimal digits."""
    digest = bytearray(hmac.digest(bytes.fromhex(machine_id), APPLICATION.bytes, hashlib.sha256)[:16])
    digest[6] = digest[6] & 0x0F | 0x40
    digest[8] = digest[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(digest)))


def this_machine(path: Path = Path("/etc/machine-id")) -> str | None:
    """This computer's pseudonym, or ``None`` where it has no machine id."""
    try:
        machine_id = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return pseudonym(machine_id) if re.fullmatch(r"[0-9a-f]{32}", machine_id) else None
