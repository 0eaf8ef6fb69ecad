"""docs/vendor.md describes what the server does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from click.testing import CliRunner

from fiscald.licence import wire
from fiscald.licence.server import cli, cli_access, cli_keys
from fiscald.licence.server.config import Config
from fiscald.licence.server.events import Event
from fiscald.licence.server.issuing import issuing_routes
from fiscald.licence.server.issuing_requests import ERRORS
from fiscald.licence.server.refusals import TABLE
from tests.found import found

TEXT = (Path(__file__).parents[3] / "docs" / "vendor.md").read_text("utf-8")


def test_every_refusal_is_described_with_its_status() -> None:
    described: dict[str, int] = {}
    for codes, status in re.findall(r"^\| (`[^|]+) \| (\d{3}) \|", TEXT, re.MULTILINE):
        described |= dict.fromkeys(re.findall(r"`(\w+)`", codes), int(status))
    assert described == {code: row.status for code, row in TABLE.items()} | ERRORS


def test_every_path_is_described() -> None:
    for model in wire.REQUESTS:
        assert f"`{model.path}`" in TEXT


def test_every_route_of_the_issuing_api_is_described() -> None:
    for route in found(issuing_routes(None, None, None)):  # type: ignore[arg-type]
        methods = (route.methods or set()) - {"HEAD"}
        assert f"| `{methods.pop()} {route.path}` |" in TEXT


def test_every_event_is_described() -> None:
    for event in Event:
        assert f"`{event}`" in TEXT


def test_the_example_configuration_is_valid() -> None:
    (example,) = re.findall(r"^```toml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    config = Config.model_validate(tomllib.loads(example))
    assert config.model_fields_set == set(Config.model_fields)


def test_every_documented_command_and_option_exists() -> None:
    shown = re.findall(r"fiscald-vendor (?!fiscald-vendor)([a-z][^\n`]*)", TEXT)
    assert len(shown) > 15
    for line in shown:
        words = re.sub(r"#.*", "", line).split()
        group = words[0] if words[0] not in ("keys", "token") else " ".join(words[:2])
        told = CliRunner().invoke(cli.main, [*group.split(), "--help"])
        assert told.exit_code == 0, line
        for option in re.findall(r"--[a-z-]+", re.sub(r"#.*", "", line)):
            assert option in told.output, line


def test_every_command_is_documented() -> None:
    names = [name for name in cli.main.commands if name not in ("keys", "serve", "token")]
    names += [f"keys {name}" for name in cli_keys.keys.commands]
    names += [f"token {name}" for name in cli_access.token.commands]
    for name in found(names):
        assert re.search(rf"(fiscald-vendor |`){name}\b", TEXT), name
