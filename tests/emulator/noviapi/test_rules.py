"""The rules of documents are the contract's: both accept and refuse the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fiscald.emulator.noviapi.rules import ENDPOINTS
from tests.emulator.noviapi.contract import FACTS, accepts, borders, nearly

NAMES = sorted(ENDPOINTS)
RECEIPT: dict[str, Any] = {
    "items": [{"article": {"name": "towar", "ptu": "A", "price": "1.00", "quantity": "1", "value": "1.00"}}],
    "summary": {"total": "1.00", "pay_in": "1.00"},
}


def test_there_is_a_rule_for_every_endpoint_of_the_contract() -> None:
    assert {f"POST /{name}" for name in ENDPOINTS} == set(FACTS["requests"])


@pytest.mark.slow
@pytest.mark.daily
@pytest.mark.parametrize("name", NAMES)
def test_emulator_and_contract_have_the_same_borders(name: str) -> None:
    accepted = refused = 0
    for body in borders(f"POST /{name}"):
        errors = ENDPOINTS[name].errors(body)
        good = accepts(f"POST /{name}", body)
        assert bool(errors) is not good, (errors, json.dumps(body)[:500])
        accepted, refused = accepted + good, refused + (not good)
    assert accepted >= 4
    assert refused >= 10


@pytest.mark.parametrize("wrong", [0.0, 0.01, 0.05, 0.3])
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_emulator_and_contract_agree_on_generated_documents(name: str, wrong: float, data: st.DataObject) -> None:
    body = data.draw(nearly(f"POST /{name}", wrong))
    errors = ENDPOINTS[name].errors(body)
    assert bool(errors) is not accepts(f"POST /{name}", body), (errors, json.dumps(body))


@pytest.mark.parametrize("name", NAMES)
def test_a_generated_document_without_mistakes_is_mostly_accepted(name: str) -> None:
    """Otherwise the comparison above would compare refusals only."""
    accepted = 0

    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(body=nearly(f"POST /{name}", 0.0))
    def count(body: Any) -> None:
        nonlocal accepted
        accepted += accepts(f"POST /{name}", body)

    count()
    assert accepted >= 5


def changed(path: str, value: object) -> dict[str, Any]:
    """The receipt with one value put in or, for ``...``, taken out."""
    receipt = json.loads(json.dumps(RECEIPT))
    *above, last = [int(part) if part.isdigit() else part for part in path.split("/")]
    where: Any = receipt
    for part in above:
        where = where[part]
    if value is ...:
        del where[last]
    else:
        where[last] = value
    return {"receipt": receipt}


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("items/0/article/ptu", "AB", "receipt/items/[0]/article/ptu : Length"),
        ("items/0/article/name", ..., "receipt/items/[0]/article/name : Required"),
        ("items/0/article/price", "1.234", "receipt/items/[0]/article/price : Pattern"),
        ("items/0/article/price", 1, "receipt/items/[0]/article/price : Type"),
        ("items/0/article/colour", "red", "receipt/items/[0]/article/colour : AdditionalProperties"),
        ("items/0/other", {}, "receipt/items/[0] : AnyOf"),
        ("items", [], "receipt/items : Items"),
        ("summary", ..., "receipt/summary : Required"),
        ("device_control", {"paper_cut": "partial"}, "receipt/device_control/paper_cut : Enum"),
        ("items/0", {"container": {"value": "1", "number": 10000}}, "receipt/items/[0]/container/number : Maximum"),
        ("buyer", {"nip": ""}, "receipt/buyer/nip : Length"),
    ],
)
def test_the_text_of_an_error_has_the_path_and_the_rule(path: str, value: object, text: str) -> None:
    assert ENDPOINTS["receipt"].errors(changed(path, value)) == [text]


#: The examples of the contract: endpoint, body, texts.
EXAMPLES: list[tuple[str, Any, list[str]]] = [
    (
        "invoice",
        {
            "invoice": {
                "info": {"number": "1"},
                "buyer": {"id": "1", "address": ["a"]},
                "items": RECEIPT["items"],
                "summary": RECEIPT["summary"],
            }
        },
        ["invoice/buyer/name : Required"],
    ),
    (
        "nf_printout",
        {"printout": {"lines": [{"textline": {"text": "a"}}]}},
        ["printout/lines/[0]/textline/masked : Required"],
    ),
    ("daily_report", {"daily_report": {"date": "2023-05-29"}}, ["daily_report/date : Pattern"]),
    ("eft", {"eft": {"operation": "transaction", "netto": "x"}}, ["netto : Pattern"]),
    (
        "graphic",
        {"graphic": {"base64": "QQ=="}},
        ["graphic/operation : Required", "graphic/operation - id : Depedencies"],
    ),
    (
        "configuration",
        {"configuration": {"operation": "program", "options": [{"key": 1, "value": "2"}, {"value": "3"}]}},
        ["options/options/[1]/key : Required"],
    ),
    ("status", {"status": {"type": "colour"}}, ["type : Enum"]),
    ("direct_io", {"direct_io": {"xml_cmd": {}}}, ["direct_io/xml_cmd/base64 : Required"]),
]


@pytest.mark.parametrize(("name", "body", "texts"), EXAMPLES)
def test_the_examples_of_errors_of_the_contract_come_out(name: str, body: object, texts: list[str]) -> None:
    assert ENDPOINTS[name].errors(body) == texts
