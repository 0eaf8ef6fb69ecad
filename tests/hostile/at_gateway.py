"""Programs that misbehave at the port of a gateway, which knows no password (docs/gateway.md)."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable

from fiscald.protocols.posnet.frames import Frame, encode
from tests.hostile.reach import ATTACKER, open_link

_QUESTION = encode(Frame("scnt", ()))
_TELNET = b"\xff\xfa\x2c\x01\x00\x00\x25\x80" * 100 + b"\xff\xfd\x03\xff\xff\xfb"


def rows(crowd: Callable[..., None]) -> dict[str, Callable[[str], None]]:
    """The attacks, by name; ``crowd`` opens the connections."""

    def gateway_strangers(path: str) -> None:
        """At a gateway whose ``allow`` does not name them: connections as fast as possible."""
        while True:
            with contextlib.suppress(OSError):
                open_link(path, 1, ATTACKER).close()

    def gateway_noise(path: str) -> None:
        """At a gateway: fifty programs that send what is no protocol."""
        crowd(path, 50, lambda _: itertools.repeat(bytes(range(256)) * 8), read=True)

    def gateway_crowd(path: str) -> None:
        """At a gateway: 5,200 silent connections."""
        crowd(path, 5200, lambda _: iter(()), read=False)

    def gateway_churn(path: str) -> None:
        """At a gateway: connections that ask one question and are gone, as fast as possible."""
        while True:
            with contextlib.suppress(OSError), open_link(path, 1, ATTACKER) as link:
                link.sendall(_QUESTION)

    def gateway_slow_bytes(path: str) -> None:
        """At a gateway: a thousand programs whose frames come a byte at a time and never end."""
        crowd(path, 1000, lambda _: itertools.chain([b"\x02"], itertools.cycle([b"a", b""])), read=False)

    def gateway_endless_frames(path: str) -> None:
        """At a gateway: twenty programs whose frames never end, as fast as they are taken."""
        crowd(path, 20, lambda _: itertools.chain([b"\x02"], itertools.repeat(b"a" * 65536)), read=True)

    def gateway_deaf(path: str) -> None:
        """At a gateway: twenty programs that ask without end and never read."""
        crowd(path, 20, lambda _: itertools.repeat(_QUESTION * 100), read=False)

    def com_port_rubbish(path: str) -> None:
        """At a virtual COM port: twenty programs that send telnet commands without an end."""
        crowd(path, 20, lambda _: itertools.repeat(_TELNET), read=False)

    attacks = (
        gateway_strangers, gateway_crowd, gateway_churn, gateway_slow_bytes, gateway_endless_frames, gateway_deaf,
        gateway_noise, com_port_rubbish,
    )  # fmt: skip
    return {each.__name__: each for each in attacks}
