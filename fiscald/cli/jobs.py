"""``fiscalctl jobs``: the list of jobs, with filters; one page or all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
from pydantic_core import PydanticCustomError

from fiscald.api.client import Client
from fiscald.api.wire import JobList
from fiscald.cli.context import USAGE, Context, everything, pass_context
from fiscald.cli.documents import printer_option
from fiscald.cli.texts import job_line
from fiscald.model.jobs import JobState
from fiscald.model.money import parse_money
from fiscald.model.tax import parse_nip
from fiscald.model.times import POLISH_TIME, fixed, parse_day_or_time

if TYPE_CHECKING:
    _DateTime = click.ParamType[datetime]  # older versions of click cannot say so at run time
else:
    _DateTime = click.ParamType

#: Jobs per request with ``--all``.
PAGE = 500


class When(_DateTime):
    """A day or a time; Polish time if it has no offset."""

    name = "time"

    def __init__(self, *, end: bool) -> None:
        self._end = end

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> datetime:
        """See ``ParamType.convert``."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?", text):
            try:
                # When clocks are put back, the earlier or the later hour: neither leaves out a job.
                return fixed(datetime.fromisoformat(text).replace(tzinfo=POLISH_TIME, fold=int(self._end)))
            except ValueError:
                pass
        try:
            return parse_day_or_time(text, end=self._end)
        except PydanticCustomError:
            self.fail(f"{text!r} is not a time; write a day like 2026-11-22 or a time like '2026-11-22 10:15'")


@click.command()
@printer_option
@click.option("--state", type=click.Choice([state.value for state in JobState]), help="Only jobs in this state.")
@click.option("--since", type=When(end=False), help="Only jobs from this day or time (Polish) on.")
@click.option("--until", type=When(end=True), help="Only jobs until this day or time (Polish).")
@click.option("--number", type=click.IntRange(1, 2**31 - 1), help="Only jobs with this number on the document.")
@click.option("--amount", help="Only jobs with this total on the document, like 12.00.")
@click.option("--nip", help="Only jobs with this NIP of the buyer.")
@click.option("--oldest", is_flag=True, help="Show the oldest jobs first.")
@click.option("--all", "everything_", is_flag=True, help="Show all jobs, not only one page.")
@click.option("--after", help="Continue after this cursor of an earlier page.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Number of jobs on a page.")
@pass_context
def jobs(
    context: Context,
    /,
    *,
    amount: str | None,
    nip: str | None,
    oldest: bool,
    everything_: bool,
    after: str | None,
    limit: int,
    **filters: Any,
) -> None:
    """List jobs, the newest first."""
    if amount is not None:
        try:
            filters["total"] = parse_money(amount.replace(",", "."))
        except PydanticCustomError as error:
            context.fail(USAGE, f"--amount: {error.message()}")
    if nip is not None:
        try:
            filters["nip"] = parse_nip(nip)
        except PydanticCustomError as error:
            context.fail(USAGE, f"--nip: {error.message()}")
    filters["order"] = "oldest" if oldest else None
    with context.client() as client:
        if not everything_:
            page = client.jobs(**filters, after=after, limit=limit)
            more = [f"(more with --after {page.next}, or all with --all)"] if page.next is not None else []
            context.show(everything(page), lambda: "\n".join([*map(job_line, page.jobs), *more]) or "no jobs")
        elif context.as_json:
            found = [everything(job) for page in _pages(client, filters, after) for job in page.jobs]
            context.show({"jobs": found, "next": None}, str)
        else:
            lines = 0
            for page in _pages(client, filters, after):
                for job in page.jobs:
                    click.echo(job_line(job))
                lines += len(page.jobs)
            if not lines:
                click.echo("no jobs")


def _pages(client: Client, filters: dict[str, Any], after: str | None) -> Iterator[JobList]:
    """Every page, fetched when it is needed."""
    while True:
        page = client.jobs(**filters, after=after, limit=PAGE)
        yield page
        after = page.next
        if after is None:
            return
