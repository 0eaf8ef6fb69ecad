"""What must not be, and was signed by a shop all the same: kept until a person has seen it, and after that."""

from __future__ import annotations

from sqlalchemy import func, select, update

from fiscald.fleet.central.database import Database
from fiscald.fleet.central.rows import AlarmRow
from fiscald.fleet.central.schema import alarms


def listed(db: Database, *, seen: bool = False, limit: int = 100) -> list[AlarmRow]:
    """Alarms, newest first; without ``seen`` only unseen ones."""
    query = select(alarms).order_by(alarms.c.number.desc()).limit(limit)
    if not seen:
        query = query.where(alarms.c.seen.is_(None))
    with db.reading() as connection:
        return [AlarmRow(*row) for row in connection.execute(query)]


def count(db: Database) -> int:
    """How many alarms are unseen."""
    with db.reading() as connection:
        return connection.scalar(select(func.count()).where(alarms.c.seen.is_(None))) or 0


def see(db: Database, number: int, now: float) -> bool:
    """A person has seen it; it stays in the list of all. Returns whether there is such an alarm."""
    with db.change() as connection:
        changed = connection.execute(
            update(alarms).where(alarms.c.number == number).values(seen=func.coalesce(alarms.c.seen, now))
        )
    return changed.rowcount == 1
