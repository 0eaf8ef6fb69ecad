"""An old invoicing program, for ``fiscald demo --gateway``: it speaks the Thermal protocol to a network address.

It knows nothing of fiscald. It sells one coffee: it opens the receipt, sends the line, waits for Enter (the cashier
takes the money), and closes. Then it reads how many receipts the day has.
"""

from __future__ import annotations

import functools
import operator
import re
import socket
import sys

#: Seconds that it waits for an answer.
PATIENCE = 3.0
#: Which field of the answer to ``23#s`` counts the receipts of the day.
_RECEIPTS = 8


def command(text: str) -> bytes:
    """``ESC P``, the command, its check byte (XOR, in hexadecimal), ``ESC \\``."""
    body = text.replace("|", "\r").encode("ascii")
    check = functools.reduce(operator.xor, body, 0xFF)
    return b"\x1bP" + body + f"{check:02X}".encode("ascii") + b"\x1b\\"


class Printer:
    """The printer at the end of the connection."""

    def __init__(self, host: str, port: int) -> None:
        self._line = socket.create_connection((host, port), PATIENCE)
        self._line.settimeout(PATIENCE)
        self._came = b""

    def ask(self, text: str, pattern: bytes) -> bytes:
        """Send a command; its answer. Raises ``OSError``, also if none comes in time."""
        self._line.sendall(command(text))
        while not (found := re.search(pattern, self._came)):
            came = self._line.recv(4096)
            if not came:
                raise ConnectionError("the printer closed the connection")
            self._came += came
        self._came = self._came[found.end() :]
        return found[1]

    def do(self, text: str, name: str) -> None:
        """Send a command that must be answered by error 0."""
        number = self.ask(text, rb"\x1bP(\d+)#Z" + re.escape(name.encode()) + rb"\x1b\\").decode()
        print(f"  program: {text:28} -> {'done' if number == '0' else 'error ' + number}", flush=True)
        if number != "0" and name != "$e":
            raise ConnectionError(f"the printer refused: error {number}")


def main(host: str, port: str) -> int:
    """Sell one coffee; 1 if the program does not know whether it is sold."""
    try:
        printer = Printer(host, int(port))
        printer.do("3#e", "#e")  # from now on every command is answered
        printer.do("0$e", "$e")  # cancel what may be open
        printer.do("0$h", "$h")
        printer.do("1$lKawa|1.|A/9.50/9.50/", "$l")
        print("  program: waits for the cashier", flush=True)
        sys.stdin.readline()
        printer.do("1;0$e000|10/9.50/", "$e")
        count = printer.ask("23#s", rb"\x1bP([^\x1b]*/[^\x1b]*)\x1b\\").split(b"/")[_RECEIPTS].decode("ascii")
    except OSError as error:
        print(f"  program: gives up ({error})", flush=True)
        return 1
    print(f"  program: sold; the printer has {count} receipt{'s' * (count != '1')} today", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
