"""Characters that a printer lacks, through a whole daemon: printed, warned of or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fiscald.api.answers import as_json
from tests.daemons import running

LINE = {"name": "Kawa", "price": "10.00", "vat": "A"}


def receipt(**content: Any) -> dict[str, Any]:
    return {"type": "receipt", "lines": [LINE]} | content


@pytest.mark.parametrize("code_page", ["cp1250", "latin2", "mazovia"])
async def test_goods_are_printed_in_their_plain_form(tmp_path: Path, code_page: str) -> None:
    lines = [
        {"name": name, "price": "1.00", "vat": "A", "unit": "m²"}
        for name in ("Płytka 5 m²", "Rura ½″ Ø 20", "è → é ü °", "Хліб", "Φέτα", "Kawa\u200d ☕", "a\u00a0b\tc")
    ]
    async with running(tmp_path, code_page=code_page, page=code_page) as it:
        answer = (await it.put("A", receipt(lines=lines, total="7.00"))).json()
        assert (answer["state"], answer["result"]["total"]) == ("done", "7.00")
        paper = it.printer.paper[0]
        for printed in ("Płytka 5 m2", 'Rura 1/2" O 20', "e -> ", "Khlib", "Feta", "Kawa ", "a b c", "1m2 x1,00"):
            assert printed in paper.replace("1 m2 x", "1m2 x"), paper
        told = {(warning["code"], warning["pointer"]) for warning in answer["warnings"]}
        assert told == {
            ("text.replaced", f"/document/lines/{index}/{part}") for index in range(7) for part in ("name", "unit")
        }
        kawa = next(each["detail"] for each in answer["warnings"] if each["pointer"] == "/document/lines/5/name")
        assert kawa == "printed as 'Kawa': U+200D was left out; ☕ (U+2615) was left out"


async def test_only_goods_whose_name_becomes_empty_are_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        refused = await it.put("A", receipt(lines=[LINE | {"name": "☕🎉", "unit": "茶"}], footer=["☕"]))
        assert refused.status_code == 422
        problem = refused.json()
        assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [
            ("/document/lines/0/name", "text.code_page"), ("/document/lines/0/unit", "text.code_page")
        ]  # fmt: skip
        assert "U+2615" in problem["errors"][0]["detail"]
        assert "„☕🎉”" in problem["errors"][0]["detail_pl"]
        assert it.printer.paper == []


@pytest.mark.parametrize("text", ["☕", "Ольга ☕", "a\tb\n\x1b[2J", "\u202e\u200d", "", "x" * 200])
async def test_text_that_is_not_fiscal_never_stops_a_sale(tmp_path: Path, text: str) -> None:
    document = receipt(
        lines=[LINE | {"description": text, "discount": {"amount": "1.00", "name": text}}],
        discount={"percent": "10", "name": text},
        payments=[{"type": "card", "amount": "5.00", "name": text}, {"type": "cash", "amount": "5.00", "name": text}],
        cashier=text,
        footer=[text] * 65,
    )
    async with running(tmp_path) as it:
        answer = (await it.put("A", document)).json()
        assert (answer["state"], answer["result"]["total"]) == ("done", "8.10"), answer
        assert answer["warnings"]
        assert {each["code"] for each in answer["warnings"]} <= {"text.replaced", "text.cut", "text.left_out"}
        assert "\x1b" not in it.printer.paper[0]
        if text == "☕":
            assert "Rabat 10,00%" in it.printer.paper[0]
            assert "Karta" in it.printer.paper[0]


async def test_half_an_emoji_in_json(tmp_path: Path) -> None:
    body = b'{"printer": "till1", "document": {"type": "receipt", "cashier": "\\ud83d", "lines": [{"name": "Kawa \\ud83d", "price": "1.00", "vat": "A"}]}}'
    async with running(tmp_path) as it:
        response = await it.http.put("/v1/jobs/A", params={"wait": 10}, content=body)
        answer = response.json()
        assert answer["state"] == "done", answer
        assert [(each["code"], each["pointer"]) for each in answer["warnings"]] == [
            ("text.left_out", "/document/cashier"), ("text.replaced", "/document/lines/0/name")
        ]  # fmt: skip
        again = await it.http.put("/v1/jobs/A", params={"wait": 10}, content=body)
        assert again.json()["result"] == answer["result"]


async def test_a_qr_code_that_does_not_fit_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        for index, (qr, pointer) in enumerate((
            ({"text": "x" * 1274, "size": 2, "correction": "H"}, "/document/qr/text"),
            ({"text": "x" * 1664, "size": 2, "correction": "Q"}, "/document/qr/text"),
            ({"text": "x" * 200, "size": 8, "correction": "M"}, "/document/qr/size"),
        )):  # fmt: skip
            refused = await it.put(f"A{index}", receipt(qr=qr))
            assert refused.status_code == 422
            assert [each["pointer"] for each in refused.json()["errors"]] == [pointer]
        assert it.printer.paper == []
        assert it.printer.register.printout_count == 0
        done = (await it.put("B", receipt(qr={"text": "x" * 1273, "size": 2, "correction": "H"}))).json()
        assert done["state"] == "done"
        assert "[QR xxx" in it.printer.paper[0]


@pytest.mark.parametrize("known", [True, False])
async def test_all_faults_of_a_receipt_are_counted_and_50_are_listed(tmp_path: Path, *, known: bool) -> None:
    """Also those that only the printer's table shows, once the job is carried out."""
    lines = [{"name": f"Kawa {number}", "price": "1.00", "vat": "E", "quantity": "0.0001"} for number in range(200)]
    async with running(tmp_path, ready=known) as it:
        if known:
            answer = (await it.http.post("/v1/printers/till1/preview", json={"document": receipt(lines=lines)})).json()
        else:
            answer = (await it.put("A", receipt(lines=[{**line, "quantity": "1"} for line in lines]))).json()
            answer = answer.get("error", answer)
        assert len(answer["errors"]) == 50
        assert f"(and {600 if known else 199} more)" in answer["detail"]


def test_answers_hold_polish_letters_as_they_are() -> None:
    assert as_json("Żurek") == '"Żurek"'.encode()
