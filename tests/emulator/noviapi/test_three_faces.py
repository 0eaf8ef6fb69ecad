"""The same receipt through the three protocols of one printer: the same paper, totals and drawer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random

import pytest

from fiscald.emulator.memory import RegisterState
from fiscald.emulator.register import Register
from fiscald.model.money import line_value
from tests.emulator.noviapi.talking import Talk as ApiTalk
from tests.emulator.novitus_xml.talking import AT
from tests.emulator.novitus_xml.talking import Talk as XmlTalk
from tests.emulator.thermal.talking import Talk as ThermalTalk

#: Per cent of a discount by line; none for most.
PERCENT = (0, 0, 5, 10, 33)


def money(value: int) -> str:
    return f"{value // 100}.{value % 100:02}"


@dataclass
class Line:
    name: str
    rate: str
    price: int
    quantity: Decimal
    percent: int

    @property
    def value(self) -> int:
        return line_value(self.price, self.quantity)

    @property
    def classic(self) -> str:
        change = f"{self.percent}/|" if self.percent else ""
        return f"{self.name}|{self.quantity}|{self.rate}/{money(self.price)}/{money(self.value)}/{change}"

    @property
    def xml(self) -> str:
        change = f'<discount value="{self.percent}%" name="specjalny" action="discount"/>' if self.percent else ""
        return (
            f'<item name="{self.name}" quantity="{self.quantity}" ptu="{self.rate}" price="{money(self.price)}" '
            f'total="{money(self.value)}">{change}</item>'
        )

    @property
    def api(self) -> dict[str, object]:
        change = {"type": "percent_discount", "value": str(self.percent), "name": "specjalny"}
        article: dict[str, object] = {
            "name": self.name, "ptu": self.rate, "price": money(self.price), "quantity": str(self.quantity),
            "value": money(self.value),
        }  # fmt: skip
        return {"article": article | ({"discount_markup": change} if self.percent else {})}


def lines(dice: Random) -> list[Line]:
    found = []
    for number in range(dice.randint(1, 6)):
        rate = dice.choice("ABCDG")
        quantity = Decimal(dice.choice(("1", "2", "0.333", "1.5", "12")))
        found.append(Line(f"Towar {number} {rate}", rate, dice.randint(1, 99_999), quantity, dice.choice(PERCENT)))
    return found


def signed(register: Register) -> None:
    """The same cashier at the same till."""
    register.state.cashier, register.state.till = "Jan", "5"


def outcome(register: Register) -> tuple[str, list[int], int, int]:
    state: RegisterState = register.state
    return register.printouts[-1].text, list(state.day.receipts), state.day.receipt_count, state.cash


@pytest.mark.parametrize("seed", range(60))
def test_paper_totals_and_drawer_are_the_same_on_every_face(seed: int) -> None:
    dice = Random(seed)
    sale = lines(dice)
    thermal = ThermalTalk(AT, profile="novitus")
    thermal.follow("0$h")
    for number, line in enumerate(sale, 1):
        thermal.follow(f"{number};2;1$l{line.classic}" if line.percent else f"{number}$l{line.classic}")
    total = thermal.register.sale.transaction.total
    card, cash = dice.choice([(0, 0), (total, 0), (total // 2, total - total // 2 + 500)])
    thermal.follow(*([f"1;1$b{money(card)}/VISA|"] if card else []), *([f"1;0$b{money(cash)}/|"] if cash else []))
    signed(thermal.register)
    assert thermal.printer.foreign_end(total)

    xml = XmlTalk(AT)
    signed(xml.register)
    paid = (f'<payment type="card" action="add" value="{money(card)}" name="VISA"/>' if card else "") + (
        f'<payment type="cash" action="add" value="{money(cash)}"/>' if cash else ""
    )
    end = f'<receipt action="close" total="{money(total)}"/>'
    assert xml.error('<receipt action="begin"/>' + "".join(line.xml for line in sale) + paid + end) == 0

    api = ApiTalk(at=datetime.fromisoformat(AT))
    signed(api.register)
    payments = ([{"card": {"name": "VISA", "value": money(card)}}] if card else []) + (
        [{"cash": {"value": money(cash)}}] if cash else []
    )
    receipt = {
        "items": [line.api for line in sale],
        "summary": {"total": money(total), "pay_in": money(card + cash or total)},
    } | ({"payments": payments} if payments else {})
    assert api.program().do("receipt", receipt)["status"] == "DONE"

    assert outcome(xml.register) == outcome(thermal.register)
    assert outcome(api.register) == outcome(thermal.register)
