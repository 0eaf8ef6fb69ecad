"""Removes NIPs, e-mail addresses, licence numbers, tokens and keys from text, so that it can be shared.

The families mask what fiscald sent to printers (``fiscald.recording.reading.redact``); this module is for everything
else: the configuration, the log, answers of the daemon.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from fiscald.model.privacy import mask_nips

REDACTED = "(removed)"
#: Members whose value identifies the shop or is a secret.
PRIVATE = frozenset(
    ("nip", "tin", "email", "number", "licence_number", "support", "certificate", "licence", "machine", "token",
     "tokens", "password", "secret", "key", "private_key", "company", "postcode")
)  # fmt: skip
#: Identity of a printer: ten digits that can look like a NIP.
_KEPT = frozenset(("printer_id",))

#: ``://user:password@``.
_CREDENTIALS = re.compile(r"""(://)[^\s/'"]*@""")
#: A NIP in groups; a network address looks the same, but follows ``//``.
_GAP = r"(?:\s?[.\u2010-\u2015\u2212]\s?|[\u00a0\u202f])"
_GROUPED_NIP = re.compile(
    rf"(?<![\d/])\d{{3}}{_GAP}(?:\d{{3}}{_GAP}\d{{2}}{_GAP}\d{{2}}|\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{3}})(?!\d)"
)
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
#: A licence number: 29 characters, in groups or not.
_NUMBER = re.compile(r"\b(?:[0-9A-Za-z]{5}[ -]){5}[0-9A-Za-z]{4}\b|\b(?=[A-Z]*[0-9])(?=[0-9]*[A-Z])[0-9A-Z]{29}\b")
_ARMOUR = re.compile(r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)", re.DOTALL)
#: JSON web tokens, padded base 64, and other long random strings; but not parts of a path.
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

#: ``url = "https://host/..."``: behind the host of a webhook's URL there may be a secret.
_URL = re.compile(r"""(?i)(\burl["']?\s*[=:]\s*["']{1,3}https?://[^\s/?#"']+)[/?#][^"'\n]+""")


def scrub(text: str) -> str:
    """``text`` with everything that must not leave the shop replaced by a mark."""
    text = _ARMOUR.sub(REDACTED, text)
    text = _SECRET.sub(rf'\1"{REDACTED}"', text)
    text = _BEARER.sub(rf"\1{REDACTED}", text)
    text = _CREDENTIALS.sub(rf"\1{REDACTED}@", text)
    text = _URL.sub(rf"\1/{REDACTED}", text)
    for pattern in (_EMAIL, _NUMBER, _TOKEN):
        text = pattern.sub(REDACTED, text)
    return mask_nips(_GROUPED_NIP.sub(_masked, text).encode()).decode()


def _masked(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0]).encode()
    return re.sub(r"\d", "0", found[0]) if mask_nips(digits) != digits else found[0]


def scrubbed(content: Any) -> Any:
    """The same for JSON and TOML values: private members are removed completely, all texts are scrubbed."""
    if isinstance(content, Mapping):
        return {
            name: value if name in _KEPT else REDACTED if _is_private(name, value) else scrubbed(value)
            for name, value in content.items()
        }
    if isinstance(content, list | tuple):
        return [scrubbed(value) for value in content]
    return scrub(content) if isinstance(content, str) else content


def _is_private(name: object, value: Any) -> bool:
    return str(name).lower() in PRIVATE and value not in (None, {}, [])


# -- the shop's owner in the configuration ----------------------------------------------------------------

#: The key of the company's table that does not identify it.
_COUNTRY = "country"
#: Comments and strings of TOML.
_TOML_TOKEN = re.compile(
    r'''#[^\n]*|"""(?:\\.|[^\\])*?"{3,5}|'''
    r"""'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""",
    re.DOTALL,
)
_SECTION = re.compile(r"\s*\[[^=]*\]\s*(?:#.*)?")


def owner(text: str) -> frozenset[str]:
    """All values about the shop's owner in the configuration; empty if it cannot be parsed."""
    try:
        return frozenset(_leaves(tomllib.loads(text).get("company")))
    except tomllib.TOMLDecodeError:
        return frozenset()


def _leaves(value: Any) -> Iterator[str]:
    match value:
        case Mapping():
            for name, member in value.items():
                if name != _COUNTRY:
                    yield from _leaves(member)
        case list():
            for member in value:
                yield from _leaves(member)
        case _ if value not in (None, ""):
            yield str(value)


def without(text: str, owner: frozenset[str]) -> str:
    """``text`` without the words that identify the owner, as a log or JSON writes them, in upper or lower case.

    Keeps words of one or two letters, which are everywhere.
    """
    for value in sorted(owner, key=len, reverse=True):
        for written in {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}:
            words = r"\s+".join(map(re.escape, written.split()))
            if len(words) > 2:
                text = re.sub(rf"(?i)(?<!\w){words}(?!\w)", REDACTED, text)
    return text


def scrub_toml(text: str) -> str:
    """The text of a configuration without everything that must not leave the shop."""
    values = owner(text)
    if values:
        return scrub(without(_TOML_TOKEN.sub(lambda found: _scrub_token(found[0], values), text), values))
    return scrub("".join(f"{line}\n" for line in _scrub_lines(text)))


def _scrub_token(token: str, owner: frozenset[str]) -> str:
    """Scrub a comment or a string, also one with escapes or several lines."""
    if token.startswith("#"):
        return token
    try:
        return f'"{REDACTED}"' if tomllib.loads(f"x = {token}")["x"] in owner else token
    except tomllib.TOMLDecodeError:
        return token


def _scrub_lines(text: str) -> Iterator[str]:
    """Line by line, for text that cannot be parsed: keeps only the country of the company's table."""
    inside = False
    for line in text.splitlines():
        name, _, value = line.partition("=")
        key = re.sub(r"[\s\"']", "", name)
        if _SECTION.fullmatch(line):
            inside = re.sub(r"[\s\"']", "", line.partition("#")[0]) == "[company]"
            yield line
        elif (inside and key not in ("", _COUNTRY)) or (value and key.partition(".")[0] == "company"):
            yield f'{name.strip()} = "{REDACTED}"' if value else f"# {REDACTED}"
        else:
            yield line
