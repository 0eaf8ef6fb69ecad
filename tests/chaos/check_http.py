"""The checks of documents to which the printer gives an id."""

from __future__ import annotations

import re

from fiscald.model.jobs import Job
from tests.chaos.outcome import Outcome
from tests.chaos.schedule import What

#: After these the printer does not know what became of a document, or has forgotten its id.
_FORGETTING = frozenset((
    What.WORK_LOST, What.WORK_UNKNOWN, What.WORK_POWER_BEFORE, What.WORK_POWER_AFTER,
    What.POWER_BEFORE, What.POWER_AFTER, What.HOST_POWER,
))  # fmt: skip


def id_forgotten(outcome: Outcome) -> bool:
    """Whether the printer may have lost the state of an id, and its memory hold one that may be ours.

    Power went, or its own work failed. Or somebody made a daily report, which removes what is stored and clears the
    totals that would show that a receipt of another program is not ours.
    """
    truth = outcome.truth
    hidden = any(sale.job is None for sale in truth.sales) and any(report.by == "others" for report in truth.reports)
    return hidden or any(what in _FORGETTING for what, _, _ in outcome.hits)


def e_documents(outcome: Outcome) -> set[str]:
    """The jobs whose receipt a NoviAPI printer has sent instead of printing it."""
    found = set()
    for sheet in outcome.truth.register.printouts:
        goods = re.search(r"Towar (\d+)", sheet.text)
        if goods is not None and str(sheet.facts.get("e_document", "")).endswith("sent"):
            found.add(f"job/{goods[1]}")
    return found


def number_unknown(job: Job, outcome: Outcome) -> bool:
    """Whether the answer says that the number is not known, and others have really printed or reported meanwhile.

    To a journal that was put back, what its later copy printed is of others.
    """
    told = any(notice.code == "number.unknown" for notice in job.warnings)
    truth = outcome.truth
    others = any(sale.job is None for sale in truth.sales) or any(report.by == "others" for report in truth.reports)
    others |= outcome.schedule.restored is not None
    return told and others and job.result is not None and job.result.number is None


def faked(outcome: Outcome) -> bool:
    """Whether the printer reported a document as done that it has not printed, and printed one of another program."""
    lied = any(what is What.WORK_FAKED for what, _, _ in outcome.hits)
    return lied and any(sale.job is None for sale in outcome.truth.sales)


def manners(outcome: Outcome) -> list[str]:
    """What a printer with jobs asks of its programs: nothing is left in it, and nothing confirmed beside something else.

    A cable that doubles a ``PUT`` confirms twice. What the family keeps may be lost with the computer's power, and is
    removed while another printer is in the place of ours.
    """
    found = [f"left stored: {own_id} was known, and is still in the printer" for own_id in outcome.left_stored]
    helpless = any(what in (What.DUPLICATE, What.HOST_POWER, What.SWAP) for what, _, _ in outcome.hits)
    if outcome.second_confirmations and not helpless:
        found.append(f"second confirmation: the token was taken away {outcome.second_confirmations} times")
    return found if outcome.schedule.restored is None else []
