"""Turns a receipt into commands: does the printer's arithmetic and predicts its refusals.

Source: POSNET reference, sections 4.3 (lengths), 5.5, 6.3 (rounding, the line), 6.4 (storno), 6.7
(end of the receipt). The planner turns percentages into amounts, so that the printer has nothing to round (6.3). It
does not predict how the printer spreads a discount on the subtotal over the rates, only the sum (6.8).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fiscald.model.barcodes import QrCode
from fiscald.model.e_receipt import EReceipt
from fiscald.model.money import MAX_GROSZE, format_grosze, grosze, plain
from fiscald.model.packaging import Packaging, PackagingDocument
from fiscald.model.payment import PaymentType
from fiscald.model.preview import Sold
from fiscald.model.qr import CAPACITY, PAPER_DOTS, modules
from fiscald.model.receipt import Adjustment, Line, Receipt
from fiscald.protocols.planning import Item, Paid, PlanBuilder, Sale, TextKind
from fiscald.protocols.posnet.commands import COMMANDS, PAYMENT_FORMS, Request, request
from fiscald.protocols.posnet.fields import Generation, Text
from fiscald.protocols.posnet.profiles import Profile
from fiscald.protocols.rates import Rates

#: The printer's number for each form of payment.
FORMS: dict[PaymentType, int] = {
    PaymentType.CASH: 0,
    PaymentType.CARD: 2,
    PaymentType.CHEQUE: 3,
    PaymentType.BON: 4,
    PaymentType.CREDIT: 5,
    PaymentType.OTHER: 6,
    PaymentType.VOUCHER: 7,
    PaymentType.ACCOUNT: 8,
    PaymentType.TRANSFER: 8,
}
#: The numbers that fiscald makes from names of packaging go from 1 to this.
HIGHEST_PACKAGING = 9999
TRANSFER_NAME = "Przelew"
CHANGE_NAME = "Reszta"
#: The footer line without a keyword: it prints the text as it is (5.5).
PLAIN_FOOTER_LINE = 25
MAX_FOOTER_LINES = 60
_CORRECTION = {"L": 0, "M": 1, "Q": 2, "H": 3}
#: Bytes that ``qrcode`` takes (4.3).
MAX_QR_BYTES = 2000


@dataclass(slots=True)
class Plan(PlanBuilder):
    """A receipt or a printout, ready to send; or the errors (``errors``)."""

    items: list[Item[Request]] = field(default_factory=list)
    """Everything before the closing ``trend`` or ``formend``, in order."""
    close: Request | None = None
    footer: list[Item[Request]] = field(default_factory=list)
    """Lines for the footer that ``trend`` keeps open, if any."""


@dataclass(slots=True)
class _Sold:
    """The part of a sale line that a later line may still storno."""

    quantity: Decimal
    whole: Decimal
    adjustment: int


class Planner:
    """Walks one document; collects commands, errors and notices."""

    def __init__(self, profile: Profile, code_page: str, rates: Rates | None) -> None:
        self.profile = profile
        self.generation = profile.generation
        self.code_page = code_page
        self.rates = rates
        self.plan = Plan()
        self._sold: dict[tuple[str, object, int], list[_Sold]] = {}

    # -- helpers --------------------------------------------------------------------------------------

    def text(self, value: str, pointer: str, mnemonic: str, param: str, kind: TextKind = TextKind.FREE) -> str:
        """``value`` in the printer's code page, within the limit of the parameter."""
        return self.plan.text(value, pointer, self.code_page, self._limit(mnemonic, param), kind)

    def _limit(self, mnemonic: str, param: str) -> int:
        kind = COMMANDS[mnemonic].param(param).value
        assert isinstance(kind, Text)
        return kind.limit(self.generation)

    def add(self, pointer: str, mnemonic: str, **values: Any) -> None:
        """Add a command to the plan, unless the plan has errors."""
        if self.plan.errors:
            return
        self.plan.items.append(Item(request(mnemonic, **values), pointer))

    # -- the receipt ----------------------------------------------------------------------------------

    def receipt(self, receipt: Receipt) -> Plan:
        """The commands of a receipt."""
        at = "/document"
        self.add(at, "trinit", bm=False)
        self._prepare_foot(receipt, at)
        if receipt.buyer is not None:
            if not self.profile.sends_nip:
                self.plan.refuse_buyer(at)
            # The field holds 20 characters. We assume that it takes letters (a refusal cancels the receipt).
            number, name = (receipt.buyer.nip, "nip") if receipt.buyer.nip else (receipt.buyer.vat_id, "vat_id")
            self.add(f"{at}/buyer/{name}", "trnipset", ni=number)
            self.plan.check_vat_id(receipt.buyer, at)
        if receipt.e_receipt is not None:
            self._check_e_receipt(receipt.e_receipt, f"{at}/e_receipt")
        self.sold(receipt, at)
        given, taken = self._packs(receipt.packaging, f"{at}/packaging")
        self.payments(receipt, self.plan.total + given - taken, at)
        lines = self.plan.footer_lines(
            receipt, MAX_FOOTER_LINES, at, lambda line, pointer: self.text(line, pointer, "trftrln", "na")
        )
        footer = [Item(request("trftrln", id=PLAIN_FOOTER_LINE, na=text), pointer) for text, pointer in lines]
        self.plan.footer = footer
        self.plan.close = request(
            "trend",
            to=min(max(self.plan.total, 0), MAX_GROSZE),
            op=given or None,
            om=taken or None,
            re=self.plan.change or None,
            fp=self.plan.paid,
            fe=False if footer else None,
        )
        return self.plan

    def _check_e_receipt(self, wanted: EReceipt, at: str) -> None:
        """The binding itself comes before the opening (5.7). No source says how paper is chosen for one receipt."""
        if self.generation is not Generation.ONLINE:
            self.plan.refuse_e_receipt(at.removesuffix("/e_receipt"))
        elif wanted.print is not None:
            self.plan.error(
                f"{at}/print",
                "e_receipt.print",
                "whether an e-receipt also comes out on paper is a setting of this printer; leave print out",
                "o wydruku e-paragonu na papierze decyduje ustawienie drukarki.",
            )

    def sold(self, sale: Sale, at: str) -> None:
        """The lines, the discount on all of them, and the total."""
        for index, line in enumerate(sale.lines):
            self._line(line, f"{at}/lines/{index}")
        self._subtotal(sale, at)
        too_large = f"the {sale.type} is worth too much for the printer" if self.plan.total > MAX_GROSZE else None
        self.plan.check_total(sale, at, too_large=too_large)

    def _prepare_foot(self, receipt: Receipt, at: str) -> None:
        """``ftrcfg`` and ``qrcode`` configure the next printout only (5.2, 5.6).

        They are sent when our receipt is open (this is legal, and one client does it). If they were sent earlier and
        the receipt were interrupted, the foot would appear under another document.
        """
        qr, reference = receipt.qr, receipt.invoice_reference
        if qr is not None:
            self.qr(qr, f"{at}/qr")
        elif reference is not None:
            self.qr(reference.code, f"{at}/invoice_reference")
        if qr is not None and reference is not None:
            self.plan.error(
                f"{at}/qr",
                "qr.or_reference",
                "this printer prints one QR code under a receipt, and invoice_reference needs it; send one of them",
                "drukarka drukuje pod paragonem jeden kod QR: można podać kod albo numer KSeF, nie oba.",
            )
        barcode = receipt.barcode and self.text(receipt.barcode, f"{at}/barcode", "ftrcfg", "bc", TextKind.NUMBER)
        self.foot(receipt, at, bc=barcode, bb=1 if qr or reference else None)

    def foot(self, sale: Sale, at: str, **more: object) -> None:
        """``ftrcfg`` with cashier, till and system number, and ``more``; nothing if there are none."""
        cashier = sale.cashier and self.text(sale.cashier, f"{at}/cashier", "ftrcfg", "cc")
        till = sale.till and self.text(sale.till, f"{at}/register", "ftrcfg", "cn", TextKind.NUMBER)
        number = sale.system_number and self.text(
            sale.system_number, f"{at}/system_number", "ftrcfg", "sn", TextKind.NUMBER
        )
        values = {"cc": cashier or None, "cn": till or None, "sn": number or None, **more}
        if any(values.values()):
            self.add(at, "ftrcfg", **values)

    def qr(self, qr: QrCode, at: str) -> None:
        """Checked here, because the printer may notice a misfit only when it prints, after the sale is registered."""
        data = qr.text.encode()
        most = min(MAX_QR_BYTES, CAPACITY[qr.correction][-1])
        across, dots = modules(len(data), qr.correction), PAPER_DOTS[self.profile.columns]
        if across is None or len(data) > most:
            self.plan.error(
                f"{at}/text",
                "qr.too_long",
                f"{len(data)} bytes of UTF-8, a QR code with correction {qr.correction} takes {most}; send a shorter "
                "text or a lower correction",
                f"kod QR jest za długi (najwyżej {most} bajtów).",
            )
        elif across * qr.size > dots:
            self.plan.error(
                f"{at}/size",
                "qr.too_wide",
                f"the code has {across} modules of {qr.size} dots, {across * qr.size} in all, the paper has {dots}; "
                f"send a size of at most {dots // across}, a shorter text or a lower correction",
                "kod QR nie mieści się na papierze.",
            )
        else:
            self.add(at, "qrcode", px=qr.size, el=_CORRECTION[qr.correction], hx=True, tx=data.hex().upper())

    def _line(self, line: Line, at: str) -> None:
        name = self.plan.goods(line, f"{at}/name", self.code_page, self._limit("trline", "na"))
        unit = line.unit and self.text(line.unit, f"{at}/unit", "trline", "jm", TextKind.GOODS)
        description = line.description and self.text(line.description, f"{at}/description", "trline", "op")
        rate = self.plan.rate(line.vat, self.rates, f"{at}/vat")
        if line.quantity != round(line.quantity, 3):
            self.plan.error(
                f"{at}/quantity",
                "quantity.decimals",
                "this printer takes three decimals; round the quantity",
                "ilość może mieć najwyżej trzy miejsca po przecinku.",
            )
        value = self.plan.line_value(line, at)
        if value > MAX_GROSZE:
            self.plan.error(
                at,
                "line.too_large",
                f"the line is worth more than {format_grosze(MAX_GROSZE)}",
                "pozycja ma za dużą wartość.",
            )
        adjustment, delta, adjustment_name = line.discount or line.surcharge, 0, None
        if adjustment is not None and value:
            discount = line.discount is not None
            word = "discount" if discount else "surcharge"
            amount = self.plan.adjustment(adjustment, value, f"{at}/{word}", discount=discount)
            delta = -amount if discount else amount
            adjustment_name = self._adjustment_name(adjustment, f"{at}/{word}/name", "trline", "rn", discount=discount)
        key = (name, rate, grosze(line.price))
        if line.storno:
            self._storno(line, key, delta, at)
        else:
            self._sold.setdefault(key, []).append(_Sold(line.quantity, line.quantity, delta))
        self.plan.total += -(value + delta) if line.storno else value + delta
        letter = [*self.rates][rate] if self.rates is not None and isinstance(rate, int) else line.vat
        self.plan.lines.append(Sold(line, name, letter, value + delta))
        self.add(
            at,
            "trline",
            na=name,
            vt=rate if isinstance(rate, int) else 0,
            pr=grosze(line.price),
            st=True if line.storno else None,
            il=line.quantity if line.quantity != 1 else None,
            wa=min(value, MAX_GROSZE) if line.storno or line.quantity != 1 or delta else None,
            jm=unit,
            op=description or None,
            rd=delta < 0 if delta else None,
            rn=adjustment_name,
            rw=abs(delta) or None,
        )

    def _storno(self, line: Line, key: tuple[str, object, int], delta: int, at: str) -> None:
        """A storno takes back an earlier line of the same name, rate and price (6.4).

        No source says what a printer subtracts if that line had a discount (12, no. 7). So the planner accepts only a
        storno of the whole line with the same discount: then every interpretation gives the same sum.
        """
        earlier = self._sold.get(key, [])
        left = next((sold for sold in earlier if sold.quantity), None)
        if left is None:
            self.plan.error(
                at,
                "storno.no_line",
                "no earlier line has this name, VAT rate and price and something left to reverse; "
                "repeat the line exactly as it was sold",
                f"nie ma wcześniejszej pozycji „{line.name}” do stornowania.",
            )
            return
        if line.quantity > left.quantity:
            self.plan.error(
                f"{at}/quantity",
                "storno.quantity",
                f"only {plain(left.quantity)} of the earlier line is left; reverse at most that",
                "storno większe niż sprzedana ilość.",
            )
            return
        if (left.adjustment or delta) and (line.quantity != left.whole or delta != left.adjustment):
            self.plan.error(
                at,
                "storno.adjustment",
                "the earlier line carried a discount or surcharge of "
                f"{format_grosze(abs(left.adjustment))}; reverse its whole quantity and repeat exactly that, or "
                "leave both lines out",
                "pozycję z rabatem można stornować tylko w całości, z tym samym rabatem.",
            )
            return
        left.quantity -= line.quantity

    def _subtotal(self, sale: Sale, at: str) -> None:
        adjustment = sale.discount or sale.surcharge
        if adjustment is None or self.plan.total <= 0:
            return
        discount = sale.discount is not None
        word = "discount" if discount else "surcharge"
        amount = self.plan.adjustment(adjustment, self.plan.total, f"{at}/{word}", discount=discount)
        name = self._adjustment_name(adjustment, f"{at}/{word}/name", "trdiscntsubtot", "na", discount=discount)
        self.plan.total += -amount if discount else amount
        self.add(f"{at}/{word}", "trdiscntsubtot", na=name, rd=discount, rw=min(amount, MAX_GROSZE) or 1)

    def _adjustment_name(
        self, adjustment: Adjustment, pointer: str, mnemonic: str, param: str, *, discount: bool
    ) -> str:
        word = "Rabat" if discount else "Narzut"
        return self.plan.adjustment_name(adjustment, word, lambda text: self.text(text, pointer, mnemonic, param))

    def _packs(self, packaging: tuple[Packaging, ...], at: str) -> tuple[int, int]:
        """The values given out and taken back. Every piece of packaging has a number here, and may have a name."""
        given = taken = 0
        for index, item in enumerate(packaging):
            pointer = f"{at}/{index}"
            value = self.plan.packaging_value(item, pointer, MAX_GROSZE)
            if item.returned:
                taken += value
            else:
                given += value
            if max(given, taken) > MAX_GROSZE:
                self.plan.error(
                    pointer,
                    "packaging.value",
                    f"the packaging comes to more than {format_grosze(MAX_GROSZE)}; sell it on several receipts",
                    "za duża wartość opakowań.",
                )
                given, taken = min(given, MAX_GROSZE), min(taken, MAX_GROSZE)
            name = item.name and self.text(item.name, f"{pointer}/name", "trpack", "de")
            self.add(
                pointer,
                "trpack",
                na=item.number or str(item.printed_number(HIGHEST_PACKAGING)),
                ne=item.returned,
                pr=grosze(item.price),
                il=item.quantity,
                de=name or None,
            )
        return given, taken

    def payments(self, document: Paid, due: int, at: str) -> None:
        """The payments and the change."""
        payments = self.plan.payments(document, due, MAX_GROSZE, at)
        if payments is None or due < 0:  # below zero the printer pays out, without any payment
            return
        for index, payment in enumerate(payments):
            pointer = f"{at}/payments/{index}"
            self.plan.pay(payment, due, pointer)
            form = FORMS[payment.type]
            usual = TRANSFER_NAME if payment.type is PaymentType.TRANSFER else PAYMENT_FORMS[form]
            name = (payment.name and self.text(payment.name, f"{pointer}/name", "trpayment", "na")) or usual
            self.add(pointer, "trpayment", ty=form, wa=grosze(payment.amount), na=name, re=False)
        too_large = "the payments are too large for the printer" if self.plan.paid > MAX_GROSZE else None
        self.plan.give_change(document, due, at, too_large=too_large)
        if self.plan.change:
            change = min(self.plan.change, MAX_GROSZE)
            self.add(f"{at}/change", "trpayment", ty=FORMS[PaymentType.CASH], wa=change, na=CHANGE_NAME, re=True)

    # -- packaging without a sale ---------------------------------------------------------------------

    def packaging(self, document: PackagingDocument) -> Plan:
        """The commands of packaging without a sale."""
        at = "/document"
        self.add(at, "trpackinit")
        given, taken = self._packs(document.items, f"{at}/items")
        due = given - taken
        self.payments(document, due, at)
        self.plan.close = request(
            "trend", to=0, op=given or None, om=taken or None, re=self.plan.change or None, fp=self.plan.paid or None
        )
        return self.plan


def plan_receipt(receipt: Receipt, profile: Profile, code_page: str, rates: Rates | None) -> Plan:
    """The commands of ``receipt``; or in ``errors`` every refusal that the planner can predict.

    ``rates`` is the printer's table by letter. While it is unknown (``None``), rates are not checked and the commands
    must not be sent.
    """
    return Planner(profile, code_page, rates).receipt(receipt)


def plan_packaging(document: PackagingDocument, profile: Profile, code_page: str) -> Plan:
    """The commands of ``document``; or in ``errors`` every refusal that the planner can predict."""
    return Planner(profile, code_page, None).packaging(document)
