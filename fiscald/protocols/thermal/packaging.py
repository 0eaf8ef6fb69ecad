"""Returnable packaging without a sale on a Thermal printer: ``#w``, one slip with the sum of what was taken back.

The printer prints the sum as one piece of packaging, number 1. No source says whether the slip moves the cash, so only
the number of printouts proves it; cash that moved by another amount shows that the printout may be another one.
Packaging is given out with a sale: a receipt that begins with it is no fiscal one, and no source shows which counters
it moves.

Source: Thermal reference, sections 5.3 and 11.6.
"""

from __future__ import annotations

from dataclasses import dataclass

from fiscald.model.money import MAX_GROSZE, format_grosze
from fiscald.model.packaging import PackagingDocument
from fiscald.model.printers import Snapshot
from fiscald.protocols.base import Check, Checkpoint, Dialogue, Settings, Stage, Unknown, Verdict, Wait
from fiscald.protocols.planning import PlanBuilder
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import Proven
from fiscald.protocols.thermal.commands import request
from fiscald.protocols.thermal.commit import brand_of, commit
from fiscald.protocols.thermal.options import profile_of
from fiscald.protocols.thermal.profiles import PROFILES, Profile
from fiscald.protocols.thermal.proof import CounterDelta, Slip, ThermalProof
from fiscald.protocols.thermal.queries import prepare_plan, read_counters

_AT = "/document"
#: Why most printers have no such document.
NO_SLIP = "this printer prints no packaging without a sale"


def check(document: PackagingDocument, settings: Settings, snapshot: Snapshot | None) -> Check:
    """The refusals that the planner predicts, and the sums."""
    plan = plan_packaging(document, profile_of(settings, snapshot))
    return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)


def plan_packaging(document: PackagingDocument, profile: Profile) -> PlanBuilder:
    """What the slip pays out, or why there is none."""
    plan = PlanBuilder()
    if not profile.packaging_slip:
        plan.error(
            _AT,
            "packaging.unsupported",
            f"{NO_SLIP}; put it into the packaging of a receipt, or pay it out with a document of type cash_out",
            "ta drukarka nie drukuje opakowań zwrotnych bez sprzedaży.",
        )
        return plan
    taken = 0
    for index, item in enumerate(document.items):
        pointer = f"{_AT}/items/{index}"
        if not item.returned:
            plan.error(
                f"{pointer}/returned",
                "packaging.given",
                "this printer gives packaging out only with a sale; put it into the packaging of a receipt",
                "ta drukarka wydaje opakowania tylko przy sprzedaży.",
            )
        taken += plan.packaging_value(item, pointer, MAX_GROSZE)
    plan.payments(document, -taken, MAX_GROSZE, _AT)
    if taken > MAX_GROSZE:
        plan.error(
            f"{_AT}/items",
            "packaging.too_large",
            f"the packaging comes to more than {format_grosze(MAX_GROSZE)}; use several documents",
            "wartość opakowań jest za duża.",
        )
    plan.notice(
        "packaging.sum",
        f"{_AT}/items",
        f"printed as one sum of {format_grosze(taken)}, as packaging number 1",
        "Opakowania wydrukowano jako jedną kwotę.",
    )
    return plan


def carry_out(document: PackagingDocument, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Send the single irreversible command. The number of printouts decides what became of it."""
    prepared = yield from prepare_plan(document.type, settings, printer_id)
    if isinstance(prepared, Wait):
        return prepared
    profile, found = prepared
    plan = plan_packaging(document, profile)
    if plan.errors:
        return verdicts.refused_before(plan.errors, found.look)
    assert plan.due is not None
    before = found.look.model_copy(update={"profile": profile.name})
    if found.look != (yield from read_counters()):
        return verdicts.others_print()
    yield Checkpoint(Stage.STARTED, before, counters=found.counters)
    yield Checkpoint(Stage.COMMITTING, before)
    command = request("#w", kwota=format_grosze(-plan.due))
    reply = yield from commit(command, document, brand=brand_of(settings))
    return (yield from ThermalProof(before, _expected(plan), settings).verdict(reply))


def recover(document: PackagingDocument, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """Find out from the counters what became of it."""
    profile = checkpoint.before.profile
    if profile is None:
        raise ValueError("the profile of its plan is lost")
    plan = plan_packaging(document, PROFILES[profile])
    return ThermalProof(checkpoint.before, _expected(plan), settings).verdict(None)


def _expected(plan: PlanBuilder) -> _PackagingSlip:
    assert plan.due is not None
    return _PackagingSlip(plan.due, due=plan.due, notices=tuple(plan.notices))


@dataclass(frozen=True, slots=True)
class _PackagingSlip(Slip):
    """One more printout that is neither a receipt nor a report, and cash that did not move by another amount."""

    def judge(self, delta: CounterDelta, confirmed: bool | None) -> Proven | Unknown | None:
        """See ``Expected``."""
        if confirmed and delta.uncounted:
            return Proven()
        if not confirmed and delta.slips and not delta.reports and not delta.completed:
            others = delta.cash not in (0, self.cash) and delta.now.cash
            if others:
                return verdicts.unproven("changed", "the cash moved by another amount than ours", delta.now)
        return self._by_printouts(delta, confirmed)
