"""Says in plain sentences why a text is not JSON."""

from __future__ import annotations

import json

#: Messages of Python's parser, and a clearer sentence for each.
_SENTENCES = {
    "Expecting value": "a value is missing (an object, a list, a text in quotes, a number, true, false or null)",
    "Expecting property name enclosed in double quotes": "a name in double quotes is missing, or one comma is too many",
    "Expecting ',' delimiter": "a comma or a closing bracket is missing",
    "Expecting ':' delimiter": "a colon is missing after the name",
    "Extra data": "there is more text after the end of the JSON",
    "Unterminated string starting at": "a text that starts here has no closing double quote",
    "Invalid control character at": "a text contains a line break or another control character; write it as an escape",
    "Invalid \\escape": "a backslash is followed by a character that cannot follow it",
    "Invalid \\uXXXX escape": "\\u is not followed by four hexadecimal digits",
    "Illegal trailing comma before end of object": "there is one comma too many before the end of the object",
    "Illegal trailing comma before end of array": "there is one comma too many before the end of the list",
}


def sentence(error: json.JSONDecodeError) -> str:
    """The place of the first error, and what is wrong there."""
    if not error.doc.strip():
        return "it is empty; send a JSON object"
    said = error.msg.partition(": ")[0]
    return f"line {error.lineno}, column {error.colno}: {_SENTENCES.get(said, said)}"
