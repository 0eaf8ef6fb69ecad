"""What differs between computers: where the kernel's command line is, how a serial port is switched on."""

from __future__ import annotations

from fiscald.diagnostics.host import Host

_RASPBERRY = "Raspberry Pi"
#: Where a Raspberry Pi has its command line: since Debian 12, and before.
_CMDLINES = ("boot/firmware/cmdline.txt", "boot/cmdline.txt")


def is_raspberry(host: Host) -> bool:
    """Whether this computer is a Raspberry Pi."""
    return _RASPBERRY in host.text("proc/device-tree/model")


def console_remedy(host: Host, tty: str) -> str:
    """How to make the kernel not write to ``tty`` any more."""
    if is_raspberry(host):
        # There ``serial0`` stands for whichever of the two ports has the pins; /etc/default/grub does not exist.
        file = next((name for name in _CMDLINES if host.path(name).exists()), _CMDLINES[0])
        return f"sudo sed -i 's/console=\\(serial0\\|{tty}\\)[^ ]* *//g' /{file} && sudo reboot"
    if host.path("etc/default/grub").exists():
        return f"sudo sed -i 's/console={tty}[^ \"]* *//g' /etc/default/grub && sudo update-grub && sudo reboot"
    return f"remove console={tty} from the kernel's command line, where the boot loader has it, and restart"


def absent_remedy(host: Host, device: str) -> str:
    """What to do about a port that is not there."""
    if is_raspberry(host) and device in ("/dev/serial0", "/dev/ttyAMA0", "/dev/ttyS0"):
        return "sudo raspi-config nonint do_serial_hw 0 && sudo reboot    # switches the serial port of the pins on"
    return "fiscalctl scan"
