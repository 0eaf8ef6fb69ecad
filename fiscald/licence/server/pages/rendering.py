"""A view becomes a page: HTML without scripts and without inline style, everything from outside escaped."""

from __future__ import annotations

import datetime
import hashlib
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fiscald.licence.server.contact import Contact
from fiscald.licence.server.languages import LANGUAGES, written_day
from fiscald.licence.server.pages.views import View
from fiscald.licence.wire import Refusal

HERE = Path(__file__).parent
STYLE = (HERE / "style.css").read_bytes()
#: Changes with the style, so that a browser may keep it.
STYLE_PATH = f"/style-{hashlib.sha256(STYLE).hexdigest()[:12]}.css"
#: In their own languages.
LANGUAGE_NAMES = {"pl": "Polski", "nl": "Nederlands", "en": "English"}


class Frame(NamedTuple):
    """What is around every page."""

    lang: str
    contact: Contact
    csrf: str = ""
    """Goes into every form."""
    switch: str | None = None
    """The page's address, for the links to other languages; ``None`` where it cannot be opened again."""
    area: str = ""
    """``account`` or ``vendor`` for a person who is signed in."""
    done: str | None = None
    """What has been done: the end of a key of the words, ``done.NAME``."""


def render(view: View, frame: Frame) -> str:
    """The page."""
    return _environment(frame.lang).get_template(view.template).render(view=view, frame=frame)


def say(lang: str, key: str, **values: object) -> str:
    """The words of a key. Raises ``KeyError``."""
    return words(lang)[key].format(**values)


def has_words(lang: str, key: str) -> bool:
    """Whether there are words for a key."""
    return key in words(lang)


def refusal_sentence(lang: str, refusal: Refusal) -> str:
    """Why something was refused; in English where there is no Dutch sentence."""
    if lang == "pl":
        return refusal.detail_pl
    return words(lang).get(f"refusal.{refusal.code}", refusal.detail)


def prepare() -> None:
    """Compile all templates now, so that no request has to wait for it."""
    for lang in LANGUAGES:
        environment = _environment(lang)
        for name in environment.list_templates():
            environment.get_template(name)


@cache
def words(lang: str) -> dict[str, str]:
    """All words of a language by their keys."""
    tables = tomllib.loads((HERE / "words" / f"{lang}.toml").read_text("utf-8"))
    return {f"{table}.{key}": text for table, texts in tables.items() for key, text in texts.items()}


@cache
def _environment(lang: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )

    def day(value: datetime.date | None) -> str:
        return "–" if value is None else written_day(value, lang)

    def moment(value: datetime.datetime) -> str:
        return f"{value:%Y-%m-%d %H:%M}"

    environment.filters |= {"day": day, "moment": moment}
    environment.globals |= {
        "t": lambda key, **values: say(lang, key, **values),
        "style": STYLE_PATH,
        "languages": LANGUAGE_NAMES,
    }
    return environment
