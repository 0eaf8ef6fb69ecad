"""The table of docs/vendor.md, "How large", from the files of ``python -m benchmarks.vendor run``."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.figures import cells, read
from benchmarks.vendor.measures import ROWS

BEGIN, END = "<!-- begin: written by python -m benchmarks.vendor table -->", "<!-- end -->"


def table(files: list[Path]) -> str:
    """One column for each file, smallest database first."""
    runs = sorted((read(file) for file in files), key=lambda run: int(run[0]["licences"]))
    heads = [f"{about['licences']:,} licences" for about, _ in runs]
    about = ", ".join(f"{name} {value}" for name, value in runs[0][0].items() if name != "licences")
    lines = [
        f"Measured with: {about}.",
        "",
        f"| | goal | {' | '.join(heads)} |",
        f"| --- | --- |{' --- |' * len(heads)}",
    ]
    for row in ROWS:
        columns = [{line.title: line for line in cells(row, outcomes.get(row.name))} for _, outcomes in runs]
        for title in dict.fromkeys(title for column in columns for title in column):
            found = [column.get(title) for column in columns]
            goal = next((cell.goal for cell in found if cell is not None), "")
            texts = [
                "-" if cell is None or cell.measured == "-" else f"{cell.measured} {_short(cell.note)}".strip()
                for cell in found
            ]
            lines.append(f"| {title} | {goal} | {' | '.join(texts)} |")
    return "\n".join(lines) + "\n"


def _short(note: str) -> str:
    """Of what stands behind a figure, what fits into a cell."""
    parts = re.findall(
        r"it took [0-9.]+ s|at most [0-9]+ MB|log [0-9]+ MB|processor [0-9.]+ ms|median [0-9.]+ ms|start to .*$", note
    )
    return f"({', '.join(parts)})" if parts else ""


def write(page: Path, files: list[Path]) -> None:
    """Write the table into the page between its marks."""
    text = page.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{table(files)}{END}{after}", "utf-8")
