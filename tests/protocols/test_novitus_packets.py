"""Packets of the Novitus language: every frame of the reference, fed in every way; and what is no packet."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols.novitus_packets import (
    MAX_BODY,
    MAX_TAG,
    BadPacket,
    Deframer,
    Dialect,
    Packet,
    PacketFault,
    encode_packet,
)
from tests.protocols.novitus_xml.exchanges import FRAMES, WRONG_CRC

# Published or computed checksums (Novitus reference, 3.3).
VECTORS = {
    b'\r\n  <info action="transaction"/>\r\n': 0xBB1E3EC8,
    b'\r\n  <informacja akcja="transakcja"/>\r\n': 0x67D858E7,
    b"<dle/>": 0x4259D34E,
    b"<enq/>": 0xCE1F39D9,
    b'<info action="lasttransaction"/>': 0x40194434,
    b'<taxrates action="get"/>': 0x51616D98,
    b'<error action="set" value="silent"/>': 0x9D74A425,
    b'<error action="get" value="0" />\n': 0x1357C6F2,
    b'<stawki_ptu akcja="odczytaj">\n <stawka nazwa="A">23.00%</stawka>\n <stawka nazwa="B">8.00%</stawka>\n'
    b' <stawka nazwa="C">5.00%</stawka>\n <stawka nazwa="D">0.00%</stawka>\n <stawka nazwa="E">wolny</stawka>\n'
    b"</stawki_ptu>\n": 0x99D7F44A,
    b'<informacja akcja="wersja" wersja="POINT 1.01" />\n': 0x15FD5D77,
    b'<info action="checkout" type="receipt" lasterror="0" isfiscal="yes" receiptopen="no" lastreceipterror="no" '
    b'resetcount="0" date="23-05-2022" receiptcount="4926" cash="42643.00" uniqueno="KEB0500000011" '
    b'lastreceipt="4926" lastinvoice="0" lastprintout="5135">\n <ptu name="A">8365.00</ptu>\n <ptu name="B">0.00</ptu>\n'
    b' <ptu name="C">790.00</ptu>\n <ptu name="D">1355.00</ptu>\n</info>\n': 0x00540ADF,
}
GOOD = [data for data in FRAMES if data != WRONG_CRC]
every_frame = pytest.mark.parametrize("data", [pytest.param(data, id=str(n)) for n, data in enumerate(GOOD)])
BEEP = encode_packet(b"<dle/>")


def feed(data: bytes, size: int, limit: int = MAX_BODY) -> list[Packet | BadPacket]:
    deframer = Deframer(limit)
    return [item for at in range(0, len(data), size) for item in deframer.feed(data[at : at + size])]


def whole(data: bytes) -> Packet:
    (item,) = feed(data, len(data))
    assert isinstance(item, Packet), item
    return item


@pytest.mark.parametrize(("body", "crc"), VECTORS.items())
def test_checksums_are_those_that_were_published(body: bytes, crc: int) -> None:
    data = encode_packet(body)
    assert data == b'<packet crc="%08X">%s</packet>' % (crc, body)
    assert whole(data) == Packet(body, crc)


def test_a_packet_is_the_bytes_of_the_reference() -> None:
    # 38, 66 and 62 bytes (3.3, 10.7)
    assert len(encode_packet(b"<dle/>")) == 38
    assert len(encode_packet(b'\r\n  <info action="transaction"/>\r\n')) == 66
    assert (
        encode_packet(b'<error action="get" value=""/>')
        .hex(" ")
        .upper()
        .startswith("3C 70 61 63 6B 65 74 20 63 72 63 3D 22 33 44 46 37 31 41 38 45 22 3E 3C 65 72 72 6F 72")
    )
    assert len(encode_packet(b'<error action="get" value=""/>')) == 62


@every_frame
def test_a_frame_is_found_whole_and_in_pieces(data: bytes) -> None:
    packet = whole(data)
    for size in (1, 2, 3, 7, 16, 22):
        assert feed(data, size) == [packet]


@every_frame
def test_a_frame_is_found_among_junk(data: bytes) -> None:
    packet = whole(data)
    for junk in (b"\x00\xff", b"OK\r\n", b"</packet>", b"<pack", b"<", b"<packets>", b"<item/>"):
        assert feed(junk + data, 1) == [packet]
        assert feed(data + junk + data, 5) == [packet, packet]


@every_frame
def test_a_frame_is_written_again_byte_by_byte(data: bytes) -> None:
    packet = whole(data)
    again = encode_packet(packet.body, crc=packet.crc is not None, dialect=packet.dialect)
    assert again.upper() == data.upper()


@every_frame
def test_a_changed_byte_of_a_body_is_noticed(data: bytes) -> None:
    packet = whole(data)
    if packet.crc is None:
        return
    start = data.index(b">") + 1
    for at in range(start, start + len(packet.body)):
        broken = data[:at] + bytes((data[at] ^ 0x01,)) + data[at + 1 :]
        assert packet not in feed(broken, len(broken))


def test_a_wrong_checksum_is_reported_with_its_body() -> None:
    assert feed(WRONG_CRC, 1) == [BadPacket(PacketFault.CRC, Dialect.ENGLISH, b'<control action="beep"/>')]


@pytest.mark.parametrize(
    ("tag", "crc"),
    [
        (b"<packet>", None),
        (b"<packet >", None),
        (b'<packet crc="4259D34E">', 0x4259D34E),
        (b'<packet crc="4259d34e">', 0x4259D34E),
        (b"<packet  crc = '4259D34E' >", 0x4259D34E),
        (b'<packet\n\tcrc="4259D34E"\r\n>', 0x4259D34E),
        (b'<packet other="x" crc="4259D34E">', 0x4259D34E),
    ],
)
def test_a_tag_may_be_written_in_several_ways(tag: bytes, crc: int | None) -> None:
    assert feed(tag + b"<dle/></packet>", 1) == [Packet(b"<dle/>", crc)]
    assert feed(tag + b"<dle/></packet >", 4) == [Packet(b"<dle/>", crc)]


def test_leading_zeros_of_a_checksum_may_be_missing() -> None:
    body = next(b"<a%d/>" % n for n in range(1000) if zlib.crc32(b"<a%d/>" % n) < 0x10000000)
    crc = zlib.crc32(body)
    assert feed(b'<packet crc="%X">%s</packet>' % (crc, body), 1) == [Packet(body, crc)]


@pytest.mark.parametrize(
    "tag", [b'<packet crc="4259D34EE">', b'<packet crc="xyz">', b"<packet crc=4259D34E>", b"<packet /x>"]
)
def test_a_damaged_tag_is_reported_and_the_next_packet_found(tag: bytes) -> None:
    assert feed(tag + b"<dle/></packet>" + BEEP, 1) == [BadPacket(PacketFault.TAG), Packet(b"<dle/>", 0x4259D34E)]


def test_an_empty_packet_is_a_packet() -> None:
    assert feed(b"<packet/><packet></packet><pakiet />", 1) == [
        Packet(b""), Packet(b""), Packet(b"", None, Dialect.POLISH)
    ]  # fmt: skip


def test_an_opening_tag_ends_the_packet_before_it() -> None:
    cut = b'<packet crc="4259D34E"><dle'
    assert feed(cut + BEEP, 1) == [
        BadPacket(PacketFault.UNFINISHED, Dialect.ENGLISH, b"<dle"), Packet(b"<dle/>", 0x4259D34E)
    ]  # fmt: skip
    assert feed(b'<packet crc="42' + BEEP, 1) == [BadPacket(PacketFault.TAG), Packet(b"<dle/>", 0x4259D34E)]


def test_a_packet_ends_in_its_own_language() -> None:
    assert feed(b"<packet><dle/></pakiet>" + BEEP, 3) == [
        BadPacket(PacketFault.TAG, Dialect.ENGLISH, b"<dle/>"), Packet(b"<dle/>", 0x4259D34E)
    ]  # fmt: skip


@pytest.mark.parametrize("size", [1, 16, 1000])
def test_a_packet_that_is_too_long_is_dropped(size: int) -> None:
    for length in (101, 150, 5000):
        data = b"<packet>" + b"x" * length + b"</packet>" + BEEP
        assert feed(data, size, 100) == [BadPacket(PacketFault.TOO_LONG), Packet(b"<dle/>", 0x4259D34E)]
    assert feed(b"<packet>" + b"x" * 100 + b"</packet>", size, 100) == [Packet(b"x" * 100)]


def test_a_tag_that_is_too_long_is_dropped() -> None:
    data = b"<packet " + b"x" * MAX_TAG + b">" + BEEP
    assert feed(data, 1)[-1] == Packet(b"<dle/>", 0x4259D34E)
    assert feed(data, 1)[0] == BadPacket(PacketFault.TAG)


def test_a_reset_drops_an_unfinished_packet() -> None:
    deframer = Deframer()
    assert not deframer.inside
    assert list(deframer.feed(b"<packet><dle/>")) == []
    assert deframer.inside
    deframer.reset()
    assert not deframer.inside
    assert list(deframer.feed(b"</packet>" + BEEP)) == [Packet(b"<dle/>", 0x4259D34E)]


def test_a_body_with_a_tag_of_a_packet_is_not_written() -> None:
    for body in (b"</packet>", b"<dle/><packet>", b"</pakiet >"):
        with pytest.raises(ValueError, match="tag of a packet"):
            encode_packet(body)


_CHUNKS = st.lists(
    st.sampled_from([b"<packet", b"<pakiet", b' crc="', b'">', b">", b"<dle/>", b"</packet>", b"</pakiet>", b"<", b" ", b"x" * 30, BEEP])
    | st.binary(max_size=8),
    max_size=30,
)  # fmt: skip


@given(_CHUNKS, st.integers(1, 40))
def test_any_bytes_give_the_same_events_in_any_pieces(chunks: list[bytes], size: int) -> None:
    data = b"".join(chunks)
    assert feed(data, size, 64) == feed(data, max(len(data), 1), 64) == feed(data, 1, 64)


@given(_CHUNKS)
def test_after_any_bytes_two_good_packets_give_the_second(chunks: list[bytes]) -> None:
    assert feed(b"".join(chunks) + BEEP + BEEP, 3, 64)[-1] == Packet(b"<dle/>", 0x4259D34E)


@given(_CHUNKS)
def test_little_is_kept_of_any_bytes(chunks: list[bytes]) -> None:
    deframer = Deframer(64)
    for chunk in chunks:
        list(deframer.feed(chunk))
        assert len(deframer._buffer) <= MAX_TAG + 64 + 64


@given(st.binary(max_size=200).filter(lambda body: b"pa" not in body), st.booleans(), st.sampled_from(Dialect))
def test_every_body_comes_back(body: bytes, crc: bool, dialect: Dialect) -> None:
    data = encode_packet(body, crc=crc, dialect=dialect)
    assert feed(data, 1) == [Packet(body, zlib.crc32(body) if crc else None, dialect)]
