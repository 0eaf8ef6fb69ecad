"""Joins the web console to the API, where the extra ``console`` is installed; loads it when somebody opens it."""

from __future__ import annotations

import ipaddress
import logging
import pwd
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import anyio
import anyio.to_thread
from starlette.types import ASGIApp, Receive, Scope, Send

from fiscald.api.handlers import Api
from fiscald.api.rights import Peer
from fiscald.api.wire import ConsoleLink
from fiscald.config_listen import ListenConfig
from fiscald.console.sessions import LINK_SECONDS, Person, Sessions
from fiscald.staying import staying_in_memory

log = logging.getLogger(__name__)


def console_of(api: Api, listen: ListenConfig, names: Sequence[str], path: Path) -> Callable[[ASGIApp], ASGIApp] | None:
    """What makes the console over the API's routes; ``None`` without the extra. ``names``: of the certificate;
    ``path``: of the daemon's socket, for its diagnostic programs.
    """
    if find_spec("jinja2") is None:
        log.warning("there is no web console: pip install 'fiscald[console]'")
        return None
    sessions, address = Sessions(), address_of(listen, names)

    def link(peer: Peer) -> ConsoleLink:
        secret = sessions.link(Person(_name(peer.uid), peer))
        return ConsoleLink(url=f"{address}/console/sign-in?link={secret}", seconds=int(LINK_SECONDS))

    api.console = link
    return lambda routes: WhenOpened(routes, sessions, path)


class WhenOpened:
    """The console, loaded at the first request: a shop without a reader pays nothing for it."""

    def __init__(self, routes: ASGIApp, sessions: Sessions, path: Path) -> None:
        self._routes = routes
        self._sessions = sessions
        self._path = path
        self._turn = anyio.Lock()
        self._console: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ``ASGIApp``."""
        async with self._turn:
            if self._console is None:
                self._console = await anyio.to_thread.run_sync(self._load)
        await self._console(scope, receive, send)

    def _load(self) -> ASGIApp:
        with staying_in_memory():
            from fiscald.console.application import console_application

            return console_application(self._routes, self._sessions, self._path)


def address_of(listen: ListenConfig, names: Sequence[str]) -> str:
    """Where a browser finds the daemon: an address that stands for all of them becomes a name."""
    if not ipaddress.ip_address(listen.host).is_unspecified:
        return listen.url
    name = next((name for name in names if not name.startswith("*")), socket.gethostname())
    return f"{'http' if listen.certificate is None else 'https'}://{name}:{listen.port}"


def _name(uid: int) -> str:
    with suppress(KeyError):
        return pwd.getpwuid(uid).pw_name
    return str(uid)
