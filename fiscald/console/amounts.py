"""Amounts as a person types them: with a comma or a point, with blanks, with the currency."""

from __future__ import annotations

from fiscald.model.money import parse_money


def money(typed: str) -> str | None:
    """The amount as the API takes it, or ``None`` if it is none."""
    text = "".join(typed.split()).replace(",", ".").lower().removesuffix("zł").removesuffix("pln")
    try:
        return f"{parse_money(text):.2f}"
    except ValueError:
        return None


def quantity(typed: str) -> str:
    """A quantity or a percentage as the API takes it; what is none stays as it is, and the API refuses it."""
    return "".join(typed.split()).replace(",", ".").removesuffix("%")
