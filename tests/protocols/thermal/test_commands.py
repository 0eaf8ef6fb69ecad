"""The command table and the types of its values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols.base import Deadline, Effect
from fiscald.protocols.tables import FieldFault
from fiscald.protocols.thermal import fields as f
from fiscald.protocols.thermal.commands import ANSWERS, COMMANDS, RESULT, STATUS, find, read_reply, request
from fiscald.protocols.thermal.fields import Brand, Dialect, Header, Measured, Quantity, Text, Value, ValueRefused
from fiscald.protocols.thermal.frames import AnswerDeframer, CommandDeframer, Frame, encode
from fiscald.protocols.thermal.layouts import Check, Layout
from fiscald.protocols.thermal.profiles import PROFILES, detect
from fiscald.protocols.thermal.rows import Row
from tests.protocols.thermal.examples import Example, examples

POSNET, NOVITUS = Dialect("mazovia"), Dialect("mazovia", Brand.NOVITUS)
DIALECTS = (POSNET, NOVITUS)


def only(example: Example) -> Frame:
    deframer = CommandDeframer() if example.to_printer else AnswerDeframer()
    (frame,) = deframer.feed(example.data)
    assert isinstance(frame, Frame)
    return frame


# -- values ---------------------------------------------------------------------------------------------

VALUES: list[tuple[Value, Any, bytes]] = [
    (f.AMOUNT, 1234, b"12.34"),
    (f.AMOUNT, 0, b"0"),
    (f.AMOUNT, 99_999_999, b"999999.99"),
    (f.CASH, 9_999_999_999, b"99999999.99"),
    (f.TOTAL, 0, b"0.00"),
    (f.QUANTITY, Measured(Decimal(2)), b"2."),
    (f.QUANTITY, Measured(Decimal(3), "szt"), b"3. szt"),
    (f.QUANTITY, Measured(Decimal("0.350"), "kg"), b"0.350 kg"),
    (f.QUANTITY, Measured(Decimal("1.5"), "m2"), b"1.500 m2"),
    (f.QUANTITY, Measured(Decimal("0.3335")), b"0.3335"),
    (f.QUANTITY, Measured(Decimal("12345678.25")), b"12345678.25"),
    (f.RATE, Decimal("23.00"), b"23.00"),
    (f.RATE, "exempt", b"100.00"),
    (f.RATE, None, b"101.00"),
    (f.LETTER, "A", b"A"),
    (f.COUNT, 169, b"169"),
    (Text(40), "Bułka", b"Bu\x92ka"),
    (Header(500), "FIRMA\rul. Testowa 1\r", b"FIRMA\rul. Testowa 1\r"),
]


@pytest.mark.parametrize(("value", "content", "raw"), VALUES, ids=[repr(raw) for _, _, raw in VALUES])
def test_values_both_ways(value: Value, content: Any, raw: bytes) -> None:
    assert value.encode(content, POSNET) == raw
    assert value.decode(raw, POSNET) == content


@pytest.mark.parametrize(
    ("value", "raw", "content"),
    [
        (f.AMOUNT, b"5", 500), (f.AMOUNT, b"5.", 500), (f.AMOUNT, b"5.0", 500), (f.AMOUNT, b"5,00", 500), (f.AMOUNT, b"05.00", 500),
        (f.AMOUNT, b".5", 50), (f.RATE, b"8", Decimal(8)), (f.RATE, b"08.00", Decimal(8)), (f.RATE, b"22,00", Decimal(22)),
        (f.RATE, b"100", "exempt"), (f.RATE, b"101", None), (f.RATE, b"98.99", "exempt"), (f.RATE, b"99.99", None),
        (f.QUANTITY, b"123. szt", Measured(Decimal(123), "szt")), (f.QUANTITY, b" 1.500 szt", Measured(Decimal("1.5"), "szt")),
        (f.QUANTITY, b"2.0000", Measured(Decimal(2))), (f.QUANTITY, b"ok. 2 kg", Measured(Decimal(2), "kg")), (f.QUANTITY, b"1,5", Measured(Decimal("1.5"))),
    ],
)  # fmt: skip
def test_other_spellings_are_understood(value: Value, raw: bytes, content: Any) -> None:
    assert value.decode(raw, POSNET) == content


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        (f.AMOUNT, b""), (f.AMOUNT, b"."), (f.AMOUNT, b"-1"), (f.AMOUNT, b"1.234"), (f.AMOUNT, b"1000000.00"), (f.AMOUNT, b"1 000"),
        (f.QUANTITY, b""), (f.QUANTITY, b"kg"), (f.QUANTITY, b"12345678901"), (f.QUANTITY, b"1. szt\x01"), (f.QUANTITY, b"1." + b"x" * 20),
        (f.RATE, b"102"), (f.RATE, b"x"), (f.LETTER, b"H"), (f.LETTER, b""), (f.LETTER, b"AB"), (f.COUNT, b"-1"), (f.COUNT, b"1" * 11),
        (Text(2), b"abc"), (Text(9), b"a\x01"), (Text(9), b"a\n"), (Text(9, least=1), b""),
    ],
)  # fmt: skip
def test_values_that_do_not_fit(value: Value, raw: bytes) -> None:
    with pytest.raises(ValueRefused):
        value.decode(raw, POSNET)


@pytest.mark.parametrize(
    ("value", "content"),
    [
        (f.AMOUNT, -1), (f.AMOUNT, 100_000_000), (f.QUANTITY, Measured(Decimal(0))), (f.QUANTITY, Measured(Decimal("123456789.25"))),
        (f.QUANTITY, Measured(Decimal(1), "pięćk")), (f.LETTER, "H"), (f.COUNT, -1), (Text(2), "abc"), (Text(9), "a\rb"), (Text(9), "\u2615"),
    ],
)  # fmt: skip
def test_contents_that_cannot_be_sent(value: Value, content: Any) -> None:
    with pytest.raises(ValueRefused):
        value.encode(content, POSNET)


def test_a_header_cannot_hold_the_byte_that_ends_it() -> None:
    with pytest.raises(ValueRefused, match="ends the header"):
        Header(500).encode("\u02d9", Dialect("cp1250"))


def test_novitus_takes_larger_amounts_and_longer_texts() -> None:
    assert f.AMOUNT.encode(100_000_000, NOVITUS) == b"1000000.00"
    assert Text(20, 40).encode("x" * 40, NOVITUS) == b"x" * 40


EVERY_VALUE = sorted(
    {
        f"{type(part.value).__name__} {vars(part.value)}": part.value
        for layout in (*(r for rows in COMMANDS.values() for r in rows.values()), *ANSWERS.values())
        for part in layout.parts
    }.items()
)


@given(st.sampled_from(EVERY_VALUE), st.binary(max_size=30), st.sampled_from(DIALECTS))
def test_any_bytes_are_a_value_or_refused(named: tuple[str, Value], raw: bytes, dialect: Dialect) -> None:
    _, value = named
    try:
        content = value.decode(raw, dialect)
    except ValueRefused:
        return
    if isinstance(value, Text | Quantity):
        return  # bytes outside the code page are shown as replacement characters
    assert value.decode(value.encode(content, dialect), dialect) == content


# -- the examples ---------------------------------------------------------------------------------------

COMMAND_EXAMPLES = [e for e in examples() if e.to_printer and e.sequence and "$w" not in e.text]
ANSWER_EXAMPLES = [
    e for e in examples() if not e.to_printer and e.sequence and "112#X" not in e.text and "113#X" not in e.text
]
#: Examples that a printer refuses: a damaged check byte, and the empty name of 10.10.
REFUSED = {b"\x1bP0$h02\x1b\\": 3, b"\x1bP1$l\r2.\rA/1.50/3.00/F3\x1b\\": 16}


def numeric(data: bytes) -> bytes:
    """Without what a device may write in several ways: zeros, decimal commas, the check byte that follows from them."""
    head, _, tail = data[2:-2].replace(b",", b".").partition(b"/")
    fields = [_plain(field) for field in (head + b"/" + tail).replace(b";", b"/;/").replace(b"\r", b"/\r/").split(b"/")]
    return b"/".join(fields)


def _plain(field: bytes) -> bytes:
    try:
        return b"%d" % (Decimal(field.decode("ascii")) * 10_000)
    except (ArithmeticError, UnicodeDecodeError):
        return field


def of_this_brand(example: Example) -> tuple[Row, dict[str, Any], Dialect]:
    """The row that reads the example, POSNET's if both do."""
    fault: FieldFault | None = None
    frame = only(example)
    for dialect in DIALECTS:
        row = find(frame, dialect.brand)
        if row is None:
            continue
        try:
            return row, row.read(frame, dialect), dialect
        except FieldFault as found:
            fault = fault or found
    raise fault or AssertionError(f"{example.text}: no such command")


