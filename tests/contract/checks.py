"""The checks: the linter has no complaint, and clients print: generated ones, and those of others for printers."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fiscald.emulator.running import EmulatedPrinter
from tests.contract.gateways import litex_novitus_gateway, posnetjs_gateway
from tests.contract.running import Shop, Wanted
from tests.contract.tools import HERE, Failed, fresh, node, python, run
from tests.emulator.noviapi.serving import served
from tests.emulator.novitus_xml.talking import joined

PROGRAMS = HERE / "programs"
#: What openapi-python-client cannot describe; everything else it must.
BEYOND_PYTHON = "GET /v1/printers/{name}/capture"
#: Checks of the fuzzer: no fault of ours, no answer outside the description, nothing wrong taken for right.
FUZZ_CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "unsupported_method", "negative_data_rejection",
)  # fmt: skip


def lint(shop: Shop, description: Path, _: Wanted) -> str:
    """Redocly's recommended rules."""
    report = run(
        node() / ".bin" / "redocly", "lint", "--extends=recommended", "--format=json", description.name,
        cwd=description.parent,
    )  # fmt: skip
    return lint_verdict(json.loads(report[report.index("{") :]))


def lint_verdict(report: dict[str, Any]) -> str:
    """No error and no warning. Raises ``Failed``."""
    totals = report["totals"]
    if totals["errors"] or totals["warnings"] or totals.get("ignored"):
        raise Failed(
            "\n".join(f"{each['severity']} {each['ruleId']}: {each['message']}" for each in report["problems"])
        )
    return "no error, no warning"


def openapi_typescript(shop: Shop, description: Path, _: Wanted) -> str:
    """Types for TypeScript, and a client that uses them."""
    folder = _typescript("openapi_typescript.ts")
    run(node() / ".bin" / "openapi-typescript", description, "-o", folder / "schema.d.ts")
    return _compiled_and_printed(shop, folder, "openapi_typescript")


def hey_api(shop: Shop, description: Path, _: Wanted) -> str:
    """A whole client in TypeScript."""
    folder = _typescript("hey_api.ts")
    run(node() / ".bin" / "openapi-ts", "-i", description, "-o", folder / "client", cwd=folder)
    return _compiled_and_printed(shop, folder, "hey_api")


def _typescript(program: str) -> Path:
    folder = fresh(program.removesuffix(".ts"))
    shutil.copy(PROGRAMS / program, folder)
    shutil.copy(PROGRAMS / "tsconfig.json", folder)
    (folder / "node_modules").symlink_to(node())
    return folder


def _compiled_and_printed(shop: Shop, folder: Path, program: str) -> str:
    run(node() / ".bin" / "tsc", "--project", folder)
    return printed(shop, json.loads(run("node", folder / "out" / f"{program}.js", shop.url)))


def openapi_python_client(shop: Shop, description: Path, _: Wanted) -> str:
    """A whole client in Python."""
    folder = fresh("openapi_python_client")
    # It makes the new code tidy with ruff, which stands beside it.
    path = f"{python()}{os.pathsep}{os.environ['PATH']}"
    told = run(python() / "openapi-python-client", "generate", "--path", description, cwd=folder, PATH=path)
    left_out = set(re.findall(r"WARNING parsing (\S+ \S+)", told)) - {BEYOND_PYTHON}
    if left_out or "Unable to" in told:
        raise Failed(told)
    program = PROGRAMS / "openapi_python_client.py"
    package = folder / "fiscald-client"
    return printed(shop, json.loads(run(python() / "python", program, shop.url, PYTHONPATH=str(package))))


def printed(shop: Shop, answer: dict[str, Any]) -> str:
    """Whether the program got the right answer about a receipt that is on paper. Raises ``Failed``."""
    last = shop.printer.register.last_document
    expected = {"state": "done", "number": shop.printer.register.day.receipt_count, "total": "7.00"}
    if answer != expected or "Chleb razowy" not in shop.printer.paper[-1] or sum(last.totals) != 700:
        raise Failed(f"the program says {answer}, the printer {expected}:\n{shop.printer.paper[-1:]}")
    return f"receipt {answer['number']} is printed"


