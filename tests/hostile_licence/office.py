"""The vendor's server as a process, its mail server, and commands beside it."""

from __future__ import annotations

import http.client
import json
import random
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fiscald.licence import wire
from fiscald.licence.certificate import verify
from fiscald.licence.keys import TEST_KEY
from fiscald.licence.server import key_admin, keyring
from fiscald.licence.server.refusals import Malformed, TooMany, Unable
from fiscald.licence.testing import TEST_PRIVATE
from tests.hostile_licence.shops import Shop, open_shops
from tests.licence.server.https import throwaway_tls
from tests.licence.server.running import KEYS, Answered, Clock, Computer, Vendor, opened
from tests.licence.server.test_app import Sink, smtp_server

ROOT = Path(__file__).parents[2]
#: Numbers that lie in the drawer.
DRAWER = 40
#: Connections that are kept for the next request.
KEPT = 100
#: Seconds for the server to begin, and for an answer.
START, ANSWER = 30.0, 15.0
CONFIG = """
listen = "127.0.0.1:{port}"
issuer = "{issuer}"
database = "vendor.db"
log_level = "warning"
[tls]
certificate = "tls.pem"
key = "tls.key"
[keys]
directory = "keys"
sign_with = "{kid}"
[smtp]
host = "localhost"
port = {smtp}
security = "plain"
sender = "licence@vendor.example"
"""


def make_keys(folder: Path) -> None:
    """The published signing key, and secret others."""
    pem = TEST_PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    keyring.write_new(folder / f"{TEST_KEY.kid}.pem", pem)
    keyring.make_mac(folder, 1)
    keyring.make_pepper(folder)


