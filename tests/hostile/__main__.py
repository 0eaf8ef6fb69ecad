"""``python -m tests.hostile``: every way to misbehave, as a table. Exit code 1 if a bar does not hold."""

from __future__ import annotations

import sys

import click

from tests.hostile.suite import SCENARIOS, run, table


@click.command()
@click.option("--seconds", default=10.0, show_default=True, help="How long each scenario is measured.")
@click.option("--only", multiple=True, type=click.Choice([each.name for each in SCENARIOS]), help="Only this scenario.")
@click.option("--same-user", is_flag=True, help="The programs that misbehave run as the neighbour's user.")
def main(seconds: float, only: tuple[str, ...], *, same_user: bool) -> None:
    """Measure what a program or a printer that misbehaves costs its neighbours."""
    outcomes, broken = [], False
    for scenario in SCENARIOS:
        if only and scenario.name not in only:
            continue
        outcome = run(scenario, seconds, other_user=not same_user)
        outcomes.append(outcome)
        bars = outcome.broken()
        broken |= bool(bars)
        click.echo(f"{scenario.name}: {'; '.join(bars) or 'within the bars'}", err=True)
    click.echo(table(outcomes))
    sys.exit(broken)


if __name__ == "__main__":
    main()
