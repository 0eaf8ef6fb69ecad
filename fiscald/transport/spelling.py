"""Addresses as people write them: the right spelling where there is one meaning, advice where there is none."""

from __future__ import annotations

import re

TCP_EXAMPLE = "tcp://HOST:PORT, for example tcp://192.168.1.50:6666"
#: Where the stable names of serial ports are.
BY_ID = "/dev/serial/by-id/"
_FLAGS = re.ASCII | re.IGNORECASE
#: Other names of the three schemes: pyserial's, other programs', and the right one with too few slashes.
_PREFIX = re.compile(r"(?:(serial|file|tty|dev)|(usb|id)|(tcp|socket|telnet|raw))(?::/{0,3}|[ =])", _FLAGS)
_USB = re.compile(r"(?:0x)?([0-9a-f]{4}):(?:0x)?([0-9a-f]{4})(\?.*)?", _FLAGS)
_TCP = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?):(\d{1,5})/?", _FLAGS)
#: A port's name, with or without its folder; options behind it in the ways in which other programs write the speed.
_PORT = re.compile(
    r"(?:/?dev/)?(?P<name>tty[a-z]+\d+|rfcomm\d+|serial\d|(?:serial/)?by-(?:id|path)/[^?,@ ]+|fiscald/[^?,@ ]+)"
    r"(?P<rest>.*)",
    _FLAGS,
)
_STABLE = re.compile(r"(usb-[\w.:+-]+-(?:if|port)\d+)(?P<rest>.*)", re.ASCII)
_SPEED = re.compile(r"[:,@ ](\d{3,7})", re.ASCII)
_WINDOWS = re.compile(r"(?:\\\\\.\\)?(COM|LPT)(\d+):?", _FLAGS)
_HOST = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9a-f]*:[0-9a-f:]*:[0-9a-f:]*\]?|[a-z0-9-]+(?:\.[a-z0-9-]+)+", _FLAGS)


def spelled(text: str) -> str | None:
    """The address that ``text`` must mean, as the configuration writes it; ``None`` where there is none, or several.

    Pure: nothing is looked for on the computer.
    """
    text = text.strip().strip("\"'")
    prefix = _PREFIX.match(text)
    rest = text if prefix is None else text[prefix.end() :]
    serial, usb, tcp = (prefix is None or prefix[number] is not None for number in (1, 2, 3))
    if serial and (port := _serial(rest)) is not None:
        return port
    if usb and (found := _USB.fullmatch(rest)):
        return f"usb://{found[1].lower()}:{found[2].lower()}{found[3] or ''}"
    # A bare number is no host, though the resolver would take it for one.
    if tcp and (found := _TCP.fullmatch(rest)) and not found[1].isdigit() and 0 < int(found[2]) < 65536:
        return f"tcp://{found[1]}:{int(found[2])}"
    return None


def host_of(text: str) -> str | None:
    """The host, if ``text`` is one without a port."""
    text = text.strip()
    return text.strip("[]") if _HOST.fullmatch(text) else None


def _serial(text: str) -> str | None:
    if found := _STABLE.fullmatch(text):
        return _with_options(BY_ID + found[1], found["rest"])
    if found := _PORT.fullmatch(text):
        name = found["name"]
        folder = "/dev/serial/" if name.startswith("by-") else "/dev/"
        return _with_options(folder + name, found["rest"])
    if text.startswith("/") and not text.startswith("//") and not re.search(r"[?\s]", text):
        return f"serial://{text}"
    return None


def _with_options(path: str, rest: str) -> str | None:
    if rest == "" or rest.startswith("?"):
        return f"serial://{path}{rest}"
    speed = _SPEED.fullmatch(rest)
    return None if speed is None else f"serial://{path}?baud={speed[1]}"


def advice(text: str) -> str:
    """What to write in place of something that is no address and has no one meaning."""
    text = text.strip()
    windows = _WINDOWS.fullmatch(text)
    if windows is not None:
        if windows[1].upper() == "LPT":
            return "a parallel port cannot be used; fiscalctl scan lists the ports of this computer"
        return (
            "that is a name of Windows; here a port of the computer itself is like "
            f"serial:///dev/ttyS{max(int(windows[2]) - 1, 0)}, a USB adapter like serial:///dev/ttyUSB0; "
            "fiscalctl scan lists the ports of this computer"
        )
    if _HOST.fullmatch(text):
        host = f"[{text}]" if ":" in text and not text.startswith("[") else text
        return f"the port is missing, which the printer's menu shows: write tcp://{host}:PORT"
    if _TCP.fullmatch(text):
        return f"write {TCP_EXAMPLE}; a port is a number from 1 to 65535"
    return (
        "an address starts with serial://, usb://, tcp://, http:// or https://, for example "
        "serial:///dev/ttyUSB0?baud=9600, usb://1424:10b0, tcp://192.168.1.50:6666, http://192.168.1.51:8888"
    )
