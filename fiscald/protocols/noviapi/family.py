"""What the engine sees of the NoviAPI family."""

from __future__ import annotations

from fiscald.model.e_receipt import EReceiptState
from fiscald.model.header import Header
from fiscald.model.printers import Condition, Snapshot
from fiscald.protocols.base import Dialogue, Identification, Session, Settings
from fiscald.protocols.families import Decoding, Family, Raw
from fiscald.protocols.noviapi import programming, queries, raw
from fiscald.protocols.noviapi.conditions import CONDITIONS
from fiscald.protocols.noviapi.decoder import NoviApiDecoder, protocol_doc
from fiscald.protocols.noviapi.e_receipt import read_delivery
from fiscald.protocols.noviapi.evidence import NoviApiEvidence
from fiscald.protocols.noviapi.handlers import HANDLERS, WHY_NOT
from fiscald.protocols.noviapi.options import NoviApiOptions
from fiscald.protocols.noviapi.session import NoviApiSession


class NoviApi(Family):
    """See ``fiscald.protocols.families.Family``.

    It has no greeting: a greeting would ask for a token at every probe of a scan. The first request that needs the
    token gets it (``access``).
    """

    name = "noviapi"
    options = NoviApiOptions
    handlers = HANDLERS
    raw: Raw = Raw(raw.parse, raw.show)
    decoding: Decoding = Decoding(lambda settings: NoviApiDecoder(), protocol_doc)
    conditions = CONDITIONS
    evidence = NoviApiEvidence
    web = True
    status_leaves_records = True

    def session(self, settings: Settings) -> Session:
        """A codec for a new connection."""
        return NoviApiSession(settings)

    def identify(self, settings: Settings) -> Dialogue[Identification]:
        """Only whether a NoviAPI server answers."""
        return queries.identify(settings)

    def read_status(self, settings: Settings) -> Dialogue[Snapshot]:
        """Everything the status shows."""
        return queries.read_status(settings)

    def read_condition(self, settings: Settings) -> Dialogue[Condition]:
        """Whether an idle printer can print; without a token and without a job."""
        return queries.read_condition(settings)

    def delivery(self, e_receipt: EReceiptState, settings: Settings) -> Dialogue[EReceiptState]:
        """What became of an e-receipt."""
        return read_delivery(e_receipt, settings)

    def read_header(self, settings: Settings) -> Dialogue[Header]:
        """The header that the printer prints above its documents."""
        return programming.read_header(settings)

    def why_not(self, document_type: str, settings: Settings) -> str:
        """See ``Family.why_not``."""
        return WHY_NOT.get(document_type) or super().why_not(document_type, settings)


FAMILY = NoviApi()
