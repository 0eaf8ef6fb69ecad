"""Names for people, masks for what leaves the shop, and a technician's requests."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols.base import Effect
from fiscald.protocols.decoding import DecodedFrame, Direction
from fiscald.protocols.noviapi.commands import QUEUE, RECEIPT, RENEW_TOKEN, Reply, confirm, store
from fiscald.protocols.noviapi.decoder import NoviApiDecoder, protocol_doc
from fiscald.protocols.noviapi.e_receipt import state_in
from fiscald.protocols.noviapi.family import FAMILY
from fiscald.protocols.noviapi.raw import parse, show
from fiscald.protocols.noviapi.refusals import refused_document
from fiscald.protocols.noviapi.xml import answer_of, elements_in, packed
from fiscald.protocols.novitus_elements import element
from tests.protocols.noviapi.bench import RECEIPT as DOCUMENT
from tests.protocols.noviapi.bench import Bench
from tests.protocols.noviapi.test_session import CHUNKED, OK, UNTIL_CLOSE, session

SENT, RECEIVED = Direction.SENT, Direction.RECEIVED
EXAMPLES: dict[str, dict[str, Any]] = {
    each["name"]: each for each in json.loads((Path(__file__).parent / "examples.json").read_text("utf-8"))
}
TOKEN = "eyJ0eXAiOiJKV1QifQ.eyJpc3MiOiJaQk4xIn0.9jpDUOgu"
ID = "8eb1ac171a8410aa303030df33c68a07"


def http(content: object, status: int = 200) -> bytes:
    body = json.dumps(content, ensure_ascii=False).encode()
    return b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body


def decoded(*parts: tuple[Direction, bytes], size: int = 100_000) -> list[tuple[Direction, DecodedFrame]]:
    decoder, found = NoviApiDecoder(), []
    for direction, data in parts:
        for start in range(0, len(data), size):
            found += [(direction, each) for each in decoder.feed(direction, data[start : start + size])]
    return found + [(direction, each) for direction in Direction for each in decoder.end(direction)]


def whole() -> list[tuple[Direction, bytes]]:
    """A whole receipt, as it passes over the line."""
    bench, parts = Bench(), list[tuple[Direction, bytes]]()
    answer = bench.printer.answer

    def heard(data: bytes) -> bytes:
        parts.extend(((SENT, data), (RECEIVED, answer(data))))
        return parts[-1][1]

    bench.printer.answer = heard  # type: ignore[method-assign]
    bench.printed(DOCUMENT)
    return parts


def test_every_message_has_a_name() -> None:
    frames = decoded(*whole())
    assert all(frame.damage is None for _, frame in frames)
    names = [(direction, frame.name, frame.effect) for direction, frame in frames]
    assert names[:2] == [(SENT, "GET queue", Effect.QUERY), (RECEIVED, "GET queue", None)] or names[0][1] == "GET token"
    assert (SENT, "POST receipt", Effect.REVERSIBLE) in names
    assert (SENT, "PUT receipt", Effect.IRREVERSIBLE) in names
    sold = next(frame for _, frame in frames if frame.name == "POST receipt")
    fields = {field.name: field for field in sold.fields}
    assert fields["receipt/items/1/article/name"].value == "Kawa"
    checkout = next(frame for _, frame in frames if frame.name == "POST direct_io")
    assert 'info action="checkout"' in checkout.fields[0].value


@pytest.mark.parametrize("size", [1, 3, 64, 100_000])
def test_pieces_of_any_size_give_the_same_frames(size: int) -> None:
    parts = whole()
    assert decoded(*parts, size=size) == decoded(*parts)
    for direction in Direction:
        assert b"".join(data for way, data in parts if way is direction) == b"".join(
            frame.raw for way, frame in decoded(*parts, size=size) if way is direction
        )


def test_an_answer_without_a_length_ends_with_the_next_request() -> None:
    ask = session().send(QUEUE)
    frames = decoded(
        (SENT, ask), (RECEIVED, UNTIL_CLOSE[:40]), (RECEIVED, UNTIL_CLOSE[40:]), (SENT, ask), (RECEIVED, CHUNKED + OK)
    )
    assert [frame.raw for way, frame in frames if way is RECEIVED] == [UNTIL_CLOSE, CHUNKED, OK]
    assert all(frame.damage is None for _, frame in frames)


def test_errors_have_both_languages() -> None:
    (_, refused), (_, tokens), (_, device) = (
        *decoded((RECEIVED, http(EXAMPLES["official-error"]["answer"]))),
        *decoded((RECEIVED, http(EXAMPLES["official-too-many-tokens"]["answer"], 429))),
        *decoded(
            (RECEIVED, http({"device": {"status": "ERROR", "error": {"code": 1037}}, "request": {"status": "PENDING"}}))
        ),
    )
    for frame, name in ((refused, "1521"), (tokens, "429/2"), (device, "1037")):
        assert frame.error is not None
        assert frame.error.name == name
        assert frame.error.text
        assert frame.error.text_pl


def test_token_nip_and_names_are_masked_byte_for_byte() -> None:
    nips = {
        "receipt": {
            "buyer": {"nip": "526-025-02-74", "e_document": {"transaction_id": "IDZ7"}},
            "system_info": {"cashier_name": "Anna"},
        }
    }
    invoice = {
        "invoice": {
            "buyer": {"name": 'Jan \\u017b "Kowal"', "id": "5260250274", "address": ["ul. Długa 1"]},
            "printout_lines": [{"textline": {"text": "NIP 5260250274 jan@example.com"}}],
        }
    }
    xml = {"direct_io": packed(element("receipt", action="close", nip="5260250274", cashier="Anna", total="1.00"))}
    head = f"POST /api/v1/receipt HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\n".encode()
    for content in (nips, invoice, xml):
        body = json.dumps(content, ensure_ascii=False).encode()
        raw = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
        ((_, frame),) = decoded((SENT, raw))
        assert len(frame.masked) == len(raw)
        hidden = frame.masked + base64.b64decode(
            json.loads(frame.masked.split(b"\r\n\r\n")[1]).get("direct_io", {"xml_cmd": {"base64": ""}})["xml_cmd"][
                "base64"
            ]
        )
        for secret in (TOKEN, "5260250274", "526-025", "Anna", "IDZ7", "Kowal", "Długa", "jan@example"):
            assert secret.encode() not in hidden, secret
        assert json.loads(frame.masked.split(b"\r\n\r\n")[1]).keys() == content.keys()
    answer = http({"token": TOKEN, "expiration_date": "2026-11-22T10:00:00Z"})
    ((_, frame),) = decoded((RECEIVED, answer))
    assert TOKEN.encode() not in frame.masked
    assert b"2026-11-22T10:00:00Z" in frame.masked
    cut = answer[:-40]
    assert TOKEN[:20].encode() not in decoded((RECEIVED, cut))[0][1].masked, "also in a damaged message"
    packet = elements_in(
        json.loads(
            decoded((SENT, head + b"Content-Length: %d\r\n\r\n" % len(json.dumps(xml)) + json.dumps(xml).encode()))[0][
                1
            ].masked.split(b"\r\n\r\n")[1]
        )["direct_io"]["xml_cmd"]["base64"]
    )
    assert packet is not None, "its checksum is right again"
    assert packet[0].get("total") == "1.00"


def test_a_unique_number_is_kept() -> None:
    content = {
        "request": {
            "response": {"status": {"fiscal_memory": {"unique_number": "ZBN5260250274", "tax_id": "5260250274"}}}
        }
    }
    ((_, frame),) = decoded((RECEIVED, http(content)))
    assert b"ZBN5260250274" in frame.masked
    assert b'"tax_id": "0000000000"' in frame.masked


def test_chunks_do_not_hide_a_nip() -> None:
    body = b'{"receipt":{"buyer":{"nip":"5260250274"}}}'
    raw = (
        b"POST /api/v1/receipt HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"".join(b"5\r\n" + body[at : at + 5].ljust(5) + b"\r\n" for at in range(0, len(body), 5))
        + b"0\r\n\r\n"
    )
    ((_, frame),) = decoded((SENT, raw))
    assert b"".join(frame.masked.split(b"\r\n5\r\n")).count(b"0000000000") == 1
    assert len(frame.masked) == len(raw)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*Direction]),
            st.binary(max_size=40)
            | st.sampled_from(
                [OK, CHUNKED, UNTIL_CLOSE, b"GET /api/v1/queue HTTP/1.1\r\n\r\n", b"HTTP/1.1", b"POST /"]
            ),
        ),
        max_size=8,
    )
)
def test_no_byte_is_lost_whatever_comes(parts: list[tuple[Direction, bytes]]) -> None:
    frames = decoded(*parts)
    for direction in Direction:
        assert b"".join(frame.raw for way, frame in frames if way is direction) == b"".join(
            data for way, data in parts if way is direction
        )
    assert all(len(frame.masked) == len(frame.raw) for _, frame in frames)


def test_endless_bytes_are_bounded() -> None:
    decoder = NoviApiDecoder()
    for data in (
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 40_000,
        b"HTTP/1.1 200 OK\r\n\r\n" + bytes(2_000_000),
        b"x" * 100_000,
    ):
        frames = [*decoder.feed(RECEIVED, data), *decoder.end(RECEIVED)]
        assert b"".join(frame.raw for frame in frames) == data


def test_the_tables_name_every_request() -> None:
    names = {command.name for command in protocol_doc().commands}
    for request in (store(RECEIPT, {}), confirm(RECEIPT, ID), QUEUE, RENEW_TOKEN):
        ((_, frame),) = decoded((SENT, session().send(request)))
        assert frame.name in names
        assert frame.meaning
        assert frame.effect is request.effect


# -- the vendor's examples ------------------------------------------------------------------------------------


def test_the_official_packet_is_read() -> None:
    example = EXAMPLES["official-direct-io-xml-version"]
    text = example["request"]["direct_io"]["xml_cmd"]["base64"]
    assert base64.b64decode(text).decode() == example["command"]
    assert elements_in(text) == (element("informacja", akcja="wersja"),)
    reply = Reply(200, example["answer"])
    found = answer_of(reply, "informacja")
    assert found is not None
    assert found.get("wersja") == "POINT 1.01"
    assert base64.b64decode(reply.text("request", "response", "packet", "value")).decode() == example["response"]


@pytest.mark.parametrize("text", ["", "x", "PHBha2lldD4=", base64.b64encode(b"<packet><a></packet>").decode(), "ż"])
def test_what_is_no_packet_is_nothing(text: str) -> None:
    assert elements_in(text) is None


def test_the_official_states_are_read() -> None:
    found = state_in(Reply(200, EXAMPLES["official-done"]["answer"]), ID)
    assert (found.registered, found.delivered, found.state) == (True, "yes", 0)
    refused = refused_document(Reply(200, EXAMPLES["official-error"]["answer"]))
    assert refused.refusal is not None
    assert refused.refusal.device_code == "1521"
    assert "Długość ID" in refused.refusal.detail


# -- raw ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "method", "path", "effect"),
    [
        ("GET queue", "GET", "/api/v1/queue", Effect.QUERY), ("GET /api/v1", "GET", "/api/v1", Effect.QUERY),
        ('POST status {"status":{"type":"device"}}', "POST", "/api/v1/status", Effect.REVERSIBLE),
        (f"PUT /api/v1/status/{ID}", "PUT", f"/api/v1/status/{ID}", Effect.QUERY),
        (f"PUT receipt/{ID}", "PUT", f"/api/v1/receipt/{ID}", Effect.IRREVERSIBLE),
        (f"PUT unknown/{ID}", "PUT", f"/api/v1/unknown/{ID}", Effect.IRREVERSIBLE),
        (f"GET receipt/{ID}?timeout=1000", "GET", f"/api/v1/receipt/{ID}?timeout=1000", Effect.QUERY),
        ("DELETE queue", "DELETE", "/api/v1/queue", Effect.REVERSIBLE),
    ],
)  # fmt: skip
def test_a_request_by_hand(text: str, method: str, path: str, effect: Effect) -> None:
    step = parse(text, Bench().settings)
    assert (step.command.method, step.command.path, step.effect, step.once) == (method, path, effect, True)
    assert session().send(step.command)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no request"), ("scomm", "no request"), ("GET token", "token by itself"), ("PUT token", "token by itself"),
        ("POST status {", "no request"), ('POST status {"a":1,"a":2}', "no JSON object"), ("GET /../x", "no request"),
        ("GET queue\r\nHost: x", "no request"), ("PATCH queue", "no request"),
    ],
)  # fmt: skip
def test_what_is_no_request_by_hand(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(text, Bench().settings)


def test_answers_by_hand_are_shown_with_the_meaning_of_their_errors() -> None:
    settings = Bench().settings
    assert show(Reply(200, {"requests_in_queue": 0}), settings).text == '200 {"requests_in_queue": 0}'
    assert show(Reply(200, None), settings).text == "200"
    assert "the printer cannot read the request as JSON" in (
        show(Reply(400, {"exception": {"code": 7}}), settings).refusal or ""
    )
    assert "id has a wrong length" in (show(Reply(200, EXAMPLES["official-error"]["answer"]), settings).refusal or "")


def test_the_family_decodes() -> None:
    assert FAMILY.decoding.decoder(Bench().settings).feed(SENT, b"") == []
