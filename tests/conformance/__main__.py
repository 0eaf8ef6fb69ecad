"""``python -m tests.conformance``: the whole matrices of faults of the example families (``make chaos``)."""

from __future__ import annotations

import sys

from tests.chaos.campaign import campaign, measure, table
from tests.chaos.schedule import matrix
from tests.families import EXAMPLES, joined

if __name__ == "__main__":
    failed = False
    for family in EXAMPLES:
        with joined():
            report = campaign(matrix(family, "cash_in", measure(family, "cash_in")))
        print(family, table(report), *report.violations[:10], sep="\n")
        failed = failed or bool(report.violations)
    sys.exit(failed)
