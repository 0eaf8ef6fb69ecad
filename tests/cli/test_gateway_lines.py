"""``fiscalctl status``: what is wrong at a gateway."""

from __future__ import annotations

from typing import Any

import pytest

from fiscald.cli.texts import gateway_lines
from fiscald.model.programs import PrinterGateway


def gateway(**change: Any) -> PrinterGateway:
    well = {
        "listen": "tcp://127.0.0.1:6001", "family": "posnet", "state": "listening", "powered": True, "open_to_all": False,
        "program": None, "programs": 1, "quiet_ms": 10, "received": 100, "speaks": "posnet", "denied": 0,
        "denied_last": None, "busy": 0, "document": None, "printed": 1, "refused": 0, "repeated": 0, "last_printed": None,
        "last_refused": None,
    }  # fmt: skip
    return PrinterGateway.model_validate(well | change)


def test_a_gateway_without_trouble_has_one_line() -> None:
    assert gateway_lines(gateway()) == [
        "  gateway: posnet at tcp://127.0.0.1:6001, no program is connected; 1 printed, 0 refused, 0 sent again"
    ]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"state": "failed", "reason": "Address already in use"}, "cannot listen: Address already in use"),
        ({"programs": 0, "speaks": None}, "no program has connected since the start"),
        (
            {"denied": 3, "denied_last": "10.0.0.9"},
            "3 refused connections, the last from 10.0.0.9: allow does not name it",
        ),
        ({"speaks": "noise"}, "what comes is no known protocol: another speed, or another kind of program"),
        ({"speaks": "thermal"}, "the program speaks thermal, and this gateway posnet"),
        ({"busy": 2}, "2 connections were closed because another program was connected"),
    ],
)
def test_each_trouble_has_its_line(change: dict[str, Any], line: str) -> None:
    assert gateway_lines(gateway(**change))[1:] == [f"    {line}"]
