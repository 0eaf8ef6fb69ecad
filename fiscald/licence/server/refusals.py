"""Every "no" the vendor's server says: a stable code, the HTTP status beside it, and sentences for the person."""

from __future__ import annotations

from typing import NamedTuple

from fiscald.licence.number_reading import NumberRefused
from fiscald.licence.wire import Refusal


class _Row(NamedTuple):
    status: int
    detail: str
    detail_pl: str


TABLE = {
    "clock": _Row(
        400,
        "The date or time of this computer is wrong by more than ten minutes; set it and try again.",
        "Data lub godzina w tym komputerze jest błędna o ponad dziesięć minut. Ustaw ją i spróbuj ponownie.",
    ),
    "replayed": _Row(
        409, "This question was answered already; ask again.", "Na to pytanie już odpowiedziano. Zapytaj ponownie."
    ),
    "conflict": _Row(
        409,
        "Somebody else asked for the same at this moment; try again.",
        "Ktoś inny poprosił o to samo w tej samej chwili. Spróbuj ponownie.",
    ),
    "email_invalid": _Row(
        422,
        "This is not an e-mail address that a code can be sent to; letters, digits and . _ + - before the @.",
        "Na ten adres e-mail nie można wysłać kodu. Przed @ mogą stać litery, cyfry oraz . _ + -.",
    ),
    "company_invalid": _Row(
        422,
        "The company is not written right: {why}.",
        "Błędne dane firmy. Sprawdź nazwę, kod pocztowy, kraj i NIP.",
    ),
    "company_known": _Row(
        409,
        "This company is registered already; move its licence to this computer, or write to us.",
        "Ta firma jest już zarejestrowana. Przenieś jej licencję na ten komputer albo napisz do nas.",
    ),
    "code_wrong": _Row(
        403,
        "The code is wrong, too old, used up, or was asked for by another computer; ask for a new one.",
        "Kod jest błędny, nieważny, zużyty albo zamówił go inny komputer. Poproś o nowy.",
    ),
    "session_ended": _Row(
        403,
        "More than 15 minutes have passed, or another computer confirmed the address; ask for a new code.",
        "Minęło ponad 15 minut albo adres potwierdził inny komputer. Poproś o nowy kod.",
    ),
    "number_unknown": _Row(
        404,
        "This number is not one of ours; compare it with the paper, group by group.",
        "Nie znamy tego numeru. Porównaj go z dokumentem, grupa po grupie.",
    ),
    "company": _Row(
        409,
        "This number is used by another company; if you bought it, write to us.",
        "Tego numeru używa inna firma. Jeśli to Twój numer, napisz do nas.",
    ),
    "number_used": _Row(
        409,
        "This update number was used already; a check fetches what it brought.",
        "Ten numer aktualizacji został już wykorzystany. Sprawdzenie licencji pobierze to, co przyniósł.",
    ),
    "number_replaced": _Row(
        410,
        "This number was replaced by the newer number {hint}; enter that one.",
        "Ten numer został zastąpiony nowszym numerem {hint}. Wpisz tamten.",
    ),
    "number_revoked": _Row(
        410, "This number was withdrawn; write to us.", "Ten numer został wycofany. Napisz do nas."
    ),
    "number_lesser": _Row(
        409,
        "This number orders less than the licence your company has; nothing was changed.",
        "Ten numer obejmuje mniej niż obecna licencja firmy. Nic nie zmieniono.",
    ),
    "licence_elsewhere": _Row(
        409,
        "Your company has a licence that is on another computer, or was; move it here first.",
        "Firma ma licencję, która jest lub była na innym komputerze. Najpierw przenieś ją tutaj.",
    ),
    "licence_unknown": _Row(404, "There is no such licence.", "Nie ma takiej licencji."),
    "other_computer": _Row(
        403, "The licence is not on this computer.", "Licencja nie jest przypisana do tego komputera."
    ),
    "licence_over": _Row(
        410,
        "This licence is no longer in force; enter a new number.",
        "Ta licencja już nie obowiązuje. Wpisz nowy numer.",
    ),
    "licence_trial": _Row(
        409,
        "An update number belongs to a bought licence; enter the licence number first.",
        "Numer aktualizacji dotyczy kupionej licencji. Najpierw wpisz numer licencji.",
    ),
    "request_old": _Row(
        410,
        "This file is older than 30 days, or than what has happened to the licence since; make a new one.",
        "Plik jest starszy niż 30 dni albo niż późniejsza zmiana licencji. Utwórz nowy.",
    ),
}  # fmt: skip


class Refused(Exception):
    """The vendor decided: no. Signed, so that it counts."""

    def __init__(self, code: str, **values: str) -> None:
        row = TABLE[code]
        self.status = row.status
        self.refusal = Refusal(
            code=code, detail=row.detail.format(**values)[:500], detail_pl=row.detail_pl.format(**values)[:500]
        )
        super().__init__(code)

    @classmethod
    def number(cls, fault: NumberRefused) -> Refused:
        """A number that cannot be read; the sentences say where to look."""
        refused = cls("number_unknown")
        refused.status = 422
        refused.refusal = Refusal(code=fault.code, detail=fault.detail, detail_pl=fault.detail_pl)
        return refused


class TooMany(Exception):
    """Asked too often. Not signed: it decides nothing. ``retry_after`` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        self.retry_after = max(1, retry_after)
        super().__init__(f"try again in {self.retry_after} s")


class Malformed(Exception):
    """Not a question to this vendor. Not signed: nobody can say whom it would answer."""


class Unable(Exception):
    """The server cannot decide now (clock, disk); ``str`` is for its operator."""
