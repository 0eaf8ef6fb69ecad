"""Prompts on the display: shown in Polish and English, removed by the answer; and automatic confirmation."""

from __future__ import annotations

from typing import Any

import pytest

from fiscald.emulator.device import Display
from fiscald.emulator.running import EmulatedPrinter
from tests.emulator.posnet.talking import Talk
from tests.emulator.thermal.talking import Talk as ThermalTalk

WATER = "1$lWoda|1.|A/2/2/"


def online() -> Talk:
    talk = Talk()
    talk.sell(["trline|naWoda|vt0|pr200|"], "trend|to200|")
    return talk


def invoice() -> Talk:
    talk = Talk(profile="old")
    talk.say("trfvinit|nb1/2026|naNabywca|")
    talk.say("trline|naWoda|vt0|pr200|")
    return talk


def thermal() -> ThermalTalk:
    talk = ThermalTalk()
    talk.sell([WATER], "1;0$e000|0/2/")
    return talk


def thermal_in_mode(mode: int) -> ThermalTalk:
    return ThermalTalk(mode=mode)


#: A printer, the command that asks, what stands on the display, and the answers to a yes and to a no.
QUESTIONS: dict[str, tuple[Any, str, Display, list[str], list[str]]] = {
    "posnet report": (
        online, "dailyrep|", Display("Drukować raport dobowy? Data: 2026-10-09", "print the daily report of 2026-10-09?"),
        ["dailyrep|"], ["dailyrep|?30|"],
    ),
    "posnet rates": (
        Talk, "vatset|va22,00|", Display("Zapisać stawki PTU?", "programme these VAT rates?"), ["vatset|"], ["vatset|?30|"],
    ),
    "posnet invoice": (invoice, "trend|to200|", Display("Drukować fakturę?", "print the invoice?"), ["trend|"], ["trend|?10|"]),
    "thermal report": (
        thermal, "#r", Display("Drukować raport dobowy ? 2026-07-15", "print the daily report of 2026-07-15?"), ["0#Z#r"], ["37#Z#r"],
    ),
    "thermal rates": (
        ThermalTalk, "7$p22/7/5/0/100/101/101/", Display("Zapisać stawki PTU ?", "programme these VAT rates?"), ["0#Z$p"], ["0#Z$p"],
    ),
    "thermal error": (
        lambda: thermal_in_mode(2), WATER, Display('Błąd rozkazu: "$l" Kod błędu: 21', 'error 21 of the command "$l"; any key'),
        ["21#Z$l"], ["21#Z$l"],
    ),
    "thermal unknown": (
        lambda: thermal_in_mode(0), "0$o30/|", Display('Błąd rozkazu: "$o" Kod błędu: 255', 'error 255 of the command "$o"; any key'),
        [], [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("confirm", [True, False])
@pytest.mark.parametrize("name", QUESTIONS)
def test_a_prompt_is_shown_once_and_waits(name: str, confirm: bool) -> None:
    made, command, display, confirmed, denied = QUESTIONS[name]
    talk = made()
    told: list[Display] = []
    talk.printer.on_question = told.append
    assert talk.printer.display is None
    talk.send(command)
    assert talk.receive() == []
    assert talk.receive() == []
    assert told == [display]
    assert talk.printer.display == display
    talk.printer.press(confirm=confirm)
    assert talk.receive() == (confirmed if confirm else denied)
    assert talk.printer.display is None


@pytest.mark.parametrize("name", QUESTIONS)
def test_auto_confirm_answers_every_question_with_yes(name: str) -> None:
    made, command, display, confirmed, _ = QUESTIONS[name]
    talk = made()
    told: list[Display] = []
    talk.printer.on_question = told.append
    talk.printer.auto_confirm = True
    talk.send(command)
    assert talk.receive() == confirmed
    assert told == [display], "it is shown all the same"
    assert talk.printer.display is None
    assert not talk.printer.awaits_key


def test_a_power_cut_removes_the_prompt() -> None:
    talk = online()
    talk.send("dailyrep|")
    assert talk.printer.display is not None
    talk.printer.power(on=False)
    talk.printer.power(on=True)
    assert talk.printer.display is None


def test_a_planned_prompt_is_not_confirmed_automatically() -> None:
    """The condition ``wait_key`` is what a test wants to see."""
    talk = Talk()
    talk.printer.auto_confirm = True
    talk.printer.faults.switches.add("wait_key")  # type: ignore[arg-type]
    talk.send("trinit|")
    assert talk.receive() == []


def test_several_prompts_in_one_command() -> None:
    talk = online()
    talk.printer.auto_confirm = True
    for command in ("dailyrep|", "vatset|va22,00|", "scomm|"):
        talk.send(command)
    assert [answer.split("|")[0] for answer in talk.receive()] == ["dailyrep", "vatset", "scomm"]


@pytest.mark.fiscal_printer(auto_confirm=True)
def test_the_fixture_can_confirm_too(fiscal_printer: EmulatedPrinter, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.emulator.test_world import Host

    host = Host(fiscal_printer)
    assert host.ask("vatset|va22,00|") == "vatset|"
    host.close()
    assert fiscal_printer.display is None
    assert fiscal_printer.notices == ["the display asks: Zapisać stawki PTU? (programme these VAT rates?)"]
    assert "emulated printer: the display asks: Zapisać stawki PTU?" in capsys.readouterr().err
