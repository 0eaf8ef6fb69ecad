"""What a printer says it can do is what the check of a document says: at every limit, and one beyond it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter

from fiscald.model.capabilities import Capability, FieldCapability
from fiscald.model.documents import DOCUMENTS
from fiscald.model.payment import PaymentType
from fiscald.protocols import FAMILIES, family
from fiscald.protocols.base import Check, Settings
from fiscald.protocols.documents_page import columns, markdown
from fiscald.protocols.families import Family

LINE = {"name": "Kawa", "price": "10.00", "vat": "A"}
PACK = {"name": "Butelka", "price": "1.00", "returned": True}
GIVEN = {"amount": "0.10"}
#: With everything that some printer wants of one.
BUYER = {"name": "Firma", "nip": "5260250274", "address": ["ul. Testowa 1"]}
EUROS = {"code": "EUR", "rate": "4.00", "amount": "2.50"}
KSEF = {"ksef_number": "5265877635-20250826-0100001AF629-AF"}
#: The smallest document of each type that has more than one form.
SMALLEST: dict[str, dict[str, Any]] = {
    "invoice": {"number": "FV/1", "buyer": BUYER, "lines": [LINE]},
    "receipt": {"lines": [LINE]},
    "packaging": {"items": [PACK]},
    "printout": {"lines": ["Kawa"]},
    "shift_report": {"shift": "I"},
    "periodic_report": {"from": "2026-10-01", "to": "2026-10-31"},
    "set_header": {"lines": ["Sklep"]},
    "set_display": {"lines": ["Witamy"]},
}
#: The fields of an invoice that are those of a receipt.
SOLD = ("lines", "discount", "surcharge", "total", "payments", "cashier", "register", "system_number")
#: A value for each field of them, as an application would send it; a field inside of another one makes that one too.
VALUES: dict[str, dict[str, Any]] = {
    "receipt": {
        "lines[].name": "Herbata", "lines[].quantity": "2", "lines[].unit": "szt", "lines[].price": "9.00",
        "lines[].vat": "A", "lines[].storno": False, "lines[].description": "opis",
        "lines[].discount": GIVEN, "lines[].discount.amount": "0.20", "lines[].discount.name": "karta",
        "lines[].discount.percent": None, "lines[].surcharge": GIVEN, "lines[].surcharge.amount": "0.20",
        "lines[].surcharge.name": "karta", "lines[].surcharge.percent": None,
        "discount": GIVEN, "discount.amount": "0.20", "discount.name": "karta", "discount.percent": None,
        "surcharge": GIVEN, "surcharge.amount": "0.20", "surcharge.name": "karta", "surcharge.percent": None,
        "lines": [LINE], "total": "10.00", "packaging": [PACK], "packaging[].name": "Skrzynka",
        "packaging[].number": "12", "packaging[].price": "0.50", "packaging[].quantity": "1",
        "packaging[].returned": True, "payments": [{"type": "card", "amount": "10.00"}],
        "payments[].type": "card", "payments[].amount": "10.00", "payments[].name": "Visa",
        "payments[].currency": {"code": "EUR", "rate": "4.00", "amount": "2.50"}, "payments[].currency.code": None,
        "payments[].currency.rate": None, "payments[].currency.amount": None, "change": "0.00",
        "buyer": {"nip": "5260250274"}, "buyer.nip": "5260250274", "buyer.vat_id": "DE136695976",
        "cashier": "An", "register": "1", "system_number": "17", "footer": ["x"], "footer[]": "x",
        "barcode": "12345", "qr": {"text": "x"}, "qr.text": "x", "qr.size": 3, "qr.correction": "L",
        "e_receipt": {"customer_id": "KID-1"}, "e_receipt.customer_id": "KID-2", "e_receipt.print": True,
        "invoice_reference": KSEF, "invoice_reference.ksef_number": KSEF["ksef_number"],
        "invoice_reference.url": "https://example.pl/1",
    },
    "packaging": {
        "items": [PACK], "items[].name": "Skrzynka", "items[].number": "12", "items[].price": "0.50",
        "items[].quantity": "1", "items[].returned": True,
        "payments": [{"type": "card", "amount": "1.00"}], "payments[].type": "card", "payments[].amount": "1.00",
        "payments[].name": "Visa", "change": "0.00",
        "payments[].currency": {"code": "EUR", "rate": "4.00", "amount": "0.25"}, "payments[].currency.code": None,
        "payments[].currency.rate": None, "payments[].currency.amount": None,
    },
    "shift_report": {"shift": "II", "cashier": "Anna", "reset": False},
    "periodic_report": {"from": "2026-10-02", "to": "2026-10-30", "summary": True},
    "set_header": {"lines": ["x"], "lines[]": "x"},
    "set_display": {"lines": ["x"], "lines[]": "x"},
    "printout": {
        "title": "Tytuł", "lines": ["x"], "lines[]": "x", "barcode": "123",
        "lines[].text": "x", "lines[].bold": True, "lines[].align": "center", "lines[].rule": True,
        "lines[].qr": {"text": "X"}, "lines[].qr.text": "X", "lines[].qr.size": 3, "lines[].qr.correction": "L",
        "lines[].barcode": "123", "lines[].code_page": "cp1250",
    },
}  # fmt: skip
VALUES["invoice"] = {
    **{path: value for path, value in VALUES["receipt"].items() if path.split(".")[0].split("[")[0] in SOLD},
    "number": "FV/2", "buyer": BUYER, "buyer.name": "Firma 2", "buyer.address": ["ul. Testowa 1"],
    "buyer.address[]": "ul. Testowa 1", "buyer.nip": "5260250274", "buyer.vat_id": "DE136695976",
    "sale_date": "2026-11-20", "due_date": "2026-12-01", "payment_form": "przelew", "copies": 2, "change": None,
}  # fmt: skip
#: What a field inside of an absent object needs beside it.
WITH: dict[str, dict[str, Any]] = {
    "discount": GIVEN, "surcharge": GIVEN, "qr": {"text": "X", "size": 2, "correction": "L"}, "buyer": {},
    "invoice_reference": KSEF, "packaging": PACK, "e_receipt": {"customer_id": "KID-1"}, "payments": {"type": "card", "amount": "10.00"}, "lines": LINE,
    "items": PACK, "currency": EUROS,
}  # fmt: skip
#: Every value of the fields of which a printer may take some only.
ALL_VALUES: dict[str, tuple[str, ...]] = {
    "payments[].type": tuple(PaymentType),
    "items[].returned": ("true", "false"),
    "packaging[].quantity": ("1", "2"),
    "lines[].align": ("left", "center", "right"),
    "lines[].storno": ("true", "false"),
    "lines[].code_page": ("cp1250", "latin2", "mazovia"),
}
EVERY = [
    pytest.param(column, kind, id=f"{column.family}-{column.profile}-{kind}")
    for column in columns()
    for kind in DOCUMENTS
]


def put(kind: str, path: str, value: Any) -> dict[str, Any]:
    """The smallest document with ``value`` at ``path``, and whatever it needs beside it."""
    document = copy.deepcopy(SMALLEST.get(kind, {}))
    holder: Any = document
    *outer, last = path.split(".")
    for name in outer:
        key = name.removesuffix("[]")
        if name.endswith("[]"):
            made = {} if kind == "printout" else copy.deepcopy(WITH[key])
            holder[key] = [made]
        else:
            holder[key] = made = copy.deepcopy(BUYER if kind == "invoice" and key == "buyer" else WITH[key])
        holder = made
    if last.endswith("[]"):
        holder[last.removesuffix("[]")] = [value]
    else:
        holder[last] = value
    if last in ("bold", "align", "code_page"):
        holder["text"] = "Kawa"
    if last == "currency":
        holder["type"] = "cash"
    if ".currency." in path:
        document["payments"][0]["type"] = "cash"
        holder["amount"] = "10.00"  # at a rate of a little more than 1
    if last == "vat_id":
        holder.pop("nip", None)
    if path.startswith("lines[].qr."):
        holder.setdefault("text", "X")
    if kind == "packaging" and path.startswith(("payments", "change")):
        document["items"] = [PACK | {"returned": False}]
        if "payments" in document and not isinstance(document["payments"], str):
            document["payments"] = [one | {"amount": "1.00"} for one in document["payments"]]
    return {"type": kind, **document}


def pointer(path: str) -> str:
    return "/document/" + path.replace("[]", "/0").replace(".", "/")


def checked(settings: Settings, known: Family, document: dict[str, Any]) -> Check:
    read: Any = TypeAdapter(DOCUMENTS[document["type"]]).validate_python(document)
    return known.check(read, settings, None)


def outcome(check: Check, path: str) -> str | None:
    """What happens with that field: refused, cut, left out, or (``None``) printed."""
    at = pointer(path)
    if check.errors:
        return "refused"
    about = [notice.code for notice in check.notices if notice.pointer == at]
    for notice, said in (("text.cut", "cut"), ("text.left_out", "left_out"), ("text.plain", "left_out"),
                         ("packaging.name_not_printed", "left_out")):  # fmt: skip
        if notice in about or (notice == "text.plain" and any(code == notice for code in codes(check))):
            return said
    if "qr.plain" in codes(check) and path.endswith(("qr.size", "qr.correction")):
        return "left_out"
    return None


def codes(check: Check) -> list[str]:
    return [notice.code for notice in check.notices]


def unsupported(capability: Capability, path: str) -> FieldCapability | None:
    """The field, or the one that holds it, if the printer does not take it."""
    for name, field in capability.fields.items():
        if (path == name or path.startswith((f"{name}.", f"{name}["))) and not field.supported:
            return field
    return None


def sized(kind: str, path: str, size: int, limit: str) -> Any:
    """A value of that size, in the unit of ``limit``."""
    if limit == "max_items":
        if path == "payments":
            small = [{"type": "card", "amount": "0.10"}] * size
            return [*small, {"type": "cash", "amount": "10.00"}]
        return [LINE if kind in ("receipt", "invoice") and path == "lines" else "x"] * size
    if limit == "max_decimals":
        return "1." + "0" * (size - 1) + "1"
    if limit == "highest":
        return str(size)
    return "1" * size


def supported_fields(capability: Capability) -> list[tuple[str, FieldCapability]]:
    return [(path, field) for path, field in capability.fields.items() if not unsupported(capability, path)]


def limits(field: FieldCapability) -> Iterator[tuple[str, int]]:
    for name in ("max_length", "max_bytes", "max_items", "max_decimals", "highest"):
        size = getattr(field, name)
        if size is not None:
            yield name, size


def capability_of(column: Any, kind: str) -> tuple[Family, Settings, Capability]:
    known = family(column.family)
    options = known.options.model_validate({"profile": column.profile} if column.profile else {})
    return known, Settings("printer", options), column.capabilities[kind]


@pytest.mark.parametrize(("column", "kind"), EVERY)
def test_each_field_is_taken_or_not_as_told(column: Any, kind: str) -> None:
    known, settings, capability = capability_of(column, kind)
    assert (kind in known.documents) or not capability.supported
    values = VALUES.get(kind, {}) if kind in known.documents else {}
    wrong = []
    for path, value in values.items():
        found = None if value is None else outcome(checked(settings, known, put(kind, path, value)), path)
        field = unsupported(capability, path)
        told = (field.beyond if field else None) if capability.supported else "refused"
        if found != told and value is not None:
            wrong.append((path, told, found))
    assert wrong == []


@pytest.mark.parametrize(("column", "kind"), EVERY)
def test_each_limit_is_the_limit_of_the_check(column: Any, kind: str) -> None:
    known, settings, capability = capability_of(column, kind)
    wrong = []
    for path, field in supported_fields(capability):
        for limit, size in limits(field):
            if outcome(checked(settings, known, put(kind, path, sized(kind, path, size, limit))), path) is not None:
                wrong.append((path, limit, size))
            try:
                beyond = checked(settings, known, put(kind, path, sized(kind, path, size + 1, limit)))
            except ValueError:
                continue  # the API itself takes no more
            found = outcome(beyond, path) or ("left_out" if "text.left_out" in codes(beyond) else None)
            if found != field.beyond:
                wrong.append((path, limit, size + 1))
    assert wrong == []


@pytest.mark.parametrize(("column", "kind"), EVERY)
def test_each_value_is_taken_or_not_as_told(column: Any, kind: str) -> None:
    known, settings, capability = capability_of(column, kind)
    wrong = []
    for path, field in supported_fields(capability):
        for value in ALL_VALUES[path] if field.values else ():
            sent: Any = value == "true" if path.endswith(("returned", "storno")) else value
            found = outcome(checked(settings, known, put(kind, path, sent)), path)
            if found != (None if value in (field.values or ()) else field.beyond):
                wrong.append((path, value))
    assert wrong == []


@pytest.mark.parametrize(("column", "kind"), EVERY)
def test_a_text_without_a_limit_is_never_cut(column: Any, kind: str) -> None:
    """An application would learn a limit that the printer does not tell from a refusal."""
    known, settings, capability = capability_of(column, kind)
    told = {path for path, field in capability.fields.items() if any(limits(field))}
    free = [
        path
        for path in VALUES.get(kind, {})
        if capability.supported and path not in told and path.endswith(("name", "text", "footer[]", "cashier", "title"))
        if unsupported(capability, path) is None
    ]
    wrong = [path for path in free if outcome(checked(settings, known, put(kind, path, "1" * 200)), path)]
    assert wrong == []


@pytest.mark.parametrize("profile", ["online", "old"])
def test_posnet_takes_days_for_a_period_and_no_numbers(profile: str) -> None:
    (column,) = [each for each in columns() if (each.family, each.profile) == ("posnet", profile)]
    fields = column.capabilities["periodic_report"].fields
    assert {path: field.kinds for path, field in fields.items()} == {"from": ("date",), "to": ("date",)}


def test_every_field_has_a_value_here() -> None:
    missing = {kind: set(_paths(DOCUMENTS[kind], "")) - {"type"} - set(VALUES[kind]) for kind in SMALLEST}
    assert missing == {kind: set() for kind in SMALLEST}


def _paths(model: type[BaseModel], at: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield from _inside(field.annotation, at + (field.alias or name))


def _inside(annotation: Any, path: str) -> Iterator[str]:
    """The paths of a field and of what is in it."""
    if get_origin(annotation) is tuple:
        yield path
        yield from _inside(get_args(annotation)[0], f"{path}[]")
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not path.endswith("[]"):
            yield path
        yield from _paths(annotation, f"{path}.")
    elif get_args(annotation) and annotation is not None and not isinstance(annotation, type):
        for part in get_args(annotation):
            if part is not type(None):
                yield from _inside(part, path)
    elif isinstance(annotation, type) and not path.endswith("[]"):
        yield path


def test_every_printer_describes_every_document() -> None:
    assert [list(column.capabilities) for column in columns()] == [list(DOCUMENTS)] * len(columns())
    every = [capability for column in columns() for capability in column.capabilities.values()]
    assert [capability for capability in every if capability.supported is (capability.why is not None)] == []


def test_the_page_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "documents.md"
    ours = [column for column in columns() if column.family in FAMILIES]
    assert page.read_text("utf-8") == markdown(ours), "run make docs"
