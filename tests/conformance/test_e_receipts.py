"""E-receipts of a POSNET ONLINE printer: the binding never stays behind, and nothing about it decides the receipt."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from fiscald.emulator.faults import Switch
from fiscald.model.e_receipt import Delivered
from fiscald.model.jobs import Paper
from fiscald.model.receipt import Receipt
from fiscald.protocols.base import Held, NotPrinted, Printed
from tests.conformance.bench import Bench
from tests.conformance.families import RECEIPT
from tests.conformance.test_recovery import places
from tests.found import found
from tests.protocols.posnet.scripted import frame

KID = "KID0123456789ABC"
OURS = Receipt.model_validate(RECEIPT | {"e_receipt": {"customer_id": KID}})
PLAIN = Receipt.model_validate(RECEIPT)


def codes(bench: Bench, receipt: Receipt) -> list[tuple[str, str]]:
    return [(error.pointer, error.code) for error in bench.family.check(receipt, bench.settings, None).errors]


def customers(bench: Bench) -> list[object]:
    """To whom each sheet went; ``None``: it came out on paper."""
    return [sheet.facts.get("customer") for sheet in bench.device.register.printouts]


def binding(bench: Bench) -> Any:
    return bench.device.register.state.face.binding  # type: ignore[attr-defined]


def test_the_receipt_goes_to_the_customer_and_not_on_paper() -> None:
    bench = Bench("posnet")
    verdict = bench.carry_out(OURS)
    assert isinstance(verdict, Printed)
    e_receipt = verdict.result.e_receipt
    assert e_receipt is not None
    assert (e_receipt.id, e_receipt.registered, e_receipt.printed, e_receipt.state) == ("3054", True, False, 1)
    assert e_receipt.delivered is Delivered.UNKNOWN, "no open source says what the number of the state means"
    assert verdict.paper is Paper.NONE
    assert (verdict.result.number, customers(bench)) == (1, [KID])


def test_the_binding_comes_just_before_the_opening() -> None:
    bench = Bench("posnet")
    assert isinstance(bench.carry_out(OURS), Printed)
    changes = bench.changes()
    assert changes[:2] == ["eparagonidznext", "trinit"]
    assert changes.count("eparagonidznext") == 1
    assert "eparagonidzcancel" not in changes


def test_the_next_receipt_is_not_bound() -> None:
    bench = Bench("posnet")
    first = bench.carry_out(OURS)
    assert isinstance(first, Printed)
    assert first.baseline is not None
    second = bench.carry_out(PLAIN, baseline=first.baseline)
    assert isinstance(second, Printed)
    assert second.result.e_receipt is None
    assert customers(bench) == [KID, None]


def test_a_server_that_is_down_changes_nothing_of_the_receipt() -> None:
    bench = Bench("posnet")
    bench.device.faults.switches.add(Switch.NO_SERVER)
    verdict = bench.carry_out(OURS)
    assert isinstance(verdict, Printed)
    assert verdict.result.e_receipt is not None
    assert (verdict.result.e_receipt.registered, verdict.result.e_receipt.state) == (True, 2)


def test_an_interruption_anywhere_leaves_no_binding_behind() -> None:
    for nth, executed in found(places("posnet", OURS, "online")):
        bench = Bench("posnet", "online")
        bench.break_off_at(OURS, nth, executed=executed)
        verdict = bench.settle(OURS, partial(bench.recover, OURS))
        assert binding(bench) is None, (nth, executed)
        assert not bench.open
        assert isinstance(verdict, Printed if KID in customers(bench) and bench.sheets else NotPrinted)
        if isinstance(verdict, Printed):
            assert verdict.result.e_receipt is not None
            assert verdict.result.e_receipt.registered
        assert isinstance(bench.carry_out(PLAIN), Printed)
        assert customers(bench)[-1] is None, (nth, executed)


@pytest.mark.parametrize("command", ["eparagonidznext", "trinit"])
def test_another_programs_document_beside_the_binding_may_be_the_e_document(command: str) -> None:
    """Before the binding or behind it: the counters do not show which, so the answer says that it is not known."""
    for act in (lambda bench: bench.others_receipt(777), Bench.others_pay_in, Bench.others_report):
        bench = Bench("posnet")
        bench.others_receipt(100)
        bench.before(command, partial(act, bench))
        verdict = bench.carry_out(OURS)
        assert isinstance(verdict, Printed)
        e_receipt = verdict.result.e_receipt
        assert e_receipt is not None
        assert (e_receipt.id, e_receipt.registered, e_receipt.delivered) == (None, None, Delivered.UNKNOWN)
        assert verdict.paper is Paper.UNKNOWN
        assert (customers(bench)[-1] is None) == (command == "trinit")


def test_a_new_binding_of_another_program_is_left_alone() -> None:
    """Ours was used up by another document; since then somebody else has bound the next one."""
    bench = Bench("posnet")
    bench.break_off(OURS, "trinit", executed=False)
    bench.others_receipt(500)
    bench.others_receipt(600)
    assert bench.device.foreign_command("eparagonidznext", {"id": "THEIRS"})
    assert isinstance(bench.recover(OURS), NotPrinted)
    assert binding(bench).customer == "THEIRS"


def test_a_condition_holds_the_receipt_without_a_binding() -> None:
    bench = Bench("posnet")
    bench.others_receipt(100)
    bench.device.faults.switches.add(Switch.REPORT_REQUIRED)
    verdict = bench.carry_out(OURS)
    assert isinstance(verdict, Held)
    assert binding(bench) is None


def test_a_printer_in_training_refuses_the_binding() -> None:
    bench = Bench("posnet", fiscal=False)
    verdict = bench.carry_out(OURS)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.code == "printer.refused"
    assert [error.pointer for error in verdict.problem.errors] == ["/document/e_receipt"]
    assert bench.sheets == 0


def test_an_answer_without_the_id_is_no_binding() -> None:
    bench = Bench("posnet")

    def answer(name: str, data: bytes) -> bytes:
        found = bench.answer(data)
        return frame("eparagonidznext\t") if name == "eparagonidznext" else found

    verdict = bench.settle(OURS, lambda: bench.carry_out(OURS, answer=answer))
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert binding(bench) is None


@pytest.mark.parametrize(
    ("family", "profile", "fields", "refused"),
    [
        ("posnet", "online", {}, []),
        ("posnet", "online", {"print": False}, [("/document/e_receipt/print", "e_receipt.print")]),
        ("posnet", "online", {"print": True}, [("/document/e_receipt/print", "e_receipt.print")]),
        ("posnet", "old", {}, [("/document/e_receipt", "e_receipt.unsupported")]),
        *(
            ("thermal", profile, {}, [("/document/e_receipt", "e_receipt.unsupported")])
            for profile in ("posnet", "novitus", "innova")
        ),
    ],
)
def test_which_printers_take_it(
    family: str, profile: str, fields: dict[str, Any], refused: list[tuple[str, str]]
) -> None:
    receipt = Receipt.model_validate({"lines": RECEIPT["lines"], "e_receipt": {"customer_id": KID} | fields})
    assert codes(Bench(family, profile), receipt) == refused
