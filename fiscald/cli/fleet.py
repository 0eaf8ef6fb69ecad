"""``fiscalctl fleet``: the shop's place in a fleet, and its enrolment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from fiscald.cli.context import USAGE, Context, everything, pass_context
from fiscald.model.fleet import CentralCard, FleetStatus
from fiscald.model.strict import parse_json
from fiscald.terminal import visible

#: Bytes of a file that a central gives.
_LARGEST = 8192


@click.group()
def fleet() -> None:
    """Take orders of a central system over an MQTT broker: docs/fleet.md."""


@fleet.command()
@pass_context
def status(context: Context) -> None:
    """Show the connection to the broker, and messages that the shop did not obey."""
    with context.client() as client:
        found = client.fleet()
    context.show(everything(found), lambda: _text(found))


@fleet.command()
@click.argument("shop")
@click.option(
    "--central", "card", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File that the central gave (fiscald-fleet keys); then the lines of [fleet] are printed, too.",
)  # fmt: skip
@click.option("--broker", help="Address of the broker for these lines, mqtts://HOST:8883.")
@pass_context
def enrol(context: Context, shop: str, card: Path | None, broker: str | None) -> None:
    """Print what a central must know of this shop, as one line of JSON. SHOP is its name in the fleet.

    The line has public keys only. Hand it over so that no one can change it on the way.
    """
    central = None if card is None else _central(context, card)
    with context.client() as client:
        found = client.enrolment(shop)
    line = json.dumps(found.model_dump(mode="json"), separators=(",", ":"))
    content: dict[str, Any] = {"enrolment": found.model_dump(mode="json")}
    if central is None:
        context.show(content, lambda: line)
        return
    lines = _lines(shop, central, broker or "mqtts://broker.example.pl:8883")
    content["configuration"] = lines
    context.show(content, lambda: f"{line}\n\nAdd this to the configuration, and restart fiscald:\n\n{lines}")


def _central(context: Context, path: Path) -> CentralCard:
    with path.open("rb") as file:
        text = file.read(_LARGEST + 1)
    try:
        return CentralCard.model_validate(parse_json(text[:_LARGEST]))
    except (ValidationError, ValueError):
        context.fail(USAGE, f"{path} is not what a central gives; there it is made with: fiscald-fleet keys")


def _lines(shop: str, central: CentralCard, broker: str) -> str:
    lines = ["[fleet]", f'broker = "{broker}"', f'shop = "{shop}"', f'central = "{central.central}"']
    lines.append(f'orders_key = "{central.orders_key}"')
    if central.encryption_key is not None:
        lines.append(f'encryption_key = "{central.encryption_key}"')
    return "\n".join(lines)


def _text(found: FleetStatus) -> str:
    if not found.configured:
        return "no fleet is configured"
    if found.shop is None:
        return f"the fleet does not work: {visible(found.reason or '')}"
    names = (found.shop, found.central or "", found.broker or "")
    lines = ["{} takes orders of {} over {}".format(*map(visible, names))]
    since = "" if found.since is None else f" since {found.since:%Y-%m-%d %H:%M}"
    lines.append(
        f"connected{since}" if found.connected else f"not connected{since}: {visible(found.reason or 'not yet')}"
    )
    lines.append(f"orders today: {found.orders_today}, outcomes not acknowledged: {found.outcomes_waiting}")
    if found.refused:
        counts = ", ".join(f"{visible(code)} {count}" for code, count in sorted(found.refused.items()))
        lines.append(f"messages not obeyed since the start: {counts}")
        lines += [
            f"  {each.at:%Y-%m-%d %H:%M:%S} {visible(each.code)}: {visible(each.detail)}" for each in found.recent
        ]
    return "\n".join(lines)
