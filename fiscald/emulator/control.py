"""The control interface of an emulated printer: faults, keys, power, clock, paper, register.

One JSON object per line over a Unix socket, one line back. It is how tests in any language ask for faults.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import anyio
from anyio.abc import SocketStream, TaskStatus
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from fiscald.emulator.device import Device
from fiscald.emulator.faults import Fault, Switch
from fiscald.emulator.memory import ClockOffset, RegisterState
from fiscald.emulator.paper import Printout

MAX_LINE = 64 * 1024


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FaultOrder(Fault):
    """Plan a fault."""

    do: Literal["fault"]


class SwitchOrder(_Order):
    """Begin or end a lasting condition."""

    do: Literal["switch"]
    name: Switch
    on: bool = True


class PressOrder(_Order):
    """Answer the question on the display."""

    do: Literal["press"]
    confirm: bool = True


class PowerOrder(_Order):
    """Switch the printer off or on."""

    do: Literal["power"]
    on: bool


class ClearOrder(_Order):
    """No faults and no conditions any more."""

    do: Literal["clear"]


class ClockOrder(_Order):
    """Put the printer's clock that many seconds before or after the host's."""

    do: Literal["clock"]
    offset: ClockOffset


class ForeignOrder(_Order):
    """Let another program complete a receipt."""

    do: Literal["foreign_receipt"]


class SeedOrder(_Order):
    """Replace fields of the register's state (totals near their limit, known goods, ...)."""

    do: Literal["seed"]
    state: dict[str, Any]


class PaperOrder(_Order):
    """The sheets printed so far, from the ``after``-th on."""

    do: Literal["paper"]
    after: int = Field(default=0, ge=0)


class RegisterOrder(_Order):
    """The register's whole state."""

    do: Literal["register"]


Order = Annotated[
    FaultOrder
    | SwitchOrder
    | PressOrder
    | PowerOrder
    | ClearOrder
    | ClockOrder
    | ForeignOrder
    | SeedOrder
    | PaperOrder
    | RegisterOrder,
    Field(discriminator="do"),
]
_ORDER: TypeAdapter[Order] = TypeAdapter(Order)


class Control:
    """Carries out orders on a device."""

    def __init__(self, device: Device, poke: Callable[[], None]) -> None:
        """``poke`` is called after every order, so that its effect shows at once."""
        self.device = device
        self._poke = poke

    def order(self, order: Order) -> dict[str, Any]:
        """Carry out one order; what it tells."""
        told = self._carry_out(order)
        self._poke()
        return told

    def _carry_out(self, order: Order) -> dict[str, Any]:
        device, faults = self.device, self.device.faults
        match order:
            case FaultOrder():
                faults.plan(Fault(**order.model_dump(exclude={"do"})))
            case SwitchOrder(name=name, on=on):
                (faults.switches.add if on else faults.switches.discard)(name)
            case PressOrder(confirm=confirm):
                device.press(confirm=confirm)
            case PowerOrder(on=on):
                device.power(on=on)
            case ClearOrder():
                faults.clear()
            case ClockOrder(offset=offset):
                device.register.state.clock_offset = offset
                device.register.commit()
            case ForeignOrder():
                device.foreign_receipt()
                device.register.commit()
            case SeedOrder(state=state):
                self.seed(state)
            case PaperOrder(after=after):
                return {"printouts": [_sheet(sheet) for sheet in device.register.printouts[after:]]}
            case RegisterOrder():
                return {"register": device.register.state.model_dump(mode="json")}
        return {}

    def seed(self, state: dict[str, Any]) -> None:
        """Replace fields of the register's state. Raises ``ValidationError``."""
        register = self.device.register
        merged = _merge(register.state.model_dump(), state)
        register.state = RegisterState.model_validate(merged)
        register.commit()

    def line(self, line: bytes) -> bytes:
        """One line in, one line out; bad input gets an answer that says what to send."""
        try:
            told = self.order(_ORDER.validate_json(line))
            answer: dict[str, Any] = {"ok": True} | told
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "order"
            answer = {"ok": False, "error": f"{where}: {first['msg']}"}
        return json.dumps(answer, ensure_ascii=False, default=str).encode() + b"\n"

    async def serve(self, path: Path, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Take orders on a Unix socket; reports when it is there."""
        path.unlink(missing_ok=True)
        async with await anyio.create_unix_listener(path, mode=0o600) as listener:
            task_status.started()
            try:
                await listener.serve(self._talk)
            finally:
                path.unlink(missing_ok=True)

    async def _talk(self, stream: SocketStream) -> None:
        async with stream:
            buffer = b""
            while True:
                try:
                    buffer += await stream.receive()
                except (anyio.EndOfStream, anyio.BrokenResourceError):
                    return
                *lines, buffer = buffer.split(b"\n")
                for line in lines:
                    if line.strip():
                        await stream.send(self.line(line))
                if len(buffer) > MAX_LINE:
                    return


def _sheet(sheet: Printout) -> dict[str, Any]:
    return {"number": sheet.number, "kind": sheet.kind, "text": sheet.text, "facts": sheet.facts}


def _merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in changes.items():
        nested = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = _merge(merged[name], value) if nested else value
    return merged
