"""What must hold of the documents that need more than a line in ``tests.chaos.check``."""

from __future__ import annotations

import re

from fiscald.model.jobs import Job, JobState
from fiscald.model.money import from_grosze, grosze
from fiscald.model.packaging import PackagingDocument
from fiscald.model.printout import BarcodeLine, Printout, QrLine
from fiscald.model.receipt import Receipt
from fiscald.model.reports import PeriodicReport, ShiftReport
from tests.chaos.check_http import e_documents
from tests.chaos.outcome import Outcome
from tests.chaos.schedule import Restored, What


def packaging(key: str, job: Job, outcome: Outcome) -> list[str]:
    """One sheet with the value of its items if it is done, none if it failed."""
    document = job.document
    assert isinstance(document, PackagingDocument)
    value = sum(grosze(item.price * item.quantity) * (-1 if item.returned else 1) for item in document.items)
    mine = [
        sheet for sheet in outcome.truth.sheets if sheet.kind == "packaging" and sheet.facts.get("amount") == abs(value)
    ]
    if len(mine) > 1:
        # A cable that doubles a whole command makes two slips, and no client can help it; it must be told.
        told = any(notice.code == "slip.doubled" for notice in job.warnings) or key in outcome.undecided
        by_cable = told and any(what is What.DUPLICATE for what, _, _ in outcome.hits)
        if by_cable or outcome.schedule.restored is Restored.DISK:
            return []
        return [f"doubled: {key} was printed {len(mine)} times"]
    if job.resolution is None and len(mine) != (job.state is JobState.DONE):
        return [f"packaging: {key} is {job.state}, and was printed {len(mine)} times"]
    if job.result is None or job.resolution is not None or job.result.due == from_grosze(value):
        return []
    return [f"due: {key} was said to be {job.result.due}, and is {value}"]


def shift_report(key: str, job: Job, outcome: Outcome) -> list[str]:
    """One sheet if it is done, none if it failed. One that only reads may come out again after another's daily report."""
    document = job.document
    assert isinstance(document, ShiftReport)
    name = re.compile(rf"Zmiana:?\s+{document.shift}\s*$", re.MULTILINE)
    mine = [sheet for sheet in outcome.truth.sheets if sheet.kind == "shift_report" and name.search(sheet.text)]
    return _reports(key, job, outcome, len(mine), repeatable=not document.reset)


def periodic_report(key: str, job: Job, outcome: Outcome) -> list[str]:
    """At least one sheet if it is done; it changes nothing, so it may come out again after another's daily report."""
    document = job.document
    assert isinstance(document, PeriodicReport)
    first = document.start if isinstance(document.start, int) else document.start.day
    mine = [s for s in outcome.truth.sheets if s.kind == "periodic_report" and s.facts["first"] == first]
    return _reports(key, job, outcome, len(mine), repeatable=True)


def _reports(key: str, job: Job, outcome: Outcome, count: int, *, repeatable: bool) -> list[str]:
    doubled = any(what is What.DUPLICATE for what, _, _ in outcome.hits)
    if count > 1:
        told = repeatable or any(notice.code == "slip.doubled" for notice in job.warnings) or key in outcome.undecided
        between = repeatable and bool(outcome.truth.reports)
        if between or (doubled and told) or outcome.schedule.restored is Restored.DISK:
            return []
        return [f"doubled: {key} was printed {count} times"]
    again = repeatable and bool(outcome.truth.reports) and count and job.state is JobState.FAILED
    if job.resolution is None and count != (job.state is JobState.DONE) and not again:
        return [f"report: {key} is {job.state}, and was printed {count} times"]
    return []


def e_receipts(outcome: Outcome) -> list[str]:
    """No document of ours goes to another one's customer, no binding stays behind, and the answer says what is true."""
    if outcome.schedule.restored is not None:
        return []
    found, bound = [], set()
    for sheet in outcome.truth.sheets:
        customer, goods = sheet.facts.get("customer"), re.search(r"Towar (\d+)", sheet.text)
        if customer is None:
            continue
        ours = goods is not None and customer == f"KID-{goods[1]}"
        if ours and sheet.kind == "receipt":
            bound.add(f"job/{goods[1]}" if goods else "")
        # Another program may print between our binding and our opening; no client can help that.
        if not ours and sheet.by == "ours" and not sheet.kind.startswith("cancelled"):
            found.append(f"bound: {sheet.kind} of {goods and goods[1]} went to {customer}")
    bound |= e_documents(outcome)
    left = getattr(outcome.truth.register.state.face, "binding", None)
    if left is not None:
        found.append(f"bound: the binding to {left.customer} is left behind")
    for key, job in outcome.jobs.items():
        result, document = job.result, job.document
        if (
            not isinstance(document, Receipt)
            or document.e_receipt is None
            or result is None
            or job.resolution is not None
        ):
            continue
        # Which of two documents became the e-document cannot be known if another program prints beside the binding.
        unknown = result.e_receipt is not None and result.e_receipt.registered is None
        if unknown and any(sheet.by == "others" for sheet in outcome.truth.sheets):
            continue
        if result.e_receipt is None or result.e_receipt.registered != (key in bound):
            found.append(f"e-receipt: {key} is said to be {result.e_receipt}, and {key in bound} is true")
    return found


def codes_of_printout(key: str, document: Printout, paper: str) -> list[str]:
    """Every code of a printout that came out whole is on its paper."""
    wanted = [f"[QR {line.qr.text}]" for line in document.lines if isinstance(line, QrLine)]
    wanted += [f"[BARCODE {line.barcode}]" for line in document.lines if isinstance(line, BarcodeLine)]
    return [f"content: {key} was printed without {code}" for code in wanted if code not in paper]


def codes_elsewhere(outcome: Outcome) -> list[str]:
    """The code of a printout is on no other document.

    A person who cancels the form between its last line and its code leaves the code to the next sheet.
    """
    by_others = any(form.by == "others" for form in outcome.truth.forms)
    if by_others or outcome.schedule.restored is not None:
        return []
    found = []
    for sheet in outcome.truth.sheets:
        code, bon = re.search(r"\[QR QR-(\d+)-", sheet.text), re.search(r"Bon (\d+)", sheet.text)
        if code is not None and (bon is None or bon[1] != code[1]):
            found.append(f"code: {sheet.kind} carries the code of job/{code[1]}")
    return found
