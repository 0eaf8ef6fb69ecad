"""The outbox: orders that are kept until their verified outcome is stored."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update

from fiscald.fleet.central.database import Database
from fiscald.fleet.central.rows import Claimed, OrderRow, order_row
from fiscald.fleet.central.schema import orders, shops
from fiscald.fleet.messages import OutcomeState
from fiscald.model.documents import Submission
from fiscald.model.problems import ProblemError, problem
from fiscald.model.times import POLISH_TIME

#: Seconds for which a dispatcher has the orders that it claims. If it dies, another one takes them then.
LEASE = 30.0


def submit(db: Database, key: str, shop: str, submission: Submission, now: float) -> tuple[OrderRow, bool]:
    """Keep an order; returns it, and whether it is new. The same key with the same content is the same order.

    Raises ``ProblemError``: the key has other content; the shop is not known or revoked.
    """
    digest = submission.digest().hex()
    with db.change() as connection:
        known = connection.execute(select(orders).where(orders.c.key == key)).first()
        if known is None:
            _check_shop(connection.execute(select(shops.c.revoked).where(shops.c.name == shop)).first(), shop)
            values = {
                "key": key, "shop": shop, "printer": submission.printer, "digest": digest,
                "submission": submission.model_dump_json(exclude_defaults=False, by_alias=True),
                "state": OutcomeState.ACCEPTED, "created": now, "updated": now, "next_try": now,
            }  # fmt: skip
            made = connection.execute(
                db.insert(orders)
                .values(**values)
                .on_conflict_do_nothing(index_elements=[orders.c.key])
                .returning(orders.c.number)
            ).first()
            known = connection.execute(select(orders).where(orders.c.key == key)).one()
            if made is not None:
                return order_row(known), True
    found = order_row(known)
    if (found.shop, found.digest) != (shop, digest):
        at = datetime.fromtimestamp(int(found.created), POLISH_TIME).isoformat()
        extra = {"expected": found.digest, "found": digest}
        raise ProblemError(problem("job.conflict", key=key, created_at=at, extra=extra))
    return found, False


def _check_shop(row: object, shop: str) -> None:
    if row is None:
        raise ProblemError(problem("fleet.shop_unknown", shop=shop))
    if row[0] is not None:  # type: ignore[index]
        raise ProblemError(problem("fleet.shop_revoked", shop=shop))


def find(db: Database, key: str) -> OrderRow | None:
    """The order of that key."""
    with db.reading() as connection:
        row = connection.execute(select(orders).where(orders.c.key == key)).first()
    return None if row is None else order_row(row)


def listed(
    db: Database, *, shop: str | None = None, printer: str | None = None, states: tuple[str, ...] = (),
    is_open: bool = False, oldest_first: bool = False, after: int | None = None, limit: int = 50,
) -> list[OrderRow]:  # fmt: skip
    """Orders, newest first by default; ``after``: the number of the last one of the page before."""
    query = select(orders).limit(limit)
    query = query.order_by(orders.c.number.asc() if oldest_first else orders.c.number.desc())
    if after is not None:
        query = query.where(orders.c.number > after if oldest_first else orders.c.number < after)
    if shop is not None:
        query = query.where(orders.c.shop == shop)
    if printer is not None:
        query = query.where(orders.c.printer == printer)
    if states:
        query = query.where(orders.c.state.in_(states))
    if is_open:
        query = query.where(orders.c.final.is_(False))
    with db.reading() as connection:
        return [order_row(row) for row in connection.execute(query)]


def claim(db: Database, now: float, limit: int) -> list[Claimed]:
    """Take orders that are due, oldest first. No other dispatcher gets them until ``LEASE`` is over, or ``sent``."""
    due = (
        select(
            orders.c.key, orders.c.shop, shops.c.session, shops.c.encryption_key, orders.c.submission, orders.c.tries
        )
        .join(shops, shops.c.name == orders.c.shop)
        .where(
            orders.c.final.is_(False), orders.c.next_try <= now, shops.c.revoked.is_(None), shops.c.session.is_not(None)
        )
        .order_by(orders.c.next_try, orders.c.number)
        .limit(limit)
        .with_for_update(of=orders, skip_locked=True)  # SQLite has one writer anyway
    )
    with db.change() as connection:
        found = [Claimed(*row) for row in connection.execute(due)]
        if found:
            keys = [each.key for each in found]
            connection.execute(update(orders).where(orders.c.key.in_(keys)).values(next_try=now + LEASE))
    return found


def sent(db: Database, published: dict[str, float], put_off: dict[str, float]) -> None:
    """Orders were published, and are published again at that time; others were put off and not published."""
    with db.change() as connection:
        for keys, tries in ((published, 1), (put_off, 0)):
            for key, again in sorted(keys.items()):
                change = {"next_try": again, "tries": orders.c.tries + tries}
                connection.execute(
                    update(orders).where(orders.c.key == key, orders.c.final.is_(False)).values(**change)
                )


def next_due(db: Database) -> float | None:
    """When the next order is to be published; ``None``: there is none."""
    query = (
        select(func.min(orders.c.next_try))
        .join(shops, shops.c.name == orders.c.shop)
        .where(orders.c.final.is_(False), shops.c.revoked.is_(None), shops.c.session.is_not(None))
    )
    with db.reading() as connection:
        found = connection.scalar(query)
    return None if found is None else float(found)


class Open(dict[str, tuple[int, float]]):
    """By shop: how many orders are open, and when the oldest of them came."""


def open_by_shop(db: Database) -> Open:
    """The open orders of every shop that has some."""
    query = (
        select(orders.c.shop, func.count(), func.min(orders.c.created))
        .where(orders.c.final.is_(False))
        .group_by(orders.c.shop)
    )
    with db.reading() as connection:
        return Open({shop: (count, oldest) for shop, count, oldest in connection.execute(query)})


def counted(db: Database) -> dict[str, int]:
    """How many orders there are by state; those that may still change are ``open``."""
    query = select(orders.c.state, orders.c.final, func.count()).group_by(orders.c.state, orders.c.final)
    found: dict[str, int] = {}
    with db.reading() as connection:
        for state, final, count in connection.execute(query):
            name = state if final or state == OutcomeState.UNDECIDED else "open"
            found[name] = found.get(name, 0) + count
    return found
