"""Reading the protected memory of a Novitus ONLINE (NOV 3.1.13, 4.4.8, 4.4.16); ``ThermalMemory.store`` writes it.

The content of a document is our assumption: id and kind alone, packed as the description says.
"""

from __future__ import annotations

import base64
import json
import zlib

from fiscald.emulator.thermal.machine import Handler, Machine, Values

#: The size of the memory (our assumption).
_SIZE = 1024
_DATA, _WHOLE, _NOTHING = 0, 1, 2


def information(machine: Machine, _: Values) -> Values:
    """``210#s``: as in the example of the description, the id is followed by a semicolon."""
    label = f"{machine.register.state.unique_number.replace(' ', '')}.0001"
    return {"numer": 1, "etykieta": label, "stan": f"{machine.memory.jpkid};0;{_SIZE};{_SIZE};"}


def document(machine: Machine, values: Values) -> Values:
    """``@PMI``: 0 is the first one. Every document is sent whole; it has no other content than its data."""
    wanted = values["jpkid"] or 1
    memory = machine.memory
    place = wanted - 1 - (memory.jpkid - len(memory.documents))
    kind = memory.documents[place] if 0 <= place < len(memory.documents) else 0
    if values["stan"] or values["zawartosc"] != _DATA or not kind & values["typ"]:
        return _answer(_NOTHING, wanted)
    content = json.dumps({"JPKID": wanted, "typ": kind}).encode()
    packed = base64.urlsafe_b64encode(zlib.compress(content)).decode()
    return _answer(_WHOLE, wanted, kind, len(content), f"{packed}\r\n")


def _answer(status: int, wanted: int, kind: int = 0, size: int = 0, data: str = "") -> Values:
    return {
        "status": status, "typ": kind, "rozmiar": size, "pozycja": 0, "jpkid": wanted, "nabywca": "",
        "dane": f"{data}\r",
    }  # fmt: skip


#: Handlers by command.
HANDLERS: dict[str, Handler] = {"#s 210": information, "@PMI": document}
