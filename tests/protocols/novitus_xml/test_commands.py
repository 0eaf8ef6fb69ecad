"""The table of elements: complete, rightly grouped, and the limits of a packet."""

from __future__ import annotations

import pytest

from fiscald.protocols.base import Deadline, Effect
from fiscald.protocols.novitus_elements import element, write_elements
from fiscald.protocols.novitus_packets import PRACTICAL_LIMIT, encode_packet
from fiscald.protocols.novitus_xml.commands import COMMANDS, batches, execute, find, name_of
from fiscald.protocols.novitus_xml.conditions import CONDITIONS, DOCUMENTS
from fiscald.protocols.novitus_xml.family import FAMILY
from fiscald.protocols.novitus_xml.words import WORDS
from tests.protocols.novitus_xml.exchanges import EXCHANGES
from tests.protocols.novitus_xml.test_session import question_of

#: What the printer answers (Novitus reference, 3.2), apart from the module's own table.
ANSWERED = {
    "dle", "enq", "info", "deviceinfo", "error get", "taxrates get", "config get", "header_online get", "header get",
    "cash read", "cashier state", "fiscalmemory", "graphic read", "graphic readcrc", "animation readcrc",
    "animation readlist", "animation readactive", "animation receiveplaylist", "serweraddr get", "usb get", "updatelog",
    "processlog", "log", "paper read", "drawercounter read",
}  # fmt: skip
IRREVERSIBLE = (
    "receipt close", "invoice close", "cash payin", "cash payout", "report daily", "nonfiscalprintout", "clock",
    "taxrates set", "fiscalization fiscalization",
)  # fmt: skip


def test_what_is_answered_is_what_the_reference_says() -> None:
    for row in COMMANDS.values():
        assert row.answered == (row.name in ANSWERED or row.name.split()[0] in ANSWERED), row.name
        assert not row.answered or row.effect is Effect.QUERY
    assert [name for name, row in COMMANDS.items() if row.effect is Effect.QUERY and not row.answered] == ["error set"]


def test_what_registers_or_prints_cannot_be_undone() -> None:
    assert {name: COMMANDS[name].effect for name in IRREVERSIBLE} == dict.fromkeys(IRREVERSIBLE, Effect.IRREVERSIBLE)
    assert all(row.deadline is Deadline.REPORT for name, row in COMMANDS.items() if name.startswith("report "))


def test_every_command_has_a_meaning_and_its_attributes() -> None:
    known = {tag for tag, _ in WORDS}
    for row in COMMANDS.values():
        assert row.meaning
        assert row.name.split()[0] in known or row.name in ("usb set", "usb get", "producer")


@pytest.mark.parametrize("each", [pytest.param(each, id=each.name) for each in EXCHANGES if b"<packet" in each.request])
def test_every_request_of_the_reference_is_known(each: object) -> None:
    request = question_of(each.request) if not each.name.startswith("error-bad") else None  # type: ignore[attr-defined]
    if request is None:
        return
    unknown = [name_of(one) for one in request.elements if find(one) is None]
    assert unknown in ([], ["not_existing"], ["info last_receipt"])


def test_a_name_is_the_element_and_its_action() -> None:
    assert name_of(element("item", action="storno")) == "item"
    assert name_of(element("report", type="daily")) == "report daily"
    assert name_of(element("info", action="checkout", type="receipt")) == "info checkout"
    assert name_of(element("whatever")) == "whatever"
    assert find(element("whatever", action="x")) is None


def test_batches_fit_into_a_packet_and_keep_the_order() -> None:
    items = [element("item", name=f"Towar {n} " + "x" * (n % 50), price="1.00") for n in range(300)]
    groups = batches(items)
    assert [place for group in groups for place in group] == list(range(300))
    sizes = [len(encode_packet(execute(*(items[place] for place in group)).body())) for group in groups]
    assert max(sizes) <= PRACTICAL_LIMIT
    assert min(sizes[:-1]) > PRACTICAL_LIMIT - 150
    assert batches([]) == []
    long = element("item", name="x" * 5000)
    assert batches([items[0], long, items[1]]) == [[0], [1], [2]]
    assert len(write_elements([long])) > PRACTICAL_LIMIT


def test_the_tables_of_documents_agree() -> None:
    assert tuple(FAMILY.handlers) == DOCUMENTS == FAMILY.documents
    assert CONDITIONS.by_error["1037"].name == "paper_out"
    assert CONDITIONS.by_error["1116"].name == "report_due"
    assert not CONDITIONS.about_the_command & set(CONDITIONS.by_error)


def test_what_it_cannot_print_has_a_reason() -> None:
    from tests.protocols.novitus_xml.bench import settings

    found = FAMILY.capabilities(settings(), None)
    assert {name: each.why for name, each in found.items() if not each.supported} == {
        "shift_report": "the printer counts no shifts: it prints only sums that the caller has counted",
        "goods_return": "no command for it is known on a novitus-xml printer",
    }
