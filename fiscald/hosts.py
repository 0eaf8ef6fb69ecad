"""The names and addresses of this computer."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_NAME = re.compile(r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
#: Addresses of this computer, as the kernel lists them.
_IPV4, _IPV6 = Path("/proc/net/fib_trie"), Path("/proc/net/if_inet6")


def is_name(text: str) -> bool:
    """Whether it is a host name or an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return len(text) <= 253 and _NAME.fullmatch(text) is not None
    return True


def own_names() -> Iterator[str]:
    """Names and addresses of this computer, also those that it has for itself only."""
    yield "localhost"
    host = socket.gethostname()
    for name in dict.fromkeys((host, f"{host.partition('.')[0]}.local", socket.getfqdn())):
        if is_name(name) and not name.startswith("localhost"):
            yield name
    yield from ("127.0.0.1", "::1")
    yield from own_addresses()


def own_addresses() -> list[str]:
    """This computer's addresses in the network, without those of one link only."""
    found: set[str] = set()
    with suppress(OSError):
        found |= {each[1] for each in re.finditer(r"\|-- (\S+)\n\s+/32 host LOCAL", _IPV4.read_text("ascii"))}
    with suppress(OSError):
        for line in _IPV6.read_text("ascii").splitlines():
            found.add(str(ipaddress.IPv6Address(bytes.fromhex(line.split()[0]))))
    addresses = map(ipaddress.ip_address, found)
    return sorted(str(each) for each in addresses if not (each.is_loopback or each.is_link_local or each.is_multicast))
