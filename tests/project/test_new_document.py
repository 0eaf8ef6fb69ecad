"""A new document is a class in the model and a handler in its family: nothing else is edited (docs/new-document.md)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from fiscald.model.about import About
from fiscald.model.documents import DOCUMENTS

ROOT = Path(__file__).parents[2]
#: The whole of it: file, what stands there, and what stands there then.
EDITS = (
    # the model: the class, and its place among the documents
    (
        "fiscald/model/cash.py",
        "class Drawer(BaseDocument):\n",
        '''class CashCount(BaseDocument):
    """A slip with the cash that a person has counted in the drawer."""

    about: ClassVar = About(
        right=Right.PRINT,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.CONTENT,
        gated=False,
        verb=Verb(("cash", "count"), "Count the cash: a slip with AMOUNT."),
        example={"amount": "20.26"},
    )
    type: Literal["cash_count"] = "cash_count"
    amount: PositiveMoney


class Drawer(BaseDocument):
''',
    ),
    (
        "fiscald/model/documents.py",
        "from fiscald.model.cash import CashIn,",
        "from fiscald.model.cash import CashCount, CashIn,",
    ),
    ("fiscald/model/documents.py", "    | Drawer\n", "    | Drawer\n    | CashCount\n"),
    # the family: its driver
    (FAMILY := "tests/example_family/protocols/example/family.py", '{"cash_in": Handler(carry_out, recover)}', 'dict.fromkeys(("cash_in", "cash_count"), Handler(carry_out, recover))'),
    (FAMILY, 'SEE 0", ("cash_in",))', 'SEE 0", ("cash_in", "cash_count"))'),
    (FAMILY, 'ask(f"IN {grosze(document.amount)}")', """ask(f"{'CNT' if document.type == 'cash_count' else 'IN'} {grosze(document.amount)}")"""),
    (FAMILY, 'not self.text.startswith("IN")', 'not self.text.startswith(("IN", "CNT"))'),
    (FAMILY, "cash import CashIn\n", "cash import CashCount, CashIn\n"),
    (FAMILY, "document: CashIn,", "document: CashIn | CashCount,"),
    (FAMILY, "before.cash != grosze(document.amount)", 'before.cash != (grosze(document.amount) if document.type == "cash_in" else 0)'),
    # the family: its emulated printer
    (PRINTER := "tests/example_family/emulator/example/__init__.py", 'text.startswith("IN ")', 'text.startswith(("IN ", "CNT "))'),
    (PRINTER, '            case ["IN", amount]', '            case ["CNT", amount]:\n                return self._cash_count(int(amount))\n            case ["IN", amount]'),
    (
        PRINTER,
        "    def _cash_in(self,",
        '''    def _cash_count(self, amount: int) -> str:
        paper = Paper(self._width)
        paper.title("STAN KASY")
        paper.mark()
        self.register.state.day.nonfiscal += 1
        self.emit(self.register.emit("cash_count", paper, {"amount": amount}))
        self.register.commit()
        return "CNT"

    def _cash_in(self,''',
    ),
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_document_from_the_model_and_one_family(tmp_path: Path) -> None:
    for part in ("fiscald", "tests"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for path, before, after in EDITS:
        file = tmp_path / path
        text = file.read_text("utf-8")
        assert before in text, (path, before)
        file.write_text(text.replace(before, after), "utf-8")
    command = [sys.executable, "-W", "error", "-m", "tests.project.new_document"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "the document is at home\n"


def test_the_page_shows_that_document() -> None:
    page = (ROOT / "docs" / "new-document.md").read_text("utf-8")
    shown = page.partition("```python\n")[2].partition("```")[0]
    assert "class CashCount" in shown
    assert [line for line in shown.splitlines() if line not in EDITS[0][2].splitlines()] == []


def test_the_page_of_the_api_tells_of_every_document() -> None:
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    assert [name for name in DOCUMENTS if f"`{name}`" not in page] == []
    described = (ROOT / "docs" / "new-document.md").read_text("utf-8")
    assert [field.name for field in fields(About) if f"| `{field.name}` |" not in described] == []
