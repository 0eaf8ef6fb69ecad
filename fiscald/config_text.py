"""Reads the text of the configuration file, and writes a sentence for every mistake: where, what, and the remedy."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator

from fiscald.diagnostics.access import denial
from fiscald.model.strict import nearest

#: Bytes. The file of a hundred printers has 20 000.
LARGEST = 1 << 20
_PLACE = re.compile(r"^(?P<what>.*?) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.DOTALL)
_NAME_VALUE = re.compile(r"\s*(?P<name>[\w.-]+)\s*=\s*(?P<value>[^#]*?)\s*(?:#.*)?$")
_HOW = "a line is NAME = VALUE, [SECTION] or # with a comment"
#: The parser's messages as patterns, each with the remedy. The first match counts.
_SYNTAX = (
    ("Expected '=' after a key.*", "the = between name and value is missing"),
    (r"Expected '\]+' at the end of a table declaration|Unclosed array", "a bracket ] is missing"),
    ("Unclosed inline table.*", "a brace } is missing"),
    ("Cannot declare .* twice|Cannot mutate immutable namespace.*", "this section appears twice; join both"),
    ("Cannot overwrite a value|Cannot redefine namespace.*|Duplicate inline table key.*",
     "this name has a value already; keep one of them"),
    ("Unescaped .* in a string|Invalid hex value|Escaped character.*",
     r"the text contains a backslash: write \\ for it, or put the text into single quotes"),
    (r"Illegal character '\\n'|Unterminated string", "the text is not closed: a quote is missing at its end"),
    ("Illegal character.*|Found invalid character.*", "the line contains a control character; delete it"),
    ("Expected newline or end of document.*",
     "there is something after the value: a setting is one line, and text is in quotes"),
)  # fmt: skip


class ConfigError(Exception):
    """The configuration has mistakes; ``str`` lists what to change."""


class ConfigDenied(ConfigError):
    """This user has no right to read it."""


def read(path: Path) -> dict[str, Any]:
    """The file's tables and values. Raises ``ConfigError``."""
    return parse_toml(_decoded(_bytes(path), path), path)


def _bytes(path: Path) -> bytes:
    try:
        # A daemon started by systemd leads its session: if it opened a terminal, that would become its controlling one.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOCTTY), "rb") as file:
            content = file.read(LARGEST + 1)
    except PermissionError:
        why = denial(path)
        raise ConfigDenied(f"this user has no right to read {path}" if why is None else str(why)) from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: this is a directory; name the file in it") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; write one, or name another with --config") from None
    if len(content) > LARGEST:
        raise ConfigError(f"{path}: larger than {LARGEST >> 20} MiB: this is not a configuration")
    return content


def _decoded(content: bytes, path: Path) -> str:
    """The text; also if it starts with the mark that Windows editors write."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ConfigError(f"{path}: this is UTF-16; save it as UTF-8: iconv -f UTF-16 -t UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        page = _code_page(content)
        raise ConfigError(
            f"{path}: line {line}: byte {content[error.start]:02x} is not UTF-8"
            f" ({content.splitlines()[line - 1].decode(page, 'replace').strip()[:60]}?);"
            f" save the file as UTF-8: iconv -f {page} -t UTF-8"
        ) from None


def _code_page(content: bytes) -> str:
    """The probable Polish code page: a few letters have different bytes in both."""
    return "CP1250" if set(content) & set("ąśźĄŚŹ".encode("cp1250")) else "ISO8859-2"


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """The tables and values in ``text``, read from ``path``. Raises ``ConfigError``."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {_syntax(str(error), text)}") from None
    except RecursionError:
        raise ConfigError(f"{path}: brackets are nested too deeply") from None


def _syntax(message: str, text: str) -> str:
    found = _PLACE.match(message)
    what, lines = (found["what"] if found else message), text.splitlines()
    number = int(found["line"]) if found and found["line"] else len(lines)
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    if line.strip() == "" and number > 1:  # for the parser, the end of a line is the start of the next one
        number, line = number - 1, lines[number - 2]
    return f"line {number}: {line.strip()[:80]}\n  {_meant(what, line)}"


def _meant(what: str, line: str) -> str:
    found = _NAME_VALUE.match(line)
    if found is not None and what == "Invalid value":
        return _value_meant(found["name"], found["value"])
    if found is not None and what.startswith("Expected newline") and found["value"][:1] not in ('"', "'", "[", "{"):
        return _value_meant(found["name"], found["value"])  # `info` starts like a number: inf
    for pattern, advice in _SYNTAX:
        if re.fullmatch(pattern, what, re.DOTALL):
            return advice
    return f"this is not TOML: {_HOW}"


