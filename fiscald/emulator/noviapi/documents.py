"""The documents of the API in the words of the printer's inside (``fiscald.emulator.novitus.documents``).

Their form is checked already (``rules``). A number without digits is zero, and where it need not be sent none.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal

from fiscald.emulator.change import Change
from fiscald.emulator.layout_invoice import PAYMENTS, InvoiceTexts
from fiscald.emulator.noviapi.rules import INVOICE_OPTIONS
from fiscald.emulator.novitus.documents import (
    Advance,
    Closing,
    Code,
    Container,
    Currency,
    Form,
    Invoice,
    Item,
    NonFiscal,
    PrintedAs,
    PrintedLine,
    Receipt,
    Tender,
)
from fiscald.emulator.novitus.refusals import BAD_DATE, NovitusError

Content = Mapping[str, Any]
#: A line of no kind (our assumption).
BAD_DATA = 1005
_PRINTED_AS: dict[str, PrintedAs] = {"text": "text", "barcode": "barcode", "qrcode": "qr"}
_ID_TYPES = ("nip", "regon", "pesel")
_SIGNATURES = ("place_for_signature", "name_and_place_for_signature", "none")
#: The first bit of each of the three numbers that hold an invoice's options: six, eight and the rest.
_OPTION_PLACES = [(0, 1 << n) for n in range(6)] + [(1, 1 << n) for n in range(8)] + [(2, 1), (2, 2), (2, 4), (2, 16)]
_DAY = re.compile(r"([0-9]{2})[:/\-.]([0-9]{2})[:/\-.]([0-9]{4})\Z")


def number(text: str) -> Decimal:
    """What a number in text means; without a digit it is zero."""
    return Decimal(text) if any(char.isdigit() for char in text) else Decimal(0)


def grosze(text: str) -> int:
    """An amount in text, in grosze."""
    return int(number(text) * 100)


def day(text: str) -> datetime.date:
    """The date at the end of a text. Raises ``NovitusError``: there is no such day."""
    found = _DAY.search(text)
    try:
        return datetime.date(*(int(part) for part in reversed(found.groups()))) if found else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> datetime.date:
    raise NovitusError(BAD_DATE)


def receipt(content: Content) -> Receipt:
    """A receipt. Raises ``NovitusError``: a line of no kind."""
    nip = content.get("buyer", {}).get("nip", "")
    lines = tuple(_line(each) for each in content["items"])
    return Receipt(lines, _tenders(content), _closing(content, nip=nip))


def invoice(content: Content) -> Invoice:
    """An invoice. Raises ``NovitusError``: a line of no kind, a date that does not exist."""
    lines: list[Item | Advance] = []
    for each in content["items"]:
        line = _line(each)
        assert isinstance(line, Item | Advance)
        lines.append(line)
    more = [_information(each) for each in content.get("additional_info", ())]
    return Invoice(_texts(content), tuple(lines), _tenders(content), _closing(content, more=more))


def printout(content: Content) -> NonFiscal:
    """A printout that is not fiscal. Raises ``NovitusError``: a line of no kind."""
    options, system = content.get("options", {}), content.get("system_info", {})
    return NonFiscal(
        printed(content["lines"]),
        headed=not options.get("without_header", False),
        copy_only=options.get("copy_only", False),
        system_number=system.get("system_number", {}).get("value", ""),
        till=system.get("cash_number", ""),
        cashier=system.get("cashier_name", ""),
    )


# -- lines ------------------------------------------------------------------------------------------------------------


def _only(content: Content) -> tuple[str, Content]:
    """The kind of an object with one field. Raises ``NovitusError`` for one without."""
    for kind, each in content.items():
        return kind, each
    raise NovitusError(BAD_DATA)


def _line(content: Content) -> Item | Advance | Container:
    kind, each = _only(content)
    value = grosze(each["value"])
    if kind == "article":
        return _article(each, value)
    if kind in ("advance", "advance_return"):
        return Advance(each["description"], each["ptu"], value, settlement=kind == "advance_return")
    return Container(
        number(each["quantity"]) if "quantity" in each else Decimal(1),
        value=value,
        returned=kind == "container_return",
        number=str(int(each["number"])) if "number" in each else "",
        name=each.get("name", ""),
    )


def _article(each: Content, value: int) -> Item:
    return Item(
        each["name"],
        each["ptu"],
        grosze(each["price"]),
        number(each["quantity"]),
        value,
        unit=each.get("unit", ""),
        change=_change(each),
        description=each.get("description", ""),
        code=_code(each.get("code")),
    )


def _change(content: Content) -> Change | None:
    each = content.get("discount_markup")
    if each is None:
        return None
    # Grosze, or hundredths of a per cent.
    value, kind = grosze(each["value"]), each["type"]
    return Change(value, kind.startswith("percent"), kind.endswith("markup"), each.get("name", ""))


def _code(content: Content | None) -> Code | None:
    return None if content is None else Code(content["value"], _PRINTED_AS[content["print_as"]])


def printed(lines: Iterable[Content]) -> tuple[PrintedLine, ...]:
    """Lines that are printed as they are. Raises ``NovitusError``: a line of no kind."""
    return tuple(_printed(*_only(each)) for each in lines)


def _printed(kind: str, each: Content) -> PrintedLine:
    match kind:
        case "textline" | "ascii_art":
            return _text_line(each)
        case "barcode":
            return PrintedLine("barcode", each["text"])
        case "qrcode":
            return PrintedLine("qr", each["text"])
        case "graphic":
            return PrintedLine("graphic", str(int(each["number"])))
        case _:
            kinds: dict[str, Literal["empty", "rule", "receipt_number"]] = {
                "emptyline": "empty", "underline": "rule", "last_receipt_number": "receipt_number",
            }  # fmt: skip
            return PrintedLine(kinds[each["type"]])


def _text_line(each: Content) -> PrintedLine:
    align: Literal["left", "centre", "right"] = (
        "centre" if each.get("center") else "right" if each.get("right") else "left"
    )
    return PrintedLine(
        text=each["text"],
        bold=each.get("bold", False),
        inverse=each.get("invers", False),
        align=align,
        wide=each.get("big", False) or "width" in each,
    )


def _information(each: Content) -> PrintedLine:
    aligns: dict[str, Literal["left", "centre", "right"]] = {"left": "left", "center": "centre", "right": "right"}
    align = aligns[each.get("justification", "left")]
    return PrintedLine(text=each["text"], bold=each.get("bold", False), align=align)


# -- payments and the end ---------------------------------------------------------------------------------------------


def _tenders(content: Content) -> tuple[Tender, ...]:
    """Payments; what was paid beyond them is cash."""
    tenders = [_tender(*_only(each)) for each in content.get("payments", ())]
    rest = grosze(content["summary"]["pay_in"]) - sum(tender.value for tender in tenders if not tender.change)
    if tenders and rest > 0:
        tenders.append(Tender(Form.CASH, rest))
    return tuple(tenders)


def _tender(kind: str, each: Content) -> Tender:
    if kind != "currency":
        return Tender(Form(kind), grosze(each["value"]), each.get("name", ""))
    currency = Currency(grosze(each["currency_value"]), number(each["course"]))
    return Tender(Form.CURRENCY, grosze(each["local_value"]), each["name"], currency, change=each["is_change"])


def _closing(content: Content, *, nip: str = "", more: Iterable[PrintedLine] = ()) -> Closing:
    summary, system = content["summary"], content.get("system_info", {})
    change = summary.get("change", "")
    return Closing(
        total=grosze(summary["total"]),
        change=_change(summary),
        paid=grosze(summary["pay_in"]),
        rest=grosze(change) or None,
        till=system.get("cash_number", ""),
        cashier=system.get("cashier_name", ""),
        system_number=_code(system.get("system_number")),
        nip=nip,
        lines=(*more, *printed(content.get("printout_lines", ()))),
    )


# -- invoices ---------------------------------------------------------------------------------------------------------


def _texts(content: Content) -> InvoiceTexts:
    info, buyer = content["info"], content["buyer"]
    recipient, seller = content.get("recipient", {}), content.get("seller", {})
    return InvoiceTexts(
        number=info["number"],
        buyer=[line for line in buyer["address"] if line],
        name=buyer["name"],
        nip=buyer["id"],
        id_type=_ID_TYPES.index(buyer.get("id_type", "nip")),
        due=_written(info.get("date_of_payment")),
        form=info.get("payment_form", ""),
        recipient=recipient.get("name", ""),
        issuer=seller.get("name", ""),
        sold=_written(info.get("date_of_sell")),
        paid=info.get("paid"),
        buyer_signs=_SIGNATURES.index(recipient.get("print_info", "place_for_signature")),
        seller_signs=_SIGNATURES.index(seller.get("print_info", "place_for_signature")),
        buyer_signature=recipient.get("name", ""),
        seller_signature=seller.get("name", ""),
        copies=int(info.get("copy_count", 0)),
        options=_options(content),
        buyer_is_recipient=buyer.get("label_type") == "recipient",
    )


def _written(text: str | None) -> str:
    """A date as invoices have it. Raises ``NovitusError``: there is no such day."""
    return "" if text is None else f"{day(text):%d-%m-%Y}"


def _options(content: Content) -> list[int]:
    """The three numbers of print options. An invoice with payments has the option that prints them."""
    numbers = [0, 0, 0]
    wanted = content.get("options", {})
    for name, (place, bit) in zip(INVOICE_OPTIONS, _OPTION_PLACES, strict=True):
        numbers[place] |= bit * bool(wanted.get(name, False))
    if content.get("payments"):
        numbers[1] |= PAYMENTS
    return numbers
