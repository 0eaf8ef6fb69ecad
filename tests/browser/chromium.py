"""Chromium without a window, driven through its debugging pipe: no further package is needed."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import anyio
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def spki(pem: bytes) -> str:
    """The hash of a certificate's key. Chromium trusts the certificate whose key has it."""
    key = x509.load_pem_x509_certificate(pem).public_key()
    return base64.b64encode(sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()).decode()


class Browser:
    """The browser, and its messages."""

    def __init__(self, to: int, back: int) -> None:
        self._to = to
        self._back = back
        self._numbers = count(1)
        self._buffer = b""
        self.console: list[str] = []

    async def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """One command. Raises ``RuntimeError`` if the browser refuses it."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = await self._next()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                found: dict[str, Any] = answer["result"]
                return found
            if answer.get("method") in ("Log.entryAdded", "Runtime.consoleAPICalled"):
                self.console.append(json.dumps(answer["params"]))

    async def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            await anyio.wait_readable(self._back)
            data = os.read(self._back, 65536)
            if not data:
                raise RuntimeError("the browser has ended")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(line)
        return found

    async def open(self, url: str) -> Page:
        """A new page."""
        target = await self.call("Target.createTarget", url="about:blank")
        attached = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        page = Page(self, attached["sessionId"])
        for domain in ("Page", "Log", "Runtime"):
            await self.call(f"{domain}.enable", page.session)
        went = await self.call("Page.navigate", page.session, url=url)
        assert "errorText" not in went, went
        await page.until("document.readyState === 'complete' && location.href !== 'about:blank'")
        return page


class Page:
    """One page."""

    def __init__(self, browser: Browser, session: str) -> None:
        self.browser = browser
        self.session = session

    async def run(self, script: str) -> Any:
        """The value of an expression."""
        answer = await self.browser.call(
            "Runtime.evaluate", self.session, expression=script, returnByValue=True, awaitPromise=True, userGesture=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def until(self, script: str, seconds: float = 30) -> Any:
        """The value of an expression, once it is true."""
        with anyio.fail_after(seconds):
            while not (found := await self.run(script)):
                await anyio.sleep(0.05)
        return found


def _start(command: list[str], reads: int, writes: int, log: Path) -> subprocess.Popen[bytes]:
    """The browser reads from descriptor 3 and writes to 4."""

    def place() -> None:
        copies = os.dup(reads), os.dup(writes)
        for number, copy in enumerate(copies, start=3):
            os.dup2(copy, number)

    with log.open("w") as file:
        return subprocess.Popen(command, preexec_fn=place, pass_fds=(3, 4), stdout=file, stderr=file)


@asynccontextmanager
async def chromium(folder: Path, trusted: Iterable[bytes], *options: str) -> AsyncIterator[Browser]:
    """A browser that trusts these certificates (PEM) beside the usual authorities."""
    assert CHROMIUM is not None
    theirs, to = os.pipe()
    back, their_back = os.pipe()
    command = [
        CHROMIUM, "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage",
        "--disable-background-networking", "--disable-component-update", "--no-default-browser-check",
        f"--user-data-dir={folder / 'profile'}", f"--ignore-certificate-errors-spki-list={','.join(map(spki, trusted))}",
        *(["--no-sandbox"] if os.geteuid() == 0 else []), *options, "about:blank",
    ]  # fmt: skip
    started = _start(command, theirs, their_back, folder / "chromium.log")
    os.close(theirs)
    os.close(their_back)
    browser = Browser(to, back)
    try:
        yield browser
    finally:
        with contextlib.suppress(RuntimeError, OSError), anyio.CancelScope(shield=True), anyio.move_on_after(5):
            await browser.call("Browser.close")
        os.close(to)
        os.close(back)
        try:
            started.wait(10)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
