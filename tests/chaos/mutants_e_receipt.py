"""Mutants of the rules for e-receipts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from fiscald.protocols.base import Dialogue
from fiscald.protocols.posnet import receipt
from tests.chaos.registry import mutant


def _nothing(*_: Any) -> Dialogue[bool]:
    yield from ()
    return False


@mutant
def binding_left_behind() -> Iterator[None]:
    """the binding to a customer is not cancelled when its receipt does not come"""
    with patch.object(receipt, "unbind", _nothing):
        yield


@mutant
def binding_taken_unnoticed() -> Iterator[None]:
    """another program's document between our binding and our opening is not noticed"""
    with patch.object(receipt, "maybe_taken", _nothing):
        yield
