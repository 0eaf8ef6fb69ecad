"""The recorded Thermal conversations through the gateway onto an emulated Thermal printer: the same answers.

What must differ is in ``UNKNOWN`` and ``OTHERWISE``, each with its reason.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.emulator.thermal.memory import ThermalMemory
from fiscald.protocols.thermal.commands import ANSWERS
from fiscald.protocols.thermal.fields import Dialect
from fiscald.protocols.thermal.frames import AnswerDeframer, Frame
from fiscald.protocols.thermal.grammar import State
from tests import virtual
from tests.emulator.thermal.talking import ENQ, Talk, readable, sequence
from tests.emulator.thermal.test_recordings import (
    CASH_LINES,
    CONVERSATIONS,
    FULL_LINES,
    SCENES,
    SINGLE,
    as_emulated,
    exceptions,
    state,
)
from tests.engine.shop import Till
from tests.gateway.thermal import program, thermal_counter

#: What is open when a conversation begins.
OPENED = {"receipt-short": FULL_LINES, "status": CASH_LINES}
NAMES = [name for name in CONVERSATIONS if name not in SINGLE]

#: Values that fiscald does not know of a printer, by answer.
UNKNOWN = {
    # the date of the last record; whether a receipt was finished before the gateway began; what was sold past fiscald
    "#X 2": {"Py", "Pmies", "Pd", "Px", "tot", "cash"},
    # the fiscalisation and the goods base
    "#X 3": {"Py", "Pm", "Pd", "n_zablokowanych"},
    # what was sold past fiscald
    "#X 10": {"tot", "anul_kwota"},
    # the face has its own name
    "#R 1": {"typ"},
}
#: Answers to single exchanges.
OTHERWISE = {
    # whether a receipt was finished before the gateway began is not known
    ("doc-verbatim", 5): ["6C"], ("init", 3): ["6C"], ("errors", 1): ["68"],
    # fiscald sends the buyer's NIP to those POSNET printers only that are known to print it
    ("receipt-full", 1): ["255#Z$N"],
    # what comes after a short closing is a separate sheet
    ("receipt-short", 11): ["50#X1043/0/0/0/0/0/"],
    # a document of the API has one discount of the whole receipt
    ("manual-print-L", 4): ["82#Z$L"], ("manual-print-L", 5): ["27#Z$e"],
    # not passed on: header and goods base, rates, clock, report of the cash. In error mode 1 no answer comes.
    ("status", 6): [], ("status", 7): [], ("vat-header", 0): ["255#Z$p"], ("vat-header", 1): ["255#Z$p"],
    ("vat-header", 2): ["255#Z$f"], ("vat-header", 3): ["255#Z$c"], ("cash-cashier", 4): ["255#Z#t"],
}  # fmt: skip


def known(data: bytes) -> list[Any]:
    """The answers, without the values that fiscald does not know."""
    found: list[Any] = []
    for item in AnswerDeframer().feed(data):
        layout = ANSWERS.get((item.name, item.params[0])) if isinstance(item, Frame) and item.params else None
        left_out = set() if layout is None else UNKNOWN.get(layout.name, set())
        if not left_out or layout is None:
            found.append(readable(item))
        else:
            assert isinstance(item, Frame)
            values = layout.read(item, Dialect("mazovia"))
            found.append({name: value for name, value in values.items() if name not in left_out})
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_is_the_one_of_the_manual(name: str, tmp_path: Path) -> None:
    begun: Talk = SCENES.get(name, lambda: Talk(state=state()))()
    profile = begun.printer._profile.name
    till = Till("till1", family="thermal", profile=profile, start=begun.moment)
    till.register.state = begun.register.state.model_copy(deep=True)
    if name in OPENED:  # the gateway knows a receipt only if it was opened through it
        till.register.state.transaction = None
        till.register.state.face = ThermalMemory.of(till.register.state.face).model_copy(update={"state": State.IDLE})

    async def main() -> None:
        async with thermal_counter(tmp_path, till, profile=profile) as it:
            talk = await program(it)
            await talk.follow(*OPENED.get(name, ()))
            mode = begun.printer._machine.mode
            await talk.raw(sequence(f"{mode}#e") + ENQ)
            while len(answer := await talk.answer() or "") != 2:
                assert "#Z" in answer
            for index, (sent, answered) in enumerate(CONVERSATIONS[name].exchanges):
                if not sent:
                    continue
                other = exceptions(name, sent, as_emulated(answered))
                expected = known(as_emulated(answered) if other is None else other)
                expected = OTHERWISE.get((name, index), expected)
                await talk.raw(sent)
                got = b""
                with anyio.move_on_after(20):
                    while not expected or len(known(got)) < len(expected):
                        got += await talk.line.receive()
                assert known(got) == expected, f"exchange {index}: {sent!r}"

    virtual.run(main())
