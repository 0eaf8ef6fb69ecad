"""The licence's whole way, as ``make licence-demo`` shows it."""

from __future__ import annotations

import pytest

from tests.licence import demo


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_from_the_trial_to_the_revocation(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main() == 0, capsys.readouterr().out
    assert "WRONG" not in capsys.readouterr().out
