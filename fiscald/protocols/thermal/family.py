"""What the engine sees of the Thermal family."""

from __future__ import annotations

from collections.abc import Mapping

from fiscald.model.documents import Receipt
from fiscald.model.printers import Condition, Snapshot
from fiscald.protocols.base import (
    Check,
    Dialogue,
    Identification,
    Session,
    Settings,
)
from fiscald.protocols.families import Decoding, Family, Handler, Raw, nothing_to_check
from fiscald.protocols.rates import parse_rates
from fiscald.protocols.thermal import dialogue, queries, raw
from fiscald.protocols.thermal.conditions import CONDITIONS, DOCUMENTS
from fiscald.protocols.thermal.decoder import ThermalDecoder, protocol_doc
from fiscald.protocols.thermal.options import ThermalOptions, code_page, known_profile
from fiscald.protocols.thermal.plan import plan_receipt
from fiscald.protocols.thermal.profiles import PROFILES
from fiscald.protocols.thermal.session import ThermalSession


def _check_receipt(document: Receipt, settings: Settings, snapshot: Snapshot | None) -> Check:
    """Rates and NIP only once the printer's own are known."""
    profile = known_profile(settings) or PROFILES[snapshot.identity.profile if snapshot else "posnet"]
    rates = parse_rates(snapshot.rates) if snapshot and any(snapshot.rates.values()) else None
    printer_id = snapshot.identity.printer_id if snapshot else None
    plan = plan_receipt(document, profile, code_page(settings), rates, printer_id)
    return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)


class Thermal(Family):
    """See ``fiscald.protocols.families.Family``."""

    name = "thermal"
    options = ThermalOptions
    handlers: Mapping[str, Handler] = {
        name: Handler(dialogue.carry_out, dialogue.recover, _check_receipt if name == "receipt" else nothing_to_check)
        for name in DOCUMENTS
    }
    raw: Raw = Raw(raw.parse, raw.show)
    decoding: Decoding = Decoding(ThermalDecoder, protocol_doc)
    conditions = CONDITIONS
    #: 9600 everywhere; newer ones can be set to the others (2).
    speeds = (9600, 19200, 38400, 115200, 57600, 4800, 2400, 1200)

    def session(self, settings: Settings) -> Session:
        """A codec for a new connection."""
        return ThermalSession(code_page(settings))

    def identify(self, settings: Settings) -> Dialogue[Identification]:
        """Who is there."""
        return queries.identify(settings)

    def read_status(self, settings: Settings) -> Dialogue[Snapshot]:
        """Everything the status shows."""
        return queries.read_status(settings)

    def poll(self, settings: Settings) -> Dialogue[Condition]:
        """Whether the printer can print."""
        return queries.poll(settings)

    def read_condition(self, settings: Settings) -> Dialogue[Condition]:
        """Whether an idle printer can print, and whether a document is open on it: ENQ tells both."""
        return queries.poll(settings)


FAMILY = Thermal()
