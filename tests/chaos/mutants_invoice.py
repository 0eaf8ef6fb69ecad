"""Mutants of the rules for invoices."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

from fiscald.protocols.posnet.invoice import InvoiceCourse, InvoiceDelta
from fiscald.protocols.posnet.proof import CounterDelta
from tests.chaos.registry import mutant


@mutant
def invoice_counter_not_read() -> Iterator[None]:
    """the counter of receipts is taken for that of invoices"""
    with patch.object(InvoiceDelta, "completed", CounterDelta.completed):
        yield


@mutant
def cancelled_invoice_not_read() -> Iterator[None]:
    """that an invoice was cancelled is not noticed"""
    with patch.object(InvoiceDelta, "cancelled", 0):
        yield


@mutant
def invoice_left_open() -> Iterator[None]:
    """recovery takes our open invoice for another program's"""
    with patch.object(InvoiceCourse, "still_ours", lambda *_: False):
        yield
