"""Administration by the vendor: every action is one transaction with a row in the audit."""

from __future__ import annotations

from fiscald.licence import company as companies
from fiscald.licence import wire
from fiscald.licence.company import Company
from fiscald.licence.number import Kind, Number
from fiscald.licence.server import limits
from fiscald.licence.server.events import Event, announce
from fiscald.licence.server.keyring import Keyring
from fiscald.licence.server.mail import REMINDERS, BadAddress, MailTemplate, recipient
from fiscald.licence.server.number_rules import number_seal, write_company
from fiscald.licence.server.records import Licence, Seat, StoredCompany, StoredNumber
from fiscald.licence.server.seating import Seating
from fiscald.licence.server.transaction import Transaction


class AdminError(Exception):
    """The action is not possible; nothing was changed. ``str`` says why."""


def check_text(what: str, text: str | None, most: int = wire.MAX_TEXT) -> None:
    """Check a text from the vendor's people. Raises ``AdminError``."""
    if text is not None and not (0 < len(text) <= most and text.isprintable()):
        raise AdminError(f"the {what} must have 1 to {most} printable characters")


def find_licence(t: Transaction, name: str) -> Licence:
    """The licence with this id, or of the seat with this id. Raises ``AdminError``."""
    row = t.one("SELECT licence_id FROM seat WHERE id = ?", name)
    licence = t.licence(name if row is None else row[0])
    if licence is None:
        raise AdminError(f"there is no licence {name}; see: fiscald-vendor licences")
    return licence


# -- revoked, suspended, in force again ------------------------------------------------------------------

#: What the web shop learns when a licence or a seat enters a state.
_EVENTS = {
    "active": Event.LICENCE_REINSTATED, "revoked": Event.LICENCE_REVOKED, "suspended": Event.LICENCE_SUSPENDED
}  # fmt: skip


def revoke_number(t: Transaction, keyring: Keyring, number: Number, said: str | None) -> None:
    """Revoke a number and its seat. Raises ``AdminError``."""
    check_text("sentence", said)
    stored = t.number(number_seal(keyring, number))
    if stored is None:
        raise AdminError("this number was never issued here")
    revoke_stored(t, stored, said)


def revoke_stored(t: Transaction, stored: StoredNumber, said: str | None) -> None:
    """Revoke a number that the table has, and the seat that it made."""
    t.do("UPDATE number SET state = 'revoked' WHERE h = ?", stored.h)
    t.audit("number.revoked", stored.hint)
    if stored.seat is not None and stored.kind == Kind.LICENCE and stored.state == "used":
        _set_seat_state(t, t.seat(stored.seat), "revoked", said)


def _set_seat_state(t: Transaction, seat: Seat, state: str, said: str | None) -> None:
    t.do("UPDATE seat SET state = ?, changed = ?, said = ? WHERE id = ?", state, t.now, said, seat.id)
    t.audit(f"seat.{state}", seat.licence, seat=seat.id)
    announce(t, _EVENTS[state], licence=seat.licence, seat=seat.id)


def revoke(t: Transaction, rules: Seating, name: str, said: str | None) -> None:
    """Revoke a licence, or one seat of it: its computers learn it at the next check. Raises ``AdminError``."""
    check_text("sentence", said)
    licence = find_licence(t, name)
    if name != licence.id:
        seat = t.seat(name)
        if seat.state == "revoked":
            raise AdminError(f"{name} is revoked already")
        _set_seat_state(t, seat, "revoked", said)
        t.do(
            "UPDATE number SET state = 'revoked' WHERE seat_id = ? AND kind = ? AND state = 'used'", name, Kind.LICENCE
        )
        return
    if licence.state == "revoked":
        raise AdminError(f"{name} is revoked already")
    _set_state(t, rules, licence, "revoked", said, MailTemplate.REVOKED)


def suspend(t: Transaction, rules: Seating, name: str, said: str | None) -> None:
    """Suspend a licence until it is reinstated, for an unpaid invoice for example. Raises ``AdminError``."""
    check_text("sentence", said)
    licence = find_licence(t, name)
    if licence.state != "active":
        raise AdminError(f"{licence.id} is {licence.state}; only an active licence can be suspended")
    _set_state(t, rules, licence, "suspended", said, MailTemplate.SUSPENDED)


