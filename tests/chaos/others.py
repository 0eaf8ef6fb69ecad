"""What other people do at a printer that takes them more than one step; in any family."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from fiscald.emulator.device import Device
from fiscald.emulator.refusal import RegisterError
from tests.chaos.schedule import What

#: What ends a receipt, by family.
CLOSING = {"posnet": ("trend",), "thermal": ("$y", "$x"), "novitus-xml": ("receipt close",), "noviapi": ()}
#: The commands that cancel a receipt. If another program opens a receipt between our last look and this command, our
#: command cancels that receipt. No program can prevent this, so the other program comes one command later.
CANCELLING = {
    "posnet": ("prncancel", "trcancel"),
    "thermal": ("$e",),
    "novitus-xml": ("receipt cancel", "invoice cancel"),
    "noviapi": (),
}


def day_closed(device: Device, _: int) -> None:
    device.keypad_cancel()
    device.foreign_receipt()
    device.keypad_report()


def given_up(device: Device, value: int) -> None:
    if device.foreign_begin():
        device.foreign_sell("Obcy towar", value)
        device.keypad_cancel()


def next_customer(device: Device, _: int) -> None:
    device.keypad_cancel()
    if device.foreign_begin():
        # Of a value that no other receipt has: it must not be taken for ours.
        device.foreign_sell("Obcy towar", 33)
        device.foreign_end(33)
    device.foreign_begin()


def sell_on_ours(device: Device, _: int) -> None:
    transaction = device.register.state.transaction
    if transaction is not None and transaction.lines and not transaction.payments:
        device.foreign_sell("Obcy towar", 777)


def close_ours(device: Device) -> None:
    """Another program closes a receipt on which it has sold something, paid in cash."""
    transaction = device.register.state.transaction
    if transaction is None or not any(line.name.startswith("Obcy") for line in transaction.lines):
        return
    paid = sum(payment.amount for payment in transaction.payments)
    if not paid or device.family != "posnet":
        # What is not paid is cash, where the closing command does not say how much was paid.
        device.foreign_end(transaction.total)
        return
    if transaction.due > paid:
        device.foreign_command("trpayment", {"ty": 0, "wa": transaction.due - paid})
    device.foreign_command("trend", {"to": transaction.total, "fp": max(transaction.due, paid)})


def rates_changed(device: Device, times: int) -> None:
    for _ in range(times):
        device.keypad_report()
        a, b, *others = device.register.state.rates
        if device.register.state.transaction is None:
            with suppress(RegisterError):  # only with zero totals
                device.register.ledger.set_rates([b, a, *others])
                device.register.commit()


def unknown_program(device: Device, receipts: int) -> None:
    for _ in range(receipts):
        device.foreign_receipt()


#: By what happens: what is done just before the command.
ACTS: dict[What, Callable[[Device, int], None]] = {
    What.DAY_CLOSED: day_closed,
    What.GIVEN_UP: given_up,
    What.NEXT_CUSTOMER: next_customer,
    What.OTHER_CONTENT: sell_on_ours,
    What.RATES_CHANGED: rates_changed,
    What.UNKNOWN_PROGRAM: unknown_program,
}
