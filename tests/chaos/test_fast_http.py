"""What passes by h11 in the campaign is read and written as h11 would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.emulator.noviapi.http import Answer, ServerConnection
from tests.chaos.digest import fingerprints
from tests.chaos.fast_http import spared
from tests.chaos.schedule import draw
from tests.chaos.world import carry_out

WHOLE = (
    b"GET /api/v1 HTTP/1.1\r\nHost: printer\r\n\r\n",
    b"GET /api/v1/queue?timeout=5 HTTP/1.1\r\nHost: printer\r\nAuthorization: Bearer eyJ.x\r\n\r\n",
    b'POST /api/v1/receipt HTTP/1.1\r\nhost: p\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}',
    b"DELETE /api/v1/queue HTTP/1.1\r\nHost: printer\r\nContent-Length: 0\r\n\r\n",
    b"PUT /api/v1/receipt/1 HTTP/1.1\r\nHost: printer\r\nConnection: close\r\n\r\n",
    b"POST /api/v1/receipt HTTP/1.1\r\nHost: printer\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    b"POST /api/v1/receipt HTTP/1.1\r\nHost: printer\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
    b"GET /api/v1 HTTP/1.1\r\n\r\n",
    b"GET /api/v1 HTTP/1.0\r\nHost: printer\r\n\r\n",
    b"GET /api/v1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"PUT /api/v1/x HTTP/1.1\r\nHost: printer\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"BREW /tea HTTP/1.1\r\n\r\n",
)
ANSWERS = (Answer(200, {"id": 1}), Answer(404), Answer(405, allow="GET"), Answer(502, page="<html>"), Answer(204))


def served(pieces: list[bytes], answers: list[Answer]) -> list[object]:
    """Everything that a connection does with those bytes."""
    connection, found = ServerConnection(), list[object]()
    for piece in pieces:
        connection.feed(piece)
        while (request := connection.next_request()) is not None:
            found += [request, connection.interim, connection.respond(answers[len(found) % len(answers)])]
        found += [connection.interim, connection.ends]
    return found


@given(
    requests=st.lists(st.sampled_from(WHOLE), min_size=1, max_size=5),
    cuts=st.sets(st.integers(1, 400), max_size=3),
    flips=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 7)), max_size=1),
    answers=st.lists(st.sampled_from(ANSWERS), min_size=3, max_size=3),
)
def test_requests_in_any_pieces_and_damaged_ones_are_served_alike(
    requests: list[bytes], cuts: set[int], flips: list[tuple[int, int]], answers: list[Answer]
) -> None:
    whole = bytearray(b"".join(requests))
    for place, bit in flips:
        if place < len(whole):
            whole[place] ^= 1 << bit
    ends, edges = 0, set(cuts)
    for request in requests:
        ends += len(request)
        edges.add(ends)
    places = sorted(place for place in edges if place < len(whole))
    pieces = [bytes(whole[start:end]) for start, end in zip((0, *places), (*places, len(whole)), strict=True)]
    plain = served(pieces, answers)
    with spared():
        assert served(pieces, answers) == plain


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_a_schedule_comes_to_the_same(seed: int) -> None:
    plain = fingerprints(carry_out(draw(seed, "noviapi")))
    with spared():
        assert fingerprints(carry_out(draw(seed, "noviapi"))) == plain
