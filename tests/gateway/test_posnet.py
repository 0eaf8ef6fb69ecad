"""The POSNET face: each command of a program, and what the printer behind makes of its documents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from fiscald.model.jobs import JobState
from fiscald.model.problems import problem
from fiscald.model.receipt import Receipt
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


def test_nothing_is_submitted_before_the_closing_command(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        for command in ("trinit|bm0|", "trline|naKawa|vt0|pr1000|", "trpayment|ty0|wa1000|re0|"):
            assert "?" not in await program.say(command)
        assert "|ts16|" in await program.say("scomm|")
        assert await it.jobs() == []
        assert await program.say("prncancel|") == "prncancel|"
        assert "|ts0|" in await program.say("scomm|")
        assert (await it.jobs(), it.sheets) == ([], [])

    at_the_counter(tmp_path, story)


def test_a_program_that_vanishes_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        await program.say("trinit|bm0|")
        await program.say("trline|naKawa|vt0|pr1000|")
        await program.close()
        again = it.program()
        assert "|ts16|" in await again.say("scomm|"), "a printer keeps the open receipt"
        await again.say("prncancel|")
        assert await again.sell("trline|naSok|vt0|pr500|", end="trend|to500|") == "trend|"
        assert [job.document.type for job in await it.jobs()] == ["receipt"]
        assert it.till.register.state.day.receipts[0] == 500

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("trline|naKawa|vt4|pr1000|", "trline|?2000|"),  # an inactive rate
        ("trline|naKawa|vt0|pr0|", "trline|?2006|"),
        ("trline|naKawa|vt0|pr1000|il2.000|wa1999|", "trline|?2802|"),
        ("trline|na|vt0|pr1000|", "ERR|?3|cmtrline|fdna|"),
        ("trline|vt0|pr1000|", "ERR|?2|cmtrline|fdna|"),
        ("trline|naKawa|vt0|pr1000|rd1|rw2000|", "trline|?2801|"),
        ("trend|to1|", "trend|?2041|"),
        ("trpayment|ty9|wa100|", "trpayment|?2705|"),
        ("trinit|bm0|", "trinit|?2038|"),
        ("dailyrep|da2026-11-22|", "dailyrep|?2038|"),
        ("trpaymentcurr|wc100|wa425|ra4.25|re0|", "trpaymentcurr|?3055|"),  # of no currency
        ("nosuch|", "ERR|?1|cmnosuch|"),
        ("trfvinit|nb1|", "trfvinit|?2038|"),
    ],
)
def test_a_wrong_command_gets_the_printers_number(tmp_path: Path, command: str, answer: str) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        await program.say("trinit|bm0|")
        assert await program.say(command) == answer
        assert await program.say("trline|naSok|vt0|pr500|") == "trline|", "the receipt goes on"
        assert await program.say("trend|to500|") == "trend|"

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize(
    "command", ["rtcset|da2026-11-22;10:00|", "vatset|va23,00|", "hdrset|txSklep|", "cashstaterep|"]
)
def test_what_a_gateway_does_not_pass_on_is_locked(tmp_path: Path, command: str) -> None:
    async def story(it: Counter) -> None:
        assert (await it.program().say(command)).endswith("|?323|")

    at_the_counter(tmp_path, story)


def test_no_e_receipt_from_a_printer_without_them(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        assert await program.say("eparagonidznext|id1234|") == "eparagonidznext|?323|"
        assert await program.sell("trline|naSok|vt0|pr500|", end="trend|to500|") == "trend|"

    at_the_counter(tmp_path, story, Till("till1", family="thermal"))


def test_without_a_licence_no_receipt_opens(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        it.shop.gate.problem = problem("licence.unregistered", reason="none")
        program = it.program()
        assert await program.say("trinit|bm0|") == "trinit|?484|"
        assert await program.say("dailyrep|da2026-11-22|") != "dailyrep|?484|", "a day can always be closed"

    at_the_counter(tmp_path, story)


def test_everything_on_a_receipt_reaches_the_document(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        lines = (
            "ftrcfg|ccAnna|cn7|sn4711|bcABC123|",
            "trnipset|ni5260250274|",
            "trline|naKawa|vt0|pr1000|il2.000|wa2000|jmszt.|opmielona|rd1|rnStały klient|rw200|",
            "trline|naSok|vt1|pr500|",
            "trline|naSok|vt1|pr500|st1|",
            "trdiscntsubtot|rd1|rp1000|",
            "trpack|na12|pr50|il4.000|ne0|deButelka|",
            "trpayment|ty2|wa1000|naVisa|re0|",
            "trpayment|ty0|wa1000|re0|",
            "trpayment|ty0|wa180|re1|",
        )
        assert await program.sell(*lines, end="trend|to1620|op200|fp2000|re180|") == "trend|"
        (job,) = await it.jobs()
        assert job.document.model_dump(mode="json", exclude_defaults=True, by_alias=True) == {
            "lines": [
                {"name": "Kawa", "quantity": "2", "unit": "szt.", "price": "10.00", "vat": "A",
                 "discount": {"amount": "2.00", "name": "Stały klient"}, "description": "mielona"},
                {"name": "Sok", "price": "5.00", "vat": "B"},
                {"name": "Sok", "price": "5.00", "vat": "B", "storno": True},
            ],
            "discount": {"amount": "1.80", "name": "Rabat 10,00%"},
            "total": "16.20",
            "packaging": [{"name": "Butelka", "number": "12", "price": "0.50", "quantity": "4"}],
            "payments": [{"type": "card", "amount": "10.00", "name": "Visa"}, {"type": "cash", "amount": "10.00"}],
            "change": "1.80",
            "buyer": {"nip": "5260250274"},
            "cashier": "Anna", "register": "7", "system_number": "4711", "barcode": "ABC123",
        }  # fmt: skip
        assert it.till.receipts == 1

    at_the_counter(tmp_path, story)


def test_the_foot_of_one_receipt_is_not_under_the_next(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        await program.sell("ftrcfg|ccAnna|sn4711|", "trline|naSok|vt0|pr500|", end="trend|to500|")
        await program.sell("trline|naSok|vt0|pr500|", end="trend|to500|")
        first, second = [job.document for job in await it.jobs()]
        assert isinstance(first, Receipt)
        assert isinstance(second, Receipt)
        assert (first.cashier, first.system_number) == ("Anna", "4711")
        assert (second.cashier, second.system_number) == (None, None)

    at_the_counter(tmp_path, story)


@pytest.mark.parametrize(
    ("commands", "documents"),
    [
        (["cash|kw5000|wp1|"], [{"amount": "50.00"}]),
        (["cash|kw5000|wp1|", "cash|kw1000|wp0|"], [{"amount": "50.00"}, {"amount": "10.00"}]),
        (["opendrwr|"], [{}]),
        (["stocash|kw700|"], [{"amount": "7.00"}]),
        (["dailyrep|da2026-11-22|"], [{}]),
        (["shiftrep|shI|zr1|"], [{"shift": "I"}]),
        (["formstart|fn200|fh1|alZamówienie|", "formline|fn200|fl1|s1Żurek|s2x 2|", "formend|fn200|"],
         [{"title": "Zamówienie", "lines": ["Żurek", "x 2"]}]),
    ],
)  # fmt: skip
def test_other_documents_become_jobs(tmp_path: Path, commands: list[str], documents: list[object]) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        for command in commands:
            assert "?" not in await program.say(command)
        jobs = await it.jobs()
        assert [job.state for job in jobs] == [JobState.DONE] * len(jobs)
        found = [job.document.model_dump(mode="json", exclude_defaults=True) for job in jobs]
        assert found == documents

    at_the_counter(tmp_path, story)


def test_a_report_of_another_day_is_refused(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        assert await it.program().say("dailyrep|da2026-11-21|") == "dailyrep|?2022|"
        assert await it.jobs() == []

    at_the_counter(tmp_path, story)


def test_a_refused_job_gives_the_printers_own_number(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        assert await it.program().say("cash|kw5000|wp0|") == "cash|?503|", "more than is in the drawer"

    at_the_counter(tmp_path, story)


def test_lines_of_the_footer_after_the_close_come_on_their_own_sheet(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        assert await program.sell("trline|naSok|vt0|pr500|", end="trend|to500|fe0|") == "trend|"
        assert "|feT|" in await program.say("strns|")
        assert await program.say("trftrln|id25|naZapraszamy|") == "trftrln|"
        assert await program.say("trftrend|") == "trftrend|"
        assert [sheet.kind for sheet in it.sheets] == ["receipt", "form"]
        assert "Zapraszamy" in it.sheets[1].text

    at_the_counter(tmp_path, story)


def test_the_face_shows_the_printer_behind(tmp_path: Path) -> None:
    async def story(it: Counter) -> None:
        program = it.program()
        assert await program.say("vatget|") == "vatget|va23,00|vb8,00|vc5,00|vd0,00|ve101,00|vf101,00|vg100,00|"
        assert "nuEMU 0000000007" in await program.say("getrealid|")
        assert (await program.say("rtcget|")).startswith("rtcget|da2026-11-22;10:0")
        assert "|fsT|" in await program.say("sfsk|")
        assert await program.say("!sdev|") == "sdev|ds0|cp1|qe1|pe0|"
        assert "|pa" not in await program.say("stot|"), "nothing is invented"

    at_the_counter(tmp_path, story, Till("till1", 7))


def test_another_programs_receipt_shows_after_the_close(tmp_path: Path) -> None:
    """An application prints through the API while the program's receipt is open."""

    async def story(it: Counter) -> None:
        program = it.program()
        await program.say("trinit|bm0|")
        await program.say("trline|naSok|vt0|pr500|")
        await it.shop.print("API/1")
        assert "|bn0|" in await program.say("scnt|")
        assert await program.say("trend|to500|") == "trend|"
        assert "|bn2|" in await program.say("scnt|")

    at_the_counter(tmp_path, story)
