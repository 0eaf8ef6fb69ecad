"""Mutants of the rules for printouts."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

from fiscald.model.printout import Printout
from fiscald.protocols.posnet import plan_printout as planning
from fiscald.protocols.posnet import printout
from fiscald.protocols.posnet.plan import Plan
from fiscald.protocols.posnet.profiles import Profile
from tests.chaos.registry import mutant


@mutant
def code_before_its_printout() -> Iterator[None]:
    """the QR code of a printout is configured before its form is open"""
    real = planning.plan_printout

    def code_first(document: Printout, profile: Profile, code_page: str) -> Plan:
        plan = real(document, profile, code_page)
        plan.items.sort(key=lambda item: item.request.row.mnemonic not in ("qrcode", "ftrcfg"))
        return plan

    with patch.object(printout, "plan_printout", code_first):
        yield
