"""The Thermal face: what it shows of the printer behind, and of its day."""

from __future__ import annotations

from pathlib import Path

from tests import virtual
from tests.engine.shop import Till
from tests.gateway.counter import Counter
from tests.gateway.thermal import END, LINE, at_the_counter, program, thermal_counter


def test_the_face_shows_the_printer_behind(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        fields = await talk.counters()
        assert fields[1:9] == ["23.00", "08.00", "05.00", "00.00", "101.00", "101.00", "100.00", "0"]
        assert fields[-1].startswith("EMU 0000000007")
        assert (await talk.say("#c")).startswith("1#C26;11;22;10;0")
        assert await talk.say("#v") == "1#RPOSNET Thermal/2.02"
        assert (await talk.say("50#s")).startswith("50#X0/1/0/0/0/0/")

    at_the_counter(tmp_path, story, Till("till1", 7))


def test_totals_are_those_of_every_application_and_end_with_the_day(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        await it.shop.print("API/1")
        await talk.follow("0#i50/")
        await talk.sell(LINE, end=END)
        fields = await talk.counters()
        assert fields[8:12] == ["2", "15.00", "0.00", "1.50"]
        assert fields[16] == "66.50", "fifty put in, and two receipts paid in cash"
        await talk.follow("#r")
        assert (await talk.counters())[8:12] == ["0", "0.00", "0.00", "0.00"]

    at_the_counter(tmp_path, story)


def test_another_programs_receipt_shows_after_the_close(tmp_path: Path) -> None:
    """An application prints through the API while the program's receipt is open."""

    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.follow("0$h", LINE)
        await it.shop.print("API/1")
        assert (await talk.counters())[8:10] == ["0", "0.00"]
        assert (await talk.say("22#s")).split("/")[9] == "5.00", "the open receipt"
        assert await talk.error(END) == 0
        assert (await talk.counters())[8:10] == ["2", "15.00"]

    at_the_counter(tmp_path, story)


def test_a_long_day_is_read_from_the_journal_after_a_start(tmp_path: Path) -> None:
    """More receipts than one reading of the journal has, and those of the day before do not count."""

    async def main() -> None:
        till = Till("till1")
        async with thermal_counter(tmp_path, till) as it:
            await it.shop.print("API/0")
            await (await program(it)).follow("#r")
            for number in range(1, 61):
                await it.shop.print(f"API/{number}")
        async with thermal_counter(tmp_path, till) as it:
            assert (await (await program(it)).counters())[8:12] == ["60", "600.00", "0.00", "90.00"]

    virtual.run(main())