def _value_meant(name: str, value: str) -> str:
    if value == "":
        return f"the value after {name} = is missing"
    if value.lower() in ("true", "false", "yes", "no", "on", "off"):
        return f"write {name} = {'true' if value.lower() in ('true', 'yes', 'on') else 'false'}"
    if value[0] in "\"'[{":
        return "the value is not closed: a quote or a bracket is missing"
    if re.fullmatch(r"[-+\d_,. ]+", value):
        return "write the number without spaces and leading zeros"
    return f"text needs quotes: {name} = {_toml(value)}"


def is_path(value: object) -> object:
    """A path on this computer, and no URL."""
    if isinstance(value, str):
        if match := re.match(r"(unix|file):/*", value, re.IGNORECASE):
            raise ValueError(f'"{value}": write the path alone: "/{value[match.end() :]}"')
        if value.startswith(("~", "$")):
            raise ValueError(f'"{value}": only a shell knows what {value[0]} means; write the whole path')
        if "://" in value:
            raise ValueError(f'"{value}" is no path on this computer; write one like "/var/lib/fiscald"')
        if value == "" or "\0" in value:
            raise ValueError("a path is needed; leave the line out for the default")
    return value


FilePath = Annotated[Path, BeforeValidator(is_path)]


# -- values ----------------------------------------------------------------------------------------------

_TYPES = {
    "string_type": ("text", "write it in quotes"),
    "path_type": ("a path", "write it in quotes"),
    "bool_type": ("true or false", "write true or false, without quotes"),
    "int_type": ("a whole number", "write it without quotes and without a point"),
    "int_from_float": ("a whole number", "write it without a point"),
    "tuple_type": ("a list", "write it in brackets"),
    "list_type": ("a list", "write it in brackets"),
}


def sentence(error: Any, root: type[BaseModel], known: Callable[[list[str]], list[str]]) -> str:
    """A sentence about a mistake that pydantic found. ``known``: returns the keys of a section."""
    loc: list[str] = [str(part) for part in error["loc"]]
    where, kind, value = ".".join(loc), error["type"], error.get("input")
    if kind == "extra_forbidden":
        return _unknown(loc, root, known)
    if kind == "missing":
        return f"{where} is missing"
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        return _no_table(loc, value)
    context = error.get("ctx", {})
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"
        return f"{where}: {_toml(value)}: must be {bound}"
    if kind in _TYPES:
        wanted, how = _TYPES[kind]
        return f"{where}: {_toml(value)} is {_is(value)}, not {wanted}; {how}"
    if kind == "literal_error":
        choices = re.findall("'([^']*)'", str(context["expected"]))
        return f"{where}: {_toml(value)} is none of {', '.join(choices)}{meant(value, choices)}"
    said = str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: {said}" if where else said


def meant(value: object, choices: list[str]) -> str:
    """``; did you mean info?``, or nothing."""
    guess = nearest(str(value), choices)
    return "" if guess is None else f"; did you mean {guess}?"


#: Sections that have a section for each name: what that is, and an example.
_NAMED = {"printers": ("printer", "printers.till1"), "webhooks": ("webhook", "webhooks.erp")}


def _no_table(loc: list[str], value: object) -> str:
    section, where = loc[0], ".".join(loc)
    if section in _NAMED:
        kind, example = _NAMED[section]
        if len(loc) == 1 and isinstance(value, list):
            return f"[[{section}]]: every {kind} has a section with its name: write [{example}], with single brackets"
        name = "" if len(loc) == 1 else f" ({where} is {_toml(value)})"
        return f"{section}: every {kind} has a section with its name: write [{example}] above its settings{name}"
    if isinstance(value, list):
        return f"[[{where}]]: there is only one section of this kind: write [{where}], with single brackets"
    return f"{where}: {_toml(value)} is in the place of a section; write [{where}]"


def _unknown(loc: list[str], root: type[BaseModel], keys: Callable[[list[str]], list[str]]) -> str:
    *parents, key = loc
    known = keys(parents)
    where = ".".join(loc)
    if parents and key in root.model_fields:
        return f"unknown key {where}; {key} belongs to the top of the file, above the first [section]"
    guess = nearest(key, known)
    if guess is not None:
        return f"unknown key {where}; did you mean {guess}?"
    return f"unknown key {where}; known here: {', '.join(known)}"


def _is(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "a section"
        case date() | time():
            return "a date or a time"
    return "something else"


def _toml(value: object) -> str:
    """The value as in the file, at most 60 characters of it."""
    match value:
        case bool():
            text = str(value).lower()
        case str():
            text = json.dumps(value, ensure_ascii=False)
        case dict():
            text = "{...}"
        case list():
            text = f"[{', '.join(map(_toml, value[:5]))}{', ...' if len(value) > 5 else ''}]"
        case _:
            text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