def reinstate(t: Transaction, rules: Seating, name: str, said: str | None = None) -> None:
    """Put a suspended or revoked licence, or seat, in force again; ``said`` is for the mail. Raises ``AdminError``."""
    check_text("sentence", said)
    licence = find_licence(t, name)
    if name != licence.id:
        seat = t.seat(name)
        if seat.state != "revoked":
            raise AdminError(f"{name} is in force")
        _set_seat_state(t, seat, "active", None)
        _use_numbers_again(t, [seat])
        return
    if licence.state not in ("suspended", "revoked"):
        raise AdminError(f"{licence.id} is {licence.state}; only a suspended or revoked one can be reinstated")
    other = t.licence_in_force(licence.company)
    if other is not None and other.id != licence.id:
        raise AdminError(f"the company has {other.id} in force; revoke that one first")
    _set_state(t, rules, licence, "active", said, MailTemplate.REINSTATED)
    _use_numbers_again(t, [seat for seat in t.seats(licence.id) if seat.state == "active"])


def _use_numbers_again(t: Transaction, seats: list[Seat]) -> None:
    for seat in seats:
        number = t.number_of(seat.id)
        if number is not None and number.state == "revoked":
            t.do("UPDATE number SET state = 'used' WHERE h = ?", number.h)


def _set_state(
    t: Transaction, rules: Seating, licence: Licence, state: str, said: str | None, letter: MailTemplate
) -> None:
    t.set_licence_state(licence.id, state, None if state == "active" else said)
    if state == "revoked":
        t.do(
            "UPDATE number SET state = 'revoked' WHERE kind = ? AND state = 'used' AND seat_id IN"
            " (SELECT id FROM seat WHERE licence_id = ?)",
            Kind.LICENCE, licence.id,
        )  # fmt: skip
    t.audit(f"licence.{state}", licence.id)
    announce(t, _EVENTS[state], licence=licence.id, seat=None)
    seats = t.seats(licence.id)
    rules.tell(t, licence, seats[0] if seats else None, letter, sentence=said or "")


def unbind(t: Transaction, rules: Seating, name: str) -> None:
    """Free the seats of a lost computer, or one seat; its number works on another at once. Raises ``AdminError``."""
    licence = find_licence(t, name)
    seats = t.seats(licence.id) if name == licence.id else [t.seat(name)]
    if not [seat for seat in seats if t.free(seat.id)]:
        raise AdminError(f"{name} is on no computer")
    for seat in seats:
        rules.limiter(t).forget(limits.MOVES, seat.id)
        rules.limiter(t).forget(limits.OFFLINE_COPIES, seat.id)
    t.audit("device.released", licence.id)


# -- companies and accounts ------------------------------------------------------------------------------


def rename(
    t: Transaction, keyring: Keyring, name: str, *, new_name: str | None, post: str | None, cc: str | None,
    tin: str | None, email: str | None,
) -> StoredCompany:  # fmt: skip
    """Change a company after a legal change, or its address; certificates follow at the next check.

    ``name`` is its id, a licence's or a seat's. Seats that were registered with another spelling get this one. Raises
    ``AdminError``, or ``sqlite3.IntegrityError`` where another company is called so.
    """
    id_ = find_company(t, name)
    row = t.one("SELECT cc, tin, name, post FROM company WHERE id = ?", id_)
    try:
        changed = companies.company(new_name or row[2], post or row[3], cc or row[0], tin or row[1])
        address = None if email is None else recipient(email)
    except BadAddress:
        raise AdminError(f"{email} is not an address that mail can be sent to") from None
    except ValueError as error:
        raise AdminError(str(error)) from None
    write_company(t, id_, changed)
    t.do(
        "UPDATE seat SET name = NULL, post = NULL WHERE licence_id IN (SELECT id FROM licence WHERE company_id = ?)",
        id_,
    )
    if address is not None:
        account = t.get_or_create_account(address, "pl")
        t.confirm_account(account)
        t.do("UPDATE company SET account_id = ? WHERE id = ?", account, id_)
    before = Company(row[2], row[3], row[0], row[1])
    t.audit(
        "company.renamed", id_, before=pseudonym(keyring, before), after=pseudonym(keyring, changed),
        address=address is not None,
    )  # fmt: skip
    (account_now,) = t.one("SELECT account_id FROM company WHERE id = ?", id_)
    return StoredCompany(id_, account_now, changed)


