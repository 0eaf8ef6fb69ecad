"""The owner of a licence: a company, identified by its tax number, or by name and postcode if it has none."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from stdnum.bg import vat as bg_vat
from stdnum.nl import btw as nl_btw
from stdnum.pl import nip as pl_nip
from stdnum.ro import cf as ro_cf

_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_TAX_NUMBERS = {"PL": pl_nip, "BG": bg_vat, "RO": ro_cf, "NL": nl_btw}
#: Where a company without a tax number is no company.
_NEEDED = ("PL", "BG", "RO")
MAX_LENGTH = 120


class Company(NamedTuple):
    """A company as it writes itself. ``cc`` is its ISO 3166 country, ``tin`` its tax number (in Poland: NIP)."""

    name: str
    post: str
    cc: str
    tin: str | None

    @property
    def identity(self) -> tuple[str, ...]:
        """The identity of a company: its tax number, or name and postcode if it has none."""
        return (self.cc, self.tin) if self.tin is not None else (self.cc, self.normal_name, self.normal_post)

    def same(self, other: Company) -> bool:
        """Whether both are the same company in any spelling: by tax number, or by name and postcode."""
        if self.cc != other.cc:
            return False
        if self.tin is not None and other.tin is not None:
            return self.tin == other.tin
        return (self.normal_name, self.normal_post) == (other.normal_name, other.normal_post)

    def __str__(self) -> str:
        return self.name if self.tin is None else f"{self.name} ({self.tin})"

    @property
    def normal_name(self) -> str:
        """The name without differences of case, spaces and Unicode form."""
        return " ".join(unicodedata.normalize("NFC", self.name).casefold().split())

    @property
    def normal_post(self) -> str:
        """The postcode without spaces and dashes."""
        return re.sub(r"[\s-]", "", self.post).casefold()


def company(name: str, post: str, cc: str = "PL", tin: str | None = None) -> Company:
    """A company from typed text, normalised. Raises ``ValueError`` with a sentence that says what is wrong."""
    name, post, cc = " ".join(unicodedata.normalize("NFC", name).split()), post.strip(), cc.strip().upper()
    for text, what in ((name, "name"), (post, "postcode")):
        if not text or len(text) > MAX_LENGTH or not text.isprintable():
            raise ValueError(f"the company's {what} is missing, too long or not plain text")
    if _COUNTRY.fullmatch(cc) is None:
        raise ValueError(f"the country is two letters, like PL, not {cc!r}")
    return Company(name, post, cc, _tax_number(cc, tin))


def _tax_number(cc: str, tin: str | None) -> str | None:
    if tin is None or not tin.strip():
        if cc in _NEEDED:
            raise ValueError("the tax number (NIP) is missing")
        return None
    if cc not in _TAX_NUMBERS:
        return re.sub(r"[\s-]", "", tin)[:MAX_LENGTH]
    check = _TAX_NUMBERS[cc]
    if not check.is_valid(tin):
        raise ValueError(f"{tin} is not a valid tax number (NIP) in {cc}; compare it digit by digit")
    return str(check.compact(tin))
