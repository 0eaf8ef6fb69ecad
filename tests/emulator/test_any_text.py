"""Any text in any place of a receipt: refused by name, or printed as planned, in every profile and code page."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fiscald.emulator.memory import RegisterState
from fiscald.emulator.running import build
from fiscald.model.preview import Preview
from fiscald.model.receipt import Receipt
from fiscald.paper.emulated import carry_out, emulated_options
from fiscald.protocols import family
from fiscald.protocols.base import Settings
from tests.emulator.test_tiny import PROFILES, RATES

CP1250 = "cp1250"
#: Characters that mean something in a frame, and what becomes such a character; and anything else.
SIGNS = st.sampled_from("\t\r\n\x02\x03\x1b\x10|/#@&;\\＃／｜；＼＆\u2028\u00a0→½²☕茶Щ№…\u200d\u0301żŁ")
TEXT = st.one_of(st.text(max_size=50), st.lists(SIGNS, max_size=45).map("".join))
NEEDED = TEXT.filter(lambda text: bool(text.strip()))
#: The refusals that a text may cause; all but the first two are of numbers.
REFUSALS = {"text.code_page", "text.too_long", "system_number.letters", "system_number.unsupported"}
RECEIPTS = st.fixed_dictionaries(
    {
        "lines": st.lists(
            st.fixed_dictionaries(
                {"name": NEEDED, "price": st.just("2.00"), "vat": st.just("A")},
                optional={"unit": NEEDED, "description": TEXT},
            ),
            min_size=1,
            max_size=3,
        )
    },
    optional={
        "payments": st.builds(
            lambda card, cash: [
                {"type": "card", "amount": "1.00", "name": card}, {"type": "cash", "amount": "9.00", "name": cash},
            ],
            TEXT, TEXT,
        ),
        "cashier": TEXT,
        "register": NEEDED,
        "system_number": NEEDED,
        "footer": st.lists(TEXT, max_size=5),
    },
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(RECEIPTS, st.integers(0, 2))
@pytest.mark.parametrize(("name", "profile"), PROFILES, ids=[f"{name}-{profile}" for name, profile in PROFILES])
def test_a_receipt_with_any_text_is_printed_or_refused_for_its_goods(
    name: str, profile: str, content: dict[str, Any], page: int
) -> None:
    known = family(name).choices("code_page") or (CP1250,)  # the only one
    code_page = known[page % len(known)]
    options = {"code_page": code_page, "profile": profile}
    known_options = family(name).options.model_fields
    options = {option: value for option, value in options.items() if option in known_options}
    settings = Settings("till1", family(name).options.model_validate(options))
    document = Receipt.model_validate(content)
    check = family(name).check(document, settings, None)
    if check.errors:
        assert {error.code for error in check.errors} <= REFUSALS
        numbers = ("/register", "/system_number")
        for error in check.errors:
            goods = error.pointer.endswith(("/name", "/unit"))
            assert goods if error.code == "text.code_page" else error.pointer.endswith(numbers), error
        return
    found = Preview(
        printer="till1", family=name, profile=profile, code_page=options.get("code_page"), vat=RATES, document=document,
        totals=check.totals, warnings=check.notices,
    )  # fmt: skip
    device, _ = build(name, **emulated_options(found), state=RegisterState(cash=100_000))
    verdict = carry_out(device, found)
    assert check.totals is not None
    assert verdict.result.total == check.totals.total
    sheet = device.register.printouts[-1].text
    for line in check.totals.lines:
        assert line.name in sheet.replace("\n", "") or line.name.strip() in sheet
