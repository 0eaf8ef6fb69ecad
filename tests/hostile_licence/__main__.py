"""``python -m tests.hostile_licence``: every attack, as a table. Exit code 1 if a cheat got something or a customer nothing."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import click

from tests.hostile_licence.attacks import ATTACKS
from tests.hostile_licence.scene import Attack
from tests.hostile_licence.suite import Outcome, run, table


@click.command()
@click.option("--only", multiple=True, type=click.Choice([each.__name__ for each in ATTACKS]), help="Only this attack.")
@click.option("--at-a-time", default=2, show_default=True, help="Attacks at a time, each on another server.")
def main(only: tuple[str, ...], at_a_time: int) -> None:
    """Attack the vendor's licence server, and measure what customers notice."""

    def one(kind: type[Attack]) -> Outcome:
        outcome = run(kind)
        found = "; ".join(outcome.broken()) or "within the bars"
        click.echo(f"{kind.__name__} ({outcome.seconds:.0f} s): {found}", err=True)
        return outcome

    with ThreadPoolExecutor(at_a_time) as threads:
        outcomes = list(threads.map(one, [kind for kind in ATTACKS if not only or kind.__name__ in only]))
    click.echo(table(outcomes))
    sys.exit(any(outcome.broken() for outcome in outcomes))


if __name__ == "__main__":
    main()
