"""Conditions of Novitus printers that speak XML: the errors that mean each one, and the documents that wait.

The numbers come from the table of errors (``novitus_errors``), which both Novitus families share. 18 after a line is
the control of rates (``commit``).

Source: Novitus reference, sections 5.1 and 8.
"""

from __future__ import annotations

from fiscald.protocols.conditions import Conditions
from fiscald.protocols.novitus_errors import of_condition, of_no_condition

DOCUMENTS = (
    "receipt", "invoice", "daily_report", "monthly_report", "periodic_report", "cash_in", "cash_out", "packaging",
    "printout", "drawer", "set_clock", "set_vat_rates", "set_header", "set_display",
)  # fmt: skip

# name | documents that wait | what the status shows
_ROWS = """
paper_out    | all               | dle papererror
attention    | all               | dle printererror, or not online
busy         | all               |
no_power     | all               |
report_due   | receipt invoice   |
totals_full  | receipt invoice   |
texts_full   | refused           |
no_header    | receipt invoice   |
no_rates     | all -monthly_report -periodic_report -set_clock -set_vat_rates | taxrates: no rate is in use
locked       | refused           |
no_clock     | receipt invoice daily_report cash_in cash_out packaging printout |
memory_full  | receipt invoice daily_report | info fiscalmemory: no free record
read_only    | receipt invoice daily_report cash_in cash_out packaging printout |
copy_blocked | receipt invoice daily_report |
out_of_order | all               |
"""


def _table() -> str:
    rows = []
    for line in filter(None, _ROWS.splitlines()):
        name, waits, seen = (column.strip() for column in line.split("|"))
        rows.append(f"{name} | {waits} | {of_condition(name)} | {seen}")
    return "\n".join([*rows, f"- | | {of_no_condition()} |"])


CONDITIONS = Conditions(_table(), DOCUMENTS)
