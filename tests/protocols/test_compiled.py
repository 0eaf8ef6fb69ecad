"""Compiled descriptions: the same as construct makes of them, for every layout, any bytes and any values."""

from __future__ import annotations

from typing import Any

import construct as c
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fiscald.protocols.compiled import Compiled, Mismatch
from fiscald.protocols.posnet.frames import BODY
from fiscald.protocols.thermal.commands import ANSWERS, COMMANDS, RESULT
from fiscald.protocols.thermal.fields import Brand
from fiscald.protocols.thermal.layouts import Layout
from tests.drawn import drawn

LAYOUTS: dict[int, Layout] = {id(row): row for rows in COMMANDS.values() for row in rows.values()}
LAYOUTS |= {id(layout): layout for layout in (*ANSWERS.values(), RESULT)}
BODIES = [pytest.param(BODY, id="POSNET"), *(pytest.param(row.body, id=row.name) for row in LAYOUTS.values())]

#: Parameters on which counts and conditions of some layout depend, and what the reader adds to them.
GIVEN = st.fixed_dictionaries(
    {"brand": st.sampled_from(Brand), "slashes": st.integers(0, 20)},
    optional={
        name: st.none() | st.integers(0, 4)
        for name in ("Ps", "Pn", "Pr", "Po", "Pd", "Px", "Pc", "Pns", "Psx", "Pkb", "Pkz", "Pfn", "idtype")
    },
)
#: Bodies that look like some, and others.
BYTES = st.lists(
    st.sampled_from([b"/", b"\r", b";", b"\t", b"\xff", b"", b"1.20", b"0", b"A", b"nazwa", b"\x00"]), max_size=60
).map(b"".join) | st.binary(max_size=40)
ONE = st.binary(max_size=6).filter(lambda raw: not set(raw) & set(b"/\r;\t\xff")) | st.sampled_from([b"1.20", b""])


def by_construct(body: c.Struct, data: bytes, given_: dict[str, Any]) -> dict[str, Any] | None:
    try:
        found = dict(body.parse(data, given=given_))
    except c.ConstructError:
        return None
    del found["_io"]
    return {name: list(value) if isinstance(value, list) else value for name, value in found.items()}


def by_compiled(body: c.Struct, data: bytes, given_: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return Compiled(body).parse(data, given_)
    except Mismatch:
        return None


@pytest.mark.parametrize("body", BODIES)
@settings(max_examples=drawn(15))
@given(data=BYTES, params=GIVEN)
def test_any_bytes_are_read_as_construct_reads_them(body: c.Struct, data: bytes, params: dict[str, Any]) -> None:
    assert by_compiled(body, data, params) == by_construct(body, data, params)


@pytest.mark.parametrize("body", BODIES)
@settings(max_examples=drawn(15))
@given(data=st.data(), params=GIVEN)
def test_any_values_are_written_as_construct_writes_them(
    body: c.Struct, data: st.DataObject, params: dict[str, Any]
) -> None:
    values = {part.name: data.draw(written(part)) for part in body.subcons if part.name is not None}
    try:
        wanted = body.build(values, given=params)
    except (c.ConstructError, TypeError):  # construct measures what is missing, and finds that it has no length
        wanted = None
    try:
        found = Compiled(body).build(values, params)
    except Mismatch:
        found = None
    assert found == wanted


def written(part: Any) -> st.SearchStrategy[Any]:
    """Values that a part may be given."""
    if isinstance(part.subcon, c.Array | c.GreedyRange):
        return st.lists(ONE, max_size=8)
    return ONE if isinstance(part.subcon, c.NullTerminated) else st.none() | ONE


@pytest.mark.parametrize("layout", [pytest.param(each, id=each.name) for each in LAYOUTS.values()])
@settings(max_examples=drawn(15))
@given(data=BYTES, params=GIVEN)
def test_what_is_read_is_written_again(layout: Layout, data: bytes, params: dict[str, Any]) -> None:
    found = by_compiled(layout.body, data, params)
    if found is not None:
        assert Compiled(layout.body).build(found, params) == data


@pytest.mark.parametrize(
    "part",
    [
        c.Int16ub,
        c.NullTerminated(c.GreedyBytes, term=b"\r\n"),
        c.NullTerminated(c.GreedyBytes, term=b"/", include=True),
        c.NullTerminated(c.GreedyBytes, term=b"/", require=False),
        c.NullTerminated(c.Int8ub, term=b"/"),
        c.GreedyRange(c.Int8ub),
        c.Optional(c.Int8ub),
    ],
    ids=repr,
)
def test_what_it_does_not_know_is_not_compiled(part: Any) -> None:
    with pytest.raises(TypeError, match="cannot be compiled"):
        Compiled(c.Struct("part" / part))


def test_a_count_and_a_condition_may_be_fixed() -> None:
    one = c.NullTerminated(c.GreedyBytes, term=b"/")
    compiled = Compiled(c.Struct("two" / c.Array(2, one), "never" / c.If(False, one), c.Terminated))
    assert compiled.parse(b"a/b/") == {"two": [b"a", b"b"], "never": None}
    with pytest.raises(Mismatch):
        compiled.parse(b"a/b/c/")
    with pytest.raises(Mismatch):
        Compiled(c.Struct("none" / c.Array(-1, one))).parse(b"")
