"""The whole way over real TCP: fiscald's own POSNET driver as the old program, in front of another fiscald."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from fiscald import daemon
from fiscald.api.client import Client
from fiscald.config import Config, LicenceConfig, PrinterConfig
from fiscald.config_gateway import GatewayConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.licence.testing import make_certificate
from fiscald.model.jobs import Job
from fiscald.model.programs import PrinterGateway
from fiscald.protocols.posnet.frames import Deframer, Frame
from tests.emulator.posnet.talking import frame, readable

RECEIPT: dict[str, Any] = {
    "type": "receipt",
    "lines": [
        {"name": "Kawa", "quantity": "2", "price": "10.00", "vat": "A", "discount": {"percent": "10"}},
        {"name": "Chleb", "price": "3.50", "vat": "5%"},
    ],
    "payments": [{"type": "card", "amount": "10.00"}, {"type": "cash", "amount": "20.00"}],
    "cashier": "Anna",
    "system_number": "FV17",
}
SECONDS = 30.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


class Running:
    """A daemon in its own thread, which can be killed and started again."""

    def __init__(self, directory: Path, printer: PrinterConfig) -> None:
        self.config = Config(
            socket=directory / "s", state_dir=directory / "state", licence=LicenceConfig(test_keys=True),
            printers={"till1": printer},
        )  # fmt: skip
        self._stack = ExitStack()
        self.client: Client

    @property
    def gateway(self) -> PrinterGateway:
        """The printer's, as the API shows it."""
        found = self.client.printer("till1").gateway
        assert found is not None
        return found

    def start(self) -> None:
        portal = self._stack.enter_context(start_blocking_portal())
        future, _ = portal.start_task(daemon.run, self.config)
        self._stack.callback(future.cancel)
        self.client = self._stack.enter_context(Client(self.config.socket))
        self.client.install_licence(make_certificate())
        until(lambda: self.client.printer("till1").state == "ready")

    @property
    def jobs(self) -> list[Job]:
        """Oldest first."""
        return list(self.client.jobs(order="oldest").jobs)

    def kill(self) -> None:
        self._stack.close()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


@contextmanager
def running(printer: PrinterConfig) -> Iterator[Running]:
    with TemporaryDirectory(prefix="gw-") as directory:
        made = Running(Path(directory), printer)
        try:
            made.start()
            yield made
        finally:
            made.kill()


@contextmanager
def behind(printer: EmulatedPrinter, port: int, speaks: str = "posnet", **settings: Any) -> Iterator[Running]:
    gateway = GatewayConfig(listen=f"tcp://127.0.0.1:{port}", family=speaks, **settings)
    with running(PrinterConfig(family=printer.family, address=printer.address, gateway=gateway)) as made:
        yield made


class Program:
    """An old program on a socket."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self._deframer = Deframer()

    def send(self, command: str) -> None:
        self.socket.sendall(frame(command))

    def say(self, command: str) -> str:
        self.send(command)
        found: list[Frame] = []
        while not found:
            data = self.socket.recv(4096)
            assert data, "the gateway closed the connection"
            found = [item for item in self._deframer.feed(data) if isinstance(item, Frame)]
        (answer,) = found
        return readable(answer)

    def sell(self, end: str | None = "trend|to500|") -> None:
        for command in ("prncancel|", "trinit|bm0|", "trline|naBilet|vt0|pr500|"):
            assert "?" not in self.say(command)
        if end is not None:
            assert self.say(end) == "trend|"

    def close(self) -> None:
        self.socket.close()

    def reset(self) -> None:
        """As if the computer had lost its power."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.mark.parametrize("family", ["posnet", "thermal"])
def test_the_real_driver_prints_through_a_gateway(family: str, port: int) -> None:
    with (
        EmulatedPrinter(family) as printer,
        behind(printer, port) as shop,
        running(PrinterConfig(family="posnet", address=f"tcp://127.0.0.1:{port}")) as program,
    ):
        for number in (1, 2, 3):
            job = program.client.submit(f"A/{number}", "till1", RECEIPT, wait=SECONDS)
            assert (job.state, job.error) == ("done", None)
            assert job.result is not None
            assert (job.result.number, str(job.result.total)) == (number, "21.50")
            assert job.result.printer_id == printer.register.unique_number
        report = program.client.submit("R/1", "till1", {"type": "daily_report"}, wait=SECONDS)
        assert (report.state, report.result and report.result.number) == ("done", 1)
        jobs = shop.jobs
        assert [job.state for job in jobs] == ["done"] * 4
        assert [str(job.result.total) for job in jobs if job.result and job.result.total] == ["21.50"] * 3
        (record,) = printer.register.fiscal_memory
        assert (record.day.receipt_count, record.day.receipts[0], record.day.receipts[2]) == (3, 5400, 1050)


def test_a_lost_closing_answer_leaves_one_receipt_on_paper(port: int) -> None:
    with EmulatedPrinter("thermal") as printer, behind(printer, port) as shop:
        printer.fault("switch", command="$h", switch="paper_out")  # the paper ends when the real receipt opens
        program = Program(port)
        program.sell(end=None)
        program.send("trend|to500|")
        until(lambda: shop.jobs != [] and printer.fired != [])
        program.reset()
        printer.switch("paper_out", on=False)
        until(lambda: all(job.state == "done" for job in shop.jobs))
        again = Program(port)
        again.sell()
        assert printer.register.day.receipt_count == 1
        again.sell()
        assert printer.register.day.receipt_count == 2, "this answer was delivered"
        again.close()


def test_an_answer_that_the_program_did_not_read_was_not_delivered(port: int) -> None:
    """It closes with the answer unread, as one does that is killed: the system resets the connection."""
    with EmulatedPrinter("posnet") as printer, behind(printer, port) as shop:
        program = Program(port)
        program.sell(end=None)
        program.send("trend|to500|")
        until(lambda: any(job.state == "done" for job in shop.jobs))
        until(lambda: bool(select.select([program.socket], [], [], 0)[0]))
        program.close()
        again = Program(port)
        again.sell()
        assert printer.register.day.receipt_count == 1
        again.close()


@pytest.mark.slow
def test_killed_after_the_close_and_the_receipt_again(port: int) -> None:
    with EmulatedPrinter("posnet") as printer, behind(printer, port) as shop:
        program = Program(port)
        printer.fault("switch", command="trinit", switch="paper_out")
        program.sell(end=None)
        program.send("trend|to500|")
        until(lambda: shop.jobs != [] and printer.fired != [])
        shop.kill()
        program.close()
        printer.switch("paper_out", on=False)
        shop.start()
        again = Program(port)
        again.sell()
        assert printer.register.day.receipt_count == 1
        assert [job.state for job in shop.jobs] == ["done"]
        again.close()


def test_each_connection_closed_in_order_is_a_sale(port: int) -> None:
    with EmulatedPrinter("posnet") as printer, behind(printer, port):
        for _ in range(3):
            program = Program(port)
            program.sell()
            program.close()
        assert printer.register.day.receipt_count == 3


def test_a_serial_port_is_a_link(tmp_path: Path) -> None:
    link = tmp_path / "till1"
    gateway = GatewayConfig(listen=f"pty:{link}", family="posnet")
    with (
        EmulatedPrinter("thermal") as printer,
        running(PrinterConfig(family="thermal", address=printer.address, gateway=gateway)),
        running(PrinterConfig(family="posnet", address=f"serial://{link}?baud=9600")) as program,
    ):
        assert program.client.submit("A/1", "till1", RECEIPT, wait=SECONDS).state == "done"
        assert printer.register.day.receipt_count == 1
