"""The import contracts of pyproject.toml: every module is under one, and every forbidden import breaks it."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import grimp
import pytest

from tests.found import found
from tests.project.contracts import MayImport

ROOT = Path(__file__).parents[2]
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
    "contracts"
]
#: What only the edges may touch.
PURE = ("asyncio", "logging", "os", "pathlib", "random", "socket", "sqlite3", "subprocess", "threading", "time")
#: By contract: a module under it, and what that module must not import.
FORBIDDEN: dict[str, tuple[str, tuple[str, ...]]] = {
    "model: the vocabulary": (
        "fiscald.model.documents",
        (*PURE, "fiscald.protocols.base", "fiscald.journal", "fiscald.api.wire", "fiscald.licence", "anyio", "starlette"),
    ),
    "protocols: pure, the model, construct, h11 and pydantic": (
        "fiscald.protocols.planning",
        (*PURE, "fiscald.transport", "fiscald.journal", "fiscald.engine", "fiscald.emulator.register", "anyio", "serial", "usb"),
    ),
    "protocols: families do not know each other": (
        "fiscald.protocols.posnet.fields", ("fiscald.protocols.thermal.fields",),
    ),
    "transport: streams": (
        "fiscald.transport.tcp", ("fiscald.model", "fiscald.protocols.base", "fiscald.engine", "fiscald.recording", "httpx"),
    ),
    "journal: the model, on disk": (
        "fiscald.journal.rows", ("fiscald.engine", "fiscald.protocols.base", "fiscald.transport", "fiscald.licence", "anyio"),
    ),
    "engine: protocols, streams, journal; the licence is given to it": (
        "fiscald.engine.line",
        ("fiscald.licence", "fiscald.api.wire", "fiscald.emulator", "fiscald.recording", "fiscald.config", "starlette"),
    ),
    "licence: of printers only their identity, of documents what they say about themselves, no engine, no server": (
        "fiscald.licence.state",
        ("fiscald.engine", "fiscald.journal", "fiscald.model.jobs", "fiscald.protocols", "fiscald.api.wire", "fiscald.licence.server.rules", "starlette"),
    ),
    "licence server: what both ends say to each other, and nothing else of the daemon": (
        "fiscald.licence.server.app",
        ("fiscald.licence.gate", "fiscald.licence.state", "fiscald.engine", "fiscald.journal", "fiscald.api.handlers", "fiscald.config"),
    ),
    "api: the public faces of engine and licence, and the model": (
        "fiscald.api.events",
        ("fiscald.engine.actor", "fiscald.journal", "fiscald.licence.gate", "fiscald.protocols.base", "fiscald.transport", "fiscald.config", "fiscald.api.client", "httpx"),
    ),
    "webhooks: the journal, the model, and HTTP towards receivers; no engine, no API": (
        "fiscald.webhooks.receiver",
        ("fiscald.engine", "fiscald.protocols", "fiscald.transport", "fiscald.licence", "fiscald.config", "fiscald.api.client", "starlette"),
    ),
    "client: the model and HTTP, nothing of the daemon": (
        "fiscald.api.client",
        ("fiscald.engine", "fiscald.journal", "fiscald.licence", "fiscald.protocols", "fiscald.transport", "fiscald.api.handlers", "starlette", "uvicorn"),
    ),
    "recording: names of families, and streams; nothing of the daemon": (
        "fiscald.recording.replay",
        ("fiscald.engine", "fiscald.journal", "fiscald.protocols.posnet.family", "fiscald.emulator", "fiscald.api.client"),
    ),
    "recording: reading, masking and writing are pure": (
        "fiscald.recording.pcapng", ("fiscald.transport", "anyio", "logging", "os", "pathlib", "random", "socket", "time"),
    ),
    "diagnostics: ports, streams, and families by name; of the daemon nothing but whether its journal is well": (
        "fiscald.diagnostics.checks",
        ("fiscald.engine", "fiscald.journal", "fiscald.journal.store", "fiscald.licence", "fiscald.api.client", "fiscald.protocols.posnet.frames", "fiscald.config", "click"),
    ),
    "emulator: a family's facts, never its dialogue": (
        "fiscald.emulator.register",
        ("fiscald.protocols.posnet.receipt", "fiscald.protocols.thermal.plan", "fiscald.protocols.queries", "fiscald.engine", "fiscald.journal", "fiscald.licence", "fiscald.testing", "fiscald.emulator.pytest_plugin"),
    ),
    "emulator: its pytest plugin also starts a whole daemon": (
        "fiscald.emulator.pytest_plugin", ("fiscald.daemon", "fiscald.engine", "fiscald.config"),
    ),
    "cli: fiscalctl speaks to the daemon through its socket, and works on ports, recordings and emulators by itself": (
        "fiscald.cli.jobs",
        ("fiscald.engine", "fiscald.journal", "fiscald.daemon", "fiscald.api.handlers", "fiscald.licence.gate", "fiscald.licence.server.rules", "fiscald.protocols.posnet.family", "fiscald.cli.demo", "starlette"),
    ),
    "paper: a family's dialogue on an emulated printer": (
        "fiscald.paper.copies", ("fiscald.engine", "fiscald.journal", "fiscald.licence", "fiscald.api.wire", "fiscald.transport"),
    ),
    "gateway: the face of an emulated printer, the public face of the engine, and the model": (
        "fiscald.gateway.clerk",
        ("fiscald.engine.actor", "fiscald.journal", "fiscald.licence", "fiscald.api.wire", "fiscald.protocols.posnet.receipt"),
    ),
    "daemon: joins engine, API, journal, licence and gateways; not the command line; of emulators only their choices": (
        "fiscald.daemon",
        ("fiscald.cli.context", "fiscald.emulator.register", "fiscald.testing", "fiscald.protocols.posnet.family", "fiscald.licence.server.app", "click"),
    ),
    "fleet: the messages of both ends are pure: the model, and signed texts": (
        "fiscald.fleet.messages",
        (*PURE, "fiscald.engine", "fiscald.journal", "fiscald.licence", "fiscald.protocols", "anyio", "httpx"),
    ),
    "fleet, the shop's end: its messages, the public face of the engine, and MQTT": (
        "fiscald.fleet.shop.orders",
        ("fiscald.engine.actor", "fiscald.journal", "fiscald.licence", "fiscald.api.wire", "fiscald.config", "starlette"),
    ),
    "fleet, the central's end: its messages, databases, MQTT, and HTTP towards its applications": (
        "fiscald.fleet.central.recording",
        ("fiscald.engine", "fiscald.journal", "fiscald.fleet.shop.orders", "fiscald.licence.gate", "fiscald.api.wire", "fiscald.config"),
    ),
    "cli: the central's command": (
        "fiscald.cli.central", ("fiscald.engine", "fiscald.journal", "fiscald.daemon", "fiscald.fleet.shop", "fiscald.api.client", "click"),
    ),
    "manual pages: the help texts of all commands": (
        "fiscald.cli.man", ("fiscald.daemon", "fiscald.engine", "fiscald.emulator", "fiscald.licence.server.store", "anyio"),
    ),
    "cli: the vendor's command": (
        "fiscald.cli.vendor", ("fiscald.engine", "fiscald.journal", "fiscald.daemon", "fiscald.licence.gate", "fiscald.api.client", "click"),
    ),
    "demo: the vendor's server, beside a daemon": (
        "fiscald.cli.demo_vendor",
        ("fiscald.engine", "fiscald.journal", "fiscald.licence.gate", "fiscald.daemon", "fiscald.api.client", "starlette"),
    ),
    "daemon: what starts one for a person or a test, beside emulators": (
        "fiscald.cli.demo", ("fiscald.engine", "fiscald.transport", "fiscald.licence.server.rules", "fiscald.journal.store", "starlette"),
    ),
    "console: what the API says, through its client; previews and scans are made beside it": (
        "fiscald.console.pages",
        ("fiscald.engine", "fiscald.journal", "fiscald.licence", "fiscald.api.handlers", "fiscald.config", "fiscald.daemon", "fiscald.cli.scan", "click"),
    ),
    "what every floor may stand on: certificates, private files, logs, signed texts, systemd, text made visible": (
        "fiscald.private", ("fiscald.model.documents", "fiscald.journal", "fiscald.transport", "fiscald.config"),
    ),
}  # fmt: skip


def test_every_module_is_under_exactly_one_contract() -> None:
    floors = [
        MayImport(name=one["name"], session_options={}, contract_options=one)
        for one in CONTRACTS
        if one["type"] == "may_import"
    ]
    modules = grimp.build_graph("fiscald").modules
    under = {module: [floor.name for floor in floors if floor.inside(module)] for module in modules}
    assert {module: names for module, names in under.items() if len(names) != 1} == {}
    assert len(modules) > 200


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_every_contract_breaks_for_each_forbidden_import(tmp_path: Path) -> None:
    """One copy of the tree, with all forbidden imports in it: each is found under its contract."""
    assert FORBIDDEN.keys() == {one["name"] for one in CONTRACTS}
    shutil.copytree(ROOT / "fiscald", tmp_path / "fiscald", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests" / "project").mkdir(parents=True)
    for kept in ("pyproject.toml", "tests/__init__.py", "tests/project/__init__.py", "tests/project/contracts.py"):
        shutil.copy(ROOT / kept, tmp_path / kept)
    for module, wrong in FORBIDDEN.values():
        path = tmp_path.joinpath(*module.split(".")).with_suffix(".py")
        path.write_text(path.read_text("utf-8") + "".join(f"import {each}\n" for each in wrong), "utf-8")
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "COLUMNS": "400"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    _, *parts = re.split(r"\n([^\n]+)\n-+\n", done.stdout.partition("Broken contracts")[2])
    told = dict(zip(parts[::2], parts[1::2], strict=True))
    for name, (module, wrong) in FORBIDDEN.items():
        for each in wrong:
            # Directly, or (where every way in is forbidden) at the end of one.
            line = rf"^\W*{re.escape(module)} -> {re.escape(each)}( \(l\.\d+\))?$"
            assert re.search(line, told.get(name, ""), re.MULTILINE), (name, module, each, done.stdout)


def test_fiscald_leaves_the_random_numbers_of_the_process_alone() -> None:
    """A program that runs fiscald in a thread (as tests do) may have seeded them, and draws from them at once."""
    own = ("Random", "SystemRandom")
    drawn = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
        for path in found((ROOT / "fiscald").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "random" and node.attr not in own
    ]
    assert drawn == []
