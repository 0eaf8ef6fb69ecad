"""The Polish names of elements, attributes and values; inside the printer there are only the English ones.

What is here is known (Novitus XML reference, 5.17). A Polish element that is not here is unknown to the emulated
printer; an attribute or value of a reply that is not here keeps its English name (our assumption).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fiscald.protocols.novitus_elements import Element


class _Names(NamedTuple):
    """One element: its Polish name, and by English names those of its attributes and of their values."""

    name: str
    attributes: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]] = {}


_YES = {"yes": "tak", "no": "nie"}
_CLOSE = {
    "systemno": "numer_systemowy", "checkout": "numer_kasy", "cashier": "kasjer", "total": "kwota",
    "charge": "oplata", "nip": "nip",
}  # fmt: skip
_KINDS = {"receipt": "paragon", "invoice": "faktura"}
_FORMS = {
    "card": "karta", "cheque": "czek", "voucher": "voucher", "credit": "kredyt", "transfer": "przelew",
    "account": "konto_klienta", "foreign": "waluta_obca", "cash": "gotowka", "mobile": "mobilna", "bon": "bon",
    "other": "inna",
}  # fmt: skip
_RECEIPT = _Names(
    "paragon",
    {"action": "akcja", "mode": "tryb", "pharmaceutical": "apteczny"} | _CLOSE,
    {"action": {"begin": "poczatek", "close": "zamknij", "cancel": "anuluj"}, "pharmaceutical": _YES},
)
_NAMES: dict[str, _Names] = {
    "dle": _Names(
        "dle_pl", {"online": "online", "papererror": "brak_papieru", "printererror": "blad_urzadzenia"},
        {"online": _YES, "papererror": _YES, "printererror": _YES},
    ),
    "enq": _Names(
        "enq_pl",
        {
            "fiscal": "fiskalna", "lastcommanderror": "ostatni_rozkaz_ok", "intransaction": "tryb_transakcji",
            "lasttransactioncorrect": "ostatnia_transakcja_ok",
        },
        # The Polish attribute says the opposite of the English one.
        {"fiscal": _YES, "lastcommanderror": {"yes": "nie", "no": "tak"}, "intransaction": _YES,
         "lasttransactioncorrect": _YES},
    ),
    "error": _Names(
        "blad", {"action": "akcja", "value": "wartosc"},
        {"action": {"set": "ustaw", "get": "odczytaj"}, "value": {"silent": "cichy"}},
    ),
    "receipt": _RECEIPT,
    "item": _Names(
        "pozycja",
        {
            "name": "nazwa", "quantity": "ilosc", "quantityunit": "jednostka", "ptu": "stawka", "price": "cena",
            "total": "kwota", "recipe": "recepta", "charge": "oplata", "plu": "plu", "description": "opis",
            "action": "akcja", "code": "kod_towaru",
        },
        {"action": {"sale": "sprzedaz"}},
    ),
    "discount": _Names(
        "rabat",
        {
            "value": "wartosc", "name": "nazwa", "descid": "identyfikator_rabatu", "action": "akcja", "type": "typ",
            "total": "kwota", "ptu": "stawka",
        },
        {"action": {"discount": "rabat", "markup": "narzut"}},
    ),
    "payment": _Names(
        "platnosc",
        {"type": "typ", "action": "akcja", "value": "wartosc", "rate": "kurs", "mode": "tryb", "name": "nazwa"},
        {"action": {"add": "dodaj"}, "type": _FORMS},
    ),
    "rcpitemadvances": _Names(
        "zaliczka",
        {"action": "akcja", "description": "opis", "ptu": "stawka", "value": "wartosc", "surcharge": "doplata"},
        {"action": {"rcpitemadvances": "zaliczka", "settlementrcpitemadvances": "rozliczenie_zaliczki"}},
    ),
    "info": _Names(
        "informacja",
        {
            "action": "akcja", "type": "typ", "lasterror": "ostatni_blad", "isfiscal": "zafiskalizowana",
            "receiptopen": "otwarta_transakcja", "lastreceipterror": "ostatnia_transakcja_bledna",
            "resetcount": "ilosc_zerowan_pamieci", "date": "data", "receiptcount": "ilosc_paragonow", "cash": "gotowka",
            "uniqueno": "numer_unikatowy", "lastreceipt": "numer_ostatniego_paragonu",
            "lastinvoice": "numer_ostatniej_faktury", "lastprintout": "numer_ostatniego_wydruku", "version": "wersja",
            "state": "stan", "number": "numer", "mode": "tryb",
        } | _CLOSE,
        {
            "action": {
                "version": "wersja", "date": "data", "transaction": "transakcja",
                "lasttransaction": "ostatnia_transakcja", "checkout": "urzadzenie",
            },
            "type": _KINDS, "isfiscal": _YES, "receiptopen": _YES, "lastreceipterror": _YES,
            "state": {"open": "otwarty", "close": "zamknij", "canceled": "anulowany"},
        },
    ),
    "taxrates": _Names("stawki_ptu", {"action": "akcja"}, {"action": {"get": "odczytaj"}}),
    "ptu": _Names("stawka", {"name": "nazwa"}),
    "nonfiscalprintout": _Names(
        "wydruk_niefiskalny",
        {"systemno": "numer_systemowy", "nonfiscalheader": "naglowek_wydruku_niefiskalnego"},
        {"nonfiscalheader": _YES},
    ),
    "line": _Names(
        "linia",
        {
            "type": "typ", "bold": "pogrubienie", "inwers": "negatyw", "center": "wysrodkowany",
            "fontid": "numer_czcionki", "fontattr": "atrybut_czcionki", "print_on": "wydruk_na",
        },
        {
            "type": {"line": "linia", "qrcode": "qr_kod", "underline": "podkreslenie"}, "bold": _YES, "inwers": _YES,
            "center": _YES, "fontattr": {"big": "duza"}, "print_on": {"copy": "kopia"},
        },
    ),
    "cashier": _Names(
        "kasjer", {"action": "akcja", "number": "numer", "name": "nazwa"},
        {"action": {"login": "zalogowany", "logoff": "wylogowany"}},
    ),
    "report": _Names("raport", {"type": "typ", "date": "data"}, {"type": {"daily": "dobowy"}}),
}  # fmt: skip
_ENGLISH = {names.name: (english, names) for english, names in _NAMES.items()}
#: The words of a rate that is exempt.
FREE, WOLNY = "free", "wolny"


def from_polish(element: Element) -> Element:
    """The element in English; ``pl:`` before a name that is not known.

    An English name of an element or attribute in a Polish packet is not known (our assumption).
    """
    known = _ENGLISH.get(element.name)
    if known is None:
        return element._replace(name=f"pl:{element.name}")
    english, names = known
    attributes = {polish: word for word, polish in names.attributes.items()}
    given = []
    for name, value in element.attributes:
        word = attributes.get(name, f"pl:{name}" if name in names.attributes else name)
        words = {polish: each for each, polish in names.values.get(word, {}).items()}
        given.append((word, words.get(value.strip().lower(), value)))
    children = tuple(from_polish(child) for child in element.children)
    return Element(english, tuple(given), children, element.text)


def to_polish(element: Element) -> Element:
    """A reply in Polish."""
    names = _NAMES.get(element.name)
    children = tuple(to_polish(child) for child in element.children)
    if names is None:
        return element._replace(children=children)
    given = tuple(
        (names.attributes.get(name, name), names.values.get(name, {}).get(value, value))
        for name, value in element.attributes
    )
    return Element(names.name, given, children, WOLNY if element.text == FREE else element.text)
