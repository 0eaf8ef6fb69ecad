"""A shop's counter: a daemon, a printer, and a person with a terminal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from fiscald.cli.fiscalctl import main
from fiscald.emulator.running import EmulatedPrinter

RECEIPT = {"type": "receipt", "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}]}


@dataclass
class Counter:
    """See above."""

    socket: Path
    printer: EmulatedPrinter
    folder: Path

    def run(self, *arguments: str, text: str | None = None) -> Result:
        return CliRunner().invoke(main, ["--socket", str(self.socket), *arguments], input=text)

    def json(self, *arguments: str, text: str | None = None) -> Any:
        result = CliRunner().invoke(main, ["--socket", str(self.socket), "--json", *arguments], input=text)
        return json.loads(result.stdout)

    def file(self, content: Any) -> str:
        path = self.folder / "document.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)
