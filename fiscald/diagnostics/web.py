"""The doctor's checks of printers that are web servers."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Sequence

from fiscald.diagnostics.candidates import XML_PORT, Candidate, Configured
from fiscald.diagnostics.findings import Finding, finding
from fiscald.diagnostics.host import Host
from fiscald.diagnostics.places import same_host
from fiscald.diagnostics.probing import Probed, probe
from fiscald.model.problems import Problem
from fiscald.transport import Address, HttpHost, HttpsHost, TcpHost, Unreachable, WrongCertificate
from fiscald.transport.web import how_to_read

_REFUSED = os.strerror(errno.ECONNREFUSED)


def is_refused(code: str | None, reason: str) -> bool:
    """Whether the host answers, and nothing listens at the port."""
    return code == Unreachable.code and _REFUSED in reason


def why_no_server(address: TcpHost, code: str | None, reason: str, *, menu: str, xml: bool) -> Iterator[Finding]:
    """Why there is no link to a web server; none: for another reason. ``xml``: XML answers on the same host."""
    if not isinstance(address, HttpHost):
        return
    if code == WrongCertificate.code and isinstance(address, HttpsHost):
        where = f"https://{address.host}:{address.port}"
        yield finding("certificate", reason=reason, where=where, read=how_to_read(address.host, address.port))
    elif is_refused(code, reason):
        more = f"; XML answers at port {XML_PORT}, so it is a Novitus printer" if xml else ""
        yield finding("server_off", address=address, more=more, menu=menu)


def is_shared(address: Address, problem: Problem | None) -> bool:
    """Whether a web printer is busy: another program confirmed a document on the server that fiscald uses."""
    return isinstance(address, HttpHost) and problem is not None and problem.code == "printer.busy"


async def with_xml(host: Host, configured: Sequence[Configured], probed: Mapping[str, Probed]) -> frozenset[str]:
    """The web printers that refuse the connection while the same host answers XML, by name."""
    found = set()
    for one in configured:
        if not isinstance(one.address, HttpHost):
            continue
        own, status = probed.get(one.name), one.status
        code, reason = None, ""
        if own is not None and own.problem is not None:
            code, reason = own.problem.code, str(own.problem)
        elif status is not None and status.problem is not None:
            code, reason = status.problem.code, status.problem.detail
        beside = TcpHost(one.address.host, XML_PORT)
        taken = any(isinstance(each.address, TcpHost) and same_host(each.address, beside) for each in configured)
        if is_refused(code, reason) and not taken:
            answer = (await probe(Candidate(beside, "", ("novitus-xml",), named=True), host)).answer
            found |= set() if answer is None else {one.name}
    return frozenset(found)
