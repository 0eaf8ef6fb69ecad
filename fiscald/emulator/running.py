"""An emulated printer that runs in its own thread, for programs that are not asynchronous."""

from __future__ import annotations

import contextlib
import inspect
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal
from pydantic import ValidationError

from fiscald.emulator import emulator_factory
from fiscald.emulator.control import Control
from fiscald.emulator.device import Device, Display
from fiscald.emulator.faults import Fault, FaultKind, Fired, Switch
from fiscald.emulator.memory import RegisterState
from fiscald.emulator.paper import Printout
from fiscald.emulator.port import Port
from fiscald.emulator.register import Register
from fiscald.emulator.server import PortServer
from fiscald.emulator.storage import Storage, StorageError
from fiscald.emulator.wording import unknown
from fiscald.protocols import FAMILIES

T = TypeVar("T")


class CannotStart(Exception):
    """The emulated printer cannot be served at its address; ``str`` says why."""


def build(
    family: str,
    *,
    profile: str | None = None,
    code_page: str | None = None,
    width: int | None = None,
    seed: int = 0,
    storage: Path | None = None,
    state: RegisterState | None = None,
    clock: Callable[[], datetime] | None = None,
    printed: Callable[[Printout], None] = lambda _: None,
) -> tuple[Device, Storage | None]:
    """A device, with its memory in ``storage`` if that is given.

    ``seed`` chooses the unique number of a fresh register and what the noise of faults looks like. Raises
    ``StorageError``, and ``ValueError`` for a family, profile or code page that does not exist.
    """
    if family not in FAMILIES:
        raise ValueError(f"family {unknown(family, FAMILIES)}")
    factory = emulator_factory(family)
    check_choice(f"profile of a {family} printer", profile, factory.profiles)
    check_choice(f"code_page of a {family} printer", code_page, factory.code_pages)
    store = None if storage is None else Storage(storage, family)
    fresh = state or RegisterState(unique_number=f"EMU {seed + 1:010d}")
    register = Register(
        (store and store.state) or fresh,
        printouts=store.printouts if store else [],
        clock=clock,
        saved=store.save if store else lambda _state, _new: None,
    )
    options: dict[str, Any] = {"profile": profile, "code_page": code_page, "width": width}
    chosen = {name: value for name, value in options.items() if value is not None}
    try:
        return factory(register, seed=seed, printed=printed, **chosen), store
    except ValidationError as error:
        if store is None:
            raise
        store.close()
        raise StorageError(f"{storage} is damaged: {error}") from None


def check_choice(what: str, chosen: str | None, known: Sequence[str]) -> None:
    """Raises ``ValueError`` for a choice that a family does not have; ``None`` chooses its default."""
    if chosen is not None and not known:
        raise ValueError(f"there is no choice of {what}")
    if chosen is not None and chosen not in known:
        raise ValueError(f"{what} is one of {', '.join(known)}, not {chosen!r}")


def check_options(options: dict[str, Any]) -> None:
    """Raises ``ValueError`` for an option that no emulated printer has, with the nearest one."""
    names = [*inspect.signature(build).parameters, *inspect.signature(EmulatedPrinter).parameters]
    known = [name for name in dict.fromkeys(names) if name != "options"]
    for name in options:
        if name not in known:
            raise ValueError(f"option {unknown(name, known)}")


