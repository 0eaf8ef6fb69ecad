"""Carries jobs out on the inside of the printer, and says what came of each."""

from __future__ import annotations

import base64
import binascii
import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fiscald.emulator.faults import Faults, Switch
from fiscald.emulator.noviapi import documents, e_documents, queries
from fiscald.emulator.noviapi.direct import Direct
from fiscald.emulator.noviapi.jobs import Job
from fiscald.emulator.noviapi.memory import ApiCore, NoviApiMemory
from fiscald.emulator.noviapi.rules import ENDPOINTS
from fiscald.emulator.novitus.documents import Issued
from fiscald.emulator.novitus.refusals import UNKNOWN, NeedsConfirmation, NovitusError
from fiscald.emulator.paper import Printout
from fiscald.emulator.register import Register
from fiscald.protocols.novitus_errors import lookup

#: Sales are locked; parameters are missing; there is no such picture.
LOCKED, MISSING, NO_DATA = 1100, 3, 1046
#: The texts of errors that the contract has an example of; the others are ours.
_TEXTS = {e_documents.BAD_LENGTH: "Długość ID transakcji niepoprawna"}


class Model(NamedTuple):
    """What a model says about itself; the versions are those of the contract (N1)."""

    name: str
    version: str


MODELS = {
    "point": Model("POINT EMU", "1.01"),
    "hd2": Model("HD II ONLINE EMU", "3.50"),
    "deon": Model("DEON ONLINE EMU", "310"),
    "bono": Model("BONO ONLINE EMU", "300"),
    "infis": Model("INFIS EMU", "1.30"),
}


class ErrorText(NamedTuple):
    """A number and its text in an answer."""

    code: int
    description: str

    @classmethod
    def of(cls, number: int) -> ErrorText:
        """The text of a number."""
        return cls(number, _TEXTS.get(number) or lookup(number).text_pl)


class Outcome(NamedTuple):
    """What came of a job."""

    error: ErrorText | None = None
    jpkid: int | None = None
    e_document: dict[str, Any] | None = None
    response: dict[str, Any] | None = None


