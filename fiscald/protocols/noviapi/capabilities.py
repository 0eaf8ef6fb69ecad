"""What a NoviAPI printer can do with each document and its fields, from the tables that the planner reads.

Source: the contract.
"""

from __future__ import annotations

from fiscald.model.capabilities import Capability, FieldCapability
from fiscald.model.printers import Snapshot
from fiscald.protocols.base import Settings
from fiscald.protocols.capabilities import limited, plain_code, refused, text
from fiscald.protocols.noviapi import fields as f
from fiscald.protocols.noviapi.options import profile_of
from fiscald.protocols.noviapi.plan import NO_STORNO, NO_VAT_ID_ON_RECEIPT
from fiscald.protocols.noviapi.plan_invoice import NEEDS_ADDRESS, NEEDS_NUMBER
from fiscald.protocols.noviapi.profiles import Profile
from fiscald.protocols.planning import TextKind

_UTF8 = "it takes UTF-8, so only a line in cp1250 is printed"


def receipt(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """A receipt."""
    profile = profile_of(settings, snapshot)
    fields = {
        **_sale(profile.description),
        "packaging[].name": text(f.LENGTHS["container.name"]),
        "packaging[].number": limited(highest=f.HIGHEST_CONTAINER),
        "packaging[].quantity": limited(max_decimals=f.CONTAINER_DECIMALS),
        **_payments(),
        "buyer.vat_id": refused(NO_VAT_ID_ON_RECEIPT),
        "footer": FieldCapability(max_items=f.MAX_PRINTOUT_LINES, beyond="left_out", why="with the codes"),
        "footer[]": text(profile.columns),
        **_codes(profile, ""),
        "e_receipt.customer_id": text(f.LENGTHS["transaction_id"], TextKind.NUMBER),
    }
    return Capability(fields=fields)


def invoice(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """An invoice."""
    profile, kind = profile_of(settings, snapshot), TextKind.NUMBER
    fields = {
        **_sale(profile.invoice_description),
        **_payments(),
        "number": text(f.LENGTHS["info.number"], kind),
        "payment_form": text(f.LENGTHS["info.payment_form"], kind),
        "buyer": limited(why=NEEDS_NUMBER),
        "buyer.name": text(f.LENGTHS["buyer.name"], kind),
        "buyer.address": limited(max_items=f.MAX_ADDRESS, why=NEEDS_ADDRESS),
        "buyer.address[]": text(min(f.LENGTHS["buyer.address"], profile.columns), kind),
    }
    return Capability(fields=fields)


def printout(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """A printout."""
    profile = profile_of(settings, snapshot)
    line = limited(max_length=profile.columns)
    return Capability(
        fields={
            "title": line,
            "lines": limited(max_items=f.MAX_LINES),
            "lines[]": line,
            "lines[].text": line,
            "lines[].bold": FieldCapability(why=f"at most {profile.columns // 2} characters in bold"),
            "lines[].code_page": FieldCapability(values=("cp1250",), beyond="left_out", why=_UTF8),
            **_codes(profile, "lines[]."),
            "barcode": text(profile.barcode, TextKind.NUMBER),
        }
    )


def _codes(profile: Profile, before: str) -> dict[str, FieldCapability]:
    return {
        f"{before}barcode": text(profile.barcode, TextKind.NUMBER),
        f"{before}qr.text": limited(max_length=f.LENGTHS["qrcode.text"]),
        **plain_code(f"{before}qr"),
    }


def _sale(description: int) -> dict[str, FieldCapability]:
    """What receipt and invoice have in common."""
    adjustment = text(f.LENGTHS["discount_markup.name"])
    return {
        "lines": limited(max_items=f.MAX_ITEMS, why="with the packaging"),
        "lines[].name": text(f.LENGTHS["article.name"]),
        "lines[].unit": text(f.LENGTHS["article.unit"]),
        "lines[].description": text(description),
        "lines[].quantity": limited(max_decimals=f.QUANTITY_DECIMALS),
        "lines[].storno": limited(values=("false",), why=NO_STORNO),
        "lines[].discount.name": adjustment,
        "lines[].surcharge.name": adjustment,
        "discount.name": adjustment,
        "surcharge.name": adjustment,
        "cashier": text(f.LENGTHS["cashier_name"]),
        "register": text(f.LENGTHS["cash_number"], TextKind.NUMBER),
        "system_number": text(f.LENGTHS["system_number"], TextKind.NUMBER),
    }


def _payments() -> dict[str, FieldCapability]:
    return {
        "payments": limited(max_items=f.MAX_PAYMENTS - 1, why="not counting cash"),
        "payments[].type": limited(values=tuple(f.FORMS)),
        "payments[].name": text(f.LENGTHS["payment.name"]),
        "payments[].currency.rate": limited(max_decimals=f.COURSE_DECIMALS),
    }
