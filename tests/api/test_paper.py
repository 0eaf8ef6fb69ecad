"""``GET /v1/jobs/{key}/paper``: a copy of what was printed, marked as a copy, in every format."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from PIL import Image

from fiscald.api.client import Refused
from fiscald.api.examples import EXAMPLES, PAPER
from fiscald.api.routes import ROUTES
from fiscald.emulator import emulator_factory
from fiscald.emulator.paper import COPY_MARK, MARK
from fiscald.emulator.running import EmulatedPrinter
from fiscald.model.about import Sheet
from fiscald.model.copies import CopyFormat
from fiscald.model.documents import DOCUMENTS
from fiscald.model.jobs import Paper
from fiscald.model.rights import Right
from fiscald.paper.copies import HEADER, MAX_PICTURE_LINES
from fiscald.protocols import FAMILIES, family
from fiscald.testing import LocalDaemon
from tests.api.routes import problem
from tests.daemons import RECEIPT, running
from tests.emulator.records import october
from tests.protocols import settings as settings_of

NIP = "5260250274"
SALE: dict[str, Any] = {
    "type": "receipt",
    "lines": [
        {"name": "Chleb", "quantity": "2", "price": "3.50", "vat": "5%", "discount": {"percent": "10"}},
        {"name": "Gwoździe", "quantity": "0.755", "unit": "kg", "price": "31.90", "vat": "A"},
    ],
    "discount": {"amount": "0.25"},
    "payments": [{"type": "card", "amount": "20.00"}, {"type": "cash", "amount": "15.00"}],
    "footer": ["Dziękujemy"],
}


class Desk:
    """A daemon with one printer, for all tests of a family."""

    def __init__(self, name: str, printer: EmulatedPrinter, daemon: LocalDaemon) -> None:
        self.family = name
        self.printer = printer
        self.client = daemon.client
        self._number = 0

    def print(self, document: Any) -> str:
        """Print it under a new key, which it returns."""
        self._number += 1
        key = f"{self._number}"
        job = self.client.submit(key, "till1", document, wait=20)
        assert job.state == "done", job.error
        return key


@pytest.fixture(scope="module", params=FAMILIES)
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with EmulatedPrinter(request.param) as printer:
        printer.seed(cash=1_000_000, fiscal_memory=october())
        with LocalDaemon({"till1": printer}) as daemon:
            yield Desk(request.param, printer, daemon)


def printed_with(sheet: Sheet) -> list[tuple[str, str]]:
    """Every family, and each document with such a sheet that its first emulated printer prints."""
    first = {name: emulator_factory(name).profiles[0] for name in FAMILIES}
    return [
        (name, kind)
        for name in FAMILIES
        for kind in family(name).supported(
            settings_of.of(name, first[name] if first[name] in family(name).choices("profile") else None), None
        )
        if DOCUMENTS[kind].about.sheet is sheet
    ]


def content(sheet: str) -> list[str]:
    """The lines below the header that say what was printed, without marks and the printer's number."""
    lines = sheet.split("\n")
    below = next(index for index, line in enumerate(lines) if line.startswith("20"))
    return [
        line
        for line in lines[below:]
        if line.strip() not in (MARK, COPY_MARK) and "EMU" not in line and "KOPIA" not in line
    ]


@pytest.mark.parametrize(("desk", "kind"), printed_with(Sheet.CONTENT), indirect=["desk"])
def test_a_copy_shows_what_was_printed(desk: Desk, kind: str) -> None:
    document = {"type": kind} | EXAMPLES[kind]
    if desk.family == "thermal":
        document = {name: value for name, value in document.items() if name not in ("buyer", "invoice_reference")}
    before = len(desk.printer.paper)
    key = desk.print(document)
    original = "\n".join(desk.printer.paper[before:])
    copy = desk.client.paper(key).decode()
    printed, shown = content(original.rstrip()), content(copy.rstrip())
    assert shown[: len(printed)] == printed, copy
    assert shown[len(printed) :][1:] == ["Odtworzono z dziennika programu fiscald.", f"Zlecenie: {key}"]
    assert copy.split("\n")[0].strip() == COPY_MARK
    assert copy.count(COPY_MARK) >= 3 * (len(desk.printer.paper) - before)
    assert (MARK in copy, "{PL}" in copy, HEADER in copy) == (False, False, True)


