"""Gateways: programs that speak a printer's protocol print through fiscald.

Each gateway is the face of an emulated printer towards programs, and a caller of the engine: docs/gateway.md. What is
here says how one is configured; a shop without gateways loads no more of it.
"""

from __future__ import annotations

from fiscald.gateway.settings import FAMILIES, GatewaySettings

__all__ = ["FAMILIES", "GatewaySettings"]
