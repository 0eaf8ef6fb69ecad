"""What a NoviAPI printer remembers over a power cut, beside its register."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field, SerializeAsAny

from fiscald.emulator.faults import Faults
from fiscald.emulator.memory import FamilyMemory
from fiscald.emulator.noviapi.jobs import JobMemory
from fiscald.emulator.novitus.core import Core
from fiscald.emulator.novitus.memory import NovitusMemory
from fiscald.emulator.paper import Printout
from fiscald.emulator.register import Register


class NoviApiMemory(NovitusMemory):
    """Of every Novitus printer, and the jobs."""

    table: JobMemory = Field(default_factory=JobMemory)
    locked: bool = False
    """Somebody locked the printer (``lock``)."""
    classic: SerializeAsAny[FamilyMemory] = Field(default_factory=FamilyMemory)
    """What belongs to the printer's classic protocol."""
    document: SerializeAsAny[FamilyMemory] | None = None
    """What belongs, of the open document, to the other one of its protocols."""


class ApiCore(Core):
    """The inside of a printer whose memory also has the jobs."""

    def __init__(self, register: Register, faults: Faults, *, width: int, printed: Callable[[Printout], None]) -> None:
        super().__init__(register, faults, width=width, printed=printed)
        #: Takes a sheet that another protocol of this printer made.
        self.take = printed

    @property
    def memory(self) -> NoviApiMemory:
        """See ``Core.memory``."""
        face = self.register.state.face
        if not isinstance(face, NoviApiMemory):
            face = self.register.state.face = NoviApiMemory.of(face)
        return face

    def read_stored(self) -> None:
        """See ``Core.read_stored``, which knows only what all Novitus printers have."""
        state = self.register.state
        ours = NoviApiMemory.of(state.face)
        common = ours.model_dump_json(include=set(NovitusMemory.model_fields))
        state.face = NovitusMemory.model_validate_json(common)
        super().read_stored()
        state.face = ours
