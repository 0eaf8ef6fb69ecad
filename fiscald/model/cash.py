"""Documents about the cash in the drawer, and the drawer itself."""

from __future__ import annotations

from typing import ClassVar, Literal

from fiscald.model.about import About, BaseDocument, Fiscal, Sheet, Verb
from fiscald.model.money import PositiveMoney
from fiscald.model.rights import Right


class CashIn(BaseDocument):
    """Cash put into the drawer."""

    about: ClassVar = About(
        right=Right.PRINT,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.CONTENT,
        verb=Verb(("cash", "in"), "Put AMOUNT (like 50.00) into the drawer and print a slip."),
        example={"amount": "200.00"},
    )

    type: Literal["cash_in"] = "cash_in"
    amount: PositiveMoney


class CashOut(BaseDocument):
    """Cash taken from the drawer."""

    about: ClassVar = About(
        right=Right.PRINT,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.CONTENT,
        verb=Verb(("cash", "out"), "Take AMOUNT (like 50.00) out of the drawer and print a slip."),
        example={"amount": "50.00"},
    )

    type: Literal["cash_out"] = "cash_out"
    amount: PositiveMoney


class GoodsReturn(BaseDocument):
    """A slip for money paid back for returned goods. It is not a fiscal document in Poland."""

    about: ClassVar = About(
        right=Right.PRINT,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.CONTENT,
        verb=Verb(("return",), "Print a slip for AMOUNT paid back for returned goods."),
        example={"amount": "12.00"},
    )

    type: Literal["goods_return"] = "goods_return"
    amount: PositiveMoney


class Drawer(BaseDocument):
    """Open the cash drawer."""

    about: ClassVar = About(
        right=Right.PRINT,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.NONE,
        verb=Verb(("drawer",), "Open the cash drawer."),
        example={},
    )

    type: Literal["drawer"] = "drawer"
