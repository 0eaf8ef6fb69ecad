"""What a POSNET printer can do with each document and its fields, from the tables that the planner reads.

Source: POSNET reference, sections 4.3 (lengths) and 5.5 to 5.9.
"""

from __future__ import annotations

from fiscald.model.capabilities import Capability, FieldCapability
from fiscald.model.printers import Snapshot
from fiscald.protocols.base import Settings
from fiscald.protocols.capabilities import left_out, limited, refused, text
from fiscald.protocols.planning import TextKind
from fiscald.protocols.posnet.commands import text_limit
from fiscald.protocols.posnet.fields import Generation
from fiscald.protocols.posnet.options import profile_of
from fiscald.protocols.posnet.plan import FORMS, MAX_FOOTER_LINES, qr_bytes
from fiscald.protocols.posnet.plan_invoice import FORM_LABEL, OLD_FORM, OLD_LINES, OLD_NUMBER, ONLINE_LINES, ONLINE_NAME
from fiscald.protocols.posnet.plan_printout import FORM_CHARACTERS
from fiscald.protocols.posnet.profiles import Profile

_NOT_ONLINE = "only devices of the ONLINE generation have it"
_NO_STYLE = "no command for it is known in a form"


def receipt(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """A receipt."""
    profile = profile_of(settings, snapshot)
    generation = profile.generation
    fields = {
        **_sale(generation),
        "barcode": text(text_limit("ftrcfg", "bc", generation), TextKind.NUMBER),
        "footer": FieldCapability(max_items=MAX_FOOTER_LINES, beyond="left_out"),
        "footer[]": text(text_limit("trftrln", "na", generation)),
        "qr.text": _qr(),
        **_packaging("packaging", profile),
        **_payments(profile),
    }
    if not profile.sends_nip:
        fields["e_receipt"] = refused(_NOT_ONLINE)
        fields["buyer"] = refused("only devices of the ONLINE generation print the buyer's number")
    else:
        fields["e_receipt.print"] = refused("whether paper comes out is a setting of the printer")
    return Capability(fields=fields)


def invoice(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """An invoice: older devices take everything with the opening command, and no payments."""
    profile = profile_of(settings, snapshot)
    columns, kind = profile.columns, TextKind.NUMBER
    fields = _sale(profile.generation) | {"buyer.address[]": text(columns, kind)}
    if profile.generation is Generation.ONLINE:
        form = columns - len(FORM_LABEL)
        return Capability(
            fields=fields
            | _payments(profile)
            | {
                "number": text(text_limit("trfvnumber", "nb", profile.generation), kind),
                "buyer.name": text(ONLINE_NAME, kind),
                "buyer.address": limited(max_items=ONLINE_LINES),
                "payment_form": text(form, kind),
            }
        )
    return Capability(
        fields=fields
        | {
            "number": text(OLD_NUMBER, kind),
            "buyer.name": text(columns, kind),
            "buyer.address": limited(max_items=OLD_LINES - 1),
            "payment_form": text(OLD_FORM, kind),
            "payments": refused("it takes no payments on an invoice"),
            "sale_date": refused("it has no place for a date of sale"),
        }
    )


def packaging(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """Packaging without a sale."""
    profile = profile_of(settings, snapshot)
    return Capability(fields={**_packaging("items", profile), **_payments(profile)})


def printout(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """A printout: one form for every text."""
    generation = profile_of(settings, snapshot).generation
    line = limited(max_length=FORM_CHARACTERS)
    code = text(text_limit("formbarcode", "bc", generation), TextKind.NUMBER)
    return Capability(
        fields={
            "title": line,
            "lines[]": line,
            "lines[].text": line,
            "lines[].bold": left_out(_NO_STYLE),
            "lines[].align": left_out(_NO_STYLE),
            "lines[].qr.text": _qr("one code on a sheet, under the last line"),
            "lines[].barcode": code,
            "barcode": code,
        }
    )


def _sale(generation: Generation) -> dict[str, FieldCapability]:
    """What receipt and invoice have in common: goods, discounts, the foot."""
    adjustment = text(text_limit("trline", "rn", generation))
    whole = text(text_limit("trdiscntsubtot", "na", generation))
    return {
        "lines[].name": text(text_limit("trline", "na", generation)),
        "lines[].unit": text(text_limit("trline", "jm", generation)),
        "lines[].description": text(text_limit("trline", "op", generation)),
        "lines[].quantity": limited(max_decimals=3),
        "lines[].discount.name": adjustment,
        "lines[].surcharge.name": adjustment,
        "discount.name": whole,
        "surcharge.name": whole,
        "cashier": text(text_limit("ftrcfg", "cc", generation)),
        "register": text(text_limit("ftrcfg", "cn", generation), TextKind.NUMBER),
        "system_number": text(text_limit("ftrcfg", "sn", generation), TextKind.NUMBER),
    }


def _qr(why: str | None = None) -> FieldCapability:
    return limited(max_bytes=qr_bytes("L"), why=why)


def _packaging(items: str, profile: Profile) -> dict[str, FieldCapability]:
    return {
        f"{items}[].name": text(text_limit("trpack", "de", profile.generation)),
        f"{items}[].number": text(text_limit("trpack", "na", profile.generation), TextKind.NUMBER),
        f"{items}[].quantity": limited(max_decimals=3),
    }


def _payments(profile: Profile) -> dict[str, FieldCapability]:
    return {
        "payments[].type": limited(values=tuple(FORMS)),
        "payments[].name": text(text_limit("trpayment", "na", profile.generation)),
    }