@pytest.mark.parametrize("example", [pytest.param(e, id=e.text[:60]) for e in COMMAND_EXAMPLES])
def test_every_command_of_the_reference_is_read_whole(example: Example) -> None:
    """Nothing is lost on the way in: written again, the values give the same sequence, spellings of numbers apart."""
    if example.data in REFUSED:
        with pytest.raises(FieldFault) as caught:
            of_this_brand(example)
        assert caught.value.number == REFUSED[example.data]
        return
    row, values, dialect = of_this_brand(example)
    again = row.write(values, dialect)
    assert again.digits
    wanted = only(example)
    if row.check is Check.REQUIRED:
        assert wanted.digits
    assert again.name == wanted.name
    assert again.params == tuple(p for p in wanted.params if p is not None)
    assert numeric(b"xx" + again.body + b"yy") == numeric(b"xx" + wanted.body + b"yy")


@pytest.mark.parametrize("example", [pytest.param(e, id=e.text[:60]) for e in ANSWER_EXAMPLES])
def test_every_answer_of_the_reference_is_read_whole(example: Example) -> None:
    frame = only(example)
    layout = RESULT if frame.name == "#Z" else ANSWERS[frame.name, frame.params[0]]
    again = layout.write(layout.read(frame, POSNET), POSNET)
    assert (again.name, again.params) == (frame.name, frame.params)
    assert numeric(encode(again._replace(digits=b""))) == numeric(
        encode(frame.unchecked if layout.check is Check.NEVER else frame._replace(digits=b""))
    )
    assert bool(again.digits) == bool(frame.digits) or layout.check is Check.NEVER