class Worker:
    """The part of the printer that does one job after the other."""

    def __init__(
        self, register: Register, faults: Faults, profile: str, width: int, printed: Callable[[Printout], None]
    ) -> None:
        """``printed`` gets every sheet once it is known whether it comes out on paper."""
        self.model = MODELS[profile]
        self._infis = profile == "infis"
        self._ascii_art = profile == "point"
        self._register, self._faults = register, faults
        self._printed = printed
        self._sheets: list[Printout] = []
        self.core = ApiCore(register, faults, width=width, printed=self._sheets.append)
        self.direct = Direct(self.core, self.model)
        self._endpoints: dict[str, Callable[[Mapping[str, Any]], Outcome]] = {
            "receipt": self._receipt,
            "invoice": self._invoice,
            "nf_printout": self._printout,
            "daily_report": self._daily_report,
            "eft": self._eft,
            "graphic": self._graphic,
            "configuration": self._configuration,
            "status": self._status,
            "direct_io": self._direct_io,
            "lock": self._lock,
        }

    @property
    def memory(self) -> NoviApiMemory:
        """What survives a power cut."""
        return self.core.memory

    def prints(self, job: Job) -> bool:
        """Whether a job needs paper."""
        return self.direct.prints(job.content) if job.endpoint == "direct_io" else ENDPOINTS[job.endpoint].prints

    def carry_out(self, job: Job) -> Outcome:
        """What came of it. Raises ``NeedsConfirmation``: the printer asks first; see ``answered``."""
        return self._in_words(functools.partial(self._endpoints[job.endpoint], job.content), job.endpoint)

    def answered(self, question: NeedsConfirmation, *, confirm: bool) -> Outcome:
        """A person answered a question."""
        return self._in_words(lambda: self._after(question, confirm=confirm))

    def _after(self, question: NeedsConfirmation, *, confirm: bool) -> Outcome:
        if not confirm:
            self.core.deny()
            raise NovitusError(self.core.last_error)
        self.core.confirm(question)
        return Outcome(jpkid=self.memory.jpkid)

    def _in_words(self, go: Callable[[], Outcome], endpoint: str = "") -> Outcome:
        try:
            if self.memory.locked and endpoint and ENDPOINTS[endpoint].prints:
                raise NovitusError(LOCKED)
            return go()
        except NovitusError as refused:
            return Outcome(ErrorText.of(refused.number))
        finally:
            self._release()

    def _release(self, status: str | None = None) -> None:
        """The sheets leave the printer; with a ``status`` as e-documents that are not on paper."""
        for sheet in self._sheets:
            if status is not None:
                sheet.facts["e_document"] = status
            self._printed(sheet)
        self._sheets.clear()

    # -- what prints ----------------------------------------------------------------------------------

    def _receipt(self, content: Mapping[str, Any]) -> Outcome:
        self._check_art(content.get("printout_lines", ()))
        document = documents.receipt(content)
        return self._document(content, lambda: self.core.sales.receipt(document))

    def _invoice(self, content: Mapping[str, Any]) -> Outcome:
        self._check_art(content.get("printout_lines", ()))
        document = documents.invoice(content)
        return self._document(content, lambda: self.core.sales.invoice(document))

    def _printout(self, content: Mapping[str, Any]) -> Outcome:
        self._check_art(content["lines"])
        document = documents.printout(content)
        return self._document(content, lambda: self.core.service.print_nonfiscal(document))

    def _check_art(self, lines: Any) -> None:
        """Only a POINT prints ASCII art."""
        if not self._ascii_art and any("ascii_art" in line for line in lines):
            raise NovitusError(UNKNOWN)

    def _document(self, content: Mapping[str, Any], go: Callable[[], Issued]) -> Outcome:
        wanted = e_documents.wanted(content)
        issued = go()
        if content.get("device_control", {}).get("open_drawer", False):
            self.core.service.open_drawer()
        if wanted is None:
            return Outcome(jpkid=issued.jpkid)
        fate = e_documents.fate(wanted, server=not self._faults.on(Switch.NO_SERVER))
        if not fate.on_paper:
            self._release(fate.status)
        return Outcome(jpkid=issued.jpkid, e_document=fate.content)

    def _daily_report(self, content: Mapping[str, Any]) -> Outcome:
        system = content.get("system_info", {})
        issued = self.core.reports.daily(
            documents.day(content["date"]), till=system.get("cash_number", ""), cashier=system.get("cashier_name", "")
        )
        return Outcome(jpkid=issued.jpkid)

    def daily_report(self) -> bool:
        """A person makes the daily report; whether the printer did."""
        today = self._register.clock.now().date()
        return self._in_words(lambda: Outcome(jpkid=self.core.reports.daily(today).jpkid)).error is None

    # -- what does not --------------------------------------------------------------------------------

    def _eft(self, content: Mapping[str, Any]) -> Outcome:
        """A payment terminal that accepts everything."""
        amount = content.get("brutto", "")
        if content["operation"] == "transaction" and not documents.grosze(amount):
            raise NovitusError(MISSING)
        return Outcome(response={"eft": queries.terminal(content, self._register.state.printout_count)})

    def _graphic(self, content: Mapping[str, Any]) -> Outcome:
        service, operation = self.core.service, content["operation"]
        if operation == "read_indexes":
            return Outcome(response={"graphic": {"programmed_indexes": sorted(self.memory.graphics)}})
        place = int(content["id"])
        if operation == "program":
            service.store_graphic(place, base64.b64decode(content["base64"]).decode("ascii", "replace"))
        elif operation == "reset":
            service.delete_graphic(place)
        else:
            digits = self.memory.graphics.get(place)
            if digits is None:
                raise NovitusError(NO_DATA)
            crc = f"{binascii.crc_hqx(digits.encode(), 0):04x}"
            return Outcome(response={"graphic": {"image_id": place, "total_len": len(digits), "hex_crc": crc}})
        return Outcome()

    def _configuration(self, content: Mapping[str, Any]) -> Outcome:
        if content["operation"] == "program":
            self.core.service.set_options({int(each["key"]): each["value"] for each in content["options"]})
            return Outcome()
        return Outcome(response={"configuration": queries.configuration(self.core, content)})

    def _status(self, content: Mapping[str, Any]) -> Outcome:
        kind = content["type"]
        return Outcome(response={"status": {kind: queries.STATUS[kind](self.core, self.model)}})

    def _direct_io(self, content: Mapping[str, Any]) -> Outcome:
        return Outcome(response={"packet": self.direct.carry_out(content)})

    def _lock(self, content: Mapping[str, Any]) -> Outcome:
        if not self._infis:
            raise NovitusError(UNKNOWN)
        self.memory.locked = content["operation"] == "enable"
        return Outcome()

    # -- power and people -----------------------------------------------------------------------------

    def power_up(self) -> None:
        """Power is back."""
        self.direct.power_up()
        self.core.power_up()
        self._release()

    def state_replaced(self) -> None:
        """The stored state is another one. Raises ``ValidationError``."""
        self.core.read_stored()

    def cancel_open(self) -> None:
        """A person cancels the document that an older protocol left open."""
        self.core.sales.give_up()
        self._release()
