"""Sentences about bad fields, in the terms of JSON instead of Python: in English, and in Polish for the cashier."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: By the kind of pydantic's error; the templates are filled from its context.
SENTENCES: dict[str, tuple[str, str]] = {
    "missing": ("this field is missing", "brakuje wymaganych danych."),
    "extra_forbidden": ("there is no such field", "podano pole, którego nie ma."),
    "model_type": ("this must be an object", "dane mają niewłaściwą postać."),
    "model_attributes_type": ("this must be an object", "dane mają niewłaściwą postać."),
    "dict_type": ("this must be an object", "dane mają niewłaściwą postać."),
    "tuple_type": ("this must be a list", "dane mają niewłaściwą postać; tu ma być lista."),
    "string_type": ("this must be a string", "dane mają niewłaściwą postać; tu ma być tekst."),
    "int_type": ("this must be a whole number", "tu ma być liczba całkowita."),
    "bool_type": ("this must be true or false", "tu ma być wartość „tak” albo „nie”."),
    "too_short": ("there must be at least {min_length} here", "za mało elementów (najmniej {min_length})."),
    "too_long": (
        "there may be at most {max_length} here (of characters or elements)",
        "za dużo znaków lub elementów (najwyżej {max_length}).",
    ),
    "string_too_short": (
        "there must be at least {min_length} characters",
        "tekst jest za krótki (najmniej znaków: {min_length}).",
    ),
    "string_too_long": (
        "there may be at most {max_length} characters",
        "tekst jest za długi (najwyżej znaków: {max_length}).",
    ),
    "string_pattern_mismatch": ("this must be {form}", "wartość ma niewłaściwy format; dozwolone są {form_pl}."),
    "enum": ("this must be one of {expected}", "podano wartość spoza listy dozwolonych."),
    "literal_error": ("this must be one of {expected}", "podano wartość spoza listy dozwolonych."),
    "union_tag_not_found": (
        "the field {discriminator}, which says what kind of object this is, is missing",
        "nie podano rodzaju dokumentu.",
    ),
    "union_tag_invalid": ("{discriminator} must be one of {expected_tags}", "nie ma takiego rodzaju dokumentu."),
    "greater_than_equal": ("this must be at least {ge}", "wartość jest za mała (najmniej {ge})."),
    "less_than_equal": ("this must be at most {le}", "wartość jest za duża (najwyżej {le})."),
}
#: Polish sentences for our own errors without one, by code.
POLISH = {
    "text.empty": "tekst jest pusty.",
    "text.control": "tekst zawiera niedozwolony znak sterujący.",
}
#: Descriptions of the patterns of fields.
FORMS = {
    r"^[0-9]{1,12}$": ("1 to 12 digits", "cyfry (najwyżej 12)"),
    r"^[A-Za-z0-9]{1,64}$": ("1 to 64 letters A-Z, a-z or digits", "litery bez polskich znaków i cyfry (najwyżej 64)"),
    r"^https://[!-~]{1,292}$": ("an address that begins with https://", "adres zaczynający się od https://"),
}
_OTHERWISE_PL = "nieprawidłowa wartość."

_PLACES_PL = (
    (re.compile(r"/document/lines/(\d+)"), "pozycja {}"),
    (re.compile(r"/document/payments/(\d+)"), "płatność {}"),
    (re.compile(r"/document/packaging/(\d+)"), "opakowanie {}"),
    (re.compile(r"/document/footer/(\d+)"), "wiersz stopki {}"),
)


def sentences(error: Mapping[str, Any]) -> tuple[str, str]:
    """The sentences for one of pydantic's errors: English, Polish."""
    context = error.get("ctx", {})
    if error["type"] in SENTENCES:
        english, polish = SENTENCES[error["type"]]
        if "pattern" in context:
            form, form_pl = FORMS.get(context["pattern"], ("in another form", "inne znaki"))
            context = {"form": form, "form_pl": form_pl}
        return english.format(**context), polish.format(**context)
    return error["msg"], context.get("detail_pl") or POLISH.get(error["type"], _OTHERWISE_PL)


def with_place(pointer: str, detail_pl: str) -> str:
    """The Polish sentence, after the line, payment or packaging that it is about."""
    for pattern, place in _PLACES_PL:
        if match := pattern.match(pointer):
            return f"{place.format(int(match[1]) + 1)}: {detail_pl}"
    return detail_pl
