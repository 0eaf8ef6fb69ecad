"""The documents of every endpoint as rules, and what distinguishes the endpoints.

Facts: the API's contract 1.0.4 (``POST`` of every endpoint). Where it does not forbid unknown fields they are taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from fiscald.emulator.noviapi.schema import Anything, Fields, Flag, OneField, Rule, Several, Text, Whole


def _number(decimals: int) -> Text:
    """A number as text; the contract takes an empty one and a lone point, too."""
    return Text(pattern=re.compile(rf"^\d{{0,9}}(\.\d{{0,{decimals}}})?\Z", re.ASCII))


#: The date may stand behind anything; the contract's pattern does not say where it begins.
DATE = Text(pattern=re.compile(r"([0-9]{2})([:/\-.])([0-9]{2})([:/\-.])([0-9]{4})\Z"))
BASE64 = Text(
    1,
    100_000,
    re.compile(r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z"),
)
AMOUNT, QUANTITY, COURSE = _number(2), _number(6), _number(4)
_FLAG = Flag()


def _flags(*names: str) -> dict[str, Rule]:
    return dict.fromkeys(names, _FLAG)


# -- what receipts and invoices are made of ---------------------------------------------------------------------------


def _adjustment(shortest: int) -> Fields:
    kinds = ("percent_discount", "percent_markup", "value_discount", "value_markup")
    value = Text(shortest, None, AMOUNT.pattern)
    return Fields({"type": Text(words=kinds), "name": Text(1, 20), "value": value}, required=("type", "value"))


#: On a receipt the value has a character at least; on an invoice the contract does not ask for one.
_ON_RECEIPT, _ON_INVOICE = _adjustment(1), _adjustment(0)
_PRINT_AS = Text(words=("text", "barcode", "qrcode"))


def _article(adjustment: Fields) -> Fields:
    return Fields(
        {
            "name": Text(1, 60),
            "ptu": Text(1, 1),
            "quantity": QUANTITY,
            "price": AMOUNT,
            "value": AMOUNT,
            "unit": Text(1, 4),
            "discount_markup": adjustment,
            "code": Fields({"print_as": _PRINT_AS, "value": Text(1, 191)}, required=("print_as", "value")),
            "description": Text(1, 177),
        },
        required=("name", "ptu", "quantity", "price", "value"),
        never_both=("code", "description"),
    )


_ADVANCE = Fields(
    {"description": Text(1, 60), "ptu": Text(1, 1), "value": AMOUNT}, required=("description", "ptu", "value")
)
_CONTAINER = Fields(
    {"name": Text(1, 60), "number": Whole(0, 9999), "quantity": AMOUNT, "value": AMOUNT}, required=("value",)
)
_PAYMENT = Fields({"name": Text(1, 24), "value": AMOUNT}, required=("value",))
_CURRENCY = Fields(
    {
        "course": COURSE,
        "currency_value": AMOUNT,
        "local_value": AMOUNT,
        "is_change": _FLAG,
        "name": Text(3, 3),
    },
    required=("course", "currency_value", "local_value", "is_change", "name"),
)
#: Payments that differ in their name only.
NAMED_PAYMENTS = ("card", "cheque", "coupon", "other", "credit", "account", "transfer", "mobile", "voucher")
_PAYMENTS = Several(
    OneField(
        {"cash": Fields({"value": AMOUNT}, required=("value",)), "currency": _CURRENCY}
        | dict.fromkeys(NAMED_PAYMENTS, _PAYMENT)
    ),
    1,
    16,
)


def _items(adjustment: Fields, **others: Rule) -> Several:
    kinds: dict[str, Rule] = {"article": _article(adjustment), "advance": _ADVANCE, "advance_return": _ADVANCE}
    return Several(OneField(kinds | others), 1, 255)


def _summary(adjustment: Fields) -> Fields:
    return Fields(
        {"discount_markup": adjustment, "total": AMOUNT, "pay_in": AMOUNT, "change": AMOUNT},
        required=("total", "pay_in"),
    )


# -- what everything printed is made of -------------------------------------------------------------------------------

_LOOK: Mapping[str, Rule] = {
    **_flags("bold", "invers", "center", "right", "big"),
    "font_number": Whole(among=(0, 1, 2)),
    "height": Whole(among=(2, 4)),
    "width": Whole(among=(2, 4)),
    "text": Text(1, 64),
}
LINE = OneField(
    {
        "textline": Fields({**_LOOK, "masked": _FLAG}, required=("text", "masked")),
        "barcode": Fields({"text": Text(1, 52), "masked": _FLAG}, required=("text", "masked")),
        "qrcode": Fields({"text": Text(1, 1852), "masked": _FLAG}, required=("text", "masked")),
        "special_line": Fields(
            {"type": Text(words=("emptyline", "underline", "last_receipt_number"))}, required=("type",)
        ),
        "graphic": Fields({"number": Whole(0, 1023)}, required=("number",)),
        "ascii_art": Fields(_LOOK, required=("text",)),
    }
)
_LINES = Several(LINE, 1, 50)


def _e_document(longest: int) -> Fields:
    modes = ("print_no_send", "no_print_send_later", "print_send_later", "always_print_and_send_later")
    return Fields(
        {
            "transaction_id": Text(1, longest),
            "protocol": Text(words=("NOVITUS", "MF")),
            "print_send_mode": Text(words=modes),
        },
        required=("transaction_id",),
    )


_SYSTEM_NUMBER = Fields({"print_as": _PRINT_AS, "value": Text(1, 512)}, required=("print_as", "value"))
_TEXT_NUMBER = Fields({"print_as": Text(words=("text",)), "value": Text(1, 512)}, required=("print_as", "value"))
_QR_CODE = Fields({"qr_type": Whole(among=(0, 1)), "value": Text(1, 271)}, required=("qr_type", "value"), open=True)


def _system(**others: Rule) -> Fields:
    return Fields({"cashier_name": Text(1, 32), "cash_number": Text(1, 8), **others})


_SYSTEM = _system(system_number=_SYSTEM_NUMBER, qr_code=_QR_CODE)
_DEVICE = Fields(
    _flags("open_drawer", "feed_after_printout", "send_to_activity_monitor")
    | {"paper_cut": Text(words=("none", "full", "part"))}
)

# -- the documents ----------------------------------------------------------------------------------------------------

_RECEIPT = Fields(
    {
        "items": _items(_ON_RECEIPT, container=_CONTAINER, container_return=_CONTAINER),
        "payments": _PAYMENTS,
        "summary": _summary(_ON_RECEIPT),
        "printout_lines": _LINES,
        "buyer": Fields({"nip": Text(1, 16), "e_document": _e_document(100)}),
        "system_info": _SYSTEM,
        "device_control": _DEVICE,
    },
    required=("items", "summary"),
)
#: By the number of the option in the older protocols, 1 to 17 and 19.
INVOICE_OPTIONS = (
    "skip_description_value_to_pay", "skip_block_gross_value_in_accounting_tax", "buyer_bold", "seller_bold",
    "buyer_nip_bold", "seller_nip_bold", "print_label_description_symbol_in_invoice_header",
    "print_position_number_invoice", "to_pay_label_before_acounting_tax_block", "print_cents_in_words",
    "dont_print_sell_date_if_equal_create_date", "dont_print_seller_data_in_header",
    "dont_print_sell_items_description", "enable_payment_form", "dont_print_customer_data", "print_payd_in_cash",
    "skip_seller_label", "print_invoice_tax_label",
)  # fmt: skip
_PERSON = Fields(
    {
        "name": Text(1, 60),
        "print_info": Text(words=("place_for_signature", "name_and_place_for_signature", "none")),
    },
    required=("print_info",),
    open=True,
)
_INVOICE = Fields(
    {
        "info": Fields(
            {
                "number": Text(1, 56),
                "copy_count": Whole(0, 10),
                "date_of_sell": DATE,
                "date_of_payment": DATE,
                "payment_form": Text(1, 20),
                "paid": Text(1, 29),
            },
            required=("number",),
            open=True,
        ),
        "buyer": Fields(
            {
                "name": Text(1, 256),
                "id_type": Text(words=("nip", "regon", "pesel")),
                "id": Text(1, 16),
                "label_type": Text(words=("recipient", "buyer")),
                "address": Several(Text(0, 64), 1, 8),
                "e_document": _e_document(100),
            },
            required=("name", "address", "id"),
            open=True,
        ),
        "recipient": _PERSON,
        "seller": _PERSON,
        "options": Fields(_flags(*INVOICE_OPTIONS)),
        "items": _items(_ON_INVOICE),
        "payments": _PAYMENTS,
        "summary": _summary(_ON_INVOICE),
        "printout_lines": _LINES,
        "additional_info": Several(
            Fields(
                {"text": Text(0, 64), "bold": _FLAG, "justification": Text(words=("center", "right", "left"))},
                required=("text",),
                open=True,
            ),
            1,
        ),
        "system_info": _SYSTEM,
        "device_control": _DEVICE,
    },
    required=("info", "buyer", "items", "summary"),
)
_PRINTOUT = Fields(
    {
        "options": Fields(_flags("without_header", "left_margin", "copy_only", "fiscal_margins_off")),
        "lines": Several(LINE, 1, 1000),
        "e_document": _e_document(16),
        "system_info": _system(system_number=_TEXT_NUMBER),
        "device_control": _DEVICE,
    },
    required=("lines",),
)
_DAILY_REPORT = Fields(
    {"date": DATE, "system_info": _system(), "device_control": Fields(_flags("send_to_activity_monitor"))},
    required=("date",),
)
_EFT = Fields(
    {
        "operation": Text(words=("transaction", "communication_test")),
        "document_id": Text(1, 20),
        "brutto": AMOUNT,
        "netto": AMOUNT,
        "vat": AMOUNT,
        "currency": Text(3, 3),
        "cashback": AMOUNT,
        "max_cashback": AMOUNT,
        "additional_info": Text(1, 100),
    },
    required=("operation",),
)
_GRAPHIC = Fields(
    {
        "id": Whole(0, 1023),
        "base64": BASE64,
        "operation": Text(words=("program", "reset", "get_crc", "read_indexes")),
    },
    required=("operation",),
    needs={"program": ("id", "base64"), "reset": ("id",), "get_crc": ("id",)},
)
_CONFIGURATION = Fields(
    {
        "operation": Text(words=("program", "read_array", "read_range", "read_all")),
        "options": Several(Fields({"key": Whole(), "value": Text()}, required=("key", "value")), 1),
        "to_read": Several(Whole(), 1),
        "range": Fields({"from": Whole(), "to": Whole()}),
    },
    required=("operation",),
    needs={"program": ("options",), "read_array": ("to_read",), "read_range": ("range",)},
)
_STATUS = Fields({"type": Text(words=("fiscal_memory", "device", "protected_memory"))}, required=("type",))
_DIRECT_IO = Fields(
    {
        "xml_cmd": Fields({"base64": BASE64}, required=("base64",)),
        "nov_cmd": Fields({"base64": BASE64}, required=("base64",), open=True),
    },
    just_one=("xml_cmd", "nov_cmd"),
)
_LOCK = Fields(
    {
        "operation": Text(words=("enable", "disable")),
        "display": Fields({"main_text": Text(), "info_text": Text()}, open=True),
    },
    required=("operation",),
)


class Endpoint(NamedTuple):
    """One kind of job."""

    name: str
    """As it stands in the path."""
    root: str
    """The field of the body that holds the document."""
    document: Rule
    open: bool = False
    """The contract takes other fields beside ``root``."""
    shown: str | None = None
    """How the texts of its errors begin; ``None``: with ``root``. The contract's examples differ in it."""
    prints: bool = True
    """Its jobs need paper."""

    def errors(self, body: object) -> list[str]:
        """Every broken rule of a body, in the contract's form."""
        if isinstance(body, dict) and self.root in body and self.shown is not None:
            whole = Fields({self.root: Anything()}, open=self.open)
            return [*whole.broken(body, ""), *self.document.broken(body[self.root], self.shown)]
        return list(Fields({self.root: self.document}, (self.root,), self.open).broken(body, ""))


ENDPOINTS = {
    each.name: each
    for each in (
        Endpoint("receipt", "receipt", _RECEIPT),
        Endpoint("invoice", "invoice", _INVOICE),
        Endpoint("nf_printout", "printout", _PRINTOUT, open=True),
        Endpoint("daily_report", "daily_report", _DAILY_REPORT),
        Endpoint("eft", "eft", _EFT, shown="", prints=False),
        Endpoint("graphic", "graphic", _GRAPHIC, prints=False),
        Endpoint("configuration", "configuration", _CONFIGURATION, shown="options", prints=False),
        Endpoint("status", "status", _STATUS, open=True, shown="", prints=False),
        Endpoint("direct_io", "direct_io", _DIRECT_IO, prints=False),
        Endpoint("lock", "lock", _LOCK, open=True, prints=False),
    )
}
