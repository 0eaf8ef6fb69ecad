"""Single commands of the printer's older protocols, which come through ``direct_io`` as base64.

Facts: the contract's examples: an XML packet with its wrapper in windows-1250, a classic frame with its marks; the
answer names the protocol. A command that is not answered there has an empty answer here (our assumption).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fiscald.emulator.noviapi.classic import Classic
from fiscald.emulator.noviapi.memory import ApiCore

if TYPE_CHECKING:
    from fiscald.emulator.noviapi.work import Model


class Direct:
    """Carries out commands of older protocols."""

    def __init__(self, core: ApiCore, model: Model) -> None:
        self._classic = Classic(core, model.name, model.version)

    def prints(self, content: Mapping[str, Any]) -> bool:
        """Whether a command may need paper."""
        return True

    def carry_out(self, content: Mapping[str, Any]) -> dict[str, str]:
        """The answer, as the API shows it. Raises ``NovitusError``: it is no command."""
        answer = self._classic.carry_out(base64.b64decode(content["nov_cmd"]["base64"]))
        return {"protocol": "NOVITUS", "value": base64.b64encode(answer).decode()}

    def power_up(self) -> None:
        """Power is back."""
        self._classic.power_up()
