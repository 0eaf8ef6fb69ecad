"""``pip install fiscald`` without the extra ``daemon`` works; and a daemon loads only what its shop needs."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from fiscald.emulator.running import EmulatedPrinter
from fiscald.extras import DAEMON_MODULES, missing_extra
from fiscald.protocols import FAMILIES
from fiscald.testing import LocalDaemon

ROOT = Path(__file__).parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
#: Python runs it first: what the extra ``daemon`` installs cannot be imported then.
WITHOUT = f"""
import sys
from importlib.abc import MetaPathFinder

class Finder(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in {(*DAEMON_MODULES, "cffi", "_cffi_backend")}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Finder())
"""
PROGRAM = """
import sys
from fiscald.api.client import Client
from fiscald.emulator.running import EmulatedPrinter

for family in sys.argv[1:]:
    with EmulatedPrinter(family) as printer:
        print(printer.family)
with Client() as client:
    receipt = {"type": "receipt", "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}]}
    print(client.submit("A", "till1", receipt, wait=20).state)
"""


@pytest.fixture
def small(tmp_path: Path) -> dict[str, str]:
    """The environment of a process without the extra."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT)
    return os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}


@pytest.fixture
def daemon() -> Iterator[LocalDaemon]:
    with EmulatedPrinter() as printer, LocalDaemon({"till1": printer}) as made:
        yield made


def run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_the_extra_and_its_modules_are_the_same() -> None:
    names = {Requirement(line).name for line in EXTRAS["daemon"]}
    assert {name.replace("-", "_") for name in names} == set(DAEMON_MODULES)


@pytest.mark.parametrize("extra", ["announce", "console", "test", "vendor"])
def test_what_runs_a_daemon_installs_it(extra: str) -> None:
    assert "fiscald[daemon]" in EXTRAS[extra]


@pytest.mark.slow
@pytest.mark.daily
def test_the_client_and_every_emulated_printer_work(small: dict[str, str], daemon: LocalDaemon) -> None:
    done = run(small | {"FISCALD_SOCKET": str(daemon.socket)}, "-c", PROGRAM, *FAMILIES)
    assert done.stdout.split() == [*FAMILIES, "done"], done.stderr


@pytest.mark.slow
def test_fiscalctl_works(small: dict[str, str], daemon: LocalDaemon) -> None:
    environment = small | {"FISCALD_SOCKET": str(daemon.socket)}
    done = run(environment, "-m", "fiscald.cli.fiscalctl", "status")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("till1: ready")


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["fiscald.cli.fiscald", "run", "--config", "fiscald.toml"],
        ["fiscald.cli.fiscald", "check", "--config", "fiscald.toml"],
        ["fiscald.cli.fiscald", "demo"],
        ["fiscald.cli.fiscalctl", "licence", "test-certificate"],
        ["fiscald.cli.fiscalctl", "listen", "certificate"],
    ],
)
def test_what_needs_the_daemon_names_the_extra(small: dict[str, str], words: list[str]) -> None:
    done = run(small, "-m", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("pip install 'fiscald[daemon]'\n")
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_vendors_command_names_its_extra(small: dict[str, str]) -> None:
    done = run(small, "-m", "fiscald.cli.vendor", "--help")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: fiscald-vendor needs more packages: pip install 'fiscald[vendor]'\n"


@pytest.mark.slow
def test_the_fixtures_of_pytest(pytester: pytest.Pytester, small: dict[str, str]) -> None:
    pytester.makepyfile(
        """
        def test_printer(fiscal_printer):
            assert fiscal_printer.paper == []

        def test_daemon(fiscald):
            raise AssertionError("there is none")
        """
    )
    done = run(small, "-m", "pytest", "-p", "no:cacheprovider", str(pytester.path))
    assert "1 passed, 1 error" in done.stdout, done.stdout
    assert "pip install 'fiscald[daemon]'" in done.stdout


def test_another_missing_module_is_not_explained() -> None:
    assert missing_extra(ModuleNotFoundError("No module named 'segno'", name="segno")) is None


def test_a_daemon_loads_nothing_that_only_some_shops_need() -> None:
    """Emulated printers (gateways, copies of paper), Prometheus, the console: each costs start time and memory."""
    code = (
        "import sys, fiscald.daemon\n"
        "print([name for name in sys.modules if name.startswith(('fiscald.emulator.', 'fiscald.gateway.gateway',"
        " 'fiscald.console.application', 'prometheus_client', 'jinja2', 'PIL', 'zeroconf'))])"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"
