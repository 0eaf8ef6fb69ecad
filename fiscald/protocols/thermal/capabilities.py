"""What a Thermal printer can do with each document and its fields, from the tables that the planner reads.

Source: Thermal reference, sections 4.2 (limits) and 5.2 to 5.11.
"""

from __future__ import annotations

from fiscald.model.capabilities import Capability, FieldCapability
from fiscald.model.payment import PaymentType
from fiscald.model.printers import Snapshot
from fiscald.protocols.base import Settings
from fiscald.protocols.capabilities import cannot, left_out, limited, plain_code, refused, text
from fiscald.protocols.planning import TextKind
from fiscald.protocols.thermal import plan_invoice
from fiscald.protocols.thermal.closing import (
    BARCODE_DIGITS,
    BARCODE_LETTERS,
    CASHIER_CODE,
    MAX_FOOTER_LINES,
    TILL_CODE,
)
from fiscald.protocols.thermal.commands import text_limit
from fiscald.protocols.thermal.fields import Quantity
from fiscald.protocols.thermal.options import profile_of
from fiscald.protocols.thermal.packaging import NO_SLIP
from fiscald.protocols.thermal.plan_lines import MAX_LINES
from fiscald.protocols.thermal.plan_printout import BARCODE_LONGEST, NO_FORM, QR_CHARACTERS, FreeForm, form_of
from fiscald.protocols.thermal.profiles import Profile

_PAID_OUT = "packaging taken back is paid out in cash"
_ONLINE = "on an ONLINE device; one that does not report its documents (210#s) is refused the invoice"
_NO_QR = "it prints no QR code under a receipt"