def test_all_of_the_status_is_read() -> None:
    """The sample that a client recorded from a Novitus on-line device."""
    example = next(e for e in ANSWER_EXAMPLES if "ABC1234567890" in e.text)
    values = STATUS.read(only(example), NOVITUS)
    assert values == {
        "Pe": 0, "Pm": 1, "Pt": 0, "Px": 1, "Pf": 1, "Pz": 0, "Py": 20, "Pmies": 7, "Pd": 23,
        "ptu": [Decimal(23), Decimal(8), Decimal(5), Decimal(0), "exempt", None, None],
        "par_num": 169, "tot": [81019, 0, 0, 0, 0, 0, 0], "cash": 0, "nr_unikatowy": "ABC1234567890",
    }  # fmt: skip


# -- the table ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [row for rows in COMMANDS.values() for row in rows.values()], ids=lambda row: row.name)
def test_rows_are_whole(row: Row) -> None:
    names = [param.name for param in row.params] + [part.name for part in row.parts]
    assert len(set(names)) == len(names)
    assert len(row.id) == (4 if row.id.startswith("@PM") else 2)
    if row.effect is Effect.QUERY:
        # A document of the protected memory can be long.
        assert row.deadline is (Deadline.CLOSE if row.id == "@PMI" else Deadline.QUERY)
    for layout in row.answers:
        assert ANSWERS[layout.id, layout.first] is layout


def test_what_registers_is_irreversible() -> None:
    """Adding a command that registers must be a deliberate edit here too."""
    irreversible = {
        name for rows in COMMANDS.values() for name, row in rows.items() if row.effect is Effect.IRREVERSIBLE
    }
    assert irreversible == {
        "$e 1", "$e 1 invoice", "$x", "$y", "#r", "#o", "#o 16", "#o 17", "#i", "#d", "#z", "#w", "#t", "#k", "$p", "$w 1",
    }  # fmt: skip


def test_what_the_manual_lists_goes_without_a_check_byte() -> None:
    free = {name for rows in COMMANDS.values() for name, row in rows.items() if row.check is not Check.REQUIRED}
    assert free == {
        "$d 1", "$d 2", "$d 3", "$d 4", "$d 5", "#s", "#s 22", "#s 23", "#s 24", "#s 25", "#s 26", "#s 27", "#s 28", "#s 50", "#s 99", "#s 100", "#s 210", "^u", "#c", "#n", "#v", "#v 30", "#l",
    }  # fmt: skip


def test_fiscalisation_is_not_in_the_table() -> None:
    assert [name for name in COMMANDS[Brand.POSNET] if name.startswith("$f")] == ["$f 0"]
    assert find(Frame((1,), "$f"), Brand.POSNET) is None


def test_our_own_slips_are_noticed() -> None:
    with pytest.raises(KeyError):
        request("nosuch")
    with pytest.raises(KeyError):
        request("$h", nosuch=1)
    with pytest.raises(FieldFault, match="nazwa: is missing"):
        request("$l", Pi=1, ilosc=Measured(Decimal(1)), ptu="A", cena=1, brutto=1).frame(POSNET)
    with pytest.raises(FieldFault, match="Pi: is missing"):
        request("$l", nazwa="X", ilosc=Measured(Decimal(1)), ptu="A", cena=1, brutto=1).frame(POSNET)
    with pytest.raises(FieldFault, match="not between"):
        request("$h", Pl=300).frame(POSNET)
    with pytest.raises(FieldFault, match="lists differ"):
        request("$h", Pl=0, Pn=2, linie=["a"]).frame(POSNET)
    with pytest.raises(FieldFault, match="missing before"):
        request("$h", Pn=1, linie=["a"]).frame(POSNET)


LINE: dict[str, Any] = {
    "Pi": 1,
    "nazwa": "Kawa",
    "ilosc": Measured(Decimal(1)),
    "ptu": "A",
    "cena": 1000,
    "brutto": 1000,
}


