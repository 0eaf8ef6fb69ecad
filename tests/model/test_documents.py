"""Documents: the contract's example, refusals by shape alone, and the canonical content."""

from __future__ import annotations

from typing import Any, Literal, get_args

import pytest
from pydantic import ValidationError

from fiscald.model.about import LONG, BaseDocument, Fiscal
from fiscald.model.cash import Drawer
from fiscald.model.documents import DOCUMENTS, Document, Submission
from fiscald.model.printout import Printout, Rule
from fiscald.model.receipt import Adjustment, Receipt, describe_adjustment

CONTRACT: dict[str, Any] = {
    "printer": "till1",
    "document": {
        "type": "receipt",
        "lines": [
            {
                "name": "Chleb razowy",
                "quantity": "2",
                "unit": "szt",
                "price": "3.50",
                "vat": "C",
                "discount": {"percent": "10"},
            },
            {"name": "Mleko 2%", "price": "6.00", "vat": "5%"},
        ],
        "discount": {"amount": "0.30", "name": "karta"},
        "total": "12.00",
        "payments": [{"type": "card", "amount": "10.00"}, {"type": "cash", "amount": "5.00"}],
        "change": "3.00",
        "buyer": {"nip": "5260250274"},
        "cashier": "Anna",
        "register": "01",
        "footer": ["Dziękujemy"],
    },
}


def receipt(**changes: Any) -> Submission:
    return Submission.model_validate({"printer": "till1", "document": CONTRACT["document"] | changes})


