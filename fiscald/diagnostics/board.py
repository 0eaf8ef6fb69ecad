"""Differences between computers: the file of the kernel's command line, and how to enable a serial port."""

from __future__ import annotations

from fiscald.diagnostics.host import Host

_RASPBERRY = "Raspberry Pi"
#: Where a Raspberry Pi has its command line: since Debian 12, and before.
_CMDLINES = ("boot/firmware/cmdline.txt", "boot/cmdline.txt")


def is_raspberry(host: Host) -> bool:
    """Whether this computer is a Raspberry Pi."""
    return _RASPBERRY in host.text("proc/device-tree/model")


def console_remedy(host: Host, tty: str) -> str:
    """How to stop the kernel from writing to ``tty``."""
    if is_raspberry(host):
        # ``serial0`` is the port of the two that uses the pins; /etc/default/grub does not exist.
        file = next((name for name in _CMDLINES if host.path(name).exists()), _CMDLINES[0])
        return f"sudo sed -i 's/console=\\(serial0\\|{tty}\\)[^ ]* *//g' /{file} && sudo reboot"
    if host.path("etc/default/grub").exists():
        return f"sudo sed -i 's/console={tty}[^ \"]* *//g' /etc/default/grub && sudo update-grub && sudo reboot"
    return f"remove console={tty} from the kernel's command line, where the boot loader has it, and restart"


def absent_remedy(host: Host, device: str) -> str:
    """The remedy for a port that does not exist."""
    if is_raspberry(host) and device in ("/dev/serial0", "/dev/ttyAMA0", "/dev/ttyS0"):
        return "sudo raspi-config nonint do_serial_hw 0 && sudo reboot    # enables the serial port of the pins"
    return "fiscalctl scan"