@pytest.mark.parametrize(
    ("more", "posnet", "novitus"),
    [
        ({}, b"1$lKawa\r1.\rA/10.00/10.00/", b"1$lKawa\r1.\rA/10.00/10.00/"),
        ({"Pr": 1, "Po": 16, "rabat": 100, "nazwa_rabatu": "zima"}, b"1;1;16$lKawa\r1.\rA/10.00/10.00/1.00/zima\r", b"1;1;16$lKawa\r1.\rA/10.00/10.00/1.00/zima\r"),
        ({"Pr": 1, "Po": 16, "Pd": 1, "rabat": 100, "nazwa_rabatu": "zima", "opis": "o"}, b"1;1;16;1$lKawa\r1.\rA/10.00/10.00/1.00/zima\ro\r", b"1;1;16;1$lKawa\r1.\rA/10.00/10.00/1.00/zima\ro\r"),
        ({"Pr": 0, "Po": 0, "Pd": 1, "rabat": 0, "opis": "o"}, b"1;0;0;1$lKawa\r1.\rA/10.00/10.00/0/o\r", b"1;0;0;1$lKawa\r1.\rA/10.00/10.00/o\r"),
    ],
)  # fmt: skip
def test_the_forms_of_a_line(more: dict[str, Any], posnet: bytes, novitus: bytes) -> None:
    for dialect, wanted in ((POSNET, posnet), (NOVITUS, novitus)):
        frame = request("$l", dialect.brand, **LINE, **more).frame(dialect)
        assert frame.payload == wanted
        read = COMMANDS[dialect.brand]["$l"].read(frame, dialect)
        assert {**LINE, **more}.items() >= read.items()


@pytest.mark.parametrize(
    ("data", "number"),
    [
        (b"1$lKawa\r1.\rH/10.00/10.00/", 18), (b"1$lKawa\r1.\rA/0/10.00/", 19), (b"1$lKawa\r\rA/10.00/10.00/", 17),
        (b"1$lKawa\r1.\rA/10.00/x/", 20), (b"1$lKawa\r1.\rA/10.00/10.00/1.00/", 3), (b"1$lKawa\r1.\r", 3), (b"1;5$lKawa\r1.\rA/1/1/1/", 4),
        (b"1;1;1;1;1$lKawa\r1.\rA/1/1/1/o\r", 3), (b"$lKawa\r1.\rA/1/1/", 3), (b"0#ix/", 30), (b"1;1;0;0;0;0;0;0;0;0;0;0$y1\rJ\r\rl\r1/0/0/0/", 4),
    ],
)  # fmt: skip
def test_a_field_that_does_not_fit_has_the_printers_error(data: bytes, number: int) -> None:
    (frame,) = CommandDeframer().feed(b"\x1bP" + data + b"\x1b\\")
    assert isinstance(frame, Frame)
    row = find(frame, Brand.POSNET)
    assert row is not None
    with pytest.raises(FieldFault) as caught:
        row.read(frame, POSNET)
    assert caught.value.number == number


def test_an_answer_that_cannot_be_read_is_shown_without_values() -> None:
    assert read_reply(STATUS, Frame((2,), "#X", b"0;1;0/"), POSNET).values == {}


EVERY_LAYOUT: list[Layout] = [*(row for rows in COMMANDS.values() for row in rows.values()), *ANSWERS.values(), RESULT]


@given(
    st.sampled_from(EVERY_LAYOUT),
    st.lists(st.none() | st.integers(0, 9999), max_size=14),
    st.binary(max_size=80),
    st.sampled_from(DIALECTS),
)
def test_any_body_is_read_or_refused(layout: Layout, params: list[int | None], body: bytes, dialect: Dialect) -> None:
    first = () if layout.first is None else (layout.first,)
    try:
        values = layout.read(Frame((*first, *params), layout.id, body), dialect)
    except FieldFault:
        return
    assert set(values) <= {param.name for param in layout.params} | {part.name for part in layout.parts}


# -- profiles -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "profile"),
    [
        ("POSNET Thermal", "posnet"), ("POSNET THERMAL FV", "posnet"), ("NOVITUS HD ONLINE", "novitus"), ("BONO E", "novitus"),
        ("DELIO E", "novitus"), ("INNOVA PROFIT", "innova"), (None, "posnet"), ("", "posnet"),
    ],
)  # fmt: skip
def test_the_model_tells_the_profile(model: str | None, profile: str) -> None:
    assert detect(model) is PROFILES[profile]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_profiles_name_what_exists(profile: Any) -> None:
    rows = COMMANDS[profile.brand]
    assert profile.closing in rows
    assert profile.names_adjustment in rows
    assert profile.nip in (None, "$h", "$N")
    assert set(profile.forms.values()) <= set(range(9))
    if profile.brand is Brand.NOVITUS:
        assert not {7, 8} & set(profile.forms.values())
