"""A printout: text that is not fiscal."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from fiscald.model.about import About, BaseDocument, Fiscal, Sheet
from fiscald.model.barcodes import Barcode
from fiscald.model.lists import MAX_LINES, BoundedLines
from fiscald.model.rights import Right
from fiscald.model.strict import Element, Strict, mistake, nearest
from fiscald.model.text import FreeText, Text


def _only_true(value: bool) -> bool:
    if not value:
        raise mistake(
            "rule.false",
            'a separator is {"rule": true}; leave the line out if you do not want one',
            "wiersz z linią jest niepotrzebny.",
        )
    return value


class Rule(Element):
    """A separator across the paper."""

    rule: Annotated[bool, Field(strict=True, json_schema_extra={"const": True}), AfterValidator(_only_true)]


class InCodePage(Strict):
    """A line in another code page, for a test page: it is readable on paper if the printer uses that code page."""

    text: Text
    code_page: Literal["cp1250", "latin2", "mazovia"]


def _line_kind(value: Any) -> str:
    if isinstance(value, InCodePage) or (isinstance(value, dict) and "code_page" in value):
        return "InCodePage"
    return "Rule" if isinstance(value, dict | Rule) else "text"


def _no_other_object(value: Any) -> Any:
    """Refuse an object that is not a separator or a misspelt one."""
    if isinstance(value, dict) and not any(nearest(name, ["rule", "code_page"]) for name in value):
        raise mistake(
            "printout.line",
            'a line is a string, or {"rule": true} for a separator{advice}',
            "wiersz wydruku ma niewłaściwą postać.",
            advice="; send the text itself as the string" if "text" in value else "",
        )
    return value


#: A line of a printout: text (``""``: an empty line), a separator, or text in another code page.
PrintoutLine = Annotated[
    Annotated[FreeText, Tag("text")] | Annotated[Rule, Tag("Rule")] | Annotated[InCodePage, Tag("InCodePage")],
    Discriminator(_line_kind),
    BeforeValidator(_no_other_object),
]


class Printout(BaseDocument):
    """A non-fiscal print: an order slip, a confirmation."""

    about: ClassVar = About(
        right=Right.PRINT,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.CONTENT,
        example={"title": "Zamówienie 17", "lines": ["Żurek x 2", "Kawa x 1", "", {"rule": True}, "stolik 4"]},
    )

    type: Literal["printout"] = "printout"
    title: FreeText | None = None
    lines: Annotated[tuple[PrintoutLine, ...], Field(min_length=1, max_length=MAX_LINES), BoundedLines]
    barcode: Barcode | None = None
