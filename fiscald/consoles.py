"""Joins the web console to the API, where the extra ``console`` is installed."""

from __future__ import annotations

import ipaddress
import logging
import pwd
import socket as sockets
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from starlette.types import ASGIApp

from fiscald.api.handlers import Api
from fiscald.api.rights import Peer
from fiscald.api.wire import ConsoleLink
from fiscald.config_listen import ListenConfig

log = logging.getLogger(__name__)


def console_of(
    api: Api, listen: ListenConfig, names: Sequence[str], socket: Path
) -> Callable[[ASGIApp], ASGIApp] | None:
    """What makes the console over the API's routes; ``None`` without the extra. ``names``: of the certificate;
    ``socket``: the daemon's own, for its diagnostic programs.
    """
    if find_spec("jinja2") is None:
        log.warning("there is no web console: pip install 'fiscald[console]'")
        return None
    # Here: a daemon without a console loads nothing of it.
    from fiscald.console import Person, Sessions, console_application
    from fiscald.console.sessions import LINK_SECONDS

    sessions, address = Sessions(), address_of(listen, names)

    def link(peer: Peer) -> ConsoleLink:
        secret = sessions.link(Person(_name(peer.uid), peer))
        return ConsoleLink(url=f"{address}/console/sign-in?link={secret}", seconds=int(LINK_SECONDS))

    api.console = link
    return lambda routes: console_application(routes, sessions, socket)


def address_of(listen: ListenConfig, names: Sequence[str]) -> str:
    """Where a browser finds the daemon: an address that stands for all of them becomes a name."""
    if not ipaddress.ip_address(listen.host).is_unspecified:
        return listen.url
    name = next((name for name in names if not name.startswith("*")), sockets.gethostname())
    return f"{'http' if listen.certificate is None else 'https'}://{name}:{listen.port}"


def _name(uid: int) -> str:
    with suppress(KeyError):
        return pwd.getpwuid(uid).pw_name
    return str(uid)
