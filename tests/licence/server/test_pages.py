"""Every page in every language: its words, its structure, and what hostile texts do to it."""

from __future__ import annotations

import dataclasses
import datetime
import re
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.licence.server import refusals
from fiscald.licence.server.contact import Contact
from fiscald.licence.server.languages import LANGUAGES
from fiscald.licence.server.pages import rendering, views
from fiscald.licence.server.pages.rendering import HERE, STYLE, STYLE_PATH, Frame, refusal_sentence, render, words
from fiscald.licence.server.pages.views import View
from fiscald.licence.wire import Refusal
from tests.found import found
from tests.licence.server.desks import ACCOUNT, DETAIL, FOUND, TWINS
from tests.licence.server.html_check import Page, faults

CONTACT = Contact("licence@vendor.example", "Kasy Żółw", "fiscald", "help@vendor.example", "+48 22 000 00 00")
#: Each page, as it looks before and after signing in.
VIEWS: list[tuple[View, str]] = [
    (views.OfflineForm(), ""),
    (views.OfflineForm("https://vendor.example"), ""),
    (views.OfflineCertificate("-----BEGIN\nabc\n", "5ea1", "data:image/svg+xml;charset=utf-8,%3Csvg"), ""),
    (views.OfflineCertificate("-----BEGIN\nabc\n", "5ea1", None), ""),
    (views.Problem("problem.status_404", "Nie ma."), ""),
    (views.Problem("problem.refused", "Nie.", "/v1/offline", "request_old"), ""),
    (views.AskCode(), ""),
    (views.AskCode("a", "Nie."), ""),
    (views.EnterCode("a@b.pl"), ""),
    (views.EnterCode("a@b.pl", "Nie."), ""),
    (ACCOUNT, "account"),
    (views.Account("a@b.pl", (), ()), "account"),
    (views.VendorSignIn(), ""),
    (views.VendorSignIn("Nie."), ""),
    (views.Search("żurek", FOUND, "after"), "vendor"),
    (views.Search("", (), None), "vendor"),
    (DETAIL, "vendor"),
    *((dataclasses.replace(DETAIL, state=state, sentence="Bo tak."), "vendor") for state in ("suspended", "superseded", "ended", "revoked")),
    (dataclasses.replace(DETAIL, seats=(), numbers=(), orders=(), audit=(), email=None, tax_number=None), "vendor"),
    (TWINS, "vendor"),
    (views.Twins(()), "vendor"),
]  # fmt: skip


def shown(view: View, area: str, lang: str, **frame: Any) -> Page:
    return Page(render(view, Frame(lang, CONTACT, "t0ken", frame.pop("switch", "/here"), area, **frame)))


def test_every_page_is_among_the_cases() -> None:
    templates = {path.name for path in (HERE / "templates").iterdir()} - {"base.html", "parts.html"}
    assert {view.template for view, _ in VIEWS} == templates
    kinds = {kind for kind in vars(views).values() if isinstance(kind, type) and hasattr(kind, "template")}
    assert {type(view) for view, _ in VIEWS} == kinds


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("view", "area"), VIEWS)
def test_a_page_is_whole_readable_and_needs_no_other_host(view: View, area: str, lang: str) -> None:
    page = shown(view, area, lang)
    assert faults(page, lang) == []
    assert "None" not in page.text
    assert CONTACT.name in page.text
    assert CONTACT.help_address in page.text


@pytest.mark.parametrize(("view", "area"), VIEWS)
def test_every_form_that_changes_something_has_the_token(view: View, area: str) -> None:
    page = shown(view, area, "en")
    changing = [form for form in page.forms if form.method != "get" and not form.action.startswith("/v1/")]
    assert [form for form in changing if form.fields.get("csrf") != "t0ken"] == []
    assert [form for form in page.forms if form not in changing and "csrf" in form.fields] == []
    assert {form.method for form in page.forms} <= {"get", "post"}


