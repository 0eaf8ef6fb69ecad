"""KSeF, the ministry's system for invoices: its number of an invoice, and a receipt's reference to that invoice."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from stdnum.pl import nip as stdnum_nip

from fiscald.model.barcodes import QrCode
from fiscald.model.strict import Strict, mistake

_NUMBER = r"[0-9]{10}-[0-9]{8}-[0-9A-F]{12}-[0-9A-F]{2}"
_LENGTH = 35


def _check_number(value: Any) -> str:
    """The number as it was sent: the seller's NIP, the date, the technical part, the check digits."""
    if not isinstance(value, str) or len(value) != _LENGTH or re.fullmatch(_NUMBER, value, re.ASCII) is None:
        raise mistake(
            "ksef.number",
            f"a KSeF number has {_LENGTH} characters, as in 5265877635-20250826-0100001AF629-AF",
            f"numer KSeF ma {_LENGTH} znaków, na przykład 5265877635-20250826-0100001AF629-AF.",
        )
    if check_digits(value[:-3]) != value[-2:] or not stdnum_nip.is_valid(value[:10]):
        raise mistake(
            "ksef.number",
            "this is no KSeF number: its check digits are wrong, so one of its characters is wrong",
            "numer KSeF jest błędny (nie zgadza się suma kontrolna); sprawdź, czy został dobrze przepisany.",
        )
    return value


def check_digits(data: str) -> str:
    """The CRC-8 (polynomial 0x07) of the first 32 characters of a KSeF number, as two hexadecimal digits."""
    crc = 0
    for byte in data.encode():
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07) & 0xFF if crc & 0x80 else crc << 1
    return f"{crc:02X}"


#: The number that KSeF gave an invoice.
KsefNumber = Annotated[
    str,
    BeforeValidator(_check_number),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{_NUMBER}$",
            "maxLength": _LENGTH,
            "description": "the number that KSeF gave the invoice, with correct check digits",
            "examples": ["5265877635-20250826-0100001AF629-AF"],
        }
    ),
]


class InvoiceReference(Strict):
    """The invoice in KSeF that belongs to a receipt. Its number is printed under the receipt, with a QR code."""

    ksef_number: KsefNumber
    url: Annotated[str, Field(max_length=300, pattern=r"^https://[!-~]{1,292}$")] | None = Field(
        default=None,
        description="the link that checks the invoice, for the QR code; absent: the QR code holds the number",
    )

    @property
    def line(self) -> str:
        """The line under the receipt: at most 40 characters, as every printer takes."""
        return f"KSeF {self.ksef_number}"

    @property
    def code(self) -> QrCode:
        """The QR code under the receipt. It fits on 57 mm paper with every link that is allowed."""
        return QrCode(text=self.url or self.ksef_number)
