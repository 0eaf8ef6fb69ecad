"""``fiscald demo --keep``: a newcomer registers, prints, pulls the cable and decides, with what the terminal says."""

from __future__ import annotations

from pathlib import Path

import pytest

from fiscald.api.client import Client
from fiscald.cli.demo_stay import Disturbed
from fiscald.emulator.running import EmulatedPrinter
from tests.daemons import RECEIPT
from tests.end_to_end.demo import demo
from tests.waiting import until


@pytest.mark.slow  # a process with a daemon, a printer and a vendor
def test_a_newcomer_registers_prints_and_decides() -> None:
    with demo() as (terminal, process):
        socket = Path(terminal.read(r"/\S+/fiscald\.sock"))
        assert "/console/sign-in?link=" in terminal.read(r"http://127\.0\.0\.1:\S+")
        number = terminal.read(r"^  ([0-9A-Z]{5}-){5}[0-9A-Z]{4}$").strip()
        terminal.read("fiscalctl --socket .* status")
        with Client(socket) as client:
            assert client.licence()["state"] == "unregistered"
            client.licence_step("recovery", email="anna@example.pl", lang="en")
            terminal.read(r"a mail to anna@example\.pl: ")
            assert client.licence_step("registration", number=number)["state"] == "active"
            assert client.submit("A/1", "till1", RECEIPT, wait=30).state == "done"
            terminal.read("P A R A G O N   F I S K A L N Y")
            for line, state in (("cable out", "offline"), ("cable in", "ready"), ("paper out", "paper_out"),
                                ("paper in", "ready")):  # fmt: skip
                terminal.type(line)
                until(client, state)
            terminal.type("accident")
            terminal.read("it happens to the next receipt")
            job = client.submit("A/2", "till1", RECEIPT, wait=60)
            assert (job.state, job.error and (job.error.model_extra or {}).get("cause")) == (
                "undecided",
                "report_between",
            )
            terminal.type("quit")
        assert process.wait(30) == 0


@pytest.mark.slow  # a process with a daemon, a printer and a vendor
def test_the_shop_stays_open_without_a_terminal() -> None:
    with demo() as (terminal, process):
        socket = Path(terminal.read(r"/\S+/fiscald\.sock"))
        terminal.read("fiscalctl --socket .* status")
        assert process.stdin is not None
        process.stdin.close()
        with Client(socket) as client:
            until(client, "ready")
        assert process.poll() is None


def test_a_wrong_line_lists_what_there_is() -> None:
    with EmulatedPrinter() as printer:
        disturbed = Disturbed(printer)
        for line in ("help", "paper", "cable up", "paper out now"):
            assert "paper out" in disturbed.do(line)
            assert "accident" in disturbed.do(line)
        assert disturbed.do("") == ""
        assert disturbed.do(" PAPER  Out ") == "the roll is empty"
        disturbed.do("accident")
        disturbed.do("accident")
        disturbed.go_on()
        assert [each.act for each in printer.planned] == ["drop_after"]
