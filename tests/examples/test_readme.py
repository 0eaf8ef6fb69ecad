"""The page of examples/ names every shop, and all shops have the same parts."""

from __future__ import annotations

import re

import pytest

from tests.examples.languages import EXAMPLES, LANGUAGES, Language

PARTS = ("-- the shop's database: the last line of a key counts --", "-- fiscald --", "-- the till --")


def test_every_folder_is_a_language_that_is_tested() -> None:
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    assert folders == {language.name for language in LANGUAGES}


@pytest.mark.whole
@pytest.mark.parametrize("language", LANGUAGES, ids=lambda each: each.name)
def test_every_shop_is_on_the_page_and_has_the_same_parts(language: Language) -> None:
    assert f"[{language.source}]({language.source})" in (EXAMPLES / "README.md").read_text("utf-8")
    text = (EXAMPLES / language.source).read_text("utf-8")
    places = [text.index(part) for part in PARTS]
    assert places == sorted(places)
    assert 150 < len(text.splitlines()) < 300
    head = re.split("import|use strict|declare|set -eu", text, maxsplit=1)[0]
    for words in ("sell NAME PRICE VAT", "resume", "decide KEY WHO printed NUMBER", "decide KEY WHO not_printed"):
        assert words in head


def test_a_missing_runtime_is_a_reason_to_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    (go,) = [language for language in LANGUAGES if language.name == "go"]
    assert go.missing() == "needs go (apt install golang-go)"