def test_a_receipt_with_everything(desk: Desk) -> None:
    desk.print(SALE)
    key = desk.print(SALE)
    assert (
        content(desk.client.paper(key).decode())[: len(content(desk.printer.paper[-1])) - 1]
        == (content(desk.printer.paper[-1])[:-1])
    ), "also the second number, and the number of the printout"


@pytest.mark.parametrize(("desk", "kind"), printed_with(Sheet.PRINTERS_OWN), indirect=["desk"])
def test_a_copy_of_a_report_has_what_fiscald_knows(desk: Desk, kind: str) -> None:
    desk.print(RECEIPT)
    if DOCUMENTS[kind].about.right is Right.CONFIGURE:
        desk.print({"type": "daily_report"})
    key = desk.print({"type": kind} | EXAMPLES[kind])
    job = desk.client.job(key)
    result = job.result
    assert result is not None
    if job.paper is Paper.NONE:
        with pytest.raises(Refused, match="printed nothing about it"):
            desk.client.paper(key)
        return
    copy = desk.client.paper(key).decode()
    lines = copy.rstrip().split("\n")
    assert (lines[0].strip(), lines[-1].strip()) == (COPY_MARK, COPY_MARK)
    assert "Treść zna tylko drukarka" in copy
    assert result.printer_id in copy
    assert result.printed_at is None or f"{result.printed_at:%Y-%m-%d %H:%M}" in copy


