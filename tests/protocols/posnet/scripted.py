"""A printer that answers from a recording, and a driver loop: what dialogues are tested against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fiscald.model.cash import GoodsReturn
from fiscald.model.documents import Document
from fiscald.model.money import format_grosze, from_grosze
from fiscald.model.receipt import Receipt
from fiscald.model.reports import DailyReport
from fiscald.protocols.base import Dialogue, Effect
from fiscald.protocols.posnet.commands import COMMANDS
from fiscald.protocols.posnet.frames import ETX, MARK, STX, TAB, Deframer, Frame, crc16
from fiscald.protocols.posnet.session import PosnetSession
from tests.protocols import driving
from tests.protocols import settings as settings_of
from tests.protocols.driving import Journal
from tests.recordings import Conversation, Exchange, posnet

T = TypeVar("T")
SETTINGS = settings_of.posnet(profile="online")
CLOSING = ("trend", "dailyrep", "stocash")


def frame(payload: str) -> bytes:
    data = payload.encode("cp1250")
    return STX + data + MARK + crc16(data) + ETX


def payload(data: bytes) -> str:
    """A frame as the recordings write it. Its checksum must be right."""
    found = next(Deframer().feed(data))
    assert isinstance(found, Frame), found
    return data[1 : data.rindex(MARK)].decode("cp1250").replace(TAB.decode(), "\t")


class ScriptedPrinter:
    """Answers queries with what was recorded before or after the closing step; sale commands in order only.

    What a recording does not hold is filled with the documented movement of the counters (one more header, one
    more receipt), and with a ready printer for the questions that no recording has (``sdev``, ``sprn``, ``sid``).
    """

    def __init__(self, exchanges: list[Exchange], *, closing: str) -> None:
        self.expected = [e for e in exchanges if not is_query(e)]
        self.sent: list[str] = []
        close = max(index for index, e in enumerate(exchanges) if e.mnemonic == closing)
        self._before = last_answers(exchanges[:close])
        self._after = last_answers(exchanges[close + 1 :])
        self._closing = closing
        self._closed = False
        self._fill()

    def _fill(self) -> None:
        known = {e.mnemonic: e.response for c in posnet() for e in c.exchanges}
        scnt = self._before.get("scnt") or moved(self._after.get("scnt", known["scnt"]), self._closing, -1)
        fixed = {"sid": "sid\tnmPOSNET THERMAL XL2 ONLINE\tvr1.01\t", "sdev": READY, "sprn": "sprn\tpr0\t"}
        if self._closing == "dailyrep":
            # A report is dated by the printer's own clock, which the recording does not show at that moment.
            day = self.expected[-1].sent["da"]
            fixed["rtcget"] = f"rtcget\tda{day};17:55\ttm{day}T17:55:20+02:00\t"
            self._before.pop("rtcget", None)
        self._before = known | fixed | {"scnt": scnt} | self._before
        self._before["scomm"] = self._before["scomm"].replace("ts16", "ts0")
        strns = last_receipt(self.expected) if self._closing == "trend" else self._before["strns"]
        stot = moved(self._before["stot"], self._closing, 1)
        after = {"scnt": moved(scnt, self._closing, 1), "strns": strns, "stot": stot}
        self._after = self._before | after | self._after

    def answer(self, data: bytes) -> bytes:
        text = payload(data)
        mnemonic = text.partition("\t")[0].removeprefix("!")
        if mnemonic in self._before and not any(e.mnemonic == mnemonic for e in self.expected):
            return frame((self._after if self._closed else self._before)[mnemonic])
        self.sent.append(text)
        wanted = self.expected[len(self.sent) - 1]
        assert text == wanted.command
        self._closed = self._closed or mnemonic == self._closing
        return frame(wanted.response)


READY = "sdev\tds0\tcp1\tqe1\tpe0\t"


def is_query(exchange: Exchange) -> bool:
    return COMMANDS[exchange.mnemonic].effect is Effect.QUERY


def last_answers(exchanges: list[Exchange]) -> dict[str, str]:
    return {e.mnemonic: e.response for e in exchanges if is_query(e)}


def moved(answer: str, closing: str, by: int) -> str:
    """Counters one document later or earlier (POSNET reference, section 7)."""
    steps = {
        "trend": {"hn": by, "bn": by, "bt": by, "pn": by},
        "stocash": {"hn": by, "nf": by},
        "dailyrep": {"rd": by, "hn": by, "no": by},
    }[closing]
    head, *chunks = answer.split("\t")
    return "\t".join([head, *(f"{c[:2]}{int(c[2:]) + steps[c[:2]]}" if c[:2] in steps else c for c in chunks)])


def last_receipt(sale: list[Exchange]) -> str:
    """``strns`` after a recorded sale, from its own closing step and lines."""
    totals = [0] * 7
    for exchange in sale:
        if exchange.mnemonic == "trline":
            line = exchange.sent
            value = int(line.get("wa", line["pr"])) - int(line.get("rw", "0"))
            totals[int(line["vt"])] += -value if "st" in line else value
        elif exchange.mnemonic == "trdiscntsubtot":
            totals[next(i for i, t in enumerate(totals) if t)] -= int(exchange.sent["rw"])
    end = sale[-1].sent
    rates = "".join(f"v{letter}{value}\t" for letter, value in zip("abcdefg", totals, strict=True))
    return f"strns\tto0\tts16\t{rates}pp0\tpm0\tre{end.get('re', 0)}\tfp{end['fp']}\tfeN\t"


def drive(
    dialogue: Dialogue[T],
    answer: Callable[[bytes], bytes],
    *,
    journal: Journal | None = None,
    paused: Callable[[], None] = lambda: None,
) -> T:
    """See ``tests.protocols.driving.drive``."""
    return driving.drive(dialogue, PosnetSession("cp1250"), answer, journal=journal, paused=paused)


def sales(conversation: Conversation) -> list[tuple[str, list[Exchange]]]:
    """The documents of a conversation: closing command and the exchanges up to the next document."""
    parts: list[tuple[str, list[Exchange]]] = []
    start = 0
    exchanges = conversation.exchanges
    closes = [index for index, e in enumerate(exchanges) if e.mnemonic in CLOSING]
    for number, close in enumerate(closes):
        # Queries after a closing step belong to it, the next document's too: they are its state before.
        end = closes[number + 1] if number + 1 < len(closes) else len(exchanges)
        parts.append((exchanges[close].mnemonic, exchanges[start:end]))
        start = close + 1
    return parts


def _zloty(sent: str) -> str:
    return format_grosze(int(sent))


def document_of(closing: str, exchanges: list[Exchange]) -> Document:
    """The application's document that a recorded sale must have come from."""
    if closing == "dailyrep":
        return DailyReport()
    if closing == "stocash":
        return GoodsReturn(amount=next(from_grosze(int(e.sent["kw"])) for e in exchanges if e.mnemonic == "stocash"))
    content: dict[str, Any] = {"lines": [], "payments": []}
    for exchange in exchanges:
        sent = exchange.sent
        match exchange.mnemonic:
            case "trnipset":
                content["buyer"] = {"nip": sent["ni"]}
            case "trline":
                line: dict[str, Any] = {
                    "name": sent["na"],
                    "price": _zloty(sent["pr"]),
                    "vat": "ABCDEFG"[int(sent["vt"])],
                }
                if "il" in sent:
                    line["quantity"] = sent["il"]
                if "st" in sent:
                    line["storno"] = True
                if "rw" in sent:
                    line["discount"] = {"amount": _zloty(sent["rw"]), "name": sent["rn"]}
                content["lines"].append(line)
            case "trdiscntsubtot":
                content["discount"] = {"amount": _zloty(sent["rw"]), "name": sent["na"]}
            case "trpayment" if sent["re"] == "0":
                forms = {"0": "cash", "2": "card"}
                payment = {"type": forms[sent["ty"]], "amount": _zloty(sent["wa"]), "name": sent["na"]}
                content["payments"].append(payment)
            case "trend":
                content["total"] = _zloty(sent["to"])
                content["change"] = _zloty(sent.get("re", "0"))
    return Receipt.model_validate(content)
