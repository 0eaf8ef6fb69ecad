"""The description of the API: as strict as the daemon for bodies, open for answers, and complete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from fiscald.api.examples import BODIES, EXAMPLES
from fiscald.api.openapi import describe
from fiscald.api.routes import ROUTES
from fiscald.model.documents import DOCUMENTS, Document, Submission
from fiscald.model.jobs import JobState
from fiscald.model.problems import CATALOGUE
from tests.api.test_sentences import spoiled
from tests.daemons import running
from tests.described import DESCRIPTION, component, hold, mistakes
from tests.emulator.records import october

SCHEMAS: dict[str, Any] = DESCRIPTION["components"]["schemas"]
OPERATIONS = [operation for path in DESCRIPTION["paths"].values() for operation in path.values()]
DOCUMENT: TypeAdapter[Document] = TypeAdapter(Document)
LINE = {"name": "Mleko", "price": "1.00", "vat": "5%"}


def receipt(**changes: Any) -> dict[str, Any]:
    return {"printer": "till1", "document": {"type": "receipt", "lines": [LINE]} | changes}


def line(**changes: Any) -> dict[str, Any]:
    return receipt(lines=[LINE | changes])


def nodes(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in it."""
    if isinstance(schema, dict):
        yield path, schema
        for name, value in schema.items():
            yield from nodes(value, f"{path}/{name}")
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            yield from nodes(value, f"{path}/{number}")


def reached(schema: Any) -> set[str]:
    """Names of all schemas that a schema leads to."""
    found: set[str] = set()
    waiting = [schema]
    while waiting:
        for _, node in nodes(waiting.pop()):
            name = str(node.get("$ref", "")).rpartition("/")[2]
            if name and name not in found:
                found.add(name)
                waiting.append(SCHEMAS[name])
    return found


BODY_SCHEMAS = reached([operation.get("requestBody", {}) for operation in OPERATIONS])
ANSWER_SCHEMAS = reached([operation["responses"] for operation in OPERATIONS])


# -- bodies ----------------------------------------------------------------------------------------------

