"""Elements of the Novitus language: written, read, refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols.novitus_elements import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    Element,
    NotElements,
    decode_text,
    element,
    read_elements,
    write_elements,
    write_reply,
)
from fiscald.protocols.novitus_packets import Deframer, Packet
from tests.protocols.novitus_xml.exchanges import EXCHANGES, FRAMES


def body_of(data: bytes) -> bytes:
    (packet,) = Deframer().feed(data)
    assert isinstance(packet, Packet) or packet.body, packet
    return packet.body


REPLIES = [pytest.param(each.reply, id=each.name) for each in EXCHANGES if each.reply]


@pytest.mark.parametrize("data", REPLIES)
def test_every_reply_is_written_again_as_the_printer_wrote_it(data: bytes) -> None:
    body = body_of(data)
    assert write_reply(read_elements(body)) == body


@pytest.mark.parametrize("data", FRAMES)
def test_every_frame_has_elements_that_come_back(data: bytes) -> None:
    found = read_elements(body_of(data))
    assert found
    assert read_elements(write_elements(found)) == found
    assert read_elements(write_reply(found)) == found


def test_an_element_has_attributes_text_and_children() -> None:
    body = b'<info action="checkout" cash="1.00">\n <ptu name="A">12.50</ptu>\n <x/>\n</info>\n<dle/>'
    info, dle = read_elements(body)
    assert (info.name, info.get("cash"), info.get("none"), info.get("none", "?")) == ("info", "1.00", None, "?")
    assert info.all("ptu") == (Element("ptu", (("name", "A"),), (), "12.50"),)
    assert dle == element("dle")
    assert info.text == ""


def test_a_request_stands_on_one_line() -> None:
    one = element(
        "receipt", element("additional", element("line", text="Bułka & <masło>"), type="definition"),
        action="close", nip=None, cashier='"Ó"\n',
    )  # fmt: skip
    assert write_elements([one, element("dle")]) == (
        '<receipt action="close" cashier="&quot;Ó&quot;&#xA;"><additional type="definition">'
        "<line>Bułka &amp; &lt;masło&gt;</line></additional></receipt><dle/>"
    ).encode("cp1250")


def test_several_spaces_in_a_text_are_written_as_numbers() -> None:
    # -> nonfiscal-many-spaces
    assert write_elements([element("line", text="a   b")]) == b"<line>a &#32;&#32;b</line>"
    assert read_elements(b"<line>a &#32;&#32;b</line>")[0].text == "a   b"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<dle>", "not XML"),
        (b"<dle/", "not XML"),
        (b"</packet><packet>", "not XML"),
        (b"<a b=1/>", "not XML"),
        (b"<a b='1' b='2'/>", "not XML"),
        (b"\x00", "not XML"),
        (b"&bomb;", "not XML"),
        (b"text", "text between"),
        (b"<a>text<b/></a>", "text and elements"),
        (b"<a><!DOCTYPE a></a>", "not XML"),
        (b"<?php x?>", "no part of this language"),
        (b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1), "in each other"),
        (b"<a/>" * (MAX_ELEMENTS + 1), "more than 4096"),
    ],
)
def test_what_is_not_elements_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(NotElements, match=why):
        read_elements(body)


def test_what_is_allowed_is_not_refused() -> None:
    assert len(read_elements(b"<a/>" * MAX_ELEMENTS)) == MAX_ELEMENTS
    assert read_elements(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH)
    assert read_elements(b"") == ()
    assert read_elements(b" \r\n ") == ()


@pytest.mark.parametrize("text", ["\x00", "\x1b", "漢", "\ufffd", "ᶲ"])
def test_what_the_language_cannot_carry_is_not_written(text: str) -> None:
    for one in (element("a", b=text), element("a", text=text)):
        with pytest.raises(ValueError, match=r"cannot stand|windows-1250"):
            write_elements([one])


@pytest.mark.parametrize("name", ["", "a b", "a>", "1a", "a\n"])
def test_a_name_that_is_none_is_not_written(name: str) -> None:
    for one in (Element(name), Element("a", ((name, "1"),))):
        with pytest.raises(ValueError, match="not a name"):
            write_elements([one])


def test_two_bytes_have_two_characters() -> None:
    assert len(set(decode_text(bytes(range(256))))) == 256
    assert decode_text("Zażółć gęślą jaźń €".encode("cp1250")) == "Zażółć gęślą jaźń €"


_NAMES = st.from_regex(r"\A[a-z_][a-z0-9_.]{0,5}\Z")
_TEXTS = st.binary(max_size=20).map(decode_text).map(lambda text: "".join(c for c in text if c >= " " or c in "\t\n\r"))
_LEAVES = st.builds(
    lambda name, attributes, text: Element(name, tuple(attributes.items()), (), text),
    _NAMES, st.dictionaries(_NAMES, _TEXTS, max_size=3), _TEXTS,
)  # fmt: skip
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.builds(
        lambda name, children: Element(name, (), tuple(children)), _NAMES, st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(_TREES, max_size=4))
def test_elements_come_back_from_a_request(elements: list[Element]) -> None:
    assert read_elements(write_elements(elements)) == tuple(elements)


@given(st.binary(max_size=100))
def test_any_bytes_are_elements_or_refused(body: bytes) -> None:
    try:
        found = read_elements(body)
    except NotElements:
        return
    assert read_elements(write_elements(found)) == found


@given(st.binary(max_size=60).map(decode_text))
def test_any_text_reaches_one_attribute_or_is_refused(text: str) -> None:
    try:
        body = write_elements([element("item", name=text)])
    except ValueError:
        return
    assert read_elements(body) == (element("item", name=text),)
