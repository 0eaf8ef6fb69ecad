"""The remedies in Polish words."""

from __future__ import annotations

from fiscald.diagnostics.findings import CATALOGUE
from fiscald.diagnostics.remedies import REMEDIES_PL
from fiscald.model.conditions import CONDITIONS


def test_every_finding_says_in_polish_what_to_do() -> None:
    """A printer's condition does so in its own sentence."""
    assert set(REMEDIES_PL) == {code for code in CATALOGUE if code not in CONDITIONS}
    for code, words in REMEDIES_PL.items():
        assert words.endswith("."), code
        assert words != CATALOGUE[code].text_pl, code
