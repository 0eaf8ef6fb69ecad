"""fiscald: one daemon that owns a shop's fiscal printers and answers honestly for every document."""

from __future__ import annotations

import datetime

__version__ = "0.2.0"

#: Release dates of all series (x.y.0), this one last. A licence's update right is compared with these, so that
#: bug-fix releases of a covered series stay covered.
SERIES = {"0.1": datetime.date(2026, 11, 22), "0.2": datetime.date(2026, 11, 30)}
