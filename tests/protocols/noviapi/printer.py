"""A small NoviAPI printer for the tests of the driver: tokens, jobs, a memory; every message held to the contract.

It is no emulator: it prints nothing and knows no limits. The emulated printer is written by others, from the reference.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import h11

from fiscald.protocols.novitus_elements import Element, element, read_elements, write_reply
from fiscald.protocols.novitus_packets import Deframer, Packet, encode_packet
from tests.protocols.driving import NOON
from tests.protocols.noviapi.contract import mistakes_in_answer, mistakes_in_request

UNIQUE = "EMU1234567890"
ROOTS = {"nf_printout": "printout"}
RATES = {"A": "23.00", "B": "8.00", "C": "5.00", "D": "0.00", "E": "ZW"}


@dataclass
class Job:
    endpoint: str
    content: dict[str, Any]
    status: str = "STORED"
    jpkid: int | None = None
    error: tuple[int, str] | None = None
    told: str = ""
    """The state that was told last."""
    response: dict[str, Any] | None = None


@dataclass
class NoviPrinter:
    """Executes a confirmed job when it is asked for its state, unless it is ``held``."""

    now: Callable[[], datetime] = lambda: NOON
    jobs: dict[str, Job] = field(default_factory=dict)
    token: str = ""
    expires: datetime = NOON
    gets: list[datetime] = field(default_factory=list)
    tokens: int = 0
    jpkid: int = 100
    reports: int = 7
    lastreceipt: int = 12
    lastinvoice: int = 3
    lastprintout: int = 50
    cash: Decimal = Decimal("50.00")
    totals: dict[str, dict[str, Decimal]] = field(
        default_factory=lambda: {letter: {"receipt": Decimal("0.00"), "invoice": Decimal("0.00")} for letter in RATES}
    )
    rates: dict[str, str] = field(default_factory=lambda: dict(RATES))
    shift: timedelta = timedelta()
    last_error: int = 0
    fiscal: bool = True
    device_error: int = 0
    refuse_with: int = 0
    """The error with which the next document is refused."""
    held: bool = False
    """Whether confirmed documents stay in the queue."""
    e_document: str = "not_printed_and_sent"
    foreign_stored: int = 0
    """Documents of other programs that are stored and not confirmed."""
    foreign_confirmed: bool = False
    paper: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """What was registered or printed, in order."""
    asked: list[str] = field(default_factory=list)
    closes: bool = False
    """Whether it closes the stream after each answer."""
    unknown: bool = False
    """Whether it says UNKNOWN about documents."""
    answers: list[bytes] = field(default_factory=list)
    """Whole answers that it gives to the next requests, instead of those that it would give."""

    # -- HTTP -------------------------------------------------------------------------------------------

    def answer(self, data: bytes) -> bytes:
        """The answer to one whole request."""
        http = h11.Connection(h11.SERVER)
        http.receive_data(data)
        request = http.next_event()
        assert isinstance(request, h11.Request), data
        body = b""
        while not isinstance(part := http.next_event(), h11.EndOfMessage):
            assert isinstance(part, h11.Data)
            body += part.data
        headers = {bytes(name).decode(): bytes(value).decode() for name, value in request.headers}
        method, target = request.method.decode(), request.target.decode()
        status, content = self.take(method, target, headers, body)
        if self.answers:
            return self.answers.pop(0)
        written = b"" if content is None else json.dumps(content).encode()
        close = "Connection: close\r\n" if self.closes else ""
        kind = "" if content is None else "Content-Type: application/json\r\n"
        return f"HTTP/1.1 {status} X\r\n{kind}{close}Content-Length: {len(written)}\r\n\r\n".encode() + written

    def take(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        path, _, query = target.partition("?")
        assert path.startswith("/api/v1"), target
        endpoint, _, own_id = path.removeprefix("/api/v1").strip("/").partition("/")
        self.asked.append(f"{method} {endpoint}".strip())
        if (method, endpoint) == ("GET", ""):
            return 200, None
        job = self.jobs.get(own_id)
        if query and job is not None:
            # The printer would hold the answer until the time is over.
            assert job.status != job.told or job.status not in ("DONE", "ERROR"), (
                "it waits for a change that never comes"
            )
        status, content = self._serve(method, endpoint, own_id, headers, body)
        if method == "GET" and job is not None:
            job.told = job.status
        mistakes = mistakes_in_answer(method, endpoint, status, content)
        assert not mistakes, (method, endpoint, status, content, mistakes)
        assert not query or re.fullmatch(r"timeout=\d+", query)
        return status, content

    def _serve(self, method: str, endpoint: str, own_id: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        if endpoint == "token":
            return self._token(method, headers, body)
        if headers.get("authorization") != f"Bearer {self.token}" or not self.token:
            return 401, {"exception": {"code": 4, "description": "Token incorrect"}}
        if self.now() >= self.expires:
            return 401, {"exception": {"code": 3, "description": "Token expired"}}
        if endpoint == "queue":
            stored = [key for key, job in self.jobs.items() if job.status == "STORED"]
            if method == "DELETE":
                for key in stored:
                    del self.jobs[key]
                self.foreign_stored = 0
                return 200, {"status": "DELETED"}
            waiting = [job for job in self.jobs.values() if job.status in ("STORED", "QUEUED", "PENDING")]
            return 200, {"requests_in_queue": len(waiting) + self.foreign_stored + self.foreign_confirmed}
        if method == "POST":
            return self._store(endpoint, body)
        job = self.jobs.get(own_id)
        if job is None or job.endpoint != endpoint:
            return 404, {"exception": {"code": 1, "description": "Not found"}}
        return {"PUT": self._confirm, "GET": self._state, "DELETE": self._delete}[method](own_id, job)

    def _token(self, method: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        now = self.now()
        if method == "PATCH":
            assert body, "the body must be there (log of 1.0.3)"
            if not self.token or headers.get("authorization") != f"Bearer {self.token}":
                return 401, {"exception": {"code": 4, "description": "Token incorrect"}}
        else:
            self.gets = [each for each in self.gets if now - each < timedelta(hours=1)]
            if len(self.gets) >= 10:
                self.token = ""
                allowed = (self.gets[0] + timedelta(hours=1)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                return 429, {
                    "exception": {"allowed_refresh_date": allowed, "code": 2, "description": "Too many token requests"}
                }
            self.gets.append(now)
        self.tokens += 1
        self.token, self.expires = f"eyJ0.token{self.tokens:03d}.x", now + timedelta(minutes=20)
        return 200, {"token": self.token, "expiration_date": self.expires.strftime("%Y-%m-%dT%H:%M:%SZ")}

    # -- jobs -------------------------------------------------------------------------------------------

    def _store(self, endpoint: str, body: bytes) -> tuple[int, Any]:
        content = json.loads(body)
        mistakes = mistakes_in_request("POST", endpoint, content)
        assert not mistakes, (endpoint, content, mistakes)
        if endpoint == "daily_report" and (
            self.foreign_stored or any(job.status == "STORED" for job in self.jobs.values())
        ):
            return 409, {"exception": {"code": 10, "description": "Stored requests in queue"}}
        own_id = f"{len(self.jobs) + 1:032x}"
        self.jobs[own_id] = Job(endpoint, content[ROOTS.get(endpoint, endpoint)])
        return 201, {"request": {"id": own_id, "status": "STORED"}}

    def _confirm(self, own_id: str, job: Job) -> tuple[int, Any]:
        if self.foreign_confirmed or any(each.status in ("QUEUED", "PENDING") for each in self.jobs.values()):
            self.token = ""
            return 403, {
                "exception": {
                    "code": 6,
                    "description": "Multiple access denied. Token has been deleted, download a new one.",
                }
            }
        if job.status == "STORED":
            job.status = "QUEUED"
            if not self.held or job.endpoint == "status":
                self.execute(job)
        return 200, {"request": {"id": own_id, "status": "CONFIRMED"}}

    def _state(self, own_id: str, job: Job) -> tuple[int, Any]:
        if job.status == "QUEUED" and not self.held:
            self.execute(job)
        device: dict[str, Any] = {"status": "OK"}
        if self.device_error:
            device = {"status": "ERROR", "error": {"code": self.device_error, "description": "Brak papieru"}}
        request: dict[str, Any] = {"status": job.status}
        if self.unknown and job.endpoint not in ("status", "direct_io"):
            request["status"] = "UNKNOWN"
        if job.endpoint != "daily_report":
            request["id"] = own_id
        if job.jpkid is not None:
            request["jpkid"] = job.jpkid
        if job.error is not None:
            request["error"] = dict(zip(("code", "description"), job.error, strict=True))
        if job.response is not None:
            request["response"] = job.response
        if job.status == "DONE" and "e_document" in job.content.get("buyer", {}):
            request["e_document"] = {"status": self.e_document, "code": 0}
        return 200, {"device": device, "request": request}

    def _delete(self, own_id: str, job: Job) -> tuple[int, Any]:
        if job.status not in ("STORED", "QUEUED"):
            return 400, {"exception": {"code": 9, "description": "Deletion not allowed."}}
        del self.jobs[own_id]
        return 200, {"request": {"status": "DELETED"}}

    def run_held(self) -> None:
        """The paper is there again."""
        self.held, self.device_error = False, 0
        for job in self.jobs.values():
            if job.status == "QUEUED":
                self.execute(job)

    def execute(self, job: Job) -> None:
        if self.refuse_with and job.endpoint not in ("status", "direct_io"):
            job.status, job.error = "ERROR", (self.refuse_with, "odmowa")
            self.refuse_with = 0
            return
        job.status = "DONE"
        match job.endpoint:
            case "status":
                job.response = {"status": {job.content["type"]: self._status(job.content["type"])}}
            case "direct_io":
                self._direct(job)
            case "receipt" | "invoice" as kind:
                self.sell(kind, job.content)
                job.jpkid = self.jpkid
            case "nf_printout":
                self._print("printout", job.content)
                job.jpkid = self.jpkid
            case "daily_report":
                self.daily_report(job.content)
                job.jpkid = self.jpkid

    def daily_report(self, content: dict[str, Any]) -> None:
        self.reports += 1
        self._print("daily_report", content)
        for each in self.totals.values():
            each["receipt"] = each["invoice"] = Decimal("0.00")

    def _print(self, kind: str, content: dict[str, Any]) -> None:
        self.paper.append((kind, content))
        self.lastprintout += 1
        self.jpkid += self.fiscal

    def sell(self, kind: str, content: dict[str, Any]) -> None:
        """A receipt or an invoice, of whomever: checks the sums as the reference has them."""
        total = deposits = Decimal(0)
        groups: dict[str, Decimal] = {}
        for item in content["items"]:
            ((what, each),) = item.items()
            if what == "article":
                value = Decimal(each["quantity"]) * Decimal(each["price"])
                assert abs(value - Decimal(each["value"])) <= Decimal("0.005"), each
                value = Decimal(each["value"]) + _adjusted(each)
                groups[each["ptu"]] = groups.get(each["ptu"], Decimal(0)) + value
                total += value
            else:
                deposits += Decimal(each["value"]) * (-1 if what == "container_return" else 1)
        summary = content["summary"]
        assert Decimal(summary["total"]) == total, (summary, total)
        due = total + _adjusted(summary) + deposits
        paid = sum((_value(each) for each in content.get("payments", ())), Decimal(0))
        if content.get("payments"):
            assert Decimal(summary["pay_in"]) == paid, summary
            assert Decimal(summary.get("change", "0")) == paid - due
            cash = sum((_value(each) for each in content["payments"] if "cash" in each), Decimal(0))
            self.cash += cash - Decimal(summary.get("change", "0"))
        assert set(groups) <= set(self.rates), "an inactive rate"
        if self.fiscal:
            first = next(iter(groups))
            for letter, value in groups.items():
                self.totals[letter][kind] += value
            self.totals[first][kind] += _adjusted(summary)
            if kind == "receipt":
                self.lastreceipt += 1
            else:
                self.lastinvoice += 1
        self._print(kind, content)

    # -- what it says -----------------------------------------------------------------------------------

    def _status(self, kind: str) -> dict[str, Any]:
        if kind == "fiscal_memory":
            return {
                "unique_number": UNIQUE, "tax_id": "5220001694", "size": 1, "max_daily_reports": 2195,
                "daily_reports_count": self.reports, "last_daily_report_date": "2026-11-21 21:00:00",
                "start_fiscal_date": "2026-01-01 08:00:00",
            }  # fmt: skip
        if kind == "protected_memory":
            return {"number": 1, "label": f"{UNIQUE}.0001", "last_jpkid": str(self.jpkid), "size": 1024, "free": 900}
        return {
            "name": "POINT", "version": "1.01", "characters_per_line": 64,
            "tax_rates": [{"name": name, "value": value} for name, value in self.rates.items()],
            "totals": [
                {"tax_rate": letter, "receipt": f"{each['receipt']:.2f}", "invoice": f"{each['invoice']:.2f}"}
                for letter, each in self.totals.items()
            ],
        }  # fmt: skip

    def _direct(self, job: Job) -> None:
        (packet,) = Deframer().feed(base64.b64decode(job.content["xml_cmd"]["base64"]))
        assert isinstance(packet, Packet)
        (command,) = read_elements(packet.body)
        answer = self._xml(command)
        value = b"" if answer is None else encode_packet(write_reply((answer,)))
        job.response = {"packet": {"protocol": "XML", "value": base64.b64encode(value).decode()}}

    def _xml(self, command: Element) -> Element | None:
        clock = self.now() + self.shift
        match command.name, command.get("action"):
            case "info", "checkout":
                return element(
                    "info", action="checkout", type="receipt", isfiscal="yes" if self.fiscal else "no",
                    receiptopen="no", receiptcount=str(self.lastreceipt), cash=f"{self.cash:.2f}",
                    date=clock.strftime("%d-%m-%Y"), uniqueno=UNIQUE, lastreceipt=str(self.lastreceipt),
                    lastinvoice=str(self.lastinvoice), lastprintout=str(self.lastprintout),
                )  # fmt: skip
            case "info", "date":
                return element("info", action="date", date=clock.strftime("%d-%m-%Y %H:%M"))
            case "error", "get":
                return element("error", action="get", value=str(self.last_error))
            case "header_online", "get":
                lines = (("SKLEP", "Jan"), ("Warszawa", ""), ("", ""))
                return element(
                    "header_online", *(element("line", text1=one, text2=two) for one, two in lines), action="get"
                )
        if self.refuse_with:
            self.last_error, self.refuse_with = self.refuse_with, 0
            return None
        self.last_error = 0
        match command.name, command.get("action"):
            case "cash", action:
                value = Decimal(command.get("value") or "")
                self.cash += value if action == "payin" else -value
                self._print("cash", {"action": action, "value": str(value)})
            case "report", _:
                self._print("report", dict(command.attributes))
            case "control", "drawer":
                self.paper.append(("drawer", {}))
            case "clock", _:
                wanted = datetime.strptime(command.get("date") or "", "%d-%m-%Y %H:%M").replace(tzinfo=NOON.tzinfo)
                self.shift = wanted - self.now()
            case "taxrates", "set":
                found = {child.get("name") or "": child.text for child in command.all("ptu")}
                self.rates = {name: "ZW" if text == "free" else text.rstrip("%") for name, text in found.items()}
        return None


def _adjusted(holder: dict[str, Any]) -> Decimal:
    found = holder.get("discount_markup")
    if found is None:
        return Decimal(0)
    assert found["type"] in ("value_discount", "value_markup")
    return Decimal(found["value"]) * (-1 if found["type"] == "value_discount" else 1)


def _value(payment: dict[str, Any]) -> Decimal:
    ((_, each),) = payment.items()
    return Decimal(each.get("value") or each["local_value"])
