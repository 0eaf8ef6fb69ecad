"""The Thermal face: each command of a program, and what the printer behind makes of its documents."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from fiscald.emulator.faults import Fault, FaultKind
from fiscald.gateway import FAMILIES
from fiscald.gateway.faces import FACES
from fiscald.model.jobs import JobState
from fiscald.model.problems import problem
from tests.engine.shop import Till
from tests.gateway.counter import Counter
from tests.gateway.thermal import DONE, END, FAILED, FINISHED, LINE, OPEN, at_the_counter, program


def test_every_family_of_the_settings_has_a_face() -> None:
    assert tuple(FACES) == FAMILIES
    assert [face.family for face in FACES.values()] == list(FAMILIES)


@pytest.mark.parametrize("family", ["posnet", "thermal", "novitus-xml"])
def test_a_receipt_comes_out_of_any_printer(tmp_path: Path, family: str) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        lines = ("1$lKawa|1.|A/10/10/", "2$lBułka|3. szt|B/1.50/4.50/")
        assert await talk.sell(*lines, end="0;0;0;0;0;0;0;0;1;0;0;1;$y001|Jan||VISA|14.50/0/0/0/14.50/0/") == 0
        (job,) = await it.jobs()
        assert job.state is JobState.DONE
        assert job.key.startswith("gateway/till1/serial/")
        state = it.till.register.state
        assert (state.day.receipt_count, state.day.receipts[:2]) == (1, [1000, 450])
        fields = await talk.counters()
        assert fields[0].split(";")[3] == "1", "the last receipt is finished"
        assert fields[8:11] == ["1", "10.00", "4.50"]
        assert await talk.enq() == FINISHED

    at_the_counter(tmp_path, story, Till("till1", family=family))


def test_nothing_is_submitted_before_the_closing_command(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.follow("0$h", LINE, "1;1$b5/VISA|")
        assert await talk.enq() == OPEN
        assert await it.jobs() == []
        assert await talk.error("0$e") == 0
        assert await talk.enq() == DONE, "neither open nor finished"
        assert (await it.jobs(), it.sheets) == ([], [])

    at_the_counter(tmp_path, story)


def test_a_program_that_vanishes_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.follow("0$h", LINE)
        await talk.close()
        again = await program(it)
        assert await again.enq() == OPEN, "a printer keeps the open receipt"
        await again.follow("0$e")
        assert await again.sell(LINE, end=END) == 0
        assert [job.document.type for job in await it.jobs()] == ["receipt"]
        assert it.till.register.state.day.receipts[0] == 500

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize(
    ("command", "number"),
    [
        ("1$lKawa|1.|E/10/10/", 18),  # an inactive rate
        ("1$lKawa|1.|A/0/0/", 19),
        ("1$lKawa|2.|A/10/19.99/", 20),
        ("1$l|1.|A/10/10/", 16),
        ("2$lKawa|1.|A/10/10/", 4),
        ("1;1$lKawa|1.|A/10/10/20/", 20),
        ("0$lKawa|1.|A/10/10/", 22),
        ("1;0$e000|0/1/", 23),
        ("1;8$b1/EUR|", 255),
        ("0$h", 95),
        ("1;26;11;22#r", 95),
        ("0#i5/", 95),
        ("12$z", 82),
        ("11$d1/", 22),
    ],
)
def test_a_wrong_command_gets_the_printers_number(tmp_path: Path, command: str, number: int) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.follow("0$h")
        assert await talk.error(command) == number
        assert await talk.error(LINE) == 0, "the receipt goes on"
        assert await talk.error(END) == 0
        assert it.till.register.state.day.receipts[0] == 500

    at_the_counter(tmp_path, story)


def test_wrong_sums_at_the_end_leave_the_receipt_open(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.follow("0$h", LINE)
        assert await talk.error("1;0$e000|0/4/") == 27
        assert await talk.enq() == 0x6A, "open, and the last command failed"
        assert await talk.error("1;0$e00|0/5/") == 25
        assert await talk.error(END) == 0

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize(
    "command",
    ["26;11;22;10;5;0$c", "4$p23/8/5/0/", "0$fSklep\xff", "#t", "27#s", "#u", "99#s", "$gKawa|A/", "1;255;0;1$wtekst|"],
)
def test_what_a_gateway_does_not_pass_on_is_unknown(tmp_path: Path, command: str) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        assert await talk.error(command.replace("\xff", "")) in (255, 3, 12)
        assert (await it.jobs(), it.sheets) == ([], [])

    at_the_counter(tmp_path, story)


def test_a_printer_without_the_buyers_nip_refuses_it_at_once(tmp_path: Path) -> None:
    """An old POSNET printer prints no NIP, and neither does this face then."""

    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.follow("0$h")
        assert await talk.error("1$N5260250274|") == 255
        await talk.follow(LINE, END)

    at_the_counter(tmp_path, story, Till("till1", family="thermal"))


def test_without_a_licence_no_receipt_opens(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        it.shop.gate.problem = problem("licence.unregistered", reason="none")
        talk = await program(it)
        assert await talk.error("0$h") == 40
        assert await talk.enq() == FAILED
        assert await talk.error("1;26;11;22#r") != 40, "a day can always be closed"

    at_the_counter(tmp_path, story)


def test_everything_on_a_receipt_reaches_the_document(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        lines = (
            "1$N526-025-02-74|",
            "1;1;16;1$lKawa|2. szt|A/10/20/2/Stały klient|mielona|",
            "2$lSok|1.|B/5/5/",
            "3$lSok|1.|B/5/5/",
            "0$lSok|1.|B/5/5/",
            "6$d2/12|4|",
            "6$d1/7|1|",
            "7$d1/7|1|",
            "1;1$b10/Visa|",
            "1;4$b5/Bony|",
            "1;0$b10/|",
        )
        end = "2;0;0;0;1;1;0;1;2;0;1;1;4;0$y7|Anna|4711|Dziękujemy|Zapraszamy|Visa|Bony|12|4|23/0/10/10/10/5/0/2/"
        assert await talk.sell(*lines, end=end) == 0
        (job,) = await it.jobs()
        assert job.document.model_dump(mode="json", exclude_defaults=True, by_alias=True) == {
            "lines": [
                {"name": "Kawa", "quantity": "2", "unit": "szt", "price": "10.00", "vat": "A",
                 "discount": {"amount": "2.00", "name": "Stały klient"}, "description": "mielona"},
                {"name": "Sok", "price": "5.00", "vat": "B"},
                {"name": "Sok", "price": "5.00", "vat": "B"},
                {"name": "Sok", "price": "5.00", "vat": "B", "storno": True},
            ],
            "discount": {"amount": "2.30", "name": "10 %"},
            "total": "20.70",
            "packaging": [{"number": "12", "price": "0.50", "quantity": "4"}],
            "payments": [
                {"type": "card", "amount": "10.00", "name": "Visa"},
                {"type": "other", "amount": "5.00", "name": "Bony"},
                {"type": "cash", "amount": "10.00"},
            ],
            "buyer": {"nip": "5260250274"},
            "cashier": "Anna", "register": "7", "system_number": "4711", "footer": ["Dziękujemy", "Zapraszamy"],
        }  # fmt: skip
        assert it.till.receipts == 1

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize(
    ("commands", "documents"),
    [
        (["0#i50/"], [{"amount": "50.00"}]),
        (["0#i50/", "0#d10/"], [{"amount": "50.00"}, {"amount": "10.00"}]),
        (["1$d"], [{}]),
        (["0#i9/", "0#z7/"], [{"amount": "9.00"}, {"amount": "7.00"}]),
        (["1;26;11;22#r"], [{}]),
        (["#r"], [{}]),
        (["0#kI|Anna|"], [{"shift": "I", "cashier": "Anna"}]),
        (["23#kI|Anna|"], [{"shift": "I", "cashier": "Anna", "reset": False}]),
        (["#w2.50|"], [{"items": [{"name": "Opakowanie zwrotne", "price": "2.50", "returned": True}]}]),
        (["0;22;2$w", "22;14$wZamówienie 17|", "22;254;1$w", "22;255$w", "1;22;0;1$wdo widzenia|"],
         [{"title": "Pokwitowanie", "lines": ["Zamówienie 17", {"rule": True}, "", "do widzenia"]}]),
    ],
)  # fmt: skip
def test_other_documents_become_jobs(tmp_path: Path, commands: list[str], documents: list[object]) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.follow(*commands)
        jobs = await it.jobs()
        assert [job.state for job in jobs] == [JobState.DONE] * len(jobs)
        found = [job.document.model_dump(mode="json", exclude_defaults=True) for job in jobs]
        assert found == documents

    at_the_counter(tmp_path, story)


def test_reports_of_the_memory_by_dates_months_and_numbers(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.sell(LINE, end=END)
        await talk.follow("#r", "26;11;1;26;11;22;1#o", "16#o1/1/", "17#o1/1/")
        assert await talk.error("26;11;22;26;11;1#o") == 4
        found = [job.document.model_dump(mode="json", exclude_defaults=True, by_alias=True) for job in await it.jobs()]
        assert found[2:] == [
            {"from": "2026-11-01", "to": "2026-11-22", "summary": True},
            {"from": 1, "to": 1},
            {"from": 1, "to": 1, "summary": True},
        ]
        assert await talk.error("26;10;1;26;10;31;6#o") != 0, "no daily report of that month"
        assert (await it.jobs())[-1].document.type == "monthly_report"

    at_the_counter(tmp_path, story, Till("till1", family="thermal"))


def test_a_report_of_another_day_is_refused(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        assert [await talk.error("1;26;11;21#r"), await talk.error("1#r")] == [7, 3]
        assert await it.jobs() == []

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize(("family", "number"), [("thermal", 32), ("posnet", 37)])
def test_a_slip_for_more_than_the_drawer_holds_is_refused(tmp_path: Path, family: str, number: int) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        assert await talk.error("0#d50/") == number

    at_the_counter(tmp_path, story, Till("till1", family=family))


def test_lines_after_a_short_closing_come_on_their_own_sheet(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.follow("0$h", LINE, "1;0$b5/|")
        assert await talk.error("0;3;0;0;0;0;0;0;0;0;1;0$y1|Jan||5/0/0/5/0/") == 0
        assert await talk.enq() == FINISHED, "it is registered"
        assert it.till.receipts == 1
        assert await talk.error("0$h") == 82, "its sheet goes on"
        await talk.follow("20;1$z120|", "24;1$zZapraszamy|", "28$z")
        assert [sheet.kind for sheet in it.sheets] == ["receipt", "form"]
        assert "Zapraszamy" in it.sheets[1].text
        assert "Punkty" in it.sheets[1].text
        assert await talk.sell(LINE, end=END) == 0

    at_the_counter(tmp_path, story)


def test_a_logged_in_cashier_is_on_receipts_and_no_slip_comes(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.follow("#pAnna|7|")
        await talk.sell(LINE, end=END)
        await talk.follow("#qAnna|7|")
        await talk.sell(LINE, end="1;0$e312|0/5/")
        found = [job.document.model_dump(mode="json", by_alias=True) for job in await it.jobs()]
        assert [(each["register"], each["cashier"]) for each in found] == [("7", "Anna"), ("3", "12")]
        assert [sheet.kind for sheet in it.sheets] == ["receipt", "receipt"]

    at_the_counter(tmp_path, story)


def test_a_receipt_is_given_up_after_twenty_minutes(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.follow("0$h", LINE)
        await anyio.sleep(20 * 60 + 1)
        assert await talk.error(END) == 96
        assert (await it.jobs(), it.sheets) == ([], [])

    at_the_counter(tmp_path, story)


def test_a_receipt_that_fails_behind_is_gone_and_the_program_learns_it(tmp_path: Path) -> None:
    """The printer behind has a daily report of a person in between, and then refuses a rate that was locked."""

    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.follow("0$h", LINE)
        it.till.device.faults.plan(Fault(act=FaultKind.KEYPAD_CANCEL, command="trend"))
        assert await talk.error(END) == 37
        assert await talk.enq() == FAILED, "nothing open, nothing finished"
        assert it.till.receipts == 0
        assert await talk.sell(LINE, end=END) == 0
        assert it.till.receipts == 1

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize("mode", [0, 1])
def test_without_answers_a_program_asks_what_became_of_it(tmp_path: Path, mode: int) -> None:
    """An error stops nothing, also in the mode in which a printer waits for a key: there is no key here."""

    async def story(it: Counter) -> None:
        talk = await program(it, mode)
        for command in ("0$h", "1$lBilet|1.|A/5/4/"):
            await talk.send(command)
        assert await talk.enq() == 0x6A
        assert await talk.say("#n") == "1#E20"
        await talk.send(LINE)
        await talk.send(END)
        assert await talk.enq() == FINISHED
        assert it.till.receipts == 1
        assert it.sheets[-1].kind == "receipt"

    at_the_counter(tmp_path, story)


def test_percent_off_a_rate_and_a_subtotal_is_one_discount(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.follow("0$h", LINE, "0;1;5$L5/10/")
        assert await talk.error("2$lSok|1.|A/1/1/") == 82, "a document has its discount after the last line"
        assert await talk.error("1;0$Y4.50/10/") == 82
        assert await talk.error("1;10$e000|0/4.50/") == 27
        assert await talk.error("1;0$e000|0/4.50/") == 0
        assert it.till.register.state.day.receipts[0] == 450
        await talk.follow("0$h", LINE, "2$lSok|1.|B/5/5/")
        assert await talk.error("0;1$L5/10/") == 82, "not everything was sold at that rate"
        assert await talk.error("3$Y10/1/") == 0
        assert await talk.error("1;0$e000|0/9/") == 0
        assert (await talk.counters())[9:11] == ["9.00", "4.50"], "spread by the value of the lines"

    at_the_counter(tmp_path, story)


def test_a_storno_that_the_printer_behind_would_refuse_is_refused_at_once(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.follow("0$h", "1$lSok|3.|A/5/15/", "2$lSok|1.|A/5/5/")
        assert await talk.error("0$lSok|2.|A/5/10/") == 22, "a Thermal printer reverses whole lines"
        assert await talk.error("0$lSok|1.|A/5/5/") == 0
        assert await talk.error("0$lSok|1.|A/5/5/") == 22, "reversed already"
        assert await talk.error("1;0$e000|0/15/") == 0

    at_the_counter(tmp_path, story, Till("till1", family="thermal"))


def test_packaging_alone_and_payments_that_leave_a_rest(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.follow("0$h", "6$d2/12|4|", "1;0$b2/|")
        assert await talk.error("0;0;0;0;0;1;0;0;0;0;1;0$y1|Jan||12|4|0/0/0/2/0/2/") == 0
        await talk.follow("0$h", LINE, "1;1$b3/VISA|")
        assert await talk.error("0;0;0;0;0;0;0;0;1;0;0;1;0$y1|Jan||VISA|5/0/0/0/3/0/") == 0
        packaging, receipt = [job.document.model_dump(mode="json", exclude_defaults=True) for job in await it.jobs()]
        assert packaging["items"] == [{"number": "12", "price": "0.50", "quantity": "4"}]
        assert [(each["type"], each["amount"]) for each in receipt["payments"]] == [("card", "3.00"), ("cash", "2.00")]

    at_the_counter(tmp_path, story, Till("till1"))


def test_the_closing_with_three_payments(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.follow("0$h", LINE)
        end = "5;0;0;3;1;1;0;0;0;0;0$x312|raz||||||Visa|||5/1/2/2/0/0/0/0/0/"
        assert await talk.error(end.replace("||||||", "|||||")) == 0
        (job,) = await it.jobs()
        found = job.document.model_dump(mode="json", exclude_defaults=True, by_alias=True)
        assert (found["discount"], found["total"]) == ({"amount": "1.00"}, "4.00")
        assert [(each["type"], each["amount"]) for each in found["payments"]] == [("cash", "2.00"), ("card", "2.00")]
        assert (found["register"], found["cashier"], found["footer"]) == ("3", "12", ["raz"])

    at_the_counter(tmp_path, story)


def test_packaging_that_the_printer_behind_prints_with_a_sale_only(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        talk = await program(it)
        await talk.follow("0$h")
        assert await talk.error("6$d2/12|4|") == 255
        await talk.follow(LINE, "6$d2/12|4|")

    at_the_counter(tmp_path, story, Till("till1", family="thermal"))
