"""Reads the JSON of a request, and says what is wrong with it as the printer does.

The contract's example (1005, ``Missing a colon after a name of object member.``) is error 5 of the library RapidJSON,
plus 1000; the other numbers and texts are that library's, too (our assumption).
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple, NoReturn

#: Objects and lists within each other.
MAX_DEPTH = 32
_SURROGATE = re.compile("[\ud800-\udfff]")
_TEXTS = {
    1: "The document is empty.",
    2: "The document root must not be followed by other values.",
    3: "Invalid value.",
    4: "Missing a name for object member.",
    5: "Missing a colon after a name of object member.",
    6: "Missing a comma or } after an object member.",
    7: "Missing a comma or ] after an array element.",
    8: "Incorrect hex digit after \\u escape in string.",
    9: "The surrogate pair in string is invalid.",
    10: "Invalid escape character in string.",
    11: "Missing a closing quotation mark in string.",
    12: "Invalid encoding in string.",
    13: "Number too big to be stored in double.",
    16: "Terminate parsing due to Handler error.",
}
#: By the beginning of the words of Python's reader.
_BY_WORDS = (
    ("Extra data", 2),
    ("Expecting value", 3),
    ("Expecting property name", 4),
    ("Illegal trailing comma before end of object", 4),
    ("Illegal trailing comma before end of array", 3),
    ("Expecting ':' delimiter", 5),
    ("Invalid \\uXXXX escape", 8),
    ("Invalid \\escape", 10),
    ("Invalid control character", 12),
    ("Unterminated string", 11),
)


class ParseError(NamedTuple):
    """Why a text is no JSON."""

    code: int
    line: int

    @property
    def content(self) -> dict[str, Any]:
        """As the answer has it."""
        return {"code": 1000 + self.code, "description": _TEXTS[self.code], "line": self.line}


class NotJson(Exception):
    """The text is no JSON."""

    def __init__(self, code: int, line: int) -> None:
        self.error = ParseError(code, line)
        super().__init__(_TEXTS[code])


def read(body: bytes) -> Any:
    """The value that a body holds. Raises ``NotJson``."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise NotJson(12, body.count(b"\n", 0, error.start) + 1) from None
    if not text.strip(" \t\r\n"):
        raise NotJson(1, 1)
    try:
        value = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise NotJson(_code(error), error.lineno) from None
    except ValueError:  # a number of more digits than Python reads
        raise NotJson(13, 1) from None
    except RecursionError:
        raise NotJson(16, 1) from None
    _check(value, 0)
    return value


def _no_number(_: str) -> NoReturn:
    raise NotJson(3, 1)


def _code(error: json.JSONDecodeError) -> int:
    for words, code in _BY_WORDS:
        if error.msg.startswith(words):
            return code
    # A comma is missing: in what, the text before the place says.
    before = re.sub(r'"(?:[^"\\]|\\.)*"', "", error.doc[: error.pos])
    depth = 0
    for char in reversed(before):
        depth += (char in "}]") - (char in "{[")
        if depth < 0:
            return 6 if char == "{" else 7
    return 3


def _check(value: Any, depth: int) -> None:
    """Refuse what Python's reader takes and a printer does not. Raises ``NotJson``."""
    if depth > MAX_DEPTH:
        raise NotJson(16, 1)
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise NotJson(9, 1)
    elif isinstance(value, dict):
        for name, each in value.items():
            _check(name, depth)
            _check(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            _check(each, depth + 1)
