"""A daemon that ends as soon as it is spoken to."""

from __future__ import annotations

import socketserver
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def dying_daemon() -> Iterator[Path]:
    """Its socket."""

    class Dies(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fiscald.sock"
        with socketserver.UnixStreamServer(str(path), Dies) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            yield path
            server.shutdown()
            thread.join()
