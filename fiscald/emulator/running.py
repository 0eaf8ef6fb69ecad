"""An emulated printer that runs in a thread of its own, for programs that are not asynchronous."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal

from fiscald.emulator import face
from fiscald.emulator.control import Control
from fiscald.emulator.device import Device
from fiscald.emulator.faults import Act, Fault, Switch
from fiscald.emulator.memory import RegisterState
from fiscald.emulator.paper import Printout
from fiscald.emulator.register import Register
from fiscald.emulator.server import Plug
from fiscald.emulator.storage import Storage

T = TypeVar("T")


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
    ``StorageError``.
    """
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
    return face(family)(register, seed=seed, printed=printed, **chosen), store


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
        **options: Any,
    ) -> None:
        """``options`` are those of ``build``."""
        self._device, self._storage = build(family, **options)
        self._plug = Plug(self._device, baud=baud)
        self._control = Control(self._device, self._plug.poke)
        self._link = link
        self._baud = baud
        self._stack = contextlib.ExitStack()
        self._portal: BlockingPortal | None = None
        self.family = family
        self.address = ""
        """What to write as the printer's address in a configuration."""
        self.host = "127.0.0.1"
        self.port = 0
        self.path = ""
        """The pseudo-terminal's path."""

    def __enter__(self) -> Self:
        self._portal = self._stack.enter_context(start_blocking_portal())
        if self._link == "tcp":
            future, self.port = self._portal.start_task(self._plug.serve_tcp, self.host, 0)
            self.address = f"tcp://{self.host}:{self.port}"
        else:
            future, self.path = self._portal.start_task(self._plug.serve_pty, None)
            self.address = f"serial://{self.path}?baud={self._baud or 115200}"
        self._stack.callback(future.cancel)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._portal = None
        if self._storage is not None:
            self._storage.close()

    # -- what it printed ------------------------------------------------------------------------------

    @property
    def printouts(self) -> list[Printout]:
        """Every sheet so far."""
        return self._ask(lambda: list(self._device.register.printouts))

    @property
    def paper(self) -> list[str]:
        """Every sheet so far, as text."""
        return [sheet.text for sheet in self.printouts]

    @property
    def register(self) -> RegisterState:
        """A copy of the register's state: counters, totals, fiscal memory, drawer."""
        return self._ask(lambda: self._device.register.state.model_copy(deep=True))

    # -- what happens to it ---------------------------------------------------------------------------

    def switch(self, switch: Switch | str, on: bool = True) -> None:
        """Begin or end a condition: ``printer.switch("paper_out")``."""
        name = Switch(switch)
        self._change(lambda: (self._device.faults.switches.add if on else self._device.faults.switches.discard)(name))

    def fault(self, act: Act | str, command: str | None = None, **options: Any) -> None:
        """Plan a fault: ``printer.fault("drop_after", "trend")``."""
        fault = Fault(act=Act(act), command=command, **options)
        self._change(lambda: self._device.faults.plan(fault))

    def clear(self) -> None:
        """No faults and no conditions any more."""
        self._change(self._device.faults.clear)

    def press(self, *, confirm: bool = True) -> None:
        """Answer the question on the display."""
        self._change(lambda: self._device.press(confirm=confirm))

    def power(self, *, on: bool) -> None:
        """Switch it off or on."""
        self._change(lambda: self._device.power(on=on))

    def foreign_receipt(self) -> None:
        """Another program completes a receipt."""
        self._change(self._device.foreign_receipt)

    def seed(self, **state: Any) -> None:
        """Replace fields of the register's state."""
        self._change(lambda: self._control.seed(state))

    def _change(self, change: Callable[[], object]) -> None:
        def changed() -> None:
            change()
            self._device.register.commit()
            self._plug.poke()

        self._ask(changed)

    def _ask(self, question: Callable[[], T]) -> T:
        if self._portal is None:
            return question()
        return self._portal.call(question)


async def serve(
    plug: Plug[Device],
    *,
    tcp: tuple[str, int] | None,
    pty: Path | None,
    control: Path | None,
    ready: Callable[[str], None],
) -> None:
    """Serve until cancelled; ``ready`` is told the address."""
    async with anyio.create_task_group() as tasks:
        if control is not None:
            await tasks.start(Control(plug.device, plug.poke).serve, control)
        if tcp is not None:
            port = await tasks.start(plug.serve_tcp, *tcp)
            host = f"[{tcp[0]}]" if ":" in tcp[0] else tcp[0]
            ready(f"tcp://{host}:{port}")
        else:
            path = await tasks.start(plug.serve_pty, pty)
            ready(f"serial://{Path(path).absolute()}" + ("" if plug.baud is None else f"?baud={plug.baud}"))