def receipt(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """A receipt. Whether POSNET's devices print the buyer's NIP depends on their unique number."""
    profile = profile_of(settings, snapshot)
    fields = {
        "lines": limited(max_items=MAX_LINES),
        "lines[].name": text(text_limit(profile.brand, "$l", "nazwa")),
        "lines[].unit": text(Quantity.UNIT),
        "lines[].description": _description(profile),
        "qr": refused(_NO_QR),
        "invoice_reference": FieldCapability(why="printed as a number only, without the QR code"),
        "footer": FieldCapability(max_items=MAX_FOOTER_LINES, beyond="left_out"),
        "footer[]": text(text_limit(profile.brand, "$y", "linie")),
        "e_receipt": refused("no open source says how it sends one"),
        "buyer.vat_id": refused("it has no place for the VAT number of another country"),
        **_adjustments(profile),
        **_packaging(profile),
        **_payments(profile),
        **_numbers(profile),
    }
    if not profile.takes_nip(snapshot.identity.printer_id if snapshot else None):
        fields["buyer"] = refused("this device is not known to print the buyer's number")
    return Capability(fields=fields)


def invoice(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """An invoice. Whether a Novitus is an ONLINE device shows only when it is asked for its protected memory."""
    profile = profile_of(settings, snapshot)
    if profile.no_invoice is not None:
        return cannot(profile.no_invoice)
    whole = refused(plan_invoice.NO_DISCOUNT)
    opening = {name: text_limit(profile.brand, "$h invoice", name) for name in ("numer", "nazwa", "forma")}
    fields = {
        "lines": limited(max_items=MAX_LINES),
        "lines[].name": text(text_limit(profile.brand, "$l", "nazwa")),
        "lines[].unit": text(Quantity.UNIT),
        "lines[].description": _description(profile),
        "lines[].discount.name": text(text_limit(profile.brand, "$l", "nazwa_rabatu")),
        "lines[].surcharge.name": text(text_limit(profile.brand, "$l", "nazwa_rabatu")),
        "number": limited(max_length=opening["numer"], why=_ONLINE),
        "buyer.name": limited(max_length=opening["nazwa"]),
        "buyer.address": limited(max_items=plan_invoice.MAX_ADDRESS),
        "buyer.address[]": limited(max_length=plan_invoice.ADDRESS_LENGTH),
        "buyer.vat_id": refused(plan_invoice.NO_VAT_ID),
        "payment_form": limited(max_length=opening["forma"], why="but not INNA or INNE"),
        "payments": refused(plan_invoice.NO_PAYMENTS),
        "discount": whole,
        "surcharge": whole,
        "cashier": text(text_limit(profile.brand, "$e 1 invoice", "kasjer")),
        "register": left_out(plan_invoice.NO_TILL),
        "system_number": text(text_limit(profile.brand, "$h invoice", "numer_systemowy"), TextKind.NUMBER),
    }
    return Capability(fields=fields)


def packaging(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """Packaging taken back without a sale: one sum."""
    profile = profile_of(settings, snapshot)
    if not profile.packaging_slip:
        return cannot(NO_SLIP)
    return Capability(
        fields={
            "items[].returned": limited(values=("true",), why="packaging given out needs a sale"),
            "payments": refused(_PAID_OUT),
            "change": refused(_PAID_OUT),
        }
    )


def printout(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """A printout: the form of the profile."""
    form = form_of(profile_of(settings, snapshot))
    if form is None:
        return cannot(NO_FORM)
    line = limited(max_length=form.characters)
    code = limited(max_length=BARCODE_LONGEST, why="digits, but not 29; with letters at most 15")
    fields = {"title": line, "lines[]": line, "lines[].text": line, "lines[].barcode": code, "barcode": code}
    if isinstance(form, FreeForm):
        return Capability(
            fields=fields
            | {
                "lines[].bold": FieldCapability(why=f"at most {form.bold_characters} characters in bold"),
                "lines[].align": FieldCapability(values=("left", "center"), beyond="left_out"),
                "lines[].qr.text": limited(max_length=QR_CHARACTERS, why="digits, capital letters and $%*+-./:"),
                **plain_code("lines[].qr"),
            }
        )
    no_style = left_out("its form has no such text")
    no_code = refused("it prints no QR code on a printout")
    return Capability(fields=fields | {"lines[].bold": no_style, "lines[].align": no_style, "lines[].qr": no_code})


def _description(profile: Profile) -> FieldCapability:
    if not profile.descriptions:
        return left_out("this printer prints no line under the goods")
    return text(text_limit(profile.brand, "$l", "opis"))


def _adjustments(profile: Profile) -> dict[str, FieldCapability]:
    no_line = refused("it has no discount or surcharge of a line")
    no_receipt = refused("it has no discount or surcharge of a receipt")
    where, part = ("$n", "nazwa") if profile.names_adjustment == "$n" else ("$y", "opis_rabatu")
    fields = {}
    for word in ("discount", "surcharge"):
        if profile.line_adjustments:
            fields[f"lines[].{word}.name"] = text(text_limit(profile.brand, "$l", "nazwa_rabatu"))
        else:
            fields[f"lines[].{word}"] = no_line
        if profile.receipt_adjustments:
            fields[f"{word}.name"] = text(text_limit(profile.brand, where, part))
        else:
            fields[word] = no_receipt
    return fields


def _packaging(profile: Profile) -> dict[str, FieldCapability]:
    if profile.packaging is None:
        return {"packaging": refused("it prints no returnable packaging")}
    fields = {
        "packaging[].number": limited(highest=profile.packaging),
        "packaging[].name": left_out("it prints the number only"),
    }
    if profile.packaging_single:
        fields["packaging[].quantity"] = limited(values=("1",), why="send each piece as a separate entry")
    return fields


def _payments(profile: Profile) -> dict[str, FieldCapability]:
    known = (PaymentType.CASH, *(kind for kind in PaymentType if kind in profile.forms))
    return {
        "payments": limited(max_items=profile.max_payments, why="not counting cash"),
        "payments[].type": limited(values=known),
        "payments[].name": text(text_limit(profile.brand, "$b 1", "nazwa")),
        "payments[].currency": refused("its closing command has no place for another currency"),
    }


def _numbers(profile: Profile) -> dict[str, FieldCapability]:
    """Till, cashier and the application's own number; Innova has three characters for till and cashier."""
    brand = profile.brand
    codes = profile.closing == "$x"
    fields = {
        "register": text(TILL_CODE if codes else text_limit(brand, "$y", "nr_kasy"), TextKind.NUMBER),
        "cashier": text(CASHIER_CODE if codes else text_limit(brand, "$y", "kasjer")),
    }
    if profile.system_number:
        fields["system_number"] = text(text_limit(brand, "$y", "numer_systemowy"), TextKind.NUMBER)
    else:
        fields["system_number"] = refused("it prints no system number")
    if profile.barcode:
        why = f"{BARCODE_LETTERS} with letters; instead of the system number"
        fields["barcode"] = limited(max_length=BARCODE_DIGITS, why=why)
    else:
        fields["barcode"] = refused("it prints no bar code")
    return fields
