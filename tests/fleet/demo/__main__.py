"""``python -m tests.fleet.demo``: a hundred orders for five shops, while every part is killed at random.

Broker, central, daemons and printers are processes. In the end the table compares what was ordered with what the
fiscal memory of each printer holds. Exit code 1 if a receipt was doubled or lost.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.fleet.demo.parts import Broker, Central, Part, Shop, until

#: The shops, their printers' families, and how these are started.
SHOPS = {
    "shop-1": ("posnet", []),
    "shop-2": ("thermal", []),
    "shop-3": ("novitus-xml", []),
    "shop-4": ("noviapi", []),
    "shop-5": ("thermal", ["--profile", "novitus"]),
}
#: Seconds between two kills, and until the killed part is started again.
EVERY, AGAIN = (0.3, 1.2), (0.1, 2.0)
#: Seconds in which everything must be final after the last kill.
SETTLE = 240.0


def main() -> int:
    """Run it; 1 if anything was doubled or lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.fleet.demo", description=__doc__)
    parser.add_argument("--orders", type=int, default=100)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work in this new folder and keep it")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    options = parser.parse_args()
    program = shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")
    if program is None:
        print("mosquitto is not here (Debian, Ubuntu: apt install mosquitto), so the fleet is not shown")
        return 0
    with contextlib.ExitStack() as stack:
        if options.keep is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fleet-")))
        else:
            folder = options.keep.absolute()
            folder.mkdir()
        return _run(folder, program, options.orders, options.kills, random.Random(options.seed), options.seed)


def _run(folder: Path, program: str, count: int, kills: int, chance: random.Random, seed: int) -> int:
    broker = Broker(folder, program)
    broker.start()
    central = Central(folder, broker)
    shops = [Shop(name, family, options, folder / name, broker, central) for name, (family, options) in SHOPS.items()]
    parts: list[Part] = [broker, central, *(part for shop in shops for part in (shop.printer, shop.daemon))]
    try:
        print(f"A broker, a central and {len(shops)} shops with a printer and a daemon each: {len(parts)} processes.")
        for shop in shops:
            shop.open(central)
            print(f"  {shop.name}: {shop.family}", flush=True)
        central.start()
        with central.client() as erp:
            until(lambda: erp.get("/healthz").is_success, "the central does not start")
            orders = [(f"sale/{number}", shops[number % len(shops)].name) for number in range(1, count + 1)]
            print(f"\nThe central orders {count} receipts. Meanwhile {kills} times one part is killed (seed {seed}):")
            ordering = threading.Thread(target=_order, args=(erp, orders), daemon=True)
            ordering.start()
            _trouble(parts, kills, chance)
            ordering.join(SETTLE)
            jobs = _outcomes(erp, [key for key, _ in orders])
    finally:
        for part in reversed(parts):
            part.stop()
    return _table(shops, orders, jobs, sum(part.kills for part in parts))


def _order(erp: httpx.Client, orders: Sequence[tuple[str, str]]) -> None:
    """Order everything, each until the central has it."""
    for key, shop in orders:
        number = int(key.partition("/")[2])
        line = {"name": f"Order {number:04d}", "price": f"{number}.00", "vat": "A"}
        document = {"type": "receipt", "lines": [line], "total": f"{number}.00"}

        def accepted(key: str = key, body: Any = {"shop": shop, "printer": "till1", "document": document}) -> bool:  # noqa: B006
            return erp.put(f"/v1/jobs/{key}", json=body).status_code in (200, 201)

        until(accepted, f"{key} is not accepted")
        time.sleep(0.15)


def _trouble(parts: Sequence[Part], kills: int, chance: random.Random) -> None:
    """Kill them at random. One is back before it is killed again."""
    back: list[tuple[float, Part]] = []
    done = 0
    next_at = time.monotonic()
    while done < kills or back:
        now = time.monotonic()
        for at, part in [each for each in back if each[0] <= now]:
            part.start()
            back.remove((at, part))
        if done < kills and now >= next_at:
            up = [part for part in parts if part not in {each for _, each in back}]
            part = chance.choice(up)
            part.kill()
            done += 1
            print(f"  killed: {part.name}", flush=True)
            back.append((now + chance.uniform(*AGAIN), part))
            next_at = now + chance.uniform(*EVERY)
        time.sleep(0.02)


def _outcomes(erp: httpx.Client, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What the central knows of each, when all are final, or need a person."""
    print("\nNothing is killed any more; the rest is printed.", flush=True)
    deadline = time.monotonic() + SETTLE
    found: dict[str, dict[str, Any]] = {}
    while True:
        for key in keys:
            if found.get(key, {}).get("state") in ("done", "failed", "undecided"):
                continue
            try:
                answer = erp.get(f"/v1/jobs/{key}")
            except httpx.TransportError:
                break
            if answer.status_code == 200:
                found[key] = answer.json()
        open_ones = [key for key in keys if found.get(key, {}).get("state") not in ("done", "failed", "undecided")]
        if not open_ones or time.monotonic() > deadline:
            return found
        time.sleep(0.5)


def _table(
    shops: Sequence[Shop], orders: Sequence[tuple[str, str]], jobs: dict[str, dict[str, Any]], kills: int
) -> int:
    """Compare the central's answers with the printers' memories."""
    print(f"\n{'shop':<8} {'printer':<12} ordered printed doubled lost failed undecided open")
    sums: Counter[str] = Counter()
    for shop in shops:
        printed = shop.printed()
        keys = [key for key, name in orders if name == shop.name]
        row: Counter[str] = Counter(ordered=len(keys))
        for key in keys:
            times = printed[f"Order {int(key.partition('/')[2]):04d}"]
            state = jobs.get(key, {}).get("state", "unknown")
            row["printed"] += times > 0
            row["doubled"] += times > 1
            # An answer that the printer's memory does not confirm, in either direction.
            row["lost"] += (state == "done" and times == 0) or (state == "failed" and times > 0)
            row["failed"] += state == "failed"
            row["undecided"] += state == "undecided"
            row["open"] += state not in ("done", "failed", "undecided")
        sums += row
        print(_row(shop.name, shop.family, row))
    print(_row("all", "", sums))
    print(f"\n{kills} kills. Failed: the shop says that it was not printed. Undecided: a person in the shop decides.")
    return int(bool(sums["doubled"] or sums["lost"] or sums["open"]))


def _row(name: str, family: str, row: Counter[str]) -> str:
    return (
        f"{name:<8} {family:<12} {row['ordered']:>7} {row['printed']:>7} {row['doubled']:>7} {row['lost']:>4}"
        f" {row['failed']:>6} {row['undecided']:>9} {row['open']:>4}"
    )


if __name__ == "__main__":
    sys.exit(main())
