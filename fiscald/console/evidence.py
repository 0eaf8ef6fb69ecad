"""Evidence in words: what the printer said about itself at each look, side by side, and what had changed.

The keys are the vendors' names, as the families store them (``PosnetLook`` and so on). A key without a word, of another
version, is shown as it is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fiscald.console.languages import Words

#: The looks of a dialogue, in order.
_LOOKS = {
    "before": ("before", "przed"),
    "opened": ("while it was open", "gdy był otwarty"),
    "after": ("at the last look", "przy ostatnim odczycie"),
}
_WORDS = {
    # POSNET
    "nu": ("unique number", "numer unikatowy"),
    "rd": ("daily reports made", "wykonane raporty dobowe"),
    "hn": ("documents printed, of any kind", "wydrukowane dokumenty wszystkich rodzajów"),
    "bn": ("receipts of the day", "paragony dnia"),
    "bt": ("number of the last receipt", "numer ostatniego paragonu"),
    "bc": ("cancelled receipts of the day", "anulowane paragony dnia"),
    "fn": ("invoices of the day", "faktury dnia"),
    "fc": ("cancelled invoices of the day", "anulowane faktury dnia"),
    # Thermal
    "nr_unikatowy": ("unique number", "numer unikatowy"),
    "Pm": ("fiscal mode", "tryb fiskalny"),
    "Pt": ("a document is open", "dokument jest otwarty"),
    "Px": ("the last document was completed", "ostatni dokument zakończono"),
    "par_num": ("number of the last receipt", "numer ostatniego paragonu"),
    "cash": ("cash in the drawer, in grosze", "gotówka w kasie, w groszach"),
    "parag": ("receipts of the day", "paragony dnia"),
    "anul": ("cancelled receipts of the day", "anulowane paragony dnia"),
    "anul_kwota": ("their value, in grosze", "ich wartość, w groszach"),
    "tot": ("sales of the day, in grosze", "sprzedaż dnia, w groszach"),
    "n_dobowych": ("daily reports made", "wykonane raporty dobowe"),
    "n_wolnych": ("daily reports that still fit", "miejsca na raporty dobowe"),
    "numer": ("number of the last printed document", "numer ostatniego wydruku"),
    "faktury": ("number of the last invoice", "numer ostatniej faktury"),
    "Pz": ("resets of the memory", "zerowania pamięci"),
    "pamiec": ("label of the protected memory", "etykieta pamięci chronionej"),
    # POSNET, an e-receipt
    "edocument": ("e-document", "e-dokument"),
    # Novitus XML
    "uniqueno": ("unique number", "numer unikatowy"),
    "isfiscal": ("fiscal mode", "tryb fiskalny"),
    "intransaction": ("a document is open", "dokument jest otwarty"),
    "lasttransactioncorrect": ("the last document was completed", "ostatni dokument zakończono"),
    "resetcount": ("resets of the memory", "zerowania pamięci"),
    "reportscount": ("daily reports made", "wykonane raporty dobowe"),
    "maxreportscount": ("daily reports that fit in all", "pojemność na raporty dobowe"),
    "last_state": ("state of the last sale", "stan ostatniej sprzedaży"),
    "last_type": ("its kind", "jej rodzaj"),
    "last_number": ("its number", "jej numer"),
    "last_printout": ("its number among all documents", "jej numer wśród wszystkich wydruków"),
    "last_total": ("its value, in grosze", "jej wartość, w groszach"),
    # NoviAPI
    "unique_number": ("unique number", "numer unikatowy"),
    "reports": ("daily reports made", "wykonane raporty dobowe"),
    "receiptcount": ("receipts, as the printer counts them", "paragony według licznika drukarki"),
    "own_id": ("the printer's id of this document", "identyfikator tego dokumentu w drukarce"),
    # more than one family
    "jpkid": ("last document in the protected memory", "ostatni dokument w pamięci chronionej"),
    "lastreceipt": ("number of the last receipt", "numer ostatniego paragonu"),
    "lastinvoice": ("number of the last invoice", "numer ostatniej faktury"),
    "lastprintout": ("number of the last printed document", "numer ostatniego wydruku"),
    "receipts": ("receipts of the day, in grosze", "paragony dnia, w groszach"),
    "invoices": ("invoices of the day, in grosze", "faktury dnia, w groszach"),
    "host_time": ("this computer's time", "czas tego komputera"),
    "fiscal": ("fiscal mode", "tryb fiskalny"),
    "profile": ("profile of the printer", "profil drukarki"),
}


class Row(NamedTuple):
    """One counter, over all looks."""

    name: str
    key: str
    values: tuple[str, ...]
    moved: bool
    """Whether the printer has counted something here."""


class Table(NamedTuple):
    """The looks, and what each said."""

    looks: tuple[str, ...]
    rows: tuple[Row, ...]
    rest: tuple[tuple[str, str], ...]
    """What is no look: names and values."""


def table(t: Words, found: dict[str, Any] | None) -> Table | None:
    """The evidence of a job; ``None``: there is none."""
    if not found:
        return None
    looks = [name for name in _LOOKS if isinstance(found.get(name), dict)]
    keys = list(dict.fromkeys(key for look in looks for key, value in found[look].items() if _is_plain(value)))
    rows = []
    for key in keys:
        said = [found[look][key] for look in looks if key in found[look]]
        values = tuple(_shown(t, found[look].get(key)) if key in found[look] else "" for look in looks)
        rows.append(Row(t(*_WORDS.get(key, (key, key))), key, values, any(each != said[0] for each in said)))
    rows.sort(key=lambda row: not row.moved)
    rest = tuple((name, _shown(t, value)) for name, value in found.items() if name not in looks and _is_plain(value))
    return Table(tuple(t(*_LOOKS[name]) for name in looks), tuple(rows), rest)


def moved(t: Words, found: Table) -> list[str]:
    """What changed, as sentences."""
    return [
        t(f"{row.name}: from {first} to {last}", f"{row.name}: z {first} na {last}")
        for row in found.rows
        if row.moved
        for first, last in [_ends(row.values)]
        if first != last
    ]


def _ends(values: tuple[str, ...]) -> tuple[str, str]:
    said = [value for value in values if value]
    return said[0], said[-1]


def _is_plain(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _shown(t: Words, value: Any) -> str:
    match value:
        case None:
            return t("not known", "nie wiadomo")
        case bool():
            return t("yes", "tak") if value else t("no", "nie")
    return str(value)[:200]
