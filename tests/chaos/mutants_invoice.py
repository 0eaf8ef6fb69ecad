"""Mutants of the rules for invoices."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

from fiscald.protocols.base import Dialogue
from fiscald.protocols.posnet.invoice import InvoiceCourse, InvoiceDelta
from fiscald.protocols.posnet.proof import CounterDelta
from fiscald.protocols.thermal import invoice, protected
from fiscald.protocols.thermal.protected import Kind
from tests.chaos.registry import mutant, thermal_mutant


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


@thermal_mutant
def documents_before_ours_read() -> Iterator[None]:
    """documents of a Novitus's list that are older than our open invoice count too"""
    real = protected.read_ended

    with patch.object(invoice, "read_ended", lambda _, last: real(max(last - protected.MOST, 0), last)):
        yield


@thermal_mutant
def kind_of_document_not_read() -> Iterator[None]:
    """whatever ended on a Novitus is taken for a completed invoice"""

    def read(after: int, last: int) -> Dialogue[list[Kind] | None]:
        ended = yield from protected.read_ended(after, last)
        return None if ended is None else [Kind.INVOICE for _ in ended]

    with patch.object(invoice, "read_ended", read), patch.object(invoice.Seen, "agrees", new=True):
        yield
