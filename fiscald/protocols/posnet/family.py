"""What the engine sees of the POSNET family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fiscald.model.documents import Printout, Receipt
from fiscald.model.printers import Condition, Snapshot
from fiscald.protocols.base import (
    Check,
    Dialogue,
    Identification,
    Session,
    Settings,
)
from fiscald.protocols.families import Decoding, Family, Handler, Raw, nothing_to_check
from fiscald.protocols.posnet import dialogue, queries, raw
from fiscald.protocols.posnet.conditions import CONDITIONS, DOCUMENTS
from fiscald.protocols.posnet.decoder import PosnetDecoder, protocol_doc
from fiscald.protocols.posnet.options import PosnetOptions, code_page, known_profile
from fiscald.protocols.posnet.plan import plan_printout, plan_receipt
from fiscald.protocols.posnet.profiles import PROFILES, Profile
from fiscald.protocols.posnet.session import PosnetSession
from fiscald.protocols.rates import parse_rates


def _profile(settings: Settings, snapshot: Snapshot | None) -> Profile:
    return known_profile(settings) or PROFILES[snapshot.identity.profile if snapshot else "online"]


def _check_receipt(document: Receipt, settings: Settings, snapshot: Snapshot | None) -> Check:
    """Rates only once the printer's table is known."""
    rates = parse_rates(snapshot.rates) if snapshot and any(snapshot.rates.values()) else None
    plan = plan_receipt(document, _profile(settings, snapshot), code_page(settings), rates)
    return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)


def _check_printout(document: Printout, settings: Settings, snapshot: Snapshot | None) -> Check:
    plan = plan_printout(document, _profile(settings, snapshot), code_page(settings))
    return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)


_CHECKS: dict[str, Callable[[Any, Settings, Snapshot | None], Check]] = {
    "receipt": _check_receipt,
    "printout": _check_printout,
}


class Posnet(Family):
    """See ``fiscald.protocols.families.Family``."""

    name = "posnet"
    options = PosnetOptions
    handlers: Mapping[str, Handler] = {
        name: Handler(dialogue.carry_out, dialogue.recover, _CHECKS.get(name, nothing_to_check)) for name in DOCUMENTS
    }
    raw: Raw = Raw(raw.parse, raw.show)
    decoding: Decoding = Decoding(lambda settings: PosnetDecoder(code_page(settings)), protocol_doc)
    conditions = CONDITIONS
    #: 1200 to 115200 can be chosen; a line is delivered with 9600, USB goes by 115200 (section 2).
    speeds = (9600, 115200, 19200, 38400, 57600, 4800, 2400, 1200)

    def session(self, settings: Settings) -> Session:
        """A codec for a new connection."""
        known = known_profile(settings)
        return PosnetSession(code_page(settings), tokens=known is not None and known.tokens)

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


FAMILY = Posnet()