class EmulatedPrinter:
    """A printer on a TCP port or a pseudo-terminal, for as long as the ``with`` block lasts.

    All methods are synchronous and may be called from any one thread.
    """

    def __init__(
        self,
        family: str = "posnet",
        *,
        link: Literal["tcp", "pty"] = "tcp",
        baud: int | None = None,
        auto_confirm: bool = False,
        ports: int = 1,
        **options: Any,
    ) -> None:
        """``options`` are those of ``build``; ``auto_confirm``: a person confirms every question at once.

        ``ports``: how many TCP ports it has, where a printer of the family can have several. Raises ``StorageError``,
        and ``ValueError`` for an option that does not exist.
        """
        check_options(options)
        if link not in ("tcp", "pty"):
            raise ValueError(f"link is tcp or pty, not {link!r}")
        if family in FAMILIES:
            check_choice(f"link of a {family} printer", link, emulator_factory(family).links)
        self._device, self._storage = build(family, **options)
        try:
            check_ports(self._device, ports)
        except ValueError:
            if self._storage is not None:
                self._storage.close()
            raise
        self._device.auto_confirm = auto_confirm
        self._device.on_notice = self._note
        self._device.on_question = lambda display: self._note(f"the display asks: {display.pl} ({display.en})")
        self._servers = [PortServer(port, baud=baud) for port in self._device.ports[:ports]]
        self._device.on_power = lambda: wake(self._servers)
        self._control = Control(self._device, lambda: wake(self._servers))
        self._link = link
        self._baud = baud
        self._stack = contextlib.ExitStack()
        self._portal: BlockingPortal | None = None
        self.notices: list[str] = []
        """Commands that were refused as unknown, and questions on the display; they go to standard error, too."""
        self.family = family
        self.address = ""
        """What to write as the printer's address in a configuration."""
        self.addresses: list[str] = []
        """The addresses of all its ports; the first one is ``address``."""
        self.host = "127.0.0.1"
        self.port = 0
        self.path = ""
        """The pseudo-terminal's path."""

    def __enter__(self) -> Self:
        """Start it. Raises ``CannotStart``; nothing is left running then."""
        with contextlib.ExitStack() as stack:
            if self._storage is not None:
                stack.callback(self._storage.close)
            portal = stack.enter_context(start_blocking_portal())
            with _starting("an emulated printer cannot be started"):
                if self._link == "tcp":
                    self.addresses = [self._listen(server, portal, stack) for server in self._servers]
                    self.port = int(self.addresses[0].rpartition(":")[2])
                else:
                    future, self.path = portal.start_task(self._servers[0].serve_pty, None)
                    stack.callback(future.cancel)
                    self.addresses = [f"serial://{self.path}?baud={self._baud or 115200}"]
            self.address = self.addresses[0]
            self._stack = stack.pop_all()
            self._portal = portal
        return self

    def _listen(self, server: PortServer[Port], portal: BlockingPortal, stack: contextlib.ExitStack) -> str:
        future, port = portal.start_task(server.serve_tcp, self.host, 0)
        stack.callback(future.cancel)
        return f"{self._device.scheme}://{self.host}:{port}"

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._portal = None

    def _note(self, text: str) -> None:
        self.notices.append(text)
        sys.stderr.write(f"emulated printer: {text}\n")

    # -- what it printed ------------------------------------------------------------------------------

    @property
    def printouts(self) -> list[Printout]:
        """Every sheet so far."""
        return self._call(lambda: list(self._device.register.printouts))

    @property
    def paper(self) -> list[str]:
        """Every sheet so far, as text."""
        return [sheet.text for sheet in self.printouts]

    @property
    def register(self) -> RegisterState:
        """A copy of the register's state: counters, totals, fiscal memory, drawer."""
        return self._call(lambda: self._device.register.state.model_copy(deep=True))

    @property
    def fired(self) -> list[Fired]:
        """The faults that happened so far, each with the command that it happened to."""
        return self._call(lambda: list(self._device.faults.fired))

    @property
    def planned(self) -> list[Fault]:
        """The faults that did not happen yet."""
        return self._call(lambda: list(self._device.faults.planned))

    @property
    def missed(self) -> list[Fired]:
        """Faults for a command of any name that met one which jumps the queue, and had no effect."""
        return self._call(lambda: list(self._device.faults.missed))

    @property
    def display(self) -> Display | None:
        """The question on the display."""
        return self._call(lambda: self._device.display)

    def picture(self, path: Path | str) -> None:
        """Draw every sheet so far, below each other, into a PNG file. Needs ``fiscald[png]``.

        Raises ``ValueError`` if nothing was printed.
        """
        from fiscald.emulator.png import draw

        draw(self.printouts, Path(path))

    # -- what happens to it ---------------------------------------------------------------------------
    # All of it raises ``ValueError`` with a sentence for what does not exist.

    def switch(self, switch: Switch | str, on: bool = True) -> None:
        """Begin or end a condition: ``printer.switch("paper_out")``."""
        self._execute(do="switch", name=switch, on=on)

    def fault(self, act: FaultKind | str, command: str | None = None, **options: Any) -> None:
        """Plan a fault: ``printer.fault("drop_after", "trend")``; ``options`` are fields of ``Fault``.

        The fixture fails a test that ends before it happened, unless it is ``optional=True``.
        """
        self._execute(do="fault", act=act, command=command, **options)

    def clear(self) -> None:
        """Remove all faults and conditions."""
        self._execute(do="clear")

    def press(self, *, confirm: bool = True) -> None:
        """Answer the question on the display. Raises ``ValueError`` where it asks nothing."""
        self._execute(do="press", confirm=confirm)

    def power(self, *, on: bool) -> None:
        """Switch it off or on."""
        self._execute(do="power", on=on)

    def clock(self, offset: float) -> None:
        """Put its clock that many seconds before or after the host's."""
        self._execute(do="clock", offset=offset)

    def foreign_receipt(self) -> None:
        """Another program completes a receipt. Raises ``ValueError`` where it cannot, because one is open."""
        self._execute(do="foreign_receipt")

    def seed(self, **state: Any) -> None:
        """Replace fields of the register's state."""
        self._execute(do="seed", state=state)

    def _execute(self, **content: Any) -> None:
        self._call(lambda: self._control.execute(content))

    def _call(self, function: Callable[[], T]) -> T:
        if self._portal is None:
            return function()
        return self._portal.call(function)


