"""``fiscald demo --shop``: one printer of every family, one daemon, the same receipt on all of them, a pulled cable.

The cable is a TCP relay between the daemon and one printer. It is pulled when the printer has received the end of a
second receipt, before its answer comes back.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
import socket
import threading
from collections.abc import Iterator, Sequence

import click

from fiscald.cli.demo import RECEIPT as FULL_RECEIPT
from fiscald.emulator.running import EmulatedPrinter
from fiscald.model.jobs import Job
from fiscald.protocols import FAMILIES
from fiscald.terminal import shown
from fiscald.testing import LocalDaemon

#: The printer whose cable is pulled, and the bytes behind which that happens: the end of a receipt.
CABLE, CUT_BEHIND = "novitus-xml", b'<receipt action="close"'
#: Without a buyer's NIP and a footer, which older Thermal printers do not print.
RECEIPT = {name: value for name, value in FULL_RECEIPT.items() if name not in ("buyer", "footer")}
#: Columns between two papers beside each other.
GAP = 4
WAIT = 30.0


class Cable:
    """A TCP relay that can be pulled and plugged in again."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listening = socket.create_server((host, 0))
        self.port: int = self._listening.getsockname()[1]
        self.cut_behind = b""
        """Pulled when these bytes have gone to the printer; empty: never."""
        self.pulled = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def plug(self) -> None:
        """Plug it in again."""
        self.cut_behind = b""
        self.pulled.clear()

    def close(self) -> None:
        """End everything."""
        self._pull()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _pull(self) -> None:
        self.pulled.set()
        with self._lock:
            ends, self._open = self._open, set()
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            if self.pulled.is_set():
                near.close()
                continue
            far = socket.create_connection(self._target)
            with self._lock:
                self._open |= {near, far}
            for source, target, sends in ((near, far, True), (far, near, False)):
                threading.Thread(target=self._carry, args=(source, target, sends), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, sends: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                cut = sends and self.cut_behind and self.cut_behind in data
                if cut:
                    self.pulled.set()  # from now on no answer passes
                elif self.pulled.is_set():
                    break
                target.sendall(data)
                if cut:
                    self._pull()
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def run_shop() -> None:
    """Start the shop, print, pull the cable. Raises ``click.ClickException`` if anything is not as promised."""
    with contextlib.ExitStack() as stack:
        printers = {name: stack.enter_context(EmulatedPrinter(name, seed=at)) for at, name in enumerate(FAMILIES)}
        cable = Cable(printers[CABLE].host, printers[CABLE].port)
        stack.callback(cable.close)
        printers[CABLE].address = f"tcp://{printers[CABLE].host}:{cable.port}"
        daemon = stack.enter_context(LocalDaemon(printers))
        click.echo(f"One daemon at {daemon.socket} owns {len(printers)} emulated printers:")
        for name, printer in printers.items():
            click.echo(f"  {name:12} {printer.address}")
        _same_receipt(daemon)
        _pulled_cable(daemon, cable)


def _same_receipt(daemon: LocalDaemon) -> None:
    click.echo("\nThe same receipt on all of them; the four answers:")
    for name in daemon.printers:  # all are printing at the same time
        daemon.client.submit(f"shop/{name}", name, RECEIPT, wait=0)
    jobs = [daemon.client.job(f"shop/{name}", wait=WAIT) for name in daemon.printers]
    for job in jobs:
        click.echo(f"  {_answer(job)}")
    click.echo("\nThe four papers:\n")
    width = shutil.get_terminal_size().columns
    for line in beside([(name, printer.paper[-1]) for name, printer in daemon.printers.items()], width):
        click.echo(line)
    _check(daemon, jobs, receipts=1)


def _pulled_cable(daemon: LocalDaemon, cable: Cable) -> None:
    click.echo(f"\nA second receipt on {CABLE}. Its cable is pulled when the printer has all of it:")
    printer = daemon.printers[CABLE]
    cable.cut_behind = CUT_BEHIND
    daemon.client.submit("shop/cable", CABLE, RECEIPT, wait=0)
    if not cable.pulled.wait(WAIT):
        raise click.ClickException("the receipt did not reach the printer")
    job = daemon.client.job("shop/cable")
    click.echo(f"  without the cable: {_answer(job)}")
    click.echo(f"  the printer is {daemon.client.printer(CABLE).state}; the cable is plugged in again")
    cable.plug()
    job = daemon.client.job("shop/cable", wait=WAIT)
    again = daemon.client.submit("shop/cable", CABLE, RECEIPT, wait=WAIT)
    click.echo(f"  with the cable:    {_answer(job)}")
    click.echo(f"  the same key again: same number {again.result and again.result.number}")
    receipts = printer.register.day.receipt_count
    click.echo(f"  receipts in the printer's memory: {receipts}; sheets of paper: {len(printer.paper)}")
    _check(daemon, [job, again], receipts=2)


def _answer(job: Job) -> str:
    result, why = job.result, job.error or job.waiting
    if result is not None:
        return f"{job.printer:12} {job.state}, number {result.number}, total {result.total}, {result.printer_id}"
    return f"{job.printer:12} {job.state}" + ("" if why is None else f", {why.code}: {shown(why.detail)}")


def _check(daemon: LocalDaemon, jobs: Sequence[Job], *, receipts: int) -> None:
    wrong = [job.key for job in jobs if job.state != "done"]
    printed = {job.printer: daemon.printers[job.printer].register.day.receipt_count for job in jobs}
    wrong += [name for name, count in printed.items() if count != receipts]
    if wrong:
        raise click.ClickException(f"not printed exactly once: {', '.join(wrong)}")


def beside(papers: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    """Papers under their names, as many beside each other as ``width`` characters allow."""
    blocks = [[f"== {name} ==", *text.splitlines()] for name, text in papers]
    column = max((len(line) for block in blocks for line in block), default=0)
    abreast = max(1, (width + GAP) // (column + GAP))
    for at in range(0, len(blocks), abreast):
        for lines in itertools.zip_longest(*blocks[at : at + abreast], fillvalue=""):
            yield (" " * GAP).join(line.ljust(column) for line in lines).rstrip()
        yield ""
