"""fiscald: one daemon that owns a shop's fiscal printers and answers honestly for every document."""

from __future__ import annotations

import datetime

__version__ = "0.1.0"

#: Release date of this series (x.y.0). A licence's update right is compared with this date, so that
#: bug-fix releases of a covered series stay covered.
SERIES_RELEASED = datetime.date(2026, 11, 22)
