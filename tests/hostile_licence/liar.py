"""A server between a till and the vendor: it passes on what it hears, keeps it, and can answer something else."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from tests.hostile_licence.office import Office, quiet_port


class Said(NamedTuple):
    """An answer on the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


class Liar:
    """What is said instead, if anything, and what was said before: by path."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.port = quiet_port()
        self.lie: Callable[[str], Said] | None = None
        self.heard: dict[str, Said] = {}

    @property
    def url(self) -> str:
        """The address that tills have for the vendor."""
        return f"https://localhost:{self.port}"

    def answer(self, path: str, body: bytes) -> Said:
        """The lie, or the vendor's own answer."""
        if self.lie is not None:
            return self.lie(path)
        context = ssl.create_default_context(cafile=self.office.ca_file)
        link = http.client.HTTPSConnection("127.0.0.1", self.office.port, timeout=15, context=context)
        try:
            link.request("POST", path, body, {"Content-Type": "application/jose"})
            answer = link.getresponse()
            kind = {"Content-Type": answer.headers["Content-Type"]}
            said = self.heard[path] = Said(answer.status, kind, answer.read())
        finally:
            link.close()
        return said


@contextmanager
def between(office: Office) -> Iterator[Liar]:
    """Run it, with the vendor's own TLS certificate: an evil proxy of the shop's network, trusted by mistake."""
    liar = Liar(office)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = liar.answer(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(said.status)
            for name, value in (said.headers | {"Content-Length": str(len(said.body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A till that has heard enough closes the connection."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(office.folder / "tls.pem", office.folder / "tls.key")
    server = Server(("127.0.0.1", liar.port), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield liar
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