def test_every_format_shows_the_same_lines(desk: Desk) -> None:
    key = desk.print(SALE)
    text = desk.client.paper(key).decode()
    drawing = ElementTree.fromstring(desk.client.paper(key, form="svg"))
    drawn = [each.text for each in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert drawn == [line.strip() for line in text.split("\n") if line.strip()]
    with Image.open(io.BytesIO(desk.client.paper(key, form=CopyFormat.PNG))) as picture:
        assert picture.format == "PNG"
        assert picture.height == int(drawing.attrib["height"])


def test_a_document_without_paper_has_no_copy(desk: Desk) -> None:
    key = desk.print({"type": "drawer"})
    with pytest.raises(Refused, match="prints nothing") as refused:
        desk.client.paper(key)
    assert (refused.value.status, refused.value.problem.code) == (409, "job.no_paper")


async def paper(http: httpx.AsyncClient, key: str, accept: str | None = None) -> httpx.Response:
    return await http.get(f"/v1/jobs/{key}/paper", headers={} if accept is None else {"Accept": accept})


async def test_the_client_chooses_the_format(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await it.put("FV%2F17")
        for accept, kind in (
            (None, "text/plain; charset=utf-8"),
            ("image/*", "image/svg+xml"),
            ("image/png, */*;q=0.1", "image/png"),
        ):
            answer = await paper(it.http, "FV%2F17", accept)
            assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
            assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Accept", "no-store")
        refused = problem(await paper(it.http, "FV%2F17", "application/pdf"), 406, "request.accept")
        assert "text/plain, image/svg+xml, image/png" in refused["detail"]
        assert refused["document"] == "printed", "a refusal says what is known of the key"
        two = await it.http.get("/v1/jobs/FV%2F17/paper", headers=[("Accept", "text/html"), ("Accept", "image/png")])
        assert two.headers["content-type"] == "image/png"
        head = await it.http.head("/v1/jobs/FV%2F17/paper")
        assert (head.status_code, head.content) == (200, b"")


async def test_without_the_extra_a_picture_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as it:
        await it.put("A", RECEIPT | {"qr": {"text": "https://example.com"}})
        monkeypatch.setitem(sys.modules, "fiscald.emulator.png", None)
        monkeypatch.setitem(sys.modules, "segno", None)
        refused = problem(await paper(it.http, "A", "image/png"), 406, "request.accept")
        assert "pip install 'fiscald[png]'; the formats are: text/plain, image/svg+xml" in refused["detail"]
        drawing = await paper(it.http, "A", "image/svg+xml")
        assert "qr: https://example.com" in drawing.text, "a frame with the content of the code"


async def test_only_what_is_printed_has_a_copy(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        problem(await paper(it.http, "A"), 404, "job.unknown")
        problem(await it.http.get("/v1/jobs/%C5%BC/paper"), 400, "request.key")
        it.printer.switch("paper_out")
        await it.put("A", wait=0)
        waiting = problem(await paper(it.http, "A"), 409, "job.no_paper")
        assert "waits to be printed" in waiting["detail"], waiting["detail"]
        await it.http.delete("/v1/jobs/A")
        failed = problem(await paper(it.http, "A"), 409, "job.no_paper")
        assert ("was not printed" in failed["detail"], failed["document"]) == (True, "not_printed")


async def test_a_copy_has_the_rates_of_its_time(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await it.put("A")
        await it.put("R", {"type": "daily_report"})
        it.printer.seed(rates=["22", "8", "5", "0", None, None, "exempt"], clock_offset=86400.0)
        await it.put("B")
        assert "PTU A 23,00%" in (await paper(it.http, "A")).text
        assert "PTU A 22,00%" in (await paper(it.http, "B")).text
        first, second = [(await it.client.job(key)).result for key in "AB"]
        assert first is not None
        assert second is not None
        assert first.printed_at != second.printed_at
        for key, result in (("A", first), ("B", second)):
            assert f"{result.printed_at:%Y-%m-%d}" in (await paper(it.http, key)).text


async def test_who_may_read_the_job_may_read_its_paper(tmp_path: Path) -> None:
    """The copy shows no more than the job itself, the buyer's NIP included, and takes no other right."""
    rights = {route.path: route.rights for route in ROUTES if route.method == "GET"}
    assert rights["/v1/jobs/{key}/paper"] == rights["/v1/jobs/{key}"]
    async with running(tmp_path) as it:
        await it.put("A", RECEIPT | {"buyer": {"nip": NIP}})
        await it.put("B")
        for key, there in (("A", True), ("B", False)):
            job = await it.http.get(f"/v1/jobs/{key}")
            for form in CopyFormat:
                if form is not CopyFormat.PNG:
                    copy = await paper(it.http, key, form.value)
                    assert (NIP in copy.text, NIP in job.text) == (there, there)
        refused = problem(await paper(it.http, "A", "application/pdf"), 406, "request.accept")
        assert NIP not in str(refused), "a refusal has the short form of the job"


async def test_a_long_document_is_drawn_as_text_and_svg(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        lines = [{"name": f"Towar {number}", "price": "1.00", "vat": "A", "description": "x"} for number in range(255)]
        many = [each | {"discount": {"amount": "0.10"}} for each in lines]
        job = (await it.put("A", {"type": "receipt", "lines": many})).json()
        assert job["state"] == "done", job["error"]
        text = (await paper(it.http, "A")).text
        assert text.count("Towar") == 255
        few = await paper(it.http, "A", "image/png")
        assert (few.status_code == 200) == (len(text.split("\n")) <= MAX_PICTURE_LINES)


def test_the_example_of_the_description_is_a_copy() -> None:
    lines = PAPER["text/plain"].split("\n")
    assert (lines[0].strip(), lines[-2].strip()) == (COPY_MARK, COPY_MARK)
    assert HEADER in lines[1]
    assert all(len(line) <= 40 for line in lines)
