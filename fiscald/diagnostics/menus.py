"""What a technician sets in a printer's own menu so that it speaks a protocol, by family."""

from __future__ import annotations

#: Sources: POSNET reference, section 2; Thermal reference, sections 1 and 2; Novitus reference, sections 1 and N1.
MENUS = {
    "posnet": "the interface of the PC, and the protocol Posnet",
    "thermal": "the interface of the PC, and the protocol Thermal (Posnet) or NOVITUS ZGODNY (Novitus)",
    "novitus-xml": "the protocol XML of this port (in the HD family option 5, value 2)",
    "noviapi": "2 USTAWIENIA, 2.2 KONFIGURACJA, 2 POŁĄCZENIA, 6 NOVIAPI; the printer wants a daily report first",
}


def menu_of(family: str) -> str:
    """What to set for that family."""
    return MENUS.get(family, "the interface of the PC, and the protocol")
