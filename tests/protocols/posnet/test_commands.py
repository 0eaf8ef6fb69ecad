"""The command table and the types of its parameters."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.model.times import POLISH_TIME
from fiscald.protocols.base import Effect
from fiscald.protocols.posnet import fields as f
from fiscald.protocols.posnet.commands import COMMANDS, read_reply, request
from fiscald.protocols.posnet.fields import Dialect, Generation, Text, Value, ValueFault, ValueRefused
from fiscald.protocols.posnet.frames import Field, Frame
from fiscald.protocols.posnet.profiles import PROFILES, detect
from fiscald.protocols.tables import FieldFault

ONLINE, OLD = Dialect("cp1250"), Dialect("cp1250", Generation.OLD)


def parse(value: Value, raw: bytes, dialect: Dialect = ONLINE) -> Any:
    return value.decode(raw, dialect)


def build(value: Value, content: Any, dialect: Dialect = ONLINE) -> bytes:
    built: bytes = value.encode(content, dialect)
    return built


EXAMPLES: list[tuple[Value, Any, bytes]] = [
    (f.AMOUNT, 999, b"999"),
    (f.AMOUNT, 9_999_999_999, b"9999999999"),
    (f.QUANTITY, Decimal("2.000"), b"2.000"),
    (f.QUANTITY, Decimal("0.755"), b"0.755"),
    (f.RATE, Decimal("23.00"), b"23,00"),
    (f.RATE, "exempt", b"100,00"),
    (f.RATE, None, b"101,00"),
    (f.FLAG, True, b"1"),
    (f.FLAG, False, b"0"),
    (f.ANSWER_FLAG, True, b"T"),
    (f.ANSWER_FLAG, False, b"N"),
    (f.DATE, datetime.date(2026, 10, 9), b"2026-10-09"),
    (f.DATETIME, datetime.datetime(2026, 10, 9, 11, 44), b"2026-10-09;11:44"),  # noqa: DTZ001
    (f.MOMENT, datetime.datetime(2026, 10, 9, 11, 44, 29, tzinfo=POLISH_TIME), b"2026-10-09T11:44:29+02:00"),
    (f.PERCENT, 1500, b"1500"),
    (Text(25), "Gotówka", b"Got\xf3wka"),
    (Text(99, lines=True), "a\nb", b"a\nb"),
]


@pytest.mark.parametrize(("value", "content", "raw"), EXAMPLES, ids=[repr(raw) for _, _, raw in EXAMPLES])
def test_values_both_ways(value: Value, content: Any, raw: bytes) -> None:
    assert build(value, content) == raw
    assert parse(value, raw) == content


@pytest.mark.parametrize(
    ("value", "raw", "content"),
    [
        (f.QUANTITY, b"2", Decimal(2)),
        (f.DATE, b"2026-1-9", datetime.date(2026, 1, 9)),
        (f.DATETIME, b"2026-10-09;9:44", datetime.datetime(2026, 10, 9, 9, 44)),  # noqa: DTZ001
        *((f.FLAG, bytes([spelling]), True) for spelling in b"1yYtT"),
        *((f.FLAG, bytes([spelling]), False) for spelling in b"0nNfF"),
    ],
)
def test_other_spellings_are_understood(value: Value, raw: bytes, content: Any) -> None:
    assert parse(value, raw) == content


@pytest.mark.parametrize(
    ("value", "raw", "fault"),
    [
        (f.AMOUNT, b"-1", ValueFault.CONVERSION), (f.AMOUNT, b"1,00", ValueFault.CONVERSION), (f.AMOUNT, b"", ValueFault.CONVERSION),
        (f.AMOUNT, b"10000000000", ValueFault.CONVERSION), (f.PERCENT, b"0", ValueFault.CONVERSION),
        (f.PERCENT, b"10000", ValueFault.CONVERSION), (f.QUANTITY, b"1,5", ValueFault.CONVERSION),
        (f.RATE, b"102,00", ValueFault.CONVERSION), (f.FLAG, b"x", ValueFault.CONVERSION), (f.DATE, b"2026-02-30", ValueFault.CONVERSION),
        (f.DATETIME, b"2026-10-09 11:44", ValueFault.CONVERSION), (f.MOMENT, b"2026-10-09T11:44:29", ValueFault.CONVERSION),
        (Text(2), b"abc", ValueFault.LENGTH), (Text(9), b"a\x01", ValueFault.CONVERSION), (Text(9), b"a\nb", ValueFault.CONVERSION),
    ],
)  # fmt: skip
def test_values_that_do_not_fit(value: Value, raw: bytes, fault: ValueFault) -> None:
    with pytest.raises(ValueRefused) as caught:
        parse(value, raw)
    assert caught.value.fault is fault


@pytest.mark.parametrize(
    ("value", "content"),
    [
        (f.AMOUNT, -1),
        (f.AMOUNT, 10**10),
        (f.QUANTITY, Decimal("0.0001")),
        (Text(2), "abc"),
        (Text(9), "a\tb"),
        (Text(9), "\u2615"),
    ],
)
def test_contents_that_cannot_be_sent(value: Value, content: Any) -> None:
    with pytest.raises(ValueRefused):
        build(value, content)


def test_answers_of_older_devices_spell_flags_in_english() -> None:
    assert build(f.ANSWER_FLAG, True, OLD) == b"Y"


ALL_VALUES = sorted({type(p.value).__name__: p.value for r in COMMANDS.values() for p in (*r.params, *r.reply)}.items())


@given(st.sampled_from(ALL_VALUES), st.binary(max_size=30))
def test_any_bytes_are_a_value_or_refused(named: tuple[str, Value], raw: bytes) -> None:
    _, value = named
    try:
        content = parse(value, raw)
    except ValueRefused:
        return
    if isinstance(value, Text):
        return  # bytes outside the code page are shown as replacement characters
    assert parse(value, build(value, content)) == content


# -- the table -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", COMMANDS.values(), ids=lambda row: row.mnemonic)
def test_rows_are_whole(row: Any) -> None:
    assert row.mnemonic.isalnum()
    assert row.mnemonic == row.mnemonic.lower()
    for params in (row.params, row.reply):
        names = [param.name for param in params]
        assert len(set(names)) == len(names)
        assert all(len(name) == 2 for name in names)
    if row.effect is Effect.QUERY:
        assert row.deadline == "query"
    if row.immediate:
        assert row.effect is Effect.QUERY


def test_what_registers_is_irreversible() -> None:
    """Adding a command that registers must be a deliberate edit here too."""
    irreversible = {name for name, row in COMMANDS.items() if row.effect is Effect.IRREVERSIBLE}
    assert irreversible == {
        "trend", "dailyrep", "stocash", "cash", "monthlyrep", "periodicrepbydates", "shiftrep", "cashstaterep", "vatset",
        "fiscalize", "formend",
    }  # fmt: skip


def test_a_request_has_its_parameters_in_the_recorded_order() -> None:
    frame = request("trline", rw=200, rn="Rabat", rd=True, wa=1000, pr=1000, vt=1, na="Candies").frame(ONLINE)
    assert [field.name for field in frame.fields] == ["na", "vt", "pr", "wa", "rd", "rn", "rw"]


def test_our_own_slips_are_noticed() -> None:
    with pytest.raises(KeyError):
        request("trline", na="X", vt=0, pr=1, xx=1)
    with pytest.raises(FieldFault, match="missing"):
        request("trline", na="X")
    with pytest.raises(KeyError):
        request("nosuch")
    with pytest.raises(FieldFault):
        request("trline", na="x" * 81, vt=0, pr=1).frame(ONLINE)


def test_fields_that_older_devices_lack_are_left_out() -> None:
    values = {"rd": 1, "hn": 2, "bn": 3, "fn": 0, "nu": "X", "bc": 0, "bt": 3, "fc": 0}
    names = [field.name for field in COMMANDS["scnt"].answer(values, OLD).fields]
    assert names == ["rd", "hn", "bn", "fn", "nu"]


def test_a_reply_keeps_out_what_it_cannot_read() -> None:
    frame = Frame("scnt", (Field("rd", b"x"), Field("hn", b"7"), Field("zz", b"new")))
    assert read_reply(COMMANDS["scnt"], frame, ONLINE).values == {"hn": 7}


@pytest.mark.parametrize(
    ("frame", "error", "frame_error"),
    [
        (Frame("trend", (Field("?", b"2805"),)), 2805, False),
        (Frame("ERR", (Field("?", b"5"), Field("cm", b"trend"))), 5, True),
        (Frame("trend", (Field("?", b"x"),)), 0, False),
        (Frame("trend"), None, False),
    ],
)
def test_the_two_kinds_of_errors_are_kept_apart(frame: Frame, error: int | None, frame_error: bool) -> None:
    reply = read_reply(COMMANDS["trend"], frame, ONLINE)
    assert (reply.error, reply.frame_error, reply.good) == (error, frame_error, error is None)


@pytest.mark.parametrize(
    ("model", "profile"),
    [
        ("POSNET THERMAL XL2 ONLINE", "online"),
        ("POSNET TEMO ONLINE", "online"),
        ("POSNET THERMAL HS FV EJ", "old"),
        (None, "online"),
    ],
)
def test_the_model_tells_the_generation(model: str | None, profile: str) -> None:
    assert detect(model) is PROFILES[profile]


NAMES = st.sampled_from(["rd", "hn", "bn", "fn", "nu", "xx"])


@given(st.lists(st.builds(Field, NAMES, st.sampled_from([b"1", b"22", b"x", b""])), max_size=12))
def test_the_first_of_a_doubled_parameter_counts(fields: list[Field]) -> None:
    frame, row = Frame("scnt", tuple(fields)), COMMANDS["scnt"]
    wanted = {}
    for param in row.reply:
        raw = frame.get(param.name)
        try:
            if raw is not None:
                wanted[param.name] = param.value.decode(raw, ONLINE)
        except ValueRefused:
            continue
    assert read_reply(row, frame, ONLINE).values == wanted
