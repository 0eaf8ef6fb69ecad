"""Everything that ``docs/technician.md`` shows is what is printed."""

from __future__ import annotations

import re

import pytest

from fiscald.diagnostics.findings import findings_markdown
from tests.end_to_end.afternoon import PAGE, play, shop


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_afternoon_goes_as_the_page_says() -> None:
    """After a change that is meant: ``python -m tests.end_to_end.afternoon``."""
    page = PAGE.read_text("utf-8")
    with shop() as world:
        assert play(page, world) == page


def test_the_afternoon_has_every_step() -> None:
    page = PAGE.read_text("utf-8")
    for verb in ("scan", "doctor", "capture", "decode", "bugreport", "replay"):
        assert re.search(rf"^\$ fiscalctl {verb}\b", page, re.MULTILINE), verb
    for code in ("wrong_speed", "port_denied", "paper_out"):
        assert f"STOPS PRINTING doctor.{code}" in page
    assert "held by minicom" in page


def test_every_finding_is_listed() -> None:
    assert findings_markdown() in PAGE.read_text("utf-8")
