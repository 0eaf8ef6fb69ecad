"""``python -m tests.hostile``: every way to misbehave, as a table. Exit code 1 if a bar does not hold."""

from __future__ import annotations

import sys

import click

from tests.hostile.suite import GATEWAY_SCENARIOS, NETWORK_SCENARIOS, SCENARIOS, run, table

_ALL = (*SCENARIOS, *NETWORK_SCENARIOS, *GATEWAY_SCENARIOS)


@click.command()
@click.option("--seconds", default=10.0, show_default=True, help="How long each scenario is measured.")
@click.option("--only", multiple=True, type=click.Choice([each.name for each in _ALL]), help="Only this scenario.")
@click.option(
    "--over",
    type=click.Choice(["socket", "tcp", "tls", "gateway"]),
    multiple=True,
    help="Only over this (default: all).",
)
@click.option("--same-user", is_flag=True, help="The programs that misbehave run as the neighbour's user.")
def main(seconds: float, only: tuple[str, ...], over: tuple[str, ...], *, same_user: bool) -> None:
    """Measure what a program or a printer that misbehaves costs its neighbours."""
    outcomes, broken = [], False
    for scenario in _ALL:
        if (only and scenario.name not in only) or (over and scenario.over not in over):
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
