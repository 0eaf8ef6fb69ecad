"""What the suite must know of each family: its vectors, and what it calls things (docs/new-family.md)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from fiscald.emulator.faults import Switch
from fiscald.model.documents import Document
from fiscald.model.money import format_grosze
from fiscald.protocols.decoding import Direction
from fiscald.protocols.novitus_packets import encode_packet
from tests.families import EVERY
from tests.protocols.noviapi.vectors import vectors as noviapi_vectors
from tests.protocols.novitus_xml.exchanges import EXCHANGES
from tests.protocols.posnet import scripted as posnet
from tests.protocols.posnet import test_frames as posnet_frames
from tests.protocols.thermal import scripted as thermal
from tests.protocols.thermal.examples import examples as thermal_examples

#: A whole frame, and which way it goes.
Vector = tuple[Direction, bytes]
#: A command of a family, as ``foreign_command`` of the emulated printer takes it.
Command = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Receipt:
    """What a family calls the steps of a receipt, and of what others do beside it."""

    opening: str
    line: str
    payment: str | None
    """``None``: the payments are a part of the closing step."""
    closing: str
    cancel: str
    cash_in: str
    report: str
    paid: Callable[[int, int], tuple[Command, ...]] = lambda *_: ()
    """Commands with which another program pays so much in cash and closes the receipt of that total, in grosze; none if
    the payments are a part of the closing step."""


@dataclass(frozen=True)
class Conformance:
    """One family."""

    documents: Mapping[str, Document]
    """One of every type that it can carry out, in the order in which a shop would: all of them are printed."""
    programming: Mapping[str, Document]
    """One of every technician's document: it changes what the printer shows, and need not print anything."""
    bad_documents: Mapping[str, Document]
    """Documents that ``check`` refuses once the printer has been read, by the pointer that it names."""
    refusal: Callable[[str, bytes], bytes]
    """The printer's answer to the command of that name, and of those bytes: refused, and the document is to blame."""
    paid_in: Command
    """Another program pays 0.05 in."""
    condition: tuple[Switch, str] | None = None
    """What the emulated printer refuses every document for, but not because of it; ``None``: it never does."""
    receipt: Receipt | None = None
    """``None``: it opens no receipt; a document goes to the printer as a whole, or it has no receipts."""
    of_profile: Mapping[str, tuple[str, Document]] = field(default_factory=dict)
    """Documents that the first profile does not print, with a profile that does; they have tests of their kind."""
    junk: bytes | None = None
    """Bytes before a frame that change nothing; ``None``: a family without frames."""
    vectors: tuple[Vector, ...] = ()
    """Whole frames of its reference."""
    cancelled_value: bool = True
    """Whether its printers report what the cancelled receipts of the day were worth."""
    shows_last: bool = False
    """Whether its printers say of the last document what became of it, also after a daily report."""
    receipts_of_all_days: bool = False
    """Whether its printers count completed receipts of all days, and not those of the open one."""
    raw: tuple[str, ...] = ()
    """Commands by hand that an idle printer answers; empty: it takes none."""
    others_ambiguous: frozenset[str] = field(default_factory=frozenset)
    """Types of documents whose outcome cannot be known once another program has paid in meanwhile."""

    look_alike: frozenset[str] = field(default_factory=frozenset)
    """Those for which such a document is even taken, if ours was lost: nothing tells them apart (docs/recovery.md)."""

    @property
    def main(self) -> Document:
        """The document that says most."""
        return next(iter(self.documents.values()))


def _documents(*contents: dict[str, Any]) -> dict[str, Document]:
    adapter: TypeAdapter[Document] = TypeAdapter(Document)
    return {content["type"]: adapter.validate_python(content) for content in contents}


def _bad(**contents: dict[str, Any]) -> dict[str, Document]:
    adapter: TypeAdapter[Document] = TypeAdapter(Document)
    return {name: adapter.validate_python(content) for name, content in contents.items()}


