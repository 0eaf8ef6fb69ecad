"""Every generated page of the site."""

from __future__ import annotations

import json
from pathlib import Path

from fiscald.api.openapi import describe
from fiscald.api.routes import ROUTES
from website.commands import command_pages
from website.documents import document_pages
from website.errors import errors_page
from website.examples import example_pages
from website.openapi import openapi_pages
from website.prepare import ROOT, Page


def pages(folder: Path) -> list[Page]:
    """All generated pages; their pictures are written to ``folder``."""
    description = describe(ROUTES)
    return [
        *document_pages(folder, description["components"]["schemas"]),
        errors_page(),
        *example_pages(ROOT / "examples"),
        *openapi_pages(description),
        Page("reference/openapi.json", json.dumps(description, ensure_ascii=False, indent=1)),
        *command_pages(),
    ]
