"""A daemon, printers and ports for ``scan``, ``doctor`` and ``bugreport``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from fiscald.cli.fiscalctl import main
from tests.cli.conftest import Counter

CONFIG = '[printers.till1]\nfamily = "posnet"\naddress = "{}"\n'


def run(folder: Path, *arguments: str, config: str | None = None, as_json: bool = False) -> Result:
    """Without a daemon, on a computer whose /sys is in ``folder``."""
    path = folder / "fiscald.toml"
    path.write_text(config or "")
    verb, *rest = arguments
    common = ["--socket", str(folder / "none.sock"), *(["--json"] if as_json else [])]
    options = ["--config", str(path), "--root", str(folder / "root")]
    return CliRunner().invoke(main, [*common, verb, *rest, *options])


def doctor(counter: Counter, *arguments: str) -> tuple[int, dict[str, Any]]:
    """With the counter's daemon."""
    path = counter.folder / "fiscald.toml"
    path.write_text(f'state_dir = "{counter.folder}/state"\n' + CONFIG.format(counter.printer.address))
    options = ["--config", str(path), "--root", str(counter.folder / "root"), *arguments]
    result = CliRunner().invoke(main, ["--socket", str(counter.socket), "--json", "doctor", *options])
    content: dict[str, Any] = json.loads(result.stdout)
    # What this computer is, and not what the test is about.
    local = ("doctor.group_missing", "doctor.disk_low", "doctor.disk_full")
    content["findings"] = [each["code"] for each in content["findings"] if each["code"] not in local]
    return result.exit_code, content