RECEIPT: dict[str, Any] = {
    "type": "receipt",
    "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}, {"name": "Bułka", "price": "1.50", "vat": "5%"}],
    "payments": [{"type": "cash", "amount": "11.50"}],
    "footer": ["Dziękujemy"],
}
SHOP = (
    RECEIPT,
    {"type": "cash_in", "amount": "5.00"},
    {"type": "cash_out", "amount": "1.00"},
    {"type": "goods_return", "amount": "1.00"},
    {"type": "drawer"},
    {"type": "daily_report"},
)
REPORTS = (
    {"type": "shift_report", "shift": "I", "cashier": "Anna"},
    {"type": "monthly_report", "month": "2026-10"},
    {"type": "periodic_report", "from": "2026-10-05", "to": "2026-10-20", "summary": True},
)
PROGRAMMING = (
    {"type": "set_clock", "time": "2026-11-22T12:30:00+01:00"},
    {
        "type": "set_vat_rates",
        "rates": {"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": "12%", "F": None, "G": "exempt"},
    },
    {"type": "set_header", "lines": ["SKLEP & S-KA", "NIP 123-456-32-18"]},
    {"type": "set_display", "lines": ["Witamy", "Zapraszamy"]},
)
PACKAGING = {
    "type": "packaging",
    "items": [{"name": "Kaucja PET", "price": "0.50", "quantity": 4, "returned": True}],
}
INVOICE: dict[str, Any] = {
    "type": "invoice",
    "number": "FV/10/2026",
    "buyer": {"name": "Firma Przykładowa", "address": ["ul. Testowa 1", "00-001 Warszawa"], "nip": "5260250274"},
    "lines": RECEIPT["lines"],
}
PRINTOUT = {"type": "printout", "title": "Zamówienie 17", "lines": ["Żurek x 2", "", {"rule": True}, "stolik 4"]}
BAD_RECEIPTS = {
    "/document/lines/0/vat": RECEIPT | {"lines": [{"name": "Kawa", "price": "10.00", "vat": "E"}]},
    "/document/total": RECEIPT | {"total": "11.49"},
}
CASH_IN = {"type": "cash_in", "amount": "5.00"}
SENT, RECEIVED = Direction.SENT, Direction.RECEIVED
WAYS = {">": SENT, "<": RECEIVED}


def _refused_request(_: str, sent: bytes) -> bytes:
    number = next(line for line in sent.split(b"\r\n") if line.lower().startswith(b"request:"))
    return b"HTTP/1.1 422 \r\n%b\r\nContent-Length: 2\r\n\r\n{}" % number


_PAID_IN = encode_packet(b'<cash action="payin" value="0.05"/>')


def _refused_job(_: str, sent: bytes) -> bytes:
    error = b'{"exception":{"code":8,"description":"JSON Validation Error","errors":["x : Length"]}}'
    return b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        len(error), error,
    )  # fmt: skip


