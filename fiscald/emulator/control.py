"""The control interface of an emulated printer: faults, keys, power, clock, paper, register.

One JSON object per line over a Unix socket, one line back. It is how tests in any language ask for faults.
"""

from __future__ import annotations

import base64
import errno
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import anyio
from anyio.abc import SocketStream, TaskStatus
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from fiscald.emulator.device import Device
from fiscald.emulator.faults import Fault, Fired, Switch
from fiscald.emulator.memory import ClockOffset, RegisterState
from fiscald.emulator.paper import Printout
from fiscald.emulator.wording import refusal

MAX_LINE = 64 * 1024
#: Fields of the register that only commands of the protocol may change: a document half made would fit no grammar.
NOT_SEEDED = {
    "transaction": "open a receipt with the printer's own commands",
    "closing": "close a receipt with the printer's own commands",
    "face": "it belongs to the printer's family",
}


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class FaultCommand(Fault):
    """Plan a fault."""

    model_config = ConfigDict(extra="forbid", strict=True)

    do: Literal["fault"]


class SwitchCommand(_Command):
    """Begin or end a lasting condition."""

    do: Literal["switch"]
    name: Switch
    on: bool = True


class PressCommand(_Command):
    """Answer the question on the display."""

    do: Literal["press"]
    confirm: bool = True


class PowerCommand(_Command):
    """Switch the printer off or on."""

    do: Literal["power"]
    on: bool


class ClearCommand(_Command):
    """Remove all faults and conditions."""

    do: Literal["clear"]


class ClockCommand(_Command):
    """Put the printer's clock that many seconds before or after the host's."""

    do: Literal["clock"]
    offset: ClockOffset


class ForeignCommand(_Command):
    """Let another program complete a receipt."""

    do: Literal["foreign_receipt"]


class SeedCommand(_Command):
    """Replace fields of the register's state (totals near their limit, known goods, ...)."""

    do: Literal["seed"]
    state: dict[str, Any]


class PaperCommand(_Command):
    """The sheets printed so far, from the ``after``-th on; with ``png`` each as a picture in base64, too."""

    do: Literal["paper"]
    after: int = Field(default=0, ge=0)
    png: bool = False


class FiredCommand(_Command):
    """The faults that happened, those that are planned still, and those that met a command they cannot disturb."""

    do: Literal["fired"]


class DisplayCommand(_Command):
    """The question on the display, in Polish and in English; ``null`` if there is none."""

    do: Literal["display"]


class RegisterCommand(_Command):
    """The register's whole state."""

    do: Literal["register"]


Command = Annotated[
    FaultCommand
    | SwitchCommand
    | PressCommand
    | PowerCommand
    | ClearCommand
    | ClockCommand
    | ForeignCommand
    | SeedCommand
    | PaperCommand
    | FiredCommand
    | DisplayCommand
    | RegisterCommand,
    Field(discriminator="do"),
]
_COMMAND: TypeAdapter[Command] = TypeAdapter(Command)
_CONTENT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


