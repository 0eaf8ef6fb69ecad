"""What the engine sees of the POSNET family."""

from __future__ import annotations

from fiscald.model.e_receipt import EReceiptState
from fiscald.model.header import Header
from fiscald.model.printers import Condition, Snapshot
from fiscald.protocols.base import (
    Dialogue,
    Identification,
    Session,
    Settings,
)
from fiscald.protocols.families import Decoding, Family, Raw
from fiscald.protocols.posnet import programming, queries, raw
from fiscald.protocols.posnet.conditions import CONDITIONS
from fiscald.protocols.posnet.decoder import PosnetDecoder, protocol_doc
from fiscald.protocols.posnet.e_receipt import read_delivery
from fiscald.protocols.posnet.evidence import PosnetEvidence
from fiscald.protocols.posnet.handlers import HANDLERS
from fiscald.protocols.posnet.options import PosnetOptions, code_page, known_profile
from fiscald.protocols.posnet.queries import PosnetBaseline
from fiscald.protocols.posnet.session import PosnetSession


class Posnet(Family):
    """See ``fiscald.protocols.families.Family``."""

    name = "posnet"
    options = PosnetOptions
    handlers = HANDLERS
    raw: Raw = Raw(raw.parse, raw.show)
    decoding: Decoding = Decoding(lambda settings: PosnetDecoder(code_page(settings)), protocol_doc)
    conditions = CONDITIONS
    evidence = PosnetEvidence
    #: The printers support 1200 to 115200. A serial line is set to 9600 at delivery, USB uses 115200 (section 2).
    speeds = (9600, 115200, 19200, 38400, 57600, 4800, 2400, 1200)

    def session(self, settings: Settings) -> Session:
        """A codec for a new connection."""
        known = known_profile(settings)
        return PosnetSession(code_page(settings), tokens=known is not None and known.tokens)

    def identify(self, settings: Settings) -> Dialogue[Identification]:
        """Ask the device what it is."""
        return queries.identify(settings)

    def read_status(self, settings: Settings) -> Dialogue[Snapshot]:
        """Everything the status shows."""
        return queries.read_status(settings)

    def poll(self, settings: Settings) -> Dialogue[Condition]:
        """Whether the printer can print."""
        return queries.poll(settings)

    def delivery(self, e_receipt: EReceiptState, _settings: Settings) -> Dialogue[EReceiptState]:
        """What became of an e-receipt."""
        return read_delivery(e_receipt.id or "")

    def unchanged(self, baseline: PosnetBaseline) -> Dialogue[bool]:
        """Whether nothing has happened since: ``scnt`` alone shows that."""
        moved = yield from queries.counters_moved(baseline.look)
        return not moved

    def read_header(self, _settings: Settings) -> Dialogue[Header]:
        """The header that the printer prints above its documents."""
        return programming.read_header()

    def read_condition(self, settings: Settings) -> Dialogue[Condition]:
        """Whether an idle printer can print, and whether a document is open on it."""
        return queries.read_condition(settings)


FAMILY = Posnet()
