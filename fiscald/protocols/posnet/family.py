"""What the engine sees of the POSNET family."""

from __future__ import annotations

from fiscald.model.documents import Document, Printout, Receipt
from fiscald.model.printers import Condition, Snapshot
from fiscald.model.text import CODE_PAGES
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
from fiscald.protocols.posnet import dialogue, queries, raw
from fiscald.protocols.posnet.commands import Reply
from fiscald.protocols.posnet.conditions import CONDITIONS, DOCUMENTS
from fiscald.protocols.posnet.decoder import PosnetDecoder, protocol_doc
from fiscald.protocols.posnet.plan import plan_printout, plan_receipt
from fiscald.protocols.posnet.profiles import PROFILES
from fiscald.protocols.posnet.session import PosnetSession
from fiscald.protocols.rates import parse_rates


class Posnet:
    """See ``fiscald.protocols.base.Family``."""

    name = "posnet"
    code_pages = tuple(CODE_PAGES)
    profiles = tuple(PROFILES)
    documents = DOCUMENTS
    conditions = CONDITIONS
    #: 1200 to 115200 can be chosen; a line is delivered with 9600, USB goes by 115200 (section 2).
    speeds = (9600, 115200, 19200, 38400, 57600, 4800, 2400, 1200)

    def session(self, settings: Settings) -> Session:
        """A codec for a new connection."""
        tokens = settings.profile is not None and PROFILES[settings.profile].tokens
        return PosnetSession(settings.code_page, tokens=tokens)

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
        """Whether an idle printer can print, and whether a document is open on it."""
        return queries.read_condition(settings)

    def check(self, document: Document, settings: Settings, snapshot: Snapshot | None) -> Check:
        """The refusals that can be foretold; rates only once the printer's table is known."""
        profile = PROFILES[settings.profile or (snapshot.identity.profile if snapshot else "online")]
        rates = parse_rates(snapshot.rates) if snapshot and any(snapshot.rates.values()) else None
        match document:
            case Receipt():
                plan = plan_receipt(document, profile, settings.code_page, rates)
            case Printout():
                plan = plan_printout(document, profile, settings.code_page)
            case _:
                return Check()
        return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)

    def carry_out(self, document: Document, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
        """Carry a document out."""
        return dialogue.carry_out(document, settings, printer_id)

    def recover(self, document: Document, settings: Settings, trail: Trail) -> Dialogue[Verdict]:
        """Find out what became of an interrupted document."""
        return dialogue.recover(document, settings, trail)

    def parse_raw(self, text: str, settings: Settings) -> Step:
        """A command as ``mnemonic|xxvalue|xxvalue``, with TAB or ``|`` between the fields."""
        return raw.parse(text, settings)

    def show_raw(self, reply: Reply, settings: Settings) -> RawReply:
        """The answer in the same form."""
        return raw.show(reply, settings)

    def decoder(self, settings: Settings) -> Decoder:
        """Names for what passes over a new connection."""
        return PosnetDecoder(settings.code_page)

    def protocol_doc(self) -> ProtocolDoc:
        """The tables of the names."""
        return protocol_doc()


FAMILY = Posnet()
