"""The invariants: what must hold after every run, whatever happened in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from fiscald.emulator.memory import Day
from fiscald.model.invoice import Invoice
from fiscald.model.jobs import Job, JobState, Result
from fiscald.model.money import from_grosze, grosze
from fiscald.model.printout import PrintoutLine, StyledText
from fiscald.model.receipt import Receipt
from tests.chaos import check_programming
from tests.chaos.check_documents import (
    codes_elsewhere,
    codes_of_printout,
    e_receipts,
    packaging,
    periodic_report,
    shift_report,
)
from tests.chaos.check_http import faked, id_forgotten, manners, number_unknown
from tests.chaos.outcome import Outcome
from tests.chaos.schedule import Restored, What

SALES = ("receipt", "invoice")
#: Errors that a good document may meet: a report of nothing, a person who says no on the keypad, a clock that was set
#: already, a sale of another program just before the printer is set.
REFUSALS = {
    "posnet": ("382", "10", "30", "2021", "2035"),
    "thermal": ("35", "36", "37", "2", "5", "8"),
    "novitus-xml": ("35",),
    "noviapi": ("35", "5", "8"),
}
#: After these the daemon starts again.
STARTS_AGAIN = frozenset((
    What.CUT_AND_KILL, What.KILL_TURN, What.KILL_BEFORE_WRITE, What.KILL_AFTER_WRITE, What.HOST_POWER,
))  # fmt: skip
#: The evidence is a little older than the moment at which it is in the journal.
LOOK_SECONDS = 0.3


def violations(outcome: Outcome) -> list[str]:
    """Everything that is not as promised; empty when all is well."""
    found = list(outcome.violations)
    found += _answers(outcome)
    for key, job in outcome.jobs.items():
        found += CHECKS[job.document.type](key, job, outcome)
    found += _nothing_else(outcome)
    found += _totals(outcome)
    found += _undecided(outcome)
    found += manners(outcome)
    if outcome.alarms and outcome.schedule.restored is None and not _unknown_sheet(outcome):
        found.append(
            f"alarm without need: the journal knew everything, and was said to be behind {outcome.alarms} times"
        )
    return found


def _answers(outcome: Outcome) -> list[str]:
    """An answer given to a client stays true; an accepted job is never lost."""
    found = [f"forgotten: {key} was accepted" for key in set(outcome.accepted) if key not in outcome.jobs]
    for order in outcome.schedule.orders:
        job = outcome.jobs.get(order.key)
        if job is None or not job.state.final:
            found.append(f"unfinished: {order.key} is {job.state if job else 'unknown'}")
    for key, answer in outcome.answers:
        job = outcome.jobs.get(key)
        if job is None or answer.state is JobState.UNDECIDED:
            continue
        restored = outcome.schedule.restored
        if restored is not None and (_anchor(answer) == _anchor(job) or job.resolution is not None):
            continue  # found out once more, or said once more by a person
        if restored in (Restored.DISK, Restored.DIRECTORY) and job.document.type not in SALES:
            continue  # no counter tells of slips and reports; see docs/recovery.md
        if restored in (Restored.DISK, Restored.DIRECTORY) and answer.state is JobState.FAILED:
            continue  # it was not printed, and leaves nothing that a lost journal could be missed by
        if (answer.state, _fiscal(answer)) != (job.state, _fiscal(job)):
            found.append(f"changed: {key} was told {answer.state} {answer.result}, and is {job.state} {job.result}")
    return found


def _fiscal(job: Job) -> Result | None:
    """What an answer says about the fiscal memory: that an e-receipt was delivered may be told later."""
    return job.result and job.result.model_copy(update={"e_receipt": None})


def _unknown_sheet(outcome: Outcome) -> bool:
    """Whether the printer may have a sheet that the journal does not explain.

    Another program printed it. Or the printer printed one about a command that the line garbled, and a person made the
    daily report before the daemon had looked. Or a person cancelled our open receipt and made the daily report, and the daemon was
    started again: a receipt without lines leaves no sheet, so the journal cannot count the sheet before it has looked,
    and the report has cleared the counter of cancelled receipts. Or the cable doubled a cash slip, somebody made the
    daily report, and the daemon was started again before it had looked.
    """
    happened = {what for what, _, _ in outcome.hits}
    ended = [at for owner, by, at in outcome.truth.cancelled if (owner, by) == ("ours", "others")]
    hidden = any(report.by == "others" and ended and report.at >= min(ended) for report in outcome.truth.reports)
    garbled = What.COMMAND_BAD in happened and any(report.by == "others" for report in outcome.truth.reports)
    slips = [slip.amount for slip in outcome.truth.slips]
    doubled = What.DUPLICATE in happened and len(slips) > len(set(slips)) and bool(outcome.truth.reports)
    return (
        What.UNKNOWN_PROGRAM in happened or garbled or ((hidden or doubled) and not happened.isdisjoint(STARTS_AGAIN))
    )


def _anchor(job: Job) -> tuple[object, ...]:
    """What an answer says for good; the rest is what the printer told when it was found out."""
    result = job.result
    return job.state, result and (result.number, result.daily_report, result.total)


def _sale(key: str, job: Job, outcome: Outcome) -> list[str]:
    sales = [sale for sale in outcome.truth.sales if sale.job == key]
    if len(sales) > 1:
        return [f"doubled: {key} was printed {len(sales)} times"]
    if job.state is JobState.DONE and not sales:
        # No look distinguishes the other program's receipt from ours.
        if faked(outcome):
            return []
        return [f"lost: {key} is done, and the register has no such {job.document.type}"]
    if job.state is JobState.FAILED and sales:
        return [f"doubted: {key} failed, and the register has it"]
    if job.state is not JobState.DONE:
        return []
    (sale,) = sales
    assert job.result is not None
    said = (job.result.number, job.result.daily_report, job.result.total)
    if number_unknown(job, outcome):
        said = (sale.number, job.result.daily_report or sale.daily_report, job.result.total)
    if job.resolution is None and said != (sale.number, sale.daily_report, from_grosze(sale.total)):
        return [f"wrong number: {key} is said to be {said}, and is {sale}"]
    assert isinstance(job.document, Receipt | Invoice)
    asked = [(line.name, line.vat) for line in job.document.lines if "%" in line.vat]
    if asked and Counter(sale.rates) != Counter(asked):
        return [f"wrong rate: {key} was sold as {sale.rates}, and was asked for as {asked}"]
    payments = [grosze(payment.amount) for payment in job.document.payments]
    if job.document.type == "receipt" and payments and job.resolution is None and sorted(sale.paid) != sorted(payments):
        return [f"payments: {key} was paid by {sale.paid}, and was to be paid by {payments}"]
    return []


def _slip(key: str, job: Job, outcome: Outcome) -> list[str]:
    document = job.document
    assert document.type in ("cash_in", "goods_return")
    amount = grosze(document.amount)
    count = sum(slip.amount == amount for slip in outcome.truth.slips)
    if count > 1:
        # A cable that doubles a whole command makes two slips, and no client can help it; it must be told.
        told = any(notice.code == "slip.doubled" for notice in job.warnings) or key in outcome.undecided
        if told and any(what is What.DUPLICATE for what, _, _ in outcome.hits):
            return []
        if outcome.schedule.restored is Restored.DISK:
            return []
        return [f"doubled: {key} was printed {count} times"]
    if job.resolution is None and count != (job.state is JobState.DONE):
        return [f"slip: {key} is {job.state}, and was printed {count} times"]
    return []


def _printout(key: str, job: Job, outcome: Outcome) -> list[str]:
    document = job.document
    assert document.type == "printout"
    mine = [form for form in outcome.truth.forms if form.job == key]
    whole = [form for form in mine if form.whole]
    if len(whole) > 1 and outcome.schedule.restored is not Restored.DISK:
        # On Novitus in XML it is one packet, and the cable may double that; it must be told.
        told = any(notice.code == "slip.doubled" for notice in job.warnings) or key in outcome.undecided
        if told and any(what is What.DUPLICATE for what, _, _ in outcome.hits):
            return []
        return [f"doubled: {key} was printed {len(whole)} times"]
    found = []
    # A person who cancels it while its closing step is not answered leaves the same counters as its printing.
    cancelled = job.state is JobState.DONE and any(form.by == "others" for form in mine)
    if job.resolution is None and bool(whole) != (job.state is JobState.DONE) and not cancelled:
        found.append(f"printout: {key} is {job.state}, and was printed {len(whole)} times")
    for form in whole:
        texts = [text for text in map(_text, document.lines) if text]
        printed = [line for line in map(str.strip, form.text.splitlines()) if line.startswith(("Bon ", "Danie "))]
        # Nor can any client help a line that the cable doubled: no sum tells.
        if printed != texts and not any(what is What.DUPLICATE for what, _, _ in outcome.hits):
            found.append(f"content: {key} was printed as {printed}")
        found += codes_of_printout(key, document, form.text)
    return found


def _text(line: PrintoutLine) -> str:
    """The text of a line; codes and separators have none."""
    return line if isinstance(line, str) else line.text if isinstance(line, StyledText) else ""


def _report(key: str, job: Job, outcome: Outcome) -> list[str]:
    if job.state is not JobState.DONE or job.resolution is not None:
        return []
    assert job.result is not None
    if number_unknown(job, outcome) and any(report.by == "ours" for report in outcome.truth.reports):
        return []
    if not any(report.number == job.result.number for report in outcome.truth.reports):
        return [f"lost: {key} is said to be report {job.result.number}, and the register has none"]
    return []


#: What the register must hold after a document of each type.
CHECKS: dict[str, Callable[[str, Job, Outcome], list[str]]] = {
    "receipt": _sale,
    "invoice": _sale,
    "daily_report": _report,
    "cash_in": _slip,
    "goods_return": _slip,
    "printout": _printout,
    "packaging": packaging,
    "shift_report": shift_report,
    "periodic_report": periodic_report,
    **check_programming.CHECKS,
}


def _nothing_else(outcome: Outcome) -> list[str]:
    """Nothing was printed or cancelled without a request."""
    truth, found, family = outcome.truth, [], outcome.schedule.family
    reports = [job for job in outcome.jobs.values() if job.document.type == "daily_report"]
    done = [job for job in reports if job.state is JobState.DONE]
    told = Counter(job.result.number for job in done if job.result is not None and job.resolution is None)
    found += [f"doubled: report {number} is told of {count} jobs" for number, count in told.items() if count > 1]
    ours = sum(report.by == "ours" for report in truth.reports)
    # A cable that doubles the command, and another program that sells before the second one: it must be told.
    told_many = any(cause == "many_reports" for cause, _, _ in outcome.undecided.values())
    by_cable = told_many and any(what is What.DUPLICATE for what, _, _ in outcome.hits)
    if ours > len(done) and not by_cable and outcome.schedule.restored is None:
        found.append(f"doubled: {ours} daily reports for {len(done)} jobs")
    # A person who cancels between our opening and the configuration of the foot leaves it to the next sheet.
    by_others = any(by == "others" for _, by, _ in truth.cancelled)
    found += [
        f"foot: {kind} of {whose} carries the foot of {foot}"
        for kind, whose, foot in truth.feet
        if whose != foot and not kind.startswith("cancelled") and not by_others and outcome.schedule.restored is None
    ]
    register = truth.register.state
    if truth.owner == "ours" and (register.transaction is not None or register.closing is not None):
        # Ours, but this cannot be proved: others printed between our first look and an opening that was not confirmed.
        first_look = max(outcome.begun.values(), default=0.0) - LOOK_SECONDS
        others = [sale.at for sale in truth.sales if sale.job is None]
        others += [report.at for report in truth.reports if report.by == "others"]
        others += [at for owner, by, at in truth.cancelled if owner == by == "others"]
        # Nor cancels anybody what another program has sold on ours.
        open_one = register.transaction
        shared = open_one is not None and any(line.name.startswith("Obcy") for line in open_one.lines)
        # What a lost journal had begun is unknown to the one that was put back: a person cancels it, some day.
        lost = outcome.schedule.restored is not None
        if not shared and not lost and not any(first_look <= at <= truth.opened_at for at in others):
            found.append("left open: a document is open on the printer in the end")
    if getattr(register.face, "form", None) is not None and outcome.schedule.restored is None:
        found.append("left open: a form is open on the printer in the end")
    for key, job in outcome.jobs.items():
        if job.error is not None and job.error.code == "printer.refused":
            number = (job.error.device_code or "none").split()[0]
            needed = number in REFUSALS.get(family, ()) or check_programming.clock_went_back(job, outcome)
            # A setting that was confirmed and is not shown: a question on the keypad that a person answered a day late.
            needed = needed or (number == "none" and job.document.type in check_programming.CHECKS)
            # Two equal bytes that a line drops do not show in a check byte of one XOR: the printer refuses the rest.
            dropped = family == "thermal" and any(what is What.DROP for what, _, _ in outcome.hits)
            if not needed and not (dropped and number == "4"):
                found.append(f"refused without need: {key}: {job.error.detail}")
    found += codes_elsewhere(outcome)
    found += e_receipts(outcome)
    found += [f"cancelled what was not ours at {at}" for owner, by, at in truth.cancelled if owner != by == "ours"]
    return found


def _sold(day: Day) -> int:
    return sum(day.receipts) + sum(day.invoices)


def _totals(outcome: Outcome) -> list[str]:
    """Journal and register agree about every day."""
    register = outcome.truth.register.state
    days = {record.number: _sold(record.day) for record in register.fiscal_memory[outcome.truth.past :]}
    days[register.reports + 1] = _sold(register.day)
    journal: Counter[int] = Counter()
    for job in outcome.jobs.values():
        if job.document.type in SALES and job.state is JobState.DONE and job.resolution is None:
            if faked(outcome) and not any(sale.job == job.key for sale in outcome.truth.sales):
                continue
            assert job.result is not None
            day = job.result.daily_report
            if day is None and number_unknown(job, outcome):
                day = next((sale.daily_report for sale in outcome.truth.sales if sale.job == job.key), None)
            journal[day or 0] += grosze(job.result.total or Decimal())
    for sale in outcome.truth.sales:
        if sale.job is None or sale.job not in outcome.jobs or outcome.jobs[sale.job].resolution is not None:
            journal[sale.daily_report] += sale.total
    return [
        f"totals: day {day} has {total} in the register and {journal[day]} in the journal"
        for day, total in days.items()
        if journal[day] != total
    ]


def _undecided(outcome: Outcome) -> list[str]:
    """Undecided only where the memory is ambiguous to any client: what makes it so must have happened meanwhile."""
    truth, found = outcome.truth, []
    if outcome.schedule.restored is not None:
        return []
    for key, (cause, started, ended) in outcome.undecided.items():
        began = started - LOOK_SECONDS
        reports = any(r.by == "others" and began <= r.at <= ended for r in truth.reports)
        cancelled = any(began <= at <= ended for _, _, at in truth.cancelled)
        foreign = any(s.job is None and began <= s.at <= ended for s in truth.sales)
        foreign |= any(owner == "others" and began <= at <= ended for owner, _, at in truth.cancelled)
        doubled = any(what is What.DUPLICATE for what, _, _ in outcome.hits)
        begun_by_others = outcome.jobs[key].document.type == "invoice" and any(
            what is What.FOREIGN_SLOW for what, _, _ in outcome.hits
        )
        happened = {
            "report_between": reports,
            "many_reports": reports or (doubled and foreign),
            "twins": (foreign and cancelled)
            or any(s.job is None and s.total == _total(outcome, key) for s in truth.sales),
            # A Novitus in XML does not count cancelled receipts, so others' may look like our sheet.
            "many_slips": doubled or (outcome.schedule.family == "novitus-xml" and foreign),
            # A receipt that another program has opened, and lost with the power, leaves empty totals on a Novitus.
            # In XML nothing that is doubled changes a receipt: the printer compares the total, and fiscald the rest.
            "changed": (doubled and outcome.schedule.family != "novitus-xml")
            or foreign
            or begun_by_others
            or any(s.job == key and s.by == "others" for s in truth.sales),
            "journal_behind": _unknown_sheet(outcome),
            "contradiction": any(what is What.WORK_FAKED for what, _, _ in outcome.hits),
            "id_forgotten": id_forgotten(outcome),
            "vanished": any(form.job == key and (doubled or form.by == "others") for form in truth.forms),
        }
        if not happened.get(cause, False):
            found.append(f"undecided without need: {key} ({cause})")
    return found


def _total(outcome: Outcome, key: str) -> int | None:
    return next((sale.total for sale in outcome.truth.sales if sale.job == key), None)
