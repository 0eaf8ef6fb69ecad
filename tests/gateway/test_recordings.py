"""The recorded POSNET conversations through the gateway onto an emulated POSNET printer: the same answers.

What must differ is in ``LEFT_OUT``: values that fiscald does not read from printers, so that the gateway cannot know
them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fiscald.protocols.posnet.commands import RATE_LETTERS
from tests import virtual
from tests.emulator.posnet.test_recordings import CONVERSATIONS, Clock, comparable, seeded
from tests.engine.shop import Till
from tests.gateway.counter import counter
from tests.recordings import Conversation, Exchange

#: Fields of recorded answers that a gateway does not have, by command, each with its reason.
LEFT_OUT = {
    # neutral counters have no cancelled invoices
    "scnt": {"fc"},
    # the place in the protected memory is a family's own number
    "eclastdocnoget": {"di"},
    # of the fiscal memory the status has the number of reports only
    "sfsk": {"cl", "vt", "rw", "tm"},
    # the status has no totals of the day, and nothing about its first and last sale and its other printouts
    "stot": {
        *(prefix + letter for prefix in "fp" for letter in RATE_LETTERS),
        "ct", "cc", "ds", "is", "de", "ie", "ft", "fl", "nf", "bc", "le", "oe", "tf",
    },
}  # fmt: skip


def expected(exchange: Exchange) -> str:
    parts = comparable(exchange.response).split("\t")
    return "\t".join(part for part in parts if part[:2] not in LEFT_OUT.get(exchange.mnemonic, ()) or part == parts[0])


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda c: c.name)
def test_every_answer_equals_the_recorded_one(conversation: Conversation, tmp_path: Path) -> None:
    clock = Clock(conversation.exchanges)
    dated = [index for index, each in enumerate(conversation.exchanges) if each.mnemonic in ("rtcget", "dailyrep")]
    for index in dated[:1]:
        clock.advance(index)
    till = Till("till1", start=clock.now)
    till.register.state = seeded(conversation)
    till.device.state_replaced()

    async def main() -> None:
        async with counter(tmp_path, till) as it:
            program = it.program()
            for index, exchange in enumerate(conversation.exchanges):
                answer = await program.say(exchange.command.replace("\t", "|").replace("\n", "<LF>"))
                found = comparable(answer.replace("|", "\t").replace("<LF>", "\n"))
                assert found == expected(exchange), f"exchange {index}: {exchange.command!r}"

    virtual.run(main())