def find_company(t: Transaction, name: str) -> str:
    """The id of a company that is named by its id, a licence's or a seat's. Raises ``AdminError``."""
    if t.one("SELECT 1 FROM company WHERE id = ?", name) is not None:
        return name
    try:
        return find_licence(t, name).company
    except AdminError:
        raise AdminError(f"there is no company or licence {name}; see: fiscald-vendor licences") from None


def pseudonym(keyring: Keyring, company: Company) -> str:
    """What stands for a company in the audit, which is never erased: only who has the data can compare it."""
    said = "\0".join((company.cc, company.tin or "", company.name, company.post))
    return keyring.seal("company", said)[:12].hex()


def forget(t: Transaction, name: str) -> str:
    """Erase an account with its companies, or one company: what stays is which number made which licence.

    ``name``: an address, or the id of a company, licence or seat. Nothing is signed for its licences any more: a trial
    stops within days, a bought one goes on where it is and warns once its lease is over. To stop it, revoke it first,
    and erase once its computer has asked. Returns the id of what was erased. Raises ``AdminError``.
    """
    if "@" in name:
        account = t.account(name)
        if account is None:
            raise AdminError("there is no account with this address")
        erased = [stored.id for stored in t.companies(account)]
    else:
        erased = [find_company(t, name)]
        (account,) = t.one("SELECT account_id FROM company WHERE id = ?", erased[0])
        left = [] if account is None else [each for each in t.companies(account) if each.id not in erased]
        account = None if left else account
    for company in erased:
        _erase_company(t, company)
    if account is not None:
        _erase_account(t, account)
    about = account if "@" in name else erased[0]
    assert about is not None
    t.audit("account.forgotten" if "@" in name else "company.forgotten", about)
    return about


def _erase_company(t: Transaction, id_: str) -> None:
    mine = "(SELECT id FROM licence WHERE company_id = ?)"
    t.do(
        "UPDATE licence SET state = 'ended', changed = ? WHERE company_id = ? AND state IN ('active', 'suspended')",
        t.now, id_,
    )  # fmt: skip
    t.do(f"UPDATE device SET jkt = '', jwk = '', mid = '', state = 'released' WHERE licence_id IN {mine}", id_)
    t.do(f"UPDATE seat SET name = NULL, post = NULL, said = NULL WHERE licence_id IN {mine}", id_)
    t.do("UPDATE licence SET said = NULL WHERE company_id = ?", id_)
    orders = f"(SELECT purchase_id FROM number JOIN seat ON seat.id = seat_id WHERE licence_id IN {mine})"
    t.do(
        f"DELETE FROM mail WHERE subject IN (?, {', '.join('?' * len(REMINDERS))}) AND lower(recipient) IN"
        f" (SELECT lower(email) FROM purchase WHERE email IS NOT NULL AND id IN {orders})",
        MailTemplate.ORDER, *REMINDERS, id_,
    )  # fmt: skip
    t.do(f"UPDATE purchase SET buyer = NULL, email = NULL, invoice = NULL WHERE id IN {orders}", id_)
    (cc,) = t.one("SELECT cc FROM company WHERE id = ?", id_)
    write_company(t, id_, Company(id_, "-", cc, None))
    t.do("UPDATE company SET account_id = NULL WHERE id = ?", id_)


def _erase_account(t: Transaction, account: str) -> None:
    email, _ = t.address(account)
    t.do("DELETE FROM mail WHERE lower(recipient) = lower(?)", email)
    t.do("UPDATE purchase SET buyer = NULL, email = NULL, invoice = NULL WHERE lower(email) = lower(?)", email)
    t.do("DELETE FROM otp WHERE account_id = ?", account)
    t.do("DELETE FROM session WHERE account_id = ?", account)
    t.do("DELETE FROM web_session WHERE account_id = ?", account)
    t.do("UPDATE account SET email = '', email_norm = id, state = 'closed' WHERE id = ?", account)


# -- after a restored backup -----------------------------------------------------------------------------

#: By how much the numbers of certificates jump: more than any computer can have had since the backup.
JUMP = 1000


def restored(t: Transaction) -> int:
    """The database is an older copy: certificates get higher numbers than those that were signed since.

    Returns how many licences there are.
    """
    changed = t.do("UPDATE licence SET seq = seq + ?", JUMP)
    t.audit("database.restored", None, licences=changed)
    return changed
