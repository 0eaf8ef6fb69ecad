"""The shops with their pinned keys, and what each of them said last."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Update, func, insert, select, update

from fiscald.fleet.central.database import Database
from fiscald.fleet.central.rows import ShopRow, shop_row
from fiscald.fleet.central.schema import orders, shops
from fiscald.fleet.messages import ShopCard, Status

#: A shop's time that is further ahead of the central's does not count as newer than others: its clock was wrong.
SKEW = timedelta(minutes=5)


class ShopError(Exception):
    """The change is not possible; ``str`` says why and what to do."""


def enrol(db: Database, card: ShopCard, now: float, *, replace: bool = False) -> None:
    """Keep a shop's keys. Raises ``ShopError`` if it has other keys already, unless they are to be replaced."""
    keys = {"device_key": card.device_key, "encryption_key": card.encryption_key}
    with db.change() as connection:
        known = connection.execute(select(shops).where(shops.c.name == card.shop)).first()
        if known is None:
            connection.execute(insert(shops).values(name=card.shop, enrolled=now, **keys))
            return
        row = shop_row(known)
        same = (row.device_key, row.encryption_key) == (card.device_key, card.encryption_key)
        if same and row.revoked is None:
            return
        if not replace:
            what = "is revoked" if row.revoked is not None else "has other keys"
            raise ShopError(
                f"the shop {card.shop} {what}. If its computer was replaced, and the old one is in safe hands, "
                "say --replace: then only the new keys count"
            )
        fresh = {"session": None, "session_issued": 0.0, "status": None, "status_seen": None, "revoked": None}
        connection.execute(update(shops).where(shops.c.name == card.shop).values(enrolled=now, **keys, **fresh))


def revoke(db: Database, name: str, now: float) -> None:
    """Neither order anything there nor believe anything from there. Raises ``ShopError``."""
    with db.change() as connection:
        changed = connection.execute(
            update(shops).where(shops.c.name == name).values(revoked=func.coalesce(shops.c.revoked, now), session=None)
        )
        if changed.rowcount == 0:
            raise ShopError(f"there is no shop {name}; fiscald-fleet shops lists them")


def find(db: Database, name: str) -> ShopRow | None:
    """The shop of that name."""
    with db.reading() as connection:
        row = connection.execute(select(shops).where(shops.c.name == name)).first()
    return None if row is None else shop_row(row)


def listed(db: Database, after: str = "", limit: int = 1000) -> list[ShopRow]:
    """Shops by name."""
    query = select(shops).where(shops.c.name > after).order_by(shops.c.name).limit(limit)
    with db.reading() as connection:
        return [shop_row(row) for row in connection.execute(query)]


def hear(db: Database, status: Status, device_key: str, now: datetime) -> bool:
    """Keep a verified status if it is newer. Returns whether open orders are due at once: for a new connection.

    ``device_key``: the one that verified it, in case it was replaced meanwhile.
    """
    with db.change() as connection:
        query = select(shops).where(shops.c.name == status.shop, shops.c.revoked.is_(None))
        row = connection.execute(query.with_for_update()).first()
        if row is None or (shop := shop_row(row)).device_key != device_key:
            return False
        former = shop.told
        if former is not None and not is_ahead(former.connected, now) and not status.replaces(former):
            return False
        values = {"status": status.model_dump_json(), "status_seen": now.timestamp()}
        issued = status.issued.timestamp()
        if issued >= shop.session_issued or is_ahead(shop.session_issued, now):
            values |= {"session": status.session, "session_issued": issued}
        connection.execute(update(shops).where(shops.c.name == status.shop).values(**values))
        is_new = former is None or (former.session, former.connected) != (status.session, status.connected)
        if is_new and status.online:
            connection.execute(hurry(status.shop, now.timestamp()))
        return is_new and status.online


def hurry(shop: str, now: float) -> Update:
    """The statement that makes all open orders of a shop due."""
    return (
        update(orders).where(orders.c.shop == shop, orders.c.final.is_(False), orders.c.next_try > now)
        .values(next_try=now, tries=0)
    )  # fmt: skip


def is_ahead(moment: datetime | float, now: datetime) -> bool:
    """Whether a shop's time cannot be right."""
    seconds = moment if isinstance(moment, float) else moment.timestamp()
    return seconds > (now + SKEW).timestamp()
