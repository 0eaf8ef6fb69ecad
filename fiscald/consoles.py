"""Joins the web console to the API, where a browser can reach it and the extra ``console`` is installed."""

from __future__ import annotations

import logging
import pwd
import socket
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec

from starlette.types import ASGIApp

from fiscald.api.handlers import Api
from fiscald.api.rights import Peer
from fiscald.api.wire import ConsoleLink

log = logging.getLogger(__name__)


def with_console(api: Api, app: ASGIApp, listeners: Sequence[socket.socket]) -> ASGIApp:
    """``app``, and the console beside it on TCP listeners. Without a listener nothing of the console is loaded."""
    if not listeners:
        return app
    if find_spec("jinja2") is None:
        log.warning("there is no web console: pip install 'fiscald[console]'")
        return app
    from fiscald.console.application import Mounted, console_application
    from fiscald.console.sessions import LINK_SECONDS, Person, Sessions

    sessions = Sessions()
    host, port, *_ = listeners[0].getsockname()
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def link(peer: Peer) -> ConsoleLink:
        secret = sessions.link(Person(_name(peer.uid), peer))
        return ConsoleLink(url=f"{address}/console/sign-in?link={secret}", seconds=int(LINK_SECONDS))

    api.console = link
    return Mounted(app, console_application(app, sessions))


def _name(uid: int) -> str:
    with suppress(KeyError):
        return pwd.getpwuid(uid).pw_name
    return str(uid)
