"""``python -m tests.soak``: a campaign with real parts. Exit code 1 if anything disagrees.

The seed decides which trouble comes in which order and what is sold; real timing cannot be repeated, so a second
run with the same seed meets other moments. What disagreed is therefore kept: journal, printers, logs, recordings.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import anyio
from click import echo

from tests.soak.campaign import Campaign, Settings
from tests.soak.report import render


def main() -> int:
    """Run it; the exit code."""
    options = _options()
    settings = Settings(seed=options.seed, seconds=options.minutes * 60, receipts=options.receipts)
    directory = options.keep or Path(tempfile.mkdtemp(prefix="fiscald-soak-"))
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        echo(f"{directory} is not empty; name another directory")
        return 2
    # Told to end, it ends as with Ctrl-C: no process is left behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    echo(f"seed {settings.seed} decides the order of the trouble; its timing is the machine's. Work in {directory}")
    with tempfile.TemporaryDirectory(prefix="soak-") as sockets:
        try:
            outcome = anyio.run(Campaign(settings, directory.absolute(), Path(sockets)).run)
        except BaseException:
            echo(f"the campaign itself failed; what there is, is in {directory}", err=True)
            raise
    report = render(outcome)
    echo(report)
    if outcome.comparison.agreed and options.keep is None:
        shutil.rmtree(directory)
    else:
        (directory / "report.txt").write_text(report + "\n", "utf-8")
        (directory / "disagreements.txt").write_text(
            "".join(f"{one.kind.value}: {one.text}\n" for one in outcome.comparison.found), "utf-8"
        )
        echo(f"kept: {directory}")
    return 0 if outcome.comparison.agreed else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=3.0, help="of trouble, at most (default: 3)")
    parser.add_argument("--receipts", type=int, default=3000, help="documents, at most (default: 3000)")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000, help="default: another one each time")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work there and keep it, whatever comes out")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
