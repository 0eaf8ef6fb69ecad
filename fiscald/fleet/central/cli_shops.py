"""``fiscald-fleet shops``, ``enrol`` and ``revoke``."""

from __future__ import annotations

import time
from typing import Any

import click
from pydantic import ValidationError

from fiscald.fleet.central import orders, shops
from fiscald.fleet.central.answers import shop_answer
from fiscald.fleet.central.session import Session, central_card, fail, pass_session
from fiscald.model.fleet import ShopCard
from fiscald.model.strict import parse_json

_LARGEST = 8192


@click.command("shops")
@pass_session
def list_shops(session: Session) -> None:
    """List the shops, with what each of them said last."""
    found: list[dict[str, Any]] = []
    with session.database() as db:
        waiting = orders.open_by_shop(db)
        after = ""
        while page := shops.listed(db, after):
            after = page[-1].name
            found += [shop_answer(each, waiting.get(each.name)) for each in page]
    session.show({"shops": found}, "\n".join(map(_line, found)) or "no shops; enrol one: fiscald-fleet enrol FILE")


def _line(shop: dict[str, Any]) -> str:
    state = (
        "revoked"
        if shop["revoked_at"]
        else "online"
        if shop["online"]
        else "away"
        if shop["seen_at"]
        else "never heard"
    )
    facts = [f"{shop['orders_open']} open orders"]
    if shop["version"]:
        facts += [f"fiscald {shop['version']}", f"licence {shop['licence']}"]
    if shop["undecided"]:
        facts.append(f"{shop['undecided']} undecided")
    if shop["report_overdue"]:
        facts.append(f"report overdue: {', '.join(shop['report_overdue'])}")
    return f"{shop['name']}  {state}  {', '.join(facts)}"


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--replace", is_flag=True, help="The shop has a new computer: from now on only the new keys count.")
@pass_session
def enrol(session: Session, file: Any, *, replace: bool) -> None:
    """Keep the keys of a shop, from the line that `fiscalctl fleet enrol` printed there (- is standard input).

    Prints the lines for the section [fleet] of the shop.
    """
    try:
        lines = file.read(_LARGEST + 1)[:_LARGEST].strip().splitlines()
        card = ShopCard.model_validate(parse_json(lines[0] if lines else b""))
    except (ValidationError, ValueError):
        raise click.UsageError("FILE is not the line that fiscalctl fleet enrol printed") from None
    with session.database() as db:
        told, following = central_card(session)
        try:
            shops.enrol(db, card, time.time(), replace=replace)
        except shops.ShopError as error:
            fail(str(error))
    broker = "mqtts://broker.example.pl:8883" if session.settings.broker is None else session.settings.broker.url
    key = f'"{told["orders_key"]}"' if following is None else f'["{told["orders_key"]}", "{following}"]'
    text = "\n".join([
        "[fleet]", f'broker = "{broker}"', f'shop = "{card.shop}"', f'central = "{told["central"]}"',
        f"orders_key = {key}", f'encryption_key = "{told["encryption_key"]}"',
    ])  # fmt: skip
    session.show({"shop": card.shop, "configuration": text}, text)


@click.command()
@click.argument("shop")
@pass_session
def revoke(session: Session, shop: str) -> None:
    """Order nothing more in SHOP, and believe nothing from there. Also lock its user or certificate at the broker."""
    with session.database() as db:
        try:
            shops.revoke(db, shop, time.time())
        except shops.ShopError as error:
            fail(str(error))
        count, _ = orders.open_by_shop(db).get(shop, (0, 0.0))
    session.show(
        {"revoked": shop, "orders_open": count}, f"{shop} is revoked; it has {count} orders without an outcome"
    )


COMMANDS = (list_shops, enrol, revoke)
