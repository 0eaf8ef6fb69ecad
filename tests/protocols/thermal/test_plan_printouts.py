"""Printouts of a Thermal printer: the form of each profile, its limits, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols.thermal.grammar import State, after, refusal
from fiscald.protocols.thermal.plan_printout import QR_CHARACTERS, form_of
from fiscald.protocols.thermal.session import ThermalSession
from tests.emulator.thermal.talking import Talk
from tests.protocols.thermal.plans import INNOVA, NOVITUS, POSNET, commands, printout, written

QR = {"text": "HTTPS://SHOP.PL/17"}
PROFILES = pytest.mark.parametrize("profile", [POSNET, NOVITUS], ids=["posnet", "novitus"])


def notices(plan: Any) -> list[tuple[str, str]]:
    return [(notice.pointer, notice.code) for notice in plan.notices]


def test_the_form_of_posnet() -> None:
    """The frames of the reference, 10.20, but for a heading that says less and a line that has no label."""
    plan = printout(title="Zamówienie 17", lines=["Żurek x 2", "", {"rule": True}, "x" * 35, {"barcode": "ABC123456"}])
    assert commands(plan) == [
        "0;22;2$w",
        "22;14$wZamówienie 17|",
        "22;14$wŻurek x 2|",
        "22;255$w",
        "22;254;1$w",
        f"22;37$w{'x' * 35}|",
        "22;254;0$wABC123456|",
        "1;22;0;0$w",
    ]
    assert notices(plan) == [("/document", "printout.heading"), ("/document/lines/3", "printout.label")]


def test_the_form_of_novitus() -> None:
    """The line of the reference, 10.20; bold, centred, and with the codes of its manual."""
    plan = printout(NOVITUS, title="Zamówienie 17", lines=[
        {"text": "TEKST", "align": "center"}, {"text": "Pilne", "bold": True}, "", {"rule": True}, {"qr": QR},
    ], barcode="Z17")  # fmt: skip
    assert commands(plan) == [
        "0;200;0;0$w",
        "200;0;1;0;0;1;0$wZamówienie 17|",
        "200;0;0;0;0;1;0$wTEKST|",
        "200;0;1;0;0;0;0$wPilne|",
        "200;255$w",
        "200;254$w",
        "200;249$wHTTPS://SHOP.PL/17|",
        "200;252$wZ17|",
        "1;200;0;0$w",
    ]
    assert plan.notices == []


@PROFILES
@pytest.mark.parametrize(
    ("content", "pointer", "code"),
    [
        ({"lines": ["Kawa", "x" * 41]}, "/lines/1", "text.too_long"),
        ({"lines": [{"text": "x" * 41, "bold": True}]}, "/lines/0/text", "text.too_long"),
        ({"lines": [{"text": "x" * 41, "code_page": "latin2"}]}, "/lines/0/text", "text.too_long"),
        ({"title": "x" * 41}, "/title", "text.too_long"),
        ({"barcode": "1" * 29}, "/barcode", "barcode.length"),
        ({"barcode": "A" * 16}, "/barcode", "barcode.length"),
        ({"lines": [{"barcode": "12"}]}, "/lines/0/barcode", "barcode.length"),
    ],
)
def test_check_predicts_a_refusal_of_a_printout(profile: Any, content: dict[str, Any], pointer: str, code: str) -> None:
    """Nothing is cut: half a line of an order is another order."""
    plan = printout(profile, **content)
    (error,) = plan.errors
    assert (error.pointer, error.code) == (f"/document{pointer}", code)
    assert error.detail
    assert error.detail_pl.endswith(".")


@pytest.mark.parametrize(("profile", "most"), [(POSNET, 35), (NOVITUS, 40)], ids=["posnet", "novitus"])
def test_the_longest_line(profile: Any, most: int) -> None:
    assert printout(profile, lines=["x" * most]).errors == []
    assert [error.code for error in printout(profile, lines=["x" * (most + 1)]).errors] == ["text.too_long"]


@PROFILES
@pytest.mark.parametrize("code", ["ABC", "A" * 15, "1" * 28, "1" * 30])
def test_the_lengths_of_a_bar_code(profile: Any, code: str) -> None:
    plan = printout(profile, lines=[{"barcode": code}])
    assert plan.errors == []
    talk = Talk(profile=profile.name)
    talk.follow(*commands(plan))
    assert f"[BARCODE {code}]" in talk.paper


@pytest.mark.parametrize(
    ("profile", "qr", "pointer", "code"),
    [
        (POSNET, QR, "", "qr.unsupported"),
        (NOVITUS, {"text": "https://shop.pl"}, "/text", "qr.characters"),
        (NOVITUS, {"text": "Ż"}, "/text", "qr.characters"),
        (NOVITUS, {"text": "A" * (QR_CHARACTERS + 1)}, "/text", "qr.too_long"),
    ],
)
def test_a_qr_code_that_is_refused(profile: Any, qr: Any, pointer: str, code: str) -> None:
    (error,) = printout(profile, lines=["Bon", {"qr": qr}]).errors
    assert (error.pointer, error.code) == (f"/document/lines/1/qr{pointer}", code)
    assert "send" in error.detail


def test_the_largest_qr_code_is_printed_and_one_more_character_is_not() -> None:
    for more, code in ((0, 0), (1, 4)):
        talk = Talk(profile="novitus")
        talk.follow("0;200;0;0$w")
        assert talk.error(f"200;249$w{'A' * (QR_CHARACTERS + more)}|") == code


def test_a_qr_code_has_the_printers_own_size() -> None:
    assert printout(NOVITUS, lines=[{"qr": QR}]).notices == []
    plan = printout(NOVITUS, lines=[{"qr": QR | {"size": 8}}])
    assert notices(plan) == [("/document/lines/0/qr", "qr.plain")]


def test_an_innova_prints_none() -> None:
    (error,) = printout(INNOVA).errors
    assert (error.pointer, error.code) == ("/document", "printout.unsupported")
    assert form_of("innova") is None


def test_a_lost_profile_is_an_error() -> None:
    with pytest.raises(ValueError, match="lost"):
        form_of(None)


@pytest.mark.parametrize(
    ("profile", "style", "named"),
    [
        (POSNET, {"bold": True}, "without bold"), (POSNET, {"align": "center"}, "without align"),
        (POSNET, {"align": "left", "bold": True}, "without bold and align"),
        (NOVITUS, {"bold": True, "align": "center"}, None), (NOVITUS, {"align": "left"}, None),
        (NOVITUS, {"align": "right", "bold": True}, "without align"),
    ],
)  # fmt: skip
def test_a_style_is_printed_or_named(profile: Any, style: dict[str, Any], named: str | None) -> None:
    plan = printout(profile, lines=[{"text": "Pilne"} | style])
    found = [notice for notice in plan.notices if notice.code == "text.plain"]
    assert len(found) == (named is not None)
    assert all(named is not None and named in notice.detail for notice in found)
    assert sum("Pilne" in command for command in commands(plan)) == 1


def test_bold_text_that_is_too_wide_is_printed_plainly() -> None:
    plan = printout(NOVITUS, lines=[{"text": "x" * 20, "bold": True}, {"text": "y" * 21, "bold": True}])
    assert commands(plan)[1:3] == [f"200;0;1;0;0;0;0$w{'x' * 20}|", f"200;0;0;0;0;0;0$w{'y' * 21}|"]
    assert notices(plan) == [("/document/lines/1", "text.plain")]
    assert "at most 20" in plan.notices[0].detail


@PROFILES
def test_what_the_form_lacks_is_replaced_and_reported(profile: Any) -> None:
    plan = printout(profile, lines=["Uwaga!", "Crème „brûlée”", "🎉"])
    texts = [step for step in commands(plan)[1:-1] if "255$w" not in step]
    assert [step.partition("$w")[2] for step in texts] == ["Uwaga.|", 'Creme "brulee"|']
    codes = [code for pointer, code in notices(plan) if pointer != "/document"]
    assert codes == ["text.replaced", "text.replaced", "text.left_out"]


@PROFILES
def test_a_line_in_another_code_page(profile: Any) -> None:
    """Only the printer that is set to it prints it readably; none refuses it."""
    pages = ("cp1250", "latin2", "mazovia")
    plan = printout(profile, lines=[{"text": "Żółć", "code_page": page} for page in pages])
    session = ThermalSession("mazovia")
    sent = [session.send(item.request) for item in plan.items[1:]]
    assert [data.partition(b"$w")[2][:4] for data in sent] == [
        "Żółć".encode(codec) for codec in ("cp1250", "iso8859_2", "mazovia")
    ]
    talk = Talk(profile=profile.name)
    talk.follow(written(plan.items[0].request))
    for data in sent:
        assert talk.raw(data).startswith(b"\x1bP0#Z")
    assert plan.close is not None
    talk.follow(written(plan.close))
    assert talk.paper.count("Żółć") == 1


#: What a form prints, and the sign that it replaces.
TEXTS = st.text(
    st.characters(codec="mazovia", exclude_categories=["Cc"], exclude_characters="|<"),
    max_size=45,
)
LINES = st.one_of(
    st.just({"rule": True}),
    TEXTS,
    st.builds(
        lambda text, bold, align: {"text": text, "bold": bold, "align": align},
        TEXTS,
        st.booleans(),
        st.sampled_from([None, "left", "center", "right"]),
    ),
)


@PROFILES
@given(lines=st.lists(LINES, min_size=1, max_size=6), coded=st.booleans())
def test_a_printout_is_refused_or_comes_out_as_it_was_asked_for(profile: Any, lines: list[Any], coded: bool) -> None:
    """A plan without errors stays within the grammar, is accepted, and every text is on the paper."""
    plan = printout(profile, lines=lines, barcode="A1B" if coded else None)
    if plan.errors:
        return
    talk, state = Talk(profile=profile.name), State.IDLE
    assert plan.close is not None
    for step in [*(item.request for item in plan.items), plan.close]:
        assert refusal(step.row.name, state) is None
        state = after(step.row.name, state)
        assert talk.error(written(step)) == 0
    assert state is State.IDLE
    printed = [step.request.values["argumenty"][0] for step in plan.items if "argumenty" in step.request.values]
    texts = [line if isinstance(line, str) else line.get("text", "") for line in lines]
    assert len(printed) == sum(bool(text.strip()) for text in texts) + coded
    for text in printed:
        assert text in talk.paper
