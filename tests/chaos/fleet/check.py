"""What must hold after every run with a fleet: each order has one end, and the fiscal memory says the same."""

from __future__ import annotations

import copy
import json
from collections import Counter

from fiscald.fleet.central.rows import OrderRow
from fiscald.fleet.messages import OutcomeState
from fiscald.model.money import from_grosze
from tests.chaos import check
from tests.chaos.check_http import faked, number_unknown
from tests.chaos.fleet.plan import GOODS, OTHER_CONTENT, Act, Ordered
from tests.chaos.fleet.shop import PREFIX, named
from tests.chaos.fleet.world import FleetOutcome
from tests.chaos.outcome import Outcome as ShopOutcome

#: Alarms of the central, and what must have happened for each.
_ALARMS = {"shop": Act.FORGED, "unknown": Act.FORGED, "content": Act.OTHER_CONTENT}


def violations(outcome: FleetOutcome) -> list[str]:
    """Everything that is not as promised; empty when all is well."""
    found = list(outcome.violations)
    for place, shop in enumerate(outcome.shops):
        mine = [order for order in outcome.schedule.ordered if order.shop == place]
        named_shop = _named(shop)
        found += [f"shop-{place}: {text}" for text in check.violations(named_shop)]
        found += _nothing_else(place, mine, shop, outcome)
        for order in mine:
            found += _order(order, outcome.orders.get(order.key), shop, outcome)
    return [*found, *_alarms(outcome)]


def _named(shop: ShopOutcome) -> ShopOutcome:
    """The same with the orders under the names that the register's sales have."""
    names = {key: named(job) for key, job in shop.jobs.items()}
    plain = copy.copy(shop)
    plain.jobs = {names[key]: job.model_copy(update={"key": names[key]}) for key, job in shop.jobs.items()}
    plain.undecided = {names.get(key, key): value for key, value in shop.undecided.items() if key in shop.jobs}
    plain.hits = [(what, phase, names.get(key, key) if key else None) for what, phase, key in shop.hits]
    plain.begun = {names.get(key, key): value for key, value in shop.begun.items()}
    return plain


def _order(order: Ordered, row: OrderRow | None, shop: ShopOutcome, outcome: FleetOutcome) -> list[str]:
    """One order as the central has it, and what the register has of it."""
    if row is None:
        return [f"lost: the central has no order {order.key} any more"]
    if not row.final:
        return [f"unfinished: order {order.key} is {row.state} at the central"]
    sales = [sale for sale in shop.truth.sales if sale.job == f"job/{order.number + GOODS}"]
    other = [sale for sale in shop.truth.sales if sale.job == f"job/{order.number + OTHER_CONTENT}"]
    if len(sales) + len(other) > 1:
        return [f"doubled: order {order.key} was printed {len(sales) + len(other)} times"]
    if row.known is OutcomeState.DONE and not sales:
        return [] if faked(shop) else [f"lost: order {order.key} is done at the central, and was not printed"]
    if row.known is not OutcomeState.DONE and sales:
        return [f"doubted: order {order.key} is {row.state} at the central, and was printed"]
    if row.known is OutcomeState.REFUSED:
        return _refused(order, row, outcome)
    job = shop.jobs.get(PREFIX + order.key)
    if row.known is not OutcomeState.DONE:
        return []
    result = json.loads(row.job or "{}").get("result") or {}
    (sale,) = sales
    if job is None or job.resolution is not None or number_unknown(job, shop):
        said, true = (result.get("number"),), (sale.number,)
        return [] if said in (true, (None,)) else [f"wrong number: order {order.key} is {said}, and was {sale}"]
    told = (result.get("number"), result.get("daily_report"), result.get("total"))
    if told != (sale.number, sale.daily_report, str(from_grosze(sale.total))):
        return [f"wrong number: order {order.key} is said to be {told}, and is {sale}"]
    return []


def _refused(order: Ordered, row: OrderRow, outcome: FleetOutcome) -> list[str]:
    """A good order is refused only where the shop does not let the central print."""
    code = json.loads(row.problem or "{}").get("code")
    lacks = order.printer != "till1" or bool(outcome.schedule.without_rights[order.shop : order.shop + 1] != (0,))
    needed = {
        "fleet.printer": lacks,
        "fleet.document": order.document["type"] != "receipt",
        "job.conflict": order.key in outcome.other_contents,
    }
    return [] if needed.get(code, False) else [f"refused without need: order {order.key}: {code}"]


def _nothing_else(place: int, mine: list[Ordered], shop: ShopOutcome, outcome: FleetOutcome) -> list[str]:
    """Nothing was printed that neither the central nor a program of the shop has ordered."""
    wanted = {order.key for order in shop.schedule.orders} | {f"job/{order.number + GOODS}" for order in mine}
    wanted |= {f"job/{order.number + OTHER_CONTENT}" for order in mine if order.key in outcome.other_contents}
    printed = Counter(sale.job for sale in shop.truth.sales if sale.job is not None)
    return [f"without an order: shop-{place} printed {name}" for name in printed if name not in wanted]


def _alarms(outcome: FleetOutcome) -> list[str]:
    """The central is alarmed only by a shop that contradicts it: of what a key was stolen, or a disk set back."""
    acts = {trouble.act for trouble in outcome.schedule.troubles}
    restored = any(shop.schedule.restored is not None for shop in outcome.shops)
    return [
        f"alarm without need: {alarm.kind} about {alarm.order_key}: {alarm.detail}"
        for alarm in outcome.listed
        if not restored and _ALARMS.get(alarm.kind) not in acts
    ]