def refusals(content: Any) -> set[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        Submission.model_validate(content)
    return {(".".join(map(str, error["loc"])), error["type"]) for error in caught.value.errors()}


def test_the_example_of_the_contract() -> None:
    submission = Submission.model_validate(CONTRACT)
    document = submission.document
    assert isinstance(document, Receipt)
    assert document.lines[1].quantity == 1
    assert document.total == 12
    assert document.till == "01"


@pytest.mark.parametrize(
    ("changes", "where", "code"),
    [
        ({"total": 12.0}, "document.receipt.total", "money.number"),
        ({"total": 12}, "document.receipt.total", "money.number"),
        ({"payment": []}, "document.receipt.payment", "extra_forbidden"),
        ({"lines": []}, "document.receipt.lines", "too_short"),
        (
            {"lines": [{"name": "X", "price": "1", "vat": "A", "discount": {}}]},
            "document.receipt.lines.0.discount",
            "adjustment.one",
        ),
        (
            {"lines": [{"name": "X", "price": "1", "vat": "A", "discount": {"percent": "1", "amount": "1"}}]},
            "document.receipt.lines.0.discount",
            "adjustment.one",
        ),
        (
            {
                "lines": [
                    {"name": "X", "price": "1", "vat": "A", "discount": {"percent": "1"}, "surcharge": {"percent": "1"}}
                ]
            },
            "document.receipt.lines.0",
            "adjustment.both",
        ),
        ({"surcharge": {"percent": "1"}}, "document.receipt", "adjustment.both"),
        ({"lines": [{"name": "X", "price": "0", "vat": "A"}]}, "document.receipt.lines.0.price", "money.zero"),
        ({"lines": [{"name": "X", "price": "1", "vat": "a"}]}, "document.receipt.lines.0.vat", "vat.format"),
        ({"lines": [{"name": "X", "price": "1", "vat": "zw"}]}, "document.receipt.lines.0.vat", "vat.format"),
        (
            {"lines": [{"name": "X", "price": "1", "vat": "A", "storno": "yes"}]},
            "document.receipt.lines.0.storno",
            "bool_type",
        ),
        ({"buyer": {"nip": "5260250275"}}, "document.receipt.buyer.nip", "buyer.nip"),
        ({"buyer": {"nip": "526"}}, "document.receipt.buyer.nip", "buyer.nip"),
        ({"payments": [{"type": "gold", "amount": "1"}]}, "document.receipt.payments.0.type", "enum"),
        ({"payments": [{"type": "cash", "amount": "0"}]}, "document.receipt.payments.0.amount", "money.zero"),
        ({"barcode": "ąę"}, "document.receipt.barcode", "string_pattern_mismatch"),
        ({"footer": ["x" * 1001]}, "document.receipt.footer.0", "string_too_long"),
        ({"qr": {"text": "x", "size": 9}}, "document.receipt.qr.size", "less_than_equal"),
        *(
            (
                {"packaging": [{"number": number, "price": "1"}]},
                "document.receipt.packaging.0.number",
                "string_pattern_mismatch",
            )
            for number in ("A1", "٣")
        ),
    ],
)
def test_documents_of_the_wrong_shape_are_refused(changes: dict[str, Any], where: str, code: str) -> None:
    assert (where, code) in refusals({"printer": "till1", "document": CONTRACT["document"] | changes})


@pytest.mark.parametrize("value", [5, 1.5, True, "Kawa", {"name": "Kawa"}, None])
@pytest.mark.parametrize(
    ("document", "name"),
    [
        ("receipt", "lines"),
        ("receipt", "footer"),
        ("receipt", "payments"),
        ("receipt", "packaging"),
        ("printout", "lines"),
    ],
)
def test_a_value_that_is_not_a_list_is_refused(document: str, name: str, value: Any) -> None:
    content = CONTRACT["document"] if document == "receipt" else {"type": "printout"}
    found = refusals({"printer": "till1", "document": content | {name: value}})
    assert found == {(f"document.{document}.{name}", "tuple_type")}


def test_an_unknown_kind_of_document_is_refused() -> None:
    assert refusals({"printer": "till1", "document": {"type": "bill"}}) == {("document", "union_tag_invalid")}


@pytest.mark.parametrize("nip", ["5260250274", "526-025-02-74", "PL5260250274", " 526 025 02 74 "])
def test_a_nip_is_kept_as_its_digits(nip: str) -> None:
    document = receipt(buyer={"nip": nip}).document
    assert isinstance(document, Receipt)
    assert document.buyer is not None
    assert document.buyer.nip == "5260250274"


@pytest.mark.parametrize(
    ("vat", "kept"), [("23%", "23%"), ("5.0%", "5%"), ("5,50%", "5.5%"), ("exempt", "exempt"), ("G", "G")]
)
def test_rates_have_one_form(vat: str, kept: str) -> None:
    document = receipt(lines=[{"name": "X", "price": "1", "vat": vat}]).document
    assert isinstance(document, Receipt)
    assert document.lines[0].vat == kept


def test_the_same_meaning_has_the_same_content() -> None:
    plain = receipt(total="12.00", lines=[{"name": "Żurek", "price": "12.00", "vat": "23%"}])
    other = receipt(
        total="12.0",
        lines=[{"vat": "23.0%", "price": "012", "name": " Z\u0307urek", "quantity": "1.000", "storno": False}],
    )
    assert plain.canonical() == other.canonical()
    assert plain.digest() == other.digest()


@pytest.mark.parametrize(
    "changes",
    [
        {"total": "12.01"},
        {"cashier": "Ewa"},
        {"footer": []},
        {"payments": []},
        {"lines": CONTRACT["document"]["lines"][::-1]},
    ],
)
def test_another_meaning_has_another_content(changes: dict[str, Any]) -> None:
    assert receipt(**changes).digest() != receipt().digest()
    elsewhere = Submission.model_validate(CONTRACT | {"printer": "till2"})
    assert elsewhere.digest() != receipt().digest()


def test_defaults_are_not_part_of_the_content() -> None:
    """So that a field added by a later version does not turn known documents into conflicts."""
    content = Submission.model_validate({"printer": "t", "document": {"type": "daily_report"}}).canonical()
    assert content == '{"document":{"type":"daily_report"},"printer":"t"}'


@pytest.mark.parametrize(
    ("adjustment", "text"),
    [
        ({"percent": "10"}, "Rabat 10,00%"),
        ({"percent": "7.5"}, "Rabat 7,50%"),
        ({"amount": "1"}, "Rabat"),
        ({"amount": "1", "name": "Karta"}, "Karta"),
    ],
)
def test_the_printed_name_of_a_discount(adjustment: dict[str, str], text: str) -> None:
    assert describe_adjustment(Adjustment.model_validate(adjustment), "Rabat") == text


def printout(**content: Any) -> dict[str, Any]:
    return {"printer": "till1", "document": {"type": "printout"} | content}


def test_a_printout() -> None:
    submission = Submission.model_validate(
        printout(title=" Zamo\u0301wienie ", lines=["Z\u0307urek x 2 ", "", {"rule": True}])
    )
    document = submission.document
    assert isinstance(document, Printout)
    assert document.title == "Zamówienie"
    assert document.lines == ("Żurek x 2", "", Rule(rule=True))
    assert submission.canonical() == (
        '{"document":{"lines":["Żurek x 2","",{"rule":true}],"title":"Zamówienie","type":"printout"},"printer":"till1"}'
    )
    assert Submission.model_validate_json(submission.model_dump_json()) == submission, "as the journal keeps it"


@pytest.mark.parametrize(
    ("content", "where", "code"),
    [
        ({}, "lines", "missing"),
        ({"lines": []}, "lines", "too_short"),
        ({"lines": ["x"] * 1001}, "lines", "too_long"),
        ({"lines": ["x" * 1001]}, "lines.0.text", "string_too_long"),
        ({"lines": [None]}, "lines.0.text", "string_type"),
        ({"lines": [{"rule": False}]}, "lines.0.Rule.rule", "rule.false"),
        ({"lines": [{"rule": 1}]}, "lines.0.Rule.rule", "bool_type"),
        ({"lines": [{"rule": True, "width": 1}]}, "lines.0.Rule.width", "extra_forbidden"),
        ({"lines": [{"text": "x", "code_page": "utf-8"}]}, "lines.0.InCodePage.code_page", "literal_error"),
        ({"lines": [{"code_page": "latin2"}]}, "lines.0.InCodePage.text", "missing"),
        ({"lines": [{"text": " ", "code_page": "latin2"}]}, "lines.0.InCodePage.text", "text.empty"),
        ({"lines": [{"text": "x", "bold": 1}]}, "lines.0.StyledText.bold", "bool_type"),
        ({"lines": [{"text": "x", "align": "middle"}]}, "lines.0.StyledText.align", "literal_error"),
        ({"lines": [{"text": "x", "rule": True}]}, "lines.0.Rule.text", "extra_forbidden"),
        ({"lines": [{"qr": {"text": ""}}]}, "lines.0.QrLine.qr.text", "string_too_short"),
        ({"lines": [{"barcode": "a b"}]}, "lines.0.BarcodeLine.barcode", "string_pattern_mismatch"),
        ({"lines": [{"barcod": "A1"}]}, "lines.0.BarcodeLine.barcode", "missing"),
        ({"lines": [{"picture": "x"}]}, "lines.0", "printout.line"),
        ({"lines": ["x"], "title": "x" * 1001}, "title", "string_too_long"),
        ({"lines": ["x"], "barcode": "ą"}, "barcode", "string_pattern_mismatch"),
        ({"lines": ["x"], "total": 1}, "total", "extra_forbidden"),
    ],
)
def test_printouts_of_the_wrong_shape_are_refused(content: dict[str, Any], where: str, code: str) -> None:
    assert (f"document.printout.{where}", code) in refusals(printout(**content))


# -- what a document says about itself ---------------------------------------------------------------------


def test_every_document_is_in_the_union() -> None:
    written = {kind for kind in BaseDocument.__subclasses__() if kind.__module__.startswith("fiscald.")}
    assert written == set(DOCUMENTS.values()) == set(get_args(get_args(Document)[0]))


def test_a_document_class_without_about_is_an_error() -> None:
    with pytest.raises(TypeError, match="Silent has no about"):

        class Silent(BaseDocument):
            type: Literal["silent"] = "silent"

    with pytest.raises(TypeError, match="Heir has no about"):

        class Heir(Drawer):
            type: Literal["drawer"] = "drawer"


def test_only_the_daily_report_needs_no_licence() -> None:
    assert [name for name, kind in DOCUMENTS.items() if not kind.about.gated] == ["daily_report"]
    assert {name: kind.about.fiscal for name, kind in DOCUMENTS.items() if kind.about.fiscal is not Fiscal.NOTHING} == {
        "receipt": Fiscal.RECEIPT, "invoice": Fiscal.RECEIPT, "daily_report": Fiscal.DAY_END,
    }  # fmt: skip


def test_no_two_documents_have_the_same_verb() -> None:
    words = [kind.about.verb.words for kind in DOCUMENTS.values() if kind.about.verb is not None]
    assert len(words) == len(set(words)) == 5


def test_the_length_of_a_document_counts_the_elements_of_its_lists() -> None:
    lines = ("x",) * (LONG + 1)
    assert Printout(lines=lines).long
    assert not Printout(lines=lines[1:]).long
    assert not Drawer().long
