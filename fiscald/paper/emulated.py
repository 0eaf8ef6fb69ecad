"""Carries out a document on an emulated printer in this process: what comes out looks like the real printer's paper.

The header and the way a printer spreads a discount over the rates are those of the emulator.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from fiscald.model.about import Sheet
from fiscald.model.documents import Document
from fiscald.model.money import MAX_GROSZE
from fiscald.model.preview import Preview
from fiscald.protocols.base import Answer, Checkpoint, HostTime, NotPrinted, Pause, Printed, Session, Settings, Step

if TYPE_CHECKING:
    from fiscald.emulator.device import Device
    from fiscald.emulator.memory import RegisterState
    from fiscald.emulator.port import LocalLine

#: In the place of the printer's own header.
HEADER = "(nagłówek drukarki)"
#: The unique number of the emulated printer.
EMULATED_NUMBER = "EMU 0000000000"
#: Longest time until the reply to a command, by the emulated printer's clock.
MAX_REPLY_SECONDS = 60.0
#: Why a preview cannot show the paper of a document.
_NO_PAPER = {
    Sheet.PRINTERS_OWN: "only the printer knows the content of this document",
    Sheet.NONE: "this document prints nothing",
}


class NoPaper(Exception):
    """The paper cannot be shown; ``str`` says why."""


class Planned(Protocol):
    """A document, and the printer that prints it."""

    @property
    def printer(self) -> str:
        """The printer's name."""

    @property
    def family(self) -> str:
        """The name of its family."""

    @property
    def profile(self) -> str | None:
        """The family's profile; ``None``: its default."""

    @property
    def code_page(self) -> str | None:
        """Its code page; ``None``: the family's default."""

    @property
    def document(self) -> Document:
        """The document."""


class EmulatedOptions(TypedDict):
    """What an emulated printer is set to; ``None``: its default."""

    profile: str | None
    code_page: str | None


def emulated_options(found: Planned) -> EmulatedOptions:
    """Profile and code page of the emulated printer. Where there is none of the printer's generation, or no choice of
    code page, it is the family's usual one, whose paper has the same content.
    """
    from fiscald.emulator import emulator_factory

    known = emulator_factory(found.family)
    return {
        "profile": found.profile if found.profile in known.profiles else None,
        "code_page": found.code_page if found.code_page in known.code_pages else None,
    }


def paper(found: Preview) -> str:
    """The sheet that an emulated printer makes of the document. Raises ``NoPaper``."""
    from fiscald.emulator.running import build

    if (why := _NO_PAPER.get(found.document.about.sheet)) is not None:
        raise NoPaper(why)
    if found.vat is None:
        raise NoPaper("the printer has never answered, so its VAT table is unknown")
    sheets: list[str] = []
    device, _ = build(
        found.family,
        **emulated_options(found),
        state=register_state(found.vat, header=HEADER),
        printed=lambda sheet: sheets.append(sheet.text),
    )
    carry_out(device, found)
    return "\n".join(sheets)


def register_state(vat: dict[str, str | None], *, header: str) -> RegisterState:
    """The memory of an emulated printer with that VAT table, and with cash enough for every slip."""
    from fiscald.emulator.memory import RATES, RegisterState

    rates = [_rate(rate) for rate in vat.values()]
    return RegisterState(
        header=header,
        rates=(rates + [None] * RATES)[:RATES],
        cash=MAX_GROSZE // 2,
        unique_number=EMULATED_NUMBER,
    )


def carry_out(device: Device, planned: Planned) -> Printed:
    """Carry out the document on an emulated printer, like the engine. Raises ``NoPaper``."""
    from fiscald.emulator.port import LocalLine
    from fiscald.protocols import family
    from fiscald.protocols.driving import drive_sync

    chosen = family(planned.family)
    said = {"code_page": planned.code_page, "profile": planned.profile}
    options = chosen.options(**{name: value for name, value in said.items() if value is not None})
    settings = Settings(planned.printer, options)
    session = chosen.session(settings)
    device.auto_confirm = True  # an older POSNET printer asks a person whether it may print an invoice
    line = LocalLine(device)

    def exchange(step: Step) -> object:
        nonlocal session
        if line.closed and not session.needs_new_connection:
            session = chosen.session(settings)
        line.send(session.send(step.command))
        return _reply(line, session, device)

    def pass_time(item: Checkpoint | Pause | HostTime) -> Any:
        if isinstance(item, Pause):
            line.now += item.seconds
        return device.register.clock.now() if isinstance(item, HostTime) else None

    verdict = drive_sync(chosen.carry_out(planned.document, settings, None), exchange, pass_time)
    if isinstance(verdict, Printed):
        return verdict
    why = verdict.problem.detail if isinstance(verdict, NotPrinted) else "the emulated printer is waiting"
    raise NoPaper(f"the emulated printer does not print it: {why}")


def _reply(line: LocalLine, session: Session, device: Device) -> Any:
    """The printer's reply to the last command. Raises ``NoPaper`` if there is none."""
    while True:
        events = [*session.receive(line.receive()), *(session.end() if line.closed else ())]
        for event in events:
            if isinstance(event, Answer):
                return event.reply
        if device.awaits_key:
            raise NoPaper("the emulated printer does not answer; it asks a question on its display")
        if not line.wait(MAX_REPLY_SECONDS):
            raise NoPaper("the emulated printer does not answer")


def _rate(text: str | None) -> Decimal | str | None:
    """A rate of the status in the form of the emulated register."""
    return Decimal(text.rstrip("%")) if text is not None and text.endswith("%") else text
