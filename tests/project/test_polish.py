"""Texts for cashiers are Polish: no sentence contains a word of the API, with any value."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import re
import string
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum

import pytest
from pydantic import ValidationError

import fiscald.model
from fiscald.api import known, sentences
from fiscald.api.rights import Rights
from fiscald.diagnostics import findings
from fiscald.emulator.faults import Switch
from fiscald.emulator.running import build
from fiscald.licence import number_reading
from fiscald.licence.number import Kind
from fiscald.licence.number_reading import NumberRefused
from fiscald.licence.server import app, mail, refusals
from fiscald.licence.server.pages.rendering import words as words_of_pages
from fiscald.model.payment import PaymentType
from fiscald.model.polish import PAYMENTS, in_polish
from fiscald.model.problems import CATALOGUE
from fiscald.model.receipt import Receipt
from fiscald.model.rights import Right
from fiscald.protocols import FAMILIES, family
from fiscald.protocols.families import decoding_of
from fiscald.protocols.posnet.plan import plan_receipt as plan_posnet
from fiscald.protocols.posnet.profiles import PROFILES as POSNET
from fiscald.protocols.thermal.plan import plan_receipt as plan_thermal
from fiscald.protocols.thermal.profiles import PROFILES as THERMAL
from tests.found import found
from tests.protocols import settings as settings_of
from tests.protocols.driving import NotAnswered, drive, over
from tests.protocols.posnet import test_plan_limits as posnet_limits
from tests.protocols.posnet.plans import RATES
from tests.protocols.thermal import test_plan_limits as thermal_limits

#: English values that are Polish words too.
POLISH_TOO = {"bon"}
#: What may be put into a Polish sentence: names, numbers, dates, and texts that are Polish themselves.
FACTS = {
    "printer", "found", "expected", "reason_pl", "right_pl", "user", "group", "program", "minutes", "rates_pl", "hint",
    "apart_pl", "name",
}  # fmt: skip
LINE: dict[str, object] = {"name": "Kawa", "price": "10.00", "vat": "A"}


def enums() -> Iterator[type[StrEnum]]:
    modules = [found.name for found in pkgutil.walk_packages(fiscald.model.__path__, "fiscald.model.")]
    for name in (*modules, "fiscald.protocols.base", "fiscald.api.rights"):
        for each in vars(importlib.import_module(name)).values():
            if isinstance(each, type) and issubclass(each, StrEnum) and each is not StrEnum:
                yield each


def words() -> re.Pattern[str]:
    """Every value of every enumeration that applications see, and the types of documents."""
    values = {member.value for enum in enums() for member in enum if re.fullmatch(r"[a-z_]{3,}", member.value)}
    values |= {"exempt", "inactive"} | {kind for name in FAMILIES for kind in family(name).documents}
    assert {"cash", "credit", "daily_report", "paper_out", "not_printed", "undecided", "exempt"} <= values
    return re.compile(rf"(?<![\w-])({'|'.join(sorted(values - POLISH_TOO))})(?![\w-])")


ENGLISH = words()


def polish(text: str | None) -> None:
    assert text
    assert not ENGLISH.search(re.sub(r"\{\w+\}", "", text)), text


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("code", CATALOGUE)
def test_the_sentences_of_the_problems(code: str) -> None:
    template = CATALOGUE[code].detail_pl
    assert fields(template) <= FACTS
    polish(template)


@pytest.mark.parametrize("code", findings.CATALOGUE)
def test_the_sentences_of_the_doctor(code: str) -> None:
    template = findings.CATALOGUE[code].text_pl
    assert fields(template) <= FACTS
    polish(template)


def test_rights_have_polish_names() -> None:
    rights = Rights(dict.fromkeys(Right))
    for count in (1, 2, len(Right)):
        for some in itertools.combinations(Right, count):
            polish(rights.denial(None, some).detail_pl)


def test_rates_have_polish_names() -> None:
    assert in_polish("A 22%, G exempt, E inactive") == "A 22%, G zwolniona, E nieaktywna"


def test_the_errors_of_the_printers() -> None:
    for name in FAMILIES:
        errors = decoding_of(family(name)).protocol_doc().errors
        assert len(errors) > 50
        for error in errors.values():
            polish(error.text_pl)


def test_the_sentences_of_the_licence() -> None:
    for row in refusals.TABLE.values():
        assert fields(row.detail_pl) <= FACTS
        polish(row.detail_pl)
    for _, text in app._WORDS.values():
        polish(text)
    for typed in ("", "A", "ABCDE-FGHIJ", "U" * 20, "Ж" * 20, "0" * 25):
        for kind in Kind:
            with pytest.raises(NumberRefused) as caught:
                number_reading.read(typed, kind)
            polish(caught.value.detail_pl)


def test_the_words_of_the_vendors_pages_and_mails() -> None:
    for text in words_of_pages("pl").values():
        polish(re.sub(r"fiscalctl licence \w+", "", text))
    for template in found((mail.TEXTS / "pl").iterdir()):
        text = template.read_text("utf-8")
        polish(re.sub(r"\{[{%].*?[%}]\}|fiscalctl licence \w+", "", text, flags=re.DOTALL) or "-")


def test_the_sentences_about_bad_fields() -> None:
    for _, text in sentences.SENTENCES.values():
        polish(text)
    for text in (*sentences.POLISH.values(), *known._POLISH.values()):
        polish(text)


def test_every_payment_has_a_polish_name() -> None:
    assert set(PAYMENTS) == set(PaymentType)
    for name in PAYMENTS.values():
        polish(name)


def said(name: str, content: dict[str, object]) -> Iterator[tuple[str, str | None]]:
    """The refusals of planning for a receipt in every profile."""
    receipt = Receipt.model_validate({"lines": [LINE]} | content)
    for rates in (None, RATES, dict.fromkeys("ABCDEFG"), {"A": Decimal(23)}):
        plans = (
            [
                plan_posnet(receipt, profile, page, rates)
                for profile in POSNET.values()
                for page in ("cp1250", "mazovia")
            ]
            if name == "posnet"
            else [plan_thermal(receipt, profile, "mazovia", rates, "ABC1234567") for profile in THERMAL.values()]
        )
        for plan in plans:
            yield from ((error.code, error.detail_pl) for error in plan.errors)
            yield from ((notice.code, notice.detail_pl) for notice in plan.notices)


@pytest.mark.parametrize(
    "line",
    [
        LINE | {"name": " "},
        *(LINE | {"price": price} for price in (12, 1.5, "-1", "0.00", "1,50", "1.555", "x", "999999999", None, True)),
        *(LINE | {"quantity": quantity} for quantity in ("0", "1,5", 1.5, "x")),
        *(LINE | {"discount": {"percent": percent}} for percent in ("0", "150", "x", 1.5)),
        *(LINE | {"vat": vat} for vat in ("zw", "np", "23", 23, "a", "exemt")),
    ],
    ids=str,
)
def test_bad_fields_of_a_document(line: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        Receipt.model_validate({"lines": [line]})
    for error in caught.value.errors():
        polish(sentences.sentences(error)[1])


@pytest.mark.parametrize("name", ["posnet", "thermal"])
def test_the_sentences_of_planning(name: str) -> None:
    """Every refusal that is tested, and every value that an enumeration of a document can have."""
    contents = [
        {key: value for key, value in content.items() if key not in ("profile", "printer_id")}
        for limits in (posnet_limits, thermal_limits)
        for content, _, _ in limits.REFUSALS.values()
    ]
    contents += [
        {"payments": [{"type": kind, "amount": amount, "name": text} for text in ("☕", "A")]}
        for kind in PaymentType
        for amount in ("1.00", "10.00")
    ]
    contents += [{"lines": [LINE | {"vat": vat}]} for vat in ("exempt", "7%", "0%", "E", "H", "A")]
    contents += [
        {
            "footer": ["☕", "#", "a\tb"] * 30,
            "cashier": "☕",
            "register": "茶",
            "qr": {"text": "x" * 1990, "correction": "H"},
        }
    ]
    found = {code: text for content in contents for code, text in said(name, content)}
    assert len(found) >= 25, sorted(found)
    for content in contents:
        for _, text in said(name, content):
            polish(text)


@pytest.mark.parametrize("switch", Switch)
@pytest.mark.parametrize("name", [name for name in FAMILIES if family(name).poll is not None])
def test_conditions_of_a_printer_have_polish_texts(name: str, switch: Switch) -> None:
    chosen, settings = family(name), settings_of.of(name)
    device, _ = build(name)
    device.faults.switches.add(switch)
    question = chosen.poll or chosen.read_condition
    try:
        condition = drive(question(settings), chosen.session(settings), over(device))
    except NotAnswered:
        return  # told as link.silent
    if condition.problem is not None:
        polish(condition.problem.detail_pl)
