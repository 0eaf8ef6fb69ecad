"""Statuses and screens of ``fiscalctl watch``."""

from __future__ import annotations

from fiscald.model.printers import Counters, PrinterState, PrinterStatus

COUNTERS = Counters(daily_report=13, last_receipt=85, receipts=84, cancelled=1, printouts=44)


READY = PrinterStatus(
    name="till1",
    family="posnet",
    address="tcp://127.0.0.1:6666",
    state=PrinterState.READY,
    stale=False,
    counters=COUNTERS,
    documents=("receipt",),
)
