"""Bad bodies in words of JSON: one entry per mistake, a pointer to it, and what to send instead."""

from __future__ import annotations

from typing import Any

import pytest

from fiscald.api.problems import validated
from fiscald.model.documents import Submission
from fiscald.model.problems import ProblemError

LINE = {"name": "Mleko", "price": "1.00", "vat": "23%"}


def receipt(**changes: Any) -> Any:
    return {"printer": "till1", "document": {"type": "receipt", "lines": [LINE]} | changes}


def line(**changes: Any) -> Any:
    return receipt(lines=[LINE | changes])


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ([], "", "this must be an object"),
        (None, "", "this must be an object"),
        ({"printer": "till1", "document": "receipt"}, "/document", "this must be an object"),
        ({"printer": "till1", "document": {}}, "/document", "the field 'type'"),
        ({"printer": "till1", "document": {"type": "recipt"}}, "/document", "'type' must be one of 'receipt', "),
        ({"printer": "till1"}, "/document", "this field is missing"),
        (receipt(lines={}), "/document/lines", "this must be a list"),
        (receipt(lines=[]), "/document/lines", "there must be at least 1"),
        (receipt(lines=["Mleko"]), "/document/lines/0", "this must be an object"),
        (line(name=5), "/document/lines/0/name", "this must be a string"),
        (line(name="x" * 5000), "/document/lines/0/name", "there may be at most 1000"),
        (line(price=1.5), "/document/lines/0/price", "not a JSON float"),
        (line(storno="yes"), "/document/lines/0/storno", "this must be true or false"),
        (line(prize="1.00"), "/document/lines/0/prize", "did you mean 'price'?"),
        (receipt(payments=[{"type": "gold", "amount": "1"}]), "/document/payments/0/type", "one of 'cash', 'card'"),
        (receipt(qr={"text": "x", "size": "4"}), "/document/qr/size", "this must be an integer"),
        (receipt(qr={"text": "x", "size": 9}), "/document/qr/size", "this must be at most 8"),
        (receipt(barcode="ą"), "/document/barcode", "this must match ^[A-Za-z0-9]"),
    ],
)
def test_one_mistake_one_entry(body: Any, pointer: str, detail: str) -> None:
    with pytest.raises(ProblemError) as caught:
        validated(Submission, body)
    (error,) = caught.value.problem.errors
    assert error.pointer == pointer
    assert detail in error.detail
    for word in ("Input", "uple", "dictionary", "instance", "validation"):
        assert word not in error.detail, "a word of Python"


def test_several_mistakes_are_told_at_once() -> None:
    with pytest.raises(ProblemError) as caught:
        validated(Submission, receipt(lines=[LINE | {"price": 1.5}, LINE | {"vat": "z"}], footer="Dziękujemy"))
    pointers = [error.pointer for error in caught.value.problem.errors]
    assert pointers == ["/document/lines/0/price", "/document/lines/1/vat", "/document/footer"]
