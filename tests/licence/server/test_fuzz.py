"""Whatever is posted to whatever path: one of the documented answers, and never an error of the server's own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fiscald.licence import wire
from fiscald.licence.server.app import MAIL_SENT, create_app
from fiscald.licence.server.offline import JOSE
from fiscald.licence.server.refusals import TABLE
from tests.licence.server.html_check import Page, faults
from tests.licence.server.running import BAKERY, DAIRY, F1, FLORIST, N1, N2, N4, Computer, Vendor, opened

pytestmark = pytest.mark.slow
PLAIN = {400, 413, 429}
SIGNED = {200, *(row.status for row in TABLE.values())}
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=6,
)
_LIKELY: dict[str, list[Any]] = {
    "email": ["a@bakery.pl", "b@bakery.pl", "ż@ż.pl", '"a,b"@c.pl'],
    "company": [BAKERY, DAIRY, FLORIST, FLORIST, FLORIST | {"name": "\u202e", "tin": "1"}, BAKERY | {"cc": "RO"}],
    "number": [N1, N2, N4, F1, "OWN", N1[:-1], N1 + "0"],
    "support": [N4, N4, N1, F1],
    "lic": ["LIC", "LIC", "lic_X"],
    "crt": ["CRT", "CRT", "crt_X"],
    "session": ["s", "x"],
    "code": ["12345-ABCDE", "i", "\u0131"],
    "mid": ["machine-1", "machine-1", "machine-2"],
    "ver": ["1.0.3", "-"],
    "lang": ["pl", "en"],
    "iat": [0, 0, 0, 600, -600, 601],
    "aud": ["urn:fiscald:vendor:test"],
}
_ODD = st.text(max_size=60) | _JSON


@st.composite
def questions(draw: st.DrawFn) -> tuple[type[wire.VendorRequest], dict[str, Any]]:
    """A question that is right or nearly so."""
    models: list[type[wire.VendorRequest]] = [*wire.REQUESTS, wire.Activate, wire.RequestFile]
    model = draw(st.sampled_from(models))
    fields = {name: draw(st.sampled_from(_LIKELY[name])) for name in model.model_fields if name in _LIKELY}
    if draw(st.sampled_from([False, False, True])):
        name = draw(st.sampled_from([*fields, "extra"]))
        fields[name] = draw(_ODD)
    if draw(st.booleans()):
        optional = [name for name, field in model.model_fields.items() if not field.is_required()]
        fields = {name: value for name, value in fields.items() if name not in optional}
    return model, fields


class Target:
    """The application, called without a network, with a licence and a session to guess at."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self.runner = asyncio.Runner()
        vendor.publish(N1, N4)
        self.till = Computer(vendor.clock)
        self.number = vendor.number().text
        self.licence = vendor.activate(self.till, self.number, FLORIST).crt
        app = create_app(vendor.handler, vendor.outbox)
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=True)

    def post(self, path: str, body: bytes, **headers: str) -> httpx.Response:
        async def send() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="https://vendor") as http:
                return await http.post(path, content=body, headers=headers)

        return self.runner.run(send())

    def known(self, value: Any) -> Any:
        known = {"LIC": self.licence.sub, "CRT": self.licence.jti, "OWN": self.number}
        return known.get(value, value) if isinstance(value, str) else value


@pytest.fixture
def target(vendor: Vendor) -> Iterator[Target]:
    it = Target(vendor)
    yield it
    it.runner.close()


_SETTINGS = settings(
    max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def test_any_signed_request_has_a_documented_answer(target: Target) -> None:
    met: set[tuple[int, str]] = set()

    @_SETTINGS
    @given(questions(), st.sampled_from([False] * 9 + [True]))
    def ask(asked: tuple[type[wire.VendorRequest], dict[str, Any]], offline: bool) -> None:
        model, fields = asked
        fields = {name: target.known(value) for name, value in fields.items()}
        target.vendor.clock.go(days=1)  # the limits of yesterday are over
        if type(fields.get("iat")) is int:
            fields["iat"] += target.vendor.clock()
        try:
            token = target.till.sign(model, **fields)
        except UnicodeEncodeError:
            return
        path = "/v1/offline" if offline else model.path
        met.add(check(target.post(path, token.encode()), token, target))

    ask()
    assert {status for status, _ in met} >= {200, 202, 400, 403, 404, 409, 422}  # it gets past the door


def check(response: httpx.Response, token: str, target: Target) -> tuple[int, str]:
    """It is documented; its status, and what kind of answer it is."""
    kind = response.headers["content-type"]
    if response.status_code == 202:
        assert response.json() == MAIL_SENT
    elif kind == JOSE:
        assert response.status_code in SIGNED
        answered = opened(response.status_code, response.text, token, target.vendor.clock())
        if response.status_code != 200:
            assert answered.refused in TABLE or answered.refused.startswith("NUMBER_")
            return response.status_code, answered.refused
    elif kind.startswith("text/plain"):
        assert response.text.startswith("-----BEGIN FISCALD LICENCE-----")
    else:
        assert response.status_code in PLAIN
        assert set(response.json()) == {"detail", "detail_pl"}
    return response.status_code, kind


@_SETTINGS
@given(
    st.sampled_from([*(model.path for model in wire.REQUESTS), "/v1/offline"]),
    st.binary(max_size=300)
    | st.from_regex(r"[A-Za-z0-9_-]{20,60}\.[A-Za-z0-9_-]{20,60}\.[A-Za-z0-9_-]{86}", fullmatch=True).map(str.encode)
    | st.integers(8000, 20000).map(lambda size: b"x" * size),
    st.sampled_from(["application/jose", "text/plain", "multipart/form-data; boundary=x", "multipart/form-data", ""]),
    st.sampled_from(["text/html", "*/*"]),
)
def test_any_bytes_have_a_documented_answer(target: Target, path: str, body: bytes, kind: str, accept: str) -> None:
    response = target.post(path, body, **{"content-type": kind, "accept": accept})
    assert response.status_code in {400, 413}
    if accept == "text/html":
        assert faults(Page(response.text), "en") == []
    else:
        assert set(response.json()) == {"detail", "detail_pl"}


@_SETTINGS
@given(questions(), st.data())
def test_a_request_with_a_changed_byte_is_refused(
    target: Target, asked: tuple[type[wire.VendorRequest], dict[str, Any]], data: st.DataObject
) -> None:
    model, fields = asked
    token = bytearray(target.till.sign(model, **fields).encode())
    place = data.draw(st.integers(0, len(token) - 1))
    token[place] ^= data.draw(st.integers(1, 255))
    response = target.post(model.path, bytes(token))
    assert response.status_code in {400, 413}
