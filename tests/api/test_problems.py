"""Bad bodies in words of JSON: one entry per mistake, a pointer to it, and what to send instead."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from fiscald.api.problems import validated
from fiscald.model.documents import Submission
from fiscald.model.problems import MAX_ERRORS, ProblemError
from fiscald.model.strict import parse_json

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
        (receipt(lines=["Mleko"]), "/document/lines/0", "this must be an object; its fields: description, discount, "),
        (
            line(discount="10%"),
            "/document/lines/0/discount",
            "this must be an object; its fields: amount, name, percent",
        ),
        (receipt(buyer="5260250274"), "/document/buyer", "this must be an object; its fields: "),
        (line(name=5), "/document/lines/0/name", "this must be a string"),
        (line(name="x" * 5000), "/document/lines/0/name", "there may be at most 1000"),
        (line(price=1.5), "/document/lines/0/price", 'write "1.50"'),
        (line(storno="yes"), "/document/lines/0/storno", "this must be true or false"),
        (line(prize="1.00"), "/document/lines/0/prize", "did you mean 'price'?"),
        (receipt(payments=[{"type": "gold", "amount": "1"}]), "/document/payments/0/type", "one of 'cash', 'card'"),
        (receipt(lines=[1] * 20_000), "/document/lines", "there may be at most 1000"),
        (receipt(footer=[1] * 60_000), "/document/footer", "there may be at most 1000"),
        ({"printer": "t", "document": {"type": "printout", "lines": [1] * 20_000}}, "/document/lines", "at most 1000"),
        (receipt() | {"expect_last": 2**63}, "/expect_last", "this must be at most 2147483648"),
        (receipt(qr={"text": "x", "size": "4"}), "/document/qr/size", "this must be a whole number"),
        (receipt(qr={"text": "x", "size": 9}), "/document/qr/size", "this must be at most 8"),
        (receipt(barcode="ą"), "/document/barcode", "this must be 1 to 64 letters A-Z, a-z or digits"),
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


def test_several_mistakes_are_reported_together() -> None:
    with pytest.raises(ProblemError) as caught:
        validated(Submission, receipt(lines=[LINE | {"price": 1.5}, LINE | {"vat": "z"}], footer="Dziękujemy"))
    pointers = [error.pointer for error in caught.value.problem.errors]
    assert pointers == ["/document/lines/0/price", "/document/lines/1/vat", "/document/footer"]


@pytest.mark.parametrize("document", [
    {f"x{number}": 1 for number in range(20_000)},
    {"lines": [{"a": 1, "b": 1, "c": 1, "d": 1}] * 900},
    {"lines": [LINE], "packaging": [{"number": "1"}] * 1000, "footer": [1] * 1000},
])  # fmt: skip
def test_a_body_full_of_mistakes_does_not_block_the_loop(document: Any) -> None:
    """Only some are listed, with their number; it once took minutes."""
    began = time.process_time()
    with pytest.raises(ProblemError) as caught:
        validated(Submission, receipt(**document))
    assert time.process_time() - began < 2
    errors = caught.value.problem.errors
    assert len(errors) == MAX_ERRORS
    assert re.search(r"\(and \d{4,} more\)", caught.value.problem.detail)


@pytest.mark.parametrize("name", ["lines", "packaging", "payments", "footer"])
@pytest.mark.parametrize("element", [1, {}, {"numbr": "1"}, "x"])
def test_an_endless_list_is_one_mistake(name: str, element: Any) -> None:
    """Its elements are not checked: 87,000 of them took a second of the event loop."""
    began = time.process_time()
    with pytest.raises(ProblemError) as caught:
        validated(Submission, receipt(**({"lines": [LINE]} | {name: [element] * 87_000})))
    assert time.process_time() - began < 0.05
    (error,) = caught.value.problem.errors
    assert (error.pointer, error.code) == (f"/document/{name}", "field.invalid")
    assert "at most" in error.detail


def test_validation_stops_after_too_many_mistakes() -> None:
    wrong = [{f"x{number}": 1 for number in range(90)}] * 1000
    with pytest.raises(ProblemError) as caught:
        validated(Submission, receipt(lines=wrong))
    assert len(caught.value.problem.errors) == MAX_ERRORS
    assert "elements after them were not checked" in caught.value.problem.detail
    assert caught.value.problem.errors[0].pointer == "/document/lines/0/name"


@pytest.mark.parametrize("text", [
    b'{"a": {%s}}' % b",".join(b'"x%d": 1' % number for number in range(101)),
    b'{"%s": 1}' % (b"x" * 101),
])  # fmt: skip
def test_oversized_objects_and_names_are_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="100"):
        parse_json(text)
