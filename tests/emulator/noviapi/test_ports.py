"""One printer on several TCP ports, as a shop with several programs has it; also as a process."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any, Self

import anyio
import httpx
import pytest
from click.testing import CliRunner

from fiscald.cli.fiscald import main
from fiscald.emulator import running
from fiscald.emulator.noviapi.device import NoviApiPrinter
from fiscald.emulator.register import Register
from fiscald.emulator.running import EmulatedPrinter
from tests.emulator.noviapi.serving import served
from tests.emulator.noviapi.test_server import RECEIPT


class Client:
    """A program at one server, over TCP."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=f"{url}/api/v1", timeout=30)
        self.http.headers["Authorization"] = f"Bearer {self.http.get('/token').json()['token']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def store(self) -> str:
        answer = self.http.post("/receipt", json={"receipt": RECEIPT})
        assert answer.status_code == 201
        return str(answer.json()["request"]["id"])

    def confirm(self, job_id: str) -> int:
        return self.http.put(f"/receipt/{job_id}").status_code

    def end(self, job_id: str) -> dict[str, Any]:
        while True:
            request: dict[str, Any] = self.http.get(f"/receipt/{job_id}?timeout=20000").json()["request"]
            if request["status"] not in ("QUEUED", "PENDING"):
                return request


def test_programs_at_different_servers_print_at_the_same_time() -> None:
    with served(3, slow=0.1) as it:
        done: list[int] = []

        def print_one(url: str) -> None:
            with Client(url) as client:
                job_id = client.store()
                assert client.confirm(job_id) == 200
                done.append(client.end(job_id)["jpkid"])

        threads = [threading.Thread(target=print_one, args=(url,)) for url in it.urls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(done) == [1, 2, 3]
        assert it.kinds == ["receipt"] * 3


@pytest.fixture
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The family, known to the emulator by its name."""
    monkeypatch.setattr(running, "FAMILIES", ("noviapi",))
    monkeypatch.setattr(running, "emulator_factory", lambda _: NoviApiPrinter)


@pytest.mark.usefixtures("_known")
def test_an_emulated_printer_listens_on_as_many_ports_as_wanted() -> None:
    with EmulatedPrinter("noviapi", ports=2) as printer, contextlib.ExitStack() as stack:
        assert printer.addresses[0] == printer.address == f"http://127.0.0.1:{printer.port}"
        urls = printer.addresses
        clients = [stack.enter_context(Client(url)) for url in urls]
        jobs = [client.store() for client in clients]
        printer.switch("paper_out")
        assert [client.confirm(job_id) for client, job_id in zip(clients, jobs, strict=True)] == [200, 200]
        # A change from outside reaches the programs that wait at every port.
        ends: list[dict[str, Any]] = []
        waiting = [
            threading.Thread(target=lambda client=client, job_id=job_id: ends.append(client.end(job_id)))
            for client, job_id in zip(clients, jobs, strict=True)
        ]
        for thread in waiting:
            thread.start()
        printer.switch("paper_out", False)
        for thread in waiting:
            thread.join()
        assert [end["status"] for end in ends] == ["DONE", "DONE"]


@pytest.mark.usefixtures("_known")
def test_a_power_cut_ends_the_connections_at_every_port() -> None:
    with EmulatedPrinter("noviapi", ports=2) as printer, contextlib.ExitStack() as stack:
        links = [
            stack.enter_context(socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=5))
            for address in printer.addresses
        ]
        for link in links:
            link.sendall(b"GET /api/v1 HTTP/1.1\r\nHost: x\r\n\r\n")
            assert link.recv(100).startswith(b"HTTP/1.1 200")
        printer.fault("power_cut_before", "GET api")
        links[0].sendall(b"GET /api/v1 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert [link.recv(100) for link in links] == [b"", b""]


@pytest.mark.usefixtures("_known")
@pytest.mark.parametrize("ports", [0, 11])
def test_a_printer_has_at_most_ten_ports(ports: int) -> None:
    with pytest.raises(ValueError, match=f"a noviapi printer has 1 to 10 ports, not {ports}"):
        EmulatedPrinter("noviapi", ports=ports)


def test_other_printers_have_one_port() -> None:
    with pytest.raises(ValueError, match="a posnet printer has 1 port, not 2"):
        EmulatedPrinter("posnet", ports=2)
    told = CliRunner().invoke(main, ["emulate", "posnet", "--tcp", "127.0.0.1:0", "--tcp", "127.0.0.1:0"])
    assert told.exit_code == 2
    assert "a posnet printer has 1 port, not 2" in told.output


@pytest.mark.usefixtures("_known")
def test_this_printer_has_no_serial_line() -> None:
    with pytest.raises(ValueError, match="link of a noviapi printer is one of tcp"):
        EmulatedPrinter("noviapi", link="pty")


async def test_a_process_listens_at_every_address_that_it_is_given() -> None:
    """As ``fiscald emulate noviapi --tcp HOST:PORT --tcp HOST:PORT`` does."""
    printer, found = NoviApiPrinter(Register()), []
    listening = anyio.Event()

    def ready(where: str) -> None:
        found.append(where)
        if len(found) == 2:
            listening.set()

    addresses = [("127.0.0.1", 0), ("127.0.0.1", 0)]
    async with anyio.create_task_group() as tasks, httpx.AsyncClient() as http:
        tasks.start_soon(lambda: running.serve(printer, tcp=addresses, pty=None, control=None, ready=ready))
        await listening.wait()
        tokens = {(await http.get(f"{url}/api/v1/token")).json()["token"] for url in found}
        assert len(tokens) == 2
        tasks.cancel_scope.cancel()
