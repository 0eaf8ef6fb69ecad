"""Conditions of NoviAPI printers: the errors that mean each one, and the documents that wait for its end.

Numbers are those of Novitus Online printers (``fiscald.protocols.novitus_errors``); with ``http`` before them they are
numbers of exceptions (the contract; ``codes``). Source: Novitus reference, sections 8 and N3.1.
"""

from __future__ import annotations

from fiscald.protocols.conditions import Conditions
from fiscald.protocols.novitus_errors import of_condition, of_no_condition

DOCUMENTS = (
    "receipt", "invoice", "daily_report", "monthly_report", "periodic_report", "cash_in", "cash_out", "printout",
    "drawer", "set_clock", "set_vat_rates",
)  # fmt: skip
_SALES = "receipt invoice"
_FISCAL = "receipt invoice daily_report cash_in cash_out printout"
_NO_RATES_NEEDED = "-monthly_report -periodic_report -set_clock -set_vat_rates"
_SEEN = "device.error of any answer"


def _row(name: str, waits: str, more: str = "", seen: str = "") -> str:
    return f"{name} | {waits} | {of_condition(name)} {more} | {seen}"


CONDITIONS = Conditions(
    "\n".join(
        (
            _row("paper_out", "all", seen=_SEEN),
            _row("attention", "all", seen=_SEEN),
            _row("busy", "refused", "http10 http11", "409, or a document of ours in the queue"),
            _row("wrong_protocol", "all", seen="an answer that no NoviAPI server gives"),
            _row("locked", "all -drawer", "http2", "429: no new token"),
            _row("no_power", "all"),
            _row("report_due", _SALES),
            _row("totals_full", _SALES),
            _row("texts_full", "refused"),
            _row("no_header", _SALES),
            _row("no_rates", f"all {_NO_RATES_NEEDED}", seen="no rate in status device"),
            _row("no_clock", _FISCAL),
            _row("memory_full", "receipt invoice daily_report"),
            _row("read_only", _FISCAL),
            _row("copy_blocked", "receipt invoice daily_report printout", "http14", "507: no room for it"),
            _row("out_of_order", "all"),
            f"- | | {of_no_condition()} | ",
        )
    ),
    DOCUMENTS,
)  # fmt: skip
