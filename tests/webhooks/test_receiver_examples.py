"""The receivers of docs/webhooks.md verify what fiscald signs, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import httpx
import pytest

from fiscald.webhooks.posting import Answer, Poster, PostFailed
from fiscald.webhooks.signing import Secret, headers, new_secret, parse_secret
from tests.licence.server.test_app import free_port
from tests.project.test_docs import ROOT, block
from tests.webhooks.receivers import SECRET, secret_file

PAGE = (ROOT / "docs" / "webhooks.md").read_text("utf-8")
BODY = b'{"type":"job.done","timestamp":"2026-11-30T10:00:03+01:00","data":{"key":"FV/1"}}'
LANGUAGES = [
    "python",
    pytest.param("php", marks=pytest.mark.skipif(shutil.which("php") is None, reason="php is not installed")),
]


@contextmanager
def receiver(language: str, directory: Path, secrets: str) -> Iterator[str]:
    port = free_port()
    if language == "python":
        code = directory / "receiver.py"
        code.write_text(block(PAGE, "import base64"))
        command = [sys.executable, str(code)]
    else:
        code = directory / "receiver.php"
        code.write_text(block(PAGE, "<?php"))
        command = ["php", "-S", f"127.0.0.1:{port}", str(code)]
    environment = os.environ | {"PORT": str(port), "WEBHOOK_SECRETS": secrets}
    with (directory / "said").open("w") as said:
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=said)
    try:
        yield f"http://127.0.0.1:{port}/hooks"
    finally:
        process.kill()
        process.wait()


async def answering(sender: Poster) -> Answer:
    """The answer to the first message, once the receiver runs."""
    with anyio.fail_after(20):
        while True:
            try:
                return await sender.send("msg_1", BODY)
            except PostFailed:  # it is starting
                await anyio.sleep(0.05)


@pytest.mark.slow  # a process for each
@pytest.mark.parametrize("secrets", ["", "  ", "whsec_", f" {SECRET}  "])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_missing_secret_is_no_key_that_anybody_has(tmp_path: Path, language: str, secrets: str) -> None:
    """HMAC takes an empty key: a receiver that reads a blank as a secret accepts everybody."""
    with receiver(language, tmp_path, secrets) as url:
        await answering(Poster(url, secret_file(tmp_path, new_secret())))
        async with httpx.AsyncClient() as client:
            forged = headers([Secret(b"")], "msg_2", int(time.time()), BODY)
            assert (await client.post(url, content=BODY, headers=forged)).status_code == 400
            signed = headers([parse_secret(SECRET)], "msg_3", int(time.time()), BODY)
            good = 200 if SECRET in secrets else 400
            assert (await client.post(url, content=BODY, headers=signed)).status_code == good


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_receiver_accepts_only_what_is_signed(tmp_path: Path, language: str) -> None:
    other = new_secret()
    with receiver(language, tmp_path, f"{SECRET} {other}") as url:
        sender = Poster(url, secret_file(tmp_path, new_secret(), other))  # being replaced: one of both is known there
        assert (await answering(sender)).status == 200
        assert (await sender.send("msg_1", BODY)).status == 200, "again: known, and not printed again"
        assert (await Poster(url, secret_file(tmp_path, new_secret())).send("msg_2", BODY)).status == 400
        old = Poster(url, secret_file(tmp_path, SECRET), clock=lambda: time.time() - 301)
        assert (await old.send("msg_3", BODY)).status == 400
        signed = headers([parse_secret(SECRET)], "msg_4", int(time.time()), BODY)
        async with httpx.AsyncClient() as client:
            changed = BODY.replace(b"FV/1", b"FV/2")
            assert (await client.post(url, content=changed, headers=signed)).status_code == 400
            for name in signed:
                without = {key: value for key, value in signed.items() if key != name}
                assert (await client.post(url, content=BODY, headers=without)).status_code == 400
            garbage = signed | {"webhook-timestamp": "soon"}
            assert (await client.post(url, content=BODY, headers=garbage)).status_code == 400
            assert (await client.post(url, content=BODY, headers=signed)).status_code == 200
    said = (tmp_path / "said").read_text()
    if language == "python":
        assert [line for line in said.splitlines() if line.startswith("job.")] == ["job.done FV/1"] * 2
