"""Every refusal of the vendor's server: a stable code, its HTTP status, and sentences for the person."""

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
        409, "This request was answered already; try again.", "Na to pytanie już odpowiedziano. Zapytaj ponownie."
    ),
    "conflict": _Row(
        409,
        "Another request for the same came at this moment; try again.",
        "Ktoś inny poprosił o to samo w tej samej chwili. Spróbuj ponownie.",
    ),
    "email_invalid": _Row(
        422,
        "This is not an e-mail address that a code can be sent to; letters, digits and . _ + - before the @.",
        "Na ten adres e-mail nie można wysłać kodu. Przed @ mogą stać litery, cyfry oraz . _ + -.",
    ),
    "company_invalid": _Row(
        422,
        "The company details are invalid: {why}.",
        "Błędne dane firmy. Sprawdź nazwę, kod pocztowy, kraj i NIP.",
    ),
    "company_known": _Row(
        409,
        "This company is registered already; move its licence to this computer, or write to us.",
        "Ta firma jest już zarejestrowana. Przenieś jej licencję na ten komputer albo napisz do nas.",
    ),
    "code_wrong": _Row(
        403,
        "The code is wrong, expired, used, or belongs to another computer; request a new one.",
        "Kod jest błędny, nieważny, zużyty albo zamówił go inny komputer. Poproś o nowy.",
    ),
    "session_ended": _Row(
        403,
        "More than 15 minutes have passed, or another computer confirmed the address; request a new code.",
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
        "This update number was used already; run a licence check to get its updates.",
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
        "This number was registered on another computer a minute ago. A second computer needs another number;"
        " if this one replaces the other, try again in a minute.",
        "Ten numer zarejestrowano przed chwilą na innym komputerze. Drugi komputer potrzebuje własnego numeru."
        " Jeśli zastępuje tamten, spróbuj ponownie za minutę.",
    ),
    "number_not_needed": _Row(
        409,
        "This computer has a licence that includes all of this; enter the number on the other computer.",
        "Ten komputer ma już licencję, która obejmuje to wszystko. Wpisz ten numer na drugim komputerze.",
    ),
    "number_online": _Row(
        409,
        "This number works only on computers with internet; register it there, or write to us.",
        "Ten numer działa tylko na komputerze z internetem. Zarejestruj go tam albo napisz do nas.",
    ),
    "trial_used": _Row(
        409,
        "This computer has had a trial; enter a licence number, or write to us.",
        "Na tym komputerze była już wersja próbna. Wpisz numer licencji albo napisz do nas.",
    ),
    "seat_choice": _Row(
        409,
        "The licence is on several computers; say which of them this one replaces.",
        "Licencja działa na kilku komputerach. Wskaż ten, który zastępujesz.",
    ),
    "licence_suspended": _Row(
        403,
        "The licence is suspended; write to us.",
        "Licencja jest zawieszona. Napisz do nas.",
    ),
    "order_unknown": _Row(
        404, "There is no such order with an address.", "Nie ma takiego zamówienia z adresem e-mail."
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
        "This file is older than 30 days, or older than the last change of the licence; make a new one.",
        "Plik jest starszy niż 30 dni albo niż późniejsza zmiana licencji. Utwórz nowy.",
    ),
}  # fmt: skip


class Refused(Exception):
    """The vendor refuses. The refusal is signed."""

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
    """Too many requests. Not signed: it decides nothing. ``retry_after`` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        self.retry_after = max(1, retry_after)
        super().__init__(f"try again in {self.retry_after} s")


class Malformed(Exception):
    """Not a request to this vendor. Not signed: there is no known request to answer."""


class Unable(Exception):
    """The server cannot decide now (clock, disk); ``str`` is for its operator."""
