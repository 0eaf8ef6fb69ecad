"""The differences between the dialects of the Thermal protocol, as data. Each entry has its reason.

Source: Thermal reference, sections 5 and 12, appendix A. ``[doc]`` is a manual, ``[device]`` was seen on hardware,
``[client]`` follows a client program that is used in shops, ``[choice]`` is our assumption where no source says
anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fiscald.model.payment import PaymentType
from fiscald.protocols.thermal.fields import Brand

_CARD, _CHEQUE, _BON = PaymentType.CARD, PaymentType.CHEQUE, PaymentType.BON
_OTHER, _CREDIT, _ACCOUNT = PaymentType.OTHER, PaymentType.CREDIT, PaymentType.ACCOUNT
_VOUCHER, _TRANSFER, _MOBILE = PaymentType.VOUCHER, PaymentType.TRANSFER, PaymentType.MOBILE

#: Beginnings of unique numbers of POSNET printers that know ``$N`` (5.6). [client]
NIP_PREFIXES = ("BFJ", "BFK", "BFG", "BFP", "BCY", "BFL", "BEX", "BEW", "BEV")


@dataclass(frozen=True, slots=True)
class Profile:
    """One dialect of the family."""

    name: str
    """The name used in the configuration."""
    brand: Brand
    """The brand whose manual gives its limits and layouts."""
    closing: str
    """The closing command: ``$y``, the richest one, or ``$x``."""
    forms: Mapping[PaymentType, int]
    """The printer's number of each form of payment, besides cash, that it can print."""
    nip: str | None = None
    """The buyer's NIP: ``$N`` behind the opening, ``$h`` inside of it, or not at all."""
    nip_prefixes: tuple[str, ...] = ()
    """Unique numbers of devices that know it; empty: all of them."""
    line_adjustments: bool = True
    """Whether it has discounts and surcharges of a line."""
    descriptions: bool = True
    """Whether it prints another line under the name of the goods."""
    receipt_adjustments: bool = True
    """Whether the closing command has discounts and surcharges of the whole receipt."""
    names_adjustment: str = "$y"
    """Where the name of such a discount goes: in the closing command, or in ``$n`` before it."""
    packaging: int | None = 9999
    """The highest number of returnable packaging; ``None``: no packaging."""
    packaging_single: bool = False
    """Whether packaging is sent piece by piece, because the effect of a quantity on the amount is not certain."""
    packaging_slip: bool = False
    """Whether it prints ``#w``, a slip with the value of packaging taken back without a sale."""
    form: int | None = None
    """The non-fiscal form that takes text (``$w``); ``None``: no form of it is known."""
    no_invoice: str | None = "this protocol has no invoices"
    """Why fiscald prints no invoices on it; ``None``: it prints them on those that report what they printed."""
    system_number: bool = True
    barcode: bool = True
    """Whether it prints a system number ``#...#`` as a bar code (5.11)."""
    max_payments: int = 15
    """How many forms of payment besides cash one closing takes."""
    answers_twice: bool = True
    """Whether, in error mode 3, a command with its own answer also gets ``#Z`` (12, no. 3)."""
    report_clears_number: bool = True
    """Whether receipt numbers start again after the daily report (7.2)."""
    percent_first: bool = True
    """Discount by percentage: method 1, ``round(v * (100 - R) / 100)``; else method 2 (6.4). For the printer's
    own arithmetic; we send amounts."""
    unknown_command: int = 255
    """The error of an unknown command in ``#Z`` (12, no. 2)."""
    documented: bool = True
    """Whether a manual of its commands is known; otherwise fiscald sends only what a client sends in shops."""
    receipt_minutes: int = 20
    """The printer cancels an open receipt after this time without a command (5.2)."""

    @property
    def undocumented(self) -> str:
        """Why a printer without a manual takes no command beyond those of a sale."""
        return "no manual of this printer's commands is openly known"

    def takes_nip(self, printer_id: str | None) -> bool:
        """Whether the printer with that unique number prints the buyer's NIP; ``None``: any printer of the profile."""
        if self.nip is None:
            return False
        return printer_id is None or not self.nip_prefixes or printer_id.startswith(self.nip_prefixes)


PROFILES = {
    profile.name: profile
    for profile in (
        # [doc] POSNET's manual of 2006. VOUCHER has a separate form there; TRANSFER has none and goes as "other"
        # with its name [choice]. $N and its list of devices: [client]. Fifteen payments: more need the short
        # closing [doc]. #Z after answers: [client]. It has predefined forms only [doc]; form 22
        # takes the most text [client].
        Profile(
            "posnet",
            Brand.POSNET,
            "$y",
            {_CARD: 1, _CHEQUE: 2, _BON: 3, _OTHER: 4, _CREDIT: 5, _ACCOUNT: 6, _VOUCHER: 7, _TRANSFER: 4, _MOBILE: 4},
            nip="$N",
            nip_prefixes=NIP_PREFIXES,
            packaging_slip=True,
            form=22,
        ),
        # [doc] the manual of 2018-2023. Forms 7 and 8 mean other things in the two settings of its protocol, and
        # setting cannot be read, so neither is sent [choice]; for the same reason packaging goes piece by piece.
        # $y has no name of the discount, $n has [doc]. NIP in $h: [device], paper tests of a client. A bar code
        # depends on an option that fiscald cannot read [choice: none]. Invoices: 50#s has the last number in one of two
        # layouts (with the setting NOVITUS ZGODNY it has one field less) [doc]; no source says whether copies and
        # cancelled ones count, nor whether TRF, 23#s and 28#s know invoices, so the protected memory of ONLINE devices
        # proves them [doc]. No #Z after an answer: [client, Vivo]. Receipt numbers continue after the report [doc],
        # though on-line devices may be set otherwise. #w takes a text, and no amount [doc]. Form 200 is free text
        # [doc, client].
        Profile(
            "novitus",
            Brand.NOVITUS,
            "$y",
            {_CARD: 1, _CHEQUE: 2, _BON: 3, _OTHER: 4, _CREDIT: 5, _ACCOUNT: 6, _VOUCHER: 4, _TRANSFER: 4, _MOBILE: 4},
            nip="$h",
            names_adjustment="$n",
            packaging=127,
            packaging_single=True,
            form=200,
            no_invoice=None,
            barcode=False,
            answers_twice=False,
            report_clears_number=False,
            percent_first=False,
            unknown_command=1022,
            receipt_minutes=30,
        ),
        # [client] We found no manual. fiscald sends what one client sends in shops: plain lines and $x with one card,
        # one cheque and one voucher. It tries nothing else on a fiscal device [choice].
        Profile(
            "innova",
            Brand.POSNET,
            "$x",
            {_CARD: 1, _CHEQUE: 2, _BON: 3, _VOUCHER: 3},
            line_adjustments=False,
            descriptions=False,
            receipt_adjustments=False,
            documented=False,
            packaging=None,
            no_invoice="no open source describes invoices of this printer",
            system_number=False,
            barcode=False,
        ),
    )
}


def detect(model: str | None) -> Profile:
    """The profile of a model name (``#v``). A Novitus can be set to report another one; then it must be configured."""
    name = (model or "").upper()
    if any(word in name for word in ("NOVITUS", "HD E", "DELIO", "BONO", "DEON", "QUARTO", "VIVO", "VENTO", "WIKING")):
        return PROFILES["novitus"]
    if any(word in name for word in ("INNOVA", "PROFIT")):
        return PROFILES["innova"]
    return PROFILES["posnet"]
