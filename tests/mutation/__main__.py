"""``python -m tests.mutation``: change the product in one place after the other; tell which changes no test notices."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.mutation import equivalents, reach
from tests.mutation.changes import Change, Kind, sample
from tests.mutation.rooms import CORE, ROOMS, ROOT, files_of, stages
from tests.mutation.trying import Outcome, Tried, record, try_all


def main() -> int:
    """Run what the arguments say; 1 if something survived that is not known to make no difference."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--room", action="append", choices=ROOMS, help=f"default: {', '.join(CORE)}; may be repeated")
    parser.add_argument("--seed", type=int, default=0, help="which changes are drawn (default: 0)")
    parser.add_argument("--number", type=int, default=100, help="how many of each room (default: 100)")
    parser.add_argument("--file", metavar="PART", help="only of files with this in their name")
    parser.add_argument("--workers", type=int, default=1, help="copies of the tree in which changes are tried at once")
    parser.add_argument("--slow", action="store_true", help="run tests too that take more than a second")
    parser.add_argument("--seconds", type=float, default=20, help="of tests that reach a change (default: 20)")
    parser.add_argument("--reach", type=Path, metavar="FOLDER", help="keep there which tests reach what; used again")
    parser.add_argument("--list", action="store_true", help="show the changes that would be made")
    parser.add_argument("--results", type=Path, metavar="FILE", help="append what came of each to this file, as JSON")
    parser.add_argument("--again", type=Path, metavar="FILE", help="try those again that survived in such a file")
    options = parser.parse_args()
    known = {each.key for each in equivalents.read()}
    work: list[tuple[str, Change]] = []
    for name in options.room or CORE:
        files = [file for file in files_of(ROOMS[name]) if (options.file or "") in file]
        sources = {file: (ROOT / file).read_bytes() for file in files}
        if options.again:
            survived = _survivors(options.again)
            drawn = [each for each in sample(sources, 0, sys.maxsize) if each.key in survived]
        else:
            drawn = sample(sources, options.seed, options.number)
        work += [(name, change) for change in drawn]
    same = [change for _, change in work if change.key in known]
    work = [(name, change) for name, change in work if change.key not in known]
    if options.list:
        print(*(change for _, change in work), sep="\n")
        return 0
    with tempfile.TemporaryDirectory() as made:
        folder = options.reach or Path(made)
        for name in sorted({name for name, _ in work}):
            failure = _record(name, folder, slow=options.slow)
            if failure is not None:
                print(f"the tests of {name} fail without any change: {failure}")
                return 2
        reached = {name: reach.read(folder / f"{name}.json") for name in {name for name, _ in work}}
    return _try(work, same, reached, options)


def _record(name: str, folder: Path, *, slow: bool) -> str | None:
    path = folder / f"{name}.json"
    folder.mkdir(exist_ok=True)
    if path.exists():
        return None
    return record([test for stage in ROOMS[name].tests for test in stage], path.resolve(), slow=slow)


def _survivors(path: Path) -> set[tuple[object, ...]]:
    """Keys of what survived the last time it was tried."""
    last = {tuple(each["key"]): each["outcome"] for each in map(json.loads, path.read_text("utf-8").splitlines())}
    return {key for key, outcome in last.items() if outcome == Outcome.SURVIVED}


def _try(
    work: list[tuple[str, Change]],
    same: list[Change],
    reached: dict[str, dict[str, reach.Reach]],
    options: argparse.Namespace,
) -> int:
    rooms = {change: name for name, change in work}
    began, done = time.monotonic(), []
    staged = [
        (
            change,
            stages(change.file, ROOMS[name]),
            reach.nearest(reached[name], change.file, change.where, options.seconds),
        )
        for name, change in work
    ]
    for tried in try_all(staged, workers=options.workers, slow=options.slow):
        done.append(tried)
        if options.results:
            _keep(options.results, tried)
        if tried.outcome is Outcome.SURVIVED:
            print(f"SURVIVED {tried.change.kind:<11} {tried.change}", flush=True)
    print(f"\n{_table(done, rooms)}")
    survived = sum(tried.outcome is Outcome.SURVIVED for tried in done)
    total = len(done)
    score = 100.0 * (total - survived) / total if total else 100.0
    print(f"{total} changes, {total - survived} noticed, {survived} survived; {len(same)} known to make no difference")
    print(f"score {score:.1f} %, {time.monotonic() - began:.0f} s")
    return bool(survived)


def _keep(path: Path, tried: Tried) -> None:
    change = tried.change
    told = {"key": change.key, "line": change.line, "kind": change.kind, "outcome": tried.outcome, "by": tried.by}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(told | {"seconds": round(tried.seconds, 1)}, ensure_ascii=False) + "\n")


def _table(done: list[Tried], rooms: dict[Change, str]) -> str:
    counted = Counter((rooms[each.change], each.change.kind, each.outcome is Outcome.SURVIVED) for each in done)
    names = sorted({name for name, _, _ in counted})
    lines = [f"{'noticed/survived':<18}" + "".join(f"{name:>12}" for name in names)]
    for kind in Kind:
        cells = [f"{counted[name, kind, False]}/{counted[name, kind, True]}" for name in names]
        if any(cell != "0/0" for cell in cells):
            lines.append(f"{kind:<18}" + "".join(f"{cell:>12}" for cell in cells))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
