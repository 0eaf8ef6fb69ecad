"""``fiscalctl preview``: the sum and the paper of a document that is sent nowhere."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from fiscald.cli.texts import describe_due
from fiscald.emulator.memory import RegisterState
from fiscald.emulator.running import build
from fiscald.engine import Engine, Printer
from fiscald.licence.testing import make_certificate
from fiscald.model.documents import Document
from fiscald.model.money import format_grosze, from_grosze
from fiscald.model.preview import Preview
from fiscald.model.printers import PrinterState
from fiscald.model.problems import ProblemError
from fiscald.paper.emulated import HEADER, NoPaper, carry_out, emulated_options, paper
from fiscald.protocols import FAMILIES, family
from tests import virtual
from tests.cli.conftest import Counter
from tests.drawn import drawn
from tests.engine.shop import Till, shop
from tests.protocols import settings as settings_of

DOCUMENT: TypeAdapter[Document] = TypeAdapter(Document)
SALE: dict[str, Any] = {
    "type": "receipt",
    "lines": [
        {"name": "Chleb", "quantity": "2", "price": "3.50", "vat": "5%", "discount": {"percent": "10"}},
        {"name": "Gwoździe", "quantity": "0.755", "unit": "kg", "price": "31.90", "vat": "A"},
        {"name": "Gwoździe", "quantity": "0.255", "price": "31.90", "vat": "A", "storno": True},
    ],
    "discount": {"amount": "0.25"},
    "payments": [{"type": "card", "amount": "20.00"}, {"type": "cash", "amount": "5.00"}],
    "footer": ["Dziękujemy"],
}


def test_a_receipt_its_sums_and_its_paper(counter: Counter) -> None:
    result = counter.run("preview", counter.file(SALE))
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[:7] == [
        "till1 would accept this receipt: total 22.00",
        "  Chleb: 2 x 3.50 = 6.30 C",
        "  Gwoździe: 0.755 x 31.90 = 24.08 A",
        "  Gwoździe: 0.255 x 31.90 = -8.13 A",
        "  by rate: A 23%: 15.95, C 5%: 6.30",
        "  before the discount or surcharge on the whole receipt: 22.25",
        "  paid 25.00, change 3.00",
    ]
    for words in (HEADER, "EMULATOR - NIE JEST PARAGONEM FISKALNYM", "Chleb", "2 2 , 0 0", "Dziękujemy"):
        assert words in result.stdout


def test_a_preview_sends_and_stores_nothing(counter: Counter) -> None:
    before = counter.printer.register
    counter.run("preview", counter.file(SALE))
    counter.run("preview", counter.file({"type": "cash_out", "amount": "50.00"}))
    assert counter.run("jobs").stdout == "no jobs\n"
    after = counter.printer.register
    assert (after.printout_count, after.transaction, after.cash) == (before.printout_count, None, 0)


def test_as_json(counter: Counter) -> None:
    told = counter.json("preview", counter.file({"printer": "till1", "document": SALE}))
    assert told["totals"]["rates"] == {"A": "15.95", "C": "6.30"}
    assert (told["totals"]["total"], told["no_paper"]) == ("22.00", None)
    assert told["paper"].startswith(HEADER.center(40).rstrip())
    assert told["document"]["lines"][0]["price"] == "3.50"


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"type": "printout", "title": "Zamówienie 17", "lines": ["Żurek x 2"]}, "Żurek x 2"),
        ({"type": "cash_out", "amount": "50.00"}, "50,00"),
        ({"type": "daily_report"}, "no paper: only the printer knows the content of this document"),
        ({"type": "drawer"}, "no paper: this document prints nothing"),
    ],
)
def test_other_documents(counter: Counter, document: Any, told: str) -> None:
    result = counter.run("preview", counter.file(document))
    assert result.exit_code == 0, result.output
    assert f"till1 would accept this {document['type']}\n" in result.stdout
    assert told in result.stdout


def test_a_preview_refuses_what_print_refuses(counter: Counter) -> None:
    for document, code in (
        (SALE | {"total": "1.00"}, 1),
        ({"type": "recipt"}, 1),
        ({"type": "receipt", "lines": [{"name": "Wódka", "price": "10.00", "vat": "7%"}]}, 1),
    ):
        shown = counter.run("preview", counter.file(document))
        printed = counter.run("print", counter.file(document), "--key", "K")
        told = printed.stderr.replace(" Nic nie wydrukowano.\n", "\n")  # of the key, which a preview does not have
        assert (shown.exit_code, shown.stderr.replace(" Nic nie wydrukowano.\n", "\n")) == (printed.exit_code, told)
        assert shown.exit_code == code
    assert counter.run("preview", counter.file("{")).exit_code == 2
    assert counter.run("preview", counter.file(SALE), "--printer", "till9").exit_code == 2
    poorer = make_certificate(seq=2**32, jti="poorer", mod=["app"])
    assert counter.run("licence", "import", "-", text=poorer).exit_code == 0
    assert counter.run("preview", counter.file(SALE)).exit_code == 5


def test_a_preview_for_a_printer_that_was_never_online(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1")
        till.pull()
        async with shop(tmp_path, till) as it:
            found = it.engine.preview("till1", DOCUMENT.validate_python(SALE))
            assert found.totals is not None
            assert (found.vat, found.totals.total) == (None, Decimal("22.00"))
            assert set(found.totals.rates) == {"5%", "A"}, "as they were sent"
            with pytest.raises(NoPaper, match="never answered"):
                paper(found)

    virtual.run(main())


# -- every part computes the same sum -----------------------------------------------------------------


def money(most: int) -> st.SearchStrategy[str]:
    return st.integers(1, most).map(format_grosze)


def adjustment(most: int) -> st.SearchStrategy[dict[str, Any]]:
    percent = st.integers(1, 9999).map(lambda hundredths: f"{Decimal(hundredths) / 100}")
    return st.one_of(st.fixed_dictionaries({"percent": percent}), st.fixed_dictionaries({"amount": money(most)}))


LINES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Kawa", "Żurek", "Bułka maślana", "Gwoździe"]),
        "price": money(20_000),
        "quantity": st.integers(1, 9_999).map(lambda thousandths: f"{Decimal(thousandths) / 1000}"),
        "vat": st.sampled_from(["A", "B", "5%", "0%", "exempt"]),
    },
    optional={"discount": adjustment(500), "unit": st.just("kg")},
)


@st.composite
def receipts(draw: st.DrawFn) -> dict[str, Any]:
    lines = draw(st.lists(LINES, min_size=1, max_size=6))
    if draw(st.booleans()):
        lines.append(draw(st.sampled_from(lines)) | {"storno": True})
    receipt: dict[str, Any] = {"type": "receipt", "lines": lines}
    for name in draw(st.sampled_from([(), ("discount",), ("surcharge",)])):
        receipt[name] = draw(adjustment(500))
    if draw(st.booleans()):
        receipt["payments"] = [{"type": "cash", "amount": "20000.00"}]
    if draw(st.booleans()):
        receipt["packaging"] = [{"number": "1", "price": "1.00", "quantity": 3, "returned": draw(st.booleans())}]
    return receipt


class _Nothing:
    """No journal and no licence are needed to look at a document."""

    async def run(self, transaction: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    def refuses(self, *_: Any) -> None:
        return None

    def observe_clock(self, *_: Any) -> None:
        return None


def preview_of(document: Document, name: str, profile: str) -> Preview:
    chosen = family(name)
    engine = Engine([Printer("till1", chosen, Till("till1"), settings_of.of(name, profile))], _Nothing(), _Nothing())
    table = {"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": None, "F": None, "G": "exempt"}
    return engine.preview("till1", document).model_copy(update={"vat": table})


#: Profiles that the driver knows of a family, and printers of that profile.
PROFILES = [(name, profile) for name in FAMILIES for profile in family(name).choices("profile")]
#: What an emulated printer with that profile is called, where it is a list of models.
MODELS = {("noviapi", "80mm"): "point", ("noviapi", "57mm"): "deon"}
#: Not emulated: an older generation.
NOT_EMULATED = {("novitus-xml", "hd")}


@pytest.mark.parametrize(("name", "profile"), [each for each in PROFILES if each not in NOT_EMULATED])
@given(content=receipts())
def test_the_preview_the_printer_and_the_answer_have_the_same_total(
    name: str, profile: str, content: dict[str, Any]
) -> None:
    document = DOCUMENT.validate_python(content)
    try:
        found = preview_of(document, name, profile)
    except ProblemError as error:
        assert error.problem.code == "document.refused"  # noqa: PT017
        return
    assert found.totals is not None
    device, _ = build(name, **emulated_options(found), state=RegisterState(unique_number="EMU 0000000007"))
    printed = carry_out(device, found)
    last = device.register.state.last_document
    assert printed.result.total == found.totals.total
    assert from_grosze(sum(last.totals)) == found.totals.total
    # Some families send no payment if everything is paid in cash.
    paid = last.paid or sum(last.totals) + last.packaging_given - last.packaging_taken
    assert (from_grosze(paid), from_grosze(last.change)) == (found.totals.paid, found.totals.change)
    assert sum(found.totals.rates.values()) == found.totals.subtotal
    if found.totals.total == found.totals.subtotal:
        sums = {letter: from_grosze(last.totals["ABCDEFG".index(rate_letter(letter))]) for letter in found.totals.rates}
        assert sums == found.totals.rates


def rate_letter(vat: str) -> str:
    """While the engine does not know the table, rates stand as they were sent."""
    return {"5%": "C", "0%": "D", "exempt": "G"}.get(vat, vat)


@given(content=receipts())
@settings(max_examples=drawn(6))
def test_the_engine_prints_what_the_preview_shows(
    tmp_path_factory: pytest.TempPathFactory, content: dict[str, Any]
) -> None:
    async def main() -> None:
        async with shop(tmp_path_factory.mktemp("shop")) as it:
            await it.until(PrinterState.READY)
            try:
                found = it.engine.preview("till1", DOCUMENT.validate_python(content))
            except ProblemError as foretold:
                with pytest.raises(ProblemError) as refused:
                    await it.submit("A", content)
                assert refused.value.problem == foretold.problem  # noqa: PT017
                return
            job = await it.print("A", content)
            assert job.result is not None
            assert found.totals is not None
            assert job.result.total == found.totals.total == from_grosze(sum(it.till.register.state.day.receipts))

    virtual.run(main())


def test_packaging_that_is_paid_out() -> None:
    assert [describe_due(Decimal(due)) for due in ("-1.00", "0.00", "2.50")] == [
        "paid out 1.00",
        "due 0.00",
        "due 2.50",
    ]
