"""The outcome as a table for people: plain text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.soak.campaign import Outcome
from tests.soak.compare import Kind
from tests.soak.schedule import Trouble

#: Disagreements of each kind that are shown in full.
_SHOWN = 5


def render(outcome: Outcome) -> str:
    """All of it."""
    return "\n".join(_lines(outcome))


def _lines(outcome: Outcome) -> Iterator[str]:
    settings, ledger, tally = outcome.settings, outcome.ledger, outcome.tally
    yield f"seed {settings.seed}: {outcome.seconds:.0f} s, of which {outcome.settled:.1f} s to settle after the trouble"
    yield ""
    yield f"  {'trouble':<36}{'happened':>9}{'ordered':>9}"
    for trouble in Trouble:
        yield f"  {trouble.value:<36}{tally.happened[trouble]:>9}{tally.ordered[trouble]:>9}"
    yield ""
    yield from _table("daemon killed while", tally.killed_while)
    yield from _table("documents", outcome.verdicts)
    yield from _table(
        "failed because", Counter(job.error.partition(":")[0] for job in outcome.jobs if job.phase == "failed")
    )
    yield from _table(
        "attempts", {f"{n} attempts": c for n, c in sorted(Counter(j.attempts for j in outcome.jobs).items())}
    )
    yield from _table(
        "clients",
        {
            "final answers": len(ledger.answers),
            "daemon not reachable": ledger.away,
            "withdrawn in time": ledger.withdrawn,
            **{f"sales by habit: {habit}": count for habit, count in sorted(ledger.habits.items())},
        },
    )
    yield from _table("paper", {"cancelled receipts": outcome.cancelled, "receipts that lost their foot": outcome.feet})
    found = outcome.comparison
    yield from _table("disagreements", {kind.value: found.count(kind) for kind in Kind})
    yield from _table("undecided because", Counter(person.cause for person in ledger.undecided.values()))
    for kind in Kind:
        texts = [one.text for one in found.found if one.kind is kind]
        yield from (f"{kind.value}: {text}" for text in texts[:_SHOWN])
        if len(texts) > _SHOWN:
            yield f"{kind.value}: and {len(texts) - _SHOWN} more"
    yield "AGREED: nothing lost, nothing doubled, every number right" if found.agreed else "DISAGREED"


def _table(title: str, rows: Mapping[str, int]) -> Iterator[str]:
    if not rows:
        return
    yield f"  {title}"
    for name, count in rows.items():
        yield f"    {name:<40}{count:>6}"
    yield ""
