"""A Thermal printer small enough to be read at a glance: what dialogues are tested against.

Not the emulator: no paper, no time, no goods base. It has the counters and flags that prove a document, the grammar,
the sums that a printer checks, and its habit of answering. Written from the Thermal reference, sections 3.4, 5 and 7.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from fiscald.model.money import line_value
from fiscald.protocols.base import Dialogue
from fiscald.protocols.tables import FieldFault
from fiscald.protocols.thermal import grammar
from fiscald.protocols.thermal.commands import RESULT, find
from fiscald.protocols.thermal.fields import Dialect
from fiscald.protocols.thermal.frames import CommandDeframer, Control, Dle, Enq, Frame, encode
from fiscald.protocols.thermal.grammar import State
from fiscald.protocols.thermal.layouts import RATE_LETTERS
from fiscald.protocols.thermal.profiles import PROFILES, Profile
from fiscald.protocols.thermal.rows import Row
from fiscald.protocols.thermal.session import ThermalSession
from tests.protocols import driving
from tests.protocols import settings as settings_of
from tests.protocols.driving import Journal

T = TypeVar("T")
SETTINGS = settings_of.thermal(profile="posnet")
NU = "ABC12345678"
RATES: dict[str, Decimal | str | None] = {
    "A": Decimal(23), "B": Decimal(8), "C": Decimal(5), "D": Decimal(0), "E": None, "F": None, "G": "exempt"
}  # fmt: skip
READY = Dle(online=True, no_paper=False, fault=False)
#: By ``Pr`` of a line.
SIGNS = {1: -1, 3: 1}


class Refused(Exception):
    """The printer's error number."""


