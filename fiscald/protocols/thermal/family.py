"""What the engine sees of the Thermal family."""

from __future__ import annotations

from fiscald.model.header import Header
from fiscald.model.printers import Condition, Snapshot
from fiscald.protocols.base import (
    Baseline,
    Dialogue,
    Identification,
    Session,
    Settings,
)
from fiscald.protocols.families import Decoding, Family, Raw
from fiscald.protocols.thermal import programming, queries, raw
from fiscald.protocols.thermal.conditions import CONDITIONS
from fiscald.protocols.thermal.decoder import ThermalDecoder, protocol_doc
from fiscald.protocols.thermal.evidence import ThermalEvidence, ThermalLook
from fiscald.protocols.thermal.handlers import HANDLERS
from fiscald.protocols.thermal.options import ThermalOptions, code_page
from fiscald.protocols.thermal.session import ThermalSession


class Thermal(Family):
    """See ``fiscald.protocols.families.Family``."""

    name = "thermal"
    options = ThermalOptions
    handlers = HANDLERS
    raw: Raw = Raw(raw.parse, raw.show)
    decoding: Decoding = Decoding(ThermalDecoder, protocol_doc)
    conditions = CONDITIONS
    evidence = ThermalEvidence
    #: All printers support 9600; newer ones also the others (2).
    speeds = (9600, 19200, 38400, 115200, 57600, 4800, 2400, 1200)

    def session(self, settings: Settings) -> Session:
        """A codec for a new connection."""
        return ThermalSession(code_page(settings))

    def identify(self, settings: Settings) -> Dialogue[Identification]:
        """Ask the device what it is."""
        return queries.identify(settings)

    def read_status(self, settings: Settings) -> Dialogue[Snapshot]:
        """Read everything that the status shows."""
        return queries.read_status(settings)

    def poll(self, settings: Settings) -> Dialogue[Condition]:
        """Whether the printer can print."""
        return queries.poll(settings)

    def unchanged(self, baseline: Baseline[ThermalLook]) -> Dialogue[bool]:
        """Whether nothing has happened since."""
        return queries.unchanged(baseline.look)

    def read_header(self, settings: Settings) -> Dialogue[Header]:
        """The header that the printer prints above its documents."""
        return programming.read_header(settings)

    def read_condition(self, settings: Settings) -> Dialogue[Condition]:
        """Ask whether an idle printer can print and whether a document is open: ENQ shows both."""
        return queries.poll(settings)


FAMILY = Thermal()
