"""What is wrong with a text that is not JSON, in sentences."""

from __future__ import annotations

import json

#: What Python's parser says, and what a person can act on.
_SENTENCES = {
    "Expecting value": "a value is missing (an object, a list, a text in quotes, a number, true, false or null)",
    "Expecting property name enclosed in double quotes": "a name in double quotes is missing, or a comma is too many",
    "Expecting ',' delimiter": "a comma or a closing bracket is missing",
    "Expecting ':' delimiter": "a colon is missing behind the name",
    "Extra data": "there is something behind the end of the JSON text",
    "Unterminated string starting at": "a text that begins here does not end with a double quote",
    "Invalid control character at": "a text holds a line break or another control character; write it as an escape",
    "Invalid \\escape": "a backslash is followed by a character that cannot follow it",
    "Invalid \\uXXXX escape": "\\u is not followed by four hexadecimal digits",
    "Illegal trailing comma before end of object": "a comma is too many before the end of the object",
    "Illegal trailing comma before end of array": "a comma is too many before the end of the list",
}


def sentence(error: json.JSONDecodeError) -> str:
    """Where the text stops being JSON, and what is wrong there."""
    if not error.doc.strip():
        return "it is empty; send a JSON object"
    said = error.msg.partition(": ")[0]
    return f"line {error.lineno}, column {error.colno}: {_SENTENCES.get(said, said)}"
