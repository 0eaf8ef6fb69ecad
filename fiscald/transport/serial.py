"""Serial lines, USB serial ports and pseudo-terminals.

pyserial opens and configures; bytes then move through the descriptor. The port is taken exclusively: by lock
for programs that ask for one, and by ``TIOCEXCL`` for those that do not.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import grp
import os
import pwd
import termios
from dataclasses import dataclass
from pathlib import Path

import serial

from fiscald.transport.base import AccessDenied, ByteStream, DeviceAbsent, LinkError, PortHeld
from fiscald.transport.descriptor import DescriptorStream

FLOWS = {"none": (False, False), "xonxoff": (True, False), "rtscts": (False, True)}


@dataclass(frozen=True, slots=True)
class SerialLine:
    """A serial address: ``serial:///dev/ttyUSB0?baud=9600&flow=none``."""

    path: str
    baud: int = 9600
    flow: str = "none"

    def __str__(self) -> str:
        flow = "" if self.flow == "none" else f"&flow={self.flow}"
        return f"serial://{self.path}?baud={self.baud}{flow}"

    async def open(self) -> ByteStream:
        """Open the port: 8 data bits, no parity, DTR and RTS asserted (a CDC device may hold answers back
        until DTR is set), input discarded.

        Raises ``DeviceAbsent``, ``AccessDenied``, ``PortHeld`` or ``LinkError``.
        """
        xonxoff, rtscts = FLOWS[self.flow]
        try:
            port = serial.Serial(
                self.path, baudrate=self.baud, timeout=0, exclusive=True, xonxoff=xonxoff, rtscts=rtscts
            )
        except serial.SerialException as error:
            raise self._explain(error) from None
        except ValueError as error:  # a speed that is none of the usual ones
            raise LinkError(f"{self.path} cannot be opened: {error}; choose another baud= in its address") from None
        except (OSError, termios.error) as error:
            if getattr(error, "errno", None) in (errno.EMFILE, errno.ENFILE):
                raise LinkError(f"{self.path} cannot be opened: too many files are open") from None
            raise LinkError(f"{self.path} is not a serial port: {error}; fiscalctl scan lists the ports") from None
        return _SerialStream(port, self.path)

    def _explain(self, error: serial.SerialException) -> LinkError:
        path = self.path
        if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO):
            return DeviceAbsent(
                f"{path} does not exist; is the printer switched on and plugged in? fiscalctl scan lists the ports"
            )
        if error.errno in (errno.EACCES, errno.EPERM):
            return AccessDenied(f"this user may not open {path}; {_how_to_permit(path)}")
        if error.errno in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in str(error):
            return PortHeld(f"another program holds {path}; stop it: sudo fuser -v {path} shows which it is")
        return LinkError(f"{path} cannot be opened: {error}; fiscalctl doctor looks for the reason")


def _how_to_permit(path: str) -> str:
    """How this user gets the right to a port."""
    try:
        user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(Path(path).stat().st_gid).gr_name
    except (KeyError, OSError):
        user = group = "root"
    if group == "root":
        return "its group is root's: fiscalctl doctor says what to do"
    return f"it belongs to the group {group}: sudo usermod -aG {group} {user}, then log in again or restart the service"


class _SerialStream(DescriptorStream):
    def __init__(self, port: serial.Serial, path: str) -> None:
        self._port = port
        super().__init__(port.fileno(), path)
        with contextlib.suppress(OSError, termios.error):
            # pyserial leaves VMIN at 0, and then "nothing yet" and "gone" would both read as empty.
            attributes = termios.tcgetattr(port.fileno())
            attributes[6][termios.VMIN] = 1
            termios.tcsetattr(port.fileno(), termios.TCSANOW, attributes)
        with contextlib.suppress(OSError):  # an emulated port may not know it
            fcntl.ioctl(port.fileno(), termios.TIOCEXCL)
        with contextlib.suppress(OSError, termios.error):
            port.reset_input_buffer()

    def _close(self) -> None:
        # TIOCEXCL sticks to a pseudo-terminal whose master stays open; the next program must get in.
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._port.fileno(), termios.TIOCNXCL)
        with contextlib.suppress(OSError, serial.SerialException, termios.error):
            self._port.close()
