"""The POSNET face: each command of a program, and what the printer behind makes of its documents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from fiscald.model.jobs import JobState
from tests import virtual
from tests.engine.shop import Till
from tests.gateway.counter import Counter, counter


def at_the_counter(directory: Path, story: Callable[[Counter], Awaitable[None]], till: Till | None = None) -> None:
    async def main() -> None:
        async with counter(directory, till) as it:
            await story(it)

    virtual.run(main())


@pytest.mark.parametrize("family", ["posnet", "thermal", "novitus-xml"])
def test_a_receipt_comes_out_of_any_printer(tmp_path: Path, family: str) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        lines = ("trline|naKawa|vt0|pr1000|", "trline|naBułka|vt1|pr150|il3.000|wa450|", "trpayment|ty2|wa1450|re0|")
        assert await program.sell(*lines, end="trend|to1450|fp1450|") == "trend|"
        (job,) = await it.jobs()
        assert job.state is JobState.DONE
        assert job.key.startswith("gateway/till1/serial/")
        state = it.till.register.state
        assert (state.day.receipt_count, state.day.receipts[:2]) == (1, [1000, 450])
        counters = await program.say("scnt|")
        assert "|bn1|" in counters
        assert "|bt1|" in counters

    at_the_counter(tmp_path, story, Till("till1", family=family))
