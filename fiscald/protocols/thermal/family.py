"""What the engine sees of the Thermal family."""

from __future__ import annotations

from typing import Any

from fiscald.model.documents import Document, Receipt
from fiscald.model.printers import Condition, Snapshot
from fiscald.protocols.base import (
    Check,
    Decoder,
    Dialogue,
    Identification,
    ProtocolDoc,
    RawReply,
    Session,
    Settings,
    Step,
    Trail,
    Verdict,
)
from fiscald.protocols.rates import parse_rates
from fiscald.protocols.thermal import dialogue, queries, raw
from fiscald.protocols.thermal.conditions import CONDITIONS, DOCUMENTS
from fiscald.protocols.thermal.decoder import ThermalDecoder, protocol_doc
from fiscald.protocols.thermal.plan import plan_receipt
from fiscald.protocols.thermal.profiles import PROFILES
from fiscald.protocols.thermal.session import ThermalSession


class Thermal:
    """See ``fiscald.protocols.base.Family``."""

    name = "thermal"
    #: POSNET devices know only the first; a Novitus can be set to each of them (4.3).
    code_pages = ("mazovia", "cp1250", "latin2")
    profiles = tuple(PROFILES)
    documents = DOCUMENTS
    conditions = CONDITIONS
    #: 9600 everywhere; newer ones can be set to the others (2).
    speeds = (9600, 19200, 38400, 115200, 57600, 4800, 2400, 1200)

    def session(self, settings: Settings) -> Session:
        """A codec for a new connection."""
        return ThermalSession(settings.code_page)

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

    def check(self, document: Document, settings: Settings, snapshot: Snapshot | None) -> Check:
        """The refusals that can be foretold; rates and NIP only once the printer's own are known."""
        if not isinstance(document, Receipt):
            return Check()
        name = settings.profile or (snapshot.identity.profile if snapshot else "posnet")
        rates = parse_rates(snapshot.rates) if snapshot and any(snapshot.rates.values()) else None
        printer_id = snapshot.identity.printer_id if snapshot else None
        plan = plan_receipt(document, PROFILES[name], settings.code_page, rates, printer_id)
        return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)

    def carry_out(self, document: Document, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
        """Carry a document out."""
        return dialogue.carry_out(document, settings, printer_id)

    def recover(self, document: Document, settings: Settings, trail: Trail) -> Dialogue[Verdict]:
        """Find out what became of an interrupted document."""
        return dialogue.recover(document, settings, trail)

    def parse_raw(self, text: str, settings: Settings) -> Step:
        """A command as a technician writes it."""
        return raw.parse(text, settings)

    def show_raw(self, reply: Any, settings: Settings) -> RawReply:
        """Its answer, field by field."""
        return raw.show(reply, settings)

    def decoder(self, settings: Settings) -> Decoder:
        """Names for what passes over a new connection."""
        return ThermalDecoder(settings)

    def protocol_doc(self) -> ProtocolDoc:
        """The tables of the names."""
        return protocol_doc()


FAMILY = Thermal()
