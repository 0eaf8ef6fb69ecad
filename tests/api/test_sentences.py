"""Every bad field is reported in English and in Polish, in the words of the field and not of a library."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from fiscald.api import sentences as module
from fiscald.api.problems import validated
from fiscald.api.routes import ROUTES
from fiscald.api.sentences import SENTENCES, sentences, with_place
from fiscald.model.documents import Submission
from fiscald.model.problems import FieldProblem, ProblemError

LINE = {"name": "Mleko", "price": "1.00", "vat": "5%"}


def errors_of(document: Any) -> tuple[FieldProblem, ...]:
    with pytest.raises(ProblemError) as caught:
        validated(Submission, {"printer": "till1", "document": document})
    return caught.value.problem.errors


def receipt(**changes: Any) -> dict[str, Any]:
    return {"type": "receipt", "lines": [LINE]} | changes


def line(**changes: Any) -> dict[str, Any]:
    return receipt(lines=[LINE | changes])


@pytest.mark.parametrize(
    ("document", "english", "polish"),
    [
        (receipt(buyer={"nip": "5260250275"}), "check digit is wrong", "cyfra kontrolna"),
        (receipt(buyer={"nip": "DE136695976"}), "as vat_id", "VAT UE"),
        (receipt(buyer={}), "send either nip", "albo NIP, albo numer VAT UE"),
        (
            receipt(buyer={"nip": "5260250274", "vat_id": "DE136695976"}),
            "send either nip",
            "albo NIP, albo numer VAT UE",
        ),
        (line(discount={"percent": "150"}), "at most 99.99", "mniejszy od 100"),
        (line(price="0.00"), "more than zero", "większa od zera"),
        (line(price="-5.00"), "use a discount", "rabatu albo storna"),
        (line(price=-5), "use a discount", "rabatu albo storna"),
        (line(price="6.495"), "quantity and price", "ilość i cenę"),
        (line(price=12), 'write "12.00"', "jako tekst"),
        (line(vat="zw"), 'write "exempt"', "„zwolniona”"),
        (line(vat="np"), "the letter that this shop uses", "literę stawki"),
        (line(vat="23"), 'write "23%"', "„23%”"),
        (line(vat=23), 'write "23%"', "„23%”"),
        (line(vat="a"), 'write "A"', "„A”"),
        (line(quantity=0.5), 'write "0.5"', "„0.755”"),
        (line(quantity="0"), "more than zero", "większa od zera"),
        (line(name=""), "empty", "pusty"),
        (line(nmae="x"), "did you mean 'name'?", "którego nie ma"),
        ({"type": "receipt", "lines": [{"price": "1.00", "vat": "A"}]}, "missing", "brakuje"),
        ({"type": "printout", "lines": [{"picture": "x"}]}, "a line is a string, or an object with", "wiersz wydruku"),
        ({"type": "printout", "lines": [{"qr": "Kawa"}]}, "this must be an object", "niewłaściwą postać"),
    ],
)
def test_a_mistake_is_reported_in_both_languages(document: Any, english: str, polish: str) -> None:
    (error,) = errors_of(document)
    assert english in error.detail
    assert polish in error.detail_pl


def test_the_cashiers_text_names_the_line() -> None:
    with pytest.raises(ProblemError) as caught:
        validated(Submission, {"printer": "till1", "document": receipt(lines=[LINE, LINE | {"price": "-1"}])})
    assert "pozycja 2: kwota nie może być ujemna" in caught.value.problem.detail_pl
    assert with_place("/document/payments/0/amount", "źle.") == "płatność 1: źle."
    assert with_place("/document/packaging/2", "źle.") == "opakowanie 3: źle."
    assert with_place("/document/footer/0", "źle.") == "wiersz stopki 1: źle."
    assert with_place("/document/buyer/nip", "źle.") == "źle."


#: Put in the place of every value.
OTHERS: list[Any] = [
    None, True, -1, 0, 5, 10**12, 1.5, "", "x", "ą", "x" * 2001, "a\tb", "12,30", "2026-11-22T10:15:00", [], ["x"], [[]],
    {}, {"type": "x"}, {"xyzzy": 1}, ["x"] * 1001,
]  # fmt: skip


LICENCE = {
    "number": "X", "support": "Y", "field": "number", "email": "a@b.pl", "code": "123", "lang": "pl", "licence": "L",
    "certificate": "C", "company": {"name": "F", "postcode": "00-001", "country": "PL", "nip": "5260250274"},
}  # fmt: skip
FULL = receipt(
    lines=[LINE | {"quantity": "2", "unit": "szt", "discount": {"percent": "10"}, "description": "x", "storno": False}],
    discount={"amount": "0.30", "name": "karta"}, total="12.00", change="3.00", cashier="Anna", register="01",
    payments=[{"type": "card", "amount": "10.00", "name": "Visa"}], packaging=[{"number": "7", "price": "1.00"}],
    buyer={"nip": "5260250274", "vat_id": "DE136695976"}, footer=["x"], qr={"text": "x", "size": 4, "correction": "M"},
    barcode="X", system_number="1",
)  # fmt: skip
DOCUMENTS = [
    FULL,
    {"type": "cash_in", "amount": "5.00"},
    {
        "type": "printout",
        "title": "x",
        "lines": [
            "x",
            {"rule": True},
            {"text": "x", "bold": True, "align": "right"},
            {"barcode": "X"},
            {"qr": {"text": "x", "size": 4, "correction": "M"}},
        ],
        "barcode": "X",
    },
    {"type": "daily_report"},
]
WHOLE = LICENCE | {
    "printer": "till1", "deadline": "2026-11-22T10:15:00+01:00", "expect_last": 1, "if_interrupted": "fail",
    "verdict": "printed", "by": "Anna", "note": "x", "printer_id": "EMU", "command": "scomm", "force": False,
}  # fmt: skip


def places(content: Any) -> Iterator[tuple[Any, Any]]:
    """Every object and list in it, with each of its keys."""
    for key in [*content] if isinstance(content, dict) else range(len(content)):
        yield content, key
        if isinstance(content[key], dict | list):
            yield from places(content[key])


def spoiled(model: type[BaseModel]) -> Iterator[Any]:
    """Whole bodies in which one thing is something else, is missing, or is too much."""
    fields = {field.alias or name for name, field in model.model_fields.items()}
    for document in DOCUMENTS if "document" in fields else [None]:
        whole = {name: value for name, value in (WHOLE | {"document": document}).items() if name in fields}
        yield from OTHERS
        for number in range(len([*places(whole)])):
            for other in OTHERS:
                content = json.loads(json.dumps(whole))
                holder, key = [*places(content)][number]
                holder[key] = other
                yield content
            holder, key = [*places(content := json.loads(json.dumps(whole)))][number]
            del holder[key]
            yield content
            if isinstance(holder, dict):
                holder["xyzzy"] = 1
                yield content


def bodies() -> list[type[BaseModel]]:
    return sorted({route.body for route in ROUTES if route.body is not None}, key=lambda model: model.__name__)


@pytest.mark.parametrize("model", bodies(), ids=lambda model: model.__name__)
def test_every_mistake_has_a_sentence_in_both_languages(
    model: type[BaseModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_OTHERWISE_PL", "MISSING")

    refused = 0
    for content in spoiled(model):
        try:
            model.model_validate(content)
        except ValidationError as error:
            refused += 1
            for one in error.errors(include_url=False, include_input=False):
                english, polish = sentences(one)
                assert polish != "MISSING", f"no Polish for {one['type']}: {english}"
                assert one["type"] in SENTENCES or "." in one["type"], f"words of a library: {english}"
                assert "^" not in english + polish, f"a regular expression: {english}"
                assert "in another form" not in english
            with pytest.raises(ProblemError):
                validated(model, content)
    assert refused >= 20
