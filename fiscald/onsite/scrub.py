"""Text made fit to be sent away: NIPs, e-mail addresses, licence numbers, tokens and keys taken out of it.

What printers were sent is masked by their families (``fiscald.recording.reading.redact``); this is for everything else:
the configuration, the log, answers of the daemon.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fiscald.model.privacy import mask_nips

GONE = "(removed)"
#: Members whose value says who the shop is, or is a secret.
PRIVATE = frozenset(
    ("nip", "tin", "email", "number", "licence_number", "support", "certificate", "licence", "machine", "token",
     "tokens", "password", "secret", "key", "private_key", "company", "postcode")
)  # fmt: skip
#: Which printer it is: ten digits that may look like a NIP, and are none.
_KEPT = frozenset(("printer_id",))

_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
#: 29 characters, in groups or not, however they were typed.
_NUMBER = re.compile(r"\b(?:[0-9A-Za-z]{5}[ -]){5}[0-9A-Za-z]{4}\b|\b(?=[A-Z]*[0-9])(?=[0-9]*[A-Z])[0-9A-Z]{29}\b")
_ARMOUR = re.compile(r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)", re.DOTALL)
#: JSON web tokens, base 64 with its end, and whatever is as long and as random; but no part of a path.
_TOKEN = re.compile(
    r"\beyJ[\w-]+(?:\.[\w-]*)*"
    r"|(?<![\w/+.-])[\w+/-]{22,}={1,2}(?![\w=])"
    r"|(?<![\w/+.-])(?=[\w+-]*\d)(?=[\w+-]*[A-Za-z])[\w+-]{32,}(?![\w/.])"
)
_BEARER = re.compile(r"(?i)\b(bearer\s+)\S+")
#: ``name = value``, ``name: value`` and ``"name": value`` of a secret, in any case.
_SECRET = re.compile(
    r"""(?i)(["']?\b[\w-]*(?:token|secret|password|passwd|api_?key|private_?key)s?\b["']?\s*[=:]\s*)"""
    r"""(?:"[^"]*"|'[^']*'|\[[^\]]*\]|[^\s,}\]]+)"""
)


def scrub(text: str) -> str:
    """``text`` without what must not leave the shop; what was taken out is marked."""
    text = _ARMOUR.sub(GONE, text)
    text = _SECRET.sub(rf'\1"{GONE}"', text)
    text = _BEARER.sub(rf"\1{GONE}", text)
    for pattern in (_EMAIL, _NUMBER, _TOKEN):
        text = pattern.sub(GONE, text)
    return mask_nips(text.encode()).decode()


def scrubbed(content: Any) -> Any:
    """The same for what JSON and TOML can hold: private members go whole, all texts are scrubbed."""
    if isinstance(content, Mapping):
        return {
            name: value if name in _KEPT else GONE if _is_private(name, value) else scrubbed(value)
            for name, value in content.items()
        }
    if isinstance(content, list | tuple):
        return [scrubbed(value) for value in content]
    return scrub(content) if isinstance(content, str) else content


def _is_private(name: object, value: Any) -> bool:
    return str(name).lower() in PRIVATE and value not in (None, {}, [])
