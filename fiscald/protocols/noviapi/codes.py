"""The numbers of the exceptions with which a printer refuses a request. Source: the contract; Novitus reference, N3.1.

The numbers with which a printer refuses the *content* of a document are those of every Novitus Online printer:
``fiscald.protocols.novitus_errors``.
"""

from __future__ import annotations

from typing import NamedTuple

from fiscald.protocols.tables import error_rows


class HttpCode(NamedTuple):
    """One exception."""

    number: int
    status: int
    """The status of HTTP that comes with it."""
    condition: str | None
    """The name of the condition that it means; ``None``: none."""
    text: str
    text_pl: str


#: number, status of HTTP, condition | English | Polish. 3 and 5 are not in the contract (N3.1: probably).
_TABLE = """
1  404 -            | the printer does not know the id | drukarka nie zna tego dokumentu
2  429 locked       | too many tokens were asked for | drukarka nie wydaje teraz dostępu; odblokuj pobieranie tokenów w jej menu
3  401 -            | the token has expired | dostęp do drukarki wygasł
4  401 -            | the token is not the printer's | drukarka odrzuciła dostęp
5  401 -            | the printer has no token | drukarka odrzuciła dostęp
6  403 busy         | another document of this server is confirmed; the token was deleted | drukarka wykonuje inny dokument
7  400 -            | the printer cannot read the request as JSON | błąd programu: niepoprawne polecenie dla drukarki
8  400 -            | the request is not built as the contract says | błąd programu: niepoprawne dane w poleceniu dla drukarki
9  400 -            | the document can no longer be removed | dokumentu nie można już usunąć
10 409 busy         | documents that are stored and not printed yet wait in the printer | w drukarce czekają niewydrukowane dokumenty
11 409 busy         | a daily report waits in the printer | w drukarce czeka raport dobowy
13 500 -            | the printer's server reports an internal error | błąd wewnętrzny serwera drukarki
14 507 copy_blocked | no space in the protected memory | brak miejsca w pamięci chronionej drukarki
"""  # noqa: E501

#: Every known exception by number.
HTTP_CODES: dict[int, HttpCode] = {
    int(number): HttpCode(int(number), int(status), None if condition == "-" else condition, text, text_pl)
    for (number, status, condition), text, text_pl in error_rows(_TABLE)
}


def of_exception(number: int | None, status: int) -> HttpCode:
    """What is known about an exception; never raises."""
    found = HTTP_CODES.get(number or 0)
    return found or HttpCode(
        number or 0, status, None, f"the printer refuses the request: HTTP {status}, exception {number}",
        f"drukarka odrzuciła polecenie ({status})",
    )  # fmt: skip
