"""``python -m tests.contract``: what others make of the description of the API."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tests.contract.checks import CHECKS
from tests.contract.running import Wanted, shop
from tests.contract.tools import Failed, Skipped


def main(arguments: list[str] | None = None) -> int:
    """Run the chosen checks; 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.contract", description=__doc__)
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=f"only these: {', '.join(CHECKS)}")
    parser.add_argument("--cases", type=int, default=10_000, help="requests of the fuzzer, at least (default: 10000)")
    parser.add_argument("--seed", type=int, default=1, help="where the fuzzer begins (default: 1)")
    parser.add_argument("--require-all", action="store_true", help="a check that cannot be made here is a failure")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.checks if name not in CHECKS]
    if unknown:
        parser.error(f"there is no check {unknown[0]!r}; known: {', '.join(CHECKS)}")
    failed = False
    for name in options.checks or CHECKS:
        began = time.monotonic()
        try:
            found = check(name, Wanted(options.cases, options.seed))
        except Skipped as why:
            failed |= options.require_all
            found = f"SKIPPED: {why}"
        except Failed as why:
            failed = True
            found = f"FAILED\n{why}"
        print(f"{name:<22} {time.monotonic() - began:5.0f} s  {found}", flush=True)
    return int(failed)


def check(name: str, wanted: Wanted) -> str:
    """One check with a separate daemon; what it found. Raises ``Failed`` or ``Skipped``."""
    with tempfile.TemporaryDirectory() as folder, shop(Path(folder)) as it:
        description = Path(folder) / "openapi.json"
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(it.socket)), base_url="http://fiscald") as http:
            description.write_text(json.dumps(http.get("/v1/openapi.json").json(), ensure_ascii=False), "utf-8")
        try:
            return CHECKS[name](it, description, wanted)
        except (Failed, Skipped) as error:
            found = error  # raised when the daemon has ended, or it would stand in a group of exceptions
    raise found


if __name__ == "__main__":
    sys.exit(main())
