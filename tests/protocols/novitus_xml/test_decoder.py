"""The decoder: names for every packet of the reference, in any pieces; damage; personal data."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols.base import Effect
from fiscald.protocols.decoding import DecodedFrame, Direction
from fiscald.protocols.novitus_packets import Deframer, Packet, encode_packet
from fiscald.protocols.novitus_xml.decoder import NovitusXmlDecoder, protocol_doc
from tests.protocols.novitus_xml.exchanges import EXCHANGES, FRAMES

SENT, RECEIVED = Direction.SENT, Direction.RECEIVED


def named(data: bytes, direction: Direction = SENT, size: int = 0) -> list[DecodedFrame]:
    decoder, size = NovitusXmlDecoder(), size or len(data) or 1
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return [*(frame for piece in pieces for frame in decoder.feed(direction, piece)), *decoder.end(direction)]


def one(data: bytes, direction: Direction = SENT) -> DecodedFrame:
    (frame,) = named(data, direction)
    return frame


@pytest.mark.parametrize("data", FRAMES)
def test_every_frame_of_the_reference_is_one_frame_in_any_pieces(data: bytes) -> None:
    whole = one(data)
    assert whole.raw == data
    assert whole.name or whole.damage
    for size in (1, 3, 17):
        assert named(data, size=size) == [whole]
    assert whole in named(b"OK" + data + data + b"\xff")


@pytest.mark.parametrize(
    "each",
    [pytest.param(each, id=each.name) for each in EXCHANGES if each.mark != "device" and b"<packet" in each.request],
)
def test_attributes_of_the_reference_have_a_meaning(each: object) -> None:
    for data in (each.request, each.reply):  # type: ignore[attr-defined]
        for frame in named(data):
            known = ("trader", "Total", "middleware", "qr_code", "CU_", "receipt_number", "not_existing")
            for field in frame.fields:
                assert field.meaning or any(part in field.name for part in known), field


def test_a_receipt_is_named_and_its_effect_known() -> None:
    data = next(each.request for each in EXCHANGES if each.name == "sale-cash-one-packet")
    frame = one(data)
    assert (frame.name, frame.effect, frame.silent) == (
        "receipt begin, item, payment and 1 more",
        Effect.IRREVERSIBLE,
        False,
    )
    assert ("item.price", "4.00", "price") in [(field.name, field.value, field.meaning) for field in frame.fields]
    silent = one(next(each.request for each in EXCHANGES if each.name == "receipt-simple"))
    assert silent.silent, "the printer does not answer it"


def test_an_error_has_its_texts() -> None:
    frame = one(encode_packet(b'<error action="get" value="27" />\n'), RECEIVED)
    assert frame.error is not None
    assert (frame.error.name, frame.error.text) == ("27", "the total differs from the printer's sum")
    assert one(encode_packet(b'<error action="get" value="0" />\n'), RECEIVED).error is None
    assert frame.effect is None


@pytest.mark.parametrize(
    ("data", "damage"),
    [
        (b"OK", "bytes outside of a packet"),
        (b'<packet crc="00000000"><dle/></packet>', "a packet, but its checksum is wrong"),
        (b'<packet crc="42', "the packet has no end"),
        (b"<packet><dle/>", "the packet has no end"),
        (b"<packet><dle></packet>", "not XML"),
        (b"<packet><dle/></pakiet>", "a packet, but its opening or closing tag is damaged"),
    ],
)
def test_damage_is_named(data: bytes, damage: str) -> None:
    frame = one(data)
    assert frame.damage is not None
    assert damage in frame.damage
    assert len(frame.masked) == len(data)


def test_personal_data_are_masked_and_the_checksum_stays_right() -> None:
    data = encode_packet(
        '<invoice action="begin" number="1" nip="5260250274"><customer>Jan Kowalski &amp; syn</customer></invoice>'
        '<receipt action="close" cashier="Anna" total="1.00"/><info uniqueno="5260250274"/>'
        "<line>tel. jan@example.pl, NIP 526-025-02-74</line>".encode("cp1250")
    )
    frame = one(data)
    assert frame.damage is None
    masked = frame.masked
    assert len(masked) == len(data)
    for hidden in (b"Kowalski", b"Anna", b"jan@example.pl", b"526-025-02-74", b'nip="5260250274"'):
        assert hidden not in masked
    for kept in (b"&amp;", b'uniqueno="5260250274"', b'total="1.00"', b'number="1"'):
        assert kept in masked
    (packet,) = Deframer().feed(masked)
    assert isinstance(packet, Packet)
    assert packet.crc == zlib.crc32(packet.body)


_CHUNKS = st.lists(
    st.sampled_from([*FRAMES[:6], b"<packet", b'<packet crc="1">', b"</packet>", b"<pakiet/>", b"<", b"<item name='x"])
    | st.binary(max_size=9),
    max_size=12,
)  # fmt: skip


@given(_CHUNKS, st.sampled_from(Direction), st.integers(1, 50))
def test_no_byte_is_lost(chunks: list[bytes], direction: Direction, size: int) -> None:
    data = b"".join(chunks)
    frames = named(data, direction, size)
    assert b"".join(frame.raw for frame in frames) == data
    assert all(len(frame.masked) == len(frame.raw) for frame in frames)
    whole = [frame for frame in frames if frame.damage is None]
    assert whole == [frame for frame in named(data, direction) if frame.damage is None]


def test_the_tables_for_programs_in_other_languages_are_whole() -> None:
    doc = protocol_doc()
    assert "27" in doc.errors
    assert ("item.name", "goods") in doc.common
    assert {"receipt close", "dle"} <= {command.name for command in doc.commands}
    assert "function family.cut" in doc.lua
