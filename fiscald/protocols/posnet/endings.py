"""Ends what is open on a POSNET printer: cancels our receipt, or completes the footer of a registered one."""

from __future__ import annotations

from fiscald.model.jobs import Notice
from fiscald.model.problems import problem
from fiscald.protocols.base import Dialogue, DialogueAborted
from fiscald.protocols.planning import Item
from fiscald.protocols.posnet.commands import Request, request
from fiscald.protocols.posnet.evidence import PosnetLook
from fiscald.protocols.posnet.proof import CounterDelta
from fiscald.protocols.posnet.queries import (
    ask,
    describe,
    is_corrupted,
    read_last_document,
    read_stable_counters,
    send,
)
from fiscald.protocols.proof.counters import LOOKS


def send_cancel(since: PosnetLook) -> Dialogue[PosnetLook]:
    """Cancel our own open document and check that it is gone. Returns the counters after that."""
    yield from send(request("prncancel"))
    scomm = yield from ask("scomm", "ts")
    now = yield from read_stable_counters()
    delta = CounterDelta(since, now)
    if scomm["ts"] or delta.completed or delta.invoices:
        raise DialogueAborted(problem("printer.busy", reason="our open document could not be cancelled yet"))
    return now


def finish_footer(footer: list[Item[Request]]) -> Dialogue[tuple[Notice, ...]]:
    """Send the footer lines of a registered receipt. A refused line becomes a notice, never a failure."""
    notices = []
    for item in footer:
        reply = yield from send(item.request)
        if not reply.good:
            notices.append(
                Notice(
                    code="footer.refused",
                    pointer=item.pointer,
                    detail=f"not printed: {describe(reply)[0]}",
                    detail_pl="Nie wydrukowano wiersza stopki.",
                )
            )
    yield from close_footer()
    return tuple(notices)


def close_footer() -> Dialogue[None]:
    """Send ``trftrend``. Without it the paper does not come out, and the printer takes no other document."""
    for _ in range(LOOKS):
        reply = yield from send(request("trftrend"))
        last = yield from read_last_document()
        if not last.footer_open:
            return
        if not is_corrupted(reply):
            break
    raise DialogueAborted(
        problem("printer.busy", reason="the footer of the registered receipt could not be completed yet")
    )
