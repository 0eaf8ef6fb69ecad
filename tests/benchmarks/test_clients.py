"""The program that prints on many printers at once waits for every receipt."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.clients import ask_together, put

DONE = b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps({"state": "done"}).encode()
FAILED = DONE.replace(b"done", b"failed")


@contextmanager
def server(path: Path, answers: list[bytes]) -> Iterator[list[bytes]]:
    """Gives these answers, each to one connection; the requests that it got."""
    requests: list[bytes] = []

    def serve() -> None:
        for answer in answers:
            link, _ = listener.accept()
            with link:
                requests.append(link.recv(65536))
                link.sendall(answer)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        yield requests
        thread.join()


def test_a_request_without_an_answer_is_sent_again_with_its_key(tmp_path: Path) -> None:
    sent = [put(f"key/{number}", number, {}) for number in range(2)]
    with server(tmp_path / "socket", [b"", DONE, DONE]) as requests:
        found = ask_together(tmp_path / "socket", sent)
    assert (len(found.seconds), found.again) == (2, 1)
    assert requests == [sent[0], sent[1], sent[0]]


def test_a_receipt_that_is_not_done_is_an_error(tmp_path: Path) -> None:
    with server(tmp_path / "socket", [FAILED]), pytest.raises(RuntimeError, match="failed"):
        ask_together(tmp_path / "socket", [put("key", 0, {})])
