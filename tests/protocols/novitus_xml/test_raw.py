"""A technician's element: read, sent with a question, shown with its error."""

from __future__ import annotations

import pytest

from fiscald.protocols.base import Effect, Ends
from fiscald.protocols.novitus_xml.commands import Reply
from fiscald.protocols.novitus_xml.family import FAMILY
from tests.protocols.novitus_xml.bench import settings
from tests.protocols.novitus_xml.printer import Printer


def ask(text: str, printer: Printer) -> str:
    step = FAMILY.raw.parse(text, settings())
    session = FAMILY.session(settings())
    (event,) = session.receive(printer.answer(session.send(step.command)))
    shown = FAMILY.raw.show(event.reply, settings())  # type: ignore[union-attr]
    return shown.text if shown.refusal is None else f"{shown.text}: {shown.refusal}"


def test_a_query_is_answered_as_an_element() -> None:
    for text in ('<info action="version"/>', 'info action="version"', ' <info action="version"></info>\n'):
        assert ask(text, Printer()) == '<info action="version" version="HD Online 3.50"/>'
    assert ask("dle", Printer()) == '<dle online="yes" papererror="no" printererror="no"/>'


def test_an_executing_element_is_answered_with_the_number_of_its_error() -> None:
    printer = Printer()
    assert ask('control action="drawer"', printer) == '<error action="get" value="0"/>'
    assert printer.drawer == 1
    assert ask('<receipt action="close" total="1.00"/>', printer) == (
        '<error action="get" value="21"/>: no receipt is open (error 21)'
    )
    assert ask("not_existing", printer).endswith("the printer does not know this command (error 1022)")


@pytest.mark.parametrize(
    ("text", "effect", "ends"),
    [
        ("enq", Effect.QUERY, None),
        ('item name="x"', Effect.REVERSIBLE, None),
        ('receipt action="close"', Effect.IRREVERSIBLE, Ends.SEEN),
        ('receipt action="cancel"', Effect.REVERSIBLE, Ends.SEEN),
        ('invoice action="cancel"', Effect.REVERSIBLE, Ends.SEEN),
        ('report type="daily"', Effect.IRREVERSIBLE, None),
        ("not_existing", Effect.IRREVERSIBLE, None),
    ],
)
def test_the_effect_is_that_of_the_table(text: str, effect: Effect, ends: Ends | None) -> None:
    step = FAMILY.raw.parse(text, settings())
    assert (step.effect, step.ends) == (effect, ends)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "write one element"),
        ("<dle/><enq/>", "write one element"),
        ("<dle", "write one element"),
        ("<dle/></packet><packet>", "write one element"),
        ('<line x="漢"/>', "code page cp1250 has no"),
        ("<a>\x00</a>", "write one element"),
        ('<x y="' + "z" * 4500 + '"/>', "at most 4400 bytes"),
        ('fiscalization action="fiscalization"', "does not send fiscalization"),
        ("<producer/>", "does not send producer"),
    ],
)
def test_what_is_no_element_is_refused_with_a_sentence(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        FAMILY.raw.parse(text, settings())


def test_the_text_of_an_answer_is_polish_where_it_is_polish() -> None:
    from fiscald.protocols.novitus_elements import element

    assert (
        FAMILY.raw.show(Reply(element("x", y='żółć & "cudzysłów"')), settings()).text
        == '<x y="żółć &amp; &quot;cudzysłów&quot;"/>'
    )
