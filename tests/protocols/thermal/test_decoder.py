"""Names for people: every command, answer, field, status bit and error; nothing that passes is lost or hidden."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols.base import Effect, Settings
from fiscald.protocols.decoding import DecodedFrame, Direction
from fiscald.protocols.thermal.commands import ANSWERS, COMMANDS, RESULT
from fiscald.protocols.thermal.decoder import ThermalDecoder, protocol_doc
from fiscald.protocols.thermal.fields import Brand
from fiscald.protocols.thermal.frames import AnswerDeframer, BadFrame, CommandDeframer, Control, Dle, Enq, Frame, check
from fiscald.protocols.thermal.meanings import WORDS
from tests.protocols import settings as settings_of
from tests.protocols.thermal.examples import Example, examples
from tests.recordings import Dialogue, thermal

SENT, RECEIVED = Direction.SENT, Direction.RECEIVED
SETTINGS = settings_of.thermal()
EXAMPLES = examples()
#: What the reference shows to be refused.
WRONG_CHECK = b"\x1bP0$h02\x1b\\"
#: Commands of the reference that are not in the table.
UNKNOWN = {"#X"}
OUTSIDE = "bytes outside of a sequence"
#: What looks like sequences, and what does not.
ODD = (
    b"\x1b", b"\x1bP", b"\x1b\\", b"\\", b"P", b";", b"$", b"\x10", b"\x1a", b"\x18", b"\x05", b"m", b"t", b"5260250274",
    b"\x1bP1$N526025\x100274\r\x1b\\", b"\x1bP1$N5260250274\rA4\x1b\\", b"\x1bP0#Z$h\x1b\x1b\\", b"\x1bP99999$h\x1b\\",
)  # fmt: skip
PIECES = st.sampled_from([*(each.data for each in EXAMPLES), *ODD]) | st.binary(max_size=8)
STREAMS = st.lists(PIECES, max_size=8).map(b"".join)


def framed(payload: str | bytes, *, checked: bool = True) -> bytes:
    data = payload.replace("|", "\r").encode("mazovia") if isinstance(payload, str) else payload
    return b"\x1bP" + data + (check(data) if checked else b"") + b"\x1b\\"


def named(data: bytes, direction: Direction = SENT, settings: Settings = SETTINGS) -> list[DecodedFrame]:
    decoder = ThermalDecoder(settings)
    return [*decoder.feed(direction, data), *decoder.end(direction)]


def one(payload: str, direction: Direction = SENT, *, checked: bool = True, profile: str | None = None) -> DecodedFrame:
    (found,) = named(framed(payload, checked=checked), direction, settings_of.thermal(profile=profile))
    assert found.damage is None
    return found


def told(frame: DecodedFrame) -> dict[str, str]:
    """The values by name; of several the last."""
    return {field.name: field.value for field in frame.fields}


def test_every_command_answer_and_field_has_a_meaning() -> None:
    layouts = [row for rows in COMMANDS.values() for row in rows.values()] + [RESULT, *ANSWERS.values()]
    assert WORDS.keys() == {layout.name for layout in layouts} | {control.name for control in Control}
    for name in {layout.name for layout in layouts}:
        text, meanings = WORDS[name]
        assert text
        fields = set()
        for layout in layouts:
            if layout.name == name:
                fields |= {param.name for param in layout.params}
                for part in layout.parts:
                    fields |= {part.name + part.letter(index, 7) for index in range(7)}
                    fields |= {part.name + part.letter(0, 5)} - {part.name + "A"}
        assert meanings.keys() == fields, name
        assert all(meaning.text for meaning in meanings.values())
    assert list(WORDS["ENQ"][1]) == ["FSK", "CMD", "PAR", "TRF"]
    assert list(WORDS["DLE"][1]) == ["ONL", "PE", "ERR"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.text[:60])
def test_every_example_is_named_whole_between_junk(example: Example) -> None:
    direction = SENT if example.to_printer else RECEIVED
    before, found, after = named(b"\x00JUNK" + example.data + b"\xff\\", direction)
    assert (before.raw, found.raw, after.raw) == (b"\x00JUNK", example.data, b"\xff\\")
    assert before.damage == after.damage == OUTSIDE
    assert found.name
    if example.data == WRONG_CHECK:
        assert found.damage == "the check byte does not fit"
    else:
        assert (found.damage, found.text) == (None, example.data.hex().upper())


@pytest.mark.parametrize("dialogue", thermal(), ids=lambda dialogue: dialogue.name)
def test_every_field_of_the_manuals_is_known(dialogue: Dialogue) -> None:
    decoder = ThermalDecoder(SETTINGS)
    for exchange in dialogue.exchanges:
        frames = [*decoder.feed(SENT, exchange.sent), *decoder.feed(RECEIVED, exchange.answered)]
        assert b"".join(frame.raw for frame in frames) == exchange.sent + exchange.answered
        for frame in frames:
            if frame.raw == WRONG_CHECK:
                assert frame.damage
            elif frame.name in UNKNOWN:
                assert (frame.damage, frame.meaning) == (None, "")
            else:
                assert frame.meaning, frame
                assert all(field.meaning for field in frame.fields), frame
                refused = any(frame.error for frame in frames)
                assert refused or not any(field.value.startswith("'") for field in frame.fields), frame
                assert not {"param", "string"} & {field.name for field in frame.fields}, frame


def test_values_are_written_as_people_write_them() -> None:
    line = told(one("1;2;0$lSer żółty|0.350 kg|C/32.00/11.20/10.00/"))
    assert line == {
        "Pi": "1", "Pr": "2", "Po": "0", "nazwa": "Ser żółty", "ilosc": "0.35 kg", "ptu": "C", "cena": "32.00",
        "brutto": "11.20", "rabat": "10.00",
    }  # fmt: skip
    assert told(one("1;1;9$lA|1.|A/1/1/0.5/"))["Po"] == "9 (promocja)"
    assert told(one("1;1$b200/VISA|"))["Pfx"] == "1 (Karta płatnicza)"
    assert told(one("1;$b200/VISA|"))["Pfx"] == " (Gotówka)", "a number that is left out is 0 to the printer"
    rates = one("7$p22,00/7,00/0/100/101/101/101/")
    assert [field.value for field in rates.fields] == ["7", "22%", "7%", "0%", "exempt"] + ["inactive"] * 3
    assert [field.name for field in rates.fields] == ["Ps", *(f"ptu{letter}" for letter in "ABCDEFG")]
    assert one("0$fFIRMA|").fields[0].name == "string", "its end is missing"
    (header,) = named(framed(b"0$fFIRMA\rul. Testowa\r\xff"))
    assert told(header)["naglowek"] == "FIRMA / ul. Testowa"
    status = one(
        "2#X21;1;0;1;1;0;26;7;14/23.00/8.00/5.00/0.00/100.00/101.00/101.00/17/1/2/3/4/5/6/7/9.00/ABC1", RECEIVED
    )
    assert told(status)["Pe"] == "21 (no receipt is open)"
    assert {field.name for field in status.fields if not field.volatile} == {"Pe", "Pm", "Pt", "Pf"}
    assert all(field.volatile for field in one("1#C26;7;14;10;42;0", RECEIVED, checked=False).fields)
    bad = one("1$lA|x|A/1,555/1/")
    assert told(bad)["cena"] == "'1,555': b'1,555' is not an amount"


def test_status_bytes_have_their_bits() -> None:
    enq, dle = named(b"\x6a\x74", RECEIVED)
    assert (enq.name, told(enq)) == ("ENQ", {"FSK": "yes", "CMD": "no", "PAR": "yes", "TRF": "no"})
    assert (dle.name, told(dle)) == ("DLE", {"ONL": "yes", "PE": "no", "ERR": "no"})
    assert (enq.text, dle.text) == ("6A", "74")
    assert [frame.name for frame in named(b"\x05\x07\x10\x18\x1a")] == ["ENQ", "BEL", "DLE", "CAN", "DLE2"]


def test_a_status_query_inside_a_sequence_is_decoded_at_once() -> None:
    decoder = ThermalDecoder(SETTINGS)
    (dle,) = decoder.feed(SENT, b"\x1bP23\x10#s")
    (command,) = decoder.feed(SENT, b"\x1b\\")
    assert (dle.name, dle.raw, dle.text) == ("DLE", b"", "10")
    assert (command.name, command.raw) == ("#s 23", b"\x1bP23\x10#s\x1b\\")
    assert command.text == framed("23#s", checked=False).hex().upper()


def test_effects_are_of_commands_only() -> None:
    assert one("23#s").effect is Effect.QUERY
    assert one("3#e").effect is Effect.QUERY
    assert one("0$h").effect is Effect.REVERSIBLE
    assert one("0#i100/").effect is Effect.IRREVERSIBLE
    assert one("0$q").effect is None
    assert one("0#Z$h", RECEIVED, checked=False).effect is None
    assert {frame.effect for frame in named(b"\x05\x07\x10\x18\x1a")} == {Effect.QUERY}
    assert {frame.effect for frame in named(b"\x6d\x74", RECEIVED)} == {None}


def test_who_need_not_be_answered() -> None:
    """Single bytes that ask for nothing; and commands, but where the error mode has all of them answered."""
    assert [frame.silent for frame in named(b"\x05\x07\x10\x18\x1a")] == [False, True, False, True, False]
    assert (one("0$h").silent, one("23#s").silent, one("3#e").silent, one("1#e").silent) == (True, False, False, True)
    assert one("#e1|").silent, "no mode is in it"
    decoder = ThermalDecoder(SETTINGS)
    (before,) = decoder.feed(SENT, framed("0$h"))
    decoder.feed(RECEIVED, framed("0#Z$h", checked=False))
    (after,) = decoder.feed(SENT, framed("0$e"))
    decoder.feed(SENT, framed("1#e"))
    (quiet,) = decoder.feed(SENT, framed("0$h"))
    assert (before.silent, after.silent, quiet.silent) == (True, False, True)


def test_errors_in_english_and_polish() -> None:
    refused = one("21#Z$l", RECEIVED, checked=False)
    assert refused.error == ("21", "no receipt is open", "paragon nie jest rozpoczęty")
    assert told(refused) == {"Pe": "21", "rozkaz": "$l"}
    assert one("0#Z$l", RECEIVED, checked=False).error is None
    asked = one("1#E20", RECEIVED, checked=False).error
    assert asked is not None
    assert asked.name == "20"
    strange = one("777#Z$l", RECEIVED, checked=False).error
    assert strange == ("777", "unknown error number 777", "nieznany błąd drukarki 777")
    assert one("1#Eabc", RECEIVED, checked=False).error is None
    (odd,) = named(b"\x1bP\x01021#Z$l\x1b\\", RECEIVED)
    assert odd.error == refused.error, "one firmware puts a control byte in front"


def test_the_brand_is_that_of_the_profile_or_of_the_model_or_of_what_fits() -> None:
    def error(*before: str, profile: str | None = None) -> str:
        decoder = ThermalDecoder(settings_of.thermal(profile=profile))
        for payload in before:
            decoder.feed(RECEIVED, framed(payload, checked=False))
        (frame,) = decoder.feed(RECEIVED, framed("94#Z$l", checked=False))
        assert frame.error is not None
        return frame.error.text

    posnet, novitus = error(profile="posnet"), error(profile="novitus")
    assert posnet != novitus
    assert error() == error("1#RPOSNET Thermal/2.02") == posnet
    assert error("1#RNOVITUS HD ONLINE/1.60") == novitus
    assert error("1#RNOVITUS HD ONLINE/1.60", profile="posnet") == posnet
    assert told(one("2;1;0$lA|1.|A/2.00/2.00/1.00/a name|"))["nazwa_rabatu"] == "a name"
    strict = one("2;1;0$lA|1.|A/2.00/2.00/1.00/a name|", profile="posnet")
    assert [field.name for field in strict.fields] == ["Pi", "Pr", "Po", "string"]
    assert one("30#v").name == "#v 30"
    assert [field.name for field in one("30#v", profile="posnet").fields] == ["param"]


@pytest.mark.parametrize(
    ("data", "name", "damage"),
    [
        (b"\x1bP0$h84\x1b\\", "$h", "the check byte does not fit"),
        (b"\x1bP0$h\x1b\\", "$h", "the check byte does not fit"),
        (b"\x1bP0$h83", "", "the sequence has no end"),
        (b"\x1bP\x1b\\", "", "not built as a sequence"),
        (b"\x1bP0$h\x1bQ83\x1b\\", "", "not built as a sequence"),
        (b"\x1bP99999$h\x1b\\", "", "not built as a sequence"),
        (b"\x1bP" + b"1" * 2049 + b"\x1b\\", "", "longer than 2048 bytes"),
        (b"0$h83", "", "bytes outside of a sequence"),
    ],
)
def test_damage_is_said(data: bytes, name: str, damage: str) -> None:
    (found,) = named(data)
    assert (found.raw, found.name, found.damage, found.text) == (data, name, damage, "")


def test_a_sequence_that_is_given_up() -> None:
    cut, whole = named(b"\x1bP1$l" + framed("0$h"))
    assert (cut.raw, cut.damage) == (b"\x1bP1$l", "the sequence has no end")
    assert (whole.name, whole.damage) == ("$h", None)
    cut, can = named(b"\x1bP1$l\x18")
    assert (cut.raw, cut.damage) == (b"\x1bP1$l", "the sequence has no end")
    assert (can.name, can.raw) == ("CAN", b"\x18")


def test_an_unknown_command_keeps_everything_it_has() -> None:
    frame = one("7;8$qabc|1/")
    assert (frame.name, frame.meaning, frame.effect) == ("$q", "", None)
    assert [(field.name, field.text) for field in frame.fields] == [
        ("param", "7"), ("param", "8"), ("string", "abc\r1/"),
    ]  # fmt: skip


@given(STREAMS, st.sampled_from(Direction))
def test_nothing_is_lost_and_masking_keeps_lengths(data: bytes, direction: Direction) -> None:
    found = named(data, direction)
    assert b"".join(item.raw for item in found) == data
    assert all(len(item.masked) == len(item.raw) for item in found)
    assert all(item.text for item in found if item.damage is None)
    deframer = CommandDeframer() if direction is SENT else AnswerDeframer()
    sound = [item for item in found if item.damage in (None, "the check byte does not fit")]
    intact = [item for item in deframer.feed(data) if not isinstance(item, BadFrame)]
    assert [item.name.split()[0] for item in sound] == [name_of(item) for item in intact]
    masked = b"".join(item.masked for item in found)
    again = named(masked, direction)
    assert [(item.name, item.damage, len(item.raw)) for item in again] == [
        (item.name, item.damage, len(item.raw)) for item in found
    ]
    assert b"".join(item.masked for item in again) == masked, "once is enough"


def name_of(item: Frame | BadFrame | Control | Enq | Dle) -> str:
    match item:
        case Frame() | Control():
            return item.name
        case Enq():
            return "ENQ"
    return "DLE"


@given(STREAMS, st.integers(1, 9), st.sampled_from(Direction))
def test_frames_do_not_depend_on_how_bytes_arrive(data: bytes, size: int, direction: Direction) -> None:
    decoder = ThermalDecoder(SETTINGS)
    found = [item for at in range(0, len(data), size) for item in decoder.feed(direction, data[at : at + size])]
    found += decoder.end(direction)
    assert [i for i in found if i.damage != OUTSIDE] == [i for i in named(data, direction) if i.damage != OUTSIDE]
    assert b"".join(item.raw for item in found) == data


HEADS = st.lists(st.integers(0, 99999).map(str) | st.just(""), max_size=14).map(";".join)
ENDS = st.sampled_from(["|", "/", ";", "\xff", ""])


@given(
    HEADS,
    st.sampled_from(sorted({row.id for rows in COMMANDS.values() for row in rows.values()} | {n for n, _ in ANSWERS})),
    st.lists(st.tuples(st.sampled_from(["A", "1.", "2.50", "101", "x" * 50, "ż", "", "-", "5260250274"]), ENDS)),
    st.sampled_from(Direction),
    st.sampled_from([None, "posnet", "novitus", "innova"]),
)
def test_any_value_of_any_command_is_shown(
    head: str, name: str, fields: list[tuple[str, str]], direction: Direction, profile: str | None
) -> None:
    body = "".join(field + end for field, end in fields).replace("|", "\r")
    data = framed((head + name + body).encode("mazovia", "replace"))
    (found,) = named(data, direction, settings_of.thermal(profile=profile))
    assert found.raw == data
    if found.damage is None:
        assert found.name.split()[0] == name
        assert sum(field.name != "" for field in found.fields) == len(found.fields)


# -- personal data ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "masked"),
    [
        ("1$N5260250274|", "1$N0000000000|"),
        ("0;0;0;1;1$h526-025-02-74|", "0;0;0;1;1$h000-000-00-00|"),
        ("100;1$z5260250274|", "100;1$z0000000000|"),
        ("#pJan Kowalski|001|", "#pxxx xxxxxxxx|001|"),
        ("0#i100/001|Jan|", "0#i100/001|xxx|"),
        ("24;1$zNIP: 526-025-02-74, dzięki|", "24;1$zNIP: 000-000-00-00, dzięki|"),
        ("1$lKawa 5260250275|1.|A/1/1/", "1$lKawa 5260250275|1.|A/1/1/"),
        ("7$N526 is no layout|x|", "7$N000 xx xx xxxxxx|x|"),
        ("0$qNIP 5260250274", "0$qNIP 0000000000"),
    ],
)
def test_personal_data_are_masked_in_an_intact_sequence(payload: str, masked: str) -> None:
    assert one(payload).masked == framed(masked)


def test_a_unique_number_stays_though_it_looks_like_a_nip() -> None:
    totals = "/".join(["0.00"] * 8)
    data = f"2#X0;1;0;1;1;0;26;7;14/23.00/8.00/5.00/0.00/100.00/101.00/101.00/17/{totals}/ABC5260250274"
    frame = one(data, RECEIVED)
    assert frame.masked == frame.raw


def test_masking_works_around_a_status_asked_for_in_between() -> None:
    data = framed("1$N5260250274|")
    dle, command = named(data[:9] + b"\x10" + data[9:])
    whole = framed("1$N0000000000|")
    assert (dle.masked, command.masked) == (b"", whole[:9] + b"\x10" + whole[9:])


def test_damaged_sequences_are_masked_too_and_stay_damaged() -> None:
    (found,) = named(b"\x1bP1$N5260250274\r00\x1b\\")
    assert found.masked == b"\x1bP1$N0000000000\r00\x1b\\"
    assert named(b"\x1bP1$N526025")[0].masked == b"\x1bP1$N000000"
    assert named(b"5260250274 stray")[0].masked == b"0000000000 stray"
    for number in range(256):
        (found,) = named(b"\x1bP1$N5260250274\r%02X\x1b\\" % number)
        if found.damage:
            assert named(found.masked)[0].damage == found.damage


def test_the_protocol_doc_has_every_error_and_every_word() -> None:
    known = protocol_doc()
    assert known.errors["21"].text == "no receipt is open"
    assert known.errors["1022"].text_pl == "błąd programu: drukarka nie zna tego polecenia"
    assert {word.name for word in known.commands} == WORDS.keys()
    assert set(Brand) == {Brand.POSNET, Brand.NOVITUS}, "the layouts in Lua are in the order of brands"


def test_a_status_of_any_length_is_named() -> None:
    """Seven rates get their letters. A shorter list gets none, because it does not say which rates it has."""
    whole = told_all(
        one("1#X0;1;0;1;1;0;26;7;14/23/8/5/0/100/101/101/17/1/2/3/4/5/6/7/2310.15/ABC12345678", RECEIVED, checked=False)
    )
    assert [name for name, _ in whole[9:]] == [
        *(f"ptu{letter}" for letter in "ABCDEFG"), "par_num", *(f"tot{letter}" for letter in "ABCDEFG"), "cash", "nr_unikatowy",
    ]  # fmt: skip
    some = told_all(
        one("1#X0;1;0;1;1;0;26;7;14/23.00/08.00/17/1.00/2.00/3.00/2310.15/ABC12345678", RECEIVED, checked=False)
    )
    assert some[9:] == [
        ("ptu", "23%"), ("ptu", "8%"), ("par_num", "17"), ("tot", "1.00"), ("tot", "2.00"), ("tot", "3.00"), ("cash", "2310.15"),
        ("nr_unikatowy", "ABC12345678"),
    ]  # fmt: skip


def told_all(frame: DecodedFrame) -> list[tuple[str, str]]:
    return [(field.name, field.value) for field in frame.fields]


@pytest.mark.parametrize(
    ("payload", "name", "known"),
    [("21#s", "#s", True), ("#s", "#s", True), ("25;26;7;1;0;0;0#s", "#s 25", False), ("37#s", "#s 37", False)],
)
def test_a_number_that_makes_another_command_is_part_of_its_name(payload: str, name: str, known: bool) -> None:
    frame = one(payload, checked=False)
    assert (frame.name, bool(frame.meaning)) == (name, known)
    assert frame.effect is (Effect.QUERY if known else None)
