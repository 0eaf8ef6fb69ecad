"""What connections and requests are counted by: an IPv4 address, or the /56 of an IPv6 address."""

from __future__ import annotations

import ipaddress


def origin_of(address: str) -> str:
    """What connections and requests from ``address`` are counted by."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed.packed, 56), strict=False))
