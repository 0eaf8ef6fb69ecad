"""A program at a port of a printer, in virtual time: whole requests, whole answers, every one held to the contract."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import h11

from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.emulator.memory import RegisterState
from fiscald.emulator.noviapi.device import NoviApiPrinter
from fiscald.emulator.port import Port
from fiscald.emulator.register import Register
from fiscald.model.times import POLISH_TIME
from tests.emulator.noviapi.contract import FACTS, complaints

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=POLISH_TIME)


class Reply(NamedTuple):
    """An answer; ``status`` 0: there was none."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> int:
        """The number of the exception."""
        return int(self.body["exception"]["code"])


class Talk:
    """A printer, and programs at its servers."""

    def __init__(
        self, state: RegisterState | None = None, *, profile: str = "point", slow: float = 0.0, at: datetime = NOON
    ) -> None:
        self.time = 0.0
        self.register = Register(state, clock=lambda: at + timedelta(seconds=self.time))
        self.printer = NoviApiPrinter(self.register, profile=profile)
        self.printer.slowness = slow

    def program(self, server: int = 1) -> Program:
        """A program that is connected to that server."""
        return Program(self, self.printer.ports[server - 1])

    def switch(self, switch: Switch, *, on: bool = True) -> None:
        """Begin or end a condition."""
        (self.printer.faults.switches.add if on else self.printer.faults.switches.discard)(switch)

    def fault(self, act: FaultKind, command: str | None = None, **more: Any) -> None:
        """Plan a fault."""
        self.printer.faults.plan(Fault(act=act, command=command, **more))

    def power_cycle(self) -> None:
        """Off and on."""
        self.printer.power(on=False)
        self.printer.power(on=True)

    @property
    def kinds(self) -> list[str]:
        """What was printed."""
        return [sheet.kind for sheet in self.register.printouts]


class Program:
    """One connection after another to one server."""

    def __init__(self, talk: Talk, port: Port) -> None:
        self._talk = talk
        self._port = port
        self.token = ""
        self.closed = True
        #: Whether every answer must be one of the contract's.
        self.strict = True
        self._left = b""

    def connect(self) -> None:
        """Open a new connection."""
        self._port.connected(self._talk.time)
        self.closed = False
        self._left = b""

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        if self.closed:
            self.connect()
        self._port.receive(data, self._talk.time)

    def receive(self, seconds: float = 600.0) -> bytes:
        """What comes until the printer has nothing more to say, at most so many seconds."""
        talk, data, ends = self._talk, b"", self._talk.time + seconds
        while True:
            part = self._port.poll(talk.time)
            data += part
            if part:
                if self._port.hangs_up or data.endswith((b"}", b"\r\n\r\n")):
                    break
                continue
            if self._port.hangs_up:
                break
            due = self._port.wakeup()
            if due is None or due > ends:
                break
            talk.time = max(talk.time, due)
        if self._port.hangs_up or not self._port.powered:
            self._port.disconnected()
            self.closed = True
        return data

    def ask(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, headers: dict[str, str] | None = None,
        seconds: float = 600.0,
    ) -> Reply:  # fmt: skip
        """A request and its answer."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"Host": "printer", "Authorization": f"Bearer {self.token if token is None else token}"}
        if body is not None or method in ("PUT", "PATCH", "POST"):
            sent["Content-Length"] = str(len(raw))
        sent |= headers or {}
        head = "".join(f"{name}: {value}\r\n" for name, value in sent.items() if value)
        self.send(f"{method} /api/v1{path} HTTP/1.1\r\n{head}\r\n".encode() + raw)
        reply = parse(self.receive(seconds))
        if self.strict and reply.status:
            self._hold_to_contract(method, path, reply)
        return reply

    def _hold_to_contract(self, method: str, path: str, reply: Reply) -> None:
        where = path.partition("?")[0]
        parts = where.split("/")
        name = f"{method} {where or '/'}" if len(parts) < 3 else f"{method} /{parts[1]}/{{id}}"
        if name in FACTS["answers"] and reply.status != 405:
            assert complaints(name, reply.status, reply.body) == []

    def fetch(self) -> Reply:
        """A new token."""
        reply = self.ask("GET", "/token", token="")
        if reply.status == 200:
            self.token = reply.body["token"]
        return reply

    def store(self, endpoint: str, document: Any) -> str:
        """Store a job; its id."""
        reply = self.ask("POST", f"/{endpoint}", {ROOTS.get(endpoint, endpoint): document})
        assert reply.status == 201, reply
        assert reply.body["request"]["status"] == "STORED"
        return str(reply.body["request"]["id"])

    def confirm(self, endpoint: str, job_id: str) -> Reply:
        """Confirm it."""
        return self.ask("PUT", f"/{endpoint}/{job_id}")

    def state(self, endpoint: str, job_id: str, timeout: int | None = None) -> Any:
        """What the printer says about it."""
        reply = self.ask("GET", f"/{endpoint}/{job_id}" + ("" if timeout is None else f"?timeout={timeout}"))
        assert reply.status == 200, reply
        return reply.body["request"]

    def do(self, endpoint: str, document: Any) -> Any:
        """Store, confirm, wait for the end; what the printer says about it then."""
        if not self.token:
            self.fetch()
        job_id = self.store(endpoint, document)
        assert self.confirm(endpoint, job_id).status == 200
        request = self.state(endpoint, job_id, 60_000)
        return self.state(endpoint, job_id, 60_000) if request["status"] == "PENDING" else request


ROOTS = {"nf_printout": "printout"}


def parse(data: bytes) -> Reply:
    """The first answer in some bytes."""
    if not data:
        return Reply(0, None, {})
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    client.send(h11.EndOfMessage())
    client.receive_data(data)
    status, headers, body = 0, {}, b""
    while True:
        event = client.next_event()
        if isinstance(event, h11.Response):
            status = event.status_code
            headers = {name.decode(): value.decode() for name, value in event.headers}
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) or event is h11.NEED_DATA or event is h11.PAUSED:
            break
    is_json = headers.get("content-type") == "application/json"
    return Reply(status, json.loads(body) if is_json else body, headers)