def test_a_page_that_cannot_be_opened_again_has_no_links_to_languages() -> None:
    links = {
        element.get("hreflang"): element.get("href")
        for element in shown(*VIEWS[0], "nl").all("a")
        if element.get("hreflang")
    }
    assert links == {lang: f"/here?lang={lang}" for lang in LANGUAGES}
    assert not any(element.get("hreflang") for element in shown(*VIEWS[0], "nl", switch=None).all("a"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_pages_say_what_has_been_done(lang: str) -> None:
    for name in found(key.removeprefix("done.") for key in words(lang) if key.startswith("done.")):
        assert words(lang)[f"done.{name}"] in shown(ACCOUNT, "account", lang, done=name).text


# -- what the pages show ---------------------------------------------------------------------------------


def test_a_customer_sees_seats_and_can_free_those_that_are_taken() -> None:
    page = shown(ACCOUNT, "account", "en")
    assert "PIEKARNIA ŻUREK" in page.text
    for told in ("7Q2M-K1", "410F4-8TA1", "30 November 2026", "15 January 2027", "without internet", "FV/2026/01/0033"):
        assert told in page.text
    freed = [form.fields["seat"] for form in page.forms if form.action == "/account/seats/free"]
    assert freed == ["seat_1", "seat_2"], "seat_3 is free, and the licence of seat_4 is suspended"
    assert "goes on printing" in page.text, "a computer without internet is not stopped"
    assert [form.fields["order"] for form in page.forms if form.action.endswith("resend")] == [
        "2026/01/17",
        "2026/02/02",
    ]


@pytest.mark.parametrize(
    ("state", "actions"),
    [
        ("active", {"/vendor/suspend"}),
        ("suspended", {"/vendor/reinstate"}),
        ("revoked", set()),
        ("ended", set()),
        ("superseded", set()),
    ],
)
def test_the_vendor_is_offered_what_the_state_allows(state: str, actions: set[str]) -> None:
    page = shown(dataclasses.replace(DETAIL, state=state), "vendor", "en")
    offered = {form.action for form in page.forms}
    assert offered & {"/vendor/suspend", "/vendor/reinstate"} == actions
    assert {"/vendor/unbind", "/vendor/resend", "/vendor/sign-out"} <= offered


def test_a_search_leads_to_licences_and_to_the_next_page() -> None:
    page = shown(views.Search("a&b ż", FOUND, "x y"), "vendor", "en")
    targets = [element.get("href") for element in page.all("a")]
    assert "/vendor/licences/lic_1" in targets
    assert "/vendor?q=a%26b%20%C5%BC&after=x%20y" in targets
    assert "2 of 3 taken" in page.text


# -- words -----------------------------------------------------------------------------------------------


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_language_has_the_same_words_with_the_same_values() -> None:
    english = words("en")
    for lang in LANGUAGES:
        here = {key: text for key, text in words(lang).items() if not key.startswith("refusal.")}
        assert here.keys() == english.keys()
        for key, text in found(here.items()):
            assert text.strip() == text, key
            assert text, key
            assert holes(text) == holes(english[key]), key


def test_all_words_are_used() -> None:
    """Those of states and kinds are chosen by a value, and those of a status by its number."""
    templates = "".join(path.read_text("utf-8") for path in (HERE / "templates").iterdir())
    code = "".join(path.read_text("utf-8") for path in HERE.parent.glob("*.py"))
    for key in found(words("en")):
        table, _, name = key.partition(".")
        if table in ("state", "kind", "number") or name.startswith("status_"):
            continue
        told = key.removesuffix("_text") if table == "problem" else key
        assert f'"{told}"' in templates + code or (table == "done" and f'"{name}"' in code), key


def test_states_and_kinds_have_words() -> None:
    for table, names in {
        "state": ("active", "suspended", "superseded", "ended", "revoked"),
        "kind": ("trial", "paid", "term"),
        "number": ("licence", "updates", "issued", "used", "superseded", "revoked"),
    }.items():
        assert {key.partition(".")[2] for key in words("en") if key.startswith(f"{table}.")} == set(names)


def test_every_refusal_has_a_sentence_in_every_language() -> None:
    dutch = {key.removeprefix("refusal.") for key in words("nl") if key.startswith("refusal.")}
    assert dutch == refusals.TABLE.keys()
    new = Refusal(code="new", detail="English.", detail_pl="Po polsku.")
    assert [refusal_sentence(lang, new) for lang in ("pl", "nl", "en")] == ["Po polsku.", "English.", "English."]
    old = Refusal(code="request_old", detail="English.", detail_pl="Po polsku.")
    assert refusal_sentence("nl", old).startswith("Dit bestand")


# -- hostile texts, and the style ------------------------------------------------------------------------

NASTY = st.sampled_from(
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ frame.csrf }}", "{% raw %}", "'\"&<>", "\0\x1b\u202e",
     "javascript:alert(1)", "a" * 3000, "</textarea></form>", "\ud7ff", "//evil.example", "", " "]
)  # fmt: skip


