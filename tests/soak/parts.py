"""The real parts as processes: the installed daemon, and emulated printers. Started, killed, started again."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import anyio

from fiscald.api.client import AsyncClient, NotReachable
from fiscald.licence.testing import make_certificate
from tests.soak.sources import phases_in_hand

FISCALD = Path(sys.executable).parent / "fiscald"
#: What an emulated printer says when it is ready; on TCP with its port.
_LISTENING = re.compile(r", at (?:tcp://[^:]*:(\d+)|serial://.*)$", re.MULTILINE)
#: Seconds for a process to be ready, or to end when told; generous, because machines are slow when they are busy.
PATIENCE = 30.0


class Process:
    """A command that can be killed and started again; what it says goes to a log."""

    def __init__(self, command: list[str], log: Path) -> None:
        self._command = command
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.running:
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log
            )

    def kill(self) -> None:
        """SIGKILL: it learns nothing of it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int | None:
        """Tell it to end; its exit code, or ``None`` if it had to be killed."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def said(self, after: int = 0) -> str:
        """Its log from that byte on."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(after)
            return log.read().decode("utf-8", "replace")


class Till:
    """An emulated printer in a separate process."""

    def __init__(
        self, name: str, link: Literal["tcp", "pty"], number: int, state: Path, sockets: Path, log: Path
    ) -> None:
        """``sockets``: a folder with a short path, because the paths of sockets have to be short."""
        self.name = name
        self.link = link
        self.state = state
        self.pty = sockets / f"{name}.pty"
        """Leads to its port, while it is on."""
        self._control = sockets / f"{name}.control"
        plug = ["--tcp", "127.0.0.1:0"] if link == "tcp" else ["--pty", str(self.pty)]
        options = ["--state", str(state), "--control", str(self._control), "--slow", "0", "--quiet"]
        self.process = Process([str(FISCALD), "emulate", "posnet", *plug, *options, "--seed", str(number)], log)
        self.port: int | None = None
        """Where it listens; ``None`` while it is off."""
        self._began = 0
        self._ready = False

    async def start(self) -> None:
        """Power on, unless it is on; returns when it can be talked to. May be cancelled and called again."""
        if not self.process.running:
            self._ready = False
            self._began = self.process.log.stat().st_size if self.process.log.exists() else 0
            self.process.start()
        if self._ready:
            return
        with anyio.fail_after(PATIENCE):
            while (match := _LISTENING.search(self.process.said(self._began))) is None or not await self._listens():
                await anyio.sleep(0.02)
        # More goods than a campaign sells: every receipt has a unique name.
        await self.order(do="seed", state={"goods_capacity": 1_000_000})
        self.port = int(match[1]) if match[1] else None
        self._ready = True

    def kill(self) -> None:
        """The mains are gone, and its port with them."""
        self.port = None
        self.process.kill()
        # Left behind by a killed emulator, it would soon lead to somebody else's terminal.
        self.pty.unlink(missing_ok=True)

    async def _listens(self) -> bool:
        try:
            await (await anyio.connect_unix(self._control)).aclose()
        except OSError:
            return False
        return True

    async def order(self, **order: Any) -> dict[str, Any]:
        """An order over the control socket, and what it tells."""
        async with await anyio.connect_unix(self._control) as stream:
            await stream.send(json.dumps(order).encode() + b"\n")
            answer = b""
            while not answer.endswith(b"\n"):
                answer += await stream.receive()
        told: dict[str, Any] = json.loads(answer)
        assert told.pop("ok"), f"{order}: {told}"
        return told


class Daemon:
    """The installed daemon with its configuration, its journal and its socket."""

    def __init__(self, directory: Path, sockets: Path, addresses: dict[str, str]) -> None:
        self.socket = sockets / "fiscald.sock"
        self.state = directory / "state"
        self.journal = self.state / "journal.db"
        self.recordings = self.state / "recordings"
        config = directory / "fiscald.toml"
        config.write_text(_configuration(self.socket, self.state, addresses), "utf-8")
        self.process = Process([str(FISCALD), "run", "--config", str(config)], directory / "daemon.log")
        self.ended: list[str] = []
        """How it ended without being told to."""

    async def start(self) -> None:
        """Start it for the first time, with a licence; returns when it answers."""
        self.process.start()
        async with AsyncClient(self.socket) as client:
            with anyio.fail_after(PATIENCE):
                while True:
                    try:
                        await client.install_licence(make_certificate())
                    except NotReachable:
                        await anyio.sleep(0.05)
                    else:
                        return

    def kill(self) -> list[str]:
        """SIGKILL; the phases of the running jobs."""
        if not self.process.running:
            self.ended.append(f"the daemon had ended by itself:\n{self.process.said()[-2000:]}")
        self.process.kill()
        return phases_in_hand(self.journal)


def _configuration(socket: Path, state: Path, addresses: dict[str, str]) -> str:
    printers = [
        f'[printers.{name}]\nfamily = "posnet"\naddress = {_quoted(address)}\nrecord = true\n'
        for name, address in addresses.items()
    ]
    head = f"socket = {_quoted(socket)}\nstate_dir = {_quoted(state)}\n[licence]\ntest_keys = true\n"
    return head + "".join(printers)


def _quoted(text: object) -> str:
    """A basic string of TOML, which JSON's strings are."""
    return json.dumps(str(text), ensure_ascii=False)
