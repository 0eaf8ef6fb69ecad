"""A computer as /sys, /dev and /proc show it, built in a folder: real layouts, as Linux 6.1 has them."""

from __future__ import annotations

from pathlib import Path

#: Real descriptors: name of the USB device, ids, serial number, maker, product.
POSNET = ("1-2", "1424", "10b0", "0123456789", "POSNET", "POSNET FV")
FTDI = ("1-3", "0403", "6001", "A50285BI", "FTDI", "FT232R USB UART")
ARDUINO = ("1-4", "2341", "0043", "75830333238351A0C0B1", "Arduino (www.arduino.cc)", "Uno")
BY_ID = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
Device = tuple[str, str, str, str, str, str]


class Tree:
    """Adds devices under ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("sys/class/tty", "sys/bus/usb/devices", "dev/serial/by-id", "proc", "run/udev/data"):
            (root / folder).mkdir(parents=True)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def link(self, name: str, target: str | Path) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def usb(self, device: Device) -> Path:
        """A USB device without a driver."""
        name, vendor, product, serial, maker, text = device
        folder = self.root / f"sys/devices/pci0000:00/0000:00:14.0/usb1/{name}"
        facts = {"idVendor": vendor, "idProduct": product, "serial": serial, "manufacturer": maker, "product": text}
        facts = {name: content for name, content in facts.items() if content}
        for file, content in facts.items():
            self.write(f"{folder.relative_to(self.root)}/{file}", content + "\n")
        self.link(f"sys/bus/usb/devices/{name}", folder)
        return folder

    def usb_serial(self, device: Device, tty: str, driver: str, leads_to: Path | None = None) -> None:
        """A USB device of which a driver has made a port; ``leads_to``: what is opened as that port."""
        folder = self.usb(device)
        interface = folder / f"{device[0]}:1.0"
        self.write(f"{interface.relative_to(self.root)}/bInterfaceNumber", "00\n")
        # cdc_acm's port is a child of the interface; usb-serial has a separate device in between.
        parent = interface if driver == "cdc_acm" else interface / tty
        (parent / "tty" / tty).mkdir(parents=True)
        (parent / "tty" / tty / "device").symlink_to(parent)
        drivers = self.root / "sys/bus/drivers" / driver
        drivers.mkdir(parents=True, exist_ok=True)
        (parent / "driver").symlink_to(drivers)
        self.link(f"sys/class/tty/{tty}", parent / "tty" / tty)
        port = "" if driver == "cdc_acm" else "-port0"
        by_id = "_".join(part for part in (device[4] or device[1], device[5], device[3]) if part).replace(" ", "_")
        # udev names two devices alike, and the later one gets the name.
        (self.root / f"dev/serial/by-id/usb-{by_id}-if00{port}").unlink(missing_ok=True)
        self.link(f"dev/serial/by-id/usb-{by_id}-if00{port}", f"../../{tty}")
        place = device[0].partition("-")[2]
        self.link(f"dev/serial/by-path/pci-0000:00:14.0-usb-0:{place}:1.0{port}", f"../../{tty}")
        self.device(tty, leads_to)

    def uart(self, tty: str, kind: str = "4", leads_to: Path | None = None) -> None:
        """A serial port of the computer itself; kind 0: there is no chip."""
        folder = f"sys/devices/platform/serial8250/tty/{tty}"
        self.write(f"{folder}/type", kind + "\n")
        self.link(f"{folder}/device", self.root / "sys/devices/platform/serial8250")
        self.link(f"sys/class/tty/{tty}", self.root / folder)
        self.device(tty, leads_to)

    def virtual(self, tty: str) -> None:
        """A console: no device behind it."""
        (self.root / "sys/class/tty" / tty).mkdir()

    def device(self, tty: str, leads_to: Path | None) -> None:
        if leads_to is None:
            self.write(f"dev/{tty}", "")
        else:
            self.link(f"dev/{tty}", leads_to)

    def alias(self, path: Path) -> None:
        """A path of the real computer, the same in the tree."""
        self.link(str(path).lstrip("/"), path)

    def process(self, pid: int) -> None:
        """A process of the real computer."""
        self.link(f"proc/{pid}", f"/proc/{pid}")