@given(st.data())
def test_a_text_from_outside_stays_text(data: st.DataObject) -> None:
    view, area = data.draw(st.sampled_from(VIEWS))

    def hostile(value: Any, name: str = "") -> Any:
        if name in ("title", "kind", "state", "back", "picture"):
            return value
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return dataclasses.replace(
                value,
                **{each.name: hostile(getattr(value, each.name), each.name) for each in dataclasses.fields(value)},
            )
        if hasattr(value, "_fields"):
            return type(value)(
                *(hostile(part, part_name) for part, part_name in zip(value, value._fields, strict=True))
            )
        if isinstance(value, tuple):
            return tuple(hostile(part) for part in value)
        return data.draw(NASTY) if isinstance(value, str) else value

    lang = data.draw(st.sampled_from(LANGUAGES))
    clean, dirty = shown(view, area, lang), shown(hostile(view), area, lang)
    told = [fault for fault in faults(dirty, lang) if not re.search(r"has no (text|label)|title, h1", fault)]
    assert told == []
    assert {element.tag for element in dirty.elements} <= {element.tag for element in clean.elements} | {"p", "div"}
    assert len(dirty.forms) == len(clean.forms)
    assert all(form.fields.get("csrf", "t0ken") == "t0ken" for form in dirty.forms)


def test_the_style_needs_no_other_file() -> None:
    text = STYLE.decode("utf-8")
    assert not re.search(r"url\(|@import|@font-face|expression", text)
    assert "prefers-color-scheme: dark" in text
    used = set(
        re.findall(r'class="([^"{]*)', "".join(path.read_text("utf-8") for path in (HERE / "templates").iterdir()))
    )
    for name in found(word for each in used for word in each.split()):
        assert f".{name}" in text, name
    assert re.fullmatch(r"/style-[0-9a-f]{12}\.css", STYLE_PATH)


#: What stands on what.
PAIRS = [("ink", "ground"), ("ink", "surface"), ("soft", "ground"), ("soft", "surface"), ("accent", "ground"), ("accent", "surface"),
         ("on-accent", "accent"), ("accent", "tint"), ("good", "good-tint"), ("bad", "bad-tint"), ("warn", "warn-tint"), ("ink", "tint"),
         ("ink", "good-tint"), ("ink", "bad-tint"), ("soft", "bad-tint"), ("surface", "bad")]  # fmt: skip


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_texts_stand_out_from_what_is_behind_them(mode: str) -> None:
    """WCAG 2.2 AA: 4.5 to 1."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE.decode("utf-8"), re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", blocks[0 if mode == "light" else 1]))
    for front, behind in PAIRS:
        light, dark = sorted((luminance(colours[front]), luminance(colours[behind])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (front, behind)


def test_days_are_written_as_the_language_does() -> None:
    day = datetime.date(2026, 2, 3)
    view = dataclasses.replace(DETAIL, since=day)
    for lang, text in (("pl", "3.02.2026"), ("nl", "3-2-2026"), ("en", "3 February 2026")):
        assert text in shown(view, "vendor", lang).text
    assert rendering.say("en", "seat.title", number=3) == "Seat 3"
