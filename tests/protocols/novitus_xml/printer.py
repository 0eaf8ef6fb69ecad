"""A printer in a few lines, for the tests of dialogues: it executes elements as the Novitus reference says.

It is no emulated printer (no paper, no clock that runs, no faults): its memory is compared with what a dialogue says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fiscald.protocols.novitus_elements import Element, element, read_elements, write_reply
from fiscald.protocols.novitus_packets import BadPacket, Deframer, encode_packet
from fiscald.protocols.novitus_xml.commands import find, name_of

RATES = {"A": "23.00%", "B": "8.00%", "C": "5.00%", "D": "0.00%", "E": "free"}


def grosze(text: str | None) -> int:
    whole, _, rest = (text or "0").partition(".")
    return int(whole) * 100 + int(rest.ljust(2, "0")[:2] or 0)


def money(value: int) -> str:
    return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02}"


def yes(value: object) -> str:
    return "yes" if value else "no"


@dataclass
class Open:
    """The open document."""

    kind: str
    items: list[Element] = field(default_factory=list)
    payments: list[Element] = field(default_factory=list)
    containers: list[Element] = field(default_factory=list)
    groups: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.groups.values())


@dataclass
class Sheet:
    """A printed document."""

    kind: str
    total: int = 0
    content: Any = None


class Printer:
    """Its memory, and its answers."""

    def __init__(self, unique: str = "ZBK2301001234") -> None:
        self.unique = unique
        self.fiscal, self.resets = True, 0
        self.online = self.paper = self.sound = True
        self.open: Open | None = None
        self.error, self.failed, self.correct = 0, False, True
        self.receipt, self.invoice, self.printout, self.reports = 11, 1, 47, 20
        self.cash = 100_00
        self.totals: dict[str, dict[str, int]] = {"receipt": {}, "invoice": {}}
        self.rates = dict(RATES)
        self.last: tuple[Open, str, int, int, str] | None = None
        self.sheets: list[Sheet] = []
        self.header: tuple[Element, ...] = ()
        self.now = "22-11-2026 12:00"
        self.drawer = 0
        self.shown = ""
        self.silent = False
        #: Errors for the n-th next element of a name: ``{"item": [None, 18]}``.
        self.refuse: dict[str, list[int | None]] = {}
        #: Called before an element of that name is executed.
        self.before: dict[str, Callable[[], None]] = {}
        #: Names of elements whose failure leaves no number, only the flag.
        self.unnumbered: set[str] = set()
        self.executed: list[str] = []
        self._deframer = Deframer()

    # -- the line -------------------------------------------------------------------------------------

    def answer(self, data: bytes) -> bytes:
        """Execute the packets in ``data``."""
        replies = []
        for packet in self._deframer.feed(data):
            if isinstance(packet, BadPacket):
                self.error, self.failed = 2, True
                continue
            for one in read_elements(packet.body):
                reply = self._take(one)
                if reply is not None:
                    replies.append(encode_packet(write_reply([reply])))
        return b"".join(replies)

    def _take(self, one: Element) -> Element | None:
        name = name_of(one)
        row = find(one)
        if row is not None and row.answered:
            if not (self.online and self.paper and self.sound) and name != "dle":
                return None
            return self._query(name, one)
        self.executed.append(name)
        if hook := self.before.pop(name, None):
            hook()
        self.error, self.failed = 0, False
        errors = self.refuse.get(name)
        error = errors.pop(0) if errors else None
        if error is None:
            error = 1022 if row is None else self._execute(name, one)
        if error:
            self.error, self.failed = 0 if name in self.unnumbered else error, True
        return None

    # -- questions ------------------------------------------------------------------------------------

    def _query(self, name: str, one: Element) -> Element:
        match name:
            case "dle":
                ready = self.online and self.paper and self.sound
                return element(
                    "dle", online=yes(ready), papererror=yes(not self.paper), printererror=yes(not self.sound)
                )
            case "enq":
                return element(
                    "enq", fiscal=yes(self.fiscal), lastcommanderror=yes(self.failed),
                    intransaction=yes(self.open), lasttransactioncorrect=yes(self.correct),
                )  # fmt: skip
            case "error get":
                return element("error", action="get", value=str(self.error))
            case "info date":
                return element("info", action="date", version="", date=self.now)
            case "info version":
                return element("info", action="version", version="HD Online 3.50")
            case "info checkout":
                return self._checkout(one)
            case "info fiscalmemory":
                return element(
                    "info", action="fiscalmemory", uniqueno=self.unique, nip="5260250274",
                    maxreportscount="1830", reportscount=str(self.reports),
                )  # fmt: skip
            case "info transaction":
                return self._transaction()
            case "info lasttransaction":
                return self._last()
            case "taxrates get":
                rates = [element("ptu", text=rate, name=letter) for letter, rate in self.rates.items()]
                return element("taxrates", *rates, action="get")
            case "header_online get":
                return element("header_online", *self.header, action="get")
        raise AssertionError(name)

    def _checkout(self, one: Element) -> Element:
        kind = one.get("type") or "receipt"
        known = {
            "lasterror": str(self.error), "isfiscal": yes(self.fiscal), "receiptopen": yes(self.open),
            "resetcount": str(self.resets), "receiptcount": str(self.receipt), "cash": money(self.cash),
            "uniqueno": self.unique, "lastreceipt": str(self.receipt), "lastinvoice": str(self.invoice),
            "lastprintout": str(self.printout),
        }  # fmt: skip
        assert "lasterror" not in dict(one.attributes), "reading that clears it"
        asked = {name: known[name] for name, _ in one.attributes if name in known}
        totals = [element("ptu", text=money(self.totals[kind].get(name, 0)), name=name) for name in self.rates]
        return element("info", *totals, action="checkout", type=kind, **asked)

    def _transaction(self) -> Element:
        if self.open is None:
            return element("info", action="transaction", type="none")
        kind = "container" if self.open.containers and not self.open.items else self.open.kind
        totals = [
            element("total", name=name, tax="0.00", net="0.00", gross=money(value))
            for name, value in self.open.groups.items()
        ]
        return element(
            "info", *totals, action="transaction", nettotal="0.00", grosstotal=money(self.open.total), type=kind,
            mode="online" if self.open.kind == "receipt" else None,
        )  # fmt: skip

    def _last(self) -> Element:
        if self.open is not None:
            shown, state, number, printout, system = self.open, "open", 0, 0, ""
        elif self.last is not None:
            shown, state, number, printout, system = self.last
        else:
            return element("info", action="lasttransaction")
        kind = "container" if shown.containers and not shown.items else "receipt"
        content = [
            *(element("item", name=item.get("name"), quantity=item.get("quantity"), ptu=item.get("ptu"),
                      price=item.get("price"), total=item.get("total")) for item in shown.items),
            *(element("container", quantity=one.get("quantity"), price=one.get("price")) for one in shown.containers),
            *(element("payment", name=one.get("name"), type=one.get("type"), value=one.get("value"))
              for one in shown.payments),
        ]  # fmt: skip
        return element(
            "info", *content, action="lasttransaction", total=money(shown.total), type=kind, state=state,
            number=str(number), date=self.now, printoutno=str(printout), systemno=system,
        )  # fmt: skip

    # -- elements -------------------------------------------------------------------------------------

    def _execute(self, name: str, one: Element) -> int:
        match name.split():
            case ["receipt" | "invoice" as kind, "begin"]:
                if self.open is not None:
                    return 1002
                self.open, self.correct = Open(kind), False
            case ["receipt" | "invoice" as kind, "cancel"]:
                if self.open is not None:
                    self.cancel()
            case ["receipt" | "invoice" as kind, "close"]:
                return self._close(kind, one)
            case ["item" | "discount" | "payment" | "container"]:
                return self._add(name, one)
            case ["error", "set"]:
                self.silent = one.get("value") == "silent"
            case _ if self.open is not None and name not in ("control drawer", "control display_external"):
                return 1031
            case ["cash", action]:
                self.cash += grosze(one.get("value")) * (1 if action == "payin" else -1)
                self._print(Sheet(name, grosze(one.get("value"))))
                if self.cash < 0:
                    self.cash = 0
                    return 32
            case ["report", "daily"]:
                assert one.get("date") == self.now[:10], "another date asks a person"
                self.close_day()
            case ["report", _] | ["nonfiscalprintout"]:
                self._print(Sheet(name, content=one))
            case ["control", "drawer"]:
                self.drawer += 1
            case ["control", "display_external"]:
                self.shown = one.get("text") or ""
            case ["clock"]:
                self.now = one.get("date") or ""
            case ["taxrates", "set"]:
                self.rates = {each.get("name") or "": each.text for each in one.children}
            case ["header_online", "set"]:
                self.header = one.children
            case _:
                return 1022
        return 0

    def _add(self, name: str, one: Element) -> int:
        doc = self.open
        if doc is None:
            return 21
        match name:
            case "item":
                letter = one.get("ptu") or ""
                if letter not in self.rates:
                    return 1003
                value = grosze(one.get("total"))
                for each in one.children:
                    value += grosze(each.get("value")) * (1 if each.get("action") == "markup" else -1)
                sign = -1 if one.get("action") == "storno" else 1
                doc.groups[letter] = doc.groups.get(letter, 0) + sign * value
                doc.items.append(one)
            case "discount":
                if grosze(one.get("total")) != doc.total:
                    return 27
                sign = 1 if one.get("action") == "markup" else -1
                letter = max(doc.groups, key=lambda each: doc.groups[each])
                doc.groups[letter] += sign * grosze(one.get("value"))
            case "payment":
                doc.payments.append(one)
            case "container":
                doc.containers.append(one)
        return 0

    def _close(self, kind: str, one: Element) -> int:
        if self.open is None:
            return 21
        if self.open.kind != kind:
            return 1031
        if not self.open.items and not self.open.containers:
            return 1092
        if grosze(one.get("total")) != self.open.total:
            return 27
        self.finish(one.get("systemno") or "")
        return 0

    # -- what it and others do ------------------------------------------------------------------------

    def _print(self, sheet: Sheet) -> None:
        self.printout += 1
        self.sheets.append(sheet)

    def finish(self, system: str = "") -> None:
        """Register and print the open document."""
        doc = self.open
        assert doc is not None
        kind = doc.kind
        if doc.items:
            setattr(self, kind, getattr(self, kind) + 1)
            for letter, value in doc.groups.items():
                self.totals[kind][letter] = self.totals[kind].get(letter, 0) + value
            self.cash += doc.total
        self._print(Sheet(kind if doc.items else "container", doc.total, doc))
        self.last = (doc, "close", getattr(self, kind), self.printout, system)
        self.open, self.correct = None, True

    def cancel(self) -> None:
        """Cancel the open document; without lines nothing is printed."""
        doc = self.open
        assert doc is not None
        if doc.items or doc.containers:
            self._print(Sheet("cancelled", content=doc))
            self.last = (doc, "canceled", self.receipt, self.printout, "")
        self.open = None

    def close_day(self) -> None:
        """The daily report."""
        self.reports += 1
        self.totals = {"receipt": {}, "invoice": {}}
        self._print(Sheet("report daily"))

    def sell(self, total: int, name: str = "Obce") -> None:
        """Another program's receipt."""
        item = element("item", name=name, ptu="A", price=money(total), total=money(total))
        self.open = Open("receipt", [item], groups={"A": total})
        self.finish()

    def slip(self) -> None:
        """Another program's printout."""
        self._print(Sheet("slip"))

    def happen(self, what: str) -> None:
        """What others do: ``slip``, ``sell``, ``report``; or nothing."""
        match what:
            case "slip":
                self.slip()
            case "sell":
                self.sell(123)
            case "report":
                self.close_day()

    @property
    def registered(self) -> list[Sheet]:
        """The receipts, invoices and packaging."""
        return [sheet for sheet in self.sheets if sheet.kind in ("receipt", "invoice", "container")]
