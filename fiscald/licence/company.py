"""The owner of a licence: a company, identified by its tax number, or by name and postcode if it has none."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, NamedTuple

from stdnum import get_cc_module
from stdnum.exceptions import ValidationError

from fiscald.licence.countries import COUNTRIES
from fiscald.licence.folding import fold

#: Where the number of VAT is the company's number and a word behind it, which the company may not have.
_COMPANY_NUMBERS = {"CH": "uid", "NO": "orgnr"}
_VAT_WORD = re.compile(r"\s*(MWST|TVA|IVA|TPV|MVA)\.?$", re.ASCII | re.IGNORECASE)
#: Prefixes of tax numbers other than the country.
_PREFIXES = {"GR": ("EL", "GR"), "GB": ("GB", "XI")}
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
        """The name for comparison: see ``fold``."""
        return fold(self.name)

    @property
    def normal_post(self) -> str:
        """The postcode for comparison: see ``fold``."""
        return fold(self.post)


def company(name: str, post: str, cc: str = "PL", tin: str | None = None) -> Company:
    """A company from typed text, normalised. Raises ``ValueError`` with a sentence that says what is wrong."""
    name, post = (" ".join(unicodedata.normalize("NFC", text).split()) for text in (name, post))
    cc = cc.strip().upper()
    for text, what in ((name, "name"), (post, "postcode")):
        if not text or len(text) > MAX_LENGTH or not text.isprintable():
            raise ValueError(f"the company's {what} is missing, too long or not plain text")
    if not fold(name):
        raise ValueError("the company's name has no letter and no digit")
    if cc not in COUNTRIES:
        raise ValueError(f"the country is the two letters of ISO 3166, like PL, not {cc[:20]!r}")
    return Company(name, post, cc, _tax_number(cc, tin))


def _tax_number(cc: str, typed: str | None) -> str | None:
    """The tax number without punctuation and without the country before it; checked where its check is known."""
    tin = unicodedata.normalize("NFKC", typed or "").strip()
    if not tin:
        if cc in _NEEDED:
            raise ValueError("the tax number (NIP) is missing")
        return None
    if len(tin) > MAX_LENGTH:
        raise ValueError("the tax number is too long")
    check = get_cc_module(cc, _COMPANY_NUMBERS.get(cc, "vat"))
    if check is None:
        compact = fold(tin).upper()
        if not compact:
            raise ValueError("the tax number has no letter and no digit")
        return _without_country(cc, compact)
    if cc in _COMPANY_NUMBERS:
        tin = _VAT_WORD.sub("", tin)
    # The check of the whole comes last: a number may begin with letters that are not the country's.
    for each in (_without_country(cc, "".join(tin.split())), tin):
        found = _checked(check, each)
        if found is not None:
            return found
    raise ValueError(
        f"{tin} is not a valid tax number{' (NIP)' if cc == 'PL' else ' (VAT number)'} in {cc}; "
        "compare it digit by digit" + ("" if cc in _NEEDED else ", or leave it out")
    )


def _without_country(cc: str, tin: str) -> str:
    for prefix in _PREFIXES.get(cc, (cc,)):
        if tin[:2].upper() == prefix and len(tin) > len(prefix):
            return tin[2:].lstrip("-. ")
    return tin


def _checked(check: Any, tin: str) -> str | None:
    """The number as its country compares it; ``None`` if it is not valid."""
    try:
        found = str(check.validate(tin))
    except (ValidationError, ValueError, LookupError, TypeError):
        return None  # the checks of some countries stumble over what is no number
    return found if found.isascii() and found.isalnum() else None
