"""What the engine sees of the POSNET family."""

from __future__ import annotations

from fiscald.model.documents import Document, Printout, Receipt
from fiscald.model.printers import Condition, Snapshot
from fiscald.model.text import CODE_PAGES
from fiscald.protocols.base import Check, Dialogue, Naming, Session, Settings, Trail, Verdict, Vocabulary
from fiscald.protocols.posnet import dialogue, queries
from fiscald.protocols.posnet.naming import PosnetNaming, vocabulary
from fiscald.protocols.posnet.plan import plan_printout, plan_receipt
from fiscald.protocols.posnet.profiles import PROFILES
from fiscald.protocols.posnet.session import PosnetSession
from fiscald.protocols.rates import parse_rates


class Posnet:
    """See ``fiscald.protocols.base.Family``."""

    name = "posnet"
    code_pages = tuple(CODE_PAGES)
    profiles = tuple(PROFILES)
    documents = ("receipt", "daily_report", "cash_in", "cash_out", "goods_return", "printout", "drawer")

    def session(self, settings: Settings) -> Session:
        """A codec for a new connection."""
        tokens = settings.profile is not None and PROFILES[settings.profile].tokens
        return PosnetSession(settings.code_page, tokens=tokens)

    def observe(self, settings: Settings) -> Dialogue[Snapshot]:
        """Everything the status shows."""
        return queries.observe(settings)

    def probe(self, settings: Settings) -> Dialogue[Condition]:
        """Whether the printer can print."""
        return queries.probe(settings)

    def check(self, document: Document, settings: Settings, snapshot: Snapshot | None) -> Check:
        """The refusals that can be foretold; rates only once the printer's table is known."""
        profile = PROFILES[settings.profile or (snapshot.identity.profile if snapshot else "online")]
        rates = parse_rates(snapshot.rates) if snapshot else None
        match document:
            case Receipt():
                plan = plan_receipt(document, profile, settings.code_page, rates)
            case Printout():
                plan = plan_printout(document, profile, settings.code_page)
            case _:
                return Check()
        return Check(tuple(plan.errors), tuple(plan.notices))

    def carry_out(self, document: Document, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
        """Carry a document out."""
        return dialogue.carry_out(document, settings, printer_id)

    def recover(self, document: Document, settings: Settings, trail: Trail) -> Dialogue[Verdict]:
        """Find out what became of an interrupted document."""
        return dialogue.recover(document, settings, trail)

    def naming(self, settings: Settings) -> Naming:
        """Names for what passes over a new connection."""
        return PosnetNaming(settings.code_page)

    def vocabulary(self) -> Vocabulary:
        """The tables of the names."""
        return vocabulary()


FAMILY = Posnet()
