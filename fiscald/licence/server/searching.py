"""Which licences or orders the vendor looks for. Every search uses an index; none reads a whole table.

A part of a company's name can be anywhere in it. Where nothing is called exactly as it was typed, all names are read
from an index that holds little else: 9 ms for 100,000 companies. A part that many companies have is not searched first:
the licences are read in their order until the page is full.
"""

from __future__ import annotations

import json

from fiscald.licence.company import Company
from fiscald.licence.server.transaction import Transaction, normal_email

#: More companies than this with a part in their name are not collected first.
MANY_COMPANIES = 1000
#: Where the pages begin.
FIRST = (-1, "")

#: Ids of licences with ?1 as typed, or ?2 as an address.
_EXACT = """
    SELECT id FROM licence WHERE id = ?1
    UNION SELECT id FROM licence WHERE company_id = ?1
    UNION SELECT licence_id FROM seat WHERE id = ?1
    UNION SELECT licence_id FROM device WHERE id = ?1
    UNION SELECT licence.id FROM company CROSS JOIN licence ON company_id = company.id WHERE tin = ?1
    UNION SELECT licence.id FROM account CROSS JOIN company ON account_id = account.id
        CROSS JOIN licence ON company_id = company.id WHERE email_norm = ?2
    UNION SELECT licence_id FROM number CROSS JOIN seat ON seat.id = seat_id WHERE hint = upper(?1)
    UNION SELECT licence_id FROM number CROSS JOIN seat ON seat.id = seat_id WHERE purchase_id = ?1
    UNION SELECT licence_id FROM purchase CROSS JOIN number ON purchase_id = purchase.id
        CROSS JOIN seat ON seat.id = seat_id WHERE lower(email) = ?2
"""


def licences(t: Transaction, search: str | None, start: tuple[int, str], limit: int) -> list[str]:
    """Ids of licences after ``start`` (its time and id), oldest first.

    All, or those with this id, tax number, address, order or number's hint; if there are none, those of companies with
    this part of a name.
    """
    if search is None:
        query = "SELECT id FROM licence WHERE (created, id) > (?, ?) ORDER BY created, id LIMIT ?"
        return [id_ for (id_,) in t.all(query, *start, limit)]
    typed, pattern = search.strip(), _pattern(search)
    exact = [id_ for (id_,) in t.all(_EXACT, typed, normal_email(search))]
    query = "SELECT id FROM company WHERE name_norm LIKE ? LIMIT ?"
    named = [] if exact or pattern is None else t.all(query, pattern, MANY_COMPANIES + 1)
    if len(named) > MANY_COMPANIES:
        found = t.all(
            "SELECT licence.id FROM licence INDEXED BY licence_created CROSS JOIN company ON company.id = company_id"
            " WHERE (licence.created, licence.id) > (?, ?) AND name_norm LIKE ?"
            " ORDER BY licence.created, licence.id LIMIT ?",
            *start, pattern, limit,
        )  # fmt: skip
    else:
        found = t.all(
            "SELECT id FROM"
            " (SELECT licence.id AS id, created FROM json_each(?3) CROSS JOIN licence ON licence.id = value"
            " UNION SELECT licence.id, created FROM json_each(?4) CROSS JOIN licence ON company_id = value)"
            " WHERE (created, id) > (?1, ?2) ORDER BY created, id LIMIT ?5",
            *start, json.dumps(exact), json.dumps([id_ for (id_,) in named]), limit,
        )  # fmt: skip
    return [id_ for (id_,) in found]


def _pattern(search: str) -> str | None:
    """A part of a company's name, spelled as the names are compared: without case, accents and punctuation."""
    plain = Company(search, "", "", None).normal_name
    return f"%{plain}%" if plain else None


def orders(t: Transaction, search: str | None, after: int, limit: int) -> list[int]:
    """Row numbers of orders after ``after``, oldest first: all, or those with this id, invoice or address."""
    if search is None:
        found = t.all("SELECT rowid FROM purchase WHERE rowid > ? ORDER BY rowid LIMIT ?", after, limit)
    else:
        found = t.all(
            "SELECT rowid FROM purchase WHERE id = ?1 AND rowid > ?3"
            " UNION SELECT rowid FROM purchase WHERE invoice = ?1 AND rowid > ?3"
            " UNION SELECT rowid FROM purchase WHERE lower(email) = ?2 AND rowid > ?3 ORDER BY 1 LIMIT ?4",
            search, normal_email(search), after, limit,
        )  # fmt: skip
    return [row for (row,) in found]
