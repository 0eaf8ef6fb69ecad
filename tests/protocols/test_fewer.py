"""Printers that tell fewer counters than others: what still can be concluded, and what is then for a person."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from fiscald.model.cash import CashIn, GoodsReturn
from fiscald.model.documents import Document
from fiscald.model.receipt import Receipt
from fiscald.model.reports import DailyReport
from fiscald.protocols.base import NotPrinted, Printed, Unknown
from fiscald.protocols.posnet.frames import ETX, MARK, STX, Deframer, Frame, crc16
from tests.conformance.bench import Bench, cause
from tests.protocols.posnet.scripted import frame
from tests.protocols.thermal.scripted import result

RECEIPT = Receipt.model_validate(
    {
        "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}, {"name": "Bułka", "price": "1.50", "vat": "5%"}],
        "payments": [{"type": "cash", "amount": "11.50"}],
    }
)
#: Fields of ``scnt`` that only newer POSNET printers have (7), and of ``stot`` that not every one need have.
NEWER = ("bt", "bc", "fn", "fc")
TOTALS = ("pn", "ct", "cn", "nf", *("p" + letter for letter in "abcdefg"))


class Fewer(Bench):
    """A printer whose answers lack something."""

    lacks: Callable[[str, bytes], bytes] = staticmethod(lambda _, data: data)

    def answer(self, data: bytes) -> bytes:
        return self.lacks(self.name_of(data), super().answer(data))


def without(answer: bytes, *names: str) -> bytes:
    (found,) = Deframer().feed(answer)
    assert isinstance(found, Frame)
    fields = b"".join(b"\t" + name.encode() + value for name, value in found.fields if name not in names)
    body = found.mnemonic.encode() + fields + b"\t"
    return STX + body + MARK + crc16(body) + ETX


def older_posnet(name: str, answer: bytes) -> bytes:
    return without(answer, *NEWER) if name == "scnt" else answer


def no_totals(name: str, answer: bytes) -> bytes:
    return frame("ERR\t?10\tcmstot\t") if name == "stot" else older_posnet(name, answer)


def fewer_totals(name: str, answer: bytes) -> bytes:
    return without(answer, *TOTALS) if name == "stot" else older_posnet(name, answer)


def no_day(name: str, answer: bytes) -> bytes:
    return result("#s", 1) if name == "#s 28" else answer


PRINTERS = {
    "posnet, older": ("posnet", older_posnet),
    "posnet, without totals": ("posnet", no_totals),
    "posnet, with fewer totals": ("posnet", fewer_totals),
    "thermal, without the day": ("thermal", no_day),
}


@pytest.fixture(params=PRINTERS)
def bench(request: pytest.FixtureRequest) -> Bench:
    family, lacks = PRINTERS[request.param]
    made = Fewer(family)
    made.lacks = lacks
    made.device.register.state.cash = 1000
    return made


DOCUMENTS: list[Document] = [RECEIPT, CashIn(amount=Decimal("5.00")), GoodsReturn(amount=Decimal("1.00"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.type)
def test_a_document_is_printed(bench: Bench, document: Document) -> None:
    for _ in range(2):
        verdict = bench.carry_out(document)
        assert isinstance(verdict, Printed)
        assert verdict.notices == ()
    assert isinstance(verdict, Printed)
    assert verdict.result.number == (2 if document is RECEIPT else None)
    if document is RECEIPT:
        assert isinstance(bench.carry_out(DailyReport()), Printed)


@pytest.mark.parametrize("executed", [True, False])
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.type)
def test_the_counters_that_are_left_decide(bench: Bench, document: Document, executed: bool) -> None:
    bench.carry_out(RECEIPT)
    bench.break_off_deciding(document, executed=executed)
    verdict = bench.recover(document)
    if executed:
        assert isinstance(verdict, Printed)
        assert verdict.result.number == (2 if document is RECEIPT else None)
    else:
        assert isinstance(verdict, NotPrinted)
        assert verdict.again
        assert not bench.open


def test_a_receipt_that_a_person_cancelled_was_not_printed(bench: Bench) -> None:
    bench.break_off(RECEIPT, bench.names.closing, executed=False)
    bench.others_cancel()
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again


def test_a_receipt_that_others_changed_is_for_a_person(bench: Bench) -> None:
    def sell() -> None:
        assert bench.device.foreign_sell("Obcy", 100)

    bench.before(bench.names.payment or bench.names.closing, sell)
    bench.break_off(RECEIPT, bench.names.closing, executed=False)
    if bench.names.payment is None:
        sell()
    bench.others_close(1250, paid=1150)
    assert cause(bench.recover(RECEIPT)) == "changed"


@pytest.mark.parametrize("executed", [True, False])
def test_of_two_receipts_no_value_is_guessed(bench: Bench, executed: bool) -> None:
    """Ours was completed and another one cancelled, or the other way round; both are worth the same."""
    bench.break_off(RECEIPT, bench.names.closing, executed=executed)
    if executed:
        bench.others_give_up(1150)
    else:
        bench.others_cancel()
        bench.others_receipt(1150)
    assert cause(bench.recover(RECEIPT)) == "twins"


#: What is concluded where ours was completed, and one of another value cancelled; and the other way round.
OTHER_VALUE = {
    "posnet, older": (Printed, NotPrinted),
    "posnet, without totals": (Unknown, Unknown),
    "posnet, with fewer totals": (Unknown, Unknown),
    "thermal, without the day": (Unknown, NotPrinted),
}


@pytest.mark.parametrize("executed", [True, False])
def test_of_two_receipts_the_known_values_tell(bench: Bench, executed: bool, request: pytest.FixtureRequest) -> None:
    bench.break_off(RECEIPT, bench.names.closing, executed=executed)
    if executed:
        bench.others_give_up(300)
    else:
        bench.others_cancel()
        bench.others_receipt(300)
    assert isinstance(bench.recover(RECEIPT), OTHER_VALUE[request.node.callspec.params["bench"]][not executed])