def check_ports(device: Device, ports: int) -> None:
    """Raises ``ValueError`` for a number of ports that this printer cannot have."""
    most = len(device.ports)
    if not 1 <= ports <= most:
        raise ValueError(
            f"a {device.family} printer has {'1 port' if most == 1 else f'1 to {most} ports'}, not {ports}"
        )


def wake(servers: Sequence[PortServer[Port]]) -> None:
    """The printer's state was changed from outside: all its ports look at it now."""
    for server in servers:
        server.wake()


async def serve(
    device: Device,
    *,
    tcp: Sequence[tuple[str, int]],
    baud: int | None = None,
    pty: Path | None,
    control: Path | None,
    ready: Callable[[str], None],
) -> None:
    """Serve until a signal ends it; ``ready`` gets the address of every port. Raises ``CannotStart`` in a group.

    ``tcp`` has an address for each of the printer's ports that are used; without one it is a pseudo-terminal.
    """
    servers = [PortServer(port, baud=baud) for port in device.ports[: max(len(tcp), 1)]]
    device.on_power = lambda: wake(servers)
    with _signals() as signals:
        async with anyio.create_task_group() as tasks:
            if control is not None:
                with _starting(str(control)):
                    await tasks.start(Control(device, lambda: wake(servers)).serve, control)
            for server, (name, number) in zip(servers, tcp, strict=False):
                host = f"[{name}]" if ":" in name else name
                with _starting(f"{host}:{number}"):
                    port = await tasks.start(server.serve_tcp, name, number)
                ready(f"{device.scheme}://{host}:{port}")
            if not tcp:
                with _starting(str(pty)):
                    path = await tasks.start(servers[0].serve_pty, pty)
                ready(f"serial://{Path(path).absolute()}" + ("" if baud is None else f"?baud={baud}"))
            async for _ in signals:
                break
            tasks.cancel_scope.cancel()


@contextlib.contextmanager
def _starting(where: str) -> Iterator[None]:
    """What cannot be opened becomes a sentence that names it."""
    try:
        yield
    except OSError as error:
        raise CannotStart(f"{where}: {error.strerror or error}") from error


@contextlib.contextmanager
def _signals() -> Iterator[AsyncIterator[signal.Signals]]:
    """SIGTERM, SIGINT, and SIGHUP unless it is ignored: with ``nohup`` the printer outlives its terminal.

    SIGINT ends it even where it is ignored, as it is in every program that a script starts in the background: Ctrl-C at
    the terminal of a test run must not leave printers running.
    """
    wanted = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        wanted.append(signal.SIGHUP)
    with anyio.open_signal_receiver(*wanted) as signals:
        yield signals
