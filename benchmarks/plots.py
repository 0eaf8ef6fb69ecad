"""Pictures of the figures for docs/performance.md. Needs matplotlib: ``pip install fiscald[bench]``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.figures import Outcome
from benchmarks.line import STAGES

#: What a naive program sends too is dark; the questions are light.
COLOURS = dict(zip(STAGES, ("#f4c27f", "#1f4e79", "#f9dcae", "#2e75b6", "#16365c", "#e8a33d"), strict=True))
BLUE, GREY = "#2e75b6", "#888888"


def line_by_stage(axes: Any, outcome: Outcome) -> None:
    """Seconds on the line: of fiscald by stages, and of a naive program."""
    names: list[str] = []
    for family, points in outcome.points.items():
        left = 0.0
        for each in points["stages"]:
            stage = each["stage"]
            axes.barh(len(names), each["seconds"], left=left, color=COLOURS[stage], label="" if names else stage)
            left += each["seconds"]
        names.append(f"{family}, fiscald")
        axes.barh(len(names), points["naive"], color=GREY)
        names.append(f"{family}, naive")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel("seconds")
    axes.set_title("A 10-line receipt on a line of 9600 baud")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncol=3, frameon=False, fontsize=8)


def receipt_by_sync(axes: Any, outcome: Outcome) -> None:
    """Milliseconds of a receipt, by what a sync takes more."""
    found = _numbers(outcome.points["medians"])
    axes.plot(list(found), list(found.values()), "o-", color=BLUE)
    _goal(axes, 160, "goal at 25 ms")
    axes.set_xlabel("milliseconds that every sync takes more")
    axes.set_ylabel("milliseconds")
    axes.set_title("A receipt on a slow disk, printer without delay")
    axes.set_ylim(bottom=0)


def printers_at_once(axes: Any, outcome: Outcome) -> None:
    """The slowest receipts of a burst against one alone, by the number of printers."""
    counts = [each["printers"] for each in outcome.points["counts"]]
    axes.plot(counts, [each["ratio"] for each in outcome.points["counts"]], "o-", color=BLUE)
    _goal(axes, 2, "twice a single printer")
    axes.set_xscale("log")
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.minorticks_off()
    axes.set_xlabel("printers that print at once, 9600 baud")
    axes.set_ylabel("p99 / a single printer")
    axes.set_title("Receipts on all printers at once")
    axes.set_ylim(bottom=0)


def start_by_jobs(axes: Any, outcome: Outcome) -> None:
    """Seconds from start to ready, by the jobs in the journal."""
    found = _numbers(outcome.points["medians"])
    axes.bar([f"{int(jobs):,}" for jobs in found], list(found.values()), color=BLUE, width=0.5)
    _goal(axes, 0.6, "goal")
    axes.set_xlabel("jobs in the journal")
    axes.set_ylabel("seconds")
    axes.set_title("From start to ready")


Draw = Callable[[Any, Outcome], None]
#: Name of the file, the row that it shows, and what a reader without pictures gets.
PLOTS: tuple[tuple[str, str, str, Draw], ...] = (
    ("line", "line-9600", "seconds on the line by stage", line_by_stage),
    ("syncs", "slow-disk", "receipt time by sync delay", receipt_by_sync),
    ("printers", "scale", "p99 by number of printers", printers_at_once),
    ("start", "start", "start time by jobs", start_by_jobs),
)


def draw(outcomes: Mapping[str, Outcome], folder: Path, *, kind: str = "svg") -> list[tuple[Path, str]]:
    """Draw a picture of each row that has points; the files, with a description of each."""
    folder.mkdir(exist_ok=True)
    drawn = []
    with mpl.rc_context({"svg.hashsalt": "fiscald", "svg.fonttype": "none", "font.size": 9}):
        for name, row, about, plot in PLOTS:
            if row not in outcomes or not outcomes[row].points:
                continue
            figure = Figure(figsize=(6.4, 3.2), layout="constrained")
            axes = figure.subplots()
            plot(axes, outcomes[row])
            for side in ("top", "right"):
                axes.spines[side].set_visible(False)
            path = folder / f"{name}.{kind}"
            figure.savefig(path, metadata={"Date": None} if kind == "svg" else None, dpi=110)
            drawn.append((path, about))
    return drawn


def _numbers(points: Mapping[str, float]) -> dict[float, float]:
    """Points by number; the keys of a JSON object are text."""
    return {float(name): value for name, value in points.items()}


def _goal(axes: Any, value: float, label: str) -> None:
    axes.axhline(value, color=GREY, linestyle="--", linewidth=1)
    axes.annotate(
        label, (1, value), xycoords=("axes fraction", "data"), ha="right", va="bottom", color=GREY, fontsize=8
    )