def schemathesis(shop: Shop, description: Path, wanted: Wanted) -> str:
    """Requests of every kind, good and bad, against the running daemon."""
    folder = fresh("schemathesis")
    shutil.copy(HERE / "schemathesis.toml", folder)
    cases, rounds = 0, 0
    while cases < wanted.cases:
        # Each round tries what the round before did not; 28 routes, of which a third can hardly be varied.
        told = run(
            python() / "schemathesis", "run", f"{shop.url}/v1/openapi.json", "--url", shop.url,
            "--exclude-path", "/v1/events",  # it does not end
            "--checks", ",".join(FUZZ_CHECKS), "--phases", "examples,coverage,fuzzing",
            "--max-examples", str(max(10, min(200, math.ceil((wanted.cases - cases) / 15)))),
            "--seed", str(wanted.seed + rounds), "--request-timeout", "60", "--continue-on-failure", "--no-color",
            cwd=folder, seconds=3600.0, SCHEMATHESIS_HOOKS="hooks", PYTHONPATH=str(PROGRAMS),
        )  # fmt: skip
        cases += count_of_cases(told)
        rounds += 1
    return f"{cases} cases, nothing found"


def count_of_cases(told: str) -> int:
    """How many requests the fuzzer tried. Raises ``Failed`` where it tried none."""
    match = re.search(r"([\d,]+) generated", told)
    if match is None or match[1] == "0":
        raise Failed(f"it tried nothing:\n{told}")
    return int(match[1].replace(",", ""))


#: What novitus-noviapi must be told by an emulated printer.
NOVIAPI: dict[str, Any] = {
    "jpkid": [1, 2, 3, 4],
    "refused": 27,
    "setting": "30",
    "graphics": [1],
    "paid": "7.00",
    "direct": [
        "\x1bP1#RPOINT EMU/1.01\x1b\\",
        '<pakiet crc="90ECF3B6"><informacja akcja="wersja" wersja="POINT EMU 1.01" />\n</pakiet>',
    ],
    "waiting": 1,
    "conflict": 10,
    "not_found": 1,
}


def novitus_noviapi(_: Shop, __: Path, ___: Wanted) -> str:
    """A client of others for NoviAPI printers, as it is, against the emulated one; it needs no daemon."""
    with served(slow=0.1) as it:
        told = json.loads(run(python() / "python", PROGRAMS / "novitus_noviapi.py", it.urls[0]))
        if told != NOVIAPI or it.kinds != ["receipt", "invoice", "nonfiscal", "daily_report"]:
            raise Failed(f"the program was told {told}, the printer printed {it.kinds}")
    return f"every endpoint, {len(it.kinds)} documents"


def litex_novitus_xml(_shop: Shop, _description: Path, _wanted: Wanted) -> str:
    """A client for Novitus printers, unchanged, at the emulated one."""
    with joined(), EmulatedPrinter("novitus-xml", link="pty") as printer:
        told = json.loads(run(python() / "python", PROGRAMS / "litex_novitus_xml.py", printer.path))
        kinds = [sheet.kind for sheet in printer.printouts]
    if kinds != ["receipt", "invoice", "nonfiscal"] or told["totals"][0] != "12.16" or told["error"]:
        raise Failed(f"it printed {kinds} and was told {told}")
    return f"litex.novitus_xml prints {', '.join(kinds)}"


CHECKS: dict[str, Callable[[Shop, Path, Wanted], str]] = {
    "redocly": lint,
    "openapi-typescript": openapi_typescript,
    "hey-api": hey_api,
    "openapi-python-client": openapi_python_client,
    "schemathesis": schemathesis,
    "novitus-noviapi": novitus_noviapi,
    "litex-novitus-xml": litex_novitus_xml,
    "posnetjs-gateway": posnetjs_gateway,
    "litex-novitus-gateway": litex_novitus_gateway,
}
