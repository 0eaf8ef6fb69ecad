"""What planning finds out about any document: each fault with its pointer, code and sentences, and the sums."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.model.money import MAX_GROSZE
from fiscald.model.payment import Payment, PaymentType
from fiscald.model.preview import Sold, totals_of
from fiscald.model.receipt import Adjustment, Receipt
from fiscald.model.text import CODE_PAGES, fit
from fiscald.protocols.planning import PlanBuilder, TextKind, zloty

LINE = {"name": "Kawa", "price": "10.00", "vat": "A"}


def receipt(**content: Any) -> Receipt:
    return Receipt.model_validate({"lines": [LINE]} | content)


def codes(found: PlanBuilder) -> list[str]:
    return [error.code for error in found.errors]


def test_text_that_fits_is_what_it_was() -> None:
    found = PlanBuilder()
    assert found.text("Łosoś", "/name", "mazovia", 5) == "Łosoś"
    assert found == PlanBuilder()


def test_free_text_is_cut_and_an_identifier_is_not() -> None:
    found = PlanBuilder()
    assert found.text("Herbata", "/name", "cp1250", 4) == "Herb"
    (notice,) = found.notices
    assert (notice.code, notice.detail) == ("text.cut", "printed as 'Herb': cut after 4 characters")
    assert found.text("Herbata", "/number", "cp1250", 4, TextKind.NUMBER) == ""
    assert [(error.pointer, error.code) for error in found.errors] == [("/number", "text.too_long")]


def test_a_replacement_and_a_cut_are_a_notice_each() -> None:
    found = PlanBuilder()
    assert found.text("„Kajzerka”", "/name", "mazovia", 5) == '"Kajz'
    assert [(notice.code, notice.detail) for notice in found.notices] == [
        ("text.replaced", "printed as '\"Kajz': „ (U+201E) became '\"'; ” (U+201D) became '\"'"),
        ("text.cut", "printed as '\"Kajz': cut after 5 characters"),
    ]


@given(
    st.text(max_size=30), st.sampled_from(sorted(CODE_PAGES)), st.integers(1, 20), st.sampled_from(sorted(TextKind, key=str))
)  # fmt: skip
def test_a_text_comes_out_in_its_code_page_and_limit_or_is_reported(
    text: str, page: str, limit: int, kind: TextKind
) -> None:
    found = PlanBuilder()
    fitted = found.text(text, "/name", page, limit, kind)
    assert len(fitted.encode(CODE_PAGES[page])) <= limit
    assert found.errors or found.notices or fitted == text
    if kind is TextKind.FREE:
        assert not found.errors, "what is not fiscal never stops a sale"
    if kind is TextKind.GOODS:
        assert bool(found.errors) == (bool(text) and not fitted), "only where nothing is left"


@given(st.text(max_size=80), st.sampled_from(sorted(CODE_PAGES)), st.integers(1, 40))
def test_a_line_of_a_printout_loses_nothing_but_what_is_reported(text: str, page: str, limit: int) -> None:
    found = PlanBuilder()
    parts = found.form_line(text, "/lines/0", page, limit)
    assert all(0 < len(part.encode(CODE_PAGES[page])) <= limit for part in parts)
    if found.errors:
        assert min(len(text), len(fit(text, page).text)) > limit
    else:
        assert "".join(parts) == fit(text, page).text
        assert found.notices or "".join(parts) == text


def test_a_number_that_would_lose_a_character_is_left_out() -> None:
    found = PlanBuilder()
    assert found.text("№\u200d 7", "/number", "cp1250", 8, TextKind.NUMBER) == "Nr 7"
    assert found.text("茶7", "/number", "cp1250", 8, TextKind.NUMBER) == ""
    assert [notice.code for notice in found.notices] == ["text.replaced", "text.left_out"]
    assert not found.errors


def test_goods_whose_printed_names_become_the_same_are_reported() -> None:
    found = PlanBuilder()
    for name in ("Sik 1 l", "Сік 1 л", "Sik 1 l", "Sok 1 l"):
        line = receipt(lines=[LINE | {"name": name}]).lines[0]
        found.goods(line, f"/{name}", "cp1250", 40)
    assert [(notice.code, notice.pointer) for notice in found.notices] == [
        ("text.replaced", "/Сік 1 л"), ("text.same_name", "/Сік 1 л")
    ]  # fmt: skip
    assert found.notices[1].detail == "printed as 'Sik 1 l', like 'Sik 1 l': the printer takes both for the same goods"


@pytest.mark.parametrize(
    ("name", "printed"), [("Karta", "Karta"), ("☕", "Rabat 10,00%"), ("", "Rabat 10,00%"), (None, "Rabat 10,00%")]
)
def test_a_discount_without_a_name_that_can_be_printed_has_the_usual_one(name: str | None, printed: str) -> None:
    found = PlanBuilder()
    adjustment = Adjustment.model_validate({"percent": "10", "name": name} if name is not None else {"percent": "10"})
    assert found.adjustment_name(adjustment, "Rabat", lambda text: found.text(text, "/name", "cp1250", 25)) == printed
    assert [notice.code for notice in found.notices] == (["text.left_out"] if name == "☕" else [])


def test_a_rate_is_not_looked_for_while_the_table_is_unknown() -> None:
    found = PlanBuilder()
    assert found.rate("7%", None, "/vat") == "7%"
    assert found.rate("A", {"A": Decimal(23)}, "/vat") == 0
    assert not found.errors
    assert found.rate("7%", {"A": Decimal(23)}, "/vat") is None
    assert codes(found) == ["vat.rate"]


@pytest.mark.parametrize(
    ("adjustment", "discount", "amount", "faults"),
    [
        ({"percent": "10"}, True, 100, []),
        ({"amount": "9.99"}, True, 999, []),
        ({"amount": "10.00"}, True, 1000, ["discount.too_large"]),
        ({"amount": "10.00"}, False, 1000, []),
        ({"percent": "0.01"}, True, 0, ["adjustment.zero"]),
    ],
)
def test_what_a_discount_of_ten_zloty_comes_to(
    adjustment: dict[str, str], discount: bool, amount: int, faults: list[str]
) -> None:
    found = PlanBuilder()
    assert found.adjustment(Adjustment.model_validate(adjustment), 1000, "/discount", discount=discount) == amount
    assert codes(found) == faults


def test_a_line_that_rounds_to_nothing() -> None:
    found = PlanBuilder()
    assert found.line_value(receipt(lines=[LINE | {"price": "0.01", "quantity": "0.001"}]).lines[0], "/lines/0") == 0
    assert codes(found) == ["line.zero"]


@pytest.mark.parametrize(
    ("total", "too_large", "faults"),
    [
        (1000, None, []),
        (0, None, ["receipt.zero"]),
        (0, "too much", ["receipt.zero"]),
        (1001, None, ["receipt.total"]),
        (1001, "too much", ["receipt.too_large"]),
    ],
)
def test_one_fault_of_the_total_is_reported(total: int, too_large: str | None, faults: list[str]) -> None:
    found = PlanBuilder(total=total)
    found.check_total(receipt(total="10.00"), "/document", too_large=too_large)
    assert codes(found) == faults


def test_the_footer_has_as_many_lines_as_the_printer_takes() -> None:
    found = PlanBuilder()
    footer = receipt(footer=["a", "", "☕", "b", "c"])
    lines = found.footer_lines(footer, 4, "", lambda line, pointer: found.text(line, pointer, "cp1250", 40))
    assert lines == [("a", "/footer/0"), ("b", "/footer/3")]
    assert not found.errors
    assert [(notice.code, notice.pointer) for notice in found.notices] == [
        ("text.left_out", "/footer/2"), ("text.left_out", "/footer/4")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("total", "due", "fault"),
    [
        (0, 1000, None),
        (1001, 1000, None),
        (1000, MAX_GROSZE + 1, "packaging.too_large"),
        (1000, -1, "packaging.more_than_sale"),
    ],
)
def test_what_cannot_be_paid(total: int, due: int, fault: str | None) -> None:
    found = PlanBuilder(total=total)
    assert found.payments(receipt(), due, 1000, "/document") is None
    assert codes(found) == ([] if fault is None else [fault])


def test_what_is_not_said_is_paid_in_cash() -> None:
    found = PlanBuilder(total=1000)
    assert found.payments(receipt(), 1500, 1000, "/document") == (
        Payment(type=PaymentType.CASH, amount=Decimal("15.00")),
    )
    assert found.payments(receipt(), 0, 1000, "/document") == ()
    card = receipt(payments=[{"type": "card", "amount": "10.00"}])
    assert found.payments(card, 1500, 1000, "/document") == card.payments


def test_only_cash_may_follow_what_covers_the_due() -> None:
    found = PlanBuilder(total=1000)
    found.pay(Payment(type=PaymentType.CARD, amount=Decimal("10.00")), 1000, "/payments/0")
    found.pay(Payment(type=PaymentType.CASH, amount=Decimal("5.00")), 1000, "/payments/1")
    assert not found.errors
    found.pay(Payment(type=PaymentType.CARD, amount=Decimal("0.01")), 1000, "/payments/2")
    assert [(error.pointer, error.code) for error in found.errors] == [("/payments/2", "payment.superfluous")]
    assert found.paid == 1501


@pytest.mark.parametrize(
    ("paid", "too_large", "change", "faults"),
    [
        (1500, None, 500, []),
        (999, "too much", 0, ["payments.short"]),
        (1600, None, 600, ["receipt.change"]),
        (1600, "too much", 600, ["payments.too_large", "receipt.change"]),
    ],
)
def test_what_is_given_back(paid: int, too_large: str | None, change: int, faults: list[str]) -> None:
    found = PlanBuilder(total=1000, paid=paid, cash=paid)
    found.give_change(receipt(change="5.00"), 1000, "/document", too_large=too_large)
    assert (found.change, codes(found)) == (change, faults)


def paid_with(**payments: str) -> Receipt:
    return receipt(payments=[{"type": kind, "amount": amount} for kind, amount in payments.items()])


@pytest.mark.parametrize(
    ("payments", "told"),
    [
        ({"card": "10.00"}, None),
        ({"cash": "20.00"}, None),
        ({"card": "8.00", "cash": "5.00"}, None),
        ({"card": "20.00"}, ("/document/payments/0/amount", "10.00 of it", "this payment is 10.00")),
        ({"voucher": "12.00"}, ("/document/payments/0/amount", "2.00 of it", "this payment is 10.00")),
        ({"cash": "2.00", "card": "20.00"}, ("/document/payments/1/amount", "10.00 of it", "this payment is 10.00")),
        ({"bon": "1.00", "card": "12.00"}, ("/document/payments/1/amount", "3.00 of it", "this payment is 9.00")),
    ],
)
def test_cash_that_leaves_the_drawer_is_reported(payments: dict[str, str], told: tuple[str, str, str] | None) -> None:
    sale, found = paid_with(**payments), PlanBuilder(total=1000)
    for index, payment in enumerate(sale.payments):
        found.pay(payment, 1000, f"/document/payments/{index}")
    found.give_change(sale, 1000, "/document", too_large=None)
    assert not found.errors
    notices = [(notice.code, notice.pointer, notice.detail) for notice in found.notices]
    if told is None:
        assert notices == []
        return
    ((code, pointer, detail),) = notices
    assert (code, pointer) == ("payment.cash_leaves_drawer", told[0])
    assert told[1] in detail
    assert detail.endswith(told[2])


@pytest.mark.parametrize(
    ("payments", "change", "advice"),
    [
        ({"card": "20.00"}, "0.00", "or lower /document/payments/0/amount to 10.00"),
        ({"card": "9.00", "cash": "5.00"}, "1.00", "or lower /document/payments/0/amount to 6.00"),
        ({"card": "2.00", "cash": "12.00"}, "0.00", "or lower /document/payments/1/amount to 8.00"),
        ({"cash": "12.00"}, "5.00", "send that or leave change out"),
    ],
)
def test_a_wrong_change_says_what_to_lower(payments: dict[str, str], change: str, advice: str) -> None:
    sale = receipt(payments=[{"type": kind, "amount": amount} for kind, amount in payments.items()], change=change)
    found = PlanBuilder(total=1000)
    for index, payment in enumerate(sale.payments):
        found.pay(payment, 1000, f"/document/payments/{index}")
    found.give_change(sale, 1000, "/document", too_large=None)
    (error,) = found.errors
    assert error.detail.endswith(advice)
    assert not found.notices


def test_only_a_receipt_that_would_not_be_refused_has_totals() -> None:
    assert PlanBuilder().totals is None, "a printout"
    found = PlanBuilder(total=1000, due=1000, paid=1500, change=500)
    found.lines.append(Sold(receipt().lines[0], "Kawa", "A", 1000))
    assert found.totals == totals_of(found.lines, total=1000, due=1000, paid=1500, change=500) is not None
    found.error("/lines", "receipt.zero", "bad", "źle")
    assert found.totals is None


def test_amounts_are_written_as_people_do() -> None:
    assert [zloty(amount) for amount in (5, 1230, -100)] == ["0,05 zł", "12,30 zł", "-1,00 zł"]
