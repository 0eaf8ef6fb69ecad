"""A page for every document: an example, the answer to it, its paper on emulated printers, its fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fiscald.api.examples import EXAMPLES
from fiscald.emulator.png import picture
from fiscald.model.about import BaseDocument, Fiscal, Sheet
from fiscald.model.documents import DOCUMENTS
from fiscald.protocols import FAMILIES
from fiscald.protocols.documents_page import columns
from website.fields import rows
from website.markdown import as_json, block, code, prose, table
from website.prepare import Page
from website.printing import KEY, Outcome, carry_out
from website.variants import VARIANTS, Variant

#: How the families are called in a caption.
NAMES = {"posnet": "POSNET", "thermal": "Thermal", "novitus-xml": "Novitus XML", "noviapi": "NoviAPI"}
_FISCAL = {
    Fiscal.RECEIPT: "yes: one more receipt or invoice of the open day",
    Fiscal.DAY_END: "yes: it ends the fiscal day",
    Fiscal.NOTHING: "no",
}
_SHEET = {
    Sheet.CONTENT: "a sheet with the content of the document",
    Sheet.PRINTERS_OWN: "a sheet with facts that only the printer has; there is no preview of it",
    Sheet.NONE: "none",
}
#: Parts of an answer that a page leaves out: they are the same in every answer, or long.
_LEFT_OUT = ("document", "evidence", "resolution", "deadline", "expect_last", "if_interrupted", "created_at", "licence")


def document_pages(folder: Path, components: dict[str, dict[str, Any]]) -> list[Page]:
    """The pages; the pictures are written to ``folder``."""
    examples = {kind: [Variant("", "", EXAMPLES[kind]), *VARIANTS.get(kind, ())] for kind in DOCUMENTS}
    flat = [(kind, variant) for kind, variants in examples.items() for variant in variants]
    results = {family: carry_out([variant.document for _, variant in flat], family) for family in FAMILIES}
    pages = []
    for kind, document in DOCUMENTS.items():
        places = [number for number, (of, _) in enumerate(flat) if of == kind]
        found = [[results[family][place] for family in FAMILIES] for place in places]
        text = page_text(folder, kind, document, examples[kind], found, components[document.__name__])
        text += _fields(components[document.__name__], components)
        pages.append(Page(f"documents/{kind}.md", text + printers_text(kind)))
    return [Page("documents/index.md", _index()), *pages]


def _index() -> str:
    lines = table(
        ("document", "what it is", "right", "fiscal"),
        (
            (f"[`{kind}`]({kind}.md)", prose(_first(document)), f"`{document.about.right}`", _is_fiscal(document))
            for kind, document in DOCUMENTS.items()
        ),
    )
    menu = block("{toctree}", ":hidden:\n\n" + "\n".join(DOCUMENTS))
    return (
        "# Documents\n\nEvery document that fiscald prints, each with an example, the answer to it, and the paper of "
        "emulated printers. The examples, answers and pictures are made when this site is built, by the daemon and "
        "the emulator themselves.\n\n"
        f"{lines}\n[What each printer prints](../documents.md) has the limits of each family and profile. "
        "Money, quantities and texts are written the same way in every document: [the API](../api.md#documents).\n\n"
        f"{menu}"
    )


def page_text(
    folder: Path,
    kind: str,
    document: type[BaseDocument],
    variants: list[Variant],
    found: list[list[Outcome]],
    schema: dict[str, Any],
) -> str:
    """The page of a document until its fields. ``found``: for each example what each printer did with it.

    The pictures of the paper are written to ``folder``.
    """
    about = document.about
    facts = [
        ("right", f"[`{about.right}`](../configuration.md#rights)"),
        ("fiscal", _FISCAL[about.fiscal]),
        ("paper", _SHEET[about.sheet]),
        ("needs a licence", "yes" if about.gated else "no: a shop can always close its day"),
        ("on the command line", code(_verb(document, schema))),
    ]
    parts = [f"# `{kind}`\n\n{prose(_whole(document))}\n\n", table(("", ""), facts), "\n"]
    for number, (variant, outcomes) in enumerate(zip(variants, found, strict=True)):
        parts.append(f"## {variant.title or 'Example'}\n\n")
        if variant.text:
            parts.append(f"{variant.text}\n\n")
        parts.append(_example(variant.document, outcomes, whole=number == 0))
        parts.append(_papers(folder, f"{kind}-{number + 1}", outcomes))
    return "".join(parts)


def _verb(document: type[BaseDocument], schema: dict[str, Any]) -> str:
    if document.about.verb is None:
        return "fiscalctl print FILE"
    needed = [name.upper() for name in schema.get("required", ()) if name != "type"]
    return " ".join(["fiscalctl", *document.about.verb.words, *needed])


def _example(document: dict[str, Any], outcomes: list[Outcome], *, whole: bool) -> str:
    if not whole:
        return block("json", as_json(document)) + "\n"
    done = next(outcome for outcome in outcomes if outcome.done)
    assert done.job is not None
    answer = {name: value for name, value in done.job.items() if name not in _LEFT_OUT}
    answer["result"] = {name: value for name, value in answer["result"].items() if value is not None}
    return (
        f"Submitted with `PUT /v1/jobs/{quote(KEY, safe='')}?wait=60`:\n\n"
        + block("json", as_json({"printer": "till1", "document": document}))
        + f"\nThe answer of a {NAMES[done.family]} printer, in its main parts "
        "([all of them](../api.md#the-answer)):\n\n" + block("json", as_json(answer)) + "\n"
    )


def _papers(folder: Path, name: str, outcomes: list[Outcome]) -> str:
    """The sheets of the families, side by side; and why there is none of the others."""
    figures, remarks = [], []
    for outcome in outcomes:
        family = NAMES[outcome.family]
        sheets = [sheet for sheet in outcome.sheets if sheet.on_paper]
        if outcome.done and sheets:
            file = f"{name}-{outcome.family}.png"
            (folder / "documents").mkdir(exist_ok=True)
            (folder / "documents" / file).write_bytes(picture(sheets))
            alt = json.dumps(f"{family}: {' '.join(sheets[0].text.split())}"[:300], ensure_ascii=False)
            figures.append(f":::{{figure}} {file}\n:figclass: paper\n:alt: {alt}\n\n{family}\n:::\n")
        if (remark := _remark(outcome)) is not None:
            remarks.append(f"- {family}: {prose(remark)}\n")
    paper = "The paper:\n\n::::{container} papers\n" + "".join(figures) + "::::\n\n" if figures else ""
    return paper + ("".join([*remarks, "\n"]) if remarks else "")


def _remark(outcome: Outcome) -> str | None:
    """What a reader should know about what this printer did with the document."""
    if outcome.refusal is not None:
        return f"refused with `{outcome.refusal.code}`. {_sentence(outcome.refusal.detail)}"
    assert outcome.job is not None
    if outcome.job["error"] is not None:
        return f"failed with `{outcome.job['error']['code']}`. {_sentence(outcome.job['error']['detail'])}"
    warnings = {warning["code"]: warning["detail"] for warning in outcome.job["warnings"]}
    if warnings:
        return "; ".join(f"warning `{code}`: {detail}" for code, detail in warnings.items())
    return None


def _sentence(text: str) -> str:
    """Without the list of what else the printer can do, which every page would repeat."""
    return text.partition("; it can do:")[0].rstrip(".") + "."


def _fields(schema: dict[str, Any], components: dict[str, dict[str, Any]]) -> str:
    found = [row for row in rows(schema, components, nested=True) if row.path != "type"]
    if not found:
        return "## Fields\n\nIt has no fields beside `type`.\n\n"
    cells = [(code(row.path), "yes" if row.required else "", row.kind, row.description) for row in found]
    return "## Fields\n\n" + table(("field", "required", "what it is", "meaning"), cells) + "\n"


def printers_text(kind: str) -> str:
    """Which printers print the document, and why the others do not."""
    cells = [
        (f"{NAMES[column.family]} {code(column.profile)}" if column.profile else NAMES[column.family],
         "yes" if (known := column.capabilities[kind]).supported else f"no: {known.why}")
        for column in columns()
    ]  # fmt: skip
    return (
        "## On which printers\n\n" + table(("printer", "prints it"), cells) + "\n[What each printer prints]"
        "(../documents.md) has the limits of its fields.\n"
    )


def _whole(document: type[BaseDocument]) -> str:
    return " ".join((document.__doc__ or "").split())


def _first(document: type[BaseDocument]) -> str:
    return _whole(document).partition(". ")[0].rstrip(".")


def _is_fiscal(document: type[BaseDocument]) -> str:
    return "" if document.about.fiscal is Fiscal.NOTHING else "yes"
