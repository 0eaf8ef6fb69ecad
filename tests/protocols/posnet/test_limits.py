"""How long a text and how large a number may be, by the tables of the POSNET reference; copied, not read from ours."""

from __future__ import annotations

from typing import Any

import pytest

from fiscald.protocols.posnet.commands import COMMANDS, Param
from fiscald.protocols.posnet.fields import Dialect, Generation, Text, ValueFault, ValueRefused

#: Section 4.3 and the tables of section 5: command, parameter, characters on ONLINE devices and on older ones.
TEXTS = """
trline      na 80 40 | trline      op 50 35 | trline      jm 4 4   | trline      rn 25 25
trdiscntsubtot na 25 25 | trdiscntbill na 25 25 | trdiscntvat na 25 25 | trdiscntpromo na 25 25
trpayment   na 25 25 | trnipset    ni 20 20 | trnipset    ds 56 56
ftrcfg      cc 32 32 | ftrcfg      cn 8 8   | ftrcfg      sn 30 30 | ftrcfg bc 30 16
login       na 32 32 | login       nk 8 8   | logout      na 32 32 | logout nk 8 8
trftrln     na 40 40 | hdrset      tx 500 500 | dsptxtline ln 20 20 | shiftrep   sh 8 8
maintenance te 30 30 | auth        co 17 17 | eparagonidznext id 128 128
qrcode      tx 4000 4000 | azteccode tx 4000 4000 | dmcode tx 4000 4000 | pdf417code tx 4000 4000
trpack      na 12 12 | trpackprnend na 12 12 | trpaymentcurr na 25 25
trfvinit    nb 40 40 | trfvinit    ni 20 20 | trfvinit    pd 38 38 | trfvinit pt 38 38 | trfvinit nm 23 23
trfvinit    sc 56 56 | trfvinit    ss 56 56 | trfvnumber  nb 40 40
"""
#: Section 4.1 and the tables of section 5: command, parameter, least and most.
NUMBERS = """
trline pr 0 9999999999 | trline wa 0 9999999999 | trend to 0 9999999999 | trpayment wa 0 9999999999
cash   kw 0 9999999999 | stocash kw 0 9999999999 | trdiscntsubtot rw 0 9999999999
trline rp 1 9999       | trdiscntbill rp 1 9999  | trline vt 0 102
qrcode px 2 8          | ftrcfg fe 0 3           | ftrcfg bb 0 2
dsptxtline id 0 1      | dspcfg co 1 16          | dspcfg lu 1 16 | dspcfg od 0 999
papfeed ln 1 20        | formstart fn 0 255      | formstart fh 0 255 | formline fn 0 255 | formline fl 0 9999
formcmd fn 0 255       | formend fn 0 255        | formbarcode fn 0 255
"""


def rows(table: str) -> list[list[Any]]:
    cells = (row.split() for row in table.replace("\n", "|").split("|") if row.strip())
    return [[command, name, int(one), int(other)] for command, name, one, other in cells]


def param(command: str, name: str) -> Param:
    return COMMANDS[command].param(name)


@pytest.mark.parametrize(("command", "name", "online", "old"), rows(TEXTS))
def test_the_longest_text(command: str, name: str, online: int, old: int) -> None:
    value = param(command, name).value
    assert isinstance(value, Text)
    for generation, most in ((Generation.ONLINE, online), (Generation.OLD, old)):
        dialect = Dialect("cp1250", generation)
        assert value.limit(generation) == most
        assert value.encode("ż" * most, dialect) == "ż".encode("cp1250") * most
        assert value.decode(b"\xbf" * most, dialect) == "ż" * most
        with pytest.raises(ValueRefused) as sent:
            value.encode("x" * (most + 1), dialect)
        with pytest.raises(ValueRefused) as received:
            value.decode(b"x" * (most + 1), dialect)
        assert sent.value.fault is received.value.fault is ValueFault.LENGTH


@pytest.mark.parametrize(("command", "name", "least", "most"), rows(NUMBERS))
def test_the_range_of_a_number(command: str, name: str, least: int, most: int) -> None:
    value, dialect = param(command, name).value, Dialect("cp1250")
    for number in (least, most):
        assert value.encode(number, dialect) == str(number).encode()
        assert value.decode(str(number).encode(), dialect) == number
    for number in {most + 1, max(least - 1, 0)} - {least}:
        with pytest.raises(ValueRefused) as sent:
            value.encode(number, dialect)
        with pytest.raises(ValueRefused) as received:
            value.decode(str(number).encode(), dialect)
        assert sent.value.fault is received.value.fault is ValueFault.CONVERSION


@pytest.mark.parametrize(
    ("command", "name", "raw"),
    [
        ("rtcget", "da", "2026-13-01;10:00"),
        ("rtcget", "da", "2026-02-30;10:00"),
        ("rtcget", "da", "2026-01-01;24:00"),
        ("rtcget", "da", "2026-01-01;10:60"),
        ("vatset", "da", "2026-02-30"),
        ("vatset", "da", "0000-01-01"),
        ("rtcget", "tm", "2026-02-30T10:00:00+01:00"),
        ("rtcget", "tm", "2026-01-01T10:00:00"),
    ],
)
def test_a_day_that_does_not_exist_is_refused_as_a_value(command: str, name: str, raw: str) -> None:
    row = COMMANDS[command]
    (value,) = (each.value for each in (*row.params, *row.reply) if each.name == name)
    with pytest.raises(ValueRefused) as error:
        value.decode(raw.encode(), Dialect("cp1250"))
    assert error.value.fault is ValueFault.CONVERSION