class Control:
    """Carries out control commands on a device."""

    def __init__(self, device: Device, wake: Callable[[], None]) -> None:
        """``wake`` is called after every command, so that its effect shows at once."""
        self.device = device
        self._wake = wake

    def execute(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out one command; its answer. Raises ``ValueError`` with a sentence that says what to change."""
        try:
            line = _CONTENT.dump_json(dict(content))
        except ValueError as error:
            raise ValueError(f"a control command consists of plain values: {error}") from None
        return self._carry_out_line(line)

    def _carry_out_line(self, line: bytes) -> dict[str, Any]:
        try:
            command = _COMMAND.validate_json(line)
        except ValidationError as error:
            raise ValueError(self._wrong(error)) from None
        answer = self._carry_out(command)
        self._wake()
        return answer

    @staticmethod
    def _wrong(error: ValidationError) -> str:
        """The sentence, without the tag by which pydantic names the kind of command."""
        first = error.errors(include_url=False)[0]
        kind = _COMMANDS.get(str(first["loc"][0])) if first["loc"] else None
        text = refusal(error, kind)
        return text.removeprefix(f"{first['loc'][0]}.") if kind is not None else text

    def _carry_out(self, command: Command) -> dict[str, Any]:
        device, faults = self.device, self.device.faults
        match command:
            case FaultCommand():
                faults.plan(Fault(**command.model_dump(exclude={"do"}, exclude_unset=True)))
            case SwitchCommand(name=name, on=on):
                (faults.switches.add if on else faults.switches.discard)(name)
            case PressCommand(confirm=confirm):
                if not device.awaits_key and not faults.on(Switch.WAIT_KEY):
                    raise ValueError("the display shows no question now; the command display returns it")
                device.press(confirm=confirm)
            case PowerCommand(on=on):
                device.power(on=on)
            case ClearCommand():
                faults.clear()
            case ClockCommand(offset=offset):
                device.register.state.clock_offset = offset
                device.register.commit()
            case ForeignCommand():
                self._foreign_receipt()
            case SeedCommand(state=state):
                self._seed(state)
            case PaperCommand(after=after, png=png):
                return {"printouts": [_sheet(sheet, png=png) for sheet in device.register.printouts[after:]]}
            case FiredCommand():
                planned = [fault.model_dump(mode="json") for fault in faults.planned]
                return {"fired": _fired(faults.fired), "planned": planned, "missed": _fired(faults.missed)}
            case DisplayCommand():
                display = device.display
                return {"display": None if display is None else display._asdict()}
            case RegisterCommand():
                return {"register": device.register.state.model_dump(mode="json")}
        return {}

    def _foreign_receipt(self) -> None:
        register = self.device.register
        before = register.state.printout_count
        if self.device.powered:
            self.device.foreign_receipt()
            register.commit()
        if register.state.printout_count == before:
            raise ValueError("no other program can print a receipt now: one is open, or the printer refuses it")

    def _seed(self, state: dict[str, Any]) -> None:
        """Replace fields of the register's state."""
        for name, instead in NOT_SEEDED.items():
            if name in state:
                raise ValueError(f"state.{name} cannot be seeded; {instead}")
        register = self.device.register
        merged = _merge(register.state.model_dump(mode="json"), state)
        try:
            register.state = RegisterState.model_validate_json(json.dumps(merged))
        except ValidationError as error:
            raise ValueError(f"state.{refusal(error, RegisterState)}") from None
        self.device.state_replaced()
        register.commit()

    def execute_line(self, line: bytes) -> bytes:
        """One line in, one line out; bad input gets an answer that says what to send."""
        try:
            answer: dict[str, Any] = {"ok": True} | self._carry_out_line(line)
        except (ValueError, RecursionError) as error:
            answer = {"ok": False, "error": str(error)}
        return json.dumps(answer, ensure_ascii=False, default=str).encode() + b"\n"

    async def serve(self, path: Path, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Accept commands on a Unix socket; reports when it exists. Raises ``OSError`` where it cannot be made."""
        _make_room(path)
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
                    *lines, buffer = buffer.split(b"\n")
                    for line in lines:
                        if line.strip():
                            await stream.send(self.execute_line(line))
                    if len(buffer) > MAX_LINE:
                        too_long = {"ok": False, "error": f"a line has at most {MAX_LINE} bytes"}
                        await stream.send(json.dumps(too_long).encode() + b"\n")
                        return
                except (anyio.EndOfStream, anyio.BrokenResourceError):
                    return


#: The kinds of commands by the word that names them.
_COMMANDS: dict[str, type[BaseModel]] = {
    kind.model_fields["do"].annotation.__args__[0]: kind  # type: ignore[union-attr]
    for kind in (
        FaultCommand, SwitchCommand, PressCommand, PowerCommand, ClearCommand, ClockCommand, ForeignCommand,
        SeedCommand, PaperCommand, FiredCommand, DisplayCommand, RegisterCommand,
    )
}  # fmt: skip


def _make_room(path: Path) -> None:
    """Remove the socket that a killed emulator left. Raises ``OSError`` for anything else that is there."""
    if not path.exists() and not path.is_symlink():
        return
    if not path.is_socket():
        raise OSError(errno.EEXIST, "another file has that name; choose another name for the socket")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(errno.EADDRINUSE, "another emulated printer uses it; choose another name for the socket")


def _sheet(sheet: Printout, *, png: bool) -> dict[str, Any]:
    shown = {"number": sheet.number, "kind": sheet.kind, "text": sheet.text, "facts": sheet.facts}
    return shown | ({"png": base64.b64encode(_picture(sheet)).decode()} if png else {})


def _picture(sheet: Printout) -> bytes:
    try:
        from fiscald.emulator.png import picture
    except ImportError:
        raise ValueError("a picture needs: pip install 'fiscald[png]'") from None
    return picture([sheet])


def _fired(fired: Sequence[Fired]) -> list[dict[str, Any]]:
    return [
        fault.model_dump(mode="json", include={"act", "switch"}, exclude_none=True) | {"command": command}
        for fault, command in fired
    ]


def _merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in changes.items():
        nested = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = _merge(merged[name], value) if nested else value
    return merged
