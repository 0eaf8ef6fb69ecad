"""The number of the invoice in KSeF under a receipt, as each family plans it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.model.test_ksef import NUMBER
from tests.protocols.posnet import plans as posnet
from tests.protocols.thermal import plans as thermal

URL = "https://qr.example/" + "a" * 281
REFERENCE = {"ksef_number": NUMBER}


@pytest.mark.parametrize("profile", [posnet.ONLINE, posnet.OLD])
@pytest.mark.parametrize("url", [None, URL])
def test_posnet_prints_the_number_and_a_code(profile: Any, url: str | None) -> None:
    plan = posnet.planned(profile, invoice_reference=REFERENCE | {"url": url}, footer=["Dziękujemy"])
    sent = posnet.commands(plan)
    code = (url or NUMBER).encode().hex().upper()
    assert sent[1].startswith(f"qrcode|px4|el1|hx1|tx{code}|")
    assert sent[2].startswith("ftrcfg|bb1|")
    assert [line.split("|")[2] for line in sent[-2:]] == [f"naKSeF {NUMBER}", "naDziękujemy"]
    assert plan.notices == []


def test_posnet_prints_one_code_only() -> None:
    plan = posnet.planned(invoice_reference=REFERENCE, qr={"text": "x"})
    assert [(error.pointer, error.code) for error in plan.errors] == [("/document/qr", "qr.or_reference")]


@pytest.mark.parametrize("profile", [thermal.POSNET, thermal.NOVITUS, thermal.INNOVA])
def test_thermal_prints_the_number_and_says_that_there_is_no_code(profile: Any) -> None:
    plan = thermal.planned(profile, invoice_reference=REFERENCE | {"url": URL})
    assert f"KSeF {NUMBER}" in thermal.commands(plan)[-1]
    assert [(each.code, each.pointer) for each in plan.notices] == [
        ("invoice_reference.no_code", "/document/invoice_reference")
    ]


def test_a_full_footer_does_not_push_the_number_out() -> None:
    plan = thermal.planned(invoice_reference=REFERENCE, footer=["a", "b", "c"])
    assert f"KSeF {NUMBER}|a|b|" in thermal.commands(plan)[-1]
    assert ("text.left_out", "/document/footer/2") in [(each.code, each.pointer) for each in plan.notices]
