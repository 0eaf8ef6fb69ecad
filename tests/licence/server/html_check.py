"""A page as a browser and a screen reader take it: what is wrong with its HTML."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "img", "br", "hr"}
FORM_FIELDS = ("input", "textarea", "select")


@dataclass
class Element:
    """A start tag, and the text up to its end."""

    tag: str
    attributes: dict[str, str | None]
    inside: tuple[str, ...]
    text: str = ""

    def get(self, name: str) -> str:
        return self.attributes.get(name) or ""


@dataclass
class Form:
    """A form, and the fields in it by their names."""

    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """All elements of a page. ``faults`` is what is wrong with its structure."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.forms: list[Form] = []
        self.faults: list[str] = []
        self._open: list[Element] = []
        self.feed(text)
        self.close()
        self.faults += [f"<{element.tag}> is not closed" for element in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs), tuple(each.tag for each in self._open))
        if len(element.attributes) < len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)
        if tag == "form":
            self.forms.append(Form(element.get("method"), element.get("action")))
        if tag in ("input", "textarea") and "form" in element.inside:
            self.forms[-1].fields[element.get("name")] = element.get("value")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1].tag != tag:
            self.faults.append(f"</{tag}> closes {self._open[-1].tag if self._open else 'nothing'}")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data
        if self._open and self._open[-1].tag == "textarea":
            self.forms[-1].fields[self._open[-1].get("name")] = self._open[-1].text.removeprefix("\n")

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def one(self, tag: str) -> Element:
        (element,) = self.all(tag)
        return element

    @property
    def text(self) -> str:
        """What a person reads."""
        return " ".join(self.one("body").text.split())

    def form(self, action: str, **fields: str) -> Form:
        """The form that is sent there, with these hidden fields."""
        found = [form for form in self.forms if form.action == action and fields.items() <= form.fields.items()]
        assert len(found) == 1, (action, self.forms)
        return found[0]


def faults(page: Page, lang: str) -> list[str]:
    """Everything that a strict policy forbids or that a screen reader would miss."""
    found = list(page.faults)
    ids = [element.get("id") for element in page.elements if element.get("id")]
    found += [f"the id {name} is there twice" for name in {name for name in ids if ids.count(name) > 1}]
    labelled = {element.get("for") for element in page.all("label")}
    if page.one("html").get("lang") != lang:
        found.append("the language is not named")
    if page.one("title").text.startswith(" –") or len(page.all("h1")) != 1 or len(page.all("main")) != 1:
        found.append("title, h1 or main is missing")
    for element in page.elements:
        if element.tag in ("script", "style", "iframe", "object", "base") or "style" in element.attributes:
            found.append(f"<{element.tag}> brings in style or script")
        found += [f"<{element.tag} {name}>" for name in element.attributes if name.startswith("on")]
        for name in ("href", "src", "action"):
            target = element.get(name)
            ours = target.startswith(("/", "#main", "mailto:", "data:")) and not target.startswith("//")
            if name in element.attributes and not ours:
                found.append(f"{name} leads to {target}")
        if element.tag in FORM_FIELDS and element.get("type") != "hidden" and element.get("id") not in labelled:
            found.append(f"the field {element.get('name')} has no label")
        for name in ("aria-describedby", "aria-labelledby", "for"):
            if element.get(name) and element.get(name) not in ids:
                found.append(f"{name} names {element.get(name)}, which is not there")
        if element.tag == "img" and not element.get("alt"):
            found.append("an image has no text")
        if element.tag == "th" and not element.get("scope"):
            found.append("a heading of a table has no scope")
        if element.tag in ("button", "a", "summary", "label", "h1", "h2", "h3", "th") and not element.text.strip():
            found.append(f"<{element.tag}> has no text")
    levels = [int(element.tag[1]) for element in page.all("h1", "h2", "h3")]
    found += [f"h{one} is followed by h{two}" for one, two in itertools.pairwise(levels) if two > one + 1]
    return found
