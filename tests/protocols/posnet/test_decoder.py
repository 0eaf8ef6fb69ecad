"""Names for people: every command, field and error; nothing that passes is lost or hidden."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols.base import Effect
from fiscald.protocols.decoding import DecodedFrame, Direction
from fiscald.protocols.posnet.commands import COMMANDS
from fiscald.protocols.posnet.decoder import WORDS, PosnetDecoder, protocol_doc
from fiscald.protocols.posnet.frames import BadFrame, Deframer, Field, Frame, encode
from tests.protocols.posnet.scripted import frame
from tests.protocols.posnet.test_frames import EXAMPLES
from tests.recordings import posnet

SENT, RECEIVED = Direction.SENT, Direction.RECEIVED
#: What looks like frames, and what does not.
PIECES = st.sampled_from(
    [
        *(data for _, _, data in EXAMPLES),
        b"\x02",
        b"\x03",
        b"\t",
        b"#",
        b"\x02trend\t",
        b"\x02\x03",
        b"\x02?1\t#0000\x03",
    ]
) | st.binary(max_size=8)
STREAMS = st.lists(PIECES, max_size=8).map(b"".join)


def named(data: bytes, direction: Direction = SENT) -> list[DecodedFrame]:
    decoder = PosnetDecoder("cp1250")
    return [*decoder.feed(direction, data), *decoder.end(direction)]


def one(payload: str, direction: Direction = SENT) -> DecodedFrame:
    (found,) = named(frame(payload), direction)
    assert found.damage is None
    return found


def test_every_command_and_field_has_a_meaning() -> None:
    assert WORDS.keys() == COMMANDS.keys()
    for mnemonic, row in COMMANDS.items():
        text, meanings = WORDS[mnemonic]
        assert text
        assert meanings.keys() == {param.name for param in (*row.params, *row.reply)}, mnemonic
        assert all(meaning.text for meaning in meanings.values())


@pytest.mark.parametrize(("way", "data"), [pytest.param(w, d, id=f"{w} {t}") for w, t, d in EXAMPLES])
def test_every_example_is_named_whole_between_junk(way: str, data: bytes) -> None:
    before, found, after = named(b"\x00junk" + data + b"\x03\xff", Direction(way))
    assert (before.raw, found.raw, after.raw) == (b"\x00junk", data, b"\x03\xff")
    assert before.damage == after.damage == "bytes outside of a frame"
    (known,) = Deframer().feed(data)
    if isinstance(known, Frame):
        assert found.damage is None
        assert (found.name, [field.name for field in found.fields]) == (known.mnemonic, [f.name for f in known.fields])
        assert found.text == data[1:-6].decode("cp1250")
        assert (found.error is not None) == (known.get("?") is not None)


@pytest.mark.parametrize("exchange", [e for c in posnet() for e in c.exchanges], ids=lambda e: e.command[:30])
def test_every_recorded_field_is_known(exchange: Any) -> None:
    for payload, direction in ((exchange.command, SENT), (exchange.response, RECEIVED)):
        found = one(payload, direction)
        assert found.meaning
        assert all(field.meaning and not field.value.startswith("'") for field in found.fields)
        assert found.masked == found.raw or found.name == "trnipset"


def test_values_are_written_as_people_write_them() -> None:
    line = one("trline\tnaKawa\tvt1\tpr1234\til2.000\trp1000\tst1\t")
    assert [field.value for field in line.fields] == ["Kawa", "B", "12.34", "2.000", "10%", "yes"]
    assert one("trpayment\tty2\twa500\tre0\t").fields[0].value == "2 (Karta)"
    rates = one("vatget\tva23,00\tvf101,00\tvg100,00\t", RECEIVED)
    assert [field.value for field in rates.fields] == ["23%", "inactive", "exempt"]
    clock = one("rtcget\tda2026-10-09;11:44\ttm2026-10-09T11:44:29+02:00\t", RECEIVED)
    assert [field.value for field in clock.fields] == ["2026-10-09 11:44", "2026-10-09 11:44:29+02:00"]
    assert all(field.volatile for field in clock.fields)
    bad = one("trend\tto1,5\tzz1\t")
    assert [field.value for field in bad.fields] == ["'1,5': b'1,5' is not a whole number", "1"]
    assert bad.fields[1].meaning == ""
    assert one("trend\tto\t").fields[0].text == ""


def test_effects_are_of_commands_only() -> None:
    assert one("scomm\t").effect is Effect.QUERY
    assert one("!sdev\t").effect is Effect.QUERY
    assert one("trend\tto1\t").effect is Effect.IRREVERSIBLE
    assert one("nosuch\t").effect is None
    assert one("trend\t", RECEIVED).effect is None


def test_errors_in_english_and_polish() -> None:
    error = one("trline\t?2005\t", RECEIVED).error
    assert error is not None
    assert error == ("2005 ERR_NO_TRNS_MODE", "no transaction is open", "na drukarce nie ma otwartego dokumentu")
    refused = one("ERR\t?5\tcmtrend\tfdto\t", RECEIVED)
    assert refused.error is not None
    assert refused.error.name == "frame 5 PROTO_ERR_CRC_INVALID"
    assert [field.meaning for field in refused.fields] == ["error", "command refused", "field refused"]
    strange = one("trline\t?abc\t", RECEIVED).error
    assert strange is not None


@pytest.mark.parametrize(
    ("data", "damage"),
    [
        (b"\x02trend\t#2903\x03", "the checksum does not fit"),
        (b"\x02trend\t#902\x03", "the checksum does not have four digits"),
        (b"\x02trend\x03", "no checksum, or not built as a frame"),
        (b"\x02\x03", "no checksum, or not built as a frame"),
        (b"\x02trend\t#2902", "the frame has no end"),
        (b"trend", "bytes outside of a frame"),
        (b"\x02" + bytes(8200) + b"\x03", "longer than 8192 bytes"),
        (frame("\t"), "the command's name is empty or too long"),
        (frame("trend\tt\t"), "a field has no name"),
    ],
)
def test_damage_is_said(data: bytes, damage: str) -> None:
    (found,) = named(data)
    assert (found.raw, found.damage) == (data, damage)


def test_a_frame_without_an_end_is_given_up_and_nothing_of_it_is_lost() -> None:
    """Whoever sends it may never end it; what is kept while its end is awaited is bounded."""
    decoder = PosnetDecoder("cp1250")
    sent = b"\x02" + b"A" * 200_000 + frame("trend\t")
    found = [item for at in range(0, len(sent), 997) for item in decoder.feed(RECEIVED, sent[at : at + 997])]
    found += decoder.end(RECEIVED)
    assert b"".join(item.raw for item in found) == sent
    assert max(len(item.raw) for item in found) < 40_000
    assert (found[0].damage, found[-1].name, found[-1].damage) == ("the frame has no end", "trend", None)
    (whole, *rest, last) = named(sent, RECEIVED)
    assert (whole, last) == (found[0], found[-1])
    assert {item.damage for item in rest} == {"bytes outside of a frame"}


def test_a_frame_that_is_given_up_for_another() -> None:
    cut, whole = named(b"\x02trl" + frame("trend\t"))
    assert (cut.raw, cut.damage) == (b"\x02trl", "the frame has no end")
    assert (whole.name, whole.damage) == ("trend", None)


@given(STREAMS, st.sampled_from(Direction))
def test_nothing_is_lost_and_masking_keeps_lengths(data: bytes, direction: Direction) -> None:
    found = named(data, direction)
    assert b"".join(item.raw for item in found) == data
    assert all(len(item.masked) == len(item.raw) for item in found)
    intact = [item for item in Deframer().feed(data) if not isinstance(item, BadFrame)]
    assert [item.name for item in found if item.damage is None] == [item.mnemonic for item in intact]
    for item in found:
        if item.damage is None:
            (again,) = named(item.masked, direction)
            assert (again.damage, again.name, again.raw) == (None, item.name, item.masked)


@given(STREAMS, st.integers(1, 9))
def test_frames_do_not_depend_on_how_bytes_arrive(data: bytes, size: int) -> None:
    decoder = PosnetDecoder("cp1250")
    found = [item for at in range(0, len(data), size) for item in decoder.feed(SENT, data[at : at + size])]
    found += decoder.end(SENT)
    outside = "bytes outside of a frame"
    assert [item for item in found if item.damage != outside] == [i for i in named(data) if i.damage != outside]
    assert b"".join(item.raw for item in found) == data


VALUES = st.sampled_from([b"0", b"1", b"T", b"101,00", b"2026-13-01", b"2026-10-09;11:44", b"9" * 30]) | st.binary()
FIELDS = st.tuples(st.sampled_from(["?", "@", "cm", "to", "vt", "da", "tm", "va", "rp", "il", "ty", "tx"]), VALUES)


@given(st.sampled_from([*COMMANDS, "ERR"]), st.lists(FIELDS, max_size=4), st.sampled_from(Direction))
def test_any_value_of_any_command_is_shown(
    mnemonic: str, fields: list[tuple[str, bytes]], direction: Direction
) -> None:
    clean = tuple(Field(name, value) for name, value in fields if not {2, 3, 9} & {*value})
    (found,) = named(encode(Frame(mnemonic, clean)), direction)
    assert (found.damage, found.name) == (None, mnemonic)
    assert [field.name for field in found.fields] == [field.name for field in clean]
    assert (found.error is not None) == any(field.name == "?" for field in clean)


# -- personal data ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "masked"),
    [
        ("trnipset\tni5260250274\tdsNIP\t", "trnipset\tni0000000000\tdsNIP\t"),
        ("trnipset\tniPL 526-025-02-74\t", "trnipset\tnixx 000-000-00-00\t"),
        ("trfvbuyer\tnaZażółć S.A.\tni5260250274\tsc0\t", "trfvbuyer\tnaxxxxxx x.x.\tni0000000000\tsc0\t"),
        ("trftrln\tid25\tnaNIP: 526-025-02-74, dzięki\t", "trftrln\tid25\tnaNIP: 000-000-00-00, dzięki\t"),
        ("trftrln\tid25\tna5260250275 is no NIP\t", "trftrln\tid25\tna5260250275 is no NIP\t"),
        ("eparagonidznext\tidmy@home.pl\t", "eparagonidznext\tidxx@xxxx.xx\t"),
        ("ftrcfg\tccAnna Nowak\tcn01\t", "ftrcfg\tccxxxx xxxxx\tcn01\t"),
        ("scomm\tfsT\tnuZBF 5260250274\t", "scomm\tfsT\tnuZBF 5260250274\t"),
        ("hdrget\ttxSklep\nNIP 5260250274\t", "hdrget\ttxSklep\nNIP 0000000000\t"),
    ],
)
def test_personal_data_are_masked_in_an_intact_frame(payload: str, masked: str) -> None:
    assert one(payload).masked == frame(masked)


def test_damaged_frames_are_masked_too_and_stay_damaged() -> None:
    data = b"\x02trnipset\tni5260250274\t#0000\x03"
    (found,) = named(data)
    assert found.masked == b"\x02trnipset\tni0000000000\t#0000\x03"
    assert named(b"\x02trnipset\tni526025")[0].masked == b"\x02trnipset\tni000000"
    assert named(b"5260250274 stray")[0].masked == b"0000000000 stray"


def test_the_protocol_doc_has_every_error() -> None:
    errors = protocol_doc().errors
    assert errors["frame 5"].text == "the checksum does not fit the frame"
    assert errors["2005"].text == "no transaction is open"
