"""What the engine sees of the family "novitus-xml"."""

from __future__ import annotations

from fiscald.model.header import Header
from fiscald.model.printers import Condition, Snapshot
from fiscald.protocols.base import Baseline, Dialogue, Identification, Session, Settings
from fiscald.protocols.families import Decoding, Family, Raw
from fiscald.protocols.novitus_xml import programming, queries, raw, status
from fiscald.protocols.novitus_xml.conditions import CONDITIONS
from fiscald.protocols.novitus_xml.decoder import NovitusXmlDecoder, protocol_doc
from fiscald.protocols.novitus_xml.evidence import NovitusXmlEvidence, NovitusXmlLook
from fiscald.protocols.novitus_xml.handlers import HANDLERS
from fiscald.protocols.novitus_xml.options import NovitusXmlOptions
from fiscald.protocols.novitus_xml.reports import NO_SHIFT
from fiscald.protocols.novitus_xml.session import NovitusXmlSession


class NovitusXml(Family):
    """See ``fiscald.protocols.families.Family``."""

    name = "novitus-xml"
    options = NovitusXmlOptions
    handlers = HANDLERS
    raw: Raw = Raw(raw.parse, raw.show)
    decoding: Decoding = Decoding(lambda _settings: NovitusXmlDecoder(), protocol_doc)
    conditions = CONDITIONS
    evidence = NovitusXmlEvidence
    #: Clients use 9600; others are set in the printer's menu. USB is a virtual serial port (2).
    speeds = (9600, 115200, 57600, 38400, 19200)

    def session(self, settings: Settings) -> Session:
        """A codec for a new connection."""
        return NovitusXmlSession(crc=NovitusXmlOptions.of(settings).crc)

    def identify(self, settings: Settings) -> Dialogue[Identification]:
        """Ask the device what it is."""
        return status.identify(settings)

    def read_status(self, settings: Settings) -> Dialogue[Snapshot]:
        """Everything the status shows."""
        return status.read_status(settings)

    def poll(self, _settings: Settings) -> Dialogue[Condition]:
        """Whether the printer can print."""
        return queries.poll()

    def unchanged(self, baseline: Baseline[NovitusXmlLook]) -> Dialogue[bool]:
        """Whether nothing has happened since: every printed document has a number."""
        return queries.unchanged(baseline.look)

    def read_condition(self, _settings: Settings) -> Dialogue[Condition]:
        """Whether an idle printer can print, and whether a document is open on it."""
        return queries.poll()

    def read_header(self, settings: Settings) -> Dialogue[Header]:
        """The header that the printer prints above its documents."""
        return programming.read_header(settings)

    def why_not(self, document_type: str, settings: Settings) -> str:
        """Why there is no such document."""
        if document_type == "shift_report":
            return NO_SHIFT
        return super().why_not(document_type, settings)


FAMILY = NovitusXml()
