"""Numbers that the vendor sells: made one by one or by an order, and taken up again after a restored backup."""

from __future__ import annotations

import datetime
import json
import secrets
from typing import NamedTuple

from fiscald.licence.number import APP, BANK, FISCAL, FISCALD, SUPPORT, Kind, Number, issue
from fiscald.licence.server.admin import AdminError, check_text, revoke_stored
from fiscald.licence.server.certificates import Certificates
from fiscald.licence.server.events import Event, announce
from fiscald.licence.server.keyring import Keyring
from fiscald.licence.server.mail import BadAddress, MailTemplate, recipient
from fiscald.licence.server.number_rules import number_seal
from fiscald.licence.server.records import StoredNumber
from fiscald.licence.server.terms import a_year_before
from fiscald.licence.server.transaction import Transaction, normal_email

#: Numbers of one order at most.
MAX_ORDER = 1000


class UnknownOrder(AdminError):
    """There is no order with this id."""


class OrderDiffers(AdminError):
    """The order exists, with other content."""


class OrderCancelled(AdminError):
    """The order's numbers were revoked."""


class NoAddress(AdminError):
    """Neither the order nor the request says where to send the numbers."""


class OrderUsed(AdminError):
    """Some of the order's numbers are used; ``hints`` says which."""

    def __init__(self, order: str, hints: list[str]) -> None:
        self.hints = hints
        shown = ", ".join(hints[:5]) + (f" and {len(hints) - 5} more" if len(hints) > 5 else "")
        super().__init__(f"order {order} has used numbers ({shown}); revoke them too, or nothing is changed")


class Item(NamedTuple):
    """So many numbers of one sort."""

    kind: Kind
    flags: int
    months: int | None = None
    """Of a term licence; ``None``: for good."""
    offline: bool = True
    """Whether it works on computers without internet."""
    quantity: int = 1


class Order(NamedTuple):
    """What a customer ordered. ``id`` is the vendor's own, and means the same order for ever."""

    id: str
    items: tuple[Item, ...]
    bought: datetime.date
    invoice: str | None = None
    buyer: str | None = None
    email: str | None = None
    lang: str = "pl"


def flags(*, bank: bool = False, fiscal: bool = False, support: bool = False) -> int:
    """The rights of a number X: the application, and what is added to it."""
    return APP | BANK * bank | FISCAL * fiscal | SUPPORT * support


def issue_numbers(
    t: Transaction, keyring: Keyring, item: Item, issued: datetime.date, mac_key: int, *,
    bought: datetime.date | None = None, purchase: str | None = None,
) -> list[Number]:  # fmt: skip
    """New numbers. ``bought``: the day of purchase, if it was not ``issued``. Raises ``AdminError``."""
    if mac_key not in keyring.mac:
        raise AdminError(f"there is no mac-{mac_key}.key; make it with: fiscald-vendor keys new --mac {mac_key}")
    return [
        add_number(t, keyring, _new_number(t, keyring, item, issued, mac_key), item, bought or issued, purchase)
        for _ in range(item.quantity)
    ]


def _new_number(t: Transaction, keyring: Keyring, item: Item, issued: datetime.date, mac_key: int) -> Number:
    while True:
        serial = secrets.randbits(35)
        if t.one("SELECT 1 FROM number WHERE serial = ?", serial) is None:
            break
    return issue(
        kind=item.kind, flags=item.flags, issued=issued, serial=serial, mac_key=mac_key, key=keyring.mac[mac_key]
    )


def add_number(
    t: Transaction, keyring: Keyring, number: Number, item: Item, bought: datetime.date, purchase: str | None = None
) -> Number:
    """Put a number into the table. Raises ``sqlite3.IntegrityError`` if its serial was used before."""
    hint = number.hint
    t.do(
        "INSERT INTO number (h, kind, product, flags, mk, serial, issued, bought, months, offline, hint, purchase_id,"
        " state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'issued')",
        number_seal(keyring, number), number.kind, FISCALD, number.flags, number.mac_key, number.serial,
        number.issued.isoformat(), bought.isoformat(), item.months, item.offline, hint, purchase,
    )  # fmt: skip
    t.audit("number.issued", hint, kind=number.kind.name.lower(), flags=number.flags, purchase=purchase)
    return number


def adopt(t: Transaction, keyring: Keyring, number: Number, item: Item) -> bool:
    """Take up a number that was sold after the backup that is now the database; whether it was unknown.

    Its MAC proves that it is ours. Raises ``AdminError``.
    """
    key = keyring.mac.get(number.mac_key)
    if key is None or not number.authentic(key):
        raise AdminError(f"{number.hint} was not made with the MAC keys of this server")
    if t.number(number_seal(keyring, number)) is not None:
        return False
    add_number(t, keyring, number, item, number.issued)
    t.audit("number.adopted", number.hint)
    return True


# -- orders ----------------------------------------------------------------------------------------------


def place_order(
    t: Transaction, rules: Certificates, order: Order, issued: datetime.date, mac_key: int, source: str
) -> tuple[list[Number], bool]:
    """The order's numbers, and whether it is new; again, they are the same. Raises ``AdminError``."""
    _check_order(order)
    content = json.dumps([[*item[:4], item.quantity] for item in order.items])
    row = t.one("SELECT content FROM purchase WHERE id = ?", order.id)
    if row is not None:
        if row[0] != content:
            raise OrderDiffers(f"order {order.id} exists with other numbers; nothing was changed")
        return numbers_of(t, rules, order.id), False
    t.do(
        "INSERT INTO purchase (id, invoice, buyer, email, lang, bought, content, source, created)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        order.id, order.invoice, order.buyer, None if order.email is None else recipient(order.email), order.lang,
        order.bought.isoformat(), content, source, t.now,
    )  # fmt: skip
    t.audit("order.placed", order.id, numbers=sum(item.quantity for item in order.items))
    made: list[Number] = []
    for item in order.items:
        made += issue_numbers(t, rules.keyring, item, issued, mac_key, bought=order.bought, purchase=order.id)
    return made, True