CASES: dict[str, Conformance] = {
    "posnet": Conformance(
        documents=_documents(*SHOP[:-1], PACKAGING, PRINTOUT, INVOICE, *REPORTS, SHOP[-1]),
        programming=_documents(*PROGRAMMING),
        bad_documents=_bad(
            **BAD_RECEIPTS,
            **{
                "/document/lines/0": PRINTOUT | {"lines": ["x" * 60]},
                "/document/number": INVOICE | {"number": "x" * 41},
            },
        ),
        refusal=lambda name, _: posnet.frame(f"{name}\t?2502\t"),
        condition=(Switch.REPORT_REQUIRED, "printer.report_due"),
        receipt=Receipt(
            "trinit",
            "trline",
            "trpayment",
            "trend",
            "prncancel",
            "cash",
            "dailyrep",
            paid=lambda cash, total: (("trpayment", {"ty": 0, "wa": cash}), ("trend", {"to": total, "fp": total})),
        ),
        paid_in=("cash", {"kw": 5, "wp": True}),
        junk=b"\x00junk\x03",
        vectors=tuple((WAYS[way], data) for way, _, data in posnet_frames.EXAMPLES),
        raw=("scomm", "!sdev", "nosuch|q9|"),
        others_ambiguous=frozenset({"cash_in", "cash_out", "goods_return", "packaging", "printout"}),
        look_alike=frozenset({"cash_in", "cash_out", "goods_return"}),
    ),
    "thermal": Conformance(
        documents=_documents(*SHOP[:-1], PACKAGING, PRINTOUT, *REPORTS, SHOP[-1]),
        programming=_documents(*PROGRAMMING),
        bad_documents=_bad(
            **BAD_RECEIPTS,
            **{"/document/items/0/returned": PACKAGING | {"items": [{"name": "Skrzynka", "price": "5.00"}]}},
            **{"/document/lines/0": PRINTOUT | {"lines": ["x" * 60]}},
        ),
        of_profile={"invoice": ("novitus", _documents(INVOICE)["invoice"])},
        refusal=lambda name, _: thermal.result(name.split()[0], 6),
        condition=(Switch.NO_HEADER, "printer.no_header"),
        receipt=Receipt("$h", "$l", None, "$y", "$e 0", "#i", "#r"),
        paid_in=("#i", {"Ps": 0, "kwota": 5}),
        junk=b"\x00\xff@",
        vectors=tuple(
            (SENT if each.to_printer else RECEIVED, each.data) for each in thermal_examples() if each.sequence
        ),
        raw=("23#s", "0$e"),
        others_ambiguous=frozenset({"cash_in", "cash_out", "goods_return", "packaging", "printout"}),
    ),
    "novitus-xml": Conformance(
        documents=_documents(RECEIPT, *SHOP[1:3], SHOP[4], PACKAGING, PRINTOUT, INVOICE, *REPORTS[1:], SHOP[-1]),
        programming=_documents(*PROGRAMMING[:3], PROGRAMMING[3] | {"lines": ["Witamy"]}),
        bad_documents=_bad(**BAD_RECEIPTS, **{"/document/lines/0": PRINTOUT | {"lines": ["x" * 300]}}),
        refusal=lambda *_: encode_packet(b'<error action="get" value="16" />\n'),
        condition=(Switch.REPORT_REQUIRED, "printer.report_due"),
        receipt=Receipt(
            "receipt begin",
            "item",
            "payment",
            "receipt close",
            "receipt cancel",
            "cash payin",
            "report daily",
            paid=lambda cash, total: (
                ("payment", {"type": "cash", "action": "add", "value": format_grosze(cash)}),
                ("receipt close", {"total": format_grosze(total)}),
            ),
        ),
        cancelled_value=False,
        shows_last=True,
        receipts_of_all_days=True,
        paid_in=("cash payin", {"value": "0.05"}),
        junk=b"\x00junk<",
        vectors=tuple((SENT, each.request) for each in EXCHANGES if b"crc=" in each.request)
        + tuple((RECEIVED, each.reply) for each in EXCHANGES if each.reply),
        raw=('info action="transaction"', "enq"),
        others_ambiguous=frozenset({"cash_in", "cash_out", "packaging", "printout"}),
    ),
    "noviapi": Conformance(
        documents=_documents(RECEIPT, *SHOP[1:3], SHOP[4], PRINTOUT, INVOICE, *REPORTS[1:], SHOP[-1]),
        programming=_documents(*PROGRAMMING[:2]),
        bad_documents=_bad(**BAD_RECEIPTS),
        refusal=_refused_job,
        condition=(Switch.REPORT_REQUIRED, "printer.report_due"),
        paid_in=("direct_io", {"xml_cmd": {"base64": base64.b64encode(_PAID_IN).decode()}}),
        vectors=noviapi_vectors(),
        raw=("GET queue", 'POST status {"status":{"type":"device"}}'),
        others_ambiguous=frozenset({"cash_in", "cash_out", "printout"}),
    ),
    "example": Conformance(
        documents=_documents(CASH_IN),
        programming={},
        bad_documents={},
        refusal=lambda *_: b"ERR 1*54\n",
        paid_in=("IN", {"amount": 5}),
        junk=b"junk\n",
        vectors=((SENT, b"WHO*50\n"), (RECEIVED, b"ERR 1*54\n")),
        raw=("WHO", "SEE", "IN 100"),
        others_ambiguous=frozenset({"cash_in"}),
    ),
    "example_http": Conformance(
        documents=_documents(CASH_IN),
        programming={},
        bad_documents={},
        refusal=_refused_request,
        condition=(Switch.REPORT_REQUIRED, "printer.report_due"),
        paid_in=("cash_in", {"amount": 5}),
    ),
}
assert CASES.keys() == set(EVERY), "a new family is tested with the others"
RECEIPTS = [name for name in EVERY if CASES[name].receipt is not None]
FRAMES = [name for name in EVERY if CASES[name].junk is not None]
NAMES = [name for name in EVERY if CASES[name].vectors]