class Office:
    """A scene with real processes: a folder, a server, and who asks it."""

    def __init__(self, folder: Path) -> None:
        """Prepare the vendor of some weeks ago, and start nothing yet."""
        self.folder = folder
        self.clock = time.time
        self.port = quiet_port()
        self.sink = Sink()
        self._links: dict[str, http.client.HTTPSConnection] = {}
        """Kept connections that no script uses now, by address."""
        self._turn = threading.Lock()
        make_keys(folder / "keys")
        _, self.ca_file = throwaway_tls(folder)
        self._tls = ssl.create_default_context(cafile=self.ca_file)
        vendor = Vendor(self.database, Clock(), keyring.load(folder / "keys", TEST_KEY.kid))
        try:
            self.shops: list[Shop] = list(open_shops(vendor, time.time))
            self._drawer = [vendor.number().text for _ in range(DRAWER)]
            with vendor.do() as t:
                key_admin.add_key(t, TEST_KEY.kid, TEST_KEY.x)
                t.do("DELETE FROM mail")  # long delivered
        finally:
            vendor.store.close()

    @property
    def database(self) -> Path:
        """The database file."""
        return self.folder / "vendor.db"

    @property
    def url(self) -> str:
        """Where the server is."""
        return f"https://localhost:{self.port}"

    @property
    def log(self) -> str:
        """What the server has logged."""
        return (self.folder / "vendor.log").read_text("utf-8")

    # -- processes ------------------------------------------------------------------------------------

    @contextmanager
    def open(self) -> Iterator[None]:
        """Mail server and licence server run; both stop in the end."""
        with smtp_server(self.sink, quiet_port()) as smtp:
            self._configure(smtp)
            self.start()
            try:
                yield
            finally:
                self.stop()
                for link in self._links.values():
                    link.close()

    def _configure(self, smtp: int) -> None:
        words = {"port": self.port, "issuer": TEST_KEY.issuer, "kid": TEST_KEY.kid, "smtp": smtp}
        (self.folder / "vendor.toml").write_text(CONFIG.format(**words))

    def start(self) -> None:
        """Start the server, and wait until it answers. Raises ``RuntimeError``."""
        with (self.folder / "vendor.log").open("a") as log:
            self.process = subprocess.Popen(self._words("serve"), stderr=log, cwd=ROOT)
        end = time.monotonic() + START
        while self.process.poll() is None and time.monotonic() < end:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise RuntimeError(f"the server did not start:\n{self.log[-2000:]}")

    def stop(self) -> None:
        """Stop the server as systemd does."""
        self.process.terminate()
        self.process.wait(timeout=30)

    def _words(self, *words: str, folder: Path | None = None) -> list[str]:
        config = (folder or self.folder) / "vendor.toml"
        return [sys.executable, "-m", "fiscald.licence.server.cli", "--config", str(config), *words]

    def command(self, *words: str, typed: str = "", folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """``fiscald-vendor ...``, as the vendor's people type it, here or in another folder."""
        return subprocess.run(
            self._words(*words, folder=folder),
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=ROOT,
        )

    def command_in_background(self, *words: str) -> subprocess.Popen[bytes]:
        """The same, as the foreground job of another terminal: it can be stopped and goes on."""
        nowhere = subprocess.DEVNULL
        return subprocess.Popen(
            self._words(*words), stdin=nowhere, stdout=nowhere, stderr=nowhere, cwd=ROOT, process_group=0
        )

    def json(self, *words: str, typed: str = "") -> Any:
        """The answer of a command. Raises ``RuntimeError``."""
        done = self.command("--json", *words, typed=typed)
        if done.returncode:
            raise RuntimeError(f"{words}: {done.stderr}")
        return json.loads(done.stdout)

    # -- what an attack may use: see ``scene.Scene`` ---------------------------------------------------

    def ask(self, computer: Computer, model: type[wire.VendorRequest], **fields: Any) -> Answered:
        """The verified answer. Raises ``TooMany``, ``Malformed`` or ``Unable``."""
        return self.post(computer, model.path, computer.sign(model, iat=int(time.time()), **fields))

    def post(self, computer: Computer, path: str, token: str) -> Answered:
        """The same for a text that was signed before."""
        status, headers, text = self.send(computer.address, path, token.encode())
        if status == 429:
            raise TooMany(int(headers["Retry-After"]))
        if path == wire.RequestFile.path and status == 200:
            return Answered(status, None, verify(text.encode(), KEYS, int(time.time())))
        if status == 202:
            return Answered(status, None)
        if headers["Content-Type"] != "application/jose":
            raise Malformed(text) if status in (400, 413) else Unable(f"{status} {text}")
        return opened(status, text, token, int(time.time()))

    def send(self, address: str, path: str, body: bytes) -> tuple[int, http.client.HTTPMessage, str]:
        """Status, head and body of the answer to what ``address`` posts. Raises ``Unable``."""
        with self._turn:
            kept = self._links.pop(address, None)
        for link in (kept, self._link(address)) if kept is not None else (self._link(address),):
            try:
                link.request("POST", path, body, {"Content-Type": "application/jose"})
                answer = link.getresponse()
                text = answer.read().decode("utf-8", "replace")
            except (OSError, http.client.HTTPException) as error:
                link.close()
                why = f"{type(error).__name__} {error}"
                continue  # the server may have closed a connection that was kept
            with self._turn:
                surplus = link if address in self._links or len(self._links) >= KEPT else None
                if surplus is None:
                    self._links[address] = link
            if surplus is not None:
                surplus.close()
            return answer.status, answer.headers, text
        raise Unable(why)

    def _link(self, address: str) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=ANSWER, source_address=(address, 0), context=self._tls
        )

    def mails(self) -> list[EmailMessage]:
        """All that have arrived."""
        return list(self.sink.mails)

    def wait_a_moment(self) -> None:
        """Let a short time pass."""
        time.sleep(0.1)

    def number(self) -> str:
        """One that has not been sold yet."""
        return self._drawer.pop()

    def rows(self, query: str, *values: Any) -> list[Any]:
        """Rows of the vendor's database."""
        db = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)
        try:
            return db.execute(query, values).fetchall()
        finally:
            db.close()


def quiet_port() -> int:
    """A free port below those that connections get: no connection of an attack can take it."""
    while True:
        port = random.randrange(20_000, 32_000)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("", port))
            return port