@dataclass
class Till:
    """The printer."""

    profile: Profile = PROFILES["posnet"]
    unique: str = NU
    model: str = "POSNET Thermal"
    fiscal: bool = True
    state: State = State.IDLE
    mode: int = 0
    finished: bool = True
    done: bool = True
    error: int = 0
    """Of the last command."""
    par_num: int = 0
    day_receipts: int = 0
    """Of the open day; ``par_num`` may run on."""
    records_free: int = 1218
    totals: list[int] = field(default_factory=lambda: [0] * 7)
    cash: int = 0
    printed: int = 0
    reports: int = 0
    resets: int = 0
    cancelled: int = 0
    cancelled_value: int = 0
    drawer: int = 0
    day: int = 15
    dle: Dle = READY
    sold: list[tuple[str, int]] = field(default_factory=list)
    """Name and value of every line on the open receipt."""
    receipt: list[int] = field(default_factory=lambda: [0] * 7)
    deposits: list[int] = field(default_factory=lambda: [0, 0])
    paid: dict[int, int] = field(default_factory=dict)
    closings: list[dict[str, Any]] = field(default_factory=list)
    refuses: dict[str, int] = field(default_factory=dict)
    """Commands that fail, by name, with their error."""
    sent: list[bytes] = field(default_factory=list)
    """Payloads of commands, without check bytes; questions apart."""

    @property
    def dialect(self) -> Dialect:
        return Dialect("mazovia", self.profile.brand)

    # -- the plug -------------------------------------------------------------------------------------

    def answer(self, data: bytes) -> bytes:
        out = b""
        for item in CommandDeframer().feed(data):
            if item is Control.DLE:
                out += bytes([self.dle.byte])
            elif item is Control.ENQ:
                out += bytes([Enq(self.fiscal, self.done, self.state is not State.IDLE, self.finished).byte])
            elif isinstance(item, Frame):
                out += self._command(item)
        return out

    def say(self, payload: bytes) -> bytes:
        """Somebody else sends a command."""
        return self.answer(b"\x1bP" + payload + b"\x1b\\")

    def _command(self, frame: Frame) -> bytes:
        row = find(frame, self.profile.brand)
        assert row is not None, frame
        if not row.answers and row.id != "#e":
            self.sent.append(frame.payload)
        answer, number = b"", 0
        try:
            values = row.read(frame, self.dialect)
            error = self.refuses.get(row.name) or grammar.refusal(row.name, self.state, self.profile.brand)
            if error:
                raise Refused(error)
            answer = self._execute(row, values)
        except FieldFault as fault:
            number = fault.number
        except Refused as refused:
            (number,) = refused.args
        if row.id != "#s":
            self.done = not number
        if row.id != "#n":
            self.error = number
        if self.mode == 3 and (number or not answer or self.profile.answers_twice):
            answer += result(frame.name, number)
        return answer

    def _execute(self, row: Row, values: dict[str, Any]) -> bytes:
        if row.answers:
            layout = row.answers[0]
            return encode(layout.write(self._told(row.name, values), self.dialect))
        act = getattr(self, "_do_" + row.id.replace("$", "s_").replace("#", "h_"), None)
        if act is not None:
            act(values, row)
        self.state = grammar.after(row.name, self.state, self.profile.brand)
        return b""

    def _told(self, name: str, values: dict[str, Any]) -> dict[str, Any]:
        match name:
            case "#n":
                return {"Pe": self.error}
            case "#s 23":
                return {
                    "Pe": 0, "Pm": int(self.fiscal), "Pt": int(self.state is not State.IDLE), "Px": int(self.finished),
                    "Pf": 1, "Pz": self.resets, "Py": 26, "Pmies": 7, "Pd": 14, "ptu": list(RATES.values()),
                    "par_num": self.par_num, "tot": self.totals, "cash": self.cash, "nr_unikatowy": self.unique,
                }  # fmt: skip
            case "#s 24":
                return {
                    "Py": 2024, "Pm": 1, "Pd": 10, "n_dobowych": self.reports, "n_wolnych": self.records_free,
                    "n_zablokowanych": 0, "p": self.receipt,
                }  # fmt: skip
            case "#s 28":
                return {
                    "Py": 26, "Pm": 7, "Pd": self.day, "Ph": 10, "Pmin": 42, "Ps": 0, "parag": self.day_receipts,
                    "anul": self.cancelled, "zmiany": 0, "anul_kwota": self.cancelled_value, "tot": self.totals,
                }  # fmt: skip
            case "#s 50":
                return {"numer": self.printed, "dalsze": [0] * 5}
            case "#s 100":
                kind = int(self.state is not State.IDLE)
                return {"Pn": values["Pn"], "Pt": kind, "total": sum(self.receipt), "v": self.receipt, "f": [0] * 3}
            case "#c":
                return {"Py": 26, "Pm": 7, "Pd": self.day, "Ph": 10, "Pmin": 42, "Ps": 0}
            case "#v":
                return {"typ": self.model, "wersja": "2.02"}
        raise AssertionError(name)

    # -- commands -------------------------------------------------------------------------------------

    def _do_h_e(self, values: dict[str, Any], _: Row) -> None:
        self.mode = values["Ps"]

    def _do_s_h(self, *_: Any) -> None:
        self.finished, self.sold, self.receipt, self.deposits, self.paid = False, [], [0] * 7, [0, 0], {}

    def _do_s_l(self, values: dict[str, Any], _: Row) -> None:
        value = values["brutto"]
        if line_value(values["cena"], values["ilosc"].number) != value:
            raise Refused(20)
        value += SIGNS.get(values.get("Pr") or 0, 0) * values.get("rabat", 0)
        letter = RATE_LETTERS.index(values["ptu"])
        if list(RATES.values())[letter] is None:
            raise Refused(18)
        name = values["nazwa"]
        if values["Pi"] not in (0, len(self.sold) + 1):
            raise Refused(4)
        if not values["Pi"]:
            if (name, value) not in self.sold:
                raise Refused(22)
            value = -value
        self.sold.append((name, value))
        self.receipt[letter] += value

    def _do_s_d(self, values: dict[str, Any], row: Row) -> None:
        if row.first == 1:
            self.drawer += 1
        elif row.first in (6, 10):
            self.deposits[row.first == 10] += values["kwota"]

    def _do_s_e(self, values: dict[str, Any], row: Row) -> None:
        if row.first == 0:
            self.cancel()

    def _do_s_y(self, values: dict[str, Any], _: Row) -> None:
        self._close(values, dict(zip(values["Pfx"], values["kwoty"], strict=True)))
        if (sum(values["kaucja_pobr"]), sum(values["kaucja_zwr"])) != tuple(self.deposits):
            raise Refused(26)
        self._closed(values)

    def _do_s_x(self, values: dict[str, Any], _: Row) -> None:
        self._close(values, {1: values["karta"], 2: values["czek"], 3: values["bon"]})
        self._closed(values)

    def _close(self, values: dict[str, Any], forms: dict[int, int]) -> None:
        if not self.sold:
            raise Refused(23)
        if values["total"] != sum(self.receipt):
            raise Refused(27)
        self.paid = {0: values["wplata"], **forms}

    def _closed(self, values: dict[str, Any]) -> None:
        # How the discount is spread over the rates is not what these tests are about: the largest takes it.
        largest = self.receipt.index(max(self.receipt))
        self.receipt[largest] += {3: -1, 4: 1}.get(values["Px"], 0) * values["rabat"]
        due = sum(self.receipt) + self.deposits[0] - self.deposits[1]
        self.closings.append(values)
        self.par_num += 1
        self.day_receipts += 1
        self.printed += 1
        self.finished = True
        self.totals = [have + new for have, new in zip(self.totals, self.receipt, strict=True)]
        self.cash += due - sum(amount for form, amount in self.paid.items() if form)

    def _do_h_i(self, values: dict[str, Any], _: Row) -> None:
        self._slip(values["kwota"])

    def _do_h_d(self, values: dict[str, Any], _: Row) -> None:
        self._slip(-values["kwota"])

    _do_h_z = _do_h_d

    def _slip(self, amount: int) -> None:
        if self.cash + amount < 0:
            self.cash = 0
            raise Refused(32)
        self.cash += amount
        self.printed += 1

    def _do_h_r(self, values: dict[str, Any], _: Row) -> None:
        if values["Pd"] != self.day:
            raise Refused(7)
        if not any(self.totals):
            raise Refused(35)
        self.report()

    # -- others ---------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """The open receipt is given up; one without lines leaves no trace (5.5)."""
        if self.sold and self.state is not State.IDLE:
            self.cancelled += 1
            self.cancelled_value += sum(self.receipt)
            self.printed += 1
        self.state = State.IDLE

    def report(self) -> None:
        """Somebody makes the daily report."""
        self.reports += 1
        self.printed += 1
        self.totals, self.cancelled, self.cancelled_value, self.day_receipts = [0] * 7, 0, 0, 0
        if self.profile.report_clears_number:
            self.par_num = 0

    def others_begin(self) -> None:
        """Another program opens a receipt."""
        assert self.state is State.IDLE
        self._do_s_h()
        self.state = State.LINES

    def others_sell(self, value: int) -> None:
        """Another program sells something on the open receipt."""
        self.sold.append(("Obcy", value))
        self.receipt[0] += value

    def others_end(self) -> None:
        """Another program closes the open receipt, paid in cash."""
        self.paid = {0: sum(self.receipt)}
        self._closed({"Px": 0, "rabat": 0})
        self.closings.pop()
        self.state = State.IDLE

    def others_receipt(self, value: int = 777) -> None:
        """Another program completes a receipt."""
        self.others_begin()
        self.others_sell(value)
        self.others_end()


def result(name: str, number: int = 0) -> bytes:
    """``#Z``."""
    return encode(RESULT.write({"Pe": number, "rozkaz": name}, Dialect("mazovia")))


def command_of(data: bytes) -> str:
    """The name of the command in ``data``; the control byte's name for a single byte."""
    items = [item for item in CommandDeframer().feed(data) if item is not Control.CAN]
    (item,) = items
    if isinstance(item, Frame):
        row = find(item, PROFILES["posnet"].brand) or find(item, PROFILES["novitus"].brand)
        assert row is not None
        return row.name
    assert isinstance(item, Control)
    return item.name


def drive(
    dialogue: Dialogue[T],
    answer: Callable[[bytes], bytes],
    *,
    journal: Journal | None = None,
    paused: Callable[[], None] = lambda: None,
) -> T:
    """See ``tests.protocols.driving.drive``."""
    return driving.drive(dialogue, ThermalSession("mazovia"), answer, journal=journal, paused=paused)