WRONG: dict[str, Any] = {
    "a float for money": line(price=1.5),
    "a whole number for money": line(price=12),
    "a comma": line(price="1,00"),
    "three decimals": line(price="6.495"),
    "a negative price": line(price="-5.00"),
    "a price of zero": line(price="0.00"),
    "too much money": line(price="100000000.00"),
    "a total as a number": receipt(total=12),
    "a float for a quantity": line(quantity=0.5),
    "no quantity": line(quantity="0"),
    "150 per cent": line(discount={"percent": "150"}),
    "0 per cent": line(discount={"percent": 0}),
    "percent and amount": line(discount={"percent": "10", "amount": "1.00"}),
    "neither percent nor amount": line(discount={"name": "karta"}),
    "a discount and a surcharge": line(discount={"percent": "10"}, surcharge={"percent": "10"}),
    "both on the receipt": receipt(discount={"percent": "10"}, surcharge={"percent": "10"}),
    "zw": line(vat="zw"),
    "23": line(vat="23"),
    "a number for a rate": line(vat=23),
    "a small letter": line(vat="a"),
    "a short NIP": receipt(buyer={"nip": "526025027"}),
    "a NIP with letters": receipt(buyer={"nip": "DE136695976"}),
    "no number of the buyer": receipt(buyer={}),
    "two numbers of the buyer": receipt(buyer={"nip": "5260250274", "vat_id": "DE136695976"}),
    "no lines": receipt(lines=[]),
    "an unknown field": receipt(payment=[]),
    "an unknown form of payment": receipt(payments=[{"type": "gold", "amount": "1.00"}]),
    "no type": {"printer": "till1", "document": {"lines": [LINE]}},
    "no type of a report": {"printer": "till1", "document": {}},
    "an unknown type": {"printer": "till1", "document": {"type": "recipt", "lines": [LINE]}},
    "no printer": {"document": {"type": "drawer"}},
    "a naive deadline": receipt() | {"deadline": "2026-11-22T10:15:00"},
    "a negative number": receipt() | {"expect_last": -1},
    "no such choice": receipt() | {"if_interrupted": "retry"},
    "a line break is no line": {
        "printer": "till1",
        "document": {"type": "printout", "lines": [{"text": "Kawa\nHerbata", "size": 2}]},
    },
    "no separator": {"printer": "till1", "document": {"type": "printout", "lines": [{"rule": False}]}},
    "a code with blanks": receipt(barcode="A B"),
    "an unknown correction": receipt(qr={"text": "x", "correction": "X"}),
    "a large module": receipt(qr={"text": "x", "size": 9}),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_body_is_wrong_by_its_schema_too(name: str) -> None:
    with pytest.raises(ValidationError):
        Submission.model_validate(WRONG[name])
    assert mistakes(component("Submission"), WRONG[name])


@pytest.mark.slow
def test_the_daemon_accepts_what_the_schema_accepts() -> None:
    """But for what only arithmetic can tell: a check digit; and for blank or unprintable texts."""
    beyond = {"buyer.nip", "buyer.vat_id", "text.empty", "text.control", "time.format"}
    taken = refused = 0
    for body in spoiled(Submission):
        if not isinstance(body, dict):
            continue
        try:
            Submission.model_validate(body)
        except ValidationError as error:
            refused += 1
            codes = {one["type"] for one in error.errors()}
            assert mistakes(component("Submission"), body) or codes <= beyond, (body, codes)
        else:
            taken += 1
            assert not mistakes(component("Submission"), body), body
    assert taken > 20
    assert refused > 500


@given(st.sampled_from(sorted(EXAMPLES)), st.data())
def test_examples_may_be_sent_with_less(name: str, data: st.DataObject) -> None:
    document = dict(EXAMPLES[name])
    for field in data.draw(st.lists(st.sampled_from(sorted(document)), unique=True)):
        document.pop(field)
    body = {"printer": "till1", "document": document}
    try:
        Submission.model_validate(body)
    except ValidationError:
        assert mistakes(component("Submission"), body)
    else:
        assert not mistakes(component("Submission"), body)


def test_bodies_take_no_unknown_fields_and_list_no_defaults() -> None:
    for name in BODY_SCHEMAS:
        for path, node in nodes(SCHEMAS[name], name):
            if node.get("type") == "object":
                assert node["additionalProperties"] is False, path
            assert "default" not in node, f"{path}: generators take it for required"
            assert "title" not in node or isinstance(node["title"], dict), path


def test_the_type_of_a_document_is_required() -> None:
    types = set(DOCUMENTS)
    names = [
        name for name, schema in SCHEMAS.items() if schema.get("properties", {}).get("type", {}).get("const") in types
    ]
    assert len(names) == 2 * len(types), "as it is sent, and as it is kept"
    assert all("type" in SCHEMAS[name]["required"] for name in names)


def test_every_document_has_an_example() -> None:
    for name, document in EXAMPLES.items():
        assert DOCUMENT.validate_python(document).type == name
    bodies = {route.body.__name__: route.body for route in ROUTES if route.body is not None}
    for name, examples in BODIES.items():
        for example in examples.values():
            bodies[name].model_validate(example)
            assert not mistakes(component(name), example)


@pytest.mark.parametrize("name", EXAMPLES)
async def test_the_examples_print(tmp_path: Path, name: str) -> None:
    past = {"fiscal_memory": october()} if name != "daily_report" else {}  # a second report of nothing is refused
    async with running(tmp_path, seeded=past) as it:
        await it.client.submit("cash", "till1", EXAMPLES["cash_in"], wait=10)
        job = await it.client.submit("A", "till1", EXAMPLES[name], wait=10)
        assert job.state is JobState.DONE
        assert {warning.code for warning in job.warnings} <= {"setting.unchanged"}


# -- answers ---------------------------------------------------------------------------------------------


def test_answers_may_grow() -> None:
    for name in ANSWER_SCHEMAS:
        for path, node in nodes(SCHEMAS[name], name):
            assert node.get("additionalProperties") is not False, path
            assert "default" not in node, path


def test_money_in_answers_and_bodies_has_its_pattern() -> None:
    places = {
        path
        for path, node in nodes(SCHEMAS)
        if str(node.get("description", "")).startswith("Money") or path.endswith(("/price", "/amount", "/total"))
    }
    assert len(places) > 30
    for path, node in nodes(SCHEMAS):
        if path in places:
            texts = [option for option in node.get("anyOf", [node]) if option.get("type") == "string"]
            assert all("pattern" in option for option in texts), path
            assert not any(option.get("type") == "integer" for option in node.get("anyOf", [node])), path


def test_every_problem_code_is_listed_and_the_list_may_grow() -> None:
    for name in ("Problem", "ProblemAnswer"):
        code = SCHEMAS[name]["properties"]["code"]
        assert code["x-extensible-enum"] == [*CATALOGUE]
        assert "enum" not in code
    assert all(re.fullmatch(SCHEMAS["Problem"]["properties"]["code"]["pattern"], code) for code in CATALOGUE)


def test_a_problem_names_its_further_members() -> None:
    known = {"expected", "found", "cause", "pointer", "prompt", "certificate_code", "rights", "given_to", "allow"}
    for name in ("Problem", "ProblemAnswer"):
        assert known <= SCHEMAS[name]["properties"].keys()
        assert not known & set(SCHEMAS[name]["required"])
    assert {"type", "status"} <= set(SCHEMAS["ProblemAnswer"]["required"])
    assert SCHEMAS["ProblemAnswer"]["properties"]["job"]["anyOf"][0] == component("KnownJob")
    assert "job" not in SCHEMAS["ProblemAnswer"]["required"]


def test_the_events_have_schemas() -> None:
    content = DESCRIPTION["paths"]["/v1/events"]["get"]["responses"]["200"]["content"]["text/event-stream"]
    names = {option["$ref"].rpartition("/")[2] for option in content["schema"]["anyOf"]}
    assert names == {"JobEventData", "PrinterStatus", "LicenceState", "WebhookChange", "CursorReset"}


# -- the whole -------------------------------------------------------------------------------------------


def test_every_operation_is_named_once_and_belongs_to_a_tag() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS]
    assert len(set(ids)) == len(ids) == len(ROUTES)
    tags = {tag["name"] for tag in DESCRIPTION["tags"]}
    assert {tag for operation in OPERATIONS for tag in operation["tags"]} == tags
    for operation in OPERATIONS:
        assert operation["summary"]


def test_the_description_names_the_licence_and_the_server() -> None:
    assert DESCRIPTION["info"]["license"]["identifier"] == "MIT"
    assert DESCRIPTION["servers"]
    assert DESCRIPTION["security"] == [{}, {"token": []}], "none on the socket, a token over the network"
    assert DESCRIPTION["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert describe(ROUTES) == describe(ROUTES)


async def test_the_daemon_serves_the_description(tmp_path: Path) -> None:
    async with running(tmp_path, ready=False) as it:
        assert (await it.http.get("/v1/openapi.json")).json() == DESCRIPTION
        assert hold in it.http.event_hooks["response"], "every answer in these tests is held to it"


def test_every_place_in_a_path_is_described() -> None:
    for path, operations in DESCRIPTION["paths"].items():
        for operation in operations.values():
            described = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert described == set(re.findall(r"{(\w+)}", path)), path


@pytest.mark.parametrize("name", ["PrinterStatus", "Result", "Preview", "Totals", "Counters"])
def test_an_answer_has_every_field(name: str) -> None:
    """``null`` where there is no value: an application need not tell an absent field from an empty one."""
    schema = SCHEMAS[name]
    assert set(schema["required"]) == set(schema["properties"])
