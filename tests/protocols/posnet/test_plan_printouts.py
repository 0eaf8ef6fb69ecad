"""Printouts of a POSNET printer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols.posnet.grammar import State, after, refusal
from fiscald.protocols.posnet.session import PosnetSession
from tests.emulator.posnet.talking import Talk
from tests.protocols.posnet.plans import OLD, ONLINE, commands, printout, written


def test_the_printout_of_the_reference() -> None:
    """Section 5.9, with everything that a printout may carry."""
    assert commands(printout(lines=["Zażółć gęślą jaźń", {"rule": True}])) == [
        "formstart|fn200|fh75|",
        "formline|fn200|fl711|s1Zażółć gęślą jaźń|",
        "formcmd|fn200|cm1|",
        "formend|fn200|",
    ]
    assert commands(printout(title="Zamówienie 17", lines=["", "x" * 38], barcode="Z17")) == [
        "formstart|fn200|fh75|alZamówienie 17|",
        "formcmd|fn200|cm0|",
        f"formline|fn200|fl711|s1{'x' * 38}|",
        "formbarcode|fn200|bcZ17|",
        "formend|fn200|",
    ]


@pytest.mark.parametrize("profile", [ONLINE, OLD], ids=["online", "old"])
@pytest.mark.parametrize(
    ("content", "pointer", "code"),
    [
        ({"lines": ["Kawa", "x" * 39]}, "/lines/1", "text.too_long"),
        ({"lines": ["x" * 38 + "…"]}, "/lines/0", "text.too_long"),
        ({"title": "x" * 39}, "/title", "text.too_long"),
        ({"barcode": "1" * 31}, "/barcode", "text.too_long"),
    ],
)
def test_check_predicts_a_refusal_of_a_printout(profile: Any, content: dict[str, Any], pointer: str, code: str) -> None:
    """Nothing is cut: half a line of an order is another order."""
    (error,) = printout(profile, "mazovia", **content).errors
    assert (error.pointer, error.code) == (f"/document{pointer}", code)
    assert error.detail
    assert error.detail_pl
    assert error.detail_pl.endswith(".")


def test_a_line_of_a_printout_in_another_code_page() -> None:
    lines = [{"text": "Żółć", "code_page": page} for page in ("cp1250", "latin2", "mazovia")]
    items = printout(lines=lines, code_page="latin2").items
    assert [item.request.values["s1"] for item in items[1:]] == [
        "Żółć".encode(codec) for codec in ("cp1250", "iso8859_2", "mazovia")
    ]
    session = PosnetSession("latin2")
    assert b"\ts1\xa1\xa2\x92\x8d\t" in session.send(items[3].request)
    (notice,) = printout(lines=[{"text": "Ω", "code_page": "latin2"}]).notices
    assert (notice.pointer, notice.code) == ("/document/lines/0/text", "text.replaced")
    (error,) = printout(lines=[{"text": "x" * 39, "code_page": "latin2"}]).errors
    assert (error.pointer, error.code) == ("/document/lines/0/text", "text.too_long")


def test_replaced_characters_of_a_printout_are_reported() -> None:
    plan = printout(code_page="mazovia", lines=["„Żuk” × 2"], title="Sala – ogród")
    assert commands(plan)[:2] == ["formstart|fn200|fh75|alSala - ogród|", 'formline|fn200|fl711|s1"Żuk" x 2|']
    assert [notice.pointer for notice in plan.notices] == ["/document/title", "/document/lines/0"]


def test_a_line_that_its_plain_form_makes_too_long_goes_on_in_the_next_one() -> None:
    plan = printout(code_page="mazovia", lines=["x" * 37 + "…", "2"], title="y" * 37 + "…")
    assert commands(plan) == [
        f"formstart|fn200|fh75|al{'y' * 37}.|",
        f"formline|fn200|fl711|s1{'x' * 37}.|",
        "formline|fn200|fl711|s1..|",
        "formline|fn200|fl711|s12|",
        "formend|fn200|",
    ]
    assert [(notice.code, notice.pointer) for notice in plan.notices] == [
        ("text.replaced", "/document/title"), ("text.cut", "/document/title"), ("text.replaced", "/document/lines/0")
    ]  # fmt: skip
    assert printout(code_page="mazovia", lines=["👨‍👩‍👧" * 9 + "Rodzina"]).errors == [], "45 code points"


QR = {"text": "https://x", "size": 3, "correction": "M"}
QR_COMMANDS = ["qrcode|px3|el1|hx1|tx68747470733A2F2F78|", "ftrcfg|bb1|"]


def test_codes_between_the_lines() -> None:
    """Section 5.6: a QR code is configured for the sheet. It is the last thing before its end, whatever its place."""
    plan = printout(lines=["Bon", {"barcode": "Z17"}, {"qr": QR}])
    assert commands(plan) == [
        "formstart|fn200|fh75|",
        "formline|fn200|fl711|s1Bon|",
        "formbarcode|fn200|bcZ17|",
        *QR_COMMANDS,
        "formend|fn200|",
    ]
    assert plan.notices == []
    plan = printout(lines=[{"qr": QR}, "Bon"], barcode="Z17")
    assert commands(plan)[-4:] == ["formbarcode|fn200|bcZ17|", *QR_COMMANDS, "formend|fn200|"]
    assert [(notice.code, notice.pointer) for notice in plan.notices] == [("qr.moved", "/document/lines/0/qr")]


@pytest.mark.parametrize(
    ("lines", "pointer", "code"),
    [
        ([{"qr": QR}, {"qr": QR}], "/lines/1/qr", "printout.one_qr"),
        ([{"qr": {"text": "x" * 2000, "correction": "H"}}], "/lines/0/qr/text", "qr.too_long"),
        ([{"qr": {"text": "x" * 1000, "size": 8}}], "/lines/0/qr/size", "qr.too_wide"),
        ([{"barcode": "1" * 31}], "/lines/0/barcode", "text.too_long"),
        ([{"text": "x" * 39, "bold": True}], "/lines/0/text", "text.too_long"),
    ],
)
def test_check_predicts_a_refusal_of_a_line(lines: list[Any], pointer: str, code: str) -> None:
    assert (f"/document{pointer}", code) in [(error.pointer, error.code) for error in printout(lines=lines).errors]


@pytest.mark.parametrize(
    ("style", "named"),
    [({"bold": True}, "bold"), ({"align": "left"}, "align"), ({"bold": True, "align": "right"}, "bold and align")],
)
def test_a_style_that_the_printer_lacks_is_left_out_with_a_notice(style: dict[str, Any], named: str) -> None:
    plan = printout(lines=[{"text": "Pilne"} | style])
    assert commands(plan)[1] == "formline|fn200|fl711|s1Pilne|"
    (notice,) = plan.notices
    assert (notice.code, notice.pointer) == ("text.plain", "/document/lines/0")
    assert f"without {named}:" in notice.detail
    assert printout(lines=[{"text": "Pilne"}]).notices == []


def test_the_codes_of_a_printout_are_on_its_paper_only() -> None:
    talk, papers = Talk(), []
    for wanted in (printout(lines=["Bon", {"qr": QR}, {"barcode": "Z17"}]), printout(lines=["Drugi"])):
        for command in commands(wanted):
            assert talk.say(command) == f"{command.split('|')[0]}|"
        papers.append(talk.paper)
    first, second = papers
    assert first.index("Bon") < first.index("[BARCODE Z17]") < first.index("[QR https://x]")
    assert "Drugi" in second
    assert "[QR" not in second


def test_a_printout_is_printed_without_what_cannot_be_printed() -> None:
    plan = printout(lines=["☕", {"rule": True}, "‍", "stolik	4"], title="🎉")
    assert commands(plan) == [
        "formstart|fn200|fh75|",
        "formcmd|fn200|cm0|",
        "formcmd|fn200|cm1|",
        "formcmd|fn200|cm0|",
        "formline|fn200|fl711|s1stolik 4|",
        "formend|fn200|",
    ]
    assert [(notice.code, notice.pointer) for notice in plan.notices] == [
        ("text.left_out", "/document/title"), ("text.left_out", "/document/lines/0"),
        ("text.left_out", "/document/lines/2"), ("text.replaced", "/document/lines/3"),
    ]  # fmt: skip


PRINTOUT_LINES = st.one_of(
    st.just({"rule": True}),
    st.text(st.characters(codec="cp1250", exclude_categories=["Cc"], exclude_characters="|<"), max_size=45),
)


@given(st.lists(PRINTOUT_LINES, min_size=1, max_size=6), st.booleans())
def test_a_printout_is_refused_or_comes_out_as_it_was_asked_for(lines: list[Any], coded: bool) -> None:
    """A plan without errors stays within the grammar, is accepted, and every text is on the paper."""
    plan = printout(lines=lines, barcode="A1" if coded else None)
    if plan.errors:
        return
    talk, state = Talk(), State.IDLE
    assert plan.close is not None
    for step in [*(item.request for item in plan.items), plan.close]:
        mnemonic = step.row.mnemonic
        assert refusal(mnemonic, state) is None
        state = after(mnemonic, state)
        assert talk.say(written(step)) == f"{mnemonic}|"
    assert state is State.IDLE
    printed = [step.request.values["s1"] for step in plan.items if step.request.row.mnemonic == "formline"]
    assert len(printed) == sum(isinstance(line, str) and bool(line.strip()) for line in lines)
    for text in printed:
        assert text in talk.paper
