"""What every family must be, whichever it is: one handler per document, options with defaults, abilities by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from fiscald.model.printers import Identity
from fiscald.protocols import FAMILIES, family
from fiscald.protocols.base import Settings
from fiscald.protocols.posnet.options import PosnetOptions
from fiscald.protocols.posnet.profiles import PROFILES as POSNET
from fiscald.protocols.thermal.options import ThermalOptions
from fiscald.protocols.thermal.profiles import PROFILES as THERMAL
from tests.engine.tiny import Tiny

ROOT = Path(__file__).parents[2]
IDENTITY = Identity(printer_id="EMU 0000000001", model="A", fiscal=True, profile="old")


@pytest.mark.parametrize("name", FAMILIES)
def test_there_is_a_handler_for_every_document_of_its_conditions(name: str) -> None:
    known = family(name)
    assert known.documents == tuple(known.handlers) == known.conditions.documents


@pytest.mark.parametrize("name", FAMILIES)
def test_every_option_has_a_default_and_nothing_else_is_taken(name: str) -> None:
    known = family(name)
    assert Settings("till1", known.options()).options == known.options()
    with pytest.raises(ValidationError):
        known.options.model_validate({"colour": "red"})


def test_the_profiles_that_can_be_configured_are_those_that_there_are() -> None:
    assert set(family("posnet").choices("profile")) == set(POSNET)
    assert set(family("thermal").choices("profile")) == set(THERMAL)


def test_the_choices_of_an_option() -> None:
    assert family("thermal").choices("code_page") == ("mazovia", "cp1250", "latin2")
    assert family("posnet").choices("colour") == Tiny().choices("code_page") == ()


def test_what_the_printer_says_fills_in_only_what_is_not_configured() -> None:
    assert PosnetOptions().learn(IDENTITY) == PosnetOptions(profile="old")
    assert PosnetOptions(profile="online").learn(IDENTITY) == PosnetOptions(profile="online")
    assert Tiny.options().learn(IDENTITY) == Tiny.options()


def test_options_of_another_family_are_a_mistake_of_ours() -> None:
    with pytest.raises(AssertionError):
        PosnetOptions.of(Settings("till1", ThermalOptions()))


def test_documents_are_dispatched_in_one_place() -> None:
    """A document that a family does not support changes nothing in it."""
    told = re.compile(
        r"case (Receipt|DailyReport|CashIn|CashOut|GoodsReturn|Printout|Drawer)\(\)|not in Family.documents"
    )
    found = {
        str(path.relative_to(ROOT))
        for name in FAMILIES
        for path in (ROOT / "fiscald" / "protocols" / name).glob("*.py")
        if told.search(path.read_text(encoding="utf-8"))
    }
    assert found == set()
