"""Whether the shop carries out an order that the central signed. Pure: everything it needs is given."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal

from fiscald.fleet.messages import OrderHead
from fiscald.fleet.shop.settings import ShopSettings
from fiscald.model.documents import Submission
from fiscald.model.problems import Problem, problem

#: How far the clocks of central and shop may differ.
SKEW = timedelta(minutes=5)
#: How long an order may be on its way. The central signs it again before; the journal remembers every job longer.
LIFE = timedelta(days=7)


def is_late_or_early(head: OrderHead, session: str, now: datetime) -> Problem | None:
    """Why this signature counts no more, or not yet; the central may sign the order again. ``None``: it counts."""
    if head.session != session:
        return problem("fleet.session", found=head.session, session=session)
    if head.issued > now + SKEW:
        return problem("fleet.clock", issued=head.issued.isoformat(), now=now.isoformat())
    if head.issued < now - LIFE:
        return problem("fleet.stale", issued=head.issued.isoformat(), days=LIFE.days)
    return None


def is_forbidden(submission: Submission, settings: ShopSettings, printers: Collection[str]) -> Problem | None:
    """What the shop does not let the central do; ``None``: it may. ``printers``: the configured ones."""
    usable = [name for name in printers if settings.printers is None or name in settings.printers]
    if submission.printer not in usable:
        return problem("fleet.printer", printer=submission.printer, printers=", ".join(usable) or "none")
    if submission.document.type not in settings.documents:
        return problem(
            "fleet.document", document=submission.document.type, documents=", ".join(sorted(settings.documents))
        )
    return None


def is_over_limit(settings: ShopSettings, orders: int, total: int, more: int) -> Problem | None:
    """Which daily limit one more order would pass; ``None``: none. ``total`` and ``more`` are grosze."""
    if settings.orders_per_day is not None and orders >= settings.orders_per_day:
        return problem("fleet.limit", limit=f"{settings.orders_per_day} orders (fleet.orders_per_day)")
    if settings.total_per_day is not None and total + more > settings.total_per_day * 100:
        return problem("fleet.limit", limit=f"a total of {settings.total_per_day} (fleet.total_per_day)")
    return None


def grosze(amount: Decimal) -> int:
    """An amount as a whole number."""
    return int(amount * 100)
