"""A training printer prints NIEFISKALNY on every document, keeps no fiscal record, and reports training mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import RegisterState
from fiscald.emulator.paper import Printout
from tests.emulator.posnet.talking import Talk
from tests.emulator.thermal.talking import Talk as ThermalTalk
from tests.emulator.thermal.talking import framed

TRAINING = "N I E F I S K A L N Y"


def posnet(talk: Talk) -> list[Printout]:
    """Every kind of document."""
    old = talk.printer._profile.name == "old"
    talk.sell(["trline|naKawa|vt0|pr100|", "trpack|na1|pr50|il1|"], "trend|to100|op50|")
    talk.say("trinit|")
    talk.say("trline|naKawa|vt0|pr100|")
    talk.say("prncancel|")
    talk.say("trpackinit|")
    talk.say("trpack|na1|pr50|il1|")
    talk.say("trend|to0|op50|")
    for number, end in ((1, "trend|to100|"), (2, "prncancel|")):
        begin = f"trfvinit|{f'nb{number}/2026|naNabywca|' if old else ''}"
        for command in (begin, "trline|naKawa|vt0|pr100|", end):
            talk.send(command)
            talk.printer.press(confirm=True)
            assert "?" not in talk.receive()[0], command
    for command in (
        "formstart|fn200|fh75|", "formline|fn200|fl711|s1X|", "formend|fn200|", "cash|kw100|wp1|", "cash|kw50|wp0|", "stocash|kw10|",
        "login|naANNA|nk1|dr1|", "logout|", "shiftrep|sh1|zr0|", "cashstaterep|", "dailyrep|da2026-10-09|",
    ):  # fmt: skip
        assert "?" not in talk.say(command), command
    return talk.register.printouts


def thermal(talk: ThermalTalk) -> list[Printout]:
    """Every kind of document."""
    talk.sell(["1$lKawa|1.|A/1/1/", "6$d0.50/1|1.|"], "1;0$e000|0/1/")
    talk.follow("0$h", "1$lKawa|1.|A/1/1/", "0$e", "0$h", "6$d0.50/1|1.|", "0$e")
    talk.sell(["6$d0.50/1|1.|"], "1;0$e000|0/0/")
    talk.follow("#pJan|1|", "#qJan|1|", "0#i5/", "0#d1/", "0#z1/", "0#t", "0#k1|Jan|", "1;26;7;15#r")
    assert talk.raw(framed(b"0$fSKLEP\xff")) == b"\x1bP0#Z$f\x1b\\"
    talk.follow(
        "7;26;7;15$p22/7/5/0/100/101/101/"
        if talk.printer._profile.name != "novitus"
        else "7$p|Jan|22/7/5/0/100/101/101/2026-07-15;"
    )
    return talk.register.printouts


def _off(talk: Talk | ThermalTalk) -> None:
    talk.printer.faults.switches.add(Switch.NOT_FISCAL)


FACES: dict[str, tuple[Callable[..., Any], Callable[[Any], list[Printout]]]] = {
    "online": (lambda **options: Talk(profile="online", **options), posnet),
    "old": (lambda **options: Talk(profile="old", **options), posnet),
    "posnet": (lambda **options: ThermalTalk(profile="posnet", **options), thermal),
    "novitus": (lambda **options: ThermalTalk(profile="novitus", **options), thermal),
    "innova": (lambda **options: ThermalTalk(profile="innova", **options), thermal),
}


@pytest.mark.parametrize("switched", [False, True], ids=["never fiscalised", "not_fiscal"])
@pytest.mark.parametrize("face", FACES)
def test_every_document_of_a_training_printer_is_marked(face: str, switched: bool) -> None:
    made, print_everything = FACES[face]
    talk = made(state=RegisterState(fiscal=switched))
    if switched:
        _off(talk)
    sheets = print_everything(talk)
    assert len({sheet.kind for sheet in sheets}) >= 10
    for sheet in sheets:
        lines = [line.strip() for line in sheet.text.splitlines()]
        titles = [
            line
            for line in lines
            if "  " not in line.replace("   ", "") and line.replace(" ", "").isupper() and line.count(" ") >= 6
        ]
        assert TRAINING in lines, sheet.text
        assert titles.index(TRAINING) == 0, sheet.text
        for line in lines:
            words = line.replace(" ", "").replace("NIEFISKALN", "")
            assert "{PL}" not in line, sheet.text
            assert "FISKALN" not in words or "EMULATOR" in line, sheet.text
    assert talk.register.state.fiscal_memory == []
    assert talk.register.state.reports == 1


@pytest.mark.parametrize("face", FACES)
def test_the_sheets_of_a_fiscal_printer_have_no_training_mark(face: str) -> None:
    """The test above could not fail if no document of a fiscal printer were different."""
    made, print_everything = FACES[face]
    talk = made(state=RegisterState(fiscal=True))
    sheets = print_everything(talk)
    kinds = {sheet.kind for sheet in sheets if "{PL}" in sheet.text}
    assert {"receipt", "daily_report"} <= kinds
    assert all(
        TRAINING not in sheet.text.split("EMULATOR")[0] for sheet in sheets if sheet.kind in ("receipt", "daily_report")
    )
    assert len(talk.register.state.fiscal_memory) == 1


def test_periodic_reports_of_a_training_printer() -> None:
    """The records were made before; the report on them is none that counts."""
    talk = Talk()
    talk.sell(["trline|naKawa|vt0|pr100|"], "trend|to100|")
    talk.say("dailyrep|da2026-10-09|")
    _off(talk)
    assert talk.say("periodicrepbydates|fd2026-10-01|td2026-10-31|su0|") == "periodicrepbydates|"
    assert TRAINING in talk.paper
    assert "FISKALNYCH" not in talk.paper
    thermal_talk = ThermalTalk()
    thermal_talk.sell(["1$lKawa|1.|A/1/1/"], "1;0$e000|0/1/")
    thermal_talk.follow("1;26;7;15#r")
    _off(thermal_talk)
    thermal_talk.follow("26;7;1;26;7;31;0#o")
    assert TRAINING in thermal_talk.paper
