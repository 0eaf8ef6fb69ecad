"""Single commands of the printer's older protocols, which come through ``direct_io`` as base64.

Facts: the contract's examples: an XML packet with its wrapper in windows-1250, a classic frame with its marks; the
answer names the protocol. A command that is not answered there has an empty answer here (our assumption).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fiscald.emulator.noviapi.classic import Classic
from fiscald.emulator.noviapi.memory import ApiCore
from fiscald.emulator.novitus.refusals import NovitusError
from fiscald.emulator.novitus_xml.device import HANDLERS
from fiscald.emulator.novitus_xml.machine import UNREADABLE, Machine, name_of
from fiscald.protocols.novitus_elements import NotElements
from fiscald.protocols.novitus_packets import Deframer, Packet

if TYPE_CHECKING:
    from fiscald.emulator.noviapi.work import Model


#: Elements that need no paper.
_QUIET = ("dle", "enq", "error", "info", "deviceinfo", "taxrates get", "config get", "header_online get", "cash read")


class Direct:
    """Carries out commands of older protocols."""

    def __init__(self, core: ApiCore, model: Model) -> None:
        self._classic = Classic(core, model.name, model.version)
        self._xml = Machine(core, core.faults, HANDLERS)

    def report_unknown(self, report: Callable[[str, str | None], None]) -> None:
        """``report`` gets every command that is refused as unknown, with what it does on real printers."""
        self._xml.unknown_command = report
        self._classic.report_unknown(report)

    def prints(self, content: Mapping[str, Any]) -> bool:
        """Whether a command may need paper."""
        if "xml_cmd" not in content:
            return True
        try:
            elements = self._xml.elements(_packet(content))
        except (NovitusError, NotElements):
            return False
        return not all(name_of(each) in _QUIET or each.name in _QUIET for each in elements)

    def carry_out(self, content: Mapping[str, Any]) -> dict[str, str]:
        """The answer, as the API shows it. Raises ``NovitusError``: it is no command."""
        if "xml_cmd" in content:
            answer, protocol = self._xml.carry_out(_packet(content)), "XML"
        else:
            answer, protocol = self._classic.carry_out(base64.b64decode(content["nov_cmd"]["base64"])), "NOVITUS"
        return {"protocol": protocol, "value": base64.b64encode(answer).decode()}

    def power_up(self) -> None:
        """Power is back."""
        self._xml.reset()
        self._classic.power_up()


def _packet(content: Mapping[str, Any]) -> Packet:
    """The XML packet of a document. Raises ``NovitusError``: it is not one whole packet."""
    items = list(Deframer().feed(base64.b64decode(content["xml_cmd"]["base64"])))
    if len(items) != 1 or not isinstance(items[0], Packet):
        raise NovitusError(UNREADABLE)
    return items[0]
