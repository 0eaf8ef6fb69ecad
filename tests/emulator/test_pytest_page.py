"""The examples of docs/pytest.md work as they are printed there."""

from __future__ import annotations

import re

import pytest

from tests.project.test_docs import ROOT

PAGE = (ROOT / "docs" / "pytest.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
RECEIPT = 'RECEIPT = {"type": "receipt", "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}]}\n'


def test_the_page_has_examples() -> None:
    assert len(BLOCKS) == 6
    assert RECEIPT in PAGE


@pytest.mark.slow
@pytest.mark.parametrize("example", BLOCKS, ids=range(len(BLOCKS)))
def test_an_example(pytester: pytest.Pytester, example: str) -> None:
    if "def test_" not in example:
        example = "def test_it():\n" + re.sub("^", "    ", example, flags=re.MULTILINE)
    before = f"import pytest\nSHOP = {str(ROOT / 'examples' / 'python' / 'shop.py')!r}\n{RECEIPT}\n"
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(before + example)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=example.count("def test_"))