def _check_order(order: Order) -> None:
    check_text("order's id", order.id, 64)
    check_text("invoice", order.invoice, 64)
    check_text("buyer", order.buyer, 200)
    if not order.items or not 1 <= sum(item.quantity for item in order.items) <= MAX_ORDER:
        raise AdminError(f"an order has 1 to {MAX_ORDER} numbers")
    for item in order.items:
        if item.kind is Kind.UPDATES and (item.flags != SUPPORT or item.months is not None):
            raise AdminError("a number Y is a year of updates and support; it takes no module and no term")
    try:
        if order.email is not None:
            recipient(order.email)
    except BadAddress:
        raise AdminError(f"{order.email} is not an address that mail can be sent to") from None


def numbers_of(t: Transaction, rules: Certificates, order: str) -> list[Number]:
    """An order's numbers in clear, made again from their fields. Raises ``AdminError``."""
    check_order(t, order)
    rows = t.all("SELECT h FROM number WHERE purchase_id = ? ORDER BY rowid", order)
    stored = [t.number(h) for (h,) in rows]
    return [rules.clear(each) for each in stored if each is not None]


def check_order(t: Transaction, order: str) -> int | None:
    """When an order was cancelled. Raises ``UnknownOrder``."""
    row = t.one("SELECT cancelled FROM purchase WHERE id = ?", order)
    if row is None:
        raise UnknownOrder(f"there is no order {order}; see: fiscald-vendor orders")
    return None if row[0] is None else int(row[0])


def send_order(t: Transaction, rules: Certificates, order: str, email: str | None = None) -> str:
    """Mail an order's numbers to its address, or to another one; the address. Raises ``AdminError``."""
    address = order_address(t, order, email)
    stored, lang = t.one("SELECT email, lang FROM purchase WHERE id = ?", order)
    rules.queue_mail(t, address, lang, MailTemplate.ORDER, order=order)
    t.audit("order.sent", order, other_address=normal_email(address) != normal_email(stored or ""))
    return address


def order_address(t: Transaction, order: str, email: str | None = None) -> str:
    """Where to mail an order's numbers: its address, or another one. Raises ``AdminError``."""
    if check_order(t, order) is not None:
        raise OrderCancelled(f"order {order} is cancelled; its numbers are revoked")
    (stored,) = t.one("SELECT email FROM purchase WHERE id = ?", order)
    try:
        address = stored if email is None else recipient(email)
    except BadAddress:
        raise AdminError(f"{email} is not an address that mail can be sent to") from None
    if not address:
        raise NoAddress(f"order {order} has no address; name one")
    return str(address)


def order_mail_values(t: Transaction, rules: Certificates, order: str) -> dict[str, object] | None:
    """What the mail ``MailTemplate.ORDER`` says, numbers in clear; ``None`` where the order was cancelled meanwhile."""
    row = t.one("SELECT invoice, buyer, bought FROM purchase WHERE id = ? AND cancelled IS NULL", order)
    if row is None:
        return None
    numbers = [
        {"kind": "updates" if number.kind is Kind.UPDATES else "licence", "number": number.text}
        for number in numbers_of(t, rules, order)
    ]
    return {"order": order, "invoice": row[0] or "", "buyer": row[1] or "", "day": row[2], "numbers": numbers}


def cancel_order(t: Transaction, order: str, *, revoke_used: bool, said: str | None = None) -> None:
    """Revoke an order's numbers; again changes nothing.

    ``revoke_used``: those that were used too, with the seats that they made; a year of updates is taken back. Else an
    order with a used number raises ``OrderUsed``. ``said``: a sentence for the customer. Raises ``AdminError``.
    """
    check_text("sentence", said)
    if check_order(t, order) is not None:
        return
    rows = t.all("SELECT h FROM number WHERE purchase_id = ? ORDER BY rowid", order)
    numbers = [number for (h,) in rows if (number := t.number(h)) is not None and number.state != "revoked"]
    used = [number for number in numbers if number.state != "issued"]
    if used and not revoke_used:
        raise OrderUsed(order, [number.hint for number in used])
    for number in used:
        if number.state == "used" and number.kind == Kind.UPDATES:
            _take_year_back(t, number)
    for number in numbers:
        # One that was replaced by a newer number makes no seat any more, and stays as it is.
        if number.state != "superseded":
            revoke_stored(t, number, said)
    t.do("UPDATE purchase SET cancelled = ? WHERE id = ?", t.now, order)
    t.audit("order.cancelled", order, used=len(used))
    announce(t, Event.ORDER_CANCELLED, order=order, numbers=[number.hint for number in numbers])


def _take_year_back(t: Transaction, number: StoredNumber) -> None:
    assert number.seat is not None
    seat = t.seat(number.seat)
    upd = a_year_before(datetime.date.fromisoformat(seat.upd)).isoformat()
    t.do("UPDATE seat SET upd = ? WHERE id = ?", upd, seat.id)
    t.audit("licence.updates", seat.licence, seat=seat.id, number=number.hint, upd=upd)
