"""Elements of real printers that the emulator lacks: it refuses them as unknown and names them in a message.

Source: Novitus XML reference, sections 5.12 to 5.18.
"""

from __future__ import annotations

_ELEMENTS = {
    "animation": "advertising on the customer display",
    "currency": "the booking currency",
    "dbcheck": "check of the goods base",
    "fiscalization": "fiscalisation",
    "producer": "a command of the factory",
    "service": "a command of the service",
}
_COMMANDS = {
    "info last_receipt": "the last receipt, on printers for Kenya",
    "info receipt": "a receipt by its number, on printers for Kenya",
    "info teams_server": "the tax office's server, on printers for Kenya",
}


def meaning(name: str) -> str | None:
    """What a command does on printers that know it; ``None``: no source knows it."""
    return _COMMANDS.get(name) or _ELEMENTS.get(name.partition(" ")[0])
