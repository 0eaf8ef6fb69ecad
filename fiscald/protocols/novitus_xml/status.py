"""What fiscald knows about a Novitus printer: before a document, in its status, and after a document.

Source: Novitus reference, sections 5.11, 6.3 and 7.
"""

from __future__ import annotations

from fiscald.model.jobs import Paper, Result, VatTotal
from fiscald.model.money import from_grosze
from fiscald.model.printers import Condition, Identity, PrinterState, Snapshot
from fiscald.protocols.base import Baseline, Dialogue, DialogueAborted, Identification, Settings, Wait
from fiscald.protocols.novitus_xml.conditions import CONDITIONS
from fiscald.protocols.novitus_xml.evidence import NovitusXmlLook
from fiscald.protocols.novitus_xml.options import known_profile
from fiscald.protocols.novitus_xml.profiles import Profile, detect
from fiscald.protocols.novitus_xml.queries import (
    FISCAL_MEMORY,
    RECEIPTS,
    VERSION,
    ask,
    day_open,
    poll,
    query,
    read_baseline,
    read_clock,
    read_rates_table,
    records_free,
    unready_condition,
    use_silent_mode,
)
from fiscald.protocols.proof.verdicts import reason_to_wait
from fiscald.protocols.rates import plain_rates


def find_profile(settings: Settings) -> Dialogue[Profile]:
    """The configured profile, or the profile of the printer's model."""
    known = known_profile(settings)
    if known is not None:
        return known
    return detect((yield from query(VERSION)).element.get("version"))


def prepare(
    document_type: str, settings: Settings, printer_id: str | None
) -> Dialogue[Baseline[NovitusXmlLook] | Wait]:
    """What the printer reports before a document of that type; or why it has to wait. Changes only the error mode."""
    condition = yield from poll()
    if condition.problem is not None:
        return Wait(condition.problem)
    yield from use_silent_mode()
    found = yield from read_baseline()
    return reason_to_wait(found, document_type, CONDITIONS, settings, printer_id) or found


def prepare_plan(
    document_type: str, settings: Settings, printer_id: str | None
) -> Dialogue[tuple[Profile, Baseline[NovitusXmlLook]] | Wait]:
    """The same, and the profile for the plan of the document. An off-line printer does not report its model (5.1)."""
    found = yield from prepare(document_type, settings, printer_id)
    if isinstance(found, Wait):
        return found
    return (yield from find_profile(settings)), found


def read_status(settings: Settings) -> Dialogue[Snapshot]:
    """Read everything that the status shows."""
    condition = yield from poll()
    if condition.problem is not None:
        # Nothing else is answered then (5.1).
        raise DialogueAborted(condition.problem)
    yield from use_silent_mode()
    model = (yield from query(VERSION)).element.get("version") or None
    found = yield from read_baseline()
    nip = (yield from query(FISCAL_MEMORY)).element.get("nip") or None
    clock = yield from read_clock()
    look = found.look
    name, _, firmware = (model or "").rpartition(" ")
    return Snapshot(
        identity=Identity(
            printer_id=found.printer_id,
            model=name or model,
            firmware=firmware if name else None,
            fiscal=found.fiscal,
            nip=nip,
            profile=(known_profile(settings) or detect(model)).name,
        ),
        condition=condition,
        standing=found.standing,
        counters=found.counters,
        rates=plain_rates(found.rates),
        clock=clock,
        transaction_open=found.transaction_open,
        day_open=day_open(look),
        records_free=records_free(look) if found.fiscal else None,
        device=look.model_dump(exclude={"profile", "rates"}, exclude_none=True),
    )


def identify(settings: Settings) -> Dialogue[Identification]:
    """Ask the device what it is, in any error mode: a failed element stops the printer in the mode after power-on, so
    this asks only what every device of the family is known to answer, and not what an off-line device leaves unanswered
    (5.1, 5.2).
    """
    unready = yield from unready_condition()
    if unready is not None:
        assert unready.problem is not None
        raise DialogueAborted(unready.problem)
    counters = yield from ask(RECEIPTS, "uniqueno", "isfiscal")
    model = (yield from query(VERSION)).element.get("version") or None
    rates = yield from read_rates_table()
    condition = yield from poll()
    name, _, firmware = (model or "").rpartition(" ")
    return Identification(
        Identity(
            printer_id=counters["uniqueno"],
            model=name or model,
            firmware=firmware if name else None,
            fiscal=counters["isfiscal"],
            profile=(known_profile(settings) or detect(model)).name,
        ),
        Condition(state=PrinterState.READY),
        plain_rates(rates),
        bool(condition.document_open),
    )


def read_result(
    look: NovitusXmlLook,
    number: int | None,
    report: int,
    total: int | None,
    *,
    just_now: bool,
    due: int | None = None,
    totals: tuple[VatTotal, ...] | None = None,
) -> Dialogue[tuple[Result, Paper]]:
    """The result of a printed document: number, day, printer, time; and whether the paper came out.

    ``just_now``: it was printed just now, so the printer's clock gives the time. Later nothing does.
    """
    unready = yield from unready_condition()
    clock = (yield from read_clock()) if just_now and unready is None else None
    result = Result(
        number=number,
        daily_report=report,
        printer_id=look.uniqueno,
        fiscal=look.isfiscal,
        printed_at=clock,
        total=None if total is None else from_grosze(total),
        totals=totals,
        due=None if due is None else from_grosze(due),
        device=look.model_dump(include={"lastprintout", "lastreceipt", "lastinvoice", "reportscount"}),
    )
    return result, Paper.PRINTED if unready is None else Paper.PENDING
