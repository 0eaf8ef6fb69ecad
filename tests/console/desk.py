"""A browser's half of the conversation with the console, without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from html import unescape
from typing import Any, Protocol

import httpx

from tests.console.shop import Shop


class Console(Protocol):
    """Where the console is."""

    @property
    def address(self) -> str:
        """Its host, like ``http://127.0.0.1:8443``."""

    def link(self) -> str:
        """A link that signs in."""


class Reader:
    """A person at the console, who is signed in."""

    def __init__(self, console: Console, http: httpx.Client) -> None:
        self.console = console
        self.http = http

    @property
    def shop(self) -> Shop:
        """The shop whose console it is."""
        assert isinstance(self.console, Shop)
        return self.console

    def sign_in(self) -> httpx.Response:
        secret = self.console.link().partition("link=")[2]
        entered = self.http.post("/console/sign-in", data={"link": secret})
        assert entered.status_code == 303, entered.text
        return entered

    def get(self, path: str, **query: Any) -> httpx.Response:
        address = f"/console/{path}"
        return self.http.get(address, params=query) if query else self.http.get(address)

    def read(self, path: str, **query: Any) -> str:
        """What a person reads on a page."""
        return text_of(self.get(path, **query))

    @cached_property
    def token(self) -> str:
        """Of every form of this session."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.get("about").text)
        assert found is not None
        return found[1]

    def post(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form."""
        return self.http.post(f"/console/{path}", data={"csrf": self.token, **fields})

    def follow(self, answer: httpx.Response) -> httpx.Response:
        """The page that a form leads to."""
        assert answer.status_code == 303, text_of(answer)
        return self.http.get(answer.headers["location"])


def text_of(answer: httpx.Response) -> str:
    """What a person reads of a page."""
    body = re.sub(r"<(script|style|title)\b.*?</\1>", "", answer.text, flags=re.DOTALL)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))


def value_of(answer: httpx.Response, field: str) -> str:
    """What stands in a field of the page; a hidden one counts only if there is no other."""
    fields = list(re.finditer(rf'<input[^>]* name="{field}"[^>]*>', answer.text))
    found = next((each for each in fields if 'type="hidden"' not in each[0]), fields[0] if fields else None)
    assert found is not None, f"no field {field}: {text_of(answer)}"
    value = re.search(r' value="([^"]*)"', found[0])
    return unescape(value[1]) if value else ""


@contextmanager
def reader(console: Console, *, language: str = "en", signed_in: bool = True) -> Iterator[Reader]:
    """A person who has opened the console of a shop."""
    with httpx.Client(base_url=console.address, headers={"Accept-Language": language}, timeout=20) as http:
        it = Reader(console, http)
        if signed_in:
            it.sign_in()
        yield it
