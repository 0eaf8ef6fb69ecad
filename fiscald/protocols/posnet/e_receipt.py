"""E-receipts of a POSNET ONLINE printer: the binding of the next document to a customer, and its delivery.

Theory. The binding belongs to the next document of any program, so it must not stay behind when our receipt does not
come: the next document would go to our customer. No query shows a binding. So whenever our receipt provably was not
registered, fiscald cancels the binding before it goes on; a second cancellation does nothing. Only if another document
came out since, the binding is used up, and a new one would be another program's.

Source: POSNET reference, sections 5.7 and 9.2. What the numbers of the state of delivery mean is not openly documented.
"""

from __future__ import annotations

from fiscald.model.e_receipt import EReceipt, EReceiptState
from fiscald.model.problems import problem
from fiscald.protocols.base import Dialogue, DialogueAborted
from fiscald.protocols.posnet.commands import Reply, request
from fiscald.protocols.posnet.evidence import PosnetLook
from fiscald.protocols.posnet.proof import CounterDelta
from fiscald.protocols.posnet.queries import is_corrupted, query_optional, read_counters, read_day, send


def bind(wanted: EReceipt) -> Dialogue[Reply]:
    """Bind the next document to the customer. ``ha`` of the reply is the id of the e-document."""
    command = request("eparagonidznext", id=wanted.customer_id)
    reply = yield from send(command)
    if is_corrupted(reply):
        reply = yield from send(command)  # the second binding takes the place of the first
    return reply


def unbind(since: PosnetLook) -> Dialogue[None]:
    """Cancel our binding, unless another document has used it up. ``since``: the look before it."""
    now = yield from read_counters()
    if CounterDelta(since, now).printouts > 1:  # one may be ours, cancelled
        return
    reply = yield from send(request("eparagonidzcancel"))
    if is_corrupted(reply):
        reply = yield from send(request("eparagonidzcancel"))
    # A refusal can only mean that nothing is bound (no source gives its number).
    if reply.frame_error:
        raise DialogueAborted(problem("printer.busy", reason="the binding to a customer could not be cancelled yet"))


def maybe_taken(before: PosnetLook, opened: PosnetLook) -> Dialogue[bool]:
    """Whether another document came out between our last look and our opening: it may have used our binding up."""
    if CounterDelta(before, opened).any_change:
        return True
    day = yield from read_day()
    return before.day is not None and None not in (before.day.nf, day.nf) and before.day.nf != day.nf


def read_delivery(number: str) -> Dialogue[EReceiptState]:
    """What the printer says about the e-document with that id; empty: another document may have become it."""
    if not number:
        return EReceiptState(registered=None)
    record = yield from query_optional("eparagonbufferget", hd=number)
    if record.get("hd") != number:
        return EReceiptState(id=number, registered=False)
    return EReceiptState(id=number, registered=True, printed=record.get("pr"), state=record.get("st"))
