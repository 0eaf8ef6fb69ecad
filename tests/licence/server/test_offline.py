"""A till without internet: a request file becomes a certificate, by a program or by the page of a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fiscald.licence import wire
from fiscald.licence.certificate import verify
from tests.licence.server.browsers import HTML
from tests.licence.server.html_check import Page, faults
from tests.licence.server.running import BAKERY, F1, KEYS, Computer, opened
from tests.licence.server.test_app import serving


async def test_a_request_file_is_exchanged_for_a_certificate_that_never_runs_out(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        till = Computer(server.clock)
        file = till.sign(wire.RequestFile, number=server.it.number(), company=BAKERY) + "\n"
        server.clock.go(days=2)
        response = await server.http.post("/v1/offline", content=file)
        assert response.headers["content-type"].startswith("text/plain")
        first = verify(response.content, KEYS, server.clock())
        assert (first.exp, first.end, first.check_every, first.mid) == (None, None, None, till.mid)
        # The answer got lost: the same file again, through the page of a browser.
        form = Page((await server.http.get("/v1/offline", headers=HTML)).text)
        assert form.form("/v1/offline").fields.keys() == {"file", "text"}
        parts: list[Any] = [{"file": ("order.txt", file.encode())}, {"file": ("", b""), "text": (None, file)}]
        for part in parts:
            response = await server.http.post("/v1/offline", files=part, headers=HTML)
            assert response.status_code == 200
            page = Page(response.text)
            assert faults(page, "en") == []
            assert page.one("img").get("src").startswith("data:image/svg+xml")
            fields = page.form("/v1/offline/file").fields
            assert verify(fields["text"].encode(), KEYS, server.clock()).sub == first.sub
            saved = await server.http.post("/v1/offline/file", data=fields, headers=HTML)
            assert saved.headers["content-disposition"] == 'attachment; filename="certificate.txt"'
            assert verify(saved.content, KEYS, server.clock()).sub == first.sub
        server.clock.go(days=29)
        old = await server.http.post("/v1/offline", content=file)
        assert opened(old.status_code, old.text, file.strip(), server.clock()).refused == "request_old"
        for lang, told in (("pl", "starszy niż 30 dni"), ("nl", "ouder dan 30 dagen"), ("en", "older than 30 days")):
            response = await server.http.post("/v1/offline", content=file, headers=HTML | {"Accept-Language": lang})
            assert (response.status_code, told in response.text) == (410, True)
            assert faults(Page(response.text), lang) == []


async def test_the_server_gives_back_only_certificates_that_it_has_shown(tmp_path: Path) -> None:
    """Otherwise another page could make a browser save any file from the vendor's address."""
    async with serving(tmp_path) as server:
        file = Computer(server.clock).sign(wire.RequestFile, number=server.it.number(), company=BAKERY)
        page = Page((await server.http.post("/v1/offline", content=file, headers=HTML)).text)
        fields = page.form("/v1/offline/file").fields
        for wrong in ({"text": "X"}, {"text": fields["text"] + "X"}, {"seal": ""}, {"seal": "0" * 64}, {"seal": "ż"}):
            response = await server.http.post("/v1/offline/file", data=fields | wrong, headers=HTML)
            assert response.status_code == 403
            assert "content-disposition" not in response.headers
        # As a browser sends it.
        sent = fields | {"text": fields["text"].replace("\n", "\r\n")}
        saved = await server.http.post("/v1/offline/file", data=sent, headers=HTML)
        assert (saved.status_code, saved.headers["content-type"]) == (200, "text/plain; charset=utf-8")
        assert saved.headers["x-content-type-options"] == "nosniff"
        assert "\r" not in saved.text
        assert (await server.http.post("/v1/offline/file", content=b"x" * 40000)).status_code == 413


async def test_every_outcome_of_the_offline_form_is_a_page_for_a_browser(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        till = Computer(server.clock)
        file = till.sign(wire.RequestFile, number=F1, company=BAKERY)
        check = till.sign(wire.Check, lic="lic_X", crt="crt_X")
        seen: list[tuple[int, str]] = []

        async def send(content: bytes | str, **headers: str) -> None:
            response = await server.http.post("/v1/offline", content=content, headers=HTML | headers)
            page = Page(response.text)
            assert faults(page, "en") == []
            assert "script-src" not in response.headers["content-security-policy"]
            assert "default-src 'none'" in response.headers["content-security-policy"]
            assert ("retry-after" in response.headers) == (response.status_code == 429)
            seen.append((response.status_code, page.one("h1").text))
            program = await server.http.post("/v1/offline", content=content, headers=headers)
            assert program.status_code == response.status_code
            assert program.headers["content-type"] in ("application/json", "application/jose")

        await send(file)
        await send("")
        await send(check)
        await send("x" * 16385)
        await send("x", **{"Content-Type": "multipart/form-data"})
        for number in range(20):
            await server.http.post(
                "/v1/offline", content=Computer(server.clock, number).sign(wire.RequestFile, number=F1, company=BAKERY)
            )
        await send(file)
        server.clock.go(-1)
        await send(file)
        assert seen == [
            (404, "This was refused"), (400, "This is not a request file"), (400, "This is not a request file"), (413, "This is too large"),
            (400, "This request cannot be read"), (429, "Too many requests"), (503, "We cannot answer now"),
        ]  # fmt: skip


async def test_a_request_signed_before_the_seat_was_released_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        till, office = Computer(server.clock), Computer(server.clock, 2)
        number = server.it.number()
        order = till.sign(wire.RequestFile, number=number, company=BAKERY)
        licence = verify((await server.http.post("/v1/offline", content=order)).content, KEYS).sub
        server.clock.go(60)
        await server.ask(till, wire.Deactivate, lic=licence)
        again = await server.http.post("/v1/offline", content=order)
        assert opened(again.status_code, again.text, order, server.clock()).refused == "request_old"
        assert (await server.ask(office, wire.Activate, number=number, company=BAKERY)).crt.sub == licence
        back = till.sign(wire.Deactivate, lic=licence)
        assert (await server.http.post("/v1/offline", content=back)).status_code == 400, "only orders are exchanged"
