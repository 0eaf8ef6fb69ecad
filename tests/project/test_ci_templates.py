"""The templates for pipelines of others: well-formed, and their shell steps are carried out as a runner would."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fiscald.protocols import FAMILIES
from tests.found import found
from tests.pages.nc import NC
from tests.project.test_docs import block

yaml = pytest.importorskip("yaml", reason="needs PyYAML")

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
WORKFLOW: dict[str, Any] = yaml.safe_load(block(PAGE, "OWNER/fiscald"))
TEMPLATE: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "ci" / "gitlab.yml").read_text("utf-8"))[".fiscald"]
JOB: dict[str, Any] = yaml.safe_load(block(PAGE, "extends: .fiscald"))["receipt"]
SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
EXPRESSION = re.compile(r"\$\{\{ ([\w.]+) \}\}")


class Runner:
    """What a GitHub runner does with the steps of one job."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.outputs: dict[str, str] = {}

    def action(self, given: dict[str, str]) -> None:
        """Carry out our composite action."""
        values = {f"inputs.{name}": each.get("default", "") for name, each in ACTION["inputs"].items()}
        values |= {f"inputs.{name}": value for name, value in given.items()} | {"github.action_path": str(ROOT)}
        for step in ACTION["runs"]["steps"]:
            self.run(step["run"], {name: filled(text, values) for name, text in step.get("env", {}).items()})

    def run(self, script: str, more: dict[str, str]) -> str:
        """Carry out one step; what it adds to environment, path and outputs is there for the next ones."""
        files = {name: self.folder / name for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT")}
        for path in files.values():
            path.write_text("")
        step = self.folder / "step.sh"
        step.write_text(script)
        environment = self.environment | more | {name: str(path) for name, path in files.items()}
        told = shell([*SHELL, str(step)], environment, self.folder)
        self.environment |= pairs(files["GITHUB_ENV"])
        self.outputs |= pairs(files["GITHUB_OUTPUT"])
        for line in reversed(files["GITHUB_PATH"].read_text().splitlines()):
            self.environment["PATH"] = f"{line}{os.pathsep}{self.environment['PATH']}"
        return told


def filled(text: str, values: dict[str, str]) -> str:
    return EXPRESSION.sub(lambda match: values[match[1]], text)


def pairs(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def shell(command: list[str], environment: dict[str, str], folder: Path) -> str:
    """Run it. What it leaves in the background must not hold its output."""
    with (folder / "told").open("w+") as told:
        done = subprocess.run(
            command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=told, stderr=told, check=False, timeout=170
        )  # fmt: skip
        told.seek(0)
        text = told.read()
    if done.returncode and re.search("No matching distribution|Could not fetch|NewConnectionError", text):
        pytest.skip("pip cannot reach the package registry")
    assert done.returncode == 0, text
    return text


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Where the templates make their folder: a short path, for the socket. Their processes are ended."""
    with tempfile.TemporaryDirectory(prefix="ci-") as name:
        try:
            yield Path(name)
        finally:
            for path in Path(name).glob("fiscald.*/*.pid"):
                with suppress(ProcessLookupError):
                    os.kill(int(path.read_text()), signal.SIGKILL)


@pytest.fixture
def environment(tmp_path: Path, temporary: Path) -> dict[str, str]:
    """Nothing of this checkout's environment is in the path."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "nc").write_text(NC.format(python=sys.executable))
    (tools / "nc").chmod(0o755)
    (tools / "python3").symlink_to(Path(sys.executable).resolve())
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "LANG", "LC_", "SSL_"))}
    (tmp_path / "home").mkdir()
    return kept | {
        "PATH": f"{tools}:/usr/bin:/bin",
        "HOME": str(tmp_path / "home"),
        "RUNNER_TEMP": str(tmp_path),
        "TMPDIR": str(temporary),
    }


def test_the_action_is_a_composite_one_with_a_shell_for_each_step() -> None:
    assert ACTION["runs"]["using"] == "composite"
    assert all(step["shell"] == "bash" for step in found(ACTION["runs"]["steps"]))


def test_every_expression_of_the_action_names_something_that_exists() -> None:
    named = set(EXPRESSION.findall((ROOT / "action.yml").read_text("utf-8")))
    inputs = {f"inputs.{name}" for name in ACTION["inputs"]}
    assert named == inputs | {"github.action_path", "steps.start.outputs.folder"}
    assert "start" in {step.get("id") for step in ACTION["runs"]["steps"]}


def test_no_step_contains_an_expression() -> None:
    """GitHub would paste its value into the program: values come through the environment."""
    assert all("${{" not in step["run"] for step in found(ACTION["runs"]["steps"]))


def test_every_input_is_described() -> None:
    assert re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)[: len(ACTION["inputs"])] == [*ACTION["inputs"]]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_named(family: str) -> None:
    assert family in ACTION["inputs"]["family"]["description"]
    assert family in PAGE


def test_both_templates_start_the_same() -> None:
    start = ACTION["runs"]["steps"][1]["run"]
    ours, _, _ = start.partition('echo "FISCALD_SOCKET=')
    assert ours == TEMPLATE["before_script"][1]


def test_the_workflow_uses_only_what_the_action_has() -> None:
    (step,) = [step for step in WORKFLOW["jobs"]["test"]["steps"] if "OWNER/fiscald" in step.get("uses", "")]
    assert step["with"].keys() <= ACTION["inputs"].keys()
    assert step["id"] == "fiscald"


@pytest.mark.parametrize("path", found(ROOT.glob(".github/workflows/*.yml")), ids=lambda path: path.name)
def test_our_workflows_are_well_formed(path: Path) -> None:
    jobs = yaml.safe_load(path.read_text("utf-8"))["jobs"]
    assert all("run" in step or "uses" in step for job in jobs.values() for step in found(job["steps"]))


@pytest.mark.slow
def test_the_workflow_prints_as_on_github(tmp_path: Path, environment: dict[str, str]) -> None:
    runner = Runner(tmp_path, environment)
    told = []
    for step in WORKFLOW["jobs"]["test"]["steps"]:
        if "OWNER/fiscald" in step.get("uses", ""):
            runner.action(step["with"])
        elif "run" in step:
            told.append(runner.run(step["run"], {}))
    assert len(told) == 2
    assert "Kawa" in told[0]
    assert Path(runner.outputs["folder"], "fiscald.log").stat().st_size > 0


@pytest.mark.slow
def test_the_job_prints_as_on_gitlab(tmp_path: Path, environment: dict[str, str]) -> None:
    project = tmp_path / "project"
    project.mkdir()
    variables = TEMPLATE["variables"] | JOB["variables"] | {"FISCALD_PACKAGE": f"{ROOT}[daemon,png]"}
    # A runner puts all lines of before_script and script into one shell.
    job = tmp_path / "job.sh"
    job.write_text(
        "\n".join([*TEMPLATE["before_script"], *JOB["script"]]).replace("/tmp/fiscald-venv", f"{tmp_path}/venv")
    )
    told = shell([*SHELL, str(job)], environment | variables | {"CI_PROJECT_DIR": str(project)}, tmp_path)
    assert "Kawa" in told
    # Where a job failed, its artefacts are these.
    after = environment | {"CI_PROJECT_DIR": str(project)}
    shell([*SHELL, "-c", "\n".join(TEMPLATE["after_script"])], after, tmp_path)
    assert all((project / name).exists() for name in found(TEMPLATE["artifacts"]["paths"]))
