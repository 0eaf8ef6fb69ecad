"""How long a text and how large a number may be, by the tables of the Thermal reference; copied, not read from ours."""

from __future__ import annotations

from typing import Any

import pytest

from fiscald.protocols.thermal.commands import COMMANDS
from fiscald.protocols.thermal.fields import Brand, Text
from tests.emulator.thermal.talking import Talk

#: Section 4.2 and the tables of section 5: command, field, characters on a POSNET and on a Novitus.
TEXTS = """
$l    nazwa 40 40        | $l nazwa_rabatu 20 40 | $l opis 35 160
$L    nazwa 20 20        | $Y nazwa 20 20        | $n nazwa 20 20
$b 1  nazwa 16 24        | $b 2 nazwa 16 24
$e 0  numer_systemowy 30 60 | $y numer_systemowy 30 60
$y    formy 16 24        | $y opis_rabatu 16 16  | $z 20 tekst 25 25
$y    nr_kaucji_pobr 4 4 | $y nr_kaucji_zwr 4 4
#p    kasjer 32 32       | #p nr_kasy 8 8        | #k zmiana 8 8
"""
#: The tables of section 5: command, parameter, least and most.
NUMBERS = """
#e    Ps 0 4  | $l Pr 0 4  | $l Po 0 16 | $l Pd 0 1
$L    Ps 0 6  | $L Px 1 4  | $L Po 0 16 | $Y Px 1 4 | $Y Po 0 16 | $n Px 0 8
$b 1  Pfx 0 10 | $b 2 Pfx 0 10
$e 1  Pr 0 99 | $e 1 Pn 0 3 | $e 1 Px 0 4
$x    Px 0 4  | $y Pn 0 3  | $y Pc 0 3 | $y Px 0 4 | $y Pkb 0 20 | $y Pkz 0 20 | $y Pfn 0 20
$z 20 Psx 0 191 | $z 24 Pn 0 3
#r    Pm 1 12 | #r Pd 1 31 | #r Py 0 99 | #l Ps 0 20
$c    Py 0 99 | $c Pm 1 12 | $c Pd 1 31 | $c Ph 0 23 | $c Pmn 0 59 | $c Ps 0 59
"""


def rows(table: str) -> list[list[Any]]:
    found = []
    for cell in table.replace("\n", "|").split("|"):
        if cell.strip():
            *command, name, one, other = cell.split()
            found.append([" ".join(command), name, int(one), int(other)])
    return found


@pytest.mark.parametrize(("command", "name", "posnet", "novitus"), rows(TEXTS))
def test_the_longest_text(command: str, name: str, posnet: int, novitus: int) -> None:
    for brand, most in ((Brand.POSNET, posnet), (Brand.NOVITUS, novitus)):
        (value,) = (part.value for part in COMMANDS[brand][command].parts if part.name == name)
        assert isinstance(value, Text)
        assert value.limit(brand) == most


@pytest.mark.parametrize(("command", "name", "least", "most"), rows(NUMBERS))
def test_the_range_of_a_parameter(command: str, name: str, least: int, most: int) -> None:
    (param,) = (each for each in COMMANDS[Brand.POSNET][command].params if each.name == name)
    assert (param.least, param.most) == (least, most)


@pytest.mark.parametrize(
    ("command", "error"),
    [("1;3;16$lWoda|1.|A/2/2/1/x|", 0), ("1;3;17$lWoda|1.|A/2/2/1/x|", 4), ("0;3;17$L2/1/", 4), ("3;17$Y2/1/", 4)],
)
def test_the_device_refuses_a_parameter_out_of_range(command: str, error: int) -> None:
    talk = Talk()
    talk.follow("0$h", *([] if "$l" in command else ["1$lWoda|1.|A/2/2/"]))
    assert talk.error(command) == error
