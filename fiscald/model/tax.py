"""VAT rates and tax numbers in documents."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any, LiteralString

from pydantic import BeforeValidator, WithJsonSchema
from stdnum.eu import vat as stdnum_vat
from stdnum.exceptions import InvalidChecksum
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.pl import nip as stdnum_nip

from fiscald.model.strict import mistake

#: Patterns for the API's schema; the validators below check more.
VAT = r"[A-Z]|exempt|[0-9]{1,2}([.,][0-9]{1,2})?%"
NIP = r"[ -]*([Pp][Ll][ -]*)?([0-9][ -]*){10}"
VAT_ID = r"[ .-]*[A-Za-z][ .-]*[A-Za-z]([ .-]*[0-9A-Za-z+*]){2,13}[ .-]*"
LONGEST = 30

_PERCENT = re.compile(r"([0-9]{1,2})(?:[.,]([0-9]{1,2}))?\s*%?")
_EXEMPT = ("zw", "zw.", "zwolniona", "zwolniony", "zwol", "zwol.", "exempt")
_OUTSIDE = ("np", "np.", "nie podlega", "oo", "o.o.")


# -- rates -----------------------------------------------------------------------------------------------


def parse_vat(value: Any) -> str:
    """The canonical form of a rate: ``"A"``, ``"23%"``, ``"5.5%"``, ``"exempt"``. Raises ``PydanticCustomError``."""
    if isinstance(value, str) and len(value) <= LONGEST and (rate := _rate(value)):
        return rate
    raise mistake(
        "vat.format",
        'a VAT rate is a letter of the printer\'s table ("A"), a percentage ("23%") or "exempt"; {advice}',
        "nieprawidłowa stawka VAT; {advice_pl}",
        **_vat_advice(value),
    )


@lru_cache(256)
def _rate(text: str) -> str | None:
    if re.fullmatch(VAT, text) is None:
        return None
    return _percentage(text) if text.endswith("%") else text


def _percentage(text: str) -> str:
    match = _PERCENT.fullmatch(text)
    assert match is not None
    fraction = (match[2] or "").rstrip("0")
    return f"{int(match[1])}{'.' + fraction if fraction else ''}%"


def _vat_advice(value: object) -> dict[str, str]:
    """What to send instead, in English and Polish."""
    text = str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if text.casefold() in _EXEMPT:
        right = "exempt"
    elif text.casefold() in _OUTSIDE:
        return {
            "advice": "a printer has no rate for goods outside VAT: send the letter that this shop uses for them",
            "advice_pl": "dla towaru niepodlegającego VAT należy podać literę stawki używaną w tym sklepie.",
        }
    elif isinstance(value, float) and 0 < value < 1:
        right = _percentage(f"{value * 100:.2f}%")
    elif _PERCENT.fullmatch(text):
        right = _percentage(text)
    elif re.fullmatch("[a-zA-Z]", text):
        right = text.upper()
    else:
        return {"advice": "send one of these", "advice_pl": "należy podać literę stawki albo procent."}
    polish = "„zwolniona”" if right == "exempt" else f"„{right}”"
    return {"advice": f'write "{right}"', "advice_pl": f"czy chodziło o stawkę {polish}?"}


#: A letter of the printer's own VAT table, a rate looked up in it (``"23%"``), or ``"exempt"``.
Vat = Annotated[
    str,
    BeforeValidator(parse_vat),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^({VAT})$",
            "maxLength": LONGEST,
            "description": "A letter of the printer's own table, a rate that is looked up in it, or exempt",
            "examples": ["A", "23%", "exempt"],
        }
    ),
]


# -- numbers of the buyer --------------------------------------------------------------------------------


def parse_nip(value: Any) -> str:
    """The ten digits. Raises ``PydanticCustomError``."""
    if not isinstance(value, str):
        raise mistake(
            "buyer.nip",
            "a NIP is a string of ten digits{advice}",
            "NIP nabywcy musi być podany jako tekst złożony z dziesięciu cyfr.",
            advice=f'; write "{value}"' if isinstance(value, int) and not isinstance(value, bool) else "",
        )
    text = value[: LONGEST + 1]
    if re.fullmatch(NIP, text) and len(value) <= LONGEST:
        digits = re.sub("[^0-9]", "", text)
        if stdnum_nip.is_valid(digits):
            return digits
        raise mistake(
            "buyer.nip",
            "this is not a Polish NIP: the check digit is wrong, so one of the ten digits is wrong",
            "NIP nabywcy jest błędny (nie zgadza się cyfra kontrolna); sprawdź, czy został dobrze przepisany.",
        )
    if re.match("[ .-]*[A-Za-z]{2}", text) and not re.match("[ .-]*[Pp][Ll]", text):
        raise mistake(
            "buyer.nip",
            "this is not a Polish NIP; send the number of a buyer of another EU country as vat_id",
            "to nie jest polski NIP; numer nabywcy z innego kraju UE podaje się jako numer VAT UE.",
        )
    count = sum(char.isdecimal() for char in text)
    raise mistake(
        "buyer.nip",
        "this is not a Polish NIP: it has ten digits, with or without hyphens, and this has {found}",
        "NIP nabywcy musi mieć dziesięć cyfr, a podano {count}.",
        found=f"{count} digits" if count != 10 else "other characters too",
        count="inne znaki" if count == 10 else count,
    )


#: A Polish taxpayer number, kept as its ten digits.
Nip = Annotated[
    str,
    BeforeValidator(parse_nip),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{NIP}$",
            "maxLength": LONGEST,
            "description": "Polish taxpayer number: ten digits with a correct check digit",
            "examples": ["5260250274"],
        }
    ),
]


def _vat_id(value: Any) -> str:
    """Without blanks, dots and hyphens, in capitals. ``check_digit_fits`` checks the check digit."""
    if not isinstance(value, str):
        raise mistake("buyer.vat_id", _VAT_ID, _VAT_ID_PL, advice="this is not a string")
    text = re.sub("[ .-]", "", value[: 2 * LONGEST]).upper()
    if text.startswith("PL"):
        raise mistake(
            "buyer.vat_id",
            "a Polish number is sent as nip",
            "polski numer podaje się jako NIP nabywcy, a nie jako numer VAT UE.",
        )
    try:
        if len(value) > LONGEST or re.fullmatch(VAT_ID, value) is None:
            raise StdnumError
        stdnum_vat.validate(text)
    except InvalidChecksum:
        pass
    except StdnumError:
        country = text[:2].lower()
        known = country in stdnum_vat.MEMBER_STATES or country in ("el", "eu", "im")
        advice = "this has another form" if known else "this begins with the letters of no country of the EU"
        raise mistake("buyer.vat_id", _VAT_ID, _VAT_ID_PL, advice=advice) from None
    return text


_VAT_ID: LiteralString = (
    "a VAT number of the EU begins with the letters of its country and has the form of that country's numbers, "
    "like DE136695976; {advice}"
)
_VAT_ID_PL = "numer VAT UE nabywcy jest błędny; zaczyna się od liter kraju, np. DE136695976."


def check_digit_fits(vat_id: str) -> bool:
    """Whether the check digit of a VAT number is right, by the rules of its country."""
    return bool(stdnum_vat.is_valid(vat_id))


#: A VAT number of another country of the EU, with its letters.
VatId = Annotated[
    str,
    BeforeValidator(_vat_id),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{VAT_ID}$",
            "maxLength": LONGEST,
            "description": "VAT number of another country of the EU, with the letters of that country",
            "examples": ["DE136695976", "ATU57477126"],
        }
    ),
]
