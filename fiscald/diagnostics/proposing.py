"""What to write into the configuration for printers that a scan has found."""

from __future__ import annotations

from collections.abc import Sequence

from fiscald.diagnostics.probing import Probed
from fiscald.transport import TcpHost


def configuration(results: Sequence[Probed]) -> str:
    """Configuration for the printers that answered and are not configured."""
    names = {each.candidate.configured.name for each in results if each.candidate.configured is not None}
    blocks = []
    servers: set[tuple[str, str]] = set()
    for result in results:
        answer, configured = result.answer, result.candidate.configured
        if answer is None or (configured is not None and str(configured.address) == str(answer.address)):
            continue
        if result.candidate.swept and isinstance(answer.address, TcpHost):
            server = (answer.family, answer.address.host)
            if server in servers:
                continue  # another server of the same printer, for another program
            servers.add(server)
        name = configured.name if configured is not None else _fresh_name(names)
        blocks.append(f'[printers.{name}]\nfamily = "{answer.family}"\naddress = "{answer.address}"\n')
    return "\n".join(blocks)


def _fresh_name(names: set[str]) -> str:
    number = 1
    while f"till{number}" in names:
        number += 1
    names.add(f"till{number}")
    return f"till{number}"
