"""Who may come in at a gateway, and what came: for the log, the API and the doctor."""

from __future__ import annotations

import ipaddress
import logging
from typing import Any, Literal

import anyio

from fiscald.gateway.seldom import Seldom
from fiscald.gateway.settings import GatewaySettings
from fiscald.gateway.speech import KEPT, heard

log = logging.getLogger(__name__)


class Door:
    """Of one gateway, for as long as the daemon runs."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._state: Literal["starting", "listening", "failed"] = "starting"
        self._reason = ""
        self._programs = self._received = self._denied = self._busy = 0
        self._last_byte: float | None = None
        self._last_bytes = b""
        self._denied_last: str | None = None
        self._told = Seldom()

    def listens(self) -> None:
        """Programs can connect."""
        self._state, self._reason = "listening", ""

    def cannot_listen(self, reason: str) -> None:
        """The address or path cannot be had."""
        self._state, self._reason = "failed", reason

    def admits(self, host: str) -> bool:
        """Whether a program on the computer with this IP address may connect; if not, the log has a line."""
        allow = self._settings.allow
        if allow is None:
            return True
        address = ipaddress.ip_address(host)
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        if any((mapped or address) in network for network in allow):
            return True
        self._denied += 1
        self._denied_last = host
        more = self._told.happens()
        if more is not None:
            log.warning(
                "%s: the gateway refused a connection from %s%s: allow in the configuration does not name this address",
                self._settings.printer, host, more,
            )  # fmt: skip
        return False

    def turned_away(self) -> None:
        """A connection was closed because another program has the gateway."""
        self._busy += 1

    def comes(self) -> None:
        """A program has connected."""
        self._last_bytes = b""
        self._programs += 1

    def hears(self, data: bytes) -> None:
        """The program has sent this."""
        self._last_byte = anyio.current_time()
        self._received += len(data)
        self._last_bytes = (self._last_bytes + data)[-KEPT:]

    def seen(self) -> dict[str, Any]:
        """The fields of ``PrinterGateway`` that it knows."""
        quiet = None if self._last_byte is None else round((anyio.current_time() - self._last_byte) * 1000)
        return {
            "state": self._state, "reason": self._reason, "programs": self._programs, "quiet_ms": quiet,
            "received": self._received, "speaks": heard(self._last_bytes), "denied": self._denied,
            "denied_last": self._denied_last, "busy": self._busy,
        }  # fmt: skip
