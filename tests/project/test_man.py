"""The manual pages are those of this version, and ``man`` can read them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from fiscald.cli import man
from fiscald.cli.fiscalctl import main as fiscalctl
from tests.found import found

FOLDER = Path(__file__).parents[2] / "docs" / "man"


def test_the_man_pages_are_up_to_date(tmp_path: Path) -> None:
    man.write(tmp_path)
    for name in found([f"{command}.1" for command in man.COMMANDS]):
        assert (FOLDER / name).read_text("utf-8") == (tmp_path / name).read_text("utf-8"), "run: make docs"


@pytest.mark.parametrize("name", man.COMMANDS)
def test_every_verb_and_option_is_there(name: str) -> None:
    command = man.COMMANDS[name]
    text = man.page(name, command).replace("\\-", "-")

    def check(verb: click.Command, path: str) -> None:
        for param in verb.params:
            if isinstance(param, click.Option) and not param.hidden:
                assert f"\\fB{', '.join(param.opts)}\\fR" in text
                assert param.help, f"{path} {param.name} says nothing"
        assert verb.help
        if isinstance(verb, click.Group):
            for name, inner in verb.commands.items():
                below = f"{path} {name}".strip()
                assert f".SS {below}\n" in text
                check(inner, below)

    check(command, "")


@pytest.mark.skipif(shutil.which("man") is None or shutil.which("groff") is None, reason="needs man and groff")
@pytest.mark.parametrize("name", man.COMMANDS)
def test_man_formats_the_pages_without_a_warning(name: str) -> None:
    command = ["groff", "-man", "-Tutf8", "-ww", str(FOLDER / f"{name}.1")]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stderr == ""
    assert name.upper() in told.stdout


def test_verbs_and_options_are_completed() -> None:
    def offered(*words: str, of: str = "") -> set[str]:
        completion = ShellComplete(fiscalctl, {}, "fiscalctl", "_FISCALCTL_COMPLETE")
        return {item.value for item in completion.get_completions([*words], of)}

    assert {"preview", "print"} == offered(of="pr")
    assert "daily" in offered("report")
    assert "--force" in offered("raw", of="--")
    assert offered("jobs", "--state", of="un") == {"undecided"}
