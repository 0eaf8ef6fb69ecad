"""Examples of the pages are valid, and printers carry them out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic import TypeAdapter

from fiscald.api.examples import EXAMPLES
from fiscald.emulator.png import picture
from fiscald.emulator.running import build
from fiscald.model.about import Sheet
from fiscald.model.documents import DOCUMENTS, Document, Submission
from fiscald.model.problems import problem
from fiscald.paper import emulated as planned
from fiscald.protocols import FAMILIES
from tests.families import EXAMPLES as EXAMPLE_FAMILIES
from tests.pages.reading import Block, blocks, written
from website.documents import page_text
from website.printing import Outcome, carry_out
from website.variants import VARIANTS, Variant

BY_TYPE: TypeAdapter[Any] = TypeAdapter(Document)
REAL = tuple(name for name in FAMILIES if name not in EXAMPLE_FAMILIES)
#: What is wrong on purpose: a page shows how it is refused.
WRONG = ("kasjer",)


def json_blocks() -> list[Block]:
    return [block for block in blocks(written()) if block.language == "json"]


def test_every_block_of_json_is_json() -> None:
    found = json_blocks()
    assert len(found) > 15
    assert [f"{block.page}: {block.body}" for block in found if not _is_json(block.body)] == []


def test_every_document_of_a_page_is_valid() -> None:
    known = [content for content in map(_content, json_blocks()) if content.get("type") in DOCUMENTS]
    assert len(known) > 10
    for document in known:
        if not any(name in document for name in WRONG):
            BY_TYPE.validate_python(document)


def test_every_submission_of_a_page_is_valid() -> None:
    known = [content for content in map(_content, json_blocks()) if {"printer", "document"} == content.keys()]
    assert known
    for content in known:
        Submission.model_validate(content)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        # Members of an answer, as a page shows a part of it.
        return text.lstrip().startswith('"') and _is_json("{" + text + "}")
    return True


def _content(block: Block) -> dict[str, Any]:
    try:
        content = json.loads(block.body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


VARIANTS_BY_KIND = [(kind, variant) for kind, variants in VARIANTS.items() for variant in variants]


def every_example() -> list[tuple[str, Variant]]:
    own = [(kind, Variant("Example", "", document)) for kind, document in EXAMPLES.items()]
    return own + VARIANTS_BY_KIND


class Planned(NamedTuple):
    """A document, and the printer that prints it."""

    document: Any
    printer: str = "till1"
    family: str = "posnet"
    profile: str | None = None
    code_page: str | None = None


@pytest.mark.parametrize(("kind", "variant"), VARIANTS_BY_KIND, ids=lambda each: getattr(each, "title", each))
def test_an_emulated_printer_prints_a_variant(kind: str, variant: Variant) -> None:
    sheets: list[Any] = []
    device, _ = build("posnet", printed=sheets.append)
    planned.carry_out(device, Planned(BY_TYPE.validate_python(variant.document)))
    assert len(sheets) == 1
    assert DOCUMENTS[kind].about.sheet is Sheet.CONTENT


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_printers_carry_out_every_example() -> None:
    """POSNET all of them; and two families at least print each document whose content is ours."""
    examples = every_example()
    results = {family: carry_out([variant.document for _, variant in examples], family) for family in REAL}
    assert [kind for (kind, _), result in zip(examples, results["posnet"], strict=True) if not result.done] == []
    for place, (kind, _) in enumerate(examples):
        papers = [list(results[family][place].sheets) for family in REAL if results[family][place].sheets]
        if DOCUMENTS[kind].about.sheet is Sheet.CONTENT:
            assert len(papers) >= 2, kind
        assert all(picture(sheets).startswith(b"\x89PNG") for sheets in papers)


def test_a_page_says_why_a_printer_refuses(tmp_path: Path) -> None:
    answer = {"state": "done", "error": None, "result": {"number": 1}, "warnings": [{"code": "a.b", "detail": "cut"}]}
    why = "the printer counts no shifts"
    refusal = problem(
        "document.unsupported",
        printer="till1",
        family="novitus-xml",
        document="shift_report",
        why=why,
        documents="receipt",
    )
    outcomes = [Outcome("posnet", answer, None, ()), Outcome("novitus-xml", None, refusal, ())]
    example = Variant("", "", EXAMPLES["shift_report"])
    text = page_text(tmp_path, "shift_report", DOCUMENTS["shift_report"], [example], [outcomes], {"required": ["type"]})
    assert "- Novitus XML: refused with `document.unsupported`. printer till1" in text
    assert "it can do" not in text
    assert "- POSNET: warning `a.b`: cut" in text


@pytest.mark.slow
def test_the_test_of_a_shop_for_ci(pytester: pytest.Pytester) -> None:
    (test,) = [block.body for block in blocks(written()) if block.page == "docs/readers/ci.md"]
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(test)
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
