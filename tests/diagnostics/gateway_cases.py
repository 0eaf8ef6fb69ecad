"""Gateways with something wrong: for each finding, the facts that provoke it and words of its remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fiscald.diagnostics.facts import Facts
from fiscald.diagnostics.findings import finding
from fiscald.diagnostics.gateways import NamedGateway, named_gateway
from fiscald.diagnostics.units import Units
from fiscald.model.programs import PrinterGateway
from tests.diagnostics.judged import STATUS, facts, printer, till

WELL: dict[str, Any] = {
    "listen": "tcp://192.168.1.10:6001", "family": "posnet", "state": "listening", "powered": True, "open_to_all": False,
    "program": None, "programs": 1, "quiet_ms": 5, "received": 90, "speaks": "posnet", "denied": 0, "denied_last": None,
    "busy": 0, "document": None, "printed": 1, "refused": 0, "repeated": 0, "last_printed": None, "last_refused": None,
}  # fmt: skip


def at_gateway(**changes: Any) -> Facts:
    """A shop in which only the gateway has something to report."""
    status = STATUS.model_copy(update={"gateway": PrinterGateway(**WELL | changes)})
    return facts(printer(configured=till(status=status)))


def at_port(link: str, group: str | None = None) -> Facts:
    """A gateway with a serial port, before the start."""
    return facts(named=tuple(named_gateway(NamedGateway("till1", Path(link), group), "root", Units(), Path("/etc/f"))))


def named(code: str, **values: Any) -> Facts:
    return facts(named=(finding(code, name="till1", **values),))


GATEWAYS: dict[str, list[tuple[Facts, str]]] = {
    "gateway_open": [(at_gateway(open_to_all=True), "allow: only the computers")],
    "gateway_port": [(named("gateway_port", listen="x", holder="nginx", port=6001), "'sport = :6001'")],
    "gateway_unseen": [(named("gateway_unseen", link="/tmp/till1"), "pty:/run/fiscald/till1")],
    "gateway_documents": [
        (named("gateway_documents", documents="drawer", family="noviapi", path="/etc/f"), "sudoedit /etc/f")
    ],
    "gateway_down": [(at_gateway(state="failed", reason="Address already in use"), "ss -ltnp")],
    "gateway_denied": [(at_gateway(denied=2, denied_last="192.168.1.99"), "add 192.168.1.99 to allow")],
    "gateway_busy": [(at_gateway(busy=3), "its own port")],
    "gateway_unused": [(at_gateway(programs=0, received=0, quiet_ms=None, speaks=None), "the firewall")],
    "gateway_noise": [(at_gateway(speaks="noise"), "the same speed")],
    "gateway_speaks": [
        (at_gateway(speaks="thermal"), 'family = "thermal"'),
        (at_gateway(speaks="rfc2217"), "rfc2217://"),
        (at_gateway(speaks="xml"), "POSNET or Thermal"),
    ],
    "gateway_link": [
        (at_port("/no-such-directory/till1"), "sudoedit /etc/f"),
        (at_port("/etc/passwd"), "sudoedit /etc/f"),
    ],
    "gateway_group": [(at_port("/tmp/fiscald-till1", "no-such-group"), "sudo groupadd no-such-group")],
}
