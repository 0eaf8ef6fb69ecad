"""What a Novitus printer can do with each document and its fields, from the tables that the planner reads.

Source: Novitus reference, sections 4.3 and 5.
"""

from __future__ import annotations

from fiscald.model.capabilities import Capability, FieldCapability
from fiscald.model.printers import Snapshot
from fiscald.protocols.base import Settings
from fiscald.protocols.capabilities import cannot, left_out, limited, plain_code, refused, text
from fiscald.protocols.novitus_xml.options import NovitusXmlOptions, profile_of
from fiscald.protocols.novitus_xml.plan import FORMS, MAX_CODE, MAX_PIECES
from fiscald.protocols.novitus_xml.plan_invoice import MAX_LINES, NO_VAT_ID
from fiscald.protocols.novitus_xml.plan_lines import MAX_DECIMALS
from fiscald.protocols.novitus_xml.planner import LIMITS, MAX_ADDITIONAL, MAX_ITEMS, MAX_PAYMENTS
from fiscald.protocols.novitus_xml.sale import NO_INVOICE
from fiscald.protocols.planning import TextKind

_ONE_CODE = "one of system number, bar code and QR code"
_MOST_PAYMENTS = limited(max_items=MAX_PAYMENTS - 1, why="not counting cash")


def receipt(settings: Settings, _snapshot: Snapshot | None) -> Capability:
    """A receipt."""
    return Capability(
        fields={
            **_sale(settings),
            **_packaging("packaging"),
            **_payments(),
            "payments": _MOST_PAYMENTS,
            "barcode": limited(max_length=MAX_CODE, why=_ONE_CODE),
            "qr.text": limited(max_length=MAX_CODE, why=_ONE_CODE),
            **plain_code("qr"),
            "invoice_reference": FieldCapability(why="printed as a number only, without the QR code"),
            "footer": FieldCapability(
                max_items=MAX_ADDITIONAL - 1, beyond="left_out", why="printed behind the label 'Opis'"
            ),
            "footer[]": text(LIMITS["additional value"]),
            "e_receipt": refused("no open source says how it sends one"),
            "buyer.vat_id": refused("it has no place for the VAT number of another country"),
        }
    )


def invoice(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """An invoice."""
    if not profile_of(settings, snapshot).invoices:
        return cannot(NO_INVOICE)
    kind = TextKind.NUMBER
    return Capability(
        fields={
            **_sale(settings),
            **_payments(),
            "payments": _MOST_PAYMENTS,
            "number": text(LIMITS["invoice number"], kind),
            "buyer.name": text(LIMITS["invoice customer"], kind),
            "buyer.address": limited(max_items=MAX_LINES - 1),
            "buyer.address[]": text(LIMITS["invoice customer"], kind),
            "buyer.vat_id": refused(NO_VAT_ID),
            "payment_form": text(LIMITS["invoice paymentname"], kind),
        }
    )


def packaging(_settings: Settings, _snapshot: Snapshot | None) -> Capability:
    """Packaging without a sale."""
    return Capability(fields={**_packaging("items"), **_payments()})


def printout(settings: Settings, _snapshot: Snapshot | None) -> Capability:
    """A printout."""
    columns = NovitusXmlOptions.of(settings).columns
    line, code = limited(max_length=columns), limited(max_length=LIMITS["barcode"])
    return Capability(
        fields={
            "title": line,
            "lines[]": line,
            "lines[].text": line,
            "lines[].bold": FieldCapability(why=f"at most {columns // 2} characters in bold"),
            "lines[].align": FieldCapability(values=("left", "center"), beyond="left_out"),
            "lines[].qr.text": limited(max_length=LIMITS["qrcode"]),
            **plain_code("lines[].qr"),
            "lines[].barcode": code,
            "barcode": code,
        }
    )


def _sale(settings: Settings) -> dict[str, FieldCapability]:
    """What receipt and invoice have in common."""
    adjustment = text(LIMITS["discount name"])
    return {
        "lines": limited(max_items=MAX_ITEMS),
        "lines[].name": text(NovitusXmlOptions.of(settings).name_length),
        "lines[].unit": text(LIMITS["item quantityunit"]),
        "lines[].description": text(LIMITS["item description"]),
        "lines[].quantity": limited(max_decimals=MAX_DECIMALS),
        "lines[].discount.name": adjustment,
        "lines[].surcharge.name": adjustment,
        "discount.name": adjustment,
        "surcharge.name": adjustment,
        "cashier": text(LIMITS["cashier"]),
        "register": text(LIMITS["checkout"], TextKind.NUMBER),
        "system_number": text(LIMITS["systemno"], TextKind.NUMBER),
    }


def _packaging(items: str) -> dict[str, FieldCapability]:
    nowhere = left_out("it prints neither name nor number of packaging")
    return {
        f"{items}[].name": nowhere,
        f"{items}[].number": nowhere,
        f"{items}[].quantity": limited(why=f"whole pieces, at most {MAX_PIECES}"),
    }


def _payments() -> dict[str, FieldCapability]:
    return {
        "payments[].type": limited(values=tuple(FORMS)),
        "payments[].name": text(LIMITS["payment name"]),
    }
