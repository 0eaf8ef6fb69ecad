"""Announces the daemon in the local network as ``_fiscald._tcp`` (multicast DNS), for programs that look for it.

The announcement is no proof: anybody in the network can announce. A program still checks the certificate.
"""

from __future__ import annotations

import ipaddress
import logging
import socket

import anyio

from fiscald.config_listen import ListenConfig
from fiscald.hosts import own_addresses

log = logging.getLogger(__name__)

TYPE = "_fiscald._tcp.local."
#: Descriptors that the library opens: two, and one for each interface.
DESCRIPTORS = 10


def addresses_of(config: ListenConfig) -> list[str]:
    """The addresses to announce."""
    given = ipaddress.ip_address(config.host)
    if not given.is_unspecified:
        return [config.host]
    return [each for each in own_addresses() if given.version == 6 or "." in each]


async def announce(config: ListenConfig) -> None:
    """Announce the daemon until cancelled. Trouble with the network is logged, and stops nothing else."""
    from zeroconf import IPVersion, NonUniqueNameException
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

    host = socket.gethostname().partition(".")[0]
    info = AsyncServiceInfo(
        TYPE,
        f"fiscald on {host}.{TYPE}",
        port=config.port,
        parsed_addresses=addresses_of(config),
        properties={"api": "1", "path": "/v1", "tls": "no" if config.certificate is None else "yes"},
        server=f"{host}.local.",
    )
    try:
        zeroconf = AsyncZeroconf(ip_version=IPVersion.All if ":" in config.host else IPVersion.V4Only)
    except OSError as error:
        log.warning("the daemon cannot be announced in the network: %s", error)
        return
    try:
        await (await zeroconf.async_register_service(info, allow_name_change=True))
        log.info("announced in the network as %s", info.name)
        await anyio.sleep_forever()
    except (OSError, NonUniqueNameException) as error:
        log.warning("the daemon cannot be announced in the network: %s", error)
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(2):
            await zeroconf.async_close()  # also takes the announcement back
