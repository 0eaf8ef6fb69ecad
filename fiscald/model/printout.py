"""A printout: text that is not fiscal."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from fiscald.model.about import About, BaseDocument, Fiscal, Sheet
from fiscald.model.barcodes import Barcode, QrCode
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


class StyledText(Element):
    """A line of text with a style. A printer without the style prints the text plainly, with a notice."""

    text: FreeText
    bold: Annotated[bool, Field(strict=True)] = False
    align: Literal["left", "center", "right"] | None = Field(None, description="null: where the printer places lines")


class QrLine(Element):
    """A QR code."""

    qr: QrCode


class BarcodeLine(Element):
    """A one-dimensional code between the lines."""

    barcode: Barcode


#: The field by which a line that is an object is known; the first of these that it has.
_KINDS: dict[str, type[Strict]] = {
    "code_page": InCodePage, "rule": Rule, "qr": QrLine, "barcode": BarcodeLine, "text": StyledText
}  # fmt: skip


def _line_kind(value: Any) -> str:
    if isinstance(value, Strict):
        return type(value).__name__
    if not isinstance(value, dict):
        return "text"
    known = next((name for name in _KINDS if name in value), None)
    name = known or next((name for name in map(_misspelt, value) if name is not None), "rule")
    return _KINDS[name].__name__


def _misspelt(name: str) -> str | None:
    return nearest(name, _KINDS)


def _no_other_object(value: Any) -> Any:
    """Refuse an object that is no line of any kind, nor a misspelt one."""
    if isinstance(value, dict) and not any(map(_misspelt, value)):
        raise mistake(
            "printout.line",
            'a line is a string, or an object with "text", "rule", "qr" or "barcode"',
            "wiersz wydruku ma niewłaściwą postać.",
        )
    return value


#: A line of a printout: text (``""``: an empty line), text with a style or in another code page, a separator, a code.
PrintoutLine = Annotated[
    Annotated[FreeText, Tag("text")]
    | Annotated[StyledText, Tag("StyledText")]
    | Annotated[Rule, Tag("Rule")]
    | Annotated[QrLine, Tag("QrLine")]
    | Annotated[BarcodeLine, Tag("BarcodeLine")]
    | Annotated[InCodePage, Tag("InCodePage")],
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
