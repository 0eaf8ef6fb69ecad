"""Prometheus metrics of a central. No label has a value from outside."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from fiscald.fleet.central import alarms, letters, orders, shops
from fiscald.fleet.central.database import Database
from fiscald.fleet.central.dispatcher import Dispatcher

PREFIX = "fiscald_fleet_"


def prometheus(db: Database, dispatcher: Dispatcher, now: float) -> bytes:
    """All metrics, as they are now. ``now``: seconds since 1970."""
    registry = CollectorRegistry()

    def gauge(name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"{PREFIX}{name}", text, labels, registry=registry)

    known = gauge("orders", "Orders by state; open: without an outcome", "state")
    for state, count in orders.counted(db).items():
        known.labels(state).set(count)
    waiting = orders.open_by_shop(db)
    oldest = min((each[1] for each in waiting.values()), default=now)
    gauge("oldest_open_seconds", "Age of the oldest open order").set(max(0.0, now - oldest))
    connected = gauge("shops", "Shops by what is known of them", "state")
    undecided = late = 0
    counts = {"online": 0, "away": 0, "revoked": 0}
    after = ""
    while page := shops.listed(db, after):
        after = page[-1].name
        for shop in page:
            status = shop.told
            online = status is not None and status.online
            counts["revoked" if shop.revoked is not None else "online" if online else "away"] += 1
            if status is not None and shop.revoked is None:
                undecided += status.undecided
                late += len(status.report_overdue)
    for state, count in counts.items():
        connected.labels(state).set(count)
    gauge("undecided_printers", "Printers of all shops that wait for a decision").set(undecided)
    gauge("overdue_printers", "Printers of all shops that wait for a daily report").set(late)
    gauge("alarms", "Unseen alarms").set(alarms.count(db))
    gauge("connected", "Whether this dispatcher is connected to the broker").set(dispatcher.is_connected)
    did = gauge("dispatcher_total", "What this dispatcher did since its start, and what it did not believe", "what")
    for what, count in sorted(dispatcher.counted.items()):
        did.labels(what).set(count)
    posted = gauge("webhook_messages", "Messages to webhooks: waiting or given up", "webhook", "state")
    for hook, (wait, dead) in letters.counted(db).items():
        posted.labels(hook, "waiting").set(wait)
        posted.labels(hook, "dead").set(dead)
    return generate_latest(registry)
